"""The one place that imports TensorFlow, for the parts that `keras.ops` cannot express."""

from steelyard._keras import keras  # first: quiet start-up, and a clear line where it is missing

import tensorflow as tf  # isort: skip

__all__ = ["keras", "tf"]
