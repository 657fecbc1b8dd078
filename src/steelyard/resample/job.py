"""Resample a table that fits in memory by the name of a method, and keep a ledger."""

import re
import warnings
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard._memory import check_need
from steelyard._seeds import check_seed
from steelyard.errors import DataError, RequestError, SteelyardError
from steelyard.neighbours.threads import watched
from steelyard.resample.as_written import (
    all_cells,
    all_records,
    check_csv,
    header,
    one_layout,
    typed_numbers,
)
from steelyard.resample.ledger import ledger_counts
from steelyard.resample.methods import METHODS, sampler_for
from steelyard.resample.random import AnyRows
from steelyard.resample.synthetic import first_of_class, synthetic_cells
from steelyard.tables import Table, read_table
from steelyard.tables.delimited import DelimitedFiles
from steelyard.tables.sources import Reader, open_table

__all__ = ["METHODS", "Resampled", "resample_table"]

PER_VALUE = 48  # bytes on top of the table: cells as they came, new rows, and all in a new order


@dataclass(frozen=True)
class Resampled:
    """A resampled table that is not put together yet.

    Attributes:
        reader: the source.
        rows: row number in the source of each row, -1 for a synthetic one.
        columns: names of the columns that stay, in source order.
        new: the synthetic rows in order, in the types and the spelling of the source.
        mark: name of a column that says which rows are synthetic; None for no such column.
        ledger: rows before and after, as plain values.
    """

    reader: Reader
    rows: NDArray[np.int64]
    columns: list[str]
    new: pl.DataFrame
    mark: str | None
    ledger: dict[str, Any]

    def frame(self) -> pl.DataFrame:
        """The table; text columns of a text file that hold nothing but numbers as numbers."""
        frame = self._cells()
        if isinstance(self.reader, DelimitedFiles):
            return typed_numbers(frame, self.reader)
        return frame

    def write(self, path: Path) -> None:
        """Write CSV or Parquet by the ending; rows of a text file stay byte for byte in CSV."""
        if path.suffix != ".csv":
            self.frame().write_parquet(path)
            return
        reader = self.reader
        if not isinstance(reader, DelimitedFiles):
            frame = self._cells()
            check_csv(frame.schema)
            frame.write_csv(path)
            return
        layout = reader.dialects[0]
        untouched = self.columns == reader.names and self.mark is None
        if untouched and not self.new.height and one_layout(reader):
            parts = all_records(reader)
            everything = parts[0] if len(parts) == 1 else parts[0].followed_by(parts[1:])
            path.write_bytes(header(layout, self.columns) + everything.take(self.rows))
            return
        self._cells().write_csv(
            path, separator=layout.separator, quote_char=layout.quote or '"', null_value=""
        )

    def _cells(self) -> pl.DataFrame:
        """The table as its source has it: text of a text file, else typed."""
        source = source_cells(self.reader, self.columns)
        # Synthetic rows stand behind the source while rows are taken.
        there = np.cumsum(self.rows < 0) - 1 + source.height
        frame = pl.concat([source, self.new.select(self.columns)]) if self.new.height else source
        frame = frame[np.where(self.rows < 0, there, self.rows)]
        if self.mark is not None:
            frame = frame.with_columns(pl.Series(self.mark, self.rows < 0))
        return frame


def source_cells(reader: Reader, columns: Sequence[str]) -> pl.DataFrame:
    """Columns of all rows of a source as they came: text of a text file, else typed."""
    if isinstance(reader, DelimitedFiles):
        return all_cells(reader, columns)
    return reader.read(columns)


def resample_table(
    data: Any,
    target: str,
    method: str,
    *,
    ratio: Sequence[str] = (),
    settings: Sequence[str] = (),
    drop: Collection[str] = (),
    carry: Collection[str] = (),
    mark: str | None = None,
    group: str | None = None,
    seed: int = 0,
    progress: Callable[[float, float, str], None] | None = None,
) -> Resampled:
    """Resample a table that fits in memory.

    Rows of the source keep their cells as they came. Synthetic rows have cells in the columns that
    are learned from, in their types: whole numbers are whole, flags and categories are values that
    the column has. Where there are synthetic rows, columns that are not learned from (ids, free
    text) are left out, which a note says, but for those in `carry`: they are empty there.

    Args:
        data: what `steelyard.tables.read_table` reads.
        method: a key of `METHODS`.
        ratio: one number R: every class at least R times the largest (methods that add rows), or
            at most the smallest over R (methods that remove some); or items CLASS=N.
        settings: items NAME=VALUE for parameters of the sampler, such as `k_neighbors=3`.
        drop: columns that are neither learned from nor kept.
        carry: columns that are not learned from and kept.
        mark: name of a new column, true for synthetic rows.
        group: column whose equal values stay together (random-under only).
        progress: called with (done, total, what) during each pass over the table.
    Returns: the new table, to be looked at or written, with its ledger as plain values.
    Raises: RequestError, DataError, TargetCountError: the request does not fit, in one line.
    """
    check_seed(seed)
    table = read_table(data, target, drop=[*drop, *carry], group=group)
    if table.class_counts.size < 2:
        raise DataError(f"column {target!r} has one class; resampling needs at least two")
    sampler = sampler_for(method, table, ratio=ratio, settings=settings, seed=seed)
    if group is not None and method != "random-under":
        raise RequestError(f"`group={group}`: only `method=random-under` keeps groups whole")
    _check_fits(table)
    report = progress or (lambda *_: None)
    with (
        watched(lambda share: report(share, 1.0, method)),
        warnings.catch_warnings(record=True) as told,
    ):
        warnings.simplefilter("always", UserWarning)
        X, codes = _resampled(table, sampler)
    reader = open_table(data, target)
    made = sampler.source_rows_ < 0
    columns, notes = _columns_that_stay(
        table, reader.names, drop, carry, synthetic=bool(made.any())
    )
    new = _new_rows(table, reader, columns, X.filter(pl.Series(made)), codes[made])
    if mark is not None and mark in columns:
        raise RequestError(f"`mark={mark}`: the table has a column of that name; choose another")
    notes += [*table.notes]
    notes += sorted({_named(str(warning.message), table) for warning in told})
    request = {"method": method, "ratio": list(ratio), "settings": list(settings), "seed": seed}
    ledger = {"schema": 1} | request | _ledger(table, sampler, codes) | {"notes": notes}
    rows = np.where(made, -1, table.row_ids[sampler.source_rows_])
    return Resampled(reader, rows, columns, new, mark, ledger)


def _check_fits(table: Table) -> None:
    """Refuse what would not fit: the rows, their copies on the way, and as many new ones."""
    rows, columns = table.source.rows, table.source.columns
    size = rows * columns * PER_VALUE
    check_need(
        size,
        f"resampling {rows:,} rows x {columns:,} columns",
        "give fewer rows or columns, let it have more (`memory`), or take random-over or "
        "random-under, which work block by block",
    )


def _resampled(table: Table, sampler: Any) -> tuple[pl.DataFrame, np.ndarray]:
    """The features and class codes of the new table; larger than memory: `streamed.py`."""
    groups = {} if table.groups is None else {"groups": table.groups}
    features = table.features
    if not features.width:
        if not isinstance(sampler, AnyRows):
            raise DataError("no column is left to measure distances by; see the roles in `inspect`")
        features = pl.DataFrame({"row": np.arange(len(table.y))})
    try:
        X, codes = sampler.fit_resample(features, table.y, **groups)
    except ValueError as error:
        kind = type(error) if isinstance(error, SteelyardError) else DataError
        raise kind(_named(str(error), table)) from error
    return X, codes


def _columns_that_stay(
    table: Table,
    names: Sequence[str],
    drop: Collection[str],
    carry: Collection[str],
    *,
    synthetic: bool,
) -> tuple[list[str], list[str]]:
    """Names in source order, and notes on those that go."""
    roles = {column.name: column.role for column in table.schema.columns}
    stay, notes = [], []
    for name in names:
        role = roles.get(name, "feature")
        if name in drop:
            continue
        if not synthetic or name in carry or role in ("feature", "constant", "empty"):
            stay.append(name)
        else:
            notes.append(
                f"column {name!r} ({role}) is left out: synthetic rows have no value there; "
                f"`carry={name}` keeps it, empty in those rows"
            )
    return stay, notes


def _new_rows(
    table: Table, reader: Reader, columns: Sequence[str], X: pl.DataFrame, codes: np.ndarray
) -> pl.DataFrame:
    """The synthetic rows as the source would have them."""
    if not len(codes):
        return pl.DataFrame()
    raw = source_cells(reader, columns)[table.row_ids]
    cells = []
    for name in columns:
        if name == table.schema.target:
            cells.append(first_of_class(codes, table.y, raw[name]))
            continue
        column = table.schema.column(name)
        if column.role == "feature":
            cells.append(synthetic_cells(X[name], table.features[name], raw[name], column))
        elif column.role == "constant":
            cells.append(raw[name].drop_nulls().head(1).new_from_index(0, len(codes)))
        else:
            cells.append(pl.Series(name, [None] * len(codes), dtype=raw[name].dtype))
    return pl.DataFrame(cells)


def _named(text: str, table: Table) -> str:
    """A message of a sampler, which saw codes, with the names of the classes."""
    labels = table.schema.classes

    def label(found: re.Match) -> str:
        code = int(found[1])
        return f"class {labels[code]!r}" if code < len(labels) else found[0]

    return re.sub(r"\bclass (\d+)\b", label, text)


def _ledger(table: Table, sampler: Any, codes: np.ndarray) -> dict[str, Any]:
    before = table.class_counts
    after = np.bincount(codes, minlength=before.size)
    rows = sampler.source_rows_
    kept = np.bincount(table.y[np.unique(rows[rows >= 0])], minlength=before.size)
    asked = _asked(sampler, before)
    return {
        "source": {"path": table.source.path, "sha256": table.source.sha256},
        "rows_without_target": table.dropped_rows,
        **ledger_counts(table.schema.classes, before, kept, after, asked),
    }


def _asked(sampler: Any, before: np.ndarray) -> np.ndarray | None:
    """Rows of each class that the sampler was asked for; None where the data decide."""
    strategy, kind = sampler.sampling_strategy_, sampler._sampling_type  # noqa: SLF001 - imbalanced-learn's word
    if kind not in ("over-sampling", "under-sampling") or not isinstance(strategy, dict):
        return None
    asked = before.copy()
    for code, number in strategy.items():
        asked[code] = number + (before[code] if kind == "over-sampling" else 0)
    return asked
