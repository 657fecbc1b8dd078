"""Read a table for the first time: what its columns are, and the rows to learn from."""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from steelyard.errors import DataError, RequestError
from steelyard.stats.validation import row_weights
from steelyard.tables.amounts import amount_values
from steelyard.tables.column_types import TypedColumn, infer_type
from steelyard.tables.float32 import float32_offset
from steelyard.tables.names import column_names, suggestion
from steelyard.tables.roles import role_of
from steelyard.tables.sample_weights import before_drawing, weights_of
from steelyard.tables.schema import Column, Label, Role, Schema
from steelyard.tables.size import check_fits
from steelyard.tables.sources import (
    Reader,
    Source,
    as_written,
    content_hash,
    open_table,
    path_of,
)
from steelyard.tables.split_columns import group_codes, time_values
from steelyard.tables.target import (
    check_number_of_classes,
    check_target,
    codes_of,
    raw_values,
    read_labels,
    with_missing_kept,
)
from steelyard.tables.unknown_levels import remembered

NOTES: dict[Role, str] = {
    "group": "keeps rows of one group together; not learned from",
    "time": "orders the rows; not learned from: later stamps lie beyond all that was learned",
    "weight": "says how much each row counts; not learned from",
    "dropped": "left out on request",
}


@dataclass(frozen=True, eq=False)
class Table:
    """A table that was read: features, class codes, and what every column is.

    features: only the columns that are learned from, in source order. Float64 for numbers,
        booleans (0 and 1) and dates (days since 1970-01-01), String for categories; null where
        missing.
    y: class codes, int64, shape (n,): positions in `schema.classes`.
    groups: int64 codes of the group column, shape (n,), or None.
    times: float64 (numbers, or days since 1970-01-01) or int64 ranks of text, or None.
    row_ids: int64 position of each row in the source, counting from 0, all files in order.
    amounts: columns that goals need (costs, times), float64, null where missing; as asked for,
        learned from or not.
    dropped_rows: number of rows left out because their target is missing.
    weights: how much each row counts, float64, shape (n,), above 0 and of mean 1, or None where
        every row counts alike. They say how many rows of the population a row stands for, up to a
        factor: 1 / the chance that it was drawn. Rows of weight 0 are no rows of the table.
    notes: what a user should know of how the source was read (lines left out, the encoding).
    population: where these rows were drawn from a larger table, each class apart: how many rows of
        each class it has, int64, by class code; else None.
    """

    features: pl.DataFrame
    y: np.ndarray
    schema: Schema
    groups: np.ndarray | None
    times: np.ndarray | None
    row_ids: np.ndarray
    source: Source
    dropped_rows: int = 0
    weights: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    population: np.ndarray | None = None
    amounts: pl.DataFrame = field(default_factory=pl.DataFrame)

    @property
    def class_counts(self) -> np.ndarray:
        """Rows of each class, int64, by class code."""
        return np.bincount(self.y, minlength=len(self.schema.classes))

    @property
    def weighted_counts(self) -> np.ndarray:
        """The same where each row counts by its weight, float64: in proportion to the population.

        >>> read_table((np.array([[1.5, 3.0], [0.5, 1.0]]), np.array([0, 1])), None,
        ...            weight="x1").weighted_counts.tolist()
        [1.5, 0.5]
        """
        return np.bincount(self.y, self.weights, minlength=len(self.schema.classes)).astype(float)

    @property
    def training_weights(self) -> np.ndarray | None:
        """What rows count in training: as `weights`, but for what only makes up for the drawing."""
        if self.population is None:
            return self.weights
        return before_drawing(self.weights, self.y, self.population)

    def amounts_of(self, names: Collection[str]) -> dict[str, np.ndarray]:
        """Columns that a goal needs, by name, float64, NaN where missing.

        Raises: DataError: one that was not read, as it is no number or no column of the table.
        """
        absent = [
            n for n in names if n not in self.amounts.columns and n not in self.schema.numbers
        ]
        if absent:
            raise DataError(
                f"there is no column of numbers or dates {absent[0]!r}, which the goal needs; "
                f"{suggestion(absent[0], self.schema.numbers)}"
            )
        frames = {n: self.amounts if n in self.amounts.columns else self.features for n in names}
        return {name: frame[name].cast(pl.Float64).to_numpy() for name, frame in frames.items()}

    def numbers(self) -> np.ndarray:
        """Float32 less `Column.offset`, (n, numbers), NaN where missing; as `schema.numbers`."""
        matrix = np.empty((len(self.y), len(self.schema.numbers)), np.float32)
        for j, name in enumerate(self.schema.numbers):
            matrix[:, j] = self.features[name].to_numpy() - self.schema.column(name).offset
        return matrix

    def categories(self) -> np.ndarray:
        """Python strings, shape (n, categories), '' where missing; as in `schema.categories`."""
        if not self.schema.categories:
            return np.empty((len(self.y), 0), dtype=object)  # a frame of no columns has no rows
        return category_array(self.features.select(self.schema.categories))


def category_array(frame: pl.DataFrame) -> np.ndarray:
    """String columns as an object array of str, '' where missing."""
    array = np.empty(frame.shape, dtype=object)
    for j, column in enumerate(frame.iter_columns()):
        # One Python string per level, not per row.
        text = column.fill_null("")
        distinct = text.unique()
        codes = text.cast(pl.Enum(distinct)).to_physical()
        array[:, j] = distinct.to_numpy()[codes.to_numpy()]
    return array


def read_table(
    data: Any,
    target: str | None,
    *,
    group: str | None = None,
    time: str | None = None,
    weight: str | None = None,
    missing_label: str = "drop",
    drop: Collection[str] = (),
    keep: Collection[str] = (),
    amounts: Collection[str] = (),
    progress: Any = None,
) -> Table:
    """Read a table and find out what its columns are.

    Constant, empty, id-like and free-text columns are not learned from; `schema` says which and
    why. Nor are the group column, which is there to keep rows together, and the time column:
    rows to come lie beyond every stamp that was learned, so it cannot generalise. Tables that
    cannot be learned from (one class only, say) are read too; `check_learnable` refuses them.

    Args:
        data: path of a CSV(.gz) or Parquet file, a folder or glob of them; a pandas or polars
            frame, an Arrow table; or a tuple (X, y) of arrays, whose columns are x0, x1, ...
        target: column that holds the class; may be None for arrays.
        group: column whose equal values belong together (a patient, a machine).
        time: column that orders the rows.
        weight: column of numbers >= 0 that says how much each row counts.
        missing_label: "drop" leaves out rows whose label reads as missing (NA, null, ?, nothing);
            "keep" takes such words as classes, and no label at all as the class "(blank)".
        drop: columns to leave out.
        keep: columns to learn from although they look like ids or free text.
        amounts: columns of numbers or dates that a goal needs. They stay features where they are
            some, and may be among `drop`.
        progress: called with (done, total, what).
    Raises: DataError or TargetError, with one line that says what to do.

    >>> table = read_table((np.array([[0.5], [1.5], [2.5]]), np.array([0, 0, 1])), None)
    >>> table.schema.features, table.class_counts.tolist()
    (('x0',), [2, 1])
    """
    reader = open_table(data, target)
    if target is None and isinstance(data, tuple):
        target = "target"
    target = check_target(target, reader.names, header=not reader.typed)
    use = _asked(reader.names, target, group, time, weight, drop, keep, amounts)
    _check_names(use, reader.names)
    wanted = [name for name in reader.names if name not in use.drop - use.amounts]
    check_fits(reader, len(wanted), path_of(data, reader))
    if progress:
        progress(0, 2, "reading")
    with ThreadPoolExecutor(1) as pool:  # hashing beside reading
        sha256 = pool.submit(content_hash, reader)
        raw = reader.read(wanted, text=[target])
        source = Source(path_of(data, reader), sha256.result(), raw.height, len(reader.names))
    if not raw.height:
        raise DataError(f"{source.path} has a header but no rows; give a table with rows")
    if progress:
        progress(1, 2, "recognising columns")
    if _kept_missing(missing_label):
        written = with_missing_kept(as_written(reader, target))
    else:
        written = raw_values(raw[target])
    rows, weights, notes = _that_count(raw, reader, use)
    if len(rows) < raw.height:
        raw, written = raw[rows], written[rows]
    y, classes = _encode(written, reader)
    labelled = np.flatnonzero(y >= 0)
    dropped = raw.height - len(labelled)
    if dropped:
        raw, y, rows = raw[labelled], y[labelled], rows[labelled]
        weights = None if weights is None else weights[labelled]
    columns, features, read = _columns(raw, reader, use)
    return Table(
        features=pl.DataFrame(features),
        y=y,
        schema=Schema(columns, target, classes),
        groups=None if use.group is None else group_codes(raw[use.group]),
        times=None
        if use.time is None
        else time_values(raw[use.time], decimal_hint=reader.decimal_hint),
        row_ids=rows,
        source=source,
        dropped_rows=dropped,
        weights=row_weights(weights, len(rows)) if len(rows) else None,
        notes=(*reader.notes, *notes),
        amounts=pl.DataFrame(read),
    )


def _that_count(
    raw: pl.DataFrame, reader: Reader, use: "_Use"
) -> tuple[np.ndarray, np.ndarray | None, list[str]]:
    """Positions of the rows whose weight is above 0, their weights, and what is left out."""
    rows = np.arange(raw.height)
    if use.weight is None:
        return rows, None, []
    weights = weights_of(raw[use.weight], reader.decimal_hint)
    counted = np.flatnonzero(weights)
    left_out = raw.height - len(counted)
    notes = [f"{left_out:,} rows of weight 0 are left out"] if left_out else []
    return counted, weights[counted], notes


@dataclass(frozen=True)
class _Use:
    """What the user said about columns."""

    target: str
    group: str | None
    time: str | None
    weight: str | None
    drop: frozenset[str]
    keep: frozenset[str]
    amounts: frozenset[str]


def _asked(
    names: Sequence[str],
    target: str,
    group: str | None,
    time: str | None,
    weight: str | None,
    drop: Collection[str],
    keep: Collection[str],
    amounts: Collection[str],
) -> _Use:
    """The same with names as they were read: without blanks at their ends."""
    drop = column_names("drop", drop)

    def known(name: str) -> str:
        return name if name in names else name.strip()

    return _Use(
        target,
        group if group is None else known(group),
        time if time is None else known(time),
        weight if weight is None else known(weight),
        frozenset(map(known, drop)),
        frozenset(map(known, keep)),
        frozenset(map(known, amounts)),
    )


def _check_names(use: _Use, names: Sequence[str]) -> None:
    asked = [name for name in (use.group, use.time, use.weight) if name is not None]
    if use.weight is not None and use.weight in (use.group, use.time):
        raise DataError(
            f"column {use.weight!r} cannot be the weight and say how rows are split; choose one"
        )
    for name in (*asked, *sorted(use.drop), *sorted(use.keep), *sorted(use.amounts)):
        if name not in names:
            raise DataError(f"there is no column {name!r}; {suggestion(name, names)}")
        if name == use.target:
            raise DataError(f"column {name!r} is the target; name another column")
        if name in use.drop and name in {*asked, *use.keep}:
            raise DataError(f"column {name!r} is to be dropped and to be used; choose one")


def _kept_missing(missing_label: str) -> bool:
    if missing_label not in ("drop", "keep"):
        raise RequestError(f"`missing_label={missing_label!r}`: it takes 'drop' or 'keep'")
    return missing_label == "keep"


def _encode(labels: pl.Series, reader: Reader) -> tuple[np.ndarray, tuple[Label, ...]]:
    """Class codes, -1 where missing, and the classes."""
    distinct = labels.drop_nulls().unique(maintain_order=True).to_list()
    meaning = read_labels(
        distinct, labels.name, typed=reader.typed, decimal_hint=reader.decimal_hint
    )
    classes = tuple(sorted(set(meaning.values())))  # type: ignore[type-var]
    check_number_of_classes(classes, len(labels) - labels.null_count(), labels.name)
    return codes_of(labels, meaning, classes), classes


def _columns(
    raw: pl.DataFrame, reader: Reader, use: _Use
) -> tuple[tuple[Column, ...], list[pl.Series], list[pl.Series]]:
    """What the columns are; the values of features; those that a goal needs."""
    columns, features, amounts = [], [], []
    for name in reader.names:
        if name in use.drop - use.amounts:
            columns.append(Column(name, "category", "dropped", NOTES["dropped"]))
        elif name != use.target:
            typed_column = infer_type(
                raw[name].alias(""),  # polars takes some names for patterns
                typed=reader.typed,
                decimal_hint=reader.decimal_hint,
            )
            columns.append(_column(name, typed_column, use))
            if name in use.amounts:
                amounts.append(amount_values(name, typed_column).alias(name))
            if columns[-1].role == "feature" and typed_column.values is not None:
                features.append(typed_column.values.alias(name))
                if typed_column.kind == "category":
                    columns[-1] = replace(columns[-1], levels=remembered(typed_column.values))
                elif offset := float32_offset(features[-1].alias("")):
                    columns[-1] = replace(columns[-1], offset=offset)
    return tuple(columns), features, amounts


def _column(name: str, typed_column: TypedColumn, use: _Use) -> Column:
    role: Role
    if name in use.drop:
        role, note = "dropped", NOTES["dropped"]
    elif name in (use.group, use.time, use.weight):
        role = "group" if name == use.group else "time" if name == use.time else "weight"
        note = NOTES[role]
    else:
        role, note = role_of(name, typed_column)
    if name in use.keep and role in ("identifier", "text") and typed_column.values is not None:
        role, note = "feature", ""
    # Where there is no value there is no kind either, whatever type the source gives it.
    kind: Any = {"text": "text", "empty": "category"}.get(role, typed_column.kind)
    note = "; ".join(part for part in (note, typed_column.doubt) if part)
    return Column(name, kind, role, note, typed_column.format, typed_column.doubt)
