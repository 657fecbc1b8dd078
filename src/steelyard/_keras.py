"""The one place that imports Keras, so that a missing TensorFlow is one clear line."""

import os

from steelyard.errors import MissingDependencyError

# TensorFlow's start-up notes say nothing a user could act on; errors still show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

try:
    import keras
    from keras import ops
except ImportError as error:
    raise MissingDependencyError(
        f"this part of steelyard needs Keras 3 with TensorFlow ({error}); "
        "install it with: pip install 'steelyard[tensorflow-cpu]' "
        "(or 'steelyard[tensorflow]' for GPU builds)"
    ) from error

__all__ = ["keras", "ops"]
