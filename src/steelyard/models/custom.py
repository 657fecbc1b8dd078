"""The user's own Keras model in the same comparison: one `fit` a job, the same treatment."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax

from steelyard._tensorflow import keras
from steelyard.jobs.class_counts import at_least_half
from steelyard.jobs.job import Fitted, FittedMember, Job, Outcome, by_split
from steelyard.models.encoded_table import Encoded
from steelyard.models.encoding import Categories, encode
from steelyard.models.encoding_layer import TableEncoder
from steelyard.models.honours import OWN, Honours
from steelyard.models.inputs import core_inputs
from steelyard.models.members import Member, encoded, members_of, out_of_bag_probabilities, whole
from steelyard.models.own_model import OwnModel
from steelyard.tables import Table
from steelyard.techniques import Technique
from steelyard.techniques.sample import SampleIndices

EPOCHS = 50
PATIENCE = 5
BATCH = 512
HELD_BATCH = 8192


@dataclass(frozen=True)
class CustomTrainer:
    """Trains what `build(inputs, classes)` returns, a fresh Keras model each time.

    The model takes the encoded matrix (batch, inputs) and returns logits (batch, classes). Its
    own optimizer is used if it is compiled. Each job trains until the loss on held-out rows has
    not fallen for a few epochs, and keeps the best weights.
    """

    build: OwnModel

    @classmethod
    def of(cls, function: Callable[[int, int], Any]) -> "CustomTrainer":
        """A trainer of a function in Python."""
        return cls(OwnModel(function, getattr(function, "__qualname__", "own")))

    @property
    def name(self) -> str:
        """The function's."""
        return self.build.name

    @property
    def size(self) -> int:
        """One network a job."""
        return 1

    def for_table(
        self,
        table: Table,
        techniques: Sequence[Technique] = (),  # noqa: ARG002
    ) -> "CustomTrainer":
        """It is one network on every table; what does not fit this one is refused at once."""
        columns = len(table.schema.numbers) + 2 * len(table.schema.categories)
        self.build.check(max(2, columns), len(table.schema.classes))
        return self

    @property
    def holds_all(self) -> bool:
        """One network holds out one validation fold."""
        return False

    def lighter(self) -> None:
        """There is nothing to halve."""
        return

    def refuses(self, technique: Technique) -> str | None:
        """Losses of cosines, where the model does not end in them."""
        needs = OWN if self._gives_cosines else OWN - {"cosines"}
        advice = "end it in steelyard.layers.NormalizedDense, or use model='tabular'"
        return Honours("models without a last layer of cosines", needs, advice).refuses(technique)

    @cached_property
    def _gives_cosines(self) -> bool:
        """Whether the model ends in `NormalizedDense`, by one of a few columns and two classes."""
        from steelyard.layers import NormalizedDense

        return isinstance(self.build(4, 2).layers[-1], NormalizedDense)

    def run(
        self, table: Table, jobs: Sequence[Job], progress: Callable[[float], None]
    ) -> Iterator[Outcome]:
        done = 0
        for split, same in by_split(jobs):
            _, matrix = encoded(table, split)
            for job in same:
                start = time.perf_counter()
                model, member = self._train(table, matrix, job)
                uncorrected = _probabilities(model, matrix, split.test, member)
                done += 1
                progress(done / len(jobs))
                yield Outcome(job, uncorrected, time.perf_counter() - start, [member.resampled])

    def fit(
        self, table: Table, technique: Technique, seed: int, progress: Callable[[float], None]
    ) -> Fitted:
        split = whole(table)
        fitted, matrix = encoded(table, split)
        model, member = self._train(table, matrix, Job(technique, split, seed))
        progress(1.0)
        inputs = core_inputs(table)
        x = TableEncoder(fitted.to_dict(), name="encoder")(*inputs)
        logits = keras.layers.Rescaling(_scale(member), dtype="float32", name="logits")(model(x))
        uncorrected = keras.layers.Softmax(dtype="float32", name="class_shares")(logits)
        p = _probabilities(model, matrix, split.train, member)
        held = out_of_bag_probabilities(p[None], [member])
        core = keras.Model(inputs, uncorrected, name="steelyard.own_network")

        def shares(numbers: np.ndarray, categories: Categories) -> np.ndarray:
            rows = encode(fitted, numbers, categories)
            return _probabilities(model, rows, np.arange(len(rows)), member)

        asked = FittedMember(member.validation, shares)
        return Fitted(core, held, [member.resampled], [asked])

    def _train(self, table: Table, matrix: Encoded, job: Job) -> tuple[Any, Member]:
        classes = len(table.schema.classes)
        keras.utils.set_random_seed(hash_seed(job))
        model = self.build.built(matrix.shape[1], classes)
        (member,) = members_of(job, table, matrix, members=1)
        # Compiled and fitted from outside: the model itself is saved without a loss of ours.
        inputs = keras.Input((matrix.shape[1],))
        trained = keras.Model(inputs, model(inputs))
        labels = member.sampled.labels(table.y)
        counts = at_least_half(np.bincount(labels, member.weight, minlength=classes))
        loss = job.technique.loss.keras(counts)
        trained.compile(
            optimizer=model.optimizer if model.compiled else keras.optimizers.Adam(1e-3),
            loss=loss,
            jit_compile=False,
        )
        late = float(member.loss.more.get("late_from", 0.0))
        stop = EarlyStop(
            matrix[member.validation],
            table.y[member.validation],
            loss_on_natural_rows(member, loss),
            first_epoch=math.ceil(late * EPOCHS),
            weight=member.validation_weight,
        )
        callbacks = [stop, *job.technique.loss.callbacks(counts)]
        batches = SampledBatches(
            matrix, table.y, member.sampled, seed=hash_seed(job), weight=member.weight
        )
        trained.fit(batches, shuffle=False, epochs=EPOCHS, callbacks=callbacks, verbose=0)
        return model, member


HeldLoss = Callable[[np.ndarray, np.ndarray, np.ndarray | None], float]


def loss_on_natural_rows(member: Member, loss: Any) -> HeldLoss:
    """What a model is stopped by, of labels, logits and weights: log loss after the correction.

    Where no closed form corrects, the training loss itself.
    """
    numbers = member.validation_loss
    if member.loss.trained_prior(np.ones(len(numbers.weight))) is None:
        return lambda y, logits, weight: float(loss(y, logits, sample_weight=weight))

    def log_loss(y: np.ndarray, logits: np.ndarray, weight: np.ndarray | None) -> float:
        log_p = log_softmax(logits + numbers.offset, axis=1)
        return -float(np.average(log_p[np.arange(len(y)), y], weights=weight))

    return log_loss


def _scale(member: Member) -> float:
    """What the outputs are multiplied by to be logits: cosines lie within -1 and 1."""
    return float(member.loss.more.get("cosine", 1.0))


def _outputs(model: Any, matrix: Encoded, rows: np.ndarray) -> np.ndarray:
    parts = [
        model.predict_on_batch(matrix[rows[start : start + HELD_BATCH]])
        for start in range(0, len(rows), HELD_BATCH)
    ]
    return np.concatenate(parts).astype("float32")


def _probabilities(model: Any, matrix: Encoded, rows: np.ndarray, member: Member) -> np.ndarray:
    return softmax(_scale(member) * _outputs(model, matrix, rows), axis=1)


class SampledBatches(keras.utils.PyDataset):
    """Batches of the sampled rows, in a new order each epoch; never laid out whole."""

    def __init__(
        self,
        matrix: Encoded,
        y: np.ndarray,
        sampled: SampleIndices,
        seed: int,
        weight: np.ndarray | None = None,
    ) -> None:
        super().__init__()
        self.matrix, self.y, self.sampled, self.weight = matrix, y, sampled, weight
        self.rng = np.random.default_rng([seed, 1])
        self.order = self.rng.permutation(len(sampled))

    def __len__(self) -> int:
        return math.ceil(len(self.order) / BATCH)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        now = self.order[index * BATCH : (index + 1) * BATCH]
        observed = self.sampled.part(now[now < len(self.sampled.rows)])
        made = self.sampled.made.part(now[now >= len(self.sampled.rows)] - len(self.sampled.rows))
        rows = [observed.table(self.matrix), *([made.X] if len(made) else [])]
        batch = np.concatenate(rows), np.concatenate([observed.labels(self.y), made.y])
        # Rows that a sampler made on its own have no weight, and are refused where rows have some.
        return batch if self.weight is None else (*batch, self.weight[now])

    def on_epoch_end(self) -> None:
        self.order = self.rng.permutation(len(self.order))


def hash_seed(job: Job) -> int:
    """One integer seed per split, the same for all techniques."""
    return int(np.random.default_rng([job.seed, job.split.repeat, job.split.fold]).integers(2**31))


class EarlyStop(keras.callbacks.Callback):
    """Early stopping on held-out rows under a loss of their own, best weights kept.

    `first_epoch`: nothing before it counts, as the loss is another one there.
    """

    def __init__(
        self,
        X: np.ndarray,
        y: np.ndarray,
        loss: HeldLoss,
        first_epoch: int,
        weight: np.ndarray | None = None,
    ) -> None:
        super().__init__()
        self.X, self.y, self.loss, self.first_epoch = X, y, loss, first_epoch
        self.weight = weight
        self.best, self.waited, self.weights = np.inf, 0, None

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:  # noqa: ARG002
        if len(self.X) == 0 or epoch < self.first_epoch:
            return
        logits = _outputs(self.model, self.X, np.arange(len(self.y)))
        now = self.loss(self.y, logits, self.weight)
        if now < self.best:
            self.best, self.waited, self.weights = now, 0, self.model.get_weights()
            return
        self.waited += 1
        if self.waited >= PATIENCE:
            self.model.stop_training = True

    def on_train_end(self, logs: dict | None = None) -> None:  # noqa: ARG002
        if self.weights is not None:
            self.model.set_weights(self.weights)
