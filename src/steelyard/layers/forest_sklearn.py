"""scikit-learn's HistGradientBoostingClassifier -> `Forest`.

scikit-learn has no public way to the trees of this model (`docs/decisions/trees.md`), so this is
the one file that reads attributes of another library that start with an underscore. Where they are
not as expected, or the arrays do not predict what the model predicts, it says so and stops.
"""

from typing import Any

import numpy as np

from steelyard.errors import RequestError
from steelyard.layers.forest import Branch, Forest


def from_hist_gradient_boosting(model: Any, trees: int | None = None) -> Forest:
    """The arrays of a fitted classifier; raw scores as `decision_function` gives them.

    Args:
        trees: boosting rounds to take, by default all.
    Raises: RequestError: this version of scikit-learn keeps its trees elsewhere.
    """
    try:
        columns = _Columns(model)
        rounds = model._predictors[:trees]  # noqa: SLF001
        grown = [_tree(predictor, columns) for same in rounds for predictor in same]
        start = np.ravel(model._baseline_prediction)  # noqa: SLF001
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        import sklearn

        raise RequestError(
            f"the trees of HistGradientBoosting cannot be read from scikit-learn "
            f"{sklearn.__version__} ({error}); install lightgbm instead: "
            "pip install 'steelyard[lightgbm]'"
        ) from error
    outputs = len(start)
    return Forest.of_trees(grown, [i % outputs for i in range(len(grown))], start.tolist())


class _Columns:
    """From the columns and codes that the trees see back to those of the user's matrix.

    Category columns are coded anew and moved to the front before the trees see them.
    """

    def __init__(self, model: Any) -> None:
        categorical = model.is_categorical_
        if categorical is None or not categorical.any():
            self.order = np.arange(model.n_features_in_)
            self.levels: list[np.ndarray] = []
            return
        self.order = np.concatenate([np.flatnonzero(categorical), np.flatnonzero(~categorical)])
        encoder = model._preprocessor.named_transformers_["encoder"]  # noqa: SLF001
        self.levels = [np.asarray(levels, float) for levels in encoder.categories_]

    def known(self, seen: int) -> tuple[int, ...]:
        levels = self.levels[seen]
        return tuple(int(level) for level in levels[~np.isnan(levels)])


def _tree(predictor: Any, columns: _Columns) -> Branch | float:
    nodes, sets = predictor.nodes, predictor.raw_left_cat_bitsets

    def grown(at: int) -> Branch | float:
        node = nodes[at]
        if node["is_leaf"]:
            return float(node["value"])
        seen = int(node["feature_idx"])
        left, right = grown(node["left"]), grown(node["right"])
        feature, missing_left = int(columns.order[seen]), bool(node["missing_go_to_left"])
        if not node["is_categorical"]:
            return Branch(feature, float(node["num_threshold"]), missing_left, left, right)
        known = columns.known(seen)
        bits = np.unpackbits(sets[node["bitset_idx"]].view("uint8"), bitorder="little")
        chosen = tuple(level for code, level in enumerate(known) if bits[code])
        return Branch(feature, 0.0, missing_left, left, right, chosen, known)

    return grown(0)
