"""A path that something is to be written to, checked before any work is done for it."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from steelyard.errors import RequestError


def output_path(
    out: str | Path,
    *,
    inputs: Iterable[str | Path] = (),
    overwrite: bool = False,
    name: str = "`out`",
) -> Path:
    """The file that `out` stands for; links are followed, so that a link stays one.

    Args:
        inputs: files that are read and must not be written over, `overwrite` or not.
        overwrite: an older file may be replaced.
        name: what the user calls the argument, for messages.
    Raises: RequestError: it exists, is a folder, device or pipe, is an input, or its folder is
        absent or cannot be written to.
    """
    path = Path(os.path.realpath(out))
    _check_folder(path, out, name)
    if not path.exists():
        return path
    if path.is_dir():
        raise RequestError(f"{name} {out} is a folder; give the name of a file in it")
    if not stat.S_ISREG(path.stat().st_mode):
        raise RequestError(f"{name} {out} is a device or a pipe; give the name of a file")
    if any(Path(one).exists() and path.samefile(one) for one in inputs):
        raise RequestError(f"{name} {out} is the file that is read; choose another name")
    if not overwrite:
        raise RequestError(
            f"{name} {out} exists already; choose another name, or let it be replaced with "
            "`overwrite=True`"
        )
    return path


def _check_folder(path: Path, out: str | Path, name: str) -> None:
    folder = path.parent
    if not folder.exists():
        raise RequestError(f"{name} {out}: there is no folder {folder}; make it first")
    if not folder.is_dir():
        raise RequestError(f"{name} {out}: {folder} is a file, not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RequestError(
            f"{name} {out}: the folder {folder} cannot be written to; choose another, or change "
            "its permissions"
        )
