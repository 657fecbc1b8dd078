"""What losses and metrics share to look at a batch: eager code raises, a compiled step asserts.

XLA drops assertions (`jit_compile=True`, Keras' default on a GPU); what would be raised there must
show as NaN.
"""

import warnings
from collections.abc import Callable
from typing import Any

from steelyard._tensorflow import tf
from steelyard.errors import RequestError, SteelyardError, SteelyardWarning

Tensor = Any


def require(ok: Tensor, error: type[SteelyardError], message: str, got: Tensor) -> None:
    """Raise `error` now if `ok` is false, or InvalidArgumentError when the compiled step runs."""
    if not tf.executing_eagerly():
        tf.debugging.Assert(ok, [message, "Got:", got])
    elif not bool(ok):
        raise error(f"{message} Got: {got.numpy().tolist()}")


def look_closer_unless(ok: Tensor, check: Callable[[], None]) -> None:
    """Run `check`, which may `require`, only for a batch that is not `ok`: what it computes to say
    what is wrong would else weigh on every step.
    """
    if tf.executing_eagerly():
        if not bool(ok):
            check()
        return

    def closer() -> Tensor:
        check()
        return ok

    tf.cond(ok, lambda: ok, closer)


def check_no_activation(y_pred: Tensor) -> None:
    """Logits do not come out of a sigmoid or softmax; a compiled step knows what they come out of.

    Their values alone do not tell: an untrained model may well say 0.4 everywhere.
    """
    activation = "" if tf.executing_eagerly() else activation_of(y_pred)
    if activation:
        raise RequestError(
            f"the model's output comes out of a {activation}, but this takes logits: drop that "
            "activation, or say from_logits=False"
        )


class OneColumn:
    """Notices probabilities of one sigmoid unit that are handed over as logits, in eager code.

    A compiled step knows what made its outputs; here values alone can tell, and only of many rows:
    logits of a hundred rows do not all lie within 0 and 1. Columns of several classes sum to 1.
    """

    ROWS = 100

    def __init__(self) -> None:
        self.seen = 0

    def look(self, y_pred: Tensor) -> None:
        """Count a batch; warn once where all rows so far look like probabilities."""
        settled = self.seen > self.ROWS
        if (
            settled
            or not tf.executing_eagerly()
            or (len(y_pred.shape) > 1 and y_pred.shape[-1] > 1)
        ):
            return
        values = tf.convert_to_tensor(y_pred)
        if not bool(tf.reduce_all((values >= 0) & (values <= 1))):
            self.seen = self.ROWS + 1
            return
        self.seen += int(tf.size(values))
        if self.seen > self.ROWS:
            warnings.warn(
                f"all of the first {self.seen:,} outputs lie within 0 and 1, as probabilities do, "
                "but this takes logits: if the model ends in a sigmoid, drop it or say "
                "from_logits=False",
                SteelyardWarning,
                stacklevel=2,
            )


def activation_of(output: Tensor) -> str:
    """Name, "sigmoid" or "softmax", where a tensor of a graph comes out of one; else empty."""
    if not tf.is_tensor(output):
        return ""
    made_by = output.op
    while made_by.type in ("Cast", "Identity", "Reshape"):
        made_by = made_by.inputs[0].op
    return made_by.type.lower() if made_by.type in ("Sigmoid", "Softmax") else ""
