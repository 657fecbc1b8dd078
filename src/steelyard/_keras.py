"""The one place that imports Keras, so that a missing TensorFlow is one clear line."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from steelyard.errors import MissingDependencyError, RequestError

# TensorFlow's start-up notes say nothing a user could act on; errors still show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
_NOTES = (b"absl::InitializeLog() is called", b"oneDNN custom operations are on")


@contextmanager
def _without_notes() -> Iterator[None]:
    """Keep from stderr the notes that TensorFlow writes before it reads its log level."""
    sys.stderr.flush()
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            for line in held:
                if not any(note in line for note in _NOTES):
                    os.write(2, line)


try:
    with _without_notes():
        import keras
        from keras import ops
except ImportError as error:
    raise MissingDependencyError(
        f"this part of steelyard needs Keras 3 with TensorFlow ({error}); "
        "install it with: pip install 'steelyard[tensorflow-cpu]' "
        "(or 'steelyard[tensorflow]' for GPU builds)"
    ) from error


def refuse_legacy(model: object, what: str) -> None:
    """Keras 2, as the package tf_keras keeps it, has models, layers and callbacks of its own.

    Raises: RequestError: `model` is one of those, which `what` cannot work with.
    """
    if any(one.__module__.partition(".")[0] == "tf_keras" for one in type(model).__mro__):
        raise RequestError(
            f"the model is one of tf_keras (Keras 2), but {what} takes one of Keras 3: build it "
            "with `import keras`. Losses, metrics, feeds and weights work with either"
        )


__all__ = ["keras", "ops", "refuse_legacy"]
