"""What every in-memory feed is made of, whichever framework hands its batches out."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard._keras import keras
from steelyard.errors import RequestError
from steelyard.feeds.batch_sampler import BatchSampler
from steelyard.feeds.blend import Blend
from steelyard.feeds.columns import Nest, as_nest, check_lengths, class_codes, prepare, row_count
from steelyard.feeds.info import FeedInfo, weighted_shares
from steelyard.feeds.schedule import Schedule
from steelyard.feeds.shares import Shares, target_shares

Augment = Blend | Callable[..., Any]
PLAIN = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True)
class Core:
    """Inputs, labels and weights as one nest, the rows of every batch, and the facts."""

    data: tuple[Nest, ...]
    codes: NDArray[np.int32]
    sampler: BatchSampler
    info: FeedInfo
    blend: Blend | None
    repeat_map: Callable[[Any, Any, Any], tuple[Any, Any]] | None


def make_core(
    X: Any,
    y: Any,
    *,
    batch_size: int,
    shares: Shares | None,
    seed: int,
    sample_weight: Any = None,
    by: Any = None,
    steps_per_epoch: int | None = None,
    drop_remainder: bool = True,
    shuffle: bool = True,
    shard: tuple[int, int] = (0, 1),
    augment: Augment | None = None,
    allow_absent: bool = False,
) -> Core:
    """Check the request and work everything out; `shares=None` is the natural order of rows."""
    inputs = keras.tree.map_structure(prepare, as_nest(X))
    classes, codes = class_codes(y if by is None else by)
    labels = _labels(y, codes)
    weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float32)
    data = (inputs, labels) if weights is None else (inputs, labels, weights)
    rows = row_count(data)
    check_lengths(rows, codes)
    check_shard(shard, batch_size, drop_remainder=drop_remainder)

    counts = np.bincount(codes, minlength=len(classes))
    rows_of = (
        [np.arange(rows)]
        if shares is None
        else [np.flatnonzero(codes == code) for code in range(len(classes))]
    )
    q = np.ones(1) if shares is None else target_shares(shares, classes, counts.tolist())
    if shares is not None and not allow_absent:
        check_present(q, batch_size, classes)
    schedule = Schedule.make(q, batch_size)
    sizes = [part.size for part in rows_of]
    steps = steps_per_epoch or schedule.steps_to_show(sizes)
    last = schedule.rows_of_last_batch(sizes)
    # Only an epoch of our own length has a last batch to cut short.
    short = None if drop_remainder or steps_per_epoch or last == batch_size else last
    sampler = BatchSampler(
        rows_of, schedule, seed=seed, steps=steps, last_rows=short, shuffle=shuffle, shard=shard
    )
    shown = sampler.rows_per_epoch()
    if shares is None:
        q = counts / rows
        shown = np.round(shown * q).astype(np.int64)
    blend, repeat_map = _augmentation(augment, inputs, rows_of, q)
    info = FeedInfo(
        classes=classes,
        counts=tuple(counts.tolist()),
        trained_on=weighted_shares(q, mean_weights(weights, codes, counts)),
        batch_size=sampler.batch_size,
        steps_per_epoch=steps,
        rows_per_epoch=tuple(shown.tolist()),
    )
    return Core(data, codes.astype(np.int32), sampler, info, blend, repeat_map)


def _labels(y: Any, codes: NDArray) -> Nest:
    """Labels as they are, but text as class codes: no Keras loss takes strings."""
    nest = as_nest(y, "y")
    if isinstance(nest, np.ndarray) and nest.dtype.kind in "OUST":
        return codes.astype(np.int32)
    return nest


def mean_weights(weights: NDArray | None, codes: NDArray, counts: NDArray) -> list[float] | None:
    """Mean sample weight of each class, or None without weights."""
    if weights is None:
        return None
    if weights.ndim != 1:
        raise RequestError(
            f"sample_weight has shape {weights.shape}; give one weight per row, shape (rows,)"
        )
    return (np.bincount(codes, weights=weights, minlength=counts.size) / counts).tolist()


def check_present(shares: NDArray, batch_size: int, classes: tuple) -> None:
    """Raise where some batch would hold no row of some class."""
    rarest = int(np.argmin(shares))
    if shares[rarest] * batch_size < 1 - 1e-9:
        raise RequestError(
            f"batch_size = {batch_size} gives class {classes[rarest]!r} less than one row per "
            f"batch at a share of {shares[rarest]:.3%}; use a batch size of "
            f"{int(np.ceil(1 / shares[rarest] - 1e-9)):,} or more, a larger share, or "
            "allow_absent=True"
        )


def check_shard(shard: tuple[int, int], batch_size: int, *, drop_remainder: bool) -> None:
    """Raise where a batch cannot be dealt out evenly."""
    at, workers = shard
    if not 0 <= at < workers or batch_size % workers:
        raise RequestError(
            f"shard = {shard} with batch_size = {batch_size}; give (index, workers) with "
            "0 <= index < workers and a batch size that the workers divide evenly"
        )
    if workers > 1 and not drop_remainder:
        raise RequestError(
            "a short last batch cannot be dealt out evenly; use drop_remainder=True with shard"
        )


def _augmentation(
    augment: Augment | None, inputs: Nest, rows_of: list, shares: NDArray
) -> tuple[Blend | None, Callable[[Any, Any, Any], tuple[Any, Any]] | None]:
    if augment is None:
        return None, None
    if isinstance(augment, Blend):
        return augment.fit(inputs, rows_of, shares), None
    if not callable(augment):
        raise RequestError(
            f"augment = {augment!r}; give a function (inputs, seed) -> inputs, one of (inputs, "
            "labels, seed) -> (inputs, labels), or feeds.SMOTE(), feeds.Mixup(), feeds.Remix()"
        )
    return None, _of_both(augment)


def _of_both(function: Callable[..., Any]) -> Callable[[Any, Any, Any], tuple[Any, Any]]:
    """The user's function with inputs and labels in and out, whichever of the two it maps."""
    arguments = inspect.signature(function).parameters.values()
    needed = [one for one in arguments if one.default is one.empty and one.kind in PLAIN]
    if len(needed) == 3:
        return function
    return lambda inputs, labels, seed: (function(inputs, seed), labels)
