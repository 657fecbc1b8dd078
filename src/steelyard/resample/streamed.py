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
from steelyard.feeds.hashing import key_ids
from steelyard.feeds.plan import Plan, make_plan
from steelyard.resample.ratio import wanted_counts
from steelyard.tables.delimited import DelimitedFiles
from steelyard.tables.names import suggestion
from steelyard.tables.schema import Label
from steelyard.tables.sources import Reader, open_table
from steelyard.tables.target import (
    MOST_CLASSES,
    check_number_of_classes,
    check_target,
    codes_of,
    raw_values,
    understand,
)
from steelyard.tables.values import as_numbers
from steelyard.tables.writing import FrameWriter

METHODS = {"random-over": True, "random-under": False}  # whether it adds rows
BLOCK_ROWS = 1 << 16
# A row while the plan is made: the number of its label, -1 without one, and its id.
SPOOLED = np.dtype([("label", np.int32), ("id", np.uint64)])

Progress = Callable[[float, float, str], None]


@dataclass(frozen=True)
class Labels:
    """Classes in order, and the class code of each distinct value of the target column."""

    classes: tuple[Label, ...]
    code_of: NDArray[np.int64]

    def codes(self, labels: NDArray[np.int32]) -> NDArray[np.int64]:
        """Class codes of numbered values, -1 where there is none."""
        return np.where(labels < 0, -1, self.code_of[labels])


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

    Every class ends with exactly the rows that were asked for. Which rows they are hangs on the
    seed, the class and the row's id alone: its position in the source (all files in the order of
    their names), or the value of a key column. Copies of a row follow each other.

    Args:
        data: CSV or Parquet: a file, folder or glob.
        method: "random-over" or "random-under".
        out: ends in .csv or .parquet; written as rows come (`runs.files.write_whole` lets it
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
    with tempfile.TemporaryFile() as spool:
        report(0, 0, "counting classes")
        labels, rows = _spool(reader, target, key, spool)
        counts = np.zeros(len(labels.classes), np.int64)
        for part in _spooled(spool):
            codes = labels.codes(part["label"])
            counts += np.bincount(codes[codes >= 0], minlength=counts.size)
        if counts.size < 2:
            raise DataError(f"column {target!r} has one class; resampling needs at least two")
        plan = make_plan(
            dict(enumerate(counts.tolist())),
            wanted(labels.classes, counts),
            (_present(part["id"], labels.codes(part["label"])) for part in _spooled(spool)),
            seed=seed,
        )
        kept = _write(reader, out, plan, labels, spool, lambda done: report(done, rows, "writing"))
    return Written(labels.classes, plan, kept, rows)


def _spool(reader: Reader, target: str, key: str | None, spool: IO[bytes]) -> tuple[Labels, int]:
    """Write label number and id of every row; return what the numbers mean, and the rows."""
    columns = [target] if key is None else list(dict.fromkeys([target, key]))
    numbers: dict[Any, int] = {}
    rows = 0
    for frame in reader.batches(columns, text=columns, rows=BLOCK_ROWS):
        values = raw_values(frame[target])
        for value in values.drop_nulls().unique(maintain_order=True):
            numbers.setdefault(value, len(numbers))
        if len(numbers) > MOST_CLASSES:
            check_number_of_classes(list(numbers), rows, target)  # now, not after the last row
        part = np.empty(frame.height, SPOOLED)
        part["label"] = codes_of(values, {value: value for value in numbers}, list(numbers))
        if key is None:
            part["id"] = np.arange(rows, rows + frame.height, dtype=np.uint64)
        else:
            part["id"] = key_ids(frame[key].to_arrow())
        spool.write(part.tobytes())
        rows += frame.height
    meaning = understand(list(numbers), target, typed=reader.typed)
    classes = tuple(sorted(set(meaning.values())))  # type: ignore[type-var]
    check_number_of_classes(classes, rows, target)
    codes = [classes.index(meaning[value]) for value in numbers]
    return Labels(classes, np.array(codes, np.int64)), rows


def _spooled(spool: IO[bytes]) -> Iterator[NDArray[Any]]:
    spool.seek(0)
    while block := spool.read(SPOOLED.itemsize * BLOCK_ROWS):
        yield np.frombuffer(block, SPOOLED)


def _present(ids: NDArray[Any], codes: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
    return ids[codes >= 0], codes[codes >= 0]


def _write(
    reader: Reader,
    out: Path,
    plan: Plan,
    labels: Labels,
    spool: IO[bytes],
    report: Callable[[int], None],
) -> NDArray[np.int64]:
    """Write the rows that the plan keeps; return how many different ones of each class."""
    numbers = _numbers(reader, out)
    while True:
        spool.seek(0)
        done, kept = 0, np.zeros(len(labels.classes), np.int64)
        words: set[str] = set()
        with FrameWriter(out, separator=_separator(reader)) as writer:
            for block in reader.batches(reader.names, numbers=numbers, rows=BLOCK_ROWS):
                frame, words = _with_numbers(block, numbers)
                if words:
                    break
                part = np.frombuffer(spool.read(SPOOLED.itemsize * frame.height), SPOOLED)
                codes = labels.codes(part["label"])
                copies = np.zeros(len(part), np.int64)
                copies[codes >= 0] = plan.copies(*_present(part["id"], codes))
                kept += np.bincount(codes[copies > 0], minlength=kept.size)
                writer.add(_repeated(frame, copies))
                done += frame.height
                report(done)
        if not words:
            return kept
        # A late word where numbers came before: the column is text, from the first row on.
        numbers -= words


def _with_numbers(frame: pl.DataFrame, numbers: set[str]) -> tuple[pl.DataFrame, set[str]]:
    """The frame with these columns as numbers, and those that hold something else."""
    text = [name for name in numbers if frame[name].dtype == pl.String]
    parsed = {name: as_numbers(frame[name]) for name in text}
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
