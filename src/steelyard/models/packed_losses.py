"""The losses of many networks side by side: one expression, whose terms are numbers per network.

    z = factor * logits + offset + pair[y] - |noise| + compensation,   p = softmax(z)
    loss = weight[y] * (1 - p_y)^gamma * -sum_k targets[y, k] log p_k

or, for networks with a `sigmoid`, asymmetric focal loss of one sigmoid per class. A pack's graph
holds the terms that its networks have; a network without one of them has a value that changes
nothing (`NEUTRAL`). The Keras classes of `steelyard.losses` are the same formulas for one model:
`tests/models/test_packed_losses.py` compares values and gradients.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from steelyard._tensorflow import tf
from steelyard.techniques.loss import LossNumbers

OUT = -1e9  # as a logit it takes a class out of the softmax
NEVER = 2.0  # a share of the training that is never reached
SMALLEST = 1e-6

# Term -> the value that changes nothing, for so many classes.
NEUTRAL: dict[str, Callable[[int], Any]] = {
    "weight": lambda classes: np.ones(classes),
    "offset": lambda classes: np.zeros(classes),
    "gamma": lambda _: 0.0,
    "factor": lambda classes: np.ones(classes),
    "pair": lambda classes: np.zeros((classes, classes)),
    "noise": lambda classes: np.zeros(classes),
    "deviation": lambda _: 0.0,
    "compensation": lambda _: 0.0,
    "spared": lambda classes: np.zeros(classes),
    "targets": lambda classes: np.eye(classes),
    "sigmoid": lambda _: np.zeros(4),
    "cosine": lambda _: 0.0,
    "late_weight": lambda classes: np.ones(classes),
    "late_from": lambda _: NEVER,
}
ALWAYS = ("weight", "offset", "gamma")
RANDOM = ("noise", "spared")

Tensors = Mapping[str, tf.Tensor]


def terms_of(losses: Sequence[LossNumbers], besides: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of the terms that some of these losses have, and `besides`, in a fixed order."""
    present = {name for loss in losses for name in loss.more} | {*besides}
    return tuple(name for name in NEUTRAL if name in ALWAYS or name in present)


def stacked(
    losses: Sequence[LossNumbers],
    terms: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
) -> dict[str, tf.Tensor]:
    """Each term's values, a network a row, float32. `seeds`: of the losses that draw numbers."""
    values = {}
    for name in terms or terms_of(losses):
        rows = [_value(loss, name) for loss in losses]
        values[name] = tf.constant(np.array(rows, "float32"))
    numbers = range(len(losses)) if seeds is None else seeds
    values["seed"] = tf.constant(np.array(numbers, "uint32"))
    return values


def ranks(terms: Sequence[str]) -> dict[str, tf.TensorSpec]:
    """What `stacked` returns, for a graph that takes any number of networks."""
    specs = {name: tf.TensorSpec([None] * (1 + np.ndim(NEUTRAL[name](2)))) for name in terms}
    return specs | {"seed": tf.TensorSpec([None], tf.uint32)}


def _value(loss: LossNumbers, name: str) -> Any:
    own = {"weight": loss.weight, "offset": loss.offset, "gamma": loss.gamma} | dict(loss.more)
    return own[name] if name in own else NEUTRAL[name](len(loss.weight))


def class_losses(
    logits: tf.Tensor, y: tf.Tensor, numbers: Tensors, step: tf.Tensor | float = 0.0, steps: int = 1
) -> tf.Tensor:
    """One value per row, [network, batch], of logits [network, batch, classes].

    `step` of `steps`: how far the training is, for what sets in late and for what is drawn.
    """
    picked = tf.one_hot(y, logits.shape[-1])
    losses = _of_softmax(_shifted(logits, picked, numbers, step), picked, numbers)
    if "sigmoid" in numbers:
        on = numbers["sigmoid"][:, 0, None] > 0
        losses = tf.where(on, _of_sigmoids(logits, picked, numbers["sigmoid"]), losses)
    weight = numbers["weight"]
    if "late_weight" in numbers:
        late = tf.cast(step, tf.float32) / steps >= numbers["late_from"]
        weight = tf.where(late[:, None], numbers["late_weight"], weight)
    return tf.reduce_sum(picked * weight[:, None, :], axis=-1) * losses


def _shifted(
    logits: tf.Tensor, picked: tf.Tensor, numbers: Tensors, step: tf.Tensor | float
) -> tf.Tensor:
    z = logits
    if "factor" in numbers:
        z = z * numbers["factor"][:, None, :]
    z = z + numbers["offset"][:, None, :]
    if "pair" in numbers:
        z = z + tf.matmul(picked, numbers["pair"])
    if "noise" in numbers:
        drawn = tf.math.ndtri(0.5 + 0.5 * uniform(tf.shape(z), numbers["seed"], step))
        drawn = tf.minimum(drawn * numbers["deviation"][:, None, None], 1.0)
        z = z - numbers["noise"][:, None, :] * drawn
    if "compensation" in numbers:
        fixed = tf.stop_gradient(logits)
        own = tf.reduce_sum(picked * fixed, axis=-1, keepdims=True)
        z = z + numbers["compensation"][:, None, None] * tf.nn.relu(fixed - own)
    if "spared" in numbers:
        chance = uniform(tf.shape(z), numbers["seed"], step)
        z = tf.where((chance < numbers["spared"][:, None, :]) & (picked == 0), OUT, z)
    return z


def _of_softmax(z: tf.Tensor, picked: tf.Tensor, numbers: Tensors) -> tf.Tensor:
    log_p = tf.nn.log_softmax(z)
    log_py = tf.reduce_sum(picked * log_p, axis=-1)
    # Through the logarithm, floored: (1 - p)^0 has no gradient at p = 1.
    log_miss = tf.math.log(tf.maximum(-tf.math.expm1(log_py), SMALLEST))
    targets = picked
    if "targets" in numbers:
        targets = tf.matmul(picked, numbers["targets"])
    cost = -tf.reduce_sum(targets * log_p, axis=-1)
    return tf.exp(numbers["gamma"][:, None] * log_miss) * cost


def _of_sigmoids(logits: tf.Tensor, picked: tf.Tensor, sigmoid: tf.Tensor) -> tf.Tensor:
    """Present: (1 - p)^g+ -log p; absent: q^g- -log(1 - q), q = max(p - clip, 0)."""
    present, absent, clip = (sigmoid[:, i, None, None] for i in (1, 2, 3))
    p = tf.sigmoid(logits)
    q = tf.nn.relu(p - clip)
    # Where nothing is clipped, from the logit: 1 - q would lose the digits of a p near 1.
    log_miss = tf.where(
        clip > 0, tf.math.log(tf.maximum(1 - q, SMALLEST)), tf.math.log_sigmoid(-logits)
    )
    of_present = -tf.math.log_sigmoid(logits) * _powered(tf.sigmoid(-logits), present)
    of_absent = -log_miss * _powered(q, absent)
    return tf.reduce_sum(picked * of_present + (1 - picked) * of_absent, axis=-1)


def _powered(base: tf.Tensor, exponent: tf.Tensor) -> tf.Tensor:
    return tf.exp(exponent * tf.math.log(tf.maximum(base, 1e-12)))


def uniform(shape: tf.Tensor, seeds: tf.Tensor, step: tf.Tensor | float) -> tf.Tensor:
    """Numbers in [0, 1) that depend on network, step, row of the batch and class, and on no
    neighbour: float32 of `shape` [network, batch, classes].

    Source: the PCG hash of Jarzynski & Olano, "Hash functions for GPU rendering", JCGT 9, 2020.
    """
    count = tf.cast(shape[1] * shape[2], tf.uint32)
    cell = tf.cast(tf.reshape(tf.range(shape[1] * shape[2]), [1, shape[1], shape[2]]), tf.uint32)
    place = cell + count * tf.cast(step, tf.uint32)
    mixed = _hash(place + _hash(seeds)[:, None, None])
    # 24 bits, as many as a float32 holds.
    return tf.cast(tf.bitwise.right_shift(mixed, tf.constant(8, tf.uint32)), tf.float32) / 2**24


def _hash(value: tf.Tensor) -> tf.Tensor:
    def constant(number: int) -> tf.Tensor:
        return tf.constant(number, tf.uint32)

    state = value * constant(747796405) + constant(2891336453)
    by = tf.bitwise.right_shift(state, constant(28)) + constant(4)
    word = tf.bitwise.bitwise_xor(tf.bitwise.right_shift(state, by), state)
    word = word * constant(277803737)
    return tf.bitwise.bitwise_xor(tf.bitwise.right_shift(word, constant(22)), word)
