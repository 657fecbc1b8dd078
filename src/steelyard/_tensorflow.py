"""The one place that imports TensorFlow, for the parts that `keras.ops` cannot express."""

from steelyard._keras import keras  # first: quiet start-up, and a clear line where it is missing
from steelyard.errors import MissingDependencyError

if keras.backend.backend() != "tensorflow":
    raise MissingDependencyError(
        f"Keras runs on the backend {keras.backend.backend()!r}, but this part of steelyard needs "
        "the TensorFlow backend: set KERAS_BACKEND=tensorflow before keras is imported. On every "
        "backend there are weights.fit_arguments and feeds.Batches"
    )

import tensorflow as tf  # isort: skip

__all__ = ["keras", "tf"]
