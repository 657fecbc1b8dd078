"""The rows of a piece that a plan keeps, written as one file; and such files made one."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import DataError
from steelyard.files import write_whole
from steelyard.resample.as_written import CsvStyle
from steelyard.resample.copying import BLOCK_ROWS, write_copies
from steelyard.resample.piece_labels import Coded, Wanted, coded_rows
from steelyard.sampling_plan import Plan
from steelyard.tables.parquet import ParquetFiles
from steelyard.tables.writing import FrameWriter

Report = Callable[[int], None]  # called with the rows that were looked at


class PlannedCopies:
    """How often each next row of a piece is kept, by the plan.

    Attributes:
        kept: different rows of each class kept so far, shape (classes,).
    """

    def __init__(self, plan: Plan, coded: Coded, wanted: Wanted, report: Report) -> None:
        self._plan, self._coded, self._wanted, self._report = plan, coded, wanted, report
        self.start()

    def start(self) -> None:
        """Begin again with the first row."""
        self._blocks = coded_rows(self._coded, self._wanted)
        self._ids = np.empty(0, np.uint64)
        self._codes = np.empty(0, np.int64)
        self._at = self._coded.offset
        self.kept = np.zeros(len(self._plan.classes), np.int64)

    def take(self, rows: int) -> NDArray[np.int64]:
        """Copies of the next rows, shape (rows,)."""
        while len(self._codes) < rows:
            ids, codes = next(self._blocks, (None, None))
            if ids is None or codes is None:
                raise DataError("the source has more rows than when they were counted; run again")
            self._ids = np.concatenate([self._ids, ids])
            self._codes = np.concatenate([self._codes, codes])
        codes, self._codes = self._codes[:rows], self._codes[rows:]
        ids, self._ids = self._ids[:rows], self._ids[rows:]
        copies = self._plan.copies(ids, codes)
        copies[codes < 0] = 0
        self.kept += np.bincount(codes[copies > 0], minlength=self.kept.size)
        self._at += rows
        self._report(self._at)
        return copies


@dataclass(frozen=True)
class How:
    """How the kept rows are written: these columns, and text in this style."""

    columns: tuple[str, ...]
    style: CsvStyle | None


def write_kept(
    coded: Coded, wanted: Wanted, plan: Plan, how: How, out: Path, report: Report
) -> NDArray[np.int64]:
    """Write the rows of a piece that the plan keeps; return different rows of each class."""
    copies = PlannedCopies(plan, coded, wanted, report)
    write_copies(coded.piece.reader, how.columns, out, copies, how.style)
    return copies.kept


def write_part(coded: Coded, wanted: Wanted, plan: Plan, how: How, out: Path) -> NDArray[np.int64]:
    """As `write_kept`, for one of many workers: the file appears whole or not at all."""
    kept = []
    write_whole(
        out,
        lambda partial: kept.append(write_kept(coded, wanted, plan, how, partial, lambda _: None)),
    )
    if not out.stat().st_size:  # a Parquet file without rows gave no frame to write
        out.unlink()
    return kept[0]


def positions_kept(coded: Coded, wanted: Wanted, plan: Plan) -> NDArray[np.int64]:
    """Positions in the source of the rows that the plan keeps, each once."""
    found = [np.empty(0, np.int64)]
    at = coded.offset
    for ids, codes in coded_rows(coded, wanted):
        there = np.flatnonzero(codes >= 0)
        found.append(at + there[plan.copies(ids[there], codes[there]) > 0])
        at += len(codes)
    return np.concatenate(found)


def joined(parts: Sequence[Path], out: Path) -> None:
    """Files of the rows of a table's pieces, in order, as one.

    Of text files the first alone has a header. Pieces without rows may have left none.
    """
    parts = [part for part in parts if part.exists()]
    if out.suffix == ".csv":
        with out.open("wb") as file:
            for part in parts:
                with part.open("rb") as source:
                    shutil.copyfileobj(source, file)
        return
    reader = ParquetFiles(parts)
    with FrameWriter(out) as writer:
        for frame in reader.batches(reader.names, rows=BLOCK_ROWS):
            writer.add(frame)
