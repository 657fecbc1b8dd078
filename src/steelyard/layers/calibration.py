"""Fitted calibration inside the model: temperature, affine, beta, and monotone knots."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard._keras import keras, ops
from steelyard.errors import RequestError
from steelyard.layers.columns import (
    ProbabilityLayer,
    Tensor,
    both_columns,
    like_input,
    log_columns,
)
from steelyard.layers.prior import check_columns
from steelyard.stats.validation import LOG_FLOOR


def affine(log_p: Tensor, scale: float, bias: Sequence[float]) -> Tensor:
    """`softmax(scale * log p + bias)`: Platt scaling for two classes, vector bias for more."""
    return ops.softmax(scale * log_p + np.array(bias, "float32"), axis=-1)


def beta(log_p: Tensor, a: float, b: float, c: float) -> Tensor:
    """`sigmoid(a ln p - b ln(1 - p) + c)` as two columns; `log_p` holds ln(1 - p) and ln p."""
    logit = a * log_p[..., 1:] - b * log_p[..., :1] + c
    return ops.concatenate([ops.sigmoid(-logit), ops.sigmoid(logit)], axis=-1)


def curve(p: Tensor, x: Sequence[float], y: Sequence[float]) -> Tensor:
    """Straight lines through the points (x, y), level outside, as `numpy.interp`; p is (..., 1).

    A sum over the pieces instead of a search, as LiteRT has no search: every row adds the share
    of each piece it has passed.
    """
    left, widths = np.array(x[:-1], "float32"), np.diff(x).astype("float32")
    steps = np.diff(y).astype("float32")
    # Two knots may fall together in float32: then the piece is a step, not 0 / 0.
    passed = (p - left) / np.maximum(widths, LOG_FLOOR)
    # No matrix product: GPUs round its factors to 10 bits.
    return float(y[0]) + ops.sum(ops.clip(passed, 0.0, 1.0) * steps, axis=-1, keepdims=True)


def isotonic(p: Tensor, x: Sequence[Sequence[float]], y: Sequence[Sequence[float]]) -> Tensor:
    """One curve for class 1 of two, or one per class with each row divided by its sum."""
    if len(x) == 1:
        positive = curve(p[..., 1:], x[0], y[0])
        return ops.concatenate([1.0 - positive, positive], axis=-1)
    columns = [curve(p[..., k : k + 1], *knots) for k, knots in enumerate(zip(x, y, strict=True))]
    curved = ops.concatenate(columns, axis=-1)
    total = ops.sum(curved, axis=-1, keepdims=True)
    # Where every curve is at 0 none of the classes is likelier than another.
    even = ops.full_like(curved, 1 / len(x))
    return ops.where(total > 0, curved / ops.maximum(total, LOG_FLOOR), even)


PARAMETERS: dict[str, tuple[str, ...]] = {
    "identity": (),
    "affine": ("scale", "bias"),
    "beta": ("a", "b", "c"),
    "isotonic": ("x", "y"),
}


@keras.saving.register_keras_serializable(package="steelyard")
class Calibration(ProbabilityLayer):
    """Calibrated probabilities from fitted numbers; nothing in it trains.

    | kind | formula | parameters |
    |---|---|---|
    | identity | p | none |
    | affine | softmax(scale * log p + bias) | `scale` a number, `bias` one per class |
    | beta | sigmoid(a ln p - b ln(1 - p) + c), two classes | `a`, `b` >= 0, `c` |
    | isotonic | straight lines between knots | `x` rising, `y` not falling: a list with one
      list of knots for class 1 of two, or one list per class |

    `decision.Calibration.to_dict()` gives the arguments: `Calibration(**fitted.to_dict())`.

    Args:
        kind: a row of the table.
        from_logits: the input is raw scores instead of probabilities.
        parameters: the names in the table, plain numbers or lists.
    Input: shape (n, K), or (n, 1) for one sigmoid unit. Output: probabilities, same shape.
    Raises: RequestError: an unknown kind, a missing or foreign parameter, knots out of order.
    Source: Platt 1999; Kull, Silva Filho & Flach, "Beta calibration", AISTATS 2017; Zadrozny &
        Elkan, KDD 2002; Alexandari et al., ICML 2020 (a bias per class beside the temperature).

    >>> layer = Calibration("affine", scale=1.0, bias=[0.0, -3.0])
    >>> layer(np.array([[0.5, 0.5]])).numpy().round(4)
    array([[0.9526, 0.0474]], dtype=float32)
    """

    def __init__(
        self,
        kind: str = "identity",
        *,
        from_logits: bool = False,
        name: str | None = None,
        dtype: Any = "float32",
        trainable: bool = True,
        **parameters: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, trainable=trainable)
        self.kind = kind
        self.from_logits = bool(from_logits)
        self.parameters = checked_parameters(kind, parameters)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        if self.kind != "identity":
            per_class = self.parameters.get("bias", self.parameters.get("x", ()))
            check_columns(input_shape, max(2, len(per_class)), f"{self.kind} calibration")
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        log_p = ops.log_softmax(log_columns(inputs, from_logits=self.from_logits))
        if self.kind == "affine":
            return like_input(affine(log_p, **self.parameters), inputs)
        if self.kind == "beta":
            return like_input(beta(log_p, **self.parameters), inputs)
        p = ops.exp(log_p) if self.from_logits else both_columns(inputs)
        return like_input(isotonic(p, **self.parameters) if self.parameters else p, inputs)

    def get_config(self) -> dict[str, Any]:
        own = {"kind": self.kind, "from_logits": self.from_logits}
        return super().get_config() | own | self.parameters


def checked_parameters(kind: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters of one kind as plain numbers and lists."""
    if kind not in PARAMETERS:
        raise RequestError(f"kind = {kind!r}; calibration is one of {', '.join(PARAMETERS)}")
    if set(parameters) != set(PARAMETERS[kind]):
        raise RequestError(
            f"{kind} calibration got {sorted(parameters)}; "
            f"give {' and '.join(PARAMETERS[kind]) or 'no parameters'}"
        )
    if kind == "isotonic":
        x, y = parameters["x"], parameters["y"]
        if len(x) != len(y) or len(x) in (0, 2):
            raise RequestError(
                f"{len(x)} lists of knots in x and {len(y)} in y; give one list for two classes, "
                "or one per class for more"
            )
        pairs = [checked_knots(*curve) for curve in zip(x, y, strict=True)]
        return {"x": [knots for knots, _ in pairs], "y": [values for _, values in pairs]}
    return {name: finite(name, value, int(name == "bias")) for name, value in parameters.items()}


def finite(name: str, value: Any, dimensions: int) -> Any:
    """A finite number, or a list of them, in plain Python."""
    values = np.asarray(value, dtype=np.float64)
    if values.ndim != dimensions or not np.isfinite(values).all():
        wanted = "a list of finite numbers" if dimensions else "a finite number"
        raise RequestError(f"{name} = {value!r}; calibration takes {wanted} here")
    return values.tolist()


def checked_knots(x: Sequence[float], y: Sequence[float]) -> tuple[list[float], list[float]]:
    """One point or more, x rising and y not falling, or the map would not keep the order."""
    knots, values = finite("x", x, 1), finite("y", y, 1)
    if len(knots) != len(values) or not knots:
        raise RequestError(f"a curve has {len(knots)} knots in x but {len(values)} in y")
    if (np.diff(knots) <= 0).any() or (np.diff(values) < 0).any():
        raise RequestError("knots out of order: x must rise and y must not fall")
    return knots, values


@keras.saving.register_keras_serializable(package="steelyard")
class TemperatureScaling(ProbabilityLayer):
    """`softmax(logits / temperature)`: softens or sharpens probabilities and keeps their order.

    Args:
        temperature: divides the scores, > 0; above 1 softens.
        from_logits: the input is raw scores instead of probabilities.
    Input: shape (n, K), or (n, 1) for one sigmoid unit. Output: probabilities, same shape.
    Raises: RequestError: a temperature that is not above zero.
    Source: Guo et al., "On calibration of modern neural networks", ICML 2017, arXiv 1706.04599.

    >>> TemperatureScaling(2.0)(np.array([[0.9, 0.1]])).numpy().round(4)
    array([[0.75, 0.25]], dtype=float32)
    """

    def __init__(self, temperature: float = 1.0, *, from_logits: bool = False, **kw: Any) -> None:
        super().__init__(**kw)
        if not 0 < temperature < float("inf"):
            raise RequestError(f"temperature = {temperature!r}; give a number above 0")
        self.temperature = float(temperature)
        self.from_logits = bool(from_logits)

    def call(self, inputs: Tensor) -> Tensor:
        scores = log_columns(inputs, from_logits=self.from_logits)
        return like_input(ops.softmax(scores / self.temperature, axis=-1), inputs)

    def get_config(self) -> dict[str, Any]:
        own = {"temperature": self.temperature, "from_logits": self.from_logits}
        return super().get_config() | own
