"""Progress of a command: as the library shows it, or none with `--quiet`."""

from collections.abc import Iterator
from contextlib import contextmanager

from steelyard._progress import Progress, shown

__all__ = ["Progress", "progress_bar"]


@contextmanager
def progress_bar(title: str, *, quiet: bool = False) -> Iterator[Progress | None]:
    """Yield a function to report progress to, or None; everything is written to stderr."""
    if quiet:
        yield None
        return
    with shown(title) as report:
        yield report
