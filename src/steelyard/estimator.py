"""The main job as a scikit-learn classifier."""

import dataclasses
from typing import Any, Self

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from steelyard.comparison.main_job import compare, train
from steelyard.decision import DecisionRule, Goal, as_goal
from steelyard.errors import RequestError
from steelyard.estimator_table import features_of, table_of
from steelyard.stats.limits import TO_NAME_BEST
from steelyard.stats.validation import row_weights
from steelyard.tables.unknown_levels import warn_of_unknown_levels
from steelyard.techniques import Technique


class ImbalancedClassifier(ClassifierMixin, BaseEstimator):
    """A classifier with true probabilities and a tuned threshold, after an honest comparison.

    Takes numbers, with gaps, in an array, or a pandas or polars frame that may hold text too.

    Args:
        technique: "auto" compares the default techniques on folds of the training rows and takes
            the recommended one; below 50 rows of the rarest class no comparison could recommend
            anything but plain, so plain is trained at once. Otherwise a technique's name, or a
            `Technique`.
        goal: what the threshold is tuned to, or the name of a metric to maximise; by default
            balanced accuracy. Columns of costs are named as in `X`, those of an array x0, x1, ...
        model: as in `steelyard.compare`; by default the network alone, half of what `compare`
            trains, as an estimator is often fitted many times over.
        folds: folds that calibration and threshold are found on; fewer where a class has fewer
        rows. repeats: repeats of the folds in a comparison.
        positive: class of interest; by default the rarest.
        random_state: integer seed, a RandomState, or None for another result each time.

    Learned: `classes_`; `threshold_`, the threshold of two classes (None where rows have their
    own, or costs or weights decide between more); `prior_`, class shares that `predict_proba` is
    true for, shape (classes,); `study_`, the `Study` with metrics, verdict and Keras model;
    `technique_`, the name of what was trained; `n_features_in_` and `feature_names_in_`.

    Raises: RequestError, TargetError: a class with one row, a goal that does not fit the classes.

    >>> rng = np.random.default_rng(0)
    >>> y = (np.arange(300) < 30).astype(int)
    >>> X = rng.normal(size=(300, 2)) + 2 * y[:, None]
    >>> model = ImbalancedClassifier(technique="plain", folds=2).fit(X, y)
    >>> bool(model.predict_proba(X)[:, 1].mean() < 0.2), model.prior_.tolist()
    (True, [0.9, 0.1])
    """

    def __init__(
        self,
        technique: str | Technique = "auto",
        *,
        goal: Goal | str | None = None,
        model: Any = "tabular",
        folds: int = 5,
        repeats: int = 1,
        positive: Any = None,
        random_state: Any = 0,
    ) -> None:
        self.technique = technique
        self.goal = goal
        self.model = model
        self.folds = folds
        self.repeats = repeats
        self.positive = positive
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on rows X, shape (rows, features), with labels y, shape (rows,).

        Args:
            sample_weight: how much each row counts, shape (rows,), everywhere: in training,
                calibration, thresholds and metrics. How many rows of the population it stands for,
                up to a factor; rows of weight 0 are left out.
        """
        X, labels = self._checked(X, y)
        check_classification_targets(labels)
        weights = row_weights(sample_weight, len(labels))
        if weights is not None and not weights.all():
            X, labels, weights = _where(weights > 0, X), labels[weights > 0], weights[weights > 0]
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise RequestError(
                f"y holds one class only ({self.classes_[0]!r}); a classifier needs rows of two or "
                "more"
            )
        names = getattr(self, "feature_names_in_", None)
        table = table_of(X, codes, self.classes_, names, as_goal(self.goal).columns)
        table = dataclasses.replace(table, weights=weights)
        rarest = int(table.class_counts.min())
        options: dict[str, Any] = {
            "model": self.model,
            "folds": min(self.folds, max(rarest, 2)),
            "positive": self.positive,
            "goal": self.goal,
            "seed": self._seed(),
            "progress": False,
        }
        if self.technique == "auto" and rarest >= TO_NAME_BEST:
            self.study_ = compare(table, repeats=self.repeats, **options)
        else:
            technique = "plain" if self.technique == "auto" else self.technique
            self.study_ = train(table, technique=technique, **options)
        decision = self.study_.run["decision"]
        self.technique_ = decision["technique"]
        self.threshold_ = decision["rule"].get("threshold")
        self.prior_ = np.array(decision["prior"])
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probability of each class under `prior_`, shape (rows, classes)."""
        return self._scored(X)[0]

    def predict(self, X: Any) -> np.ndarray:
        """The class that the tuned threshold gives each row, shape (rows,)."""
        decided = self._scored(X)[1]
        return self.classes_[decided]

    def _scored(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        check_is_fitted(self)
        besides = self.study_.scored.besides
        frame = features_of(self._checked(X), self.study_.schema, besides)
        warn_of_unknown_levels(frame, self.study_.schema)
        p, acted = self.study_.scored(frame)
        decided = DecisionRule.from_dict(self.study_.run["decision"]["rule"]).as_classes(acted)
        p = p.astype(np.float64)
        return p / p.sum(axis=1, keepdims=True), decided

    def _checked(self, X: Any, *y: Any) -> Any:
        """X as a float matrix or a frame, and y as labels, after scikit-learn's checks."""
        reset = bool(y)
        if reset:
            self._takes_frames = _holds_text(X)
        # By what was fitted: one row may have no value where the others had text.
        if self._takes_frames and hasattr(X, "columns"):
            # A frame of one column is one label a row, as it is beside numbers.
            y = tuple(column_or_1d(one, warn=True) if np.ndim(one) == 2 else one for one in y)
            return validate_data(self, X, *y, reset=reset, skip_check_array=True)
        return validate_data(
            self, X, *y, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan"
        )

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))


def _where(kept: np.ndarray, X: Any) -> Any:
    """Some rows of a matrix or frame, by mask."""
    if hasattr(X, "iloc"):
        return X.iloc[np.flatnonzero(kept)]
    return X.filter(kept) if isinstance(X, pl.DataFrame) else X[kept]


def _holds_text(X: Any) -> bool:
    """A frame with a column that is no number."""
    if isinstance(X, pl.DataFrame):
        return not all(kind.is_numeric() or kind == pl.Boolean for kind in X.dtypes)
    if hasattr(X, "dtypes") and hasattr(X, "columns"):
        return any(kind.kind not in "biuf" for kind in X.dtypes)
    return False
