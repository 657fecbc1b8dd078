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
from typing import Any

import numpy as np

from steelyard._tensorflow import tf
from steelyard.models.encoded_table import Encoded, EncodedRows
from steelyard.models.members import Member
from steelyard.models.packed_graph import Graph, Settings, forward, stacked
from steelyard.models.row_source import Source, source

WIDTH_STEP = 16
PACK = 64  # networks in one graph; more gains nothing on a CPU and costs memory
PACK_BYTES = 1 << 30  # for parameters, their moments and copies, and one batch's activations


Layers = list[tuple[np.ndarray, np.ndarray]]  # kernel [network, in, out], bias [network, out]


def one_table(matrices: list[Encoded]) -> Any:
    """Encoded tables one under the other, padded to one width of a few: one compilation for all.

    Empties the list as it goes: the tables twice over would be the peak of the whole job. One that
    is not laid out (`models.encoded.EncodedRows`) comes alone and stays as it is.
    """
    if isinstance(matrices[0], EncodedRows):
        (alone,) = matrices
        return alone
    rows, width = len(matrices[0]), max(matrix.shape[1] for matrix in matrices)
    stack = np.zeros((rows * len(matrices), width + -width % WIDTH_STEP), "float32")
    for part in np.split(stack, len(matrices)):
        matrix = matrices.pop(0)
        part[:, : matrix.shape[1]] = matrix
    return tf.constant(stack)


def train(
    X: Any,
    y: np.ndarray,
    networks: Sequence[Member],
    settings: Settings,
    progress: Callable[[float], None] | None = None,
) -> Layers:
    """Train all `networks` on rows of `X` (rows, columns) float32 with class codes `y`.

    `X`: an array, a tensor or a `models.encoded.EncodedRows`.

    Returns kernels and biases with the networks' axis first, each network at its own best
    held-out loss. `progress` is called with the share done.
    """
    width, table = int(X.shape[1]), source(X, y)
    at_once = networks_at_once(width, len(networks[0].prior), settings)
    parts = np.array_split(np.arange(len(networks)), math.ceil(len(networks) / at_once))
    layers = []
    for done, part in enumerate(parts):

        def report(share: float, done: int = done) -> None:
            if progress:
                progress((done + share) / len(parts))

        layers.append(_train_pack(table, width, [networks[i] for i in part], settings, report))
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
    X: Any,
    rows: np.ndarray | None = None,
    rows_at_once: int = 4096,
) -> np.ndarray:
    """Class shares of every network for `rows` of X, or all: (networks, rows, classes) float32."""
    tensors = [(tf.constant(kernel), tf.constant(bias)) for kernel, bias in layers]
    table = source(X, np.zeros(X.shape[0], "int32"))
    rows = np.arange(X.shape[0]) if rows is None else rows
    parts, at_once = [], min(rows_at_once, table.at_once)
    for start in range(0, len(rows), at_once):
        block, _, here = table.near(rows[start : start + at_once])
        parts.append(tf.nn.softmax(forward(tensors, tf.gather(block, here)[None])).numpy())
    return np.concatenate(parts, axis=1)


@functools.lru_cache(maxsize=4)
def _graph(shapes: tuple[tuple[int, ...], ...], settings: Settings, thread: str) -> Graph:  # noqa: ARG001
    """One graph a thread: its variables are the pack's."""
    return Graph(shapes, settings)


def _train_pack(
    table: Source,
    width: int,
    networks: list[Member],
    settings: Settings,
    report: Callable[[float], None],
) -> Layers:
    start_values = _start(width, networks, settings)
    shapes = tuple(value.shape for value in start_values)
    graph = _graph(shapes, settings, threading.current_thread().name)
    graph.reset(start_values)
    loss = stacked([network.loss for network in networks])
    look = _Look(graph, table, networks)
    streams = [_Stream(network) for network in networks]
    best = np.full(len(networks), np.inf)
    waited = np.zeros(len(networks), int)
    at_once = _steps_at_once(table, len(networks), settings)
    for start in range(0, settings.steps, settings.check_every):
        draws = [stream.draw(settings.check_every, settings.batch) for stream in streams]
        pair = np.stack([pair for pair, _ in draws], axis=2)  # [2, step, network, batch]
        made = np.stack([share for _, share in draws], axis=1)  # [step, network, batch]
        for first in range(0, settings.check_every, at_once):
            now = slice(first, first + at_once)
            X, y, rows = table.near(pair[:, now])
            step = tf.constant(start + first, tf.float32)
            graph.steps(X, y, rows, tf.constant(made[now]), step, loss)
        losses = look.losses()
        # Nothing held out: every look is better than the last, so the network trains to the end.
        losses = np.where(
            [len(network.validation) > 0 for network in networks], losses, -float(start)
        )
        # A network that ran out of patience stands still, whatever its neighbours do.
        better = (losses < best) & (waited < settings.patience)
        best = np.where(better, losses, best)
        waited = np.where(better, 0, waited + 1)
        graph.keep(tf.constant(better))
        report((start + settings.check_every) / settings.steps)
        if (waited >= settings.patience).all():
            break
    values = [variable.numpy() for variable in graph.best]
    return list(zip(values[::2], values[1::2], strict=True))


def _steps_at_once(table: Source, networks: int, settings: Settings) -> int:
    """Steps of one call, so that its rows and their partners are few enough for the source."""
    most = max(1, table.at_once // (2 * networks * settings.batch))
    # A divisor of what lies between two looks: one compilation.
    fitting = range(1, min(most, settings.check_every) + 1)
    return max(steps for steps in fitting if settings.check_every % steps == 0)


class _Look:
    """Every network's mean loss on its own held-out rows."""

    def __init__(self, graph: Graph, table: Source, networks: list[Member]) -> None:
        self.graph, self.table = graph, table
        self.rows, self.share = _held(networks)
        self.loss = stacked([network.validation_loss for network in networks])
        self.at_once = max(1, table.at_once // len(networks))

    def losses(self) -> np.ndarray:
        """Shape (networks,)."""
        total = np.zeros(len(self.rows))
        for start in range(0, self.rows.shape[1], self.at_once):
            now = slice(start, start + self.at_once)
            X, y, rows = self.table.near(self.rows[:, now])
            share = tf.constant(self.share[:, now])
            total += self.graph.held_losses(X, y, rows, share, self.loss).numpy()
        return total


class _Stream:
    """Every training row once a pass, in a new order each pass, from the network's own seed."""

    def __init__(self, network: Member) -> None:
        sampled = network.sampled
        self.pair = np.stack([sampled.rows, sampled.partners]).astype(np.int32)
        self.share = sampled.share if sampled.share.any() else None
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


def _held(networks: list[Member]) -> tuple[np.ndarray, np.ndarray]:
    """Held-out rows padded to one length, and each row's share in its network's mean."""
    longest = max(len(network.validation) for network in networks)
    rows = np.zeros((len(networks), longest), np.int32)
    share = np.zeros((len(networks), longest), np.float32)
    for i, network in enumerate(networks):
        n = len(network.validation)
        rows[i, :n] = network.validation
        share[i, :n] = 1 / max(n, 1)
    return rows, share
