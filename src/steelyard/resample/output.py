"""Where a resampled table and its ledger go: a file and one beside it, or a folder of parts."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from steelyard.errors import RequestError
from steelyard.files import AtomicFiles, new_folder, output_path
from steelyard.files.atomic import json_text
from steelyard.tables.files import find_files, sha256_of_files
from steelyard.tables.remote import exists, is_address, stored
from steelyard.tables.writing import quote_formulas

LEDGER = "_ledger.json"  # in a folder: readers of tables pass by names with _ before them


@dataclass(frozen=True)
class Output:
    """A table being written.

    Attributes:
        table: a file, or an empty folder for parts, that gets its own name when all is written.
        out: as the user gave it. ledger: where the ledger will stand.
    """

    table: Path
    out: str
    ledger: str
    _beside: Path

    def finish(self, ledger: dict[str, Any], *, csv_safe: bool) -> dict[str, Any]:
        """Write the ledger, and return what it says of the table: its path and hash."""
        parts = find_files(self.table) if self.table.is_dir() else [self.table]
        for part in parts if csv_safe else ():
            if part.suffix == ".csv":
                quote_formulas(part)
        said = {"path": self.out, "sha256": sha256_of_files(parts)}
        self._beside.write_text(json_text(ledger | {"out": said}), "utf-8")
        return said


@contextmanager
def output_for(out: str, inputs: Sequence[Path], *, overwrite: bool) -> Iterator[Output]:
    """The output for `out`: a file, or a folder where it ends in a slash.

    Table and ledger appear together when the block ends well; otherwise nothing is left.
    """
    if is_address(out):
        with _uploaded(out, overwrite=overwrite) as made:
            yield made
        return
    if out.endswith(("/", os.sep)):
        with new_folder(out) as folder:
            yield Output(folder, out, str(Path(out) / LEDGER), folder / LEDGER)
        return
    path = output_path(out, inputs=inputs, overwrite=overwrite)
    if path.suffix not in {".parquet", ".csv"}:
        raise RequestError(f"`out={out!r}` must end in .parquet or .csv, or in / for a folder")
    with AtomicFiles(overwrite=overwrite) as pair:
        table = pair.partial(path)
        beside = pair.partial(path.with_name(f"{path.name}.ledger.json"))
        yield Output(table, out, f"{out}.ledger.json", beside)


@contextmanager
def _uploaded(out: str, *, overwrite: bool) -> Iterator[Output]:
    """Written here first, then stored, the ledger of a file before the file itself."""
    if exists(out) and not overwrite:
        raise RequestError(
            f"`out={out!r}` exists already; choose another name, or let it be replaced with "
            "`overwrite=True`"
        )
    parts = out.endswith("/")
    name = out.rstrip("/").rpartition("/")[2]
    if not parts and PurePosixPath(name).suffix not in {".parquet", ".csv"}:
        raise RequestError(f"`out={out!r}` must end in .parquet or .csv, or in / for a folder")
    with tempfile.TemporaryDirectory(prefix="steelyard-") as folder:
        here = Path(folder) / name
        if parts:
            here.mkdir()
            yield Output(here, out, f"{out}{LEDGER}", here / LEDGER)
            # The ledger last: a folder without it is not whole.
            for file in sorted(here.iterdir(), key=lambda one: one.name == LEDGER):
                stored(file, f"{out}{file.name}")
            return
        beside = here.with_name(f"{name}.ledger.json")
        yield Output(here, out, f"{out}.ledger.json", beside)
        stored(beside, f"{out}.ledger.json")
        stored(here, out)
