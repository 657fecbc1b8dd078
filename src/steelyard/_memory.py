"""How much memory there is, how much is used, and how much a piece of work may take.

A limit is one number for the process: `limited(4 << 30)`. What sizes its blocks asks `room` for a
share of what is left below it, so that packs shrink and tables are encoded as they are asked for
before anything is refused.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steelyard.errors import RequestError

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
OF_FREE = 0.8  # of what is free is taken where no limit is given
GROUP = Path("/sys/fs/cgroup")

_LIMIT: list[int] = []  # the innermost limit last


def bytes_of(text: str | int) -> int:
    """Bytes of "4G", "512M" or a plain number.

    >>> bytes_of("1.5G"), bytes_of(1024)
    (1610612736, 1024)
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?\s*", str(text), re.IGNORECASE)
    if not found or not float(found[1]):
        raise RequestError(f"memory is {text!r}; give a size such as 4G or 512M")
    return int(float(found[1]) * UNITS[found[2].upper()])


@contextmanager
def limited(limit: str | int | None) -> Iterator[int]:
    """Keep to this much memory for the process as a whole; None: 80 % of what is free now.

    Raises: RequestError: it is no size, or the process takes more already.
    """
    most = in_use() + int(OF_FREE * free()) if limit is None else bytes_of(limit)
    _LIMIT.append(most)
    try:
        yield most
    finally:
        _LIMIT.pop()


def room(most: int, share: float, least: int = 1 << 20) -> int:
    """Bytes for a piece of work: `share` of what is left below the limit, at most `most`."""
    if not _LIMIT:
        return most
    return max(least, min(most, int(share * (_LIMIT[-1] - in_use()))))


def check_need(need: int, what: str, advice: str) -> None:
    """Refuse work that takes `need` bytes on top of what is in use, if that is over the limit.

    Raises: RequestError: with both numbers.
    """
    if not _LIMIT:
        return
    total = in_use() + need
    if total > _LIMIT[-1]:
        raise RequestError(
            f"{what} takes about {shown(total)} of memory and the limit is {shown(_LIMIT[-1])}; "
            f"{advice}"
        )


def shown(size: int) -> str:
    """A size for a reader.

    >>> shown(1610612736)
    '1.5 GB'
    """
    return f"{size / UNITS['G']:.1f} GB"


def in_use() -> int:
    """Resident bytes of this process."""
    if sys.platform == "linux":
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * resource.getpagesize()
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def free() -> int:
    """Bytes that can be had without swapping: of the machine, or of the process's control group."""
    found = [_machine()]
    limit, used = (_number(GROUP / name) for name in ("memory.max", "memory.current"))
    if limit is not None and used is not None:
        found.append(max(0, limit - used + _cached()))
    return min(found)


def _machine() -> int:
    path = Path("/proc/meminfo")
    if path.exists():
        text = path.read_text(encoding="ascii")
        found = re.search(r"MemAvailable:\s+(\d+) kB", text)
        if found:
            return int(found[1]) << 10
    import os

    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None  # "max": no limit


def _cached() -> int:
    """Bytes of files that the system keeps for the group and gives up when asked."""
    try:
        text = (GROUP / "memory.stat").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(r"^inactive_file (\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0
