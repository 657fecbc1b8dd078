"""CSV files of any size, block by block."""

import os
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from steelyard.errors import DataError
from steelyard.tables.files import find_files, format_of

BLOCK_BYTES = 16 << 20
GROUP_ROWS = 1 << 17


def csv_tables(
    file: Path, *, as_text: bool = False, schema: pa.Schema | None = None
) -> Iterator[pa.Table]:
    """The blocks of one CSV file as Arrow tables, in order; gzip is unpacked on the way.

    Args:
        as_text: leave every value as it is written instead of guessing types.
        schema: types of the columns, instead of guessing them from the first block.
    Raises: DataError: rows of unequal length, or a value that does not fit its column's type.
    """
    types = schema
    if as_text:
        names = _names(file)
        types = pa.schema([(name, pa.string()) for name in names])
    try:
        reader = pc.open_csv(
            file,
            read_options=pc.ReadOptions(block_size=BLOCK_BYTES),
            parse_options=pc.ParseOptions(newlines_in_values=True),
            convert_options=pc.ConvertOptions(column_types=types, strings_can_be_null=not as_text),
        )
        for batch in reader:
            yield pa.Table.from_batches([batch])
    except pa.ArrowInvalid as error:
        raise DataError(
            f"{file} cannot be read block by block ({error}); give every row the same columns and "
            "every column one type"
        ) from error


def _names(file: Path) -> list[str]:
    try:
        return pc.open_csv(
            file, parse_options=pc.ParseOptions(newlines_in_values=True)
        ).schema.names
    except pa.ArrowInvalid as error:
        raise DataError(f"{file} cannot be read as CSV ({error})") from error


def csv_to_parquet(path: str | Path, folder: Path) -> Path:
    """One Parquet file per CSV file in `folder`; those that are there already are kept."""
    files = find_files(path)
    folder.mkdir(parents=True, exist_ok=True)
    schema: pa.Schema | None = None
    for number, file in enumerate(files):
        if format_of(file) != "text":
            raise DataError(f"{file} is not CSV; use feeds.from_parquet for Parquet")
        out = folder / f"{number:05d}-{file.name}.parquet"
        if out.exists():
            schema = schema or pq.read_schema(out)
            continue
        unfinished = out.with_suffix(".unfinished")
        tables = csv_tables(file, schema=schema)
        first = next(tables)
        # The first block of the first file settles the types for all.
        schema = schema or first.schema
        with pq.ParquetWriter(unfinished, schema) as writer:
            writer.write_table(first, row_group_size=GROUP_ROWS)
            for table in tables:
                writer.write_table(table, row_group_size=GROUP_ROWS)
        os.replace(unfinished, out)  # noqa: PTH105 - atomic, over what is there
    return folder
