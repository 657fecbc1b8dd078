"""CSV files of any size, turned into Parquet block by block; they are read as everywhere else."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from steelyard.errors import DataError
from steelyard.tables import Column
from steelyard.tables.column_types import conform, infer_type
from steelyard.tables.delimited import DelimitedFiles
from steelyard.tables.files import find_files, format_of
from steelyard.tables.target import check_target, codes_of, raw_values, read_labels
from steelyard.tables.writing import FrameWriter

BLOCK_ROWS = 1 << 17


def csv_to_parquet(path: str | Path, folder: Path, target: str) -> Path:
    """Write CSV files as one Parquet file into a folder below `folder`; return that folder.

    It is named after the files' sizes and times, so files that have changed are written anew and
    others are not. Numbers, dates and flags become floats, as `steelyard.tables` has them.

    Raises: DataError: no CSV, or a later value that is not of the type the start of the file shows.
    """
    files = find_files(path)
    if format_of(files[0]) != "text":
        raise DataError(f"{files[0]} is not CSV; use feeds.from_parquet for Parquet")
    made = folder / _version(files, target)
    out = made / "table.parquet"
    if out.exists():
        return made
    reader = DelimitedFiles(files)
    target = check_target(target, reader.names, header=True)
    made.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name("unfinished.parquet.part")
    columns = _columns(reader, target)
    labels = _labels(reader, target)
    text = [name for name, column in columns.items() if column.kind != "number" or column.format]
    rows = 0
    with FrameWriter(unfinished) as writer:
        for frame in reader.batches(
            reader.names,
            text=[target, *text],
            numbers=set(columns).difference(text),
            rows=BLOCK_ROWS,
        ):
            read = [
                _coded(frame[name], labels)
                if name == target
                else conform(frame[name].alias(""), columns[name], rows)
                for name in reader.names
            ]
            named = zip(reader.names, read, strict=True)
            writer.add(pl.DataFrame([column.alias(name) for name, column in named]))
            rows += frame.height
    if not rows:
        raise DataError(f"{path} has a header but no rows; give files with rows")
    os.replace(unfinished, out)  # noqa: PTH105 - atomic, over what is there
    return made


def _version(files: Sequence[Path], target: str) -> str:
    stats = [(str(file.resolve()), file.stat()) for file in files]
    told = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]
    return hashlib.sha256(repr((told, target)).encode()).hexdigest()[:16]


def _columns(reader: DelimitedFiles, target: str) -> dict[str, Column]:
    """The type of every column but the target, by the first rows."""
    names = [name for name in reader.names if name != target]
    first = next(reader.batches(names, text=names, rows=BLOCK_ROWS), pl.DataFrame())
    columns = {}
    for name in first.columns:
        typed = infer_type(first[name].alias(""), typed=False, decimal_hint=reader.decimal_hint)
        columns[name] = Column(name, typed.kind, format=typed.format)
    return columns


def _labels(reader: DelimitedFiles, target: str) -> dict[object, object]:
    """From each value of the target to its label; the whole column decides what they are."""
    seen: dict[object, None] = {}
    for frame in reader.batches([target], text=[target], rows=BLOCK_ROWS):
        distinct = raw_values(frame[target]).drop_nulls().unique(maintain_order=True)
        seen |= dict.fromkeys(distinct.to_list())
    hint = reader.decimal_hint
    return dict(read_labels(list(seen), target, typed=False, decimal_hint=hint))


def _coded(column: pl.Series, labels: dict[object, object]) -> pl.Series:
    """The labels of a block, in the type that they have."""
    kinds = sorted(set(labels.values()))  # type: ignore[type-var]
    codes = pl.Series(codes_of(raw_values(column), labels, kinds))  # type: ignore[arg-type]
    return pl.Series(kinds).gather(codes.set(codes < 0, None))
