"""Where a resampled table and its ledger go: a file and one beside it, or a folder of parts."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steelyard.errors import RequestError
from steelyard.files import AtomicFiles, new_folder, output_path
from steelyard.files.atomic import json_text
from steelyard.tables.files import find_files, sha256_of_files
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
