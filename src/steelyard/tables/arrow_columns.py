"""Arrow columns as polars has them, also of types that polars does not have."""

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from steelyard._memory import is_out_of_memory
from steelyard.errors import DataError


def from_arrow(table: pa.Table) -> pl.DataFrame:
    """A polars frame of an Arrow table.

    Decimals of more than 38 digits become floats.

    Raises: DataError: a column of a type that cannot be read, by name.
    """
    names = table.column_names
    return pl.DataFrame([column_from_arrow(name, table.column(j)) for j, name in enumerate(names)])


def column_from_arrow(name: str, column: pa.ChunkedArray) -> pl.Series:
    """One column; see `from_arrow`."""
    try:
        series = pl.from_arrow(_simple(column))
    # Polars panics at types it does not know, and a panic is no Exception.
    except (pa.ArrowException, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        if is_out_of_memory(error):
            raise
        raise DataError(
            f"column {name!r} is of Arrow type {column.type}, which cannot be read; cast it to "
            "numbers or text first"
        ) from error
    return pl.Series(name, series)


def _simple(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if isinstance(kind, pa.ExtensionType):
        return _simple(column.cast(kind.storage_type))
    if pa.types.is_run_end_encoded(kind):
        return _simple(pa.chunked_array([pc.run_end_decode(chunk) for chunk in column.chunks]))
    if pa.types.is_decimal256(kind):
        return column.cast(pa.float64())
    return column
