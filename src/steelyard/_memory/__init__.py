"""How much memory a piece of work may take.

A limit is one number for the process: `limited(4 << 30)`. What sizes its blocks asks `room` for a
share of what is left below it, so that packs shrink and tables are encoded as they are asked for
before anything is refused. What the system itself grants (`system.py`) is a limit, too.
"""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from steelyard._memory.exhausted import is_out_of_memory
from steelyard._memory.system import address_space_left, free, give_back, in_use
from steelyard.errors import RequestError

__all__ = [
    "bytes_of",
    "check_need",
    "check_tensorflow_and",
    "free",
    "give_back",
    "in_use",
    "is_out_of_memory",
    "limited",
    "limited_to_share",
    "room",
    "share_of",
    "shown",
]

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
OF_FREE = 0.8  # of what is free is taken where no limit is given
# What loading TensorFlow and Keras takes, measured: bytes used, and bytes reserved.
TENSORFLOW, TENSORFLOW_RESERVES = 560 << 20, 1500 << 20

_LIMIT: list[int] = []  # the innermost limit last


def bytes_of(text: str | int) -> int:
    """Bytes of "4G", "512M" or a plain number.

    >>> bytes_of("1.5G"), bytes_of(1024)
    (1610612736, 1024)
    """
    found = re.fullmatch(r"\s*(\d{1,15}(?:\.\d+)?)\s*([KMGT]?)i?B?\s*", str(text), re.IGNORECASE)
    if not found or not float(found[1]):
        raise RequestError(f"memory is {text!r}; give a size such as 4G or 512M")
    return int(float(found[1]) * UNITS[found[2].upper()])


@contextmanager
def limited(limit: str | int | None) -> Iterator[int]:
    """Keep to this much memory for the process as a whole; None: 80 % of what is free now.

    Inside of another limit None keeps that one.

    Raises: RequestError: it is no size.
    """
    if limit is not None:
        most = bytes_of(limit)
    else:
        most = _LIMIT[-1] if _LIMIT else in_use() + int(OF_FREE * free())
    _LIMIT.append(most)
    try:
        yield most
    finally:
        _LIMIT.pop()


def room(most: int, share: float, least: int = 1 << 20) -> int:
    """Bytes for a piece of work: `share` of what is left below the limit, at most `most`."""
    if not _LIMIT:
        return most
    return max(least, min(most, int(share * _left())))


def share_of(workers: int) -> int | None:
    """Bytes for each of so many processes beside this one, below its limit; None: there is none."""
    return max(1, _left() // workers) if _LIMIT else None


@contextmanager
def limited_to_share(share: int | None) -> Iterator[int]:
    """Keep a worker to this much; None: to what one CPU's part is of what its machine has free."""
    if share is None:
        share = in_use() + int(OF_FREE * free() / (os.cpu_count() or 1))
    with limited(share) as most:
        yield most


def check_need(need: int, what: str, advice: str, *, address_space: int | None = None) -> None:
    """Refuse work that takes `need` bytes on top of what is in use, if that is over the limit.

    Args:
        address_space: bytes that it reserves, where those are not what it uses.
    Raises: RequestError: with both numbers.
    """
    if not _LIMIT:
        return
    total, granted = in_use() + need, address_space_left()
    if total > _LIMIT[-1]:
        raise RequestError(
            f"{what} takes about {shown(total)} of memory and the limit is {shown(_LIMIT[-1])}; "
            f"{advice}"
        )
    reserved = need if address_space is None else address_space
    if granted is not None and reserved > granted:
        raise RequestError(
            f"{what} reserves about {shown(reserved)} of memory and the system grants this "
            f"process {shown(granted)} more (see ulimit -v); {advice}"
        )


def check_tensorflow_and(need: int, what: str, advice: str) -> None:
    """As `check_need` of work that loads TensorFlow first, if it is not loaded yet.

    Raises: RequestError: with both numbers.
    """
    loaded = "tensorflow" in sys.modules
    used, reserved = (0, 0) if loaded else (TENSORFLOW, TENSORFLOW_RESERVES)
    check_need(used + need, what, advice, address_space=reserved + need)


def shown(size: int) -> str:
    """A size for a reader.

    >>> shown(1610612736), shown(3 << 20)
    ('1.5 GB', '3 MB')
    """
    if size < UNITS["G"] // 10:
        return f"{max(1, round(size / UNITS['M']))} MB"
    return f"{size / UNITS['G']:.1f} GB"


def _left() -> int:
    """Bytes below the limit, and below what the system grants."""
    granted = address_space_left()
    left = _LIMIT[-1] - in_use()
    return left if granted is None else min(left, granted)
