"""The graph of a pack: forward pass, losses and steps of many networks side by side.

Kernels are [network, out, in] and a layer's values [network, units, batch]: with the batch last,
what is summed over it lies in one piece, and a step takes a seventh less.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard._tensorflow import tf
from steelyard.models.packed_embeddings import PLACES, folded
from steelyard.models.packed_losses import Tensors, class_losses, ranks

LOOK_ROWS = 2048  # held-out rows of a network looked at together


@dataclass(frozen=True)
class Settings:
    """One architecture and schedule for all networks of a pack; defaults from experiments.

    `unit_variance`: weights start with variance 1 and a layer's product is divided by the root of
    its inputs (NTK scaling); the decay is then flat at first and follows a cosine to zero.
    """

    hidden: tuple[int, ...] = (64, 32)
    activation: str = "relu"
    unit_variance: bool = False
    rate: float = 3e-3
    decay: float = 0.1
    batch: int = 256
    steps: int = 1000
    check_every: int = 50  # steps between looks at the held-out rows
    patience: int = 8  # looks without a better held-out loss after which a network stands still


ACTIVATIONS = {"relu": tf.nn.relu, "selu": tf.nn.selu}
Layer = tuple[tf.Tensor, tf.Tensor]


def forward(
    layers: Sequence[Layer],
    x: tf.Tensor,
    unit: tf.Tensor | None = None,
    activation: str = "relu",
) -> tf.Tensor:
    """X [network or 1, batch, in] -> logits [network, batch, classes].

    `unit`: [network] bool, whether its last layer reads features of length one; None for nobody's.
    """
    x = tf.linalg.matrix_transpose(x)
    for i, (kernel, bias) in enumerate(layers):
        if i == len(layers) - 1 and unit is not None:
            x = tf.where(unit[:, None, None], tf.math.l2_normalize(x, axis=1), x)
        x = tf.matmul(kernel, x) + bias[:, :, None]
        if i < len(layers) - 1:
            x = ACTIVATIONS[activation](x)
    return tf.linalg.matrix_transpose(x)


def applied(layers: Sequence[Layer], settings: Settings, numbers: Tensors) -> list[Layer]:
    """Kernels as a layer multiplies by them, of those that are trained.

    `numbers`: `width`, how many numbers each network's first layer reads, [network]; a neighbour's
    may read more. With `place` the last of `layers` are embeddings and the kernels behind them
    (`packed_embeddings`).
    """
    width = numbers["width"]
    if "place" in numbers:
        (first, bias), *rest, (embedding, onward) = layers
        layers = [(folded(first, embedding, onward, numbers), bias), *rest]
    if not settings.unit_variance:
        return list(layers)
    (first, bias), *rest = layers
    scaled = [(first * tf.math.rsqrt(width)[:, None, None], bias)]
    return scaled + [(kernel / math.sqrt(kernel.shape[2]), bias) for kernel, bias in rest]


def as_cosines(layers: Sequence[Layer], scale: tf.Tensor) -> list[Layer]:
    """With a last layer of `scale` times cosines for the networks whose `scale` is above 0."""
    kernel, bias = layers[-1]
    unit = (scale > 0)[:, None, None]
    directions = scale[:, None, None] * tf.math.l2_normalize(kernel, axis=2)
    last = tf.where(unit, directions, kernel), tf.where(unit[:, 0], tf.zeros_like(bias), bias)
    return [*layers[:-1], last]


@dataclass(frozen=True)
class State:
    """What steps change: the networks' parameters (kernel, bias, ...) and Adam's moments."""

    values: list[tf.Tensor]
    means: list[tf.Tensor]
    squares: list[tf.Tensor]

    @classmethod
    def starting_from(cls, values: Sequence[np.ndarray]) -> "State":
        """Before the first step."""
        zeros = [np.zeros_like(value) for value in values]
        return cls(*([tf.constant(one) for one in part] for part in (values, zeros, zeros)))


class Graph:
    """Compiled steps: functions of the state alone, so packs in several threads share them.

    `shapes`: of the parameters. `terms`: those of the losses (`packed_losses.terms_of`).
    """

    def __init__(
        self, shapes: Sequence[tuple[int, ...]], settings: Settings, terms: Sequence[str]
    ) -> None:
        self.settings = settings
        loss = ranks(terms) | {"width": tf.TensorSpec([None])}
        if len(shapes) > 2 * (len(settings.hidden) + 1):
            loss |= PLACES
        values = [tf.TensorSpec(shape) for shape in shapes]
        table = [tf.TensorSpec([None, shapes[0][2]]), tf.TensorSpec([None], tf.int32)]
        held = [tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None])]
        # Fused by XLA: half the time of a step goes into small operations between the products.
        # Without autograph: turning Python's loops into the graph's is most of tracing.
        self._compiled = tf.function(self._steps, jit_compile=True, autograph=False)
        looks = [values, *table, *held, loss]
        self.held_losses = tf.function(self._held_losses, looks, autograph=False)

    def steps(
        self,
        state: State,
        X: tf.Tensor,
        y: tf.Tensor,
        pair: tf.Tensor,
        share: tf.Tensor,
        weight: tf.Tensor,
        start: tf.Tensor,
        loss: Tensors,
    ) -> State:
        """The state after as many steps as `pair` has rows for.

        `pair`: [2, step, network, batch] positions in X; `share`, `weight`: [step, network, batch].
        """
        parts = state.values, state.means, state.squares
        return State(*self._compiled(*parts, X, y, pair, share, weight, start, loss))

    def _steps(
        self,
        values: list[tf.Tensor],
        means: list[tf.Tensor],
        squares: list[tf.Tensor],
        X: tf.Tensor,
        y: tf.Tensor,
        pair: tf.Tensor,
        share: tf.Tensor,
        weight: tf.Tensor,
        start: tf.Tensor,
        loss: Tensors,
    ) -> tuple[list[tf.Tensor], list[tf.Tensor], list[tf.Tensor]]:
        def step(i: tf.Tensor, *parts: list[tf.Tensor]) -> tuple[Any, ...]:
            values, means, squares = parts
            x = tf.gather(X, pair[0, i])

            def between() -> tf.Tensor:
                return x + share[i][:, :, None] * (tf.gather(X, pair[1, i]) - x)

            # The second gather only where rows are synthetic.
            x = tf.cond(tf.reduce_any(share[i] > 0), between, lambda: x)
            number = start + tf.cast(i, tf.float32)
            labels = tf.gather(y, pair[0, i])
            with tf.GradientTape() as tape:
                tape.watch(values)
                logits = self._logits(values, x, loss)
                losses = class_losses(logits, labels, loss, number, self.settings.steps)
                total = tf.reduce_sum(tf.reduce_mean(losses * weight[i], axis=1))
            gradients = tape.gradient(total, values)
            return i + 1, *self._updated(values, means, squares, gradients, number)

        steps = tf.shape(share)[0]
        return tf.while_loop(lambda i, *_: i < steps, step, (0, values, means, squares))[1:]

    def _held_losses(
        self,
        values: list[tf.Tensor],
        X: tf.Tensor,
        y: tf.Tensor,
        held: tf.Tensor,
        share: tf.Tensor,
        loss: Tensors,
    ) -> tf.Tensor:
        """Of a training that is over: what sets in late has.

        `loss`: the terms of the losses, and what `applied` asks for.
        """
        end, longest = self.settings.steps, tf.shape(held)[1]

        def block(start: tf.Tensor, total: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            rows = held[:, start : start + LOOK_ROWS]
            logits = self._logits(values, tf.gather(X, rows), loss)
            losses = class_losses(logits, tf.gather(y, rows), loss, float(end), end)
            shares = share[:, start : start + LOOK_ROWS]
            return start + LOOK_ROWS, total + tf.reduce_sum(losses * shares, axis=1)

        nothing = 0, tf.zeros(tf.shape(held)[:1])
        return tf.while_loop(lambda start, _: start < longest, block, nothing)[1]

    def _logits(self, values: list[tf.Tensor], x: tf.Tensor, loss: Tensors) -> tf.Tensor:
        layers = list(zip(values[::2], values[1::2], strict=True))
        layers, unit = applied(layers, self.settings, loss), None
        if "cosine" in loss:
            layers, unit = as_cosines(layers, loss["cosine"]), loss["cosine"] > 0
        return forward(layers, x, unit, self.settings.activation)

    def _updated(
        self,
        values: list[tf.Tensor],
        means: list[tf.Tensor],
        squares: list[tf.Tensor],
        gradients: list[tf.Tensor],
        step: tf.Tensor,
    ) -> tuple[list[tf.Tensor], list[tf.Tensor], list[tf.Tensor]]:
        """AdamW with a short warm-up and a cosine down to zero."""
        s = self.settings
        warm = tf.minimum(1.0, (step + 1) / max(1.0, 0.02 * s.steps))
        rate = s.rate * warm * _cosine(step / s.steps)
        decay = s.decay
        if s.unit_variance:
            decay *= _cosine(tf.maximum(0.0, 2 * step / s.steps - 1))
        unbiased = rate * tf.sqrt(1 - tf.pow(0.999, step + 1)) / (1 - tf.pow(0.9, step + 1))
        means = [m + 0.1 * (g - m) for m, g in zip(means, gradients, strict=True)]
        squares = [v + 0.001 * (g * g - v) for v, g in zip(squares, gradients, strict=True)]
        # Kernels decay, biases don't.
        values = [
            (value * (1 - rate * decay) if len(value.shape) == 3 else value)
            - unbiased * m / (tf.sqrt(v) + 1e-7)
            for value, m, v in zip(values, means, squares, strict=True)
        ]
        return values, means, squares


def _cosine(share: tf.Tensor) -> tf.Tensor:
    """From 1 down to 0 as `share` goes from 0 to 1."""
    return 0.5 * (1 + tf.cos(math.pi * share))
