"""SplitMix64 in numpy: the one source of chance of the sampling plan and of the feeds."""

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from steelyard.errors import DataError

Hash = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def splitmix64(values: ArrayLike) -> Hash:
    """One output of the SplitMix64 generator per state; a bijection of the 64-bit numbers.

    Distinct inputs give distinct outputs, so ranking rows by it has no ties.

    Source: Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.

    >>> splitmix64(np.arange(2, dtype=np.uint64) ^ np.uint64(42))
    array([13679457532755275413, 13432527470776545160], dtype=uint64)
    """
    z = np.array(values, dtype=np.uint64, ndmin=1)  # a copy: the steps below work in place
    z += _GOLDEN
    z ^= z >> np.uint64(30)
    z *= _MIX_1
    z ^= z >> np.uint64(27)
    z *= _MIX_2
    z ^= z >> np.uint64(31)
    return z.reshape(np.shape(values))


def row_hash(ids: ArrayLike, seed: int) -> Hash:
    """Hash of each row id under a seed: `splitmix64(id xor seed)`, shape of `ids`."""
    return splitmix64(np.asarray(ids).astype(np.uint64) ^ as_seed(seed))


def as_seed(seed: int) -> np.uint64:
    """The seed as 64 bits; negative seeds wrap around."""
    return np.uint64(int(seed) & 0xFFFFFFFFFFFFFFFF)


def derive(seed: int, *parts: int | NDArray) -> Hash:
    """A new seed from a seed and numbers such as (class, pass); arrays broadcast."""
    key = splitmix64(as_seed(seed))
    for part in parts:
        key = splitmix64(key ^ np.asarray(part).astype(np.uint64))
    return key


def unit(hashes: Hash) -> NDArray[np.float64]:
    """Hashes as numbers in [0, 1), with 53 random bits each."""
    return (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53


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
    text = pl.Series(column)
    numbers = text.cast(pl.Int64, strict=False)
    # "007" and "+7" are not the number 7: they could stand beside it.
    whole = (numbers.cast(pl.String) == text).fill_null(value=False).to_numpy()
    ids = _hash_text(column.cast(pa.large_binary()))
    ids[whole] = numbers.fill_null(0).to_numpy().astype(np.uint64)[whole]
    return ids


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
