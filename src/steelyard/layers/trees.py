"""Gradient-boosted trees inside a Keras model."""

from collections.abc import Sequence
from typing import Any

from steelyard._tensorflow import keras, tf
from steelyard.errors import RequestError
from steelyard.layers.forest import Forest
from steelyard.layers.forest_lightgbm import from_lightgbm
from steelyard.layers.forest_sklearn import from_hist_gradient_boosting

BLOCK = 256  # rows walked together: one compilation for every batch size, and it fits the cache


@keras.saving.register_keras_serializable(package="steelyard")
class TreeEnsemble(keras.layers.Layer):
    """Boosted trees of LightGBM or scikit-learn as a layer: rows in, raw scores (log-odds) out.

    (batch, columns) float32 -> (batch, outputs) float32, what `predict(raw_score=True)` or
    `decision_function` gives: one output for two classes, one a class for more. NaN is a missing
    value, a category its code. The trees are plain arrays in the layer's weights, which no
    training changes; they are saved with the model as `.keras` or SavedModel, without pickle, and
    need neither library where the model is loaded. Rows are compared as float32, so the layer
    equals the source exactly on float32 input. TensorFlow backend.

    Build it with `TreeEnsemble.of(model)`; the arguments are the sizes of its arrays.

    Args:
        nodes, trees, outputs: numbers of nodes, trees and raw scores.
        depth: steps of the longest walk from a root to a leaf.
        level_sets, levels: shape of the table of category sets; 0 without category columns.

    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> import numpy as np
    >>> X = np.arange(60, dtype="float32").reshape(60, 1)
    >>> model = HistGradientBoostingClassifier(max_iter=5).fit(X, X[:, 0] > 40)
    >>> scores = TreeEnsemble.of(model)(X).numpy()[:, 0]
    >>> bool(abs(scores - model.decision_function(X)).max() < 1e-6)
    True
    """

    def __init__(
        self,
        nodes: int,
        trees: int,
        outputs: int,
        depth: int,
        *,
        level_sets: int = 0,
        levels: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**(kwargs | {"trainable": False}))
        self.nodes, self.trees, self.outputs, self.depth = nodes, trees, outputs, depth
        self.level_sets, self.levels = level_sets, levels

    @classmethod
    def of(cls, models: Any, **kwargs: Any) -> "TreeEnsemble":
        """The layer of a fitted model, or of several side by side (a bag), outputs in order.

        Args:
            models: a `lightgbm.Booster`, an `LGBMClassifier`, a `HistGradientBoostingClassifier`,
                or a sequence of them, all fitted.
        Raises: RequestError: anything else, or trees that are no plain trees.
        """
        several = list(models) if isinstance(models, Sequence) else [models]
        return cls.of_forest(Forest.side_by_side([_forest(model) for model in several]), **kwargs)

    @classmethod
    def of_forest(cls, forest: Forest, **kwargs: Any) -> "TreeEnsemble":
        """The layer of trees given as arrays."""
        layer = cls(
            nodes=len(forest.left),
            trees=len(forest.roots),
            outputs=len(forest.start),
            depth=forest.depth,
            level_sets=len(forest.left_levels),
            levels=forest.left_levels.shape[1] if len(forest.left_levels) else 0,
            **kwargs,
        )
        layer.build()
        for weight, name in zip(layer.weights, layer.shapes, strict=True):
            weight.assign(getattr(forest, name).reshape(weight.shape))
        return layer

    @property
    def shapes(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Shape and type of each array, by its name in `Forest`.

        Positions are int64: TensorFlow keeps int32 variables in the CPU's memory, where what XLA
        compiles for a GPU may not read them.
        """
        nodes, trees = (self.nodes,), (self.trees,)
        sets = {"levels": (nodes, "int64"), "left_levels": ((self.level_sets, self.levels), "bool")}
        return {
            "feature": (nodes, "int64"),
            "threshold": (nodes, "float32"),
            "left": (nodes, "int64"),
            "missing_left": (nodes, "bool"),
            "value": (nodes, "float64"),
            "roots": (trees, "int64"),
            "output": (trees, "int64"),
            "start": ((self.outputs,), "float64"),
        } | (sets if self.level_sets else {})

    def build(self, shape: Any = None) -> None:  # noqa: ARG002
        for name, (size, kind) in self.shapes.items():
            weight = self.add_weight(
                shape=size, dtype=kind, initializer="zeros", trainable=False, name=name
            )
            setattr(self, f"_{name}", weight)
        # Compiled by XLA, the walk is about seven times faster, faster than the libraries' own.
        self._walk = tf.function(self._walked, jit_compile=True)
        self.built = True

    def call(self, rows: Any) -> Any:
        rows = tf.cast(rows, tf.float32)
        count = tf.shape(rows)[0]
        padded = tf.pad(rows, [[0, -count % BLOCK], [0, 0]])
        blocks = tf.reshape(padded, [-1, BLOCK, rows.shape[1]])
        scores = tf.map_fn(self._walk, blocks, fn_output_signature=tf.float32)
        return tf.reshape(scores, [-1, self.outputs])[:count]

    def _walked(self, rows: Any) -> Any:
        """Raw scores of one block (BLOCK, columns): all trees walk down one level at a time."""
        columns = rows.shape[1]
        values = tf.reshape(rows, [-1])
        at_row = tf.range(BLOCK)[:, None] * columns
        node = tf.tile(tf.cast(self._roots, tf.int32)[None], [BLOCK, 1])
        for _ in tf.range(self.depth):
            x = tf.gather(values, at_row + _gather(self._feature, node))
            left = x <= tf.gather(self._threshold, node)
            left |= tf.math.is_nan(x) & tf.gather(self._missing_left, node)
            if self.level_sets:
                left = self._by_level(x, node, left)
            node = _gather(self._left, node) + tf.cast(~left, tf.int32)
        added = tf.gather(self._value, node)
        into = tf.one_hot(self._output, self.outputs, dtype=tf.float64)
        return tf.cast(self._start + tf.matmul(added, into), tf.float32)

    def _by_level(self, x: Any, node: Any, left: Any) -> Any:
        """The same decision where a node asks for a category."""
        row = _gather(self._levels, node)
        other = self.levels - 1
        named = (x >= 0) & (x < other)  # false for a gap
        level = tf.where(named, tf.cast(tf.where(named, x, 0.0), tf.int32), other)
        table = tf.reshape(self._left_levels, [-1])
        inside = tf.gather(table, tf.maximum(row, 0) * self.levels + level)
        return tf.where(row >= 0, inside, left)

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, int]:
        return (shape[0], self.outputs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("trainable", None)
        names = ("nodes", "trees", "outputs", "depth", "level_sets", "levels")
        return config | {name: getattr(self, name) for name in names}


def _gather(positions: Any, at: Any) -> Any:
    """Some of an array of positions; int32 is what the walk is fastest in."""
    return tf.cast(tf.gather(positions, at), tf.int32)


def _forest(model: Any) -> Forest:
    # By name, so that neither library is imported for the other's sake.
    kind = type(model).__name__
    if kind == "Booster" and hasattr(model, "dump_model"):
        return from_lightgbm(model)
    if hasattr(model, "booster_"):
        return from_lightgbm(model.booster_)
    if kind == "HistGradientBoostingClassifier":
        return from_hist_gradient_boosting(model)
    raise RequestError(
        f"TreeEnsemble takes a fitted lightgbm.Booster, LGBMClassifier or "
        f"HistGradientBoostingClassifier, or a list of them; it got {kind}"
    )
