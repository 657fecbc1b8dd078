"""The sampling plan: which rows and how many copies, as a pure function of the row ids.

Nothing here knows in which order rows arrive, how they are cut into files, batches or row groups,
or how many threads read them, so every engine that follows a plan picks the same rows.
"""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import TargetCountError
from steelyard.sampling_plan.hashing import Hash, row_hash
from steelyard.sampling_plan.limits import Chunks, Pieces, Ranges, find_limits


@dataclass(frozen=True)
class Plan:
    """How many copies of each row are kept; see `make_plan`.

    `whole[c]` copies of every row of class `classes[c]`, and one more of those whose hash is at
    most `limit[c]` (none where `one_more[c]` is False).
    """

    seed: int
    classes: tuple[Hashable, ...]
    counts: tuple[int, ...]
    target: tuple[int, ...]
    whole: NDArray[np.int64]
    one_more: NDArray[np.bool_]
    limit: Hash

    def copies(self, ids: ArrayLike, codes: ArrayLike) -> NDArray[np.int64]:
        """Copies of each row, shape (n,), from its id and the position of its class."""
        codes = np.asarray(codes)
        extra = (row_hash(ids, self.seed) <= self.limit[codes]) & self.one_more[codes]
        return self.whole[codes] + extra


def make_plan(
    counts: Mapping[Any, int],
    target: Mapping[Any, int],
    chunks: Collection[tuple[ArrayLike, ArrayLike]] | Pieces,
    *,
    seed: int = 0,
) -> Plan:
    """Decide for every row how often it is kept, so that class counts come out exact.

    A class of n rows with target m keeps `m // n` copies of each row and one more of the `m % n`
    rows with the smallest hash (bottom-k). Fewer rows than it has: a sample without replacement;
    more: every row nearly equally often. Two targets on one seed give nested samples.

    Args:
        counts: rows of each class.
        target: rows wanted of each class; classes left out keep their rows.
        chunks: (ids, codes) of all rows in any order and any pieces; codes are positions in
            `counts`. Ids must differ, else two rows share one fate. Or `limits.Pieces`, whose
            rows may lie elsewhere.
        seed: another seed is another sample.
    Raises: TargetCountError: a target below zero, for an unknown class, or for one without rows.
        DataError: ids repeat right at the edge of the sample, so the count cannot be exact.
    Source: Cohen & Kaplan, "Summarizing data using bottom-k sketches", PODC 2007.

    >>> plan = make_plan({"no": 4, "yes": 2}, {"no": 2, "yes": 5}, [([0, 1, 2, 3, 4, 5],
    ...                  [0, 0, 0, 0, 1, 1])])
    >>> plan.copies([0, 1, 2, 3, 4, 5], [0, 0, 0, 0, 1, 1])
    array([0, 1, 0, 1, 2, 3])
    """
    classes = tuple(counts)
    have = np.array([counts[label] for label in classes], dtype=np.int64)
    want = np.array([target.get(label, counts[label]) for label in classes], dtype=np.int64)
    _check_target(counts, target)
    whole, rest = want // np.maximum(have, 1), want % np.maximum(have, 1)
    pieces = InMemory(chunks, seed) if isinstance(chunks, Collection) else chunks
    limit = find_limits(have.tolist(), rest.tolist(), classes, pieces)
    numbers = (tuple(map(int, have)), tuple(map(int, want)))
    return Plan(int(seed), classes, *numbers, whole, rest > 0, limit)


@dataclass(frozen=True)
class InMemory:
    """Rows at hand as pieces that can be looked at."""

    parts: Collection[tuple[ArrayLike, ArrayLike]]
    seed: int

    def map(self, look: Callable[[Chunks, Ranges], Any], ranges: Ranges) -> Iterator[Any]:
        """As `limits.Pieces.map`."""
        for ids, codes in self.parts:
            yield look([(row_hash(ids, self.seed), np.asarray(codes))], ranges)


def _check_target(counts: Mapping[Hashable, int], target: Mapping[Hashable, int]) -> None:
    for label, rows in target.items():
        if label not in counts:
            raise TargetCountError(
                f"target names class {label!r}, which the data does not have; "
                f"its classes are {', '.join(map(repr, counts))}"
            )
        if rows < 0 or (rows and not counts[label]):
            raise TargetCountError(
                f"target[{label!r}] = {rows:,} with {counts[label]:,} rows of that class; "
                "ask for zero or more of a class that has rows"
            )


def copies_at_rate(ids: ArrayLike, rate: float | NDArray, *, seed: int = 0) -> NDArray[np.int64]:
    """Copies of each row when only a rate is known: `floor(rate) + [h < frac(rate)]`, shape (n,).

    For streams whose counts are not known beforehand: the expected count is exact, the count
    itself varies like a binomial. A lower rate keeps a subset of what a higher one keeps.

    Args:
        ids: row ids, shape (n,).
        rate: copies wanted per row, >= 0, one number or shape (n,).

    >>> copies_at_rate([0, 1, 2, 3], 2.5, seed=42)
    array([2, 2, 3, 3])
    """
    rate = np.asarray(rate, dtype=np.float64)
    if not np.all(rate >= 0):
        raise TargetCountError(f"rate = {rate.min():g}; give copies per row, zero or more")
    whole = np.floor(rate)
    hashes = row_hash(ids, seed)
    # 2**64 itself does not fit: a fraction that rounds up to it keeps every row.
    edge = np.minimum((rate - whole) * 2.0**64, np.nextafter(2.0**64, 0)).astype(np.uint64)
    return whole.astype(np.int64) + (hashes < edge)
