"""The Keras classes that a deployed model is made of besides its trained core."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from steelyard._tensorflow import keras, tf
from steelyard.errors import RunError

NO_CLASS = "the model gives no probabilities (NaN) for a row, so nothing is decided about it"
LABEL = "steelyard.label"  # the layer that says what the model is about


@keras.saving.register_keras_serializable(package="steelyard")
class Columns(keras.layers.Layer):
    """Puts columns of shape (batch, 1) side by side: (batch, columns); no columns is no width.

    `offsets`: what is subtracted from each column first, in the column's own precision.
    """

    def __init__(self, kind: str, offsets: Sequence[float] = (), **kwargs: Any) -> None:
        # Without autocast: Keras would turn numbers into strings, which TensorFlow cannot.
        super().__init__(**(kwargs | {"dtype": kind, "autocast": False}))
        self.kind, self.offsets = kind, [float(offset) for offset in offsets]
        self.supports_jit = kind != "string"  # XLA, which Keras uses on a GPU, knows no text

    def call(self, anything: Any, columns: list[Any]) -> Any:
        if columns and self.offsets:
            # In the column's own float64: in float32 the offset would swallow what differs.
            columns = [
                tf.cast(column - offset if offset else column, self.kind)
                for column, offset in zip(columns, self.offsets, strict=True)
            ]
        if columns:
            return tf.concat(columns, axis=1)
        return tf.zeros([tf.shape(anything)[0], 0], self.kind)

    def compute_output_spec(self, anything: Any, columns: list[Any]) -> Any:  # noqa: ARG002
        return keras.KerasTensor((None, len(columns)), dtype=self.kind)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"kind": self.kind, "offsets": self.offsets}


@keras.saving.register_keras_serializable(package="steelyard")
class Label(keras.layers.Layer):
    """Class codes (batch,) int32 -> labels (batch,), text, numbers or booleans as in the table.

    The code -1, of a row without probabilities, becomes what is no label: "" for text, NaN for
    fractions, -1 for whole numbers (the lowest int64 where -1 is a class). No boolean is left for
    that, so such a batch ends in an error.

    Args:
        labels: of each class, in the order of its code.
        about: what a reader of the model should know, plain values; saved with it.
    """

    def __init__(
        self, labels: Sequence[Any], about: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**(kwargs | {"autocast": False}))
        self.labels, self.about = list(labels), dict(about or {})
        self.supports_jit = False  # nor does XLA keep the assertion

    @property
    def values(self) -> np.ndarray:
        """The labels as one array; labels of several types as text."""
        kinds = {type(label) for label in self.labels}
        if kinds == {bool}:
            return np.array(self.labels, "bool")
        if kinds == {int}:
            return np.array(self.labels, "int64")
        if kinds <= {int, float}:
            return np.array(self.labels, "float64")
        return np.array([str(label) for label in self.labels], object)

    @property
    def undecided(self) -> Any:
        """What stands for no class; None where every value is one."""
        values = self.values
        if values.dtype == object:
            return ""
        if values.dtype == "float64":
            return np.nan
        if values.dtype == "bool":
            return None
        return -1 if -1 not in values else np.iinfo("int64").min

    def call(self, codes: Any) -> Any:
        if self.undecided is None:
            with tf.control_dependencies([tf.debugging.assert_non_negative(codes, NO_CLASS)]):
                return tf.gather(tf.constant(self.values), codes)
        values = tf.constant(np.append(self.values, self.undecided).astype(self.values.dtype))
        return tf.gather(values, tf.where(codes < 0, len(self.labels), codes))

    def compute_output_spec(self, codes: Any) -> Any:
        text = self.values.dtype == object
        return keras.KerasTensor(codes.shape, dtype="string" if text else str(self.values.dtype))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"labels": self.labels, "about": self.about}


@keras.saving.register_keras_serializable(package="steelyard")
class DeployedModel(keras.Model):
    """Raw columns by name -> {"probability": (batch, classes), "decision": (batch,) labels}.

    Columns are arrays, lists or tensors of shape (batch,) or (batch, 1), as a dict or in a
    `tf.data.Dataset` of dicts; NaN and "" are missing. `about` says what the classes are, which is
    the positive one, from which threshold on it is flagged, for which goal, and when that was.
    """

    @property
    def about(self) -> dict[str, Any]:
        """What is known of the model, plain values."""
        return label_of(self).about

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return super().__call__(*[_readable(one) for one in args], **kwargs)

    def predict(self, x: Any, batch_size: int | None = None, **kwargs: Any) -> Any:
        """As Keras' own; text may come as NumPy's."""
        x = _readable(x)
        if isinstance(x, Mapping) and any(one.dtype == "float64" for one in self.inputs):
            # As a dataset: arrays of float64 Keras would turn into float32 first.
            x = tf.data.Dataset.from_tensor_slices(dict(x)).batch(batch_size or 32)
            batch_size = None
        return super().predict(x, batch_size=batch_size, **kwargs)


def label_of(model: Any) -> Any:
    """The layer that names a deployed model's classes.

    Raises: RunError: there is none; an older steelyard saved the model.
    """
    found = next((layer for layer in model.layers if layer.name == LABEL), None)
    if found is None:
        raise RunError(
            f"the model has no layer {LABEL!r}: an older steelyard saved it, and this needs it; "
            "run the same compare command again with this version"
        )
    return found


def _readable(columns: Any) -> Any:
    """Columns that Keras can read, all of shape (batch,): it mixes no ranks between two calls."""
    if isinstance(columns, Mapping):
        return {name: _column(values) for name, values in columns.items()}
    if isinstance(columns, tf.data.Dataset) and isinstance(columns.element_spec, Mapping):
        return columns.map(_readable)
    return columns


def _column(values: Any) -> Any:
    """One column, flat; NumPy's text, which Keras knows no type for, as objects."""
    if isinstance(values, keras.KerasTensor):
        return values
    if tf.is_tensor(values):
        return tf.reshape(values, [-1])
    values = np.asarray(values).reshape(-1)
    return values.astype(object) if values.dtype.kind in "US" else values
