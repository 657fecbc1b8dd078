"""Batches of which the rare rows come from memory and the frequent ones from streams."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from steelyard._tensorflow import keras, tf
from steelyard.feeds.batch_sampler import Cursor
from steelyard.feeds.columns import Nest
from steelyard.feeds.epochs import epochs
from steelyard.feeds.python_calls import stateless
from steelyard.feeds.schedule import Ints, Schedule

# (rows of the class given before, a tensor) -> endless dataset of nests, some rows of it each
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
    first_step: int = 0,
    shard: tuple[int, int] = (0, 1),
) -> Any:
    """Dataset of one epoch of balanced batches, static shapes, classes spread over each batch.

    Whole runs of rows are taken from each stream and put in their places by one gather, never row
    by row. The pattern of the schedule starts again with each epoch. Every worker of a shard
    reads all the streams and keeps its part of each batch.

    Args:
        memory: nest of the rows kept in memory.
        rows_of: rows in `memory` of each class kept there.
        streams: a stream for each other class; endless.
    """
    whole = schedule.slots.shape[1]
    batch_size = whole // shard[1]
    part = np.s_[:, shard[0] * batch_size : (shard[0] + 1) * batch_size]
    block = max(1, _BLOCK_ROWS // whole)
    cursors = {code: Cursor(rows, seed=seed, code=code) for code, rows in rows_of.items()}
    order = list(streams)
    per_epoch = schedule.before(np.int64(steps))

    def draw(epoch: np.int64, first: np.int64) -> tuple[np.ndarray, np.ndarray]:
        numbers = np.arange(int(first), min(int(first) + block, steps))
        slots = schedule.slots[numbers % len(schedule.table)]
        start = schedule.before(numbers[0]) + int(epoch) * per_epoch
        rows = np.zeros(slots.shape, dtype=np.int32)
        own = np.arange(whole, dtype=np.int32) - part[1].start
        place = np.broadcast_to(own, slots.shape).copy()
        offset = np.full(len(slots), batch_size)
        for code, cursor in cursors.items():
            mine = slots == code
            end = int(start[code] + np.count_nonzero(mine))
            rows[mine] = cursor.take(int(start[code]), end)
        for code in order:
            mine = slots == code
            place[mine] = (offset[:, None] + np.cumsum(mine, axis=1) - 1)[mine]
            offset += mine.sum(axis=1)
        return rows[part], place[part]

    @tf.autograph.experimental.do_not_convert
    def draw_in_graph(epoch: Any, first: Any) -> tuple[Any, Any]:
        parts = stateless(draw, [epoch, first], [tf.int32, tf.int32])
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
    def one_epoch(epoch: Any, step: Any) -> Any:
        blocks = tf.data.Dataset.range(step, steps, block)
        draws = blocks.map(lambda first: draw_in_graph(epoch, first)).unbatch()
        given = epoch * per_epoch + tf.gather(schedule.before_in_cycle, step % cycle)
        given += step // cycle * schedule.before_in_cycle[-1]
        sizes = tf.roll(schedule.table, -step % cycle, axis=0)
        runs = [streams[code](given[code]).rebatch(sizes[:, code]) for code in order]
        return tf.data.Dataset.zip((draws, *runs)).map(batch)

    cycle = len(schedule.table)
    # One element per epoch: the block is the whole epoch.
    started = epochs(steps, steps, first_epoch, first_step)
    data = started.flat_map(one_epoch).prefetch(tf.data.AUTOTUNE)
    if first_step % steps:
        return data  # the first epoch is shorter than the others
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
