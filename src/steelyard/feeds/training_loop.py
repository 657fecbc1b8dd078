"""Epochs, batches, callbacks, validation and checkpoints, whoever computes a step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from steelyard._tensorflow import keras
from steelyard.feeds.checkpoint import Progress


@dataclass(frozen=True)
class TrainingLoop:
    """What `model.fit` does around its steps, from wherever a training stands.

    Attributes:
        done: how far it has come; kept up to date.
        steps: batches of an epoch.
        validation: as `fit` takes it.
        save: writes a checkpoint of the model and `done`.
        save_every: batches between two of them.
    """

    model: Any
    done: Progress
    steps: int
    epochs: int
    validation: Any
    callbacks: Sequence[Any]
    verbose: int
    save: Callable[[], None]
    save_every: int

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.done.stopped or self.done.step >= self.epochs * self.steps

    def history(self) -> Any:
        """All epochs so far, as `fit` returns them."""
        history = keras.callbacks.History()
        history.set_model(self.model)
        history.on_train_begin()
        for epoch, logs in enumerate(self.done.epochs):
            history.on_epoch_end(epoch, logs)
        return history

    def run(self, step: Callable[[int], float]) -> None:
        """Train to the end; `step` trains on a batch by its number and gives its loss."""
        told = keras.callbacks.CallbackList(
            list(self.callbacks), add_progbar=self.verbose != 0, model=self.model,
            verbose=self.verbose, epochs=self.epochs, steps=self.steps,
        )  # fmt: skip
        self.model.stop_training = False
        told.on_train_begin()
        while not self.finished:
            self._epoch(step, told)
            if not self.finished:
                self.save()
        self.model.optimizer.finalize_variable_values(self.model.trainable_weights)
        told.on_train_end(self.done.epochs[-1])
        self.save()  # last: callbacks may have changed the weights

    def _epoch(self, step: Callable[[int], float], told: Any) -> None:
        done = self.done
        epoch, first = divmod(done.step, self.steps)
        told.on_epoch_begin(epoch)
        for number in range(first, self.steps):
            told.on_train_batch_begin(number)
            done.loss += step(done.step)
            done.step += 1
            logs = {"loss": done.loss / (number + 1)}
            told.on_train_batch_end(number, logs)
            if self.model.stop_training:
                break
            if done.step % self.save_every == 0 and number + 1 < self.steps:
                self.save()
        logs |= self._validated()
        told.on_epoch_end(epoch, logs)
        done.epochs.append({name: float(value) for name, value in logs.items()})
        done.loss, done.stopped = 0.0, bool(self.model.stop_training)

    def _validated(self) -> dict[str, float]:
        if self.validation is None:
            return {}
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(self.validation)
        found = self.model.evaluate(x, y, sample_weight=sample_weight, verbose=0, return_dict=True)
        return {f"val_{name}": value for name, value in found.items()}
