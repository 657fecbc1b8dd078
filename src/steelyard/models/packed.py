"""Many small networks trained at once in one graph.

A comparison trains the same network again and again: techniques x folds x repeats x members. Here
they are one network whose parameters have a leading axis, `[network, in, out]`: one batched matrix
product a layer instead of a Python loop of `fit`. What tells the networks apart are numbers (rows,
class weights, logit offsets, focal gamma, seed), and no network can influence another: each draws
its own batches and stops on its own held-out rows.

On a CPU a pack is one job, its members side by side: eight networks keep a core as busy as 64, the
pack ends when its own members stand still, and all jobs, the final model too, have one shape, so
one compilation serves them.
"""

import functools
import math
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard._memory import room
from steelyard._tensorflow import tf
from steelyard.models.members import Member
from steelyard.models.packed_embeddings import Embeddings
from steelyard.models.packed_graph import Graph, Settings, State, applied, as_cosines, forward
from steelyard.models.packed_losses import stacked, terms_of
from steelyard.models.row_source import Source, source
from steelyard.techniques.loss import LossNumbers

WIDTH_STEP = 16
PACK = 64  # networks in one graph on a GPU; on a CPU more than a job's members gain nothing
PACK_BYTES = 1 << 28  # for parameters, their moments and copies, and one batch's activations


Layers = list[tuple[np.ndarray, np.ndarray]]  # kernel [network, in, out], bias [network, out]


@dataclass(frozen=True)
class Networks:
    """Trained networks side by side.

    `layers`: kernels and biases, the networks' axis first. `unit`: (networks,) bool, those whose
    last layer reads features of length one. `activation`: of all layers but the last.
    """

    layers: Layers
    unit: np.ndarray
    activation: str = "relu"

    def __getitem__(self, part: slice) -> "Networks":
        layers = [(kernel[part], bias[part]) for kernel, bias in self.layers]
        return Networks(layers, self.unit[part], self.activation)

    def narrowed(self, width: int) -> "Networks":
        """The same for tables without the columns that `padded` added."""
        (kernel, bias), *rest = self.layers
        return Networks([(kernel[:, :width], bias), *rest], self.unit, self.activation)

    @staticmethod
    def together(parts: "Sequence[Networks]") -> "Networks":
        """Networks of several packs in one."""
        layers = [
            (np.concatenate([kernel for kernel, _ in same]), np.concatenate([b for _, b in same]))
            for same in zip(*(part.layers for part in parts), strict=True)
        ]
        unit = np.concatenate([part.unit for part in parts])
        return Networks(layers, unit, parts[0].activation)


def padded(width: int) -> int:
    """Columns of an encoded table in the graph, one width of a few: splits share a compilation."""
    return width + -width % WIDTH_STEP


def with_made(X: tf.Tensor, made: Sequence[np.ndarray]) -> tf.Tensor:
    """A table with synthetic rows, (rows, columns) each, below it.

    Padded to a power of two of them, so that jobs which make about as many share a compilation.
    """
    rows = sum(len(block) for block in made)
    below = np.zeros((1 << (rows - 1).bit_length(), X.shape[1]), "float32")
    stacked_rows = np.concatenate(made)
    below[:rows, : stacked_rows.shape[1]] = stacked_rows
    return tf.concat([X, below], axis=0)


def train(
    X: Any,
    y: np.ndarray,
    networks: Sequence[Member],
    settings: Settings,
    progress: Callable[[float], None] | None = None,
    *,
    terms: Sequence[str] = (),
    levels: Sequence[int] = (),
) -> Networks:
    """Train all `networks` on rows of `X` (rows, columns) float32 with class codes `y`.

    `X`: an array, a tensor or a `models.encoded_table.EncodedRows`. `terms`: of losses, that the
    graph shall have besides those of the networks: packs with the same share a compilation.
    `levels`: 0/1 columns of each category, the last columns of every network's own table.

    Returns the networks, each at its own best held-out loss. `progress` is called with the share
    done.
    """
    width, table = int(X.shape[1]), source(X, y)
    at_once = networks_at_once(width, len(networks[0].prior), settings, levels)
    parts = np.array_split(np.arange(len(networks)), math.ceil(len(networks) / at_once))
    trained = []
    for done, part in enumerate(parts):

        def report(share: float, done: int = done) -> None:
            if progress:
                progress((done + share) / len(parts))

        pack = [networks[i] for i in part]
        trained.append(_train_pack(table, width, pack, settings, report, terms, levels))
    return Networks.together(trained)


def networks_at_once(
    width: int, classes: int, settings: Settings, levels: Sequence[int] = ()
) -> int:
    """How many networks of this shape train in one graph within `PACK_BYTES` and what is left."""
    sizes = (width, *settings.hidden, classes)
    parameters = sum((into + 1) * out for into, out in zip(sizes[:-1], sizes[1:], strict=True))
    # Parameter, gradient, two moments, best copy; a batch's values forward and backward.
    # An embedding and what is behind it are smaller than their product, as large as the kernel.
    products = 3 * len(levels) * max(levels, default=0) * settings.hidden[0]
    numbers = 5 * parameters + 3 * settings.batch * sum(sizes) + products
    return int(np.clip(room(PACK_BYTES, 0.2) // (4 * numbers), 1, PACK))


def jobs_at_once(members: int) -> int:
    """Jobs of one pack, for jobs of so many members."""
    return max(1, PACK // members) if tf.config.list_physical_devices("GPU") else 1


def packs_at_once() -> int:
    """Packs that train side by side: what XLA compiles for a CPU runs on one core."""
    if tf.config.list_physical_devices("GPU"):
        return 1
    fitting = max(1, room(4 * PACK_BYTES, 0.8) // PACK_BYTES)
    return min(4, os.cpu_count() or 1, fitting)


def probabilities(
    networks: Networks,
    X: Any,
    rows: np.ndarray | None = None,
    rows_at_once: int = 4096,
) -> np.ndarray:
    """Class shares of every network for `rows` of X, or all: (networks, rows, classes) float32."""
    tensors = [(tf.constant(k.swapaxes(1, 2)), tf.constant(bias)) for k, bias in networks.layers]
    unit = tf.constant(networks.unit) if networks.unit.any() else None
    table = source(X, np.zeros(X.shape[0], "int32"))
    rows = np.arange(X.shape[0]) if rows is None else rows
    parts, at_once = [], min(rows_at_once, table.at_once)
    for start in range(0, len(rows), at_once):
        block, _, here = table.near(rows[start : start + at_once])
        logits = forward(tensors, tf.gather(block, here)[None], unit, networks.activation)
        parts.append(tf.nn.softmax(logits).numpy())
    return np.concatenate(parts, axis=1)


_ASKING = threading.Lock()  # two packs that ask at once would both miss, and compile twice


@functools.lru_cache(maxsize=8)
def _graph(
    shapes: tuple[tuple[int, ...], ...], settings: Settings, terms: tuple[str, ...]
) -> Graph:
    return Graph(shapes, settings, terms)


def _train_pack(
    table: Source,
    width: int,
    networks: list[Member],
    settings: Settings,
    report: Callable[[float], None],
    besides: Sequence[str],
    levels: Sequence[int],
) -> Networks:
    embeddings = Embeddings.of(levels, networks[0].width, width)
    start_values = _start(width, networks, settings, embeddings)
    shapes = tuple(value.shape for value in start_values)
    losses = [loss for one in networks for loss in (one.loss, one.validation_loss)]
    terms = terms_of(losses, besides)
    with _ASKING:
        graph = _graph(shapes, settings, terms)
    state = State.starting_from(start_values)
    best = start_values
    loss = _numbers(networks, [network.loss for network in networks], terms, embeddings)
    look = _Look(graph, table, networks, terms, embeddings)
    streams = [_Stream(network) for network in networks]
    stops = _Stops(networks, settings)
    at_once = _steps_at_once(table, len(networks), settings)
    for start in range(0, settings.steps, settings.check_every):
        draws = [stream.draw(settings.check_every, settings.batch) for stream in streams]
        pair = np.stack([pair for pair, _, _ in draws], axis=2)  # [2, step, network, batch]
        made = np.stack([share for _, share, _ in draws], axis=1)  # [step, network, batch]
        weight = np.stack([weight for _, _, weight in draws], axis=1)
        for first in range(0, settings.check_every, at_once):
            now = slice(first, first + at_once)
            X, y, rows = table.near(pair[:, now])
            step = tf.constant(start + first, tf.float32)
            numbers = tf.constant(made[now]), tf.constant(weight[now])
            state = graph.steps(state, X, y, rows, *numbers, step, loss)
        better = stops.better(look.losses(state.values), start + settings.check_every)
        for kept, value in zip(best, state.values, strict=True):
            kept[better] = value.numpy()[better]
        report((start + settings.check_every) / settings.steps)
        if stops.all_stand_still:
            break
    values = [tf.constant(value) for value in best]
    layers = applied(list(zip(values[::2], values[1::2], strict=True)), settings, loss)
    unit = np.zeros(len(networks), bool)
    if "cosine" in terms:
        layers, unit = as_cosines(layers, loss["cosine"]), loss["cosine"].numpy() > 0
    trained = [(kernel.numpy().swapaxes(1, 2), bias.numpy()) for kernel, bias in layers]
    return Networks(trained, unit, settings.activation)


def _numbers(
    networks: list[Member],
    losses: list[LossNumbers],
    terms: tuple[str, ...],
    embeddings: Embeddings | None,
) -> dict[str, tf.Tensor]:
    """What tells the networks apart in the graph, a network a row; and where embeddings go."""
    # What the losses that draw numbers draw them from.
    seeds = [int(np.random.default_rng([*one.seed, 6]).integers(2**32)) for one in networks]
    numbers = stacked(losses, terms, seeds)
    numbers["width"] = tf.constant(_inputs(networks, embeddings), tf.float32)
    return numbers | (embeddings.places() if embeddings else {})


def _inputs(networks: list[Member], embeddings: Embeddings | None) -> list[int]:
    """How many numbers each network's first layer reads."""
    embedded = sum(embeddings.sizes) if embeddings else 0
    return [one.width + embedded for one in networks]


class _Stops:
    """Which networks are at their best now, and which have run out of patience."""

    def __init__(self, networks: list[Member], settings: Settings) -> None:
        self.settings = settings
        self.best = np.full(len(networks), np.inf)
        self.waited = np.zeros(len(networks), int)
        self.holds = np.array([len(network.validation) > 0 for network in networks])
        # Where weights set in late, nothing before is the model that was asked for.
        late = [float(network.loss.more.get("late_from", 0.0)) for network in networks]
        self.from_step = np.ceil(np.array(late) * settings.steps)

    def better(self, losses: np.ndarray, step: int) -> np.ndarray:
        """Whether each network's held-out loss after `step` steps is its best: (networks,) bool."""
        early = step <= self.from_step
        # Nothing held out: every check is better than the last, so the network trains to the end.
        losses = np.where(self.holds, losses, -float(step))
        # A network that ran out of patience stands still, whatever its neighbours do.
        better = early | ((losses < self.best) & (self.waited < self.settings.patience))
        self.best = np.where(early, np.inf, np.where(better, losses, self.best))
        self.waited = np.where(better, 0, self.waited + 1)
        return better

    @property
    def all_stand_still(self) -> bool:
        """Whether nothing will change any more."""
        return bool((self.waited >= self.settings.patience).all())


def _steps_at_once(table: Source, networks: int, settings: Settings) -> int:
    """Steps of one call, so that its rows and their partners are few enough for the source."""
    most = max(1, table.at_once // (2 * networks * settings.batch))
    # A divisor of what lies between two looks: one compilation.
    fitting = range(1, min(most, settings.check_every) + 1)
    return max(steps for steps in fitting if settings.check_every % steps == 0)


class _Look:
    """Every network's mean loss on its own held-out rows."""

    def __init__(
        self,
        graph: Graph,
        table: Source,
        networks: list[Member],
        terms: tuple[str, ...],
        embeddings: Embeddings | None,
    ) -> None:
        self.graph, self.table = graph, table
        self.rows, self.share = _held(networks)
        losses = [network.validation_loss for network in networks]
        self.loss = _numbers(networks, losses, terms, embeddings)
        self.at_once = max(1, table.at_once // len(networks))

    def losses(self, values: list[tf.Tensor]) -> np.ndarray:
        """With these parameters, shape (networks,)."""
        total = np.zeros(len(self.rows))
        for start in range(0, self.rows.shape[1], self.at_once):
            now = slice(start, start + self.at_once)
            X, y, rows = self.table.near(self.rows[:, now])
            share = tf.constant(self.share[:, now])
            total += self.graph.held_losses(values, X, y, rows, share, self.loss).numpy()
        return total


class _Stream:
    """Every training row once a pass, in a new order each pass, from the network's own seed."""

    def __init__(self, network: Member) -> None:
        sampled = network.sampled
        self.pair = np.stack([sampled.rows, sampled.partners]).astype(np.int32)
        self.share = sampled.share if sampled.share.any() else None
        self.weight = None if network.weight is None else network.weight.astype("float32")
        self.rng = np.random.default_rng([*network.seed, 1])
        self.left = np.empty(0, np.int32)

    def draw(self, steps: int, batch: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Row pairs (2, steps, batch), shares and weights (steps, batch) of the next batches.

        Weights are (steps, 1) where all rows count alike.
        """
        while len(self.left) < steps * batch:
            order = self.rng.permutation(self.pair.shape[1]).astype(np.int32)
            self.left = np.append(self.left, order)
        now, self.left = np.split(self.left, [steps * batch])
        now = now.reshape(steps, batch)
        share = np.zeros(now.shape, "float32") if self.share is None else self.share[now]
        weight = np.ones((steps, 1), "float32") if self.weight is None else self.weight[now]
        return self.pair[:, now], share, weight


def _start(
    width: int, networks: list[Member], settings: Settings, embeddings: Embeddings | None
) -> list[np.ndarray]:
    """Normal kernels from each network's own seed; the output bias at the log prior."""
    sizes = (width, *settings.hidden, len(networks[0].prior))
    inputs = _inputs(networks, embeddings)
    generators = [np.random.default_rng([*network.seed, 0]) for network in networks]
    values = []
    for i, (into, out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        kernel = np.zeros((len(networks), out, into), "float32")
        for one, network, read, rng in zip(kernel, networks, inputs, generators, strict=True):
            # Columns beyond the network's own are zero in its rows and draw no weights.
            own = network.width if i == 0 else into
            deviation = _deviation(read if i == 0 else into, settings)
            one[:, :own] = rng.normal(0, deviation, (own, out)).T
        values += [kernel, np.zeros((len(networks), out), "float32")]
    values[-2] *= 0.1  # start close to the prior
    values[-1] = np.log(np.stack([network.prior for network in networks])).astype("float32")
    if embeddings:
        spread = [_deviation(read, settings) for read in inputs]
        values += embeddings.start(spread, sizes[1], [network.seed for network in networks])
    return values


def _deviation(inputs: int, settings: Settings) -> float:
    """He's, or 1 for what is divided by the root of `inputs` later."""
    return 1.0 if settings.unit_variance else math.sqrt(2 / inputs)


def _held(networks: list[Member]) -> tuple[np.ndarray, np.ndarray]:
    """Held-out rows padded to one length, and each row's share in its network's mean."""
    longest = max(len(network.validation) for network in networks)
    rows = np.zeros((len(networks), longest), np.int32)
    share = np.zeros((len(networks), longest), np.float32)
    for i, network in enumerate(networks):
        n = len(network.validation)
        rows[i, :n] = network.validation
        weight = network.validation_weight
        share[i, :n] = 1 / max(n, 1) if weight is None else weight / max(weight.sum(), 1e-30)
    return rows, share
