"""Files that must be gone when the process ends, for those who end it at once."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PRESENT: set[Path] = set()


def register(path: Path) -> Path:
    """Have a file or folder removed if the process is ended."""
    _PRESENT.add(path)
    return path


def forget(path: Path) -> None:
    """It is gone, or has become something to keep."""
    _PRESENT.discard(path)


@contextmanager
def temporary_beside(path: Path) -> Iterator[Path]:
    """A folder beside a file being written, gone at the end: workers that share its disk see it."""
    folder = parts_of(path)
    folder.mkdir()
    register(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        forget(folder)


def parts_of(path: Path) -> Path:
    """The folder beside a file being written that its parts are written to first."""
    return path.with_name(f"{path.name}.parts")


def remove_all() -> None:
    """Remove what is registered: the last act before `os._exit`, which unwinds nothing."""
    for path in list(_PRESENT):
        with suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
