"""Which rows stand in which batch: permutation cursors driven by a schedule."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from steelyard.feeds.schedule import Ints, Schedule
from steelyard.sampling_plan import derive, splitmix64

# SampledRows at once: few enough to be ready in milliseconds, enough to hide Python's overhead.
_ROWS_AHEAD = 65_536
# Classes above this size keep the order of their current pass instead of sorting it again.
_KEEP_ORDER_FROM = 10_000


class Cursor:
    """An endless walk over the rows of one class: all of them, in a new order each pass.

    The order of a pass depends on (seed, class, pass) alone, so any stretch of the walk can be
    computed without the stretch before it.

    >>> cursor = Cursor(np.array([10, 20, 30]), seed=0)
    >>> sorted(cursor.take(3, 6).tolist())
    [10, 20, 30]
    """

    def __init__(self, rows: Ints, *, seed: int, code: int = 0, shuffle: bool = True) -> None:
        self.rows = rows
        self.seed = seed
        self.code = code
        self.shuffle = shuffle
        self._kept: dict[int, Ints] = {}

    def take(self, first: int, last: int) -> Ints:
        """Rows at positions first ... last - 1 of the walk."""
        if not self.shuffle:
            return self.rows[np.arange(first, last) % self.rows.size]
        n = self.rows.size
        passes = np.arange(first // n, -(-last // n))
        start = first - int(first // n) * n
        return self._orders(passes).reshape(-1)[start : start + last - first]

    def _orders(self, passes: Ints) -> Ints:
        if self.rows.size < _KEEP_ORDER_FROM:
            return self._sort(passes)
        kept = {
            int(number): self._kept[int(number)]
            if int(number) in self._kept
            else self._sort(passes[i : i + 1])[0]
            for i, number in enumerate(passes)
        }
        self._kept = kept  # replaced in one step: threads may share a cursor
        return np.stack(list(kept.values())) if len(kept) > 1 else next(iter(kept.values()))

    def _sort(self, passes: Ints) -> Ints:
        return self.rows[shuffled(self.rows.size, derive(self.seed, self.code, passes))]


def shuffled(size: int, keys: NDArray[np.uint64]) -> Ints:
    """The numbers below `size` in an order of chance for every key, shape (keys, size).

    Ordered by hash; the number itself stands in the low bits of its hash, as numpy sorts values
    several times as fast as it finds the order of values.
    """
    numbers = np.arange(size, dtype=np.uint64)
    low = np.uint64((1 << size.bit_length()) - 1)
    order = splitmix64(numbers ^ keys[:, None])
    order &= ~low
    order |= numbers
    order.sort(axis=1)
    order &= low
    return order.view(np.int64)


@dataclass(frozen=True)
class SampledRows:
    """Rows of several batches; every array has shape (batches, batch size).

    `rows` are row numbers (-1: no row, in a short last batch), `codes` their classes, `passes`
    how often the row was shown before, and `seeds` (batches,) one number per batch for
    augmentation.
    """

    rows: Ints
    codes: NDArray[np.int32]
    passes: NDArray[np.int32]
    seeds: NDArray[np.uint64]

    def between(self, first: int, last: int) -> "SampledRows":
        """Batches first ... last - 1 of these."""
        part = np.s_[first:last]
        return SampledRows(self.rows[part], self.codes[part], self.passes[part], self.seeds[part])

    def followed_by(self, more: "SampledRows") -> "SampledRows":
        """These batches and more of them."""
        pairs = ((getattr(self, name), getattr(more, name)) for name in self.__dataclass_fields__)
        return SampledRows(*(np.concatenate(pair) for pair in pairs))


class BatchSampler:
    """The rows of every batch of every epoch; any batch can be sampled without those before it.

    Args:
        rows_of: row numbers of each class.
        schedule: class counts of every batch.
        steps: batches per epoch.
        last_rows: rows of the last batch of an epoch where it is shorter, else None. The rotation
            of the schedule then starts again with every epoch.
        shard: (index, count): every batch is cut into equal parts, one for each of `count` workers.
    """

    def __init__(
        self,
        rows_of: Sequence[Ints],
        schedule: Schedule,
        *,
        seed: int,
        steps: int,
        last_rows: int | None = None,
        shuffle: bool = True,
        shard: tuple[int, int] = (0, 1),
    ) -> None:
        self.cursors = [
            Cursor(rows, seed=seed, code=code, shuffle=shuffle) for code, rows in enumerate(rows_of)
        ]
        self.schedule = schedule
        self.seed = seed
        self.steps = steps
        self.last_rows = last_rows
        self.shard = shard
        self.ahead = max(1, _ROWS_AHEAD // schedule.slots.shape[1])
        self._sampled: dict[tuple[int, int], SampledRows] = {}

    @property
    def batch_size(self) -> int:
        """Rows of a batch on this worker."""
        return self.schedule.slots.shape[1] // self.shard[1]

    def block(self, epoch: int, first: int, last: int) -> SampledRows:
        """Batches first ... last - 1 of an epoch."""
        start = first // self.ahead
        chunks = {
            key: self._sampled.get(key) or self._chunk(*key)
            for key in ((epoch, number) for number in range(start, -(-last // self.ahead)))
        }
        self._sampled = chunks  # replaced in one step: threads may share this
        sampled = reduce(SampledRows.followed_by, chunks.values())
        return sampled.between(first - start * self.ahead, last - start * self.ahead)

    def _chunk(self, epoch: int, number: int) -> SampledRows:
        """Some batches at once: for one alone, Python's overhead would weigh more than the work."""
        first = number * self.ahead
        last = min(first + self.ahead, self.steps)
        steps = np.arange(first, last)
        if self.last_rows is None:
            steps += epoch * self.steps
        slots = self.schedule.slots[steps % len(self.schedule.table)]
        if self.last_rows is not None and last == self.steps:
            slots[-1, self.last_rows :] = -1
        start = self.schedule.before(steps[0])
        if self.last_rows is not None:
            start = start + epoch * self.rows_per_epoch()
        rows = np.full(slots.shape, -1, dtype=np.int64)
        passes = np.zeros(slots.shape, dtype=np.int32)
        for code, cursor in enumerate(self.cursors):
            mine = slots == code
            end = int(start[code] + np.count_nonzero(mine))
            # Batches follow each other, so a class's places are one stretch of its walk.
            rows[mine] = cursor.take(int(start[code]), end)
            passes[mine] = np.arange(start[code], end) // cursor.rows.size
        numbers = np.arange(first, last) + epoch * self.steps
        seeds = derive(self.seed, 1 << 40, numbers, self.shard[0])
        # Neighbouring places, as the classes are spread over them evenly; every n-th place could
        # fall in step with a class and hold all of it, or none.
        part = np.s_[:, self.shard[0] * self.batch_size : (self.shard[0] + 1) * self.batch_size]
        return SampledRows(rows[part], slots[part], passes[part], seeds)

    def rows_per_epoch(self) -> Ints:
        """Rows of each class in an epoch (the first one, where the schedule rotates)."""
        if self.last_rows is None:
            return self.schedule.before(np.int64(self.steps))
        last = self.schedule.slots[(self.steps - 1) % len(self.schedule.table), : self.last_rows]
        whole = self.schedule.before(np.int64(self.steps - 1))
        return whole + np.bincount(last, minlength=len(self.cursors))
