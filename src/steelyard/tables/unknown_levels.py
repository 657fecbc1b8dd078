"""Levels of later files that no training row had, counted and named: models read them alike."""

import warnings
from collections import Counter
from copy import copy
from typing import Any

import polars as pl

from steelyard.errors import SteelyardWarning
from steelyard.tables.schema import Schema

MOST_LEVELS = 1_000  # of a column that are remembered, the most frequent


def remembered(column: pl.Series) -> tuple[str, ...]:
    """The levels of a category column, the most frequent first, at most `MOST_LEVELS`."""
    counted = column.drop_nulls().value_counts(sort=True)
    return tuple(counted.to_series(0).head(MOST_LEVELS).to_list())


class UnknownLevels:
    """Counts over the frames of a file.

    A column with more levels than are remembered is reported only where most of its rows hold none
    of them.

    Attributes:
        rows: that were counted. unknown: rows with such a level, by column. examples: one each.
    """

    def __init__(self, schema: Schema) -> None:
        self.rows = 0
        self._known = {
            name: pl.Series(schema.column(name).levels, dtype=pl.String)
            for name in schema.categories
            if schema.column(name).levels
        }
        self.unknown: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    def add(self, frame: pl.DataFrame) -> None:
        """Count the next rows, as `read_features` or `iter_features` give them."""
        self.rows += frame.height
        for name, known in self._known.items():
            column = frame[name].drop_nulls().alias("")
            unknown = column.filter(~column.is_in(known.implode()))
            if len(unknown):
                self.unknown[name] += len(unknown)
                self.examples.setdefault(name, unknown[0])

    def and_then(self, other: "UnknownLevels") -> "UnknownLevels":
        """The counts of these frames and of those that followed them."""
        both = copy(self)
        both.rows = self.rows + other.rows
        both.unknown = self.unknown + other.unknown
        both.examples = other.examples | self.examples
        return both

    def found(self) -> list[dict[str, Any]]:
        """Column, rows and an example, the column with most rows first."""
        return [
            {"column": name, "rows": rows, "example": self.examples[name]}
            for name, rows in self.unknown.most_common()
            if len(self._known[name]) < MOST_LEVELS or 2 * rows > self.rows
        ]


def warn_of_unknown_levels(frame: pl.DataFrame, schema: Schema) -> None:
    """A `SteelyardWarning` for each column of these rows with levels that no training row had."""
    unknown = UnknownLevels(schema)
    unknown.add(frame)
    for line in described(unknown.found(), unknown.rows):
        warnings.warn(line, SteelyardWarning, stacklevel=3)


def described(found: list[dict[str, Any]], rows: int) -> list[str]:
    """A line a column, for people."""
    return [
        f"column {one['column']!r}: {one['rows']:,} of {rows:,} rows hold a level that no training "
        f"row had, such as {one['example']!r}"
        for one in found
    ]
