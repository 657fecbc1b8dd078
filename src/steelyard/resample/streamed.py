"""Random over- and under-sampling of files of any size, in bounded memory, by the sampling plan.

Three looks at the data: the target column is read, which gives the counts; the plan is made from
the class and the id of every row, kept in a temporary file meanwhile; then whole rows are read
block by block and those that the plan keeps are written.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.errors import DataError
from steelyard.resample.ratio import wanted_counts
from steelyard.sampling_plan import Plan, key_ids, make_plan
from steelyard.tables.delimited import DelimitedFiles
from steelyard.tables.names import suggestion
from steelyard.tables.number_text import read_numbers
from steelyard.tables.schema import Label
from steelyard.tables.sources import Reader, open_table
from steelyard.tables.target import (
    MOST_CLASSES,
    check_number_of_classes,
    check_target,
    codes_of,
    raw_values,
    read_labels,
)
from steelyard.tables.values import clean
from steelyard.tables.writing import FrameWriter

METHODS = {"random-over": True, "random-under": False}  # whether it adds rows
BLOCK_ROWS = 1 << 16

Progress = Callable[[float, float, str], None]


@dataclass(frozen=True)
class Labels:
    """Classes in order, and the class code of each distinct value of the target column.

    The last entry of `code_of` is -1: a row without a label has the number -1.
    """

    classes: tuple[Label, ...]
    code_of: NDArray[np.int64]


class Spool:
    """Label number and id of every row, in a file while the plan is made.

    Args:
        keyed: whether rows have ids of their own; else a row's id is its position.
    """

    def __init__(self, file: IO[bytes], *, keyed: bool) -> None:
        self.file = file
        self.kind = np.dtype([("label", np.int32)] + [("id", np.uint64)] * keyed)
        self.at = 0

    def add(self, labels: NDArray[np.int64], ids: NDArray[np.uint64] | None) -> None:
        """Write more rows."""
        part = np.empty(len(labels), self.kind)
        part["label"] = labels
        if ids is not None:
            part["id"] = ids
        self.file.write(part.tobytes())

    def rewind(self) -> None:
        """Go back to the first row."""
        self.file.seek(0)
        self.at = 0

    def take(self, rows: int, labels: Labels) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Ids and class codes of the next rows."""
        part = np.frombuffer(self.file.read(self.kind.itemsize * rows), self.kind)
        self.at += len(part)
        codes = labels.code_of[part["label"]]
        if "id" in (self.kind.names or ()):
            return part["id"], codes
        return np.arange(self.at - len(part), self.at, dtype=np.uint64), codes

    def labelled(self, labels: Labels) -> Iterator[tuple[NDArray[Any], NDArray[np.int64]]]:
        """Ids and class codes of all rows with a label, in pieces."""
        self.rewind()
        while True:
            ids, codes = self.take(BLOCK_ROWS, labels)
            if not len(ids):
                return
            there = codes >= 0
            yield (ids, codes) if there.all() else (ids[there], codes[there])


def resample_files(
    data: Any,
    target: str,
    method: str,
    out: Path,
    *,
    ratio: Sequence[str] = (),
    key: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Resample files of any size into one file; rows keep the source's order and all columns.

    Every class ends with exactly the rows that were asked for. Which rows they are depends on the
    seed, the class and the row's id alone: its position in the source (all files in the order of
    their names), or the value of a key column. Copies of a row follow each other.

    Args:
        data: CSV or Parquet: a file, folder or glob.
        method: "random-over" or "random-under".
        out: ends in .csv or .parquet; written as rows come (`files.AtomicFiles` lets it
            appear whole or not at all).
        ratio: as in `resample.ratio.wanted_counts`; default: all classes as the largest
            (random-over) or the smallest (random-under).
        key: column whose values name the rows: whole numbers, dates or text, no two alike.
        progress: called with (done, total, what).
    Returns: the ledger as plain values, without the hash of the source.
    Raises: DataError, TargetError, RequestError, TargetCountError: in one line, nothing written.
    """
    written = write_planned(
        data,
        target,
        lambda classes, counts: wanted_counts(
            ratio or ["1"], classes, counts, adds=METHODS[method]
        ),
        out,
        key=key,
        seed=seed,
        progress=progress,
    )
    request = {"method": method, "ratio": list(ratio), "settings": [], "seed": seed}
    row_id = {"row_id": key or "position", "notes": []}
    return {"schema": 1} | request | row_id | _ledger(written)


@dataclass(frozen=True)
class Written:
    """What was written by a plan.

    Attributes:
        classes: labels in order.
        plan: counts and targets of each class code.
        kept: different rows of each class in the new file, shape (classes,).
        rows: rows of the source, those without a label too.
    """

    classes: tuple[Label, ...]
    plan: Plan
    kept: NDArray[np.int64]
    rows: int


def write_planned(
    data: Any,
    target: str,
    wanted: Callable[[tuple[Label, ...], NDArray[np.int64]], Mapping[int, int]],
    out: Path,
    *,
    key: str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Written:
    """Write the rows of files that the sampling plan keeps; see `resample_files`.

    Args:
        wanted: from the classes and their counts to the rows wanted of each class code.
    """
    reader = open_table(data, target)
    target = check_target(target, reader.names, header=not reader.typed)
    if key is not None and key not in reader.names:
        raise DataError(f"there is no key column {key!r}; {suggestion(key, reader.names)}")
    report = progress or (lambda *_: None)
    with tempfile.TemporaryFile() as file:
        spool = Spool(file, keyed=key is not None)
        report(0, 0, "counting classes")
        labels, counts, rows = _spool(reader, target, key, spool)
        if counts.size < 2:
            raise DataError(f"column {target!r} has one class; resampling needs at least two")
        plan = make_plan(
            dict(enumerate(counts.tolist())),
            wanted(labels.classes, counts),
            spool.labelled(labels),
            seed=seed,
        )
        kept = _write(reader, out, plan, labels, spool, lambda done: report(done, rows, "writing"))
    return Written(labels.classes, plan, kept, rows)


def _spool(
    reader: Reader, target: str, key: str | None, spool: Spool
) -> tuple[Labels, NDArray[np.int64], int]:
    """Write label number and id of every row; return what the numbers mean, counts, and rows."""
    columns = [target] if key is None else list(dict.fromkeys([target, key]))
    numbers: dict[Any, int] = {}
    seen = np.zeros(0, np.int64)
    rows = 0
    for frame in reader.batches(columns, text=columns, rows=BLOCK_ROWS):
        values = raw_values(frame[target])
        for value in values.drop_nulls().unique(maintain_order=True):
            numbers.setdefault(value, len(numbers))
        if len(numbers) > MOST_CLASSES:
            check_number_of_classes(list(numbers), rows, target)  # now, not after the last row
        found = codes_of(values, {value: value for value in numbers}, list(numbers))
        seen = np.pad(seen, (0, len(numbers) - len(seen)))
        seen += np.bincount(found[found >= 0], minlength=len(numbers))
        spool.add(found, None if key is None else key_ids(frame[key].to_arrow()))
        rows += frame.height
    meaning = read_labels(list(numbers), target, typed=reader.typed)
    classes = tuple(sorted(set(meaning.values())))  # type: ignore[type-var]
    check_number_of_classes(classes, rows, target)
    codes = np.array([classes.index(meaning[value]) for value in numbers], np.int64)
    counts = np.bincount(codes, weights=seen, minlength=len(classes)).astype(np.int64)
    return Labels(classes, np.append(codes, -1)), counts, rows


def _write(
    reader: Reader,
    out: Path,
    plan: Plan,
    labels: Labels,
    spool: Spool,
    report: Callable[[int], None],
) -> NDArray[np.int64]:
    """Write the rows that the plan keeps; return how many different ones of each class."""
    numbers = _numbers(reader, out)
    while True:
        spool.rewind()
        kept = np.zeros(len(labels.classes), np.int64)
        words: set[str] = set()
        with FrameWriter(out, separator=_separator(reader)) as writer:
            for block in reader.batches(reader.names, numbers=numbers, rows=BLOCK_ROWS):
                frame, words = _with_numbers(block, numbers)
                if words:
                    break
                ids, codes = spool.take(frame.height, labels)
                copies = plan.copies(ids, codes)
                copies[codes < 0] = 0
                kept += np.bincount(codes[copies > 0], minlength=kept.size)
                writer.add(_repeated(frame, copies))
                report(spool.at)
        if not words:
            return kept
        # A late word where numbers came before: the column is text, from the first row on.
        numbers -= words


def _with_numbers(frame: pl.DataFrame, numbers: set[str]) -> tuple[pl.DataFrame, set[str]]:
    """The frame with these columns as numbers, and those that hold something else."""
    text = [name for name in numbers if frame[name].dtype == pl.String]
    parsed = {name: read_numbers(clean(frame[name])).values for name in text}
    words = {name for name, column in parsed.items() if column is None}
    return frame.with_columns(c for c in parsed.values() if c is not None), words


def _numbers(reader: Reader, out: Path) -> set[str]:
    """Text columns to write as numbers: those that begin with numbers, into a typed file."""
    if isinstance(reader, DelimitedFiles) and out.suffix == ".parquet":
        return set(reader.number_columns)
    return set()


def _separator(reader: Reader) -> str:
    return reader.dialects[0].separator if isinstance(reader, DelimitedFiles) else ","


def _repeated(frame: pl.DataFrame, copies: NDArray[np.int64]) -> pl.DataFrame:
    """Each row as often as it is kept."""
    # Taken by number, not by a mask: of a hundred rows often only a few stay.
    return frame[np.repeat(np.arange(len(copies)), copies)]


def _ledger(written: Written) -> dict[str, Any]:
    before, after = np.array(written.plan.counts), np.array(written.plan.target)
    added, dropped = after - written.kept, before - written.kept
    columns = zip(written.classes, before, added, dropped, after, strict=True)
    keys = ("before", "added", "dropped", "after")
    return {
        "rows_without_target": written.rows - int(before.sum()),
        "rows_in": int(before.sum()),
        "rows_added": int(added.sum()),
        "rows_dropped": int(dropped.sum()),
        "rows_out": int(after.sum()),
        "classes": [
            {"class": label, **{k: int(n) for k, n in zip(keys, figures, strict=True)}}
            for label, *figures in columns
        ],
    }
