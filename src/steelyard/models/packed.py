"""Many small networks trained at once in one graph.

A comparison trains the same network again and again: techniques x folds x repeats x members. Here
they are one network whose parameters have a leading axis, `[network, in, out]`: one batched matrix
product a layer instead of a Python loop of `fit`. What tells the networks apart are numbers (rows,
class weights, logit offsets, focal gamma, seed), and no network can influence another: each draws
its own batches and stops on its own held-out rows.
"""

import functools
import math
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from steelyard._tensorflow import tf
from steelyard.models.members import Member
from steelyard.techniques.loss import LossNumbers

WIDTH_STEP = 16
PACK = 64  # networks in one graph; more gains nothing on a CPU and costs memory
PACK_BYTES = 1 << 30  # for parameters, their moments and copies, and one batch's activations
LOOK_ROWS = 2048  # held-out rows of a network looked at together


@dataclass(frozen=True)
class Settings:
    """One architecture and schedule for all networks of a pack; defaults from experiments."""

    hidden: tuple[int, ...] = (64, 32)
    rate: float = 3e-3
    decay: float = 0.1
    batch: int = 256
    steps: int = 1000
    check_every: int = 50  # steps between looks at the held-out rows
    patience: int = 8  # looks without a better held-out loss after which a network stands still


Layers = list[tuple[np.ndarray, np.ndarray]]  # kernel [network, in, out], bias [network, out]
Tensors = dict[str, tf.Tensor]


def one_table(matrices: list[np.ndarray]) -> tf.Tensor:
    """Encoded tables one under the other, padded to one width of a few: one compilation for all.

    Empties the list as it goes: the tables twice over would be the peak of the whole job.
    """
    rows, width = len(matrices[0]), max(matrix.shape[1] for matrix in matrices)
    stack = np.zeros((rows * len(matrices), width + -width % WIDTH_STEP), "float32")
    for part in np.split(stack, len(matrices)):
        matrix = matrices.pop(0)
        part[:, : matrix.shape[1]] = matrix
    return tf.constant(stack)


def train(
    X: np.ndarray | tf.Tensor,
    y: np.ndarray,
    networks: Sequence[Member],
    settings: Settings,
    progress: Callable[[float], None] | None = None,
) -> Layers:
    """Train all `networks` on rows of `X` (rows, columns) float32 with class codes `y`.

    Returns kernels and biases with the networks' axis first, each network at its own best
    held-out loss. `progress` is called with the share done.
    """
    X = tf.convert_to_tensor(X)
    at_once = networks_at_once(int(X.shape[1]), len(networks[0].prior), settings)
    parts = np.array_split(np.arange(len(networks)), math.ceil(len(networks) / at_once))
    y = tf.constant(y, tf.int32)
    layers = []
    for done, part in enumerate(parts):

        def report(share: float, done: int = done) -> None:
            if progress:
                progress((done + share) / len(parts))

        layers.append(_train_pack(X, y, [networks[i] for i in part], settings, report))
    return [
        (np.concatenate([kernel for kernel, _ in same]), np.concatenate([bias for _, bias in same]))
        for same in zip(*layers, strict=True)
    ]


def networks_at_once(width: int, classes: int, settings: Settings) -> int:
    """How many networks of this shape train in one graph within `PACK_BYTES`."""
    sizes = (width, *settings.hidden, classes)
    parameters = sum((into + 1) * out for into, out in zip(sizes[:-1], sizes[1:], strict=True))
    # Parameter, gradient, two moments, best copy; a batch's values forward and backward.
    numbers = 5 * parameters + 3 * settings.batch * sum(sizes)
    return int(np.clip(PACK_BYTES // (4 * numbers), 1, PACK))


def packs_at_once() -> int:
    """Packs that train side by side: what XLA compiles for a CPU runs on one core."""
    return 1 if tf.config.list_physical_devices("GPU") else min(4, os.cpu_count() or 1)


def probabilities(
    layers: Layers,
    X: np.ndarray | tf.Tensor,
    rows: np.ndarray | None = None,
    rows_at_once: int = 4096,
) -> np.ndarray:
    """Class shares of every network for `rows` of X, or all: (networks, rows, classes) float32."""
    tensors = [(tf.constant(kernel), tf.constant(bias)) for kernel, bias in layers]
    X = tf.convert_to_tensor(X)
    rows = np.arange(X.shape[0]) if rows is None else rows
    parts = [
        tf.nn.softmax(_forward(tensors, tf.gather(X, rows[i : i + rows_at_once])[None])).numpy()
        for i in range(0, len(rows), rows_at_once)
    ]
    return np.concatenate(parts, axis=1)


def _forward(layers: Sequence[tuple[tf.Tensor, tf.Tensor]], x: tf.Tensor) -> tf.Tensor:
    """X [network or 1, batch, in] -> logits [network, batch, classes]."""
    for i, (kernel, bias) in enumerate(layers):
        x = tf.matmul(x, kernel) + bias[:, None, :]
        if i < len(layers) - 1:
            x = tf.nn.relu(x)
    return x


def class_losses(logits: tf.Tensor, y: tf.Tensor, numbers: dict[str, tf.Tensor]) -> tf.Tensor:
    """Per row: weight[y] (1 - p_y)^gamma (-log p_y); see `techniques.loss`. [network, batch]."""
    log_p = tf.nn.log_softmax(logits + numbers["offset"][:, None, :])
    picked = tf.one_hot(y, logits.shape[-1])
    log_py = tf.reduce_sum(picked * log_p, axis=-1)
    weight = tf.reduce_sum(picked * numbers["weight"][:, None, :], axis=-1)
    # Through the logarithm, floored: (1 - p)^0 has no gradient at p = 1.
    log_miss = tf.math.log(tf.maximum(-tf.math.expm1(log_py), 1e-6))
    return -weight * tf.exp(numbers["gamma"][:, None] * log_miss) * log_py


class _Graph:
    """Variables, optimizer state and compiled steps; traced once and used for pack after pack."""

    def __init__(self, shapes: Sequence[tuple[int, ...]], settings: Settings) -> None:
        self.settings = settings
        self.variables = [tf.Variable(tf.zeros(shape)) for shape in shapes]
        self.best = [tf.Variable(tf.zeros(shape)) for shape in shapes]
        self.moments = [(tf.Variable(tf.zeros(s)), tf.Variable(tf.zeros(s))) for s in shapes]
        numbers = {"weight": (2,), "offset": (2,), "gamma": (1,)}
        loss = {name: tf.TensorSpec([None] * rank) for name, (rank,) in numbers.items()}
        table = [tf.TensorSpec([None, shapes[0][1]]), tf.TensorSpec([None], tf.int32)]
        held = [tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None, None])]
        # Fused by XLA: half the time of a step goes into small operations between the products.
        self.steps = tf.function(self._steps, jit_compile=True)
        self.held_losses = tf.function(self._held_losses, [*table, *held, loss])
        self.keep = tf.function(self._keep, [tf.TensorSpec([None], tf.bool)])

    def reset(self, values: Sequence[np.ndarray]) -> None:
        for variable, (m, v), value in zip(self.variables, self.moments, values, strict=True):
            variable.assign(value)
            m.assign(tf.zeros_like(m))
            v.assign(tf.zeros_like(v))

    def _steps(
        self,
        X: tf.Tensor,
        y: tf.Tensor,
        pair: tf.Tensor,
        share: tf.Tensor,
        start: tf.Tensor,
        loss: Tensors,
    ) -> None:
        for i in tf.range(tf.shape(share)[0]):
            x = tf.gather(X, pair[0, i])
            if tf.reduce_any(share[i] > 0):  # the second gather only where rows are made up
                x += share[i][:, :, None] * (tf.gather(X, pair[1, i]) - x)
            with tf.GradientTape() as tape:
                logits = _forward(self._pairs(), x)
                losses = class_losses(logits, tf.gather(y, pair[0, i]), loss)
                total = tf.reduce_sum(tf.reduce_mean(losses, axis=1))
            self._update(tape.gradient(total, self.variables), start + tf.cast(i, tf.float32))

    def _held_losses(
        self, X: tf.Tensor, y: tf.Tensor, held: tf.Tensor, share: tf.Tensor, loss: Tensors
    ) -> tf.Tensor:
        total = tf.zeros(tf.shape(held)[:1])
        for start in tf.range(0, tf.shape(held)[1], LOOK_ROWS):
            rows = held[:, start : start + LOOK_ROWS]
            logits = _forward(self._pairs(), tf.gather(X, rows))
            losses = class_losses(logits, tf.gather(y, rows), loss)
            total += tf.reduce_sum(losses * share[:, start : start + LOOK_ROWS], axis=1)
        return total

    def _keep(self, better: tf.Tensor) -> None:
        for variable, best in zip(self.variables, self.best, strict=True):
            mask = tf.reshape(better, [-1] + [1] * (len(variable.shape) - 1))
            best.assign(tf.where(mask, variable, best))

    def _pairs(self) -> list[tuple[tf.Tensor, tf.Tensor]]:
        return list(zip(self.variables[::2], self.variables[1::2], strict=True))

    def _update(self, gradients: list[tf.Tensor], step: tf.Tensor) -> None:
        """AdamW with a short warm-up and a cosine down to zero; one fused operation a variable."""
        s = self.settings
        warm = tf.minimum(1.0, (step + 1) / max(1.0, 0.02 * s.steps))
        rate = s.rate * warm * 0.5 * (1 + tf.cos(math.pi * step / s.steps))
        for variable, (m, v), gradient in zip(self.variables, self.moments, gradients, strict=True):
            if len(variable.shape) == 3:
                variable.assign(variable * (1 - rate * s.decay))
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=tf.pow(0.9, step + 1),
                beta2_power=tf.pow(0.999, step + 1),
                lr=rate,
                beta1=0.9,
                beta2=0.999,
                epsilon=1e-7,
                grad=gradient,
            )


@functools.lru_cache(maxsize=4)
def _graph(shapes: tuple[tuple[int, ...], ...], settings: Settings, thread: str) -> _Graph:  # noqa: ARG001
    """One graph a thread: its variables are the pack's."""
    return _Graph(shapes, settings)


def _train_pack(
    X: tf.Tensor,
    y: tf.Tensor,
    networks: list[Member],
    settings: Settings,
    report: Callable[[float], None],
) -> Layers:
    start_values = _start(int(X.shape[1]), networks, settings)
    shapes = tuple(value.shape for value in start_values)
    graph = _graph(shapes, settings, threading.current_thread().name)
    graph.reset(start_values)
    loss = stacked([network.loss for network in networks])
    held_loss = stacked([network.held_loss for network in networks])
    held, share = _held(networks)
    streams = [_Stream(network) for network in networks]
    best = np.full(len(networks), np.inf)
    waited = np.zeros(len(networks), int)
    for start in range(0, settings.steps, settings.check_every):
        draws = [stream.draw(settings.check_every, settings.batch) for stream in streams]
        pair = tf.constant(np.stack([pair for pair, _ in draws], axis=2))
        made = tf.constant(np.stack([share for _, share in draws], axis=1))
        graph.steps(X, y, pair, made, tf.constant(start, tf.float32), loss)
        now = graph.held_losses(X, y, held, share, held_loss).numpy()
        # Nothing held out: every look is better than the last, so the network trains to the end.
        now = np.where([len(network.held) > 0 for network in networks], now, -float(start))
        # A network that ran out of patience stands still, whatever its neighbours do.
        better = (now < best) & (waited < settings.patience)
        best = np.where(better, now, best)
        waited = np.where(better, 0, waited + 1)
        graph.keep(tf.constant(better))
        report((start + settings.check_every) / settings.steps)
        if (waited >= settings.patience).all():
            break
    values = [variable.numpy() for variable in graph.best]
    return list(zip(values[::2], values[1::2], strict=True))


class _Stream:
    """Every training row once a pass, in a new order each pass, from the network's own seed."""

    def __init__(self, network: Member) -> None:
        drawn = network.drawn
        self.pair = np.stack([drawn.rows, drawn.partners]).astype(np.int32)
        self.share = drawn.share if drawn.share.any() else None
        self.rng = np.random.default_rng([*network.seed, 1])
        self.left = np.empty(0, np.int32)

    def draw(self, steps: int, batch: int) -> tuple[np.ndarray, np.ndarray]:
        """Row pairs (2, steps, batch) and shares (steps, batch) of the next batches."""
        while len(self.left) < steps * batch:
            order = self.rng.permutation(self.pair.shape[1]).astype(np.int32)
            self.left = np.append(self.left, order)
        now, self.left = np.split(self.left, [steps * batch])
        now = now.reshape(steps, batch)
        share = np.zeros(now.shape, "float32") if self.share is None else self.share[now]
        return self.pair[:, now], share


def _start(width: int, networks: list[Member], settings: Settings) -> list[np.ndarray]:
    """He-normal kernels from each network's own seed; the output bias at the log prior."""
    sizes = (width, *settings.hidden, len(networks[0].prior))
    generators = [np.random.default_rng([*network.seed, 0]) for network in networks]
    values = []
    for i, (into, out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        kernel = np.zeros((len(networks), into, out), "float32")
        for one, network, rng in zip(kernel, networks, generators, strict=True):
            # Columns beyond the network's own are zero in its rows and draw no weights.
            own = network.width if i == 0 else into
            one[:own] = rng.normal(0, math.sqrt(2 / own), (own, out))
        values += [kernel, np.zeros((len(networks), out), "float32")]
    values[-2] *= 0.1  # start close to the prior
    values[-1] = np.log(np.stack([network.prior for network in networks])).astype("float32")
    return values


def stacked(losses: list[LossNumbers]) -> dict[str, tf.Tensor]:
    return {
        "weight": tf.constant(np.stack([loss.weight for loss in losses]), tf.float32),
        "offset": tf.constant(np.stack([loss.offset for loss in losses]), tf.float32),
        "gamma": tf.constant([loss.gamma for loss in losses], tf.float32),
    }


def _held(networks: list[Member]) -> tuple[tf.Tensor, tf.Tensor]:
    """Held-out rows padded to one length, and each row's share in its network's mean."""
    longest = max(len(network.held) for network in networks)
    rows = np.zeros((len(networks), longest), np.int32)
    share = np.zeros((len(networks), longest), np.float32)
    for i, network in enumerate(networks):
        n = len(network.held)
        rows[i, :n] = network.held
        share[i, :n] = 1 / max(n, 1)
    return tf.constant(rows), tf.constant(share)
