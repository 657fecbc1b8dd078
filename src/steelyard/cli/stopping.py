"""Ctrl-C and SIGTERM end a command within two seconds, whatever it is in the middle of.

The interpreter hands a signal to Python only between two of its own steps, and a call of XLA or
LightGBM can last for half a minute. So a thread of ours is told by the system at once. It leaves
the command a second to end by itself, then ends the process. Nothing is lost by that: files appear
whole or not at all, and each finished training is in the journal of the run.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from steelyard.cli.terminal import say
from steelyard.files.temporary import remove_all

GRACE_S = 1.0
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(KeyboardInterrupt):
    """A signal that asks the process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def ends_when_told(run: str | Path | None) -> Iterator[None]:
    """End the process with exit status 128 + signal, and one line on what is kept in `run`."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are not for this thread
        return
    ended = threading.Event()
    with _told_at_once(lambda number: _end_if_it_does_not(number, ended, run)):
        try:
            yield
        except KeyboardInterrupt as stopped:
            ended.set()
            say(stopped_line(run), err=True)
            sys.exit(128 + getattr(stopped, "number", signal.SIGINT))
        finally:
            ended.set()


@contextmanager
def _told_at_once(act: Callable[[int], None]) -> Iterator[None]:
    """Call `act(number)` in a thread as soon as a signal comes, and raise `Stopped` when it can."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    watcher = threading.Thread(target=_watch, args=(read, act), name="signals", daemon=True)
    watcher.start()
    wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    handlers = [signal.signal(number, _raise) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(SIGNALS, handlers, strict=True):
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        os.close(write)
        watcher.join()
        os.close(read)


def _watch(read: int, act: Callable[[int], None]) -> None:
    while number := os.read(read, 1):
        if number[0] in SIGNALS:
            act(number[0])


def _raise(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's arguments
    raise Stopped(number)


def _end_if_it_does_not(number: int, ended: threading.Event, run: str | Path | None) -> None:
    if ended.wait(GRACE_S):
        return
    remove_all()
    if sys.stderr.isatty():
        sys.stderr.write("\x1b[?25h\r\x1b[K")  # a progress bar hides the cursor
    say(stopped_line(run), err=True)
    sys.stderr.flush()
    os._exit(128 + number)


def stopped_line(run: str | Path | None) -> str:
    """What is kept of a command that was stopped, and how to go on."""
    kept = trainings(run)
    if kept is None:
        return "steelyard: stopped; nothing was written"
    done, total = kept
    return (
        f"steelyard: stopped after {done} of {total} trainings; the same command goes on from there"
    )


def say_what_is_kept(run: str | Path) -> None:
    """A note where a command is going to continue a run that was stopped."""
    from steelyard.runs.journal import trainings_of

    kept = trainings_of(Path(run))
    if kept is not None:
        done, total = kept
        say(f"{run} holds {done} of {total} trainings of a run that was stopped", err=True)


def trainings(run: str | Path | None) -> tuple[int, int] | None:
    """Finished trainings of an unfinished run, and all that it asks for; None: there is no run."""
    # Not loaded yet: nothing was trained, and loading takes longer than there is time.
    journal = sys.modules.get("steelyard.runs.journal")
    if run is None or not hasattr(journal, "trainings_of"):
        return None
    return journal.trainings_of(Path(run))  # type: ignore[union-attr]
