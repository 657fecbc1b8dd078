"""A copy of the driver's model on a worker, and the gradient of a slice of one batch.

The worker keeps nothing that counts: the weights come with every call, the batch follows from its
number, and chance from (seed, step, slice). So any worker can compute any slice, again if need be,
and one that was lost is replaced by one that knows nothing.
"""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard._tensorflow import keras, tf
from steelyard.errors import RequestError
from steelyard.feeds.parquet import from_parquet
from steelyard.sampling_plan import derive

Arrays = list[Any]  # numpy arrays; None for the gradient of a weight that the loss does not use


@dataclass(frozen=True)
class Work:
    """What a worker has to know of a training once.

    Attributes:
        name: of this training alone.
        model: the compiled model as Keras writes it down, without weights.
        classes: classes of the user's own that it is made of, by the names Keras looks for.
        feed: arguments of `from_parquet`.
        slices: parts of every batch.
    """

    name: str
    model: dict[str, Any]
    classes: Mapping[str, Any]
    feed: Mapping[str, Any]
    slices: int


@dataclass(frozen=True)
class Part:
    """What a slice gives: mean loss and its gradient, and weights that move without a gradient."""

    rows: int
    loss: float
    gradients: Arrays
    moved: Arrays


_replicas: dict[str, "Replica"] = {}  # the one of the training at hand


def slice_gradient(work: Work, weights: Arrays, step: int, number: int) -> Part:
    """The gradient of the `number`-th slice of batch `step`, counted through all epochs."""
    if work.name not in _replicas:
        _replicas.clear()
        _replicas[work.name] = Replica(work)
    return _replicas[work.name].gradient(weights, step, number)


def forget(name: str) -> None:
    """Let go of a training that ran in this process."""
    _replicas.pop(name, None)


class Replica:
    """The model and the feed of one training on this worker."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.model = _rebuilt(work)
        self._batches: Iterator[tuple[Any, Any]] = iter(())
        self._batch: tuple[Any, Any] = ((), ())
        self._at = np.inf  # number of that batch; none yet
        self.seeds, self._compute = _gradient_of(self.model)

    def gradient(self, weights: Arrays, step: int, number: int) -> Part:
        """As `slice_gradient`."""
        # Every slice drops units of its own, the same ones when it is computed again.
        seeds = derive(self.work.feed["seed"], 1 << 43, step, number, np.arange(self.seeds))
        x, y = self.batch(step)
        rows = len(y)
        mine = slice(number * rows // self.work.slices, (number + 1) * rows // self.work.slices)
        tensors = [tf.constant(one) for one in weights]
        loss, gradients, moved = self._compute(
            tensors, tf.constant(seeds.view(np.uint32).reshape(-1, 2)), x[mine], y[mine]
        )
        return Part(
            mine.stop - mine.start,
            float(loss),
            [None if one is None else tf.convert_to_tensor(one).numpy() for one in gradients],
            [one.numpy() for one in moved],
        )

    def batch(self, step: int) -> tuple[Any, Any]:
        """Batch `step`, reading on from the last one asked for.

        All of it, and not one slice's part: which slice is asked for depends on who is free.
        """
        if step < self._at:
            feed = from_parquet(**self.work.feed, first_step=step)
            self._batches = _epoch_after_epoch(feed)
            self._at = step - 1
        while self._at < step:
            self._batch = next(self._batches)
            self._at += 1
        return self._batch


def built(model: Any, columns: int) -> Any:
    """The model with its weights; one without `Input` makes them when it sees rows."""
    if not model.built:
        model(tf.zeros((1, columns)))
    return model


def _rebuilt(work: Work) -> Any:
    """The model as the worker has it. Raises: RequestError: it lacks one of its classes."""
    try:
        model = keras.saving.deserialize_keras_object(
            work.model, custom_objects=dict(work.classes), safe_mode=False
        )
    except (TypeError, ValueError, ImportError) as error:
        line = " ".join(str(error).split())[:300]
        raise RequestError(
            f"a worker cannot build the model again ({line}); put classes and losses of your own "
            "into a module that workers can import, under register_keras_serializable"
        ) from error
    return built(model, len(work.feed["columns"]))


def _epoch_after_epoch(feed: Any) -> Iterator[tuple[Any, Any]]:
    while True:
        yield from feed


def _gradient_of(model: Any) -> tuple[int, Any]:
    """How many seeds the model draws from, and what `fit` computes in a step, as a graph.

    (weights, seeds, x, y) -> loss, gradients, the weights that have none.
    """
    states = [one for one in model.variables if one.name == "seed_generator_state"]
    options = {"training": True} if "training" in inspect.signature(model.call).parameters else {}

    @tf.function
    def compute(weights: list[Any], seeds: Any, x: Any, y: Any) -> tuple[Any, list, list]:
        for variable, value in zip(model.weights, weights, strict=True):
            variable.assign(value)
        for i, state in enumerate(states):
            state.assign(seeds[i])
        with tf.GradientTape() as tape:
            y_pred = model(x, **options)
            loss = model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=None)
        gradients = tape.gradient(loss, model.trainable_weights)
        moved = [tf.convert_to_tensor(one) for one in model.non_trainable_weights]
        return loss, gradients, moved

    return len(states), compute
