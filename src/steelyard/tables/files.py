"""From a path, folder or glob to the files behind it, and the hash of their bytes."""

import glob
import hashlib
from collections.abc import Sequence
from pathlib import Path

from steelyard.errors import DataError

TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".data")
PARQUET_ENDINGS = (".parquet", ".pq", ".parq")
TAKES = "CSV (.csv, .tsv, .txt, .data, each also .gz) or Parquet (.parquet, .pq)"


def format_of(path: Path) -> str:
    """'text', 'parquet' or '' by the ending of the name."""
    name = path.name.lower()
    if name.endswith(PARQUET_ENDINGS):
        return "parquet"
    return "text" if name.removesuffix(".gz").endswith(TEXT_ENDINGS) else ""


def find_files(path: str | Path) -> list[Path]:
    """The data files a path, folder or glob stands for, sorted by name; all of one format."""
    files = _candidates(path)
    formats = {format_of(file) for file in files}
    if len(formats) > 1:
        raise DataError(
            f"{path} holds both CSV and Parquet files; name those to read, such as "
            f"'{Path(path) / '*.parquet'}'"
        )
    for file in files:
        if file.stat().st_size == 0:
            raise DataError(f"{file} is empty (0 bytes); give a file with a header and rows")
    return files


def _candidates(path: str | Path) -> list[Path]:
    found = Path(path)
    if found.is_dir():
        # Hidden files and markers such as Spark's _SUCCESS are not data.
        inside = sorted(
            file for file in found.iterdir() if file.is_file() and file.name[0] not in "._"
        )
        files = [file for file in inside if format_of(file)]
        if not files:
            what = f"{len(inside)} files, none of them" if inside else "no files of"
            raise DataError(f"folder {path} has {what} a format that can be read: {TAKES}")
        return files
    if found.exists():
        if not format_of(found):
            raise DataError(f"{path} has the ending {found.suffix!r}; what can be read is {TAKES}")
        return [found]
    if any(mark in str(path) for mark in "*?["):
        matches = (Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207 - absolute patterns too
        files = sorted(match for match in matches if match.is_file() and format_of(match))
        if files:
            return files
        raise DataError(f"no file that can be read matches {path}; what can be read is {TAKES}")
    raise DataError(f"{path} does not exist; give a file, a folder or a glob in quotes")


def sha256_of_files(files: Sequence[Path]) -> str:
    """SHA-256 of one file's bytes; of several, the hash of their hashes in order."""
    digests = []
    for file in files:
        with file.open("rb") as stream:
            digests.append(hashlib.file_digest(stream, "sha256"))
    if len(digests) == 1:
        return digests[0].hexdigest()
    return hashlib.sha256(b"".join(digest.digest() for digest in digests)).hexdigest()
