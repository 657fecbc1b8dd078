"""The logits of a classifier that ends in a sigmoid or softmax."""

from typing import Any

from steelyard._keras import keras


def with_logits(model: Any) -> tuple[Any, bool]:
    """A copy of the model that ends before its sigmoid or softmax, and whether there was one.

    In float32 a sigmoid near 1 keeps a few digits of the odds at most, and a calibration that moves
    odds by a factor of 100 shows it. Where the model cannot be copied (a subclass of `keras.Model`)
    or ends otherwise, it comes back as it is.
    """
    head = _last_layer(model)
    if isinstance(head, keras.layers.Softmax):
        return keras.Model(model.input, head.input), True
    activation = getattr(getattr(head, "activation", None), "__name__", "")
    # Sigmoids side by side are several labels a row, and their logits no softmax's.
    if activation != ("sigmoid" if head is not None and head.output.shape[-1] == 1 else "softmax"):
        return model, False
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    copy.layers[-1].activation = keras.activations.linear
    return copy, True


def _last_layer(model: Any) -> Any:
    """The layer that gives a functional or sequential model's one output; else None."""
    try:
        layer, (output,) = model.layers[-1], model.outputs
    except (AttributeError, IndexError, TypeError, ValueError):
        return None
    return layer if layer.output is output else None
