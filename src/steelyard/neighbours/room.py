"""Memory for a tile of scores, the same for all tiles of a thread."""

import threading

import numpy as np

_rooms = threading.local()


def room_for(shape: tuple[int, int], dtype: np.dtype) -> np.ndarray:
    """An array that is overwritten by the next one asked for in this thread.

    Megabytes asked of the system anew for every tile cost as much as the product itself.
    """
    size = shape[0] * shape[1] * dtype.itemsize
    room = getattr(_rooms, "room", None)
    if room is None or room.nbytes < size:
        room = _rooms.room = np.empty(size, dtype=np.uint8)
    return room[:size].view(dtype).reshape(shape)
