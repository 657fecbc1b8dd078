"""A table whose rows are counted by class, and what a sampling plan then does with its rows.

Each step is one function over all pieces, on whatever executor there is: count; look at hashes (the
plan); write the rows that are kept. What the steps give depends on the pieces' rows alone, so every
executor and every way of cutting a table into files gives the same rows.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.errors import DataError, RequestError
from steelyard.executors import Executor, Serial
from steelyard.files.temporary import temporary_beside
from steelyard.resample.as_written import CsvStyle
from steelyard.resample.piece_labels import Coded, Counted, Wanted, count, look
from steelyard.resample.piece_rows import (
    How,
    joined,
    positions_kept,
    write_kept,
    write_part,
)
from steelyard.resample.pieces import AnyPiece, WholeTable, cut, whole
from steelyard.sampling_plan import Plan, make_plan
from steelyard.sampling_plan.limits import Chunks, Ranges
from steelyard.tables.files import sha256_of_files, source_files
from steelyard.tables.names import suggestion
from steelyard.tables.parquet import common_types
from steelyard.tables.schema import Label
from steelyard.tables.target import check_number_of_classes, check_target, read_labels

Progress = Callable[[float, float, str], None]


@dataclass(frozen=True)
class Classified:
    """A table counted by class, on an executor.

    Attributes:
        names: columns. typed: whether the files say what they hold.
        classes: labels in order. counts: rows of each, shape (classes,).
        rows: all rows, those without a label too.
        notes: what a user should know of how the source was read.
    """

    executor: Executor
    wanted: Wanted
    pieces: Sequence[Coded]
    names: list[str]
    typed: bool
    style: CsvStyle | None
    classes: tuple[Label, ...]
    counts: NDArray[np.int64]
    rows: int
    notes: tuple[str, ...]
    report: Progress

    def plan(self, target: Mapping[int, int], seed: int) -> Plan:
        """The sampling plan for so many rows of each class code."""
        return make_plan(
            dict(enumerate(self.counts.tolist())), target, Looks(self, seed), seed=seed
        )

    def write(self, plan: Plan, columns: Sequence[str], out: Path) -> NDArray[np.int64]:
        """Write the rows that a plan keeps; return different rows of each class.

        Args:
            out: a file, .csv or .parquet, or a folder for files of the pieces.
        """
        first = self.pieces[0]
        if out.is_dir():
            ending = "parquet" if self.typed else "csv"
            paths = [out / f"part-{number:06d}.{ending}" for number in range(len(self.pieces))]
            return self.write_parts(plan, columns, paths)
        if isinstance(first.piece, WholeTable):
            how = How(tuple(columns), self.style)
            return write_kept(first, self.wanted, plan, how, out, self._rows_written)
        if not self.typed and out.suffix == ".parquet":
            raise RequestError(
                "text becomes Parquet on one process alone, which looks at all rows to tell what "
                "is a number; give an output that ends in .csv, or leave `cluster` out"
            )
        with temporary_beside(out) as folder:
            paths = [folder / f"{number:06d}{out.suffix}" for number in range(len(self.pieces))]
            kept = self.write_parts(plan, columns, paths, titles=False)
            joined(paths, out)
        return kept

    def write_parts(
        self, plan: Plan, columns: Sequence[str], paths: Sequence[Path], *, titles: bool = True
    ) -> NDArray[np.int64]:
        """Write what a plan keeps of each piece to a file of its own.

        Args:
            paths: one a piece. titles: whether every CSV file has a header, or the first alone.
        """
        tasks = []
        for number, (piece, path) in enumerate(zip(self.pieces, paths, strict=True)):
            style = self.style and replace(self.style, title=titles or number == 0)
            tasks.append((piece, self.wanted, plan, How(tuple(columns), style), path))
        kept = np.zeros(len(self.classes), np.int64)
        for done, part in enumerate(self.executor.map(write_part, tasks), 1):
            kept += part
            self.report(done, len(tasks), "writing")
        return kept

    def positions(self, plan: Plan) -> NDArray[np.int64]:
        """Positions of the rows that a plan keeps, ascending, each once."""
        tasks = [(piece, self.wanted, plan) for piece in self.pieces]
        return np.concatenate(list(self.executor.map(positions_kept, tasks)))

    def _rows_written(self, done: int) -> None:
        self.report(done, self.rows, "writing")


@dataclass(frozen=True)
class Looks:
    """The rows of a classified table for `sampling_plan.limits`."""

    table: Classified
    seed: int

    def map(self, what: Callable[[Chunks, Ranges], Any], ranges: Ranges) -> Iterator[Any]:
        """As `limits.Pieces.map`."""
        wanted, seed = self.table.wanted, self.seed
        tasks = [(piece, wanted, seed, what, ranges) for piece in self.table.pieces]
        return self.table.executor.map(look, tasks)


@contextmanager
def classified(
    data: Any,
    target: str,
    *,
    key: str | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Iterator[Classified]:
    """Count a table's classes; what is read of its labels is kept in a temporary folder meanwhile.

    Args:
        data: CSV or Parquet: a file, folder or glob; one process takes frames, too.
        key: column whose values name the rows; default: a row's position does.
        executor: what looks at the pieces; default: this process, and all is one piece.
    Raises: DataError, TargetError.
    """
    executor = executor or Serial()
    report = progress or (lambda *_: None)
    files = isinstance(data, str | Path) and not isinstance(executor, Serial)
    pieces: Sequence[AnyPiece] = cut(data) if files else [whole(data, target)]
    names, typed = pieces[0].reader.names, pieces[0].reader.typed
    target = check_target(target, names, header=not typed)
    check_column(key, names, "key ")
    with tempfile.TemporaryDirectory(prefix="steelyard-") as folder:
        wanted = Wanted(target, key, Path(folder) if executor.same_disk else None)
        found = []
        for part in executor.map(count, [(piece, wanted) for piece in pieces]):
            found.append(part)
            report(0 if len(pieces) == 1 else len(found), len(pieces), "counting classes")
        yield _merged(executor, wanted, pieces, found, report)


def check_column(name: str | None, names: Sequence[str], what: str = "") -> None:
    """Refuse a column that is not there. Raises: DataError."""
    if name is not None and name not in names:
        raise DataError(f"there is no {what}column {name!r}; {suggestion(name, names)}")


def _merged(
    executor: Executor,
    wanted: Wanted,
    pieces: Sequence[AnyPiece],
    found: Sequence[Counted],
    report: Progress,
) -> Classified:
    reader = pieces[0].reader
    rows = [part.rows for part in found]
    values = list(dict.fromkeys(value for part in found for value in part.values))
    if any(isinstance(value, float) for value in values):  # whole numbers in other pieces
        values = [float(value) for value in values]
    meaning = read_labels(values, wanted.target, typed=reader.typed)
    classes = tuple(sorted(set(meaning.values())))  # type: ignore[type-var]
    check_number_of_classes(classes, sum(rows), wanted.target)
    if len(classes) < 2:
        raise DataError(f"column {wanted.target!r} has one class; resampling needs at least two")
    code = {value: classes.index(label) for value, label in meaning.items()}
    counts = np.zeros(len(classes), np.int64)
    coded = []
    types = _types(pieces, found)
    for piece, part, offset in zip(pieces, found, np.cumsum([0, *rows[:-1]]).tolist(), strict=True):
        code_of = np.array([code[value] for value in part.values], np.int64)
        counts += np.bincount(code_of, weights=part.counts, minlength=len(classes)).astype(np.int64)
        coded.append(Coded(piece.typed_as(types), offset, np.append(code_of, -1)))
    return Classified(
        executor=executor,
        wanted=wanted,
        pieces=coded,
        names=reader.names,
        typed=reader.typed,
        style=_style([part.style for part in found]),
        classes=classes,
        counts=counts,
        rows=sum(rows),
        notes=tuple(dict.fromkeys(note for part in found for note in part.notes)),
        report=report,
    )


def _types(pieces: Sequence[AnyPiece], found: Sequence[Counted]) -> pl.Schema | None:
    """Types that hold the values of all pieces; None where the files are text, or one piece."""
    known = {str(part.types): (piece, part) for piece, part in zip(pieces, found, strict=True)}
    schemas = [(piece, part.types) for piece, part in known.values() if part.types is not None]
    files = [Path(piece.files[0].name) for piece, _ in schemas if not isinstance(piece, WholeTable)]
    if len(files) < len(schemas) or not schemas:
        return None
    types = [one for _, one in schemas]
    return common_types(files, types, list(types[0]))


def _style(found: Sequence[CsvStyle | None]) -> CsvStyle | None:
    """The style of the first, which all others may have, too."""
    first = found[0]
    return first and replace(first, alike=all(one == first for one in found) and first.alike)


@contextmanager
def source_hash(data: Any, executor: Executor) -> Iterator[Future[str]]:
    """The hash of the files' bytes, found beside the reading of them; "" of what is no file."""
    with ThreadPoolExecutor(1) as pool:
        if not isinstance(data, str | Path):
            yield pool.submit(str)
            return
        files = source_files(data)
        if isinstance(executor, Serial):
            yield pool.submit(sha256_of_files, files)
            return
        found = sha256_of_files(files, executor.map)  # first: it takes one caller at a time
        yield pool.submit(lambda: found)
