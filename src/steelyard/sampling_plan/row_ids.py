"""Stable row ids from a key column, the same in every file format and library version."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from steelyard.errors import DataError
from steelyard.sampling_plan.hashing import Hash, splitmix64

# "007" and "+7" are not the number 7: they could stand beside it.
_WHOLE_NUMBER = r"^(0|-?[1-9][0-9]{0,18})$"
_LARGEST, _LARGEST_BELOW_ZERO = "9223372036854775807", "9223372036854775808"


def key_ids(column: pa.Array | pa.ChunkedArray) -> Hash:
    """Row ids from a key column: whole numbers as they are, other text by a hash of its bytes.

    A whole number that is written as text is that number, so that a CSV and a Parquet file of one
    table have the same ids. The hash is ours, not an engine's, so it is the same in every version
    of every library.

    Raises: DataError: missing keys, or a type that is not stable as a key (floats).
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if column.null_count:
        raise DataError(
            f"the key column has {column.null_count:,} missing values; "
            "a key names every row: fill them in, or leave the key out"
        )
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
        kind = column.type
    if pa.types.is_integer(kind):
        return column.to_numpy(zero_copy_only=False).astype(np.uint64)
    if pa.types.is_temporal(kind):
        return column.cast(pa.int64()).to_numpy(zero_copy_only=False).astype(np.uint64)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _text_ids(column.cast(pa.large_string()))
    raise DataError(
        f"the key column has type {kind}; a key is whole numbers, dates or text: "
        "cast it, or leave the key out"
    )


def _text_ids(column: pa.LargeStringArray) -> Hash:
    ids = _hash_text(column.cast(pa.large_binary()))
    whole = _whole_numbers(column)
    numbers = column.filter(pa.array(whole)).cast(pa.int64())
    ids[whole] = numbers.to_numpy(zero_copy_only=False).astype(np.uint64)
    return ids


def _whole_numbers(column: pa.LargeStringArray) -> NDArray[np.bool_]:
    """Which texts are whole numbers of 64 bits, as they would be written from a number column."""
    looks = pc.match_substring_regex(column, pattern=_WHOLE_NUMBER)
    digits = pc.utf8_ltrim(column, characters="-")
    largest = pc.if_else(pc.starts_with(column, pattern="-"), _LARGEST_BELOW_ZERO, _LARGEST)
    # Texts of digits of one length compare as the numbers do.
    fits = pc.or_(pc.less(pc.utf8_length(digits), len(_LARGEST)), pc.less_equal(digits, largest))
    return pc.and_(looks, fits).to_numpy(zero_copy_only=False)


def _hash_text(column: pa.LargeBinaryArray) -> Hash:
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int64)[column.offset :][: len(column) + 1]
    data = np.frombuffer(column.buffers()[2] or b"", dtype=np.uint8)
    length = np.diff(offsets)
    hashes = splitmix64(length.astype(np.uint64))
    # Eight bytes a turn for all rows at once; a row that has ended keeps its hash, so the
    # longest text of a chunk has no say in the others' hashes.
    for start in range(0, int(length.max(initial=0)), 8):
        live = np.flatnonzero(length > start)
        at = offsets[live, None] + start + np.arange(8)
        inside = start + np.arange(8) < length[live, None]
        word = np.where(inside, data[np.where(inside, at, 0)], 0).astype(np.uint8)
        hashes[live] = splitmix64(hashes[live] ^ word.view("<u8")[:, 0])
    return hashes
