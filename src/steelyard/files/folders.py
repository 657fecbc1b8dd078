"""A new folder that appears whole or not at all."""

import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from steelyard.errors import RequestError
from steelyard.files.atomic import LONGEST, sync
from steelyard.files.lock import claim
from steelyard.files.system_errors import with_path
from steelyard.files.temporary import forget, register


@contextmanager
def new_folder(out: str | Path) -> Iterator[Path]:
    """A folder beside `out` to be filled, which gets its name when the block ends well.

    Otherwise nothing is left; what a killed process left, the next one of that name removes.

    Raises: RequestError: something is there already, or there is no folder to put it in.

    >>> import tempfile
    >>> home = Path(tempfile.mkdtemp())
    >>> with new_folder(home / "parts") as folder:
    ...     _ = (folder / "0.csv").write_text("x")
    >>> [path.name for path in home.iterdir()]
    ['parts']
    """
    path = Path(os.path.realpath(out))
    _check(path, out)
    _remove_left_behind(path)
    folder = path.with_name(f".{secrets.token_hex(4)}.partial.{path.name[-LONGEST:]}")
    folder.mkdir()
    register(folder)
    descriptor = os.open(folder, os.O_RDONLY)
    claim(descriptor)  # says that its writer lives
    try:
        yield folder
        for file in folder.rglob("*"):
            sync(file)
        _check(path, out)
        folder.rename(path)
        sync(path.parent)
    except Exception as error:
        named = with_path(error, path)
        if named:
            raise named from error
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        forget(folder)
        os.close(descriptor)


def _check(path: Path, out: str | Path) -> None:
    if path.exists():
        raise RequestError(f"`out={str(out)!r}` exists already; choose another name, or remove it")
    if not path.parent.is_dir():
        raise RequestError(f"`out={str(out)!r}`: there is no folder {path.parent}; make it first")


def _remove_left_behind(path: Path) -> None:
    pattern = f".{'[0-9a-f]' * 8}.partial.{glob.escape(path.name[-LONGEST:])}"
    for old in path.parent.glob(pattern):
        with suppress(OSError):
            descriptor = os.open(old, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if claim(descriptor):
                    shutil.rmtree(old)
            finally:
                os.close(descriptor)
