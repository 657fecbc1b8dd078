"""Batches of which the rare rows come from memory and the frequent ones from streams."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from steelyard._tensorflow import keras, tf
from steelyard.feeds.columns import Nest
from steelyard.feeds.draws import Cursor
from steelyard.feeds.epochs import epochs
from steelyard.feeds.schedule import Ints, Schedule

# (epoch tensor) -> dataset of nests with some rows of one class each
Stream = Callable[[Any], Any]

_BLOCK_ROWS = 65_536


def mixed(
    schedule: Schedule,
    steps: int,
    memory: Nest,
    rows_of: Mapping[int, Ints],
    streams: Mapping[int, Stream],
    *,
    seed: int,
    first_epoch: int = 0,
) -> Any:
    """Dataset of one epoch of balanced batches, static shapes, classes spread over each batch.

    Whole runs of rows are taken from each stream and put in their places by one gather, never row
    by row. The pattern of the schedule starts again with each epoch.

    Args:
        memory: nest of the rows kept in memory.
        rows_of: rows in `memory` of each class kept there.
        streams: a stream for each other class; endless.
    """
    batch_size = schedule.slots.shape[1]
    block = max(1, _BLOCK_ROWS // batch_size)
    cursors = {code: Cursor(rows, seed=seed, code=code) for code, rows in rows_of.items()}
    order = list(streams)

    def draw(epoch: np.int64, first: np.int64) -> tuple[np.ndarray, np.ndarray]:
        numbers = np.arange(int(first), min(int(first) + block, steps))
        slots = schedule.slots[numbers % len(schedule.table)]
        start = schedule.before(numbers[0]) + int(epoch) * schedule.before(np.int64(steps))
        rows = np.zeros(slots.shape, dtype=np.int32)
        place = np.broadcast_to(np.arange(batch_size, dtype=np.int32), slots.shape).copy()
        offset = np.full(len(slots), batch_size)
        for code in range(schedule.table.shape[1]):
            mine = slots == code
            if code in cursors:
                end = int(start[code] + np.count_nonzero(mine))
                rows[mine] = cursors[code].take(int(start[code]), end)
        for code in order:
            mine = slots == code
            place[mine] = (offset[:, None] + np.cumsum(mine, axis=1) - 1)[mine]
            offset += mine.sum(axis=1)
        return rows, place

    @tf.autograph.experimental.do_not_convert
    def draw_in_graph(epoch: Any, first: Any) -> tuple[Any, Any]:
        parts = tf.numpy_function(draw, [epoch, first], [tf.int32, tf.int32], stateful=False)
        return tuple(tf.ensure_shape(part, [None, batch_size]) for part in parts)

    with tf.device("CPU"):
        kept = keras.tree.map_structure(tf.convert_to_tensor, memory)

    @tf.autograph.experimental.do_not_convert
    def batch(places: tuple[Any, Any], *parts: Nest) -> Nest:
        rows, place = places

        def join(values: Any, *streamed: Any) -> Any:
            own = tf.gather(values, rows)
            return tf.gather(tf.concat([own, *streamed], axis=0), place)

        return keras.tree.map_structure(join, kept, *parts)

    @tf.autograph.experimental.do_not_convert
    def one_epoch(epoch: Any, _: Any) -> Any:
        ranges = tf.data.Dataset.range(0, steps, block)
        draws = ranges.map(lambda first: draw_in_graph(epoch, first)).unbatch()
        runs = [streams[code](epoch).rebatch(schedule.table[:, code]) for code in order]
        return tf.data.Dataset.zip((draws, *runs)).map(batch)

    # One element per epoch: the block is the whole epoch.
    started = epochs(steps, steps, first_epoch)
    data = started.flat_map(one_epoch).prefetch(tf.data.AUTOTUNE)
    return data.apply(tf.data.experimental.assert_cardinality(steps))


def keep_in_memory(
    counts: Mapping[int, int], shares: np.ndarray, row_bytes: float, limit: int
) -> list[int]:
    """Classes to keep in memory: the smallest first, while they fit; the slowest one never.

    >>> keep_in_memory({0: 990, 1: 10}, np.array([.5, .5]), row_bytes=100, limit=10_000)
    [1]
    """
    slowest = max(counts, key=lambda code: counts[code] / shares[code])
    kept, used = [], 0.0
    for code in sorted(counts, key=lambda code: counts[code]):
        used += counts[code] * row_bytes
        if code != slowest and used <= limit:
            kept.append(code)
    return kept
