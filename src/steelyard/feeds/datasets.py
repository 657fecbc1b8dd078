"""Balanced batches of any `tf.data.Dataset`: rare rows kept in memory, the others as they come."""

import math
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard._tensorflow import keras, tf
from steelyard.errors import DataError, RequestError, TargetError
from steelyard.feeds.columns import class_codes
from steelyard.feeds.core import check_present, check_shard
from steelyard.feeds.info import FeedInfo, attach, weighted_shares
from steelyard.feeds.padding import in_blocks, longest, padded, padded_in_graph, without_ragged
from steelyard.feeds.schedule import Schedule
from steelyard.feeds.shares import Shares, target_shares
from steelyard.feeds.streaming import Stream, keep_in_memory, mixed

By = str | int | Callable[[Any, Any], Any] | None

# Single elements are gathered into blocks of about this size, a thousand rows at most.
_BLOCK_BYTES = 16 << 20


def rebalance(
    dataset: Any,
    counts: Mapping[Hashable, int] | None = None,
    shares: Shares = "uniform",
    *,
    by: By = None,
    batch_size: int | None = None,
    batched: bool | None = None,
    seed: int = 0,
    steps_per_epoch: int | None = None,
    memory_limit: int = 1 << 30,
    shard: tuple[int, int] = (0, 1),
    first_epoch: int = 0,
    first_step: int = 0,
) -> Any:
    """Batches with exact class shares from a dataset of (x, y) or (x, y, weight).

    The dataset is read once to count, unless `counts` are given, and once to collect the rows of
    the rare classes, which then stay in memory. The others are streamed in the order in which the
    dataset gives them (so shuffle it), cut out of whole batches by a mask, never row by row: each
    row once per pass before any comes twice. Batches, epochs and facts are those of
    `feeds.balanced`.

    Args:
        dataset: finite; elements or batches. Rows of unequal length, ragged or padded batch by
            batch, are padded at their end to the longest. Rows may come in another order every
            time, but must be the same rows. One that is expensive to read (images that are
            decoded) is best cached: `dataset.cache(file)`.
        counts: rows of each class, by label; positions for one-hot labels.
        by: what to balance on, where that is not the labels: the name or position of one of
            several outputs, or a function (inputs, labels) of a batch that gives one class per row,
            such as `lambda x, masks: tf.reduce_max(masks, axis=[1, 2, 3])`.
        batch_size: rows of a batch over all workers; default: that of the dataset, if batched.
        batched: whether `dataset` holds batches; default: where its labels have an axis more
            than a label has, told from the unknown or common first axis of inputs and labels.
        memory_limit: bytes for the rows kept in memory. Classes are kept smallest first while
            they fit; each of the others reads the dataset once per pass.
        shares, seed, steps_per_epoch, shard, first_epoch, first_step: as in `feeds.balanced`.
            An epoch of a pass or more starts with a new pass. A shorter one goes on where the
            last one ended: rows that were shown already are read and left out. So it is when a
            feed is resumed; a dataset that shuffles itself anew cannot go on exactly.
    Returns: dataset of (x, y) or (x, y, weight); text labels come out as codes.
    Raises: DataError, TargetError, EmptyClassError, RequestError: with what to change.

    >>> rows = tf.data.Dataset.from_tensor_slices((np.zeros((100, 3)), np.arange(100) % 10 == 0))
    >>> feed = rebalance(rows, batch_size=8)
    >>> [x.shape for x in next(iter(feed))], len(feed), feed.trained_on
    ([TensorShape([8, 3]), TensorShape([8])], 23, (0.5, 0.5))
    """
    _check(dataset)
    spec = dataset.element_spec
    batched = _is_batched(spec) if batched is None else batched
    dataset = without_ragged(dataset)
    blocks = dataset if batched else in_blocks(dataset, _block_rows(spec))
    if batch_size is None:
        batch_size = _rows(next(iter(blocks))) if batched else 1024
    choose = chooser(by, spec[1])
    classes, numbers = _counted(blocks, counts, choose)
    q = target_shares(shares, classes, numbers)
    check_present(q, batch_size, classes)
    check_shard(shard, batch_size, drop_remainder=True)
    schedule = Schedule.make(q, batch_size)
    steps = steps_per_epoch or schedule.steps_to_show(numbers)

    # Not converted, else our errors arrive as AutoGraph's.
    plainly = tf.autograph.experimental.do_not_convert
    coded = blocks.map(plainly(lambda *row: _coded(row, classes, choose, own=by is None)))
    kept, memory, shapes, weights = _collected(coded, numbers, q, memory_limit)
    coded = coded.map(plainly(lambda codes, row: (codes, _all_padded(row, shapes))))
    ends = np.cumsum([0, *(numbers[code] for code in kept)])
    per_epoch = schedule.before(np.int64(steps)).tolist()
    feed = mixed(
        schedule,
        steps,
        memory,
        {code: np.arange(ends[i], ends[i + 1]) for i, code in enumerate(kept)},
        {
            code: _stream(coded, code, rows, per_epoch[code])
            for code, rows in enumerate(numbers)
            if code not in kept
        },
        seed=seed,
        first_epoch=first_epoch,
        first_step=first_step,
        shard=shard,
    )
    info = FeedInfo(
        classes=classes,
        counts=tuple(numbers),
        trained_on=weighted_shares(q, weights),
        batch_size=batch_size // shard[1],
        steps_per_epoch=steps,
        rows_per_epoch=tuple(per_epoch),
    )
    return attach(feed, info)


def _check(dataset: Any) -> None:
    if not isinstance(dataset, tf.data.Dataset):
        raise RequestError(
            f"rebalance takes a tf.data.Dataset, not {type(dataset).__name__}; "
            "for arrays there is feeds.balanced"
        )
    spec = dataset.element_spec
    if not isinstance(spec, tuple) or len(spec) not in (2, 3):
        raise RequestError(
            f"the dataset holds {str(spec)[:120]}; give (inputs, labels) or (inputs, labels, "
            "weights)"
        )
    if dataset.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise RequestError("the dataset never ends; give it before .repeat()")


def _is_batched(spec: tuple) -> bool:
    """Whether the first axis of inputs and labels is one of rows."""
    if any(leaf.shape.rank == 0 for leaf in keras.tree.flatten(spec[1])):
        return False
    leaves = keras.tree.flatten(spec)
    ranks = {leaf.shape.rank for leaf in leaves}
    rows = {leaf.shape[0] if leaf.shape.rank else 0 for leaf in leaves}
    # A vector with a one-hot label of the same length looks like a batch of numbers with classes.
    if None in ranks or (ranks == {1} and len(rows) == 1 and rows != {None}):
        raise RequestError(
            "whether the dataset holds single elements or batches cannot be told from its shapes; "
            "give batched=True or batched=False"
        )
    return len(rows) == 1


def _block_rows(spec: tuple) -> int:
    """Elements of a block: a thousand, or fewer where they are large or of unknown size."""
    shapes = [leaf.shape.as_list() for leaf in keras.tree.flatten(spec)]
    if any(None in shape for shape in shapes):
        return 32
    size = sum(8 * math.prod(shape) for shape in shapes)
    return int(np.clip(_BLOCK_BYTES // size, 1, 1024))


def _rows(nest: Any) -> int:
    return int(keras.tree.flatten(nest)[0].shape[0])


def chooser(by: By, labels: Any) -> Callable[[Any, Any], Any]:
    """The function of (inputs, labels) that says what to balance on.

    Raises: RequestError: several outputs and no `by`, or one that is not there.
    """
    if callable(by):
        return tf.autograph.experimental.do_not_convert(by)
    several = isinstance(labels, Mapping | tuple | list)
    names = (
        list(labels) if isinstance(labels, Mapping) else list(range(len(labels) if several else 0))
    )
    if by is None and not several:
        return lambda _, y: y
    if by not in names:
        raise RequestError(
            f"by = {by!r} with labels "
            + (f"{names}; name one of them, or" if several else "of one output;")
            + " give by= a function (inputs, labels) of a batch that gives one class per row"
        )
    return lambda _, y: y[by]


def _all_padded(row: tuple, shapes: list[Any]) -> tuple:
    leaves = [
        padded_in_graph(leaf, shape)
        for leaf, shape in zip(keras.tree.flatten(row), shapes, strict=True)
    ]
    return keras.tree.pack_sequence_as(row, leaves)


def _counted(
    blocks: Any, counts: Mapping[Hashable, int] | None, choose: Callable[[Any, Any], Any]
) -> tuple[tuple[Hashable, ...], list[int]]:
    """Labels in order and the rows of each, from the user or from the data."""
    if counts is not None:
        classes = tuple(sorted(counts))  # type: ignore[type-var]
        return classes, [int(counts[label]) for label in classes]
    plainly = tf.autograph.experimental.do_not_convert
    labels = [part.numpy() for part in blocks.map(plainly(lambda x, y, *_: choose(x, y)))]
    if not labels:
        raise DataError("the dataset is empty; give one with rows")
    classes, codes = class_codes(np.concatenate(labels))
    readable = tuple(label.decode() if isinstance(label, bytes) else label for label in classes)
    return readable, np.bincount(codes, minlength=len(classes)).tolist()


def _coded(
    row: tuple, classes: tuple, choose: Callable[[Any, Any], Any], *, own: bool
) -> tuple[Any, tuple]:
    """Class codes, -1 for an unknown label; and the row, its `own` text labels as codes."""
    labels = choose(row[0], row[1])
    if labels.shape.rank == 2 and labels.shape[1] != 1:
        return tf.argmax(labels, axis=1, output_type=tf.int32), row
    try:
        known = tf.constant(classes, labels.dtype)
    except (TypeError, ValueError) as error:
        raise RequestError(
            f"counts names {', '.join(map(repr, classes[:5]))}, but labels are "
            f"{labels.dtype.name}; give the counts by label as it stands in the dataset"
        ) from error
    same = tf.equal(tf.reshape(labels, [-1, 1]), known)
    codes = tf.argmax(tf.cast(same, tf.int32), axis=1, output_type=tf.int32)
    codes = tf.where(tf.reduce_any(same, axis=1), codes, -1)
    return codes, (row[0], codes, *row[2:]) if own and labels.dtype == tf.string else row


def _collected(
    coded: Any, counts: list[int], shares: NDArray[np.float64], memory_limit: int
) -> tuple[list[int], Any, list[Any], list[float] | None]:
    """The classes kept in memory, their rows one class after the other; shapes; mean weights."""
    kept: list[int] | None = None
    parts: dict[int, list[Any]] = {}
    seen, weight = np.zeros(len(counts), np.int64), np.zeros(len(counts))
    sizes: list[set[tuple[int, ...]]] = []
    for codes, row in coded.as_numpy_iterator():
        leaves = keras.tree.flatten(row)
        sizes = [
            old | {leaf.shape[1:]}
            for old, leaf in zip(sizes or [set()] * len(leaves), leaves, strict=True)
        ]
        if kept is None:
            size = sum(leaf.nbytes for leaf in keras.tree.flatten(row)) / len(codes)
            kept = keep_in_memory(dict(enumerate(counts)), shares, size, memory_limit)
            first = keras.tree.map_structure(lambda leaf: leaf[:1], row)
            parts = {code: [] for code in kept}
        if (codes < 0).any():
            raise TargetError("a label is not among those of counts; name every class, or none")
        seen += np.bincount(codes, minlength=len(counts))
        if len(row) == 3:
            weight += np.bincount(codes, weights=row[2], minlength=len(counts))
        for code in kept:
            mine = codes == code
            if mine.any():
                parts[code].append(keras.tree.map_structure(lambda leaf, at=mine: leaf[at], row))
    if kept is None or seen.tolist() != counts:
        raise DataError(
            f"the dataset holds {seen.tolist()} rows of its classes where {counts} were counted; "
            "give the counts of these very rows, or none, and rows that are the same every time"
        )
    # Where nothing is kept there must still be something to gather from.
    pieces = [piece for code in kept for piece in parts[code]] or [first]
    shapes = [longest(list(each)) for each in sizes]
    columns = zip(*(keras.tree.flatten(piece) for piece in pieces), strict=True)
    memory = keras.tree.pack_sequence_as(
        first,
        [
            np.concatenate([padded(leaf, shape) for leaf in leaves])
            for leaves, shape in zip(columns, shapes, strict=True)
        ],
    )
    return kept, memory, shapes, (weight / seen).tolist() if len(row) == 3 else None


def _stream(coded: Any, code: int, rows: int, per_epoch: int) -> Stream:
    """The rows of one class, batch by batch, pass after pass.

    An epoch of a pass or more starts with a whole pass, so that it shows every row also where the
    dataset shuffles itself anew; a shorter one goes on where the last one ended.
    """

    @tf.autograph.experimental.do_not_convert
    def mine(codes: Any, row: tuple) -> tuple:
        return keras.tree.map_structure(lambda leaf: tf.boolean_mask(leaf, codes == code), row)

    @tf.autograph.experimental.do_not_convert
    def drop(left: Any, row: tuple) -> tuple[Any, tuple]:
        size = tf.minimum(left, tf.shape(keras.tree.flatten(row)[0], tf.int64)[0])
        return left - size, keras.tree.map_structure(lambda leaf: leaf[size:], row)

    def stream(given: Any) -> Any:
        shown = (given % per_epoch if per_epoch >= rows else given) % rows
        parts = coded.map(mine).repeat().scan(shown, drop)
        return parts.filter(
            tf.autograph.experimental.do_not_convert(
                lambda *row: tf.shape(keras.tree.flatten(row)[0])[0] > 0
            )
        ).prefetch(1)

    return stream
