"""Progress of long work: a bar in a terminal, one line that changes in a notebook, else lines."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Called with (done, total, what): library functions take one of these or None.
Progress = Callable[[float, float, str], None]

# Until this share is done since the first step, imports and tracing would be taken for the pace.
EARLY = 0.05


@contextmanager
def shown(title: str, *, every_s: float = 5.0) -> Iterator[Progress]:
    """Yield a function to report progress to; everything is written to stderr."""
    if _in_notebook():
        yield _changing_line(title)
        sys.stderr.write("\r" + " " * 79 + "\r")
    elif sys.stderr.isatty():
        yield from _rich_bar(title)
    else:
        yield _plain_lines(title, every_s)


@contextmanager
def reporting(progress: Progress | bool | None, title: str) -> Iterator[Progress | None]:
    """What a library function reports to: the caller's, our own where it is True, or None."""
    if progress is True:
        with shown(title, every_s=10.0) as report:
            yield report
    else:
        yield progress or None


class Pace:
    """How long the rest takes, judged by what was done since the first step was finished.

    What comes before that step (imports, compiling) is done once, so it says nothing of the rest.
    """

    def __init__(self) -> None:
        self.first: tuple[float, float] | None = None

    def left(self, share: float) -> float | None:
        """Seconds that are left where `share` of the work is done; None while nobody can tell."""
        now = time.monotonic()
        if share <= 0.0:
            return None
        if self.first is None:
            self.first = (now, share)
        start, done = self.first
        if share - done < EARLY:
            return None
        return (now - start) * (1.0 - share) / (share - done)


def _rich_bar(title: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
    )
    pace = Pace()
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, left="")

        def report(done: float, total: float, what: str) -> None:
            left = pace.left(done / total) if total else None
            said = "" if left is None else f"about {clock(left)} left"
            bar.update(
                task, completed=done, total=total, description=_safe(what or title), left=said
            )

        yield report


def _plain_lines(title: str, every_s: float) -> Progress:
    pace, last = Pace(), time.monotonic()

    def report(done: float, total: float, what: str) -> None:
        nonlocal last
        left = pace.left(done / total) if total else None
        now = time.monotonic()
        if now - last < every_s or not done or not total:
            return
        last = now
        sys.stderr.write(_line(done / total, left, what or title) + "\n")
        sys.stderr.flush()

    return report


def _changing_line(title: str) -> Progress:
    pace = Pace()

    def report(done: float, total: float, what: str) -> None:
        if total:
            line = _line(done / total, pace.left(done / total), what or title)
            sys.stderr.write(f"\r{line[:79]:<79}")
            sys.stderr.flush()

    return report


def _line(share: float, left: float | None, what: str) -> str:
    said = "" if left is None else f", about {clock(left)} left"
    return f"{_safe(what)}: {share:.0%}{said}"


def clock(seconds: float) -> str:
    """A span of time in a few characters.

    >>> clock(42.3), clock(200), clock(7300)
    ('42 s', '3 min', '2.0 h')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _safe(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text)


def _in_notebook() -> bool:
    """Whether this is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return type(shell).__name__ == "ZMQInteractiveShell"
