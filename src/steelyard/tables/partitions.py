"""Columns that stand in the path: region=A/year=2020/part-0.parquet, as Spark and DuckDB write."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from steelyard.errors import DataError
from steelyard.tables.names import pick

FOLDER = re.compile(r"([^=/\\]+)=(.*)$")
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Partitions:
    """Values by column, one a file; columns that a file holds itself are not among them."""

    values: dict[str, pl.Series]

    @property
    def names(self) -> list[str]:
        """Columns that stand in the path."""
        return list(self.values)

    def as_text(self) -> "Partitions":
        """The same, all of it text, for text files."""
        return Partitions({name: found.cast(pl.String) for name, found in self.values.items()})

    def inside(self, columns: Sequence[str], names: Sequence[str]) -> list[str]:
        """What to read of a file that has `names`: those asked for, at least one, for its rows."""
        return [name for name in columns if name not in self.values] or [names[0]]

    def add(self, frame: pl.DataFrame, file: int, columns: Sequence[str]) -> pl.DataFrame:
        """The columns asked for, in order, of what was read of a file."""
        if not self.values:
            return frame
        fixed = [
            found.gather([file] * frame.height).alias(name) for name, found in self.values.items()
        ]
        return pick(frame.with_columns(fixed), columns)


NONE = Partitions({})


def partitions_of(files: Sequence[Path], root: Path) -> Partitions:
    """What the folders between `root` and each file say.

    Raises: DataError: files with other folders than the first.
    """
    found = [in_path(file, root) for file in files]
    for file, here in zip(files, found, strict=True):
        if list(here) != list(found[0]):
            raise DataError(
                f"{file} stands in folders for {list(here) or 'no column'}, {files[0].name} in "
                f"folders for {list(found[0]) or 'no column'}; give all files the same folders"
            )
    columns = {}
    for name in found[0]:
        text = pl.Series(name, [here[name] for here in found], dtype=pl.String)
        whole = text.cast(pl.Int64, strict=False)
        coded = text.str.contains(r"^[+-]?0[0-9]").any()
        columns[name] = text if coded or whole.null_count() > text.null_count() else whole
    return Partitions(columns)


def in_path(file: Path, root: Path) -> dict[str, str | None]:
    """Column and value of each folder such as region=A below `root`."""
    folders = file.parent.relative_to(root).parts if file.is_relative_to(root) else ()
    pairs = [FOLDER.match(folder) for folder in folders]
    named = {unquote(pair[1]): unquote(pair[2]) for pair in pairs if pair}
    return {name: None if value == NO_VALUE else value for name, value in named.items()}
