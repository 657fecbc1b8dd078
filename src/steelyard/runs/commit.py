"""The one point at which new files of a run take the place of the old ones, all together.

The files are written and synced in a folder beside, `.next`, run.json among them, which names the
digests of the others. Giving run.json its name is the switch: before it the run is the old one as a
whole, after it the new one. Whatever process looks at the run next gives the others their names,
should the one that wrote them have been killed before it could.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from steelyard.errors import RunError
from steelyard.files.atomic import sync, write_json
from steelyard.files.system_errors import with_path
from steelyard.files.temporary import forget, register
from steelyard.runs.seal import SEALED, sealed

NEXT = ".next"
COMMITTED = {*SEALED, "report.html"}
Write = Callable[[Path], object]


def commit(run: Path, values: dict[str, Any], writers: Mapping[str, Write]) -> None:
    """Write files into the directory `run`, and run.json with content `values`: all or none.

    `writers`: name of a file -> what fills the file of the path that it is given. The caller holds
    the run's lock.
    """
    settle(run)
    for name in (*writers, "run.json"):
        if (run / name).is_dir():
            raise RunError(f"{run / name} is a folder; remove it first: a file belongs there")
    for left in run.glob(".*.partial"):  # of a process that was killed; the lock is ours
        shutil.rmtree(left, ignore_errors=True)
    staged = register(run / f".{secrets.token_hex(4)}.partial")
    staged.mkdir()
    try:
        for name, write in writers.items():
            write(staged / name)
            sync(staged / name)
        write_json(staged / "run.json", sealed(values, staged, run))
        sync(staged)
        shutil.rmtree(run / NEXT, ignore_errors=True)  # of a process killed before its switch
        os.replace(staged, run / NEXT)  # noqa: PTH105
    except Exception as error:
        named = with_path(error, run)
        if named:
            raise named from error
        raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        forget(staged)
    sync(run)
    os.replace(run / NEXT / "run.json", run / "run.json")  # noqa: PTH105 - the switch
    sync(run)
    settle(run)
    sync(run)


def settle(run: Path) -> None:
    """Finish what was committed by a process that was killed before it had named all files."""
    staged = run / NEXT
    if staged.is_symlink():
        raise RunError(f"{staged} is a link to elsewhere; remove it: no run of steelyard's has one")
    try:
        names = [path.name for path in staged.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return
    if "run.json" in names:
        return  # not committed
    for name in set(names) & COMMITTED:
        with suppress(FileNotFoundError):  # another process does the same
            os.replace(staged / name, run / name)  # noqa: PTH105
    with suppress(OSError):
        staged.rmdir()
