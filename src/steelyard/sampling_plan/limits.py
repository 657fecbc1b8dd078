"""The k-th smallest hash of each class, in bounded memory, however the rows are spread.

A first look counts the hashes of each class by their leading bits, which tells the range that
holds the k-th smallest; a second look gathers the hashes of that range alone. Both look at pieces
of the data apart and are merged by adding or joining, so it does not matter who looks at which. A
class of few rows is one range, and if all are, the first look is left out.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import DataError
from steelyard.sampling_plan.hashing import Hash

GATHERED = 1 << 22  # hashes that are gathered in all, about
MOST_BITS = 20

Chunks = Iterable[tuple[Hash, NDArray[Any]]]  # hashes and class codes of rows
OverPieces = Callable[..., Iterator[Any]]


@dataclass(frozen=True)
class Ranges:
    """Of each class code that is looked at, in how many ranges of hashes, and which of them.

    Attributes:
        bits: leading bits of a hash that name its range, by class code.
        chosen: the range that is gathered, by class code; None while they are counted.
    """

    bits: Mapping[int, int]
    chosen: Mapping[int, int] | None = None


class Pieces(Protocol):
    """Pieces of the rows, here or elsewhere."""

    def map(self, look: Callable[[Chunks, Ranges], Any], ranges: Ranges) -> Iterator[Any]:
        """`look(chunks, ranges)` of the chunks of each piece."""


def range_counts(chunks: Chunks, ranges: Ranges) -> dict[int, NDArray[np.int64]]:
    """How many hashes lie in each range, by class code; one look at a piece."""
    counts = {code: np.zeros(1 << bits, np.int64) for code, bits in ranges.bits.items() if bits}
    for hashes, codes in chunks:
        for code, found in counts.items():
            place = _range_of(hashes[codes == code], ranges.bits[code])
            counts[code] = found + np.bincount(place, minlength=len(found))
    return counts


def hashes_in_range(chunks: Chunks, ranges: Ranges) -> dict[int, Hash]:
    """The hashes in the chosen range, by class code; another look at a piece."""
    chosen = ranges.chosen or {}
    found: dict[int, list[Hash]] = {code: [np.empty(0, np.uint64)] for code in ranges.bits}
    for hashes, codes in chunks:
        for code, bits in ranges.bits.items():
            mine = hashes[codes == code]
            found[code].append(mine[_range_of(mine, bits) == chosen.get(code, 0)] if bits else mine)
    return {code: np.concatenate(parts) for code, parts in found.items()}


def _range_of(hashes: Hash, bits: int) -> NDArray[np.int64]:
    return (hashes >> np.uint64(64 - bits)).astype(np.int64)


def find_limits(
    counts: Sequence[int], k: Sequence[int], classes: Sequence[Hashable], pieces: Pieces
) -> NDArray[np.uint64]:
    """The k-th smallest hash of each class, shape (classes,); 0 where k is 0.

    Raises: DataError: there are fewer rows than were counted, or ids repeat right at the limit.
    """
    limits = np.zeros(len(classes), np.uint64)
    live = [code for code, wanted in enumerate(k) if wanted]
    if not live:
        return limits
    each = GATHERED // len(live)
    ranges = Ranges({code: bits_for(counts[code], each) for code in live})
    chosen, below = dict.fromkeys(live, 0), dict.fromkeys(live, 0)
    if any(ranges.bits.values()):
        for code, found in _added(pieces.map(range_counts, ranges)).items():
            upto = np.cumsum(found)
            _check_enough(int(upto[-1]), k[code], classes[code])
            chosen[code] = int(np.searchsorted(upto, k[code]))
            below[code] = int(upto[chosen[code]] - found[chosen[code]])
    parts = list(pieces.map(hashes_in_range, Ranges(ranges.bits, chosen)))
    for code in live:
        mine = np.concatenate([part[code] for part in parts])
        limits[code] = _edge(np.sort(mine), int(k[code]) - below[code], k[code], classes[code])
    return limits


def bits_for(rows: int, most: int) -> int:
    """Leading bits that cut so many hashes into ranges of `most` or fewer.

    >>> bits_for(1_000, 4_000), bits_for(5_000_000, 1 << 18)
    (0, 5)
    """
    return min(MOST_BITS, max(0, int(np.ceil(np.log2(max(rows, 1) / most)))))


def _added(parts: Iterable[dict[int, NDArray[np.int64]]]) -> dict[int, NDArray[np.int64]]:
    total: dict[int, NDArray[np.int64]] = {}
    for part in parts:
        for code, found in part.items():
            total[code] = total[code] + found if code in total else found
    return total


def _edge(smallest: Hash, place: int, k: int, label: Hashable) -> np.uint64:
    """The hash at a place, counted from 1, of those in the range, ascending."""
    _check_enough(smallest.size, place, label, k)
    # Equal hashes lie in one range, so the next one shows whether ids repeat at the limit.
    if smallest.size > place and smallest[place] == smallest[place - 1]:
        raise DataError(
            f"row ids of class {label!r} repeat, so its count cannot be exact; "
            "give a key column without repeats, or none (then the row's position is its id)"
        )
    return smallest[place - 1]


def _check_enough(found: int, wanted: int, label: Hashable, k: int | None = None) -> None:
    if found < wanted:
        raise DataError(
            f"class {label!r} had {found:,} rows where more than {k or wanted:,} were counted; "
            "the data changed between two readings: run again on files that stay as they are"
        )
