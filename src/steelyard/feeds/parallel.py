"""Data-parallel training from files: workers compute gradients, this process applies their mean."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from steelyard._keras import refuse_legacy
from steelyard._tensorflow import keras, tf
from steelyard.errors import RequestError
from steelyard.executors import Executor, executor_for
from steelyard.feeds import checkpoint as checkpoints
from steelyard.feeds.checkpoint import Progress
from steelyard.feeds.info import attach
from steelyard.feeds.parquet import described
from steelyard.feeds.replica import Part, Work, built, forget, slice_gradient
from steelyard.feeds.shares import Shares
from steelyard.feeds.training_loop import TrainingLoop
from steelyard.tables.remote import is_address


def fit_parallel(
    model: Any,
    path: str | Path,
    target: str,
    batch_size: int = 1024,
    shares: Shares = "uniform",
    *,
    epochs: int = 1,
    cluster: Any = None,
    workers: int | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 1000,
    validation_data: Any = None,
    callbacks: Sequence[Any] = (),
    verbose: int = 1,
    seed: int = 0,
    columns: Sequence[str] | None = None,
    steps_per_epoch: int | None = None,
    memory_limit: int = 1 << 30,
    window_rows: int = 1 << 17,
) -> Any:
    """`model.fit(feeds.from_parquet(path, target, ...), epochs=epochs)` on several workers.

    Every batch has the exact class shares and is cut into `workers` slices. A worker computes the
    loss and the gradient of a slice; their mean, weighted by rows, is the gradient of the batch,
    and this process applies it with the model's optimizer. So the weights are those of `fit` on
    one process, up to rounding, where a row's loss depends on that row alone. What looks at
    several rows (batch normalization, losses over pairs) sees a slice, as under
    `tf.distribute`; dropout draws for each slice. They are the same wherever the slices
    are computed, as long as `workers` is.

    A worker that is lost costs nothing but time. A training that was killed goes on from its
    checkpoint when it is asked for again, and ends with the same weights.

    Args:
        model: compiled, of Keras' layers or of classes that Keras can load again. It is trained
            in place.
        epochs: in all, those of a checkpoint counted.
        cluster: None: this process; "processes"; with Ray "local", "auto", "ray://HOST:PORT"; or
            an executor. Workers compute on CPUs and read all files themselves.
        workers: slices of a batch; default: as many as the executor has workers.
        checkpoint: a `.keras` file with model, optimizer and progress; `keras.saving.load_model`
            reads it. Written at the end of every epoch and every `checkpoint_every` batches.
        validation_data: as `fit` takes it, a feed or arrays, evaluated here after each epoch.
        callbacks: of Keras, called here. They begin anew when a training goes on.
        verbose: 0: no progress bar.
        batch_size, shares, seed, columns, steps_per_epoch, memory_limit, window_rows: as in
            `from_parquet`.
    Returns: `keras.callbacks.History` as `fit` gives it, of the loss and what validation says;
        with the feed's `info`, `trained_on` and `deployed_on`.
    Raises: RequestError, DataError, TargetError, WorkerError: with what to change.
    """
    saved_to = checkpoints.checked_name(checkpoint)
    if epochs < 1 or checkpoint_every < 1:
        raise RequestError(
            f"epochs = {epochs}, checkpoint_every = {checkpoint_every}; either is 1 or more"
        )
    _check_model(model)
    path = path if is_address(path) else str(Path(path).absolute())  # as workers find it
    facts = described(
        path, target, batch_size, shares, columns=columns, steps_per_epoch=steps_per_epoch
    )
    feed = {
        "path": path, "target": target, "batch_size": batch_size, "shares": shares, "seed": seed,
        "columns": facts.names, "steps_per_epoch": facts.info.steps_per_epoch,
        "memory_limit": memory_limit, "window_rows": window_rows,
    }  # fmt: skip
    built(model, len(facts.names))
    model.optimizer.build(model.trainable_variables)
    done = Progress(_request(feed, facts.info.counts, model))
    if saved_to is not None and saved_to.exists():
        done = checkpoints.load(saved_to, model, done.request)

    def save() -> None:
        if saved_to is not None:
            checkpoints.save(saved_to, model, done)

    loop = TrainingLoop(
        model, done, facts.info.steps_per_epoch, epochs, validation_data, callbacks, verbose,
        save, checkpoint_every,
    )  # fmt: skip
    if not loop.finished:
        with executor_for(cluster) as executor:
            slices = _slices(workers, executor, batch_size)
            work = Work(secrets.token_hex(8), *_written_down(model), feed, slices)
            try:
                loop.run(_step(executor, work, model))
            finally:
                forget(work.name)
    return attach(loop.history(), facts.info)


def _step(executor: Executor, work: Work, model: Any) -> Callable[[int], float]:
    """A function of a batch's number that trains on it and gives its loss."""
    shared = executor.share(work)

    @tf.function
    def apply(gradients: list[Any]) -> None:
        model.optimizer.apply(gradients, model.trainable_weights)

    def step(number: int) -> float:
        weights = executor.share(model.get_weights())
        tasks = ((shared, weights, number, part) for part in range(work.slices))
        parts = list(executor.map(slice_gradient, tasks))
        apply([None if one is None else tf.constant(one) for one in _mean(parts, "gradients")])
        moved = _mean(parts, "moved")
        for weight, value in zip(model.non_trainable_weights, moved, strict=True):
            weight.assign(value)
        return float(sum(part.loss * part.rows for part in parts) / work.feed["batch_size"])

    return step


def _mean(parts: Sequence[Part], name: str) -> Iterator[Any]:
    """Arrays of all parts, averaged by rows, always in the same order."""
    rows = np.array([part.rows for part in parts])
    for same in zip(*(getattr(part, name) for part in parts), strict=True):
        if same[0] is None or same[0].dtype.kind != "f":
            yield same[0]  # not of the loss; or a counter, which counts alike everywhere
        else:
            shares = (rows / rows.sum()).astype(same[0].dtype)
            yield sum(share * value for share, value in zip(shares, same, strict=True))


def _check_model(model: Any) -> None:
    """Refuse what would train to something else than `fit` does."""
    refuse_legacy(model, "fit_parallel")
    if not isinstance(model, keras.Model) or not model.compiled:
        raise RequestError("fit_parallel takes a compiled Keras model: call model.compile first")
    if type(model).train_step is not keras.Model.train_step:
        raise RequestError(
            f"{type(model).__name__} has a train_step of its own, which fit_parallel does not "
            "call; override compute_loss instead, or train with model.fit"
        )
    losses = [one for one in keras.tree.flatten(model.loss) if isinstance(one, keras.losses.Loss)]
    odd = [one for one in losses if one.reduction not in ("sum_over_batch_size", "mean", "auto")]
    if odd:
        raise RequestError(
            f"the loss {odd[0].name!r} has the reduction {odd[0].reduction!r}; slices of a batch "
            'are averaged, so give reduction="sum_over_batch_size"'
        )
    if isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer):
        raise RequestError(
            "the optimizer scales losses for float16, which fit_parallel does not do; use the "
            'dtype policy "mixed_bfloat16" or "float32"'
        )


def _request(feed: dict[str, Any], counts: Sequence[int], model: Any) -> dict[str, Any]:
    """What a checkpoint must have been begun with; where the files lie may change."""
    shapes = [list(weight.shape) for weight in model.weights]
    return {
        **{name: value for name, value in feed.items() if name != "path"},
        "shares": repr(feed["shares"]),
        "rows of the classes": list(counts),
        "shapes of the weights": shapes,
        "optimizer": type(model.optimizer).__name__,
    }


def _slices(workers: int | None, executor: Executor, batch_size: int) -> int:
    slices = min(executor.workers, batch_size) if workers is None else workers
    if not 1 <= slices <= batch_size:
        raise RequestError(
            f"workers = {workers} with batch_size = {batch_size}; a batch is cut into 1 to "
            f"{batch_size} slices"
        )
    return slices


def _written_down(model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The model as Keras writes it down, and the user's classes that are registered with Keras."""
    registered = keras.saving.get_custom_objects()
    own = {
        name: one
        for name, one in registered.items()
        if not getattr(one, "__module__", "").startswith(("keras.", "steelyard."))
    }
    try:
        return keras.saving.serialize_keras_object(model), own
    except (NotImplementedError, TypeError, ValueError) as error:
        line = " ".join(str(error).split())[:300]
        raise RequestError(
            f"the model cannot be built again by the workers ({line}); build it of Keras' "
            "layers, or give its class get_config"
        ) from error
