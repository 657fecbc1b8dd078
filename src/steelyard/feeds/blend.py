"""Rows made of two rows: SMOTE for the repeats, mixup and Remix for whole batches.

Each is a rule that names a second row and two weights for every place of a batch. The feed then
gathers both rows and mixes them, so no synthetic row is ever stored. Inputs must be floats.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import RequestError
from steelyard.feeds.batch_sampler import SampledRows
from steelyard.feeds.schedule import Ints
from steelyard.neighbours.rows import all_neighbours
from steelyard.sampling_plan import derive, splitmix64, unit

Floats = NDArray[np.float32]
Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Mix:
    """The second row of every place, and what the first one keeps of the inputs and the label."""

    rows: Ints
    keep_x: Floats
    keep_y: Floats


@runtime_checkable
class Blend(Protocol):
    """What an augmentation must offer to be mixed into a feed."""

    mixes_labels: bool

    def fit(self, inputs: object, rows_of: Sequence[Ints], shares: NDArray[np.float64]) -> "Blend":
        """Look at the data once; return what draws."""

    def mix(self, sampled: SampledRows) -> Mix:
        """The mix of some batches."""


class Mixup:
    """Mixup: two random rows of a batch and their labels, `lam ~ Beta(alpha, alpha)`.

    Labels come out as soft one-hot rows: use categorical cross-entropy.

    Args:
        alpha: 0.2 mixes little, 1 evenly; above 0.
    Source: Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018.
    """

    mixes_labels = True

    def __init__(self, alpha: float = 0.2) -> None:
        if not alpha > 0:
            raise RequestError(f"alpha = {alpha}; mixup takes a number above 0, such as 0.2")
        self.alpha = alpha

    def fit(self, inputs: object, rows_of: Sequence[Ints], shares: NDArray[np.float64]) -> "Mixup":  # noqa: ARG002 - the Blend contract
        """Nothing to learn."""
        return self

    def mix(self, sampled: SampledRows) -> Mix:
        """A partner from the same batch, and one lambda, for every place."""
        partner = np.argsort(_noise(sampled, 1), axis=1)
        lam = np.stack(
            [
                np.random.default_rng(seed).beta(self.alpha, self.alpha, sampled.rows.shape[1])
                for seed in sampled.seeds.tolist()
            ]
        ).astype(np.float32)
        rows = np.take_along_axis(sampled.rows, partner, axis=1)
        codes = np.take_along_axis(sampled.codes, partner, axis=1)
        return Mix(rows, lam, self.keep_label(lam, sampled.codes, codes))

    def keep_label(self, lam: Floats, codes: Codes, partners: Codes) -> Floats:  # noqa: ARG002 - Remix looks at them
        """What the first row keeps of the label: the same as of the inputs."""
        return lam


class Remix(Mixup):
    """Mixup whose label goes to the rarer class of the two when its row is mixed in enough.

    Args:
        alpha: as in mixup.
        kappa: how many times more frequent a class must be to give its label away, >= 1.
        tau: the label goes while the rarer row makes up more than `1 - tau` of the mix.
    Source: Chou et al., "Remix: rebalanced mixup", ECCV 2020 workshops.
    """

    def __init__(self, alpha: float = 1.0, kappa: float = 3.0, tau: float = 0.5) -> None:
        super().__init__(alpha)
        self.kappa = kappa
        self.tau = tau
        self.counts = np.ones(1)

    def fit(self, inputs: object, rows_of: Sequence[Ints], shares: NDArray[np.float64]) -> "Remix":  # noqa: ARG002 - the Blend contract
        """Take the class counts."""
        fitted = Remix(self.alpha, self.kappa, self.tau)
        fitted.counts = np.array([rows.size for rows in rows_of], dtype=np.float64)
        return fitted

    def keep_label(self, lam: Floats, codes: Codes, partners: Codes) -> Floats:
        """0 or 1 where one class is much rarer and mixed in enough, else lambda."""
        return remix_labels(lam, self.counts[codes], self.counts[partners], self.kappa, self.tau)


def remix_labels(
    lam: NDArray, first: NDArray, second: NDArray, kappa: float = 3.0, tau: float = 0.5
) -> Floats:
    """Share of the first row's label, from lambda and the counts of the two rows' classes.

    >>> remix_labels(np.array([.3, .7]), np.array([1000, 10]), np.array([10, 1000])).tolist()
    [0.0, 1.0]
    """
    ratio = first / second
    to_second = (ratio >= kappa) & (lam < tau)
    to_first = (ratio <= 1 / kappa) & (1 - lam < tau)
    return np.where(to_second, 0.0, np.where(to_first, 1.0, lam)).astype(np.float32)


class SMOTE:
    """SMOTE on the fly: a repeat of an over-sampled row moves towards one of its neighbours.

    The first showing of a row is the row itself; each later one is `x + u (x_neighbour - x)` with
    a fresh neighbour and a fresh u in [0, 1). Neighbours are found once, among the rows of the
    class, for the classes that a batch shows more often than the data does. Memory: k row
    numbers per row of those classes.

    Args:
        k_neighbors: neighbours to choose from; a class with fewer rows uses those it has.
    Source: Chawla et al., "SMOTE: synthetic minority over-sampling technique", JAIR 16, 2002.
    """

    mixes_labels = False

    def __init__(self, k_neighbors: int = 5) -> None:
        if k_neighbors < 1:
            raise RequestError(f"k_neighbors = {k_neighbors}; SMOTE needs one neighbour or more")
        self.k_neighbors = k_neighbors
        self._place = np.empty(0, dtype=np.int64)
        self._neighbours: list[Ints] = []

    def fit(self, inputs: object, rows_of: Sequence[Ints], shares: NDArray[np.float64]) -> "SMOTE":
        """Find the neighbours of the rows of every over-sampled class."""
        if not isinstance(inputs, np.ndarray) or inputs.dtype.kind != "f":
            raise RequestError(
                f"SMOTE moves between rows of one float array, not {type(inputs).__name__} of "
                f"{getattr(inputs, 'dtype', 'several inputs')}; cast them, or use augment=None"
            )
        fitted = SMOTE(self.k_neighbors)
        counts = np.array([rows.size for rows in rows_of])
        over = shares > counts / counts.sum()
        fitted._place = np.zeros(int(counts.sum()), dtype=np.int64)
        for rows, repeats in zip(rows_of, over, strict=True):
            fitted._place[rows] = np.arange(rows.size)
            k = min(self.k_neighbors, rows.size - 1) if repeats else 0
            fitted._neighbours.append(nearest_rows(inputs, rows, k))
        return fitted

    def mix(self, sampled: SampledRows) -> Mix:
        """A neighbour for every repeat; the row itself elsewhere."""
        rows, keep = sampled.rows.copy(), np.ones(sampled.rows.shape, dtype=np.float32)
        pick, step = unit(_noise(sampled, 2)), unit(_noise(sampled, 3))
        for code, table in enumerate(self._neighbours):
            if not table.shape[1]:
                continue
            moved = (sampled.codes == code) & (sampled.passes > 0)
            chosen = (pick[moved] * table.shape[1]).astype(np.int64)
            rows[moved] = table[self._place[sampled.rows[moved]], chosen]
            keep[moved] = 1 - step[moved]
        return Mix(rows, keep, np.ones_like(keep))


def nearest_rows(inputs: NDArray, rows: Ints, k: int) -> Ints:
    """Row numbers of the k nearest rows among `rows`, each row itself apart, shape (rows, k)."""
    if k == 0:
        return np.empty((rows.size, 0), dtype=np.int64)
    points = inputs[rows].reshape(rows.size, -1)
    return rows[all_neighbours(points, k)]


def _noise(sampled: SampledRows, use: int) -> NDArray[np.uint64]:
    """A hash for every place of every batch, another one for every use."""
    keys = derive(0, sampled.seeds, use)
    places = np.arange(sampled.rows.shape[1], dtype=np.uint64)
    return splitmix64(keys[:, None] ^ places)
