"""From a path, folder or glob to the files behind it, and the hash of their bytes."""

import difflib
import glob
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from steelyard.errors import DataError
from steelyard.files.digests import file_digest
from steelyard.tables.partitions import FOLDER, in_path
from steelyard.tables.remote import AnyFile, RemoteFile, is_address, listed, local

TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".data")
PARQUET_ENDINGS = (".parquet", ".pq", ".parq")
WAYS = {
    (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"): "pandas.read_excel or polars.read_excel",
    (".feather", ".arrow", ".ipc"): "polars.read_ipc",
    (".jsonl", ".ndjson"): "polars.read_ndjson",
    (".json",): "polars.read_json",
    (".sav", ".dta", ".sas7bdat"): "pandas.read_spss, read_stata or read_sas",
    (".orc", ".avro"): "pandas.read_orc or polars.read_avro",
}
TAKES = "CSV (.csv, .tsv, .txt, .data, each also .gz) or Parquet (.parquet, .pq)"


def format_of(path: PurePath) -> str:
    """'text', 'parquet' or '' by the ending of the name."""
    name = path.name.lower()
    if name.endswith(PARQUET_ENDINGS):
        return "parquet"
    return "text" if name.removesuffix(".gz").endswith(TEXT_ENDINGS) else ""


def find_files(path: str | Path, *, partitions: bool = False) -> list[Path]:
    """The data files a path, folder or glob stands for, sorted by name; all of one format.

    Args:
        partitions: whether the caller reads the columns that stand in folders such as region=A;
            without it such folders are refused.
    """
    if is_address(path):
        return local(remote_files(path))
    files = _candidates(path)
    formats = {format_of(file) for file in files}
    if len(formats) > 1:
        raise DataError(
            f"{path} holds both CSV and Parquet files; name those to read, such as "
            f"'{Path(path) / '*.parquet'}'"
        )
    inside = in_path(files[0], root_of(path))
    if inside and not partitions:
        raise DataError(
            f"{path} has columns in its folders ({', '.join(inside)}), which are not read here; "
            "write the table into files without such folders"
        )
    for file in files:
        if file.stat().st_size == 0:
            raise DataError(f"{file} is empty (0 bytes); give a file with a header and rows")
    return files


def remote_files(address: Any) -> list[RemoteFile]:
    """The data files at an address, sorted by name; all of one format. Raises: DataError."""
    files = [one for one in listed(address) if format_of(PurePosixPath(one.name))]
    if not files:
        raise DataError(f"{address} has no file of a format that can be read: {TAKES}")
    if len({format_of(PurePosixPath(one.name)) for one in files}) > 1:
        raise DataError(f"{address} holds both CSV and Parquet files; give a folder of one kind")
    inside = [part for part in files[0].address.split("/")[3:-1] if FOLDER.match(part)]
    if inside:
        raise DataError(
            f"{address} has columns in its folders ({', '.join(inside)}), which are not read from "
            "there; write the table into files without such folders"
        )
    empty = [one.address for one in files if not one.size]
    if empty:
        raise DataError(f"{empty[0]} is empty (0 bytes); give a file with a header and rows")
    return files


def source_files(data: str | Path) -> list[AnyFile]:
    """As `find_files` with partitions, but files that are elsewhere are not fetched."""
    return [*(remote_files(data) if is_address(data) else find_files(data, partitions=True))]


def root_of(path: str | Path) -> Path:
    """The folder below which folders such as region=A name columns."""
    path = Path(path)
    if path.is_dir():
        return path
    if path.exists():
        return path.parent
    fixed = []
    for part in path.parts:
        if any(mark in part for mark in "*?["):
            break
        fixed.append(part)
    return Path(*fixed)


def _candidates(path: str | Path) -> list[Path]:
    found = Path(path)
    if not str(path):
        raise DataError("the path of the table is empty; give a file, a folder or a glob in quotes")
    if re.match(r"[a-zA-Z][\w+.-]+://", str(path)):
        raise DataError(f"{path} is an address; only files are read: download it first")
    if found.is_dir():
        return _inside(found)
    if found.exists():
        if not found.is_file():
            raise DataError(f"{path} is a pipe or a device; write what it gives into a file first")
        if not format_of(found):
            raise DataError(f"{path} has the ending {found.suffix!r}; {_way(found)}")
        return [found]
    if any(mark in str(path) for mark in "*?["):
        matches = (Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207 - absolute patterns too
        files = sorted(match for match in matches if match.is_file() and format_of(match))
        if files:
            return files
        raise DataError(f"no file that can be read matches {path}; what can be read is {TAKES}")
    what = "is a link to what does not exist" if found.is_symlink() else "does not exist"
    raise DataError(f"{path} {what}; {_beside(found)}give a file, a folder or a glob in quotes")


def _beside(path: Path) -> str:
    """What may have been meant: a file of a name like it in the same folder."""
    folder = path.parent
    names = [one.name for one in folder.iterdir() if format_of(one)] if folder.is_dir() else []
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.7)
    return f"did you mean {folder / near[0]}? Or " if near else ""


def _inside(folder: Path) -> list[Path]:
    # Hidden files and markers such as Spark's _SUCCESS are not data.
    inside = sorted(
        file for file in folder.iterdir() if file.is_file() and file.name[0] not in "._"
    )
    files = [file for file in inside if format_of(file)]
    if files:
        return files
    below = [file for file in sorted(folder.rglob("*")) if file.is_file() and format_of(file)]
    below = [file for file in below if file.name[0] not in "._" and in_path(file, folder)]
    if below:
        return below
    folders = sorted(one.name for one in folder.iterdir() if one.is_dir())
    what = f"{len(inside)} files, none of them" if inside else "no files of"
    hint = f"; name one of its folders: {', '.join(folders[:5])}" if folders else ""
    raise DataError(f"folder {folder} has {what} a format that can be read: {TAKES}{hint}")


def _way(path: Path) -> str:
    """How to bring a file of another format."""
    ending = path.suffix.lower()
    for endings, way in WAYS.items():
        if ending in endings:
            return f"read it with {way} and hand the frame over in Python, or save it as CSV"
    return f"what can be read is {TAKES}"


def sha256_of_files(
    files: Sequence[AnyFile], run: Callable[..., Iterable[str]] | None = None
) -> str:
    """SHA-256 of one file's bytes; of several, the hash of their hashes in order.

    Args:
        run: what takes the hash of each file, as `executors.Executor.map`; default: this process.
    """
    tasks = [(file,) for file in files]
    digests = list(run(_digest_of, tasks) if run else map(_digest_of, files))
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256(b"".join(map(bytes.fromhex, digests))).hexdigest()


def _digest_of(file: AnyFile) -> str:
    return file_digest(*local([file]))
