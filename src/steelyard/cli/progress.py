"""Progress for anything over a second: a bar with remaining time, or plain lines."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from steelyard.cli.terminal import printable

# Called with (done, total, what): library functions take one of these or None.
Progress = Callable[[float, float, str], None]

# Until this share is done, imports and tracing would be taken for the pace of the work.
EARLY = 0.05


@contextmanager
def progress_bar(title: str, *, quiet: bool = False) -> Iterator[Progress | None]:
    """Yield a function to report progress to; everything is written to stderr."""
    if quiet:
        yield None
    elif sys.stderr.isatty():
        yield from _rich_bar(title)
    else:
        yield _plain_lines(title)


def _rich_bar(title: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total, what: bar.update(
            task, completed=done, total=total, description=printable(what or title)
        )


def _plain_lines(title: str, every_s: float = 5.0) -> Progress:
    start = last = time.monotonic()

    def report(done: float, total: float, what: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < every_s or not done or not total:
            return
        last = now
        share = done / total
        line = f"{printable(what or title)}: {share:.0%}"
        if share >= EARLY:
            line += f", about {(now - start) * (1 - share) / share:.0f} s left"
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    return report
