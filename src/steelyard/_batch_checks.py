"""What losses and metrics share to look at a batch: eager code raises, a compiled step asserts.

XLA drops assertions (`jit_compile=True`, Keras' default on a GPU); what would be raised there must
show as NaN.
"""

from typing import Any

from steelyard._tensorflow import tf
from steelyard.errors import RequestError, SteelyardError

Tensor = Any


def require(ok: Tensor, error: type[SteelyardError], message: str, got: Tensor) -> None:
    """Raise `error` now if `ok` is false, or InvalidArgumentError when the compiled step runs."""
    if not tf.executing_eagerly():
        tf.debugging.Assert(ok, [message, "Got:", got])
    elif not bool(ok):
        raise error(f"{message} Got: {got.numpy().tolist()}")


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


def activation_of(output: Tensor) -> str:
    """Name, "sigmoid" or "softmax", where a tensor of a graph comes out of one; else empty."""
    if not tf.is_tensor(output):
        return ""
    made_by = output.op
    while made_by.type in ("Cast", "Identity", "Reshape"):
        made_by = made_by.inputs[0].op
    return made_by.type.lower() if made_by.type in ("Sigmoid", "Softmax") else ""
