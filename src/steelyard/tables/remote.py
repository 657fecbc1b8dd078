"""Tables in object stores and other file systems: listed by their address, fetched when read.

Addresses are those of Arrow (s3://, gs://, hdfs://) and, where fsspec is installed, of its file
systems. A file is fetched whole by the process that reads it and kept until that process ends or
the room for such copies is used up. Credentials come from the environment, as the store's own tools
take them, and are refused in an address: an address is written into runs and ledgers.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

from steelyard.errors import DataError, MissingDependencyError, RequestError
from steelyard.files.temporary import register

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
MOST_BYTES = 8 << 30  # of fetched copies that one process keeps
BLOCK = 8 << 20
WITH_FOLDERS = ("local", "hdfs")  # a folder must be there before a file in it


def is_address(path: Any) -> bool:
    """Whether this is an address such as s3://bucket/folder rather than a path.

    >>> is_address("s3://bucket/a.parquet"), is_address("/data/a.parquet")
    (True, False)
    """
    return isinstance(path, str) and bool(ADDRESS.match(path))


@dataclass(frozen=True)
class RemoteFile:
    """One file of a store: its address, bytes, and when it was written (nanoseconds)."""

    address: str
    size: int
    written: int

    @property
    def name(self) -> str:
        """Its name without the folders."""
        return PurePosixPath(self.address).name


def listed(address: str) -> list[RemoteFile]:
    """The files below an address, or the file at it, sorted by name.

    Raises: DataError: there are none, or the store cannot be reached.
    """
    store, path = _store(address)
    scheme = address.split("://", 1)[0]
    try:
        found = store.get_file_info(path.rstrip("/"))
        if found.type == fs.FileType.Directory:
            inside = store.get_file_info(fs.FileSelector(path.rstrip("/"), recursive=True))
        else:
            inside = [found]
    except (pa.ArrowException, OSError) as error:
        raise _unreachable(address, error) from error
    files = [
        RemoteFile(f"{scheme}://{one.path}", one.size, one.mtime_ns or 0)
        for one in inside
        if one.type == fs.FileType.File and one.base_name[0] not in "._"
    ]
    if not files:
        raise DataError(f"{address} does not exist, or holds no files; give a file or a folder")
    return sorted(files, key=lambda one: one.address)


_KEPT: OrderedDict[RemoteFile, Path] = OrderedDict()


def fetched(file: RemoteFile) -> Path:
    """A copy of the file on this machine's disk.

    Raises: DataError: it is gone, or was written to since it was listed.
    """
    if file in _KEPT:
        _KEPT.move_to_end(file)
        return _KEPT[file]
    store, path = _store(file.address)
    # A folder of its own, so that the copy has the file's name, which messages tell.
    folder = _folder() / hashlib.sha256(repr(file).encode()).hexdigest()[:16]
    folder.mkdir(exist_ok=True)
    copy = folder / file.name
    try:
        now = store.get_file_info(path)
        if now.type == fs.FileType.NotFound:
            raise DataError(f"{file.address} is gone since it was listed; run it again")
        if (now.size, now.mtime_ns or 0) != (file.size, file.written):
            raise DataError(f"{file.address} was written to since it was listed; run it again")
        with store.open_input_stream(path) as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, BLOCK)
    except (pa.ArrowException, OSError) as error:
        raise _unreachable(file.address, error) from error
    _KEPT[file] = copy
    while len(_KEPT) > 1 and sum(one.size for one in _KEPT) > MOST_BYTES:
        _, oldest = _KEPT.popitem(last=False)
        oldest.unlink(missing_ok=True)
    return copy


def stored(file: Path, address: str) -> None:
    """Write a file of this machine to an address; stores show it whole or not at all."""
    store, path = _store(address)
    try:
        if store.type_name in WITH_FOLDERS:
            store.create_dir(str(PurePosixPath(path).parent), recursive=True)
        with file.open("rb") as source, store.open_output_stream(path) as target:
            shutil.copyfileobj(source, target, BLOCK)
    except (pa.ArrowException, OSError) as error:
        raise _unreachable(address, error) from error


def exists(address: str) -> bool:
    """Whether there is a file or folder at an address."""
    store, path = _store(address)
    try:
        return bool(store.get_file_info(path.rstrip("/")).type != fs.FileType.NotFound)
    except (pa.ArrowException, OSError) as error:
        raise _unreachable(address, error) from error


AnyFile = Path | RemoteFile


def local(files: Sequence[AnyFile]) -> list[Path]:
    """The files on this machine's disk, fetched where they are elsewhere."""
    return [fetched(one) if isinstance(one, RemoteFile) else one for one in files]


def _store(address: str) -> tuple[fs.FileSystem, str]:
    parts = urlsplit(address)
    if "@" in parts.netloc or parts.query:
        raise RequestError(
            f"the address of {parts.scheme}://{parts.hostname}{parts.path} holds credentials or "
            "options, which would be written into runs; set them in the environment"
        )
    return _file_system(parts.scheme, parts.netloc), f"{parts.netloc}{parts.path}"


@lru_cache(maxsize=8)
def _file_system(scheme: str, host: str) -> fs.FileSystem:
    if scheme == "file":
        return fs.LocalFileSystem()
    if scheme in ("s3", "s3a"):
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        given = {"region": region, "endpoint_override": endpoint}
        return fs.S3FileSystem(**{name: value for name, value in given.items() if value})
    if scheme in ("gs", "gcs", "hdfs", "abfs", "abfss"):
        return fs.FileSystem.from_uri(f"{scheme}://{host}")[0]
    try:
        import fsspec
    except ImportError as error:
        raise MissingDependencyError(
            f"{scheme}:// needs fsspec and its package for that store: pip install fsspec"
        ) from error
    try:
        return fs.PyFileSystem(fs.FSSpecHandler(fsspec.filesystem(scheme)))
    except (ImportError, ValueError) as error:
        raise MissingDependencyError(f"{scheme}:// cannot be read: {error}") from error


@lru_cache(maxsize=1)
def _folder() -> Path:
    """Where copies lie until this process ends."""
    import atexit

    folder = register(Path(tempfile.mkdtemp(prefix="steelyard-fetched-")))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _unreachable(address: str, error: Exception) -> DataError:
    said = str(error).strip().splitlines()
    return DataError(
        f"{address} cannot be used ({said[0][:200] if said else type(error).__name__}); look at "
        "the address and at the credentials, region and endpoint in the environment"
    )
