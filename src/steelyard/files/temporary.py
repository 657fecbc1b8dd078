"""Files that must be gone when the process ends, for those who end it at once."""

import shutil
import tempfile
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
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".steelyard-parts-") as name:
        folder = register(Path(name))
        try:
            yield folder
        finally:
            forget(folder)


def remove_all() -> None:
    """Remove what is registered: the last act before `os._exit`, which unwinds nothing."""
    for path in list(_PRESENT):
        with suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
