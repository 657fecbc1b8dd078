"""Tiles of scores: products in memory that is the same for all tiles of a thread."""

import threading

import numpy as np

_rooms = threading.local()

# What is multiplied at a time: BLAS has a quicker way for small products, a quarter less time.
_ROWS, _COLUMNS = 64, 256


def product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """`left @ right` in the room of this thread."""
    out = room_for((len(left), right.shape[1]), right.dtype)
    if len(left) < 4 * _ROWS:
        return np.matmul(left, right, out=out)
    right = np.ascontiguousarray(right)
    whole = len(left) // _ROWS * _ROWS
    parts, results = (rows[:whole].reshape(-1, _ROWS, rows.shape[1]) for rows in (left, out))
    for start in range(0, right.shape[1], _COLUMNS):
        columns = slice(start, start + _COLUMNS)
        np.matmul(parts, right[:, columns], out=results[:, :, columns])
        np.matmul(left[whole:], right[:, columns], out=out[whole:, columns])
    return out


def room_for(shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
    """An array that is overwritten by the next one asked for in this thread.

    Megabytes asked of the system anew for every tile cost as much as the product itself.
    """
    size = shape[0] * shape[1] * dtype.itemsize
    room = getattr(_rooms, "room", None)
    if room is None or room.nbytes < size:
        room = _rooms.room = np.empty(size, dtype=np.uint8)
    return room[:size].view(dtype).reshape(shape)
