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
from steelyard.feeds.replica import Part, Work, forget, slice_gradient
from steelyard.feeds.shares import Shares
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
    if not model.built:
        model.build((None, len(facts.names)))
    model.optimizer.build(model.trainable_variables)
    request = _request(feed, facts.info.counts, model)
    done = Progress(request)
    if saved_to is not None and saved_to.exists():
        done = checkpoints.load(saved_to, model, request)

    def save() -> None:
        if saved_to is not None:
            checkpoints.save(saved_to, model, done)

    training = _Training(model, done, facts.info.steps_per_epoch, epochs, validation_data)
    with executor_for(cluster) as executor:
        slices = _slices(workers, executor, batch_size)
        work = Work(secrets.token_hex(8), *_written_down(model), feed, slices)
        try:
            step = _step(executor, work, model)
            history = training.run(step, callbacks, save, checkpoint_every, verbose)
        finally:
            forget(work.name)
    return attach(history, facts.info)


class _Training:
    """The loop over epochs and batches; it knows no workers and no files."""

    def __init__(
        self, model: Any, done: Progress, steps: int, epochs: int, validation: Any
    ) -> None:
        self.model = model
        self.done = done
        self.steps = steps
        self.epochs = epochs
        self.validation = keras.utils.unpack_x_y_sample_weight(validation)

    def run(
        self,
        step: Callable[[int], float],
        callbacks: Sequence[Any],
        save: Callable[[], None],
        save_every: int,
        verbose: int,
    ) -> Any:
        """Train from where it stands to the end; the history of all epochs."""
        model, done = self.model, self.done
        history = keras.callbacks.History()
        told = keras.callbacks.CallbackList(
            [*callbacks, history], add_progbar=verbose != 0, model=model,
            verbose=verbose, epochs=self.epochs, steps=self.steps,
        )  # fmt: skip
        model.stop_training = False
        told.on_train_begin()
        for epoch, logs in enumerate(done.epochs):
            history.on_epoch_end(epoch, logs)
        if done.stopped or done.step >= self.epochs * self.steps:
            return history
        while not done.stopped and done.step < self.epochs * self.steps:
            epoch, first = divmod(done.step, self.steps)
            told.on_epoch_begin(epoch)
            for number in range(first, self.steps):
                told.on_train_batch_begin(number)
                done.loss += step(done.step)
                done.step += 1
                told.on_train_batch_end(number, {"loss": done.loss / (number + 1)})
                if model.stop_training:
                    break
                if done.step % save_every == 0 and number + 1 < self.steps:
                    save()
            logs = {"loss": done.loss / (number + 1)} | self._validated()
            told.on_epoch_end(epoch, logs)
            done.epochs.append({name: float(value) for name, value in logs.items()})
            done.loss, done.stopped = 0.0, bool(model.stop_training)
            if not done.stopped and done.step < self.epochs * self.steps:
                save()
        model.optimizer.finalize_variable_values(model.trainable_weights)
        told.on_train_end(logs)
        save()  # what callbacks did at the end, too
        return history

    def _validated(self) -> dict[str, float]:
        x, y, sample_weight = self.validation
        if x is None:
            return {}
        found = self.model.evaluate(
            x, y, sample_weight=sample_weight, verbose=0, return_dict=True
        )
        return {f"val_{name}": value for name, value in found.items()}


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
        raise RequestError(
            f"the model cannot be built again by the workers ({error}); build it of Keras' "
            "layers, or give its class get_config"
        ) from error
