"""Balanced and natural batches of data in memory, as a `tf.data.Dataset`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from steelyard._tensorflow import keras, tf
from steelyard.errors import RequestError
from steelyard.feeds.columns import Nest
from steelyard.feeds.core import Augment, Core, make_core
from steelyard.feeds.epochs import epochs
from steelyard.feeds.gather import Block, gather
from steelyard.feeds.info import attach
from steelyard.feeds.python_calls import stateless
from steelyard.feeds.shares import Shares

# Taken at once: a block should fit the processor's cache on its way into batches, and smaller ones
# take more processor time (`benchmarks/feeds.py --blocks`).
_BLOCK_BYTES = 2 << 20
_BLOCK_BATCHES = 64


def balanced(
    X: Any,
    y: Any,
    batch_size: int = 1024,
    shares: Shares = "uniform",
    *,
    seed: int = 0,
    sample_weight: Any = None,
    by: Any = None,
    steps_per_epoch: int | None = None,
    drop_remainder: bool = True,
    shard: tuple[int, int] = (0, 1),
    augment: Augment | None = None,
    allow_absent: bool = False,
    first_epoch: int = 0,
    first_step: int = 0,
) -> Any:
    """Batches with exact class shares, as a finite `tf.data.Dataset` for `model.fit`.

    Every row of a class comes once per pass before any comes twice, each pass in a new order; so
    no majority row is thrown away and every epoch shows new repeats. An epoch lasts until each
    row of the slowest class has come once. The dataset carries `info`, `trained_on` and
    `deployed_on`: `layers.PriorCorrection(feed.trained_on, feed.deployed_on)`.

    Args:
        X: array (rows, ...), dict or list of such, a numeric frame, a sparse matrix, or anything
            on disk that is indexed like an array. Arrays are copied once into a tensor; memory
            maps, sparse matrices and files are read batch by batch.
        y: labels of any kind, one per row, or one-hot rows. Text comes out as int32 codes, the
            positions in `feed.info.classes`; all else as it is.
        batch_size: rows of a batch over all workers.
        shares: `"uniform"`, `"sqrt"`, `"natural"`, a power of the class count, or a dict
            class -> share. Rows that a share does not fill evenly rotate among the classes.
        seed: chooses the order. Equal seeds give equal batches.
        sample_weight: one per row, shape (rows,).
        by: what to balance on, shape (rows,), where that is not y.
        steps_per_epoch: batches per epoch, instead of the rule above. The next epoch goes on
            where the last one ended.
        drop_remainder: True: every batch is full, shapes are static. False: the last batch of an
            epoch is as short as it comes, and the batch dimension is None.
        shard: (index, workers): this worker's part; the parts together are the batches of one.
        augment: `feeds.SMOTE()`, `feeds.Mixup()`, `feeds.Remix()`, or a function
            (inputs, seed) -> inputs, or (inputs, labels, seed) -> (inputs, labels) for masks that
            turn with their image, applied to rows that have been shown before. `seed` is an int32
            pair for `tf.random.stateless_*` and `tf.image.stateless_*`.
        allow_absent: let classes rotate through batches too small to hold all of them.
        first_epoch, first_step: where the first iteration starts, to resume. A step beyond an
            epoch counts on, so `first_step=int(model.optimizer.iterations)` goes on where a
            saved model stopped. A `tf.train.Checkpoint` of the iterator works as well.
    Returns: dataset of (X, y) or (X, y, sample_weight).
    Raises: RequestError, TargetError, DataError, EmptyClassError: with what to change.

    >>> feed = balanced(np.zeros((100, 3), "float32"), np.arange(100) % 10 == 0, batch_size=8)
    >>> [x.shape for x in next(iter(feed))], feed.trained_on, feed.deployed_on
    ([TensorShape([8, 3]), TensorShape([8])], (0.5, 0.5), (0.9, 0.1))
    """
    core = make_core(
        X,
        y,
        batch_size=batch_size,
        shares=shares,
        seed=seed,
        sample_weight=sample_weight,
        by=by,
        steps_per_epoch=steps_per_epoch,
        drop_remainder=drop_remainder,
        shard=shard,
        augment=augment,
        allow_absent=allow_absent,
    )
    return attach(to_dataset(core, first_epoch, first_step), core.info)


def natural(
    X: Any,
    y: Any,
    batch_size: int = 1024,
    *,
    seed: int = 0,
    sample_weight: Any = None,
    by: Any = None,
    steps_per_epoch: int | None = None,
    drop_remainder: bool = True,
    shuffle: bool = True,
    shard: tuple[int, int] = (0, 1),
    augment: Augment | None = None,
    first_epoch: int = 0,
    first_step: int = 0,
) -> Any:
    """Batches of the data as they are: every row once per pass, each pass in a new order.

    Arguments and result are those of `balanced`. With `drop_remainder=True` every batch is full
    and the last one of a pass reaches into the next; with False every epoch is exactly the data.
    `shuffle=False` keeps the order of the rows, for evaluation.

    >>> feed = natural(np.zeros((10, 3), "float32"), np.arange(10) % 5 == 0, batch_size=4)
    >>> len(feed), feed.trained_on
    (3, (0.8, 0.2))
    """
    core = make_core(
        X,
        y,
        batch_size=batch_size,
        shares=None,
        seed=seed,
        sample_weight=sample_weight,
        by=by,
        steps_per_epoch=steps_per_epoch,
        drop_remainder=drop_remainder,
        shuffle=shuffle,
        shard=shard,
        augment=augment,
    )
    return attach(to_dataset(core, first_epoch, first_step), core.info)


def to_dataset(core: Core, first_epoch: int = 0, first_step: int = 0) -> Any:
    """The batches of a core: sampled and taken in numpy block by block, then cut into batches."""
    steps = core.info.steps_per_epoch
    block = _batches_per_block(core)
    sample = _parts(core, gather(core, 0, 0, 1))
    kinds = [_kind(part) for part in keras.tree.flatten(sample)]

    def draw(epoch: np.int64, first: np.int64) -> list[np.ndarray]:
        last = min(int(first) + block, steps)
        return keras.tree.flatten(_parts(core, gather(core, int(epoch), int(first), last)))

    @tf.autograph.experimental.do_not_convert
    def draw_in_graph(epoch: Any, first: Any) -> Any:
        flat = stateless(draw, [epoch, first], kinds)
        parts = keras.tree.pack_sequence_as(sample, flat)
        return keras.tree.map_structure(
            lambda part, like: tf.ensure_shape(part, [None, *like.shape[1:]]), parts, sample
        )

    @tf.autograph.experimental.do_not_convert  # else our errors arrive as AutoGraph's
    def finish(parts: dict[str, Any]) -> tuple[Any, ...]:
        nest = parts["nest"]
        if core.repeat_map is not None:
            mapped = _map_repeats(core.repeat_map, nest[:2], parts["again"], parts["seed"])
            nest = (*mapped, *nest[2:])
        if "there" in parts:
            nest = keras.tree.map_structure(
                lambda leaf: tf.boolean_mask(leaf, parts["there"]), nest
            )
        return nest

    blocks = epochs(steps, block, first_epoch, first_step).map(draw_in_graph)
    if set(sample) == {"nest"}:
        data = blocks.map(lambda parts: parts["nest"]).unbatch()
    else:
        # A plain cut is quicker than handing it to another thread; a user's function is not.
        threads = None if core.repeat_map is None else tf.data.AUTOTUNE
        data = blocks.unbatch().map(finish, num_parallel_calls=threads)
    data = data.prefetch(2 * block)
    if first_step % steps:
        return data  # the first epoch is shorter than the others
    return data.apply(tf.data.experimental.assert_cardinality(steps))


def _batches_per_block(core: Core) -> int:
    """Batches taken at once: enough to hide the overhead, few enough to stay in the cache."""
    sample = gather(core, 0, 0, 1).nest
    size = sum(leaf.nbytes for leaf in keras.tree.flatten(sample))
    return max(1, min(_BLOCK_BYTES // max(size, 1), _BLOCK_BATCHES))


def _parts(core: Core, block: Block) -> dict[str, Any]:
    """What travels with a batch: only what is needed, as each array costs time per batch."""
    parts: dict[str, Any] = {"nest": block.nest}
    sampled = block.sampled
    if core.sampler.last_rows is not None:
        parts["there"] = sampled.rows >= 0
    if core.repeat_map is not None:
        parts["again"] = sampled.passes > 0
        parts["seed"] = sampled.seeds.view(np.int32).reshape(-1, 2)
    return parts


def _kind(part: np.ndarray) -> Any:
    return tf.string if part.dtype.kind in "OUS" else tf.as_dtype(part.dtype)


def _map_repeats(function: Callable, given: tuple[Nest, Nest], again: Any, seed: Any) -> Nest:
    """The user's function where a row is shown again, the row itself where it is new."""
    mapped = tuple(function(*given, seed))
    keras.tree.assert_same_structure(given, mapped)

    def choose(old: Any, new: Any) -> Any:
        if old.dtype != new.dtype or not old.shape.is_compatible_with(new.shape):
            raise RequestError(
                f"augment turned {old.dtype.name} of shape {old.shape} into {new.dtype.name} of "
                f"shape {new.shape}; it must keep both, as first showings are not augmented"
            )
        return tf.where(tf.reshape(again, [-1] + [1] * (len(old.shape) - 1)), new, old)

    return keras.tree.map_structure(choose, given, mapped)
