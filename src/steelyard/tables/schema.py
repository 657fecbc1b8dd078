"""What each column of a table is, and whether it is learned from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

ColumnType = Literal["number", "boolean", "date", "category", "text"]
Role = Literal[
    "feature", "identifier", "constant", "empty", "text", "group", "time", "weight", "dropped"
]
Label = str | int | float | bool

NUMERIC_KINDS = ("number", "boolean", "date")


@dataclass(frozen=True)
class Column:
    """One column of the source, the target apart.

    `kind` says what its values are, `role` what it is used for. Only the role `feature` is
    learned from; `note` says in one line why another column is not. `format` is how dates or
    numbers that came as text are written (`%d.%m.%Y`, `$1,234.5`; '' for a plain number), so that
    later files are read the same way. `doubt` says why a category of numbers or dates is none.
    `levels` are those of a category, the most frequent first, as many as are remembered.
    `offset` is subtracted from numbers in float64 before models see them in float32.
    """

    name: str
    kind: ColumnType
    role: Role = "feature"
    note: str = ""
    format: str = ""
    doubt: str = ""
    levels: tuple[str, ...] = ()
    offset: float = 0.0


@dataclass(frozen=True)
class Schema:
    """The columns in source order, the target, and its classes (a class's code is its index).

    `target` is None only for a table that came as arrays without a name for y.

    >>> schema = Schema((Column("age", "number"), Column("job", "category")), "churned", (0, 1))
    >>> schema.numbers, schema.categories
    (('age',), ('job',))
    >>> Schema.from_dict(schema.to_dict()) == schema
    True
    """

    columns: tuple[Column, ...]
    target: str
    classes: tuple[Label, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns that are learned from, in source order."""
        return tuple(column.name for column in self.columns if column.role == "feature")

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of the features that are numbers, booleans or dates."""
        return tuple(column.name for column in self._features() if column.kind in NUMERIC_KINDS)

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the features that are categories."""
        return tuple(column.name for column in self._features() if column.kind == "category")

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if there is none."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        # Looked up once a column: a walk each time would be quadratic in the columns.
        return {column.name: column for column in self.columns}

    def _features(self) -> list[Column]:
        return [column for column in self.columns if column.role == "feature"]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "columns": [asdict(column) for column in self.columns],
            "target": self.target,
            "classes": list(self.classes),
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> "Schema":
        """The inverse of `to_dict`."""
        columns = tuple(
            Column(**{**column, "levels": tuple(column.get("levels", ()))})
            for column in state["columns"]
        )
        return cls(columns, state["target"], tuple(state["classes"]))
