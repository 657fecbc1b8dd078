"""Files that are read more than once must be the same each time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from steelyard.errors import DataError


@contextmanager
def unchanged(files: Sequence[Path]) -> Iterator[None]:
    """Refuse what was read inside if a file was replaced or written to meanwhile.

    Raises: DataError: naming the first such file, when the block has ended.
    """
    before = [_state(file) for file in files]
    yield
    for file, state in zip(files, before, strict=True):
        if _state(file) != state:
            raise DataError(
                f"{file} was changed while it was read, so what was counted is not what was "
                "written; nothing was kept: run the command again when the file is complete"
            )


def _state(file: Path) -> tuple[int, ...] | None:
    if not file.exists():
        return None
    found = file.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
