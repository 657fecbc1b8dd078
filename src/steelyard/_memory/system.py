"""What the system says of memory: what this process uses, and what it can still get."""

import ctypes
import re
import sys
from collections.abc import Iterator
from pathlib import Path

GROUP = Path("/sys/fs/cgroup")
SELF = Path("/proc/self")
# Of a control group: its limit, what it uses, and in memory.stat what it gives up when asked.
SECOND = ("memory.max", "memory.current", "inactive_file")
FIRST = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def in_use() -> int:
    """Resident bytes of this process."""
    if sys.platform == "linux":
        return _pages(1)
    try:
        import resource
    except ImportError:  # Windows
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def give_back() -> None:
    """Return to the system what was freed: glibc keeps it, in a pool for each thread.

    For the end of a large piece of work; elsewhere than on glibc nothing is done.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)


def free() -> int:
    """Bytes that can be had without swapping: of the machine, its control group, this process."""
    found = [_machine()]
    for group, names in _groups():
        limit, used = (_number(group / name) for name in names[:2])
        if limit is not None and used is not None:
            found.append(max(0, limit - used + _cached(group, names[2])))
    granted = address_space_left()
    if granted is not None:
        found.append(granted)
    return min(found)


def address_space_left() -> int | None:
    """Bytes that this process may still reserve (ulimit -v, -d); None: as many as it likes."""
    if sys.platform != "linux":
        return None
    import resource

    kinds = ((resource.RLIMIT_AS, 0), (resource.RLIMIT_DATA, 5))
    limits = [(resource.getrlimit(kind)[0], field) for kind, field in kinds]
    left = [most - _pages(field) for most, field in limits if most != resource.RLIM_INFINITY]
    return max(0, min(left)) if left else None


def _pages(field: int) -> int:
    """Bytes of a field of /proc/self/statm: 0 reserved, 1 resident, 5 data and stack."""
    import resource

    pages = int((SELF / "statm").read_text(encoding="ascii").split()[field])
    return pages * resource.getpagesize()


def _machine() -> int:
    path = Path("/proc/meminfo")
    if path.exists():
        text = path.read_text(encoding="ascii")
        found = re.search(r"MemAvailable:\s+(\d+) kB", text)
        if found:
            return int(found[1]) << 10
    import os

    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _groups() -> Iterator[tuple[Path, tuple[str, str, str]]]:
    """The control group of this process and those around it; in a container its own is the top."""
    try:
        lines = (SELF / "cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in ("0::/", *lines):
        _, kinds, inner = line.split(":", 2)
        if kinds in ("", "memory"):
            top, names = (GROUP / "memory", FIRST) if kinds else (GROUP, SECOND)
            path = top / inner.strip("/")
            for group in (path, *path.parents):
                if group.is_relative_to(top):
                    yield group, names


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None  # "max": no limit


def _cached(group: Path, name: str) -> int:
    """Bytes of files that the system keeps for the group and gives up when asked."""
    try:
        text = (group / "memory.stat").read_text(encoding="ascii")
    except OSError:
        return 0
    found = re.search(rf"^{name} (\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0
