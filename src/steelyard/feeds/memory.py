"""Balanced and natural batches of data in memory, as a `tf.data.Dataset`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from steelyard._tensorflow import keras, tf
from steelyard.errors import RequestError
from steelyard.feeds.columns import Nest, numpy_take, stays_outside
from steelyard.feeds.core import Augment, Core, make_core
from steelyard.feeds.epochs import epochs
from steelyard.feeds.info import attach
from steelyard.feeds.shares import Shares

Take = Callable[[Any], Any]

# Rows drawn at once: few enough to be ready in milliseconds, enough to hide Python's overhead.
_BLOCK_ROWS = 65_536


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
            (inputs, seed) -> inputs, applied to rows that have been shown before. `seed` is an
            int32 pair for `tf.random.stateless_*` and `tf.image.stateless_*`.
        allow_absent: let classes rotate through batches too small to hold all of them.
        first_epoch, first_step: where the first iteration starts, to resume; a
            `tf.train.Checkpoint` of the iterator works as well.
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
    """The batches of a core: row numbers block by block in numpy, rows gathered in the graph."""
    draws, steps = core.draws, core.info.steps_per_epoch
    static = None if draws.last_rows is not None else draws.batch_size
    block = max(1, _BLOCK_ROWS // draws.batch_size)
    takes = keras.tree.map_structure(lambda leaf: _taker(leaf, static), core.data)
    classes = tf.constant(core.codes) if core.blend and core.blend.mixes_labels else None

    specs = _place_specs(core, draws.batch_size)

    def draw(epoch: np.int64, first: np.int64) -> list[np.ndarray]:
        drawn, mix = core.drawn(int(epoch), int(first), min(int(first) + block, steps))
        parts: dict[str, np.ndarray] = {"rows": drawn.rows, "again": drawn.passes > 0}
        parts["seed"] = drawn.seeds.view(np.int32).reshape(-1, 2)
        if mix is not None:
            parts |= {"other": mix.rows, "keep_x": mix.keep_x, "keep_y": mix.keep_y}
        return [parts[name].astype(spec.dtype.as_numpy_dtype) for name, spec in specs.items()]

    @tf.autograph.experimental.do_not_convert
    def draw_in_graph(epoch: Any, first: Any) -> dict[str, Any]:
        kinds = [spec.dtype for spec in specs.values()]
        parts = tf.numpy_function(draw, [epoch, first], kinds, stateful=False)
        return {
            name: tf.ensure_shape(part, spec.shape)
            for (name, spec), part in zip(specs.items(), parts, strict=True)
        }

    @tf.autograph.experimental.do_not_convert  # else our errors arrive as AutoGraph's
    def batch(place: dict[str, Any]) -> tuple[Any, ...]:
        if static is None:
            there = place["rows"] >= 0
            place = {
                name: value if name == "seed" else tf.boolean_mask(value, there)
                for name, value in place.items()
            }
        out = keras.tree.map_structure(lambda take: take(place["rows"]), takes)
        if core.repeat_map is not None:
            out = (_map_repeats(core.repeat_map, out[0], place), *out[1:])
        if core.blend is not None:
            out = _mix(out, takes, place, classes, len(core.info.classes))
        return out

    # A plain gather is quicker than handing it to another thread.
    threads = tf.data.AUTOTUNE if core.repeat_map or core.blend else None
    data = epochs(steps, block, first_epoch, first_step).map(draw_in_graph).unbatch()
    data = data.map(batch, num_parallel_calls=threads).prefetch(tf.data.AUTOTUNE)
    if first_step:
        return data  # the first epoch is shorter than the others
    return data.apply(tf.data.experimental.assert_cardinality(steps))


def _place_specs(core: Core, batch_size: int) -> dict[str, Any]:
    """What is drawn for every batch: only what it takes, as each array costs time per batch."""
    index = tf.int32 if core.codes.size < 2**31 else tf.int64
    specs = {"rows": tf.TensorSpec([None, batch_size], index)}
    if core.repeat_map is not None:
        specs["again"] = tf.TensorSpec([None, batch_size], tf.bool)
        specs["seed"] = tf.TensorSpec([None, 2], tf.int32)
    if core.blend is not None:
        specs["other"] = tf.TensorSpec([None, batch_size], index)
        specs["keep_x"] = specs["keep_y"] = tf.TensorSpec([None, batch_size], tf.float32)
    return specs


def _taker(leaf: Any, static: int | None) -> Take:
    """A function rows -> values: a gather in the graph, or in numpy for what is no tensor."""
    if not stays_outside(leaf):
        with tf.device("CPU"):  # data on an accelerator would travel back for every gather
            tensor = tf.convert_to_tensor(leaf)
        return lambda rows: tf.gather(tensor, rows)
    kind = tf.as_dtype(leaf.dtype)

    def take(rows: Any) -> Any:
        values = tf.numpy_function(lambda at: numpy_take(leaf, at), [rows], kind, stateful=False)
        return tf.ensure_shape(values, [static, *leaf.shape[1:]])

    return take


def _map_repeats(function: Callable, inputs: Nest, place: dict[str, Any]) -> Nest:
    """The user's function where a row is shown again, the row itself where it is new."""
    mapped = function(inputs, place["seed"])
    keras.tree.assert_same_structure(inputs, mapped)

    def choose(old: Any, new: Any) -> Any:
        if old.dtype != new.dtype or not old.shape.is_compatible_with(new.shape):
            raise RequestError(
                f"augment turned inputs of shape {old.shape}, {old.dtype.name} into {new.shape}, "
                f"{new.dtype.name}; it must keep both, as first showings are not augmented"
            )
        return tf.where(tf.reshape(place["again"], [-1] + [1] * (len(old.shape) - 1)), new, old)

    return keras.tree.map_structure(choose, inputs, mapped)


def _mix(
    out: tuple, takes: tuple, place: dict[str, Any], classes: Any, n_classes: int
) -> tuple[Any, ...]:
    """First rows mixed with second rows; labels as soft one-hot rows if they are mixed."""

    def lerp(first: Any, take: Take) -> Any:
        if not first.dtype.is_floating:
            raise RequestError(
                f"mixing rows needs float inputs, not {first.dtype.name}; cast them to float32"
            )
        keep = tf.reshape(place["keep_x"], [-1] + [1] * (len(first.shape) - 1))
        keep = tf.cast(keep, first.dtype)
        return keep * first + (1 - keep) * take(place["other"])

    inputs = keras.tree.map_structure(lerp, out[0], takes[0])
    if classes is None:
        return (inputs, *out[1:])
    keep = place["keep_y"][:, None]
    mine = tf.one_hot(tf.gather(classes, place["rows"]), n_classes)
    other = tf.one_hot(tf.gather(classes, place["other"]), n_classes)
    return (inputs, keep * mine + (1 - keep) * other, *out[2:])
