"""Random over- and under-sampling of files of any size, in bounded memory, by the sampling plan.

Three looks at the data: the target column is read, which gives the counts; the plan is made from
the class and the id of every row, kept in a temporary file meanwhile; then whole rows are read
block by block and those that the plan keeps are written.
"""

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import DataError
from steelyard.resample.copying import BLOCK_ROWS, write_copies
from steelyard.resample.ledger import ledger_counts
from steelyard.resample.ratio import wanted_counts
from steelyard.sampling_plan import Plan, key_ids, make_plan
from steelyard.tables.names import suggestion
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

METHODS = {"random-over": True, "random-under": False}  # whether it adds rows

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
    drop: Collection[str] = (),
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
        out: ends in .csv or .parquet; written as rows come, those of a text file byte for byte in
            CSV (`files.AtomicFiles` lets it
            appear whole or not at all).
        ratio: as in `resample.ratio.wanted_counts`; default: all classes as the largest
            (random-over) or the smallest (random-under).
        drop: columns that are not written.
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
        drop=drop,
        seed=seed,
        progress=progress,
    )
    request = {"method": method, "ratio": list(ratio), "settings": [], "seed": seed}
    row_id = {"row_id": key or "position", "notes": [*written.notes]}
    return {"schema": 1} | request | row_id | _ledger(written)


@dataclass(frozen=True)
class Written:
    """What was written by a plan.

    Attributes:
        classes: labels in order.
        plan: counts and targets of each class code.
        kept: different rows of each class in the new file, shape (classes,).
        rows: rows of the source, those without a label too.
        notes: what a user should know of how the source was read.
    """

    classes: tuple[Label, ...]
    plan: Plan
    kept: NDArray[np.int64]
    rows: int
    notes: tuple[str, ...]


def write_planned(
    data: Any,
    target: str,
    wanted: Callable[[tuple[Label, ...], NDArray[np.int64]], Mapping[int, int]],
    out: Path,
    *,
    key: str | None = None,
    drop: Collection[str] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> Written:
    """Write the rows of files that the sampling plan keeps; see `resample_files`.

    Args:
        wanted: from the classes and their counts to the rows wanted of each class code.
    """
    reader = open_table(data, target)
    target = check_target(target, reader.names, header=not reader.typed)
    for what, name in [("key ", key), *(("", name) for name in drop)]:
        if name is not None and name not in reader.names:
            raise DataError(f"there is no {what}column {name!r}; {suggestion(name, reader.names)}")
    if target in drop:
        raise DataError(f"column {target!r} is the target; it cannot be dropped")
    columns = [name for name in reader.names if name not in drop]
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
        copies = PlannedCopies(plan, labels, spool, lambda done: report(done, rows, "writing"))
        write_copies(reader, columns, out, copies)
        kept = copies.kept
    return Written(labels.classes, plan, kept, rows, tuple(reader.notes))


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


class PlannedCopies:
    """How often each next row is kept, by the plan.

    Attributes:
        kept: different rows of each class kept so far, shape (classes,).
    """

    def __init__(
        self, plan: Plan, labels: Labels, spool: Spool, report: Callable[[int], None]
    ) -> None:
        self._plan, self._labels, self._spool, self._report = plan, labels, spool, report
        self.start()

    def start(self) -> None:
        """Begin again with the first row."""
        self._spool.rewind()
        self.kept = np.zeros(len(self._labels.classes), np.int64)

    def take(self, rows: int) -> NDArray[np.int64]:
        """Copies of the next rows, shape (rows,)."""
        ids, codes = self._spool.take(rows, self._labels)
        if len(codes) != rows:
            raise DataError("the source has more rows than when they were counted; run it again")
        copies = self._plan.copies(ids, codes)
        copies[codes < 0] = 0
        self.kept += np.bincount(codes[copies > 0], minlength=self.kept.size)
        self._report(self._spool.at)
        return copies


def _ledger(written: Written) -> dict[str, Any]:
    before, after = np.array(written.plan.counts), np.array(written.plan.target)
    return {
        "rows_without_target": written.rows - int(before.sum()),
        **ledger_counts(written.classes, before, written.kept, after, after),
    }
