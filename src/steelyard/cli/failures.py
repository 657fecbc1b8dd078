"""Every failure becomes one line: what failed, on what, and what to do."""

import errno
import re
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from steelyard._memory import is_out_of_memory
from steelyard.cli.stopping import ends_when_told
from steelyard.cli.terminal import say
from steelyard.cli.wording import in_flags
from steelyard.errors import SteelyardError, SteelyardWarning

DEBUG = "steelyard.debug"  # in click's context: whether --debug was given

# What to do about the operating system's errors.
ADVICE = {
    errno.EFBIG: "a limit on the size of files is reached: raise it with ulimit -f",
    errno.ENOSPC: "make room on the disk, or choose a place on another",
    errno.EDQUOT: "your quota is used up: make room, or choose a place on another disk",
    errno.EROFS: "it cannot be written to: choose another place",
    errno.EACCES: "change its permissions, or choose another place",
    errno.EPERM: "change its permissions, or choose another place",
    errno.ENOENT: "check the name, and that its folder exists",
    errno.ENOTDIR: "a part of the path is a file, not a folder: check the name",
    errno.EISDIR: "it is a folder: give the name of a file",
    errno.EEXIST: "choose another name, or remove it first",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "too many files are open: raise the limit with ulimit -n",
    errno.EIO: "the disk or the network behind it fails: copy the data to another",
    errno.ENOMEM: "close other programs, or give fewer rows",
}
MEMORY = (
    "there is not enough memory for this; close other programs, give fewer rows or columns, or "
    "raise the limit of the system if there is one (ulimit -v, the container's)"
)
ENGINE_OF = {"PanicException": "polars"}  # raised under a module name that says nothing
ENGINES = ("pyarrow", "polars", "tensorflow", "keras", "lightgbm", "sklearn", "h5py", "zipfile")


@contextmanager
def plain_errors(run: str | Path | None = None) -> Iterator[None]:
    """Turn every failure into one line on stderr and exit status 1; see `stopping` for Ctrl-C.

    Args:
        run: the run directory that the command writes; where it is stopped it is told how much
            is kept there.
    """
    try:
        with ends_when_told(run), _warnings_as_notes():
            yield
    except (click.exceptions.Exit, click.ClickException, BrokenPipeError):
        raise  # click's own: wrong usage, or the reader of a pipe has gone
    except SteelyardError as error:
        _end(in_flags(str(error)), error)
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # noqa: BLE001 - everything ends here, polars' panics, too
        _end(explained(error), error)


@contextmanager
def _warnings_as_notes() -> Iterator[None]:
    """Print warnings of the library in one line each, and all others as they are."""
    with warnings.catch_warnings():
        shown = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if issubclass(category, SteelyardWarning):
                say(f"note: {in_flags(str(message))}", err=True)
            else:
                shown(message, category, filename, lineno, file, line)

        warnings.simplefilter("always", SteelyardWarning)
        warnings.showwarning = show
        yield


def explained(error: BaseException) -> str:
    """One line on an error that is none of ours."""
    if is_out_of_memory(error):
        return MEMORY
    if isinstance(error, OSError):
        return _of_system(error)
    said = " ".join(str(error).split())
    told = re.search(r"\(os error (\d+)\)", said)
    if told and int(told[1]) in ADVICE:  # an engine met it, the system is the reason
        return f"{said[:300]}; {ADVICE[int(told[1])]}"
    engine = ENGINE_OF.get(type(error).__name__, type(error).__module__.split(".")[0])
    if engine in ENGINES:
        return (
            f"{engine} fails: {said[:300]} ({type(error).__name__}); check the file, or give the "
            "command again with --debug for details"
        )
    return (
        f"{type(error).__name__}: {said[:300]}; this is a fault of steelyard's, not of yours: "
        "give the command again with --debug and report what it prints"
    )


def _of_system(error: OSError) -> str:
    text = " ".join(str(error).split())
    # Engines raise them without the number, as "No such file or directory (os error 2): a.csv".
    told = re.search(r"\(os error (\d+)\)|\[errno (\d+)\]", text, re.IGNORECASE)
    number = error.errno or (int(told[1] or told[2]) if told else 0)
    advice = ADVICE.get(number, "check the path and the disk")
    if error.filename is None:
        return f"{text}; {advice}"
    name = str(error.filename)
    name = name if len(name) < 300 else f"{name[:100]}..."
    return f"{name}: {error.strerror}; {advice}"


def _end(message: str, error: BaseException) -> None:
    context = click.get_current_context(silent=True)
    if context is not None and context.meta.get(DEBUG):
        say("".join(traceback.format_exception(error)), err=True)
    say(f"steelyard: {' '.join(message.split())}", err=True)
    raise SystemExit(1)
