"""SplitMix64 in numpy: the one source of chance wherever rows are chosen or ordered by id."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
