"""How many rows of each class every batch holds, and where in the batch they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import RequestError

Ints = NDArray[np.int64]

# Batches after which the pattern starts again. Shares come out exact to 1 / (512 * batch size).
LONGEST_CYCLE = 512


@dataclass(frozen=True)
class Schedule:
    """Class counts of every batch of an endless feed, as a pure function of the step.

    Batch by batch each class gets the whole part of `batch_size * share`; the rows left over go
    to the classes that are furthest behind (largest remainder), so they rotate, and after
    `cycle` batches the totals are exact. Since any step can be computed on its own, a feed is
    resumed, sharded and seeked by its step number alone.

    Attributes:
        table: rows of each class in each batch of the cycle, shape (cycle, classes).

    >>> Schedule.make([0.5, 0.25, 0.25], batch_size=6).table.tolist()
    [[3, 2, 1], [3, 1, 2]]
    """

    table: Ints

    @classmethod
    def make(cls, shares: NDArray[np.float64] | list[float], batch_size: int) -> "Schedule":
        """The schedule of a batch size and shares that sum to one."""
        if batch_size < 1:
            raise RequestError(f"batch_size = {batch_size}; give the rows of a batch, 1 or more")
        wanted = np.asarray(shares, dtype=np.float64) * batch_size
        # Without the rounding 0.1 * 30 would be 3.0000000000000004 and carry dust along.
        wanted = np.round(wanted, 9)
        cycle = _cycle(wanted)
        rows = np.empty((cycle, wanted.size), dtype=np.int64)
        given = np.zeros(wanted.size)
        for step in range(cycle):
            behind = wanted * (step + 1) - given
            whole = np.floor(wanted).astype(np.int64)
            left = batch_size - int(whole.sum())
            first = np.argsort(-(behind - whole).round(9), kind="stable")[:left]
            whole[first] += 1
            rows[step] = whole
            given += whole
        if not rows.sum(axis=0).all():
            raise RequestError(
                f"batch_size = {batch_size} and a share of {np.min(shares):.2g}: the class would "
                f"come less than once in {cycle} batches; raise its share or the batch size"
            )
        return cls(rows)

    @cached_property
    def before_in_cycle(self) -> Ints:
        """Rows of each class given before each batch of the cycle, and in all of it at the end."""
        zeros = np.zeros((1, self.table.shape[1]), dtype=np.int64)
        return np.concatenate([zeros, np.cumsum(self.table, axis=0)])

    def before(self, steps: Ints | np.int64) -> Ints:
        """Rows of each class given before these steps, shape (..., classes)."""
        cycles, at = np.divmod(np.asarray(steps, dtype=np.int64), len(self.table))
        return cycles[..., None] * self.before_in_cycle[-1] + self.before_in_cycle[at]

    @cached_property
    def slots(self) -> NDArray[np.int32]:
        """Class of each place of each batch of the cycle, shape (cycle, batch size).

        Classes are spread evenly over the batch, so that its slices (one per replica, or micro
        batches) hold nearly the same shares as the whole.
        """
        return np.stack([spread(counts) for counts in self.table])

    def steps_to_show(self, class_rows: Sequence[int]) -> int:
        """Batches after which every row of every class has come at least once."""
        totals = self.before_in_cycle[-1]
        steps = 1
        for code, rows in enumerate(class_rows):
            cycles, rest = divmod(int(rows), int(totals[code]))
            more = np.searchsorted(self.before_in_cycle[:, code], rest)
            steps = max(steps, cycles * len(self.table) + int(more))
        return steps

    def rows_of_last_batch(self, class_rows: Sequence[int]) -> int:
        """Places of the last of those batches up to the one that shows the last new row."""
        last = self.steps_to_show(class_rows) - 1
        missing = np.asarray(class_rows) - self.before(np.int64(last))
        slots = self.slots[last % len(self.table)]
        return max(
            int(np.flatnonzero(slots == code)[rows - 1]) + 1
            for code, rows in enumerate(missing.tolist())
            if rows > 0
        )


def _cycle(wanted: NDArray[np.float64]) -> int:
    lengths = np.arange(1, LONGEST_CYCLE + 1)
    off = np.abs(lengths[:, None] * wanted - np.round(lengths[:, None] * wanted)).max(axis=1)
    exact = np.flatnonzero(off < 1e-6)
    return int(lengths[exact[0]]) if exact.size else LONGEST_CYCLE


def spread(counts: Ints) -> NDArray[np.int32]:
    """Class codes in an order that spreads each class evenly, shape (sum of counts,).

    >>> spread(np.array([4, 2])).tolist()
    [0, 1, 0, 0, 1, 0]
    """
    codes = np.repeat(np.arange(counts.size, dtype=np.int32), counts)
    nth = np.arange(codes.size) - np.repeat(np.cumsum(counts) - counts, counts)
    return codes[np.argsort((nth + 0.5) / counts[codes], kind="stable")]
