"""Write complete files beside their targets, sync them, then give them their names at once."""

import glob
import json
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from steelyard.errors import RequestError
from steelyard.files.lock import claim
from steelyard.files.system_errors import with_path
from steelyard.files.temporary import forget, parts_of, register

LONGEST = 180  # characters of a target's name kept in its partial's; systems take 255 bytes


class AtomicFiles:
    """Files that belong together and appear together, for use in a `with`.

    Ask `partial(path)` for a name to write each file to. When the block ends well, every file is
    synced to disk and gets its own name, the one asked for first as the last: it is the file that
    counts, a table say, and never stands there without those beside it, its ledger say. When the
    block fails nothing is left. What a killed process left is removed by the next one that writes
    to the same path.

    Args:
        overwrite: older files are replaced. Otherwise a file that appeared meanwhile is kept, and
            a RequestError says so.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with AtomicFiles() as files:
    ...     _ = files.partial(folder / "a.csv").write_text("x")
    ...     _ = files.partial(folder / "a.csv.ledger.json").write_text("{}")
    >>> sorted(path.name for path in folder.iterdir())
    ['a.csv', 'a.csv.ledger.json']
    """

    def __init__(self, *, overwrite: bool = False) -> None:
        self.overwrite = overwrite
        self._files: list[tuple[Path, Path, int]] = []  # target, partial, open descriptor
        self._interrupted = False

    def __enter__(self) -> Self:
        return self

    def partial(self, path: Path) -> Path:
        """A new empty file beside `path`, with the same ending, to be filled by the caller."""
        left = _remove_left_behind(path)
        if not self._files:
            # The files beside a table get their names before it: a kill in between leaves them.
            self._interrupted = left and not path.exists()
        elif path.exists() and not (self.overwrite or self._interrupted):
            raise _appeared(path)
        partial, descriptor = _new_partial(path)
        self._files.append((path, partial, descriptor))
        return partial

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._give_names()
            named = self._files and with_path(error, self._files[0][0])
            if named:
                raise named from error
        finally:
            for _, partial, descriptor in self._files:
                partial.unlink(missing_ok=True)
                forget(partial)
                os.close(descriptor)

    def _give_names(self) -> None:
        for _, partial, _ in self._files:
            sync(partial)
        named: list[Path] = []
        main = self._files[0][0] if self._files else None
        try:
            for path, partial, _ in reversed(self._files):
                replace = self.overwrite or (self._interrupted and path != main)
                (_replace if replace else _name_if_free)(partial, path)
                named.append(path)
        except BaseException:
            if not self.overwrite:
                for path in named:
                    path.unlink(missing_ok=True)
            raise
        for folder in {path.parent for path in named}:
            sync(folder)


def write_whole(path: Path, write: Callable[[Path], object], *, overwrite: bool = True) -> None:
    """Let `write` fill a file of another name beside `path`, then give it its name.

    The ending stays, since some writers choose the format by it.
    """
    with AtomicFiles(overwrite=overwrite) as files:
        write(files.partial(path))


def write_text(path: Path, text: str, *, overwrite: bool = True) -> None:
    """A text file, UTF-8, whole or not at all."""
    write_whole(path, lambda partial: partial.write_text(text, "utf-8"), overwrite=overwrite)


def write_json(path: Path, values: Any, *, overwrite: bool = True) -> None:
    """Plain values as JSON; NaN is refused, as no other language reads it."""
    write_text(path, json_text(values), overwrite=overwrite)


def json_text(values: Any) -> str:
    """Plain values as the text of a JSON file."""
    return json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def sync(path: Path) -> None:
    """What was written to a file, or named in a folder, is on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _new_partial(path: Path) -> tuple[Path, int]:
    """An empty file beside `path`, and the descriptor whose lock says that its writer lives."""
    while True:
        partial = path.with_name(f".{secrets.token_hex(4)}.partial.{path.name[-LONGEST:]}")
        # Mode 0666 less the umask, as any program's new files; those of tempfile are private.
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        if claim(descriptor):
            return register(partial), descriptor
        os.close(descriptor)  # taken for one left behind, before it was locked


def _replace(partial: Path, path: Path) -> None:
    if path.exists():
        shutil.copymode(path, partial)
    os.replace(partial, path)  # noqa: PTH105 - atomic, and over an older file


def _name_if_free(partial: Path, path: Path) -> None:
    """As a rename, but never over a file that appeared meanwhile."""
    try:
        os.link(partial, path)
    except FileExistsError:
        raise _appeared(path) from None
    except OSError:  # a file system without hard links
        if path.exists():
            raise _appeared(path) from None
        os.replace(partial, path)  # noqa: PTH105


def _appeared(path: Path) -> RequestError:
    return RequestError(
        f"{path} exists already, perhaps written by another process meanwhile; it was kept: "
        "choose another name, or let it be replaced with `overwrite=True`"
    )


def _remove_left_behind(path: Path) -> bool:
    """Remove partial files of processes that are gone; whether there were any."""
    found = False
    pattern = f".{'[0-9a-f]' * 8}.partial.{glob.escape(path.name[-LONGEST:])}"
    for old in path.parent.glob(pattern):
        with suppress(OSError):
            descriptor = os.open(old, os.O_RDWR)
            try:
                if claim(descriptor):
                    shutil.rmtree(parts_of(old), ignore_errors=True)
                    old.unlink()
                    found = True
            finally:
                os.close(descriptor)
    return found
