"""Recall and precision of every class after each epoch."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from steelyard._tensorflow import keras, tf
from steelyard.errors import MissingDependencyError, RequestError


class ClassReport(keras.callbacks.Callback):
    """Writes recall and precision of each class on validation rows into the log of each epoch.

    The values go into `logs` as `val_recall_<class>` and `val_precision_<class>`, so that
    `History`, and `CSVLogger` and `TensorBoard` further down the list, keep them.

    Args:
        X, y: validation rows; integer labels, shape (rows,), or one-hot, shape (rows, classes).
        class_names: one per class, in column order; by default the codes.
        threshold: from which a row is of class 1, for one column of probabilities; logits of one
            column are cut at the logit of it with `from_logits`.
        from_logits: the model gives logits.
        log_dir: also write TensorBoard scalars there.
        verbose: 1 prints a line per epoch.
        batch_size: rows at once.
    Raises: RequestError: labels that do not fit the model's columns. MissingDependencyError:
        `log_dir` without TensorBoard.

    >>> import keras, numpy as np
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(2)])
    >>> model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    >>> X, y = np.zeros((4, 1)), np.array([0, 0, 0, 1])
    >>> report = ClassReport(X, y, class_names=["ok", "fraud"])
    >>> history = model.fit(X, y, verbose=0, callbacks=[report]).history
    >>> sorted(history)[1:]
    ['val_precision_fraud', 'val_precision_ok', 'val_recall_fraud', 'val_recall_ok']
    """

    def __init__(
        self,
        X: Any,
        y: Any,
        *,
        class_names: Sequence[str] | None = None,
        threshold: float = 0.5,
        from_logits: bool = False,
        log_dir: str | Path | None = None,
        verbose: int = 0,
        batch_size: int = 8192,
    ) -> None:
        super().__init__()
        self.X, labels = X, np.asarray(y)
        one_hot = labels.ndim == 2 and labels.shape[1] > 1
        self.y = (labels.argmax(1) if one_hot else labels.reshape(-1)).astype(int)
        self.class_names, self.verbose, self.batch_size = class_names, verbose, batch_size
        self.cut = float(np.log(threshold / (1 - threshold))) if from_logits else threshold
        self.writer = None if log_dir is None else _writer(log_dir)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        out = np.asarray(self.model.predict(self.X, batch_size=self.batch_size, verbose=0))
        decided = out.argmax(1) if out.shape[1] > 1 else (out[:, 0] >= self.cut).astype(int)
        names = self._names(max(2, out.shape[1]))
        table = np.bincount(self.y * len(names) + decided, minlength=len(names) ** 2)
        recall, precision = rates(table.reshape(len(names), -1))
        values = {f"val_recall_{n}": r for n, r in zip(names, recall, strict=True)}
        values |= {f"val_precision_{n}": p for n, p in zip(names, precision, strict=True)}
        if logs is not None:
            logs.update(values)
        if self.writer is not None:
            with self.writer.as_default(step=epoch):
                for name, value in values.items():
                    tf.summary.scalar(name, value)
            self.writer.flush()
        if self.verbose:
            each = ", ".join(f"{n} {r:.3f}" for n, r in zip(names, recall, strict=True))
            print(f"epoch {epoch + 1}: recall {each}")  # noqa: T201 - what verbose asks for

    def _names(self, columns: int) -> list[str]:
        names = [str(n) for n in self.class_names or range(columns)]
        if len(names) != columns or not 0 <= self.y.min() <= self.y.max() < columns:
            raise RequestError(
                f"the model has {columns} classes, class_names {len(names)}, and labels run from "
                f"{self.y.min()} to {self.y.max()}; give codes 0 ... {columns - 1} and a name each"
            )
        return names


def _writer(log_dir: str | Path) -> Any:
    if importlib.util.find_spec("tensorboard") is None:
        raise MissingDependencyError(
            "log_dir needs TensorBoard; install it with: pip install tensorboard"
        )
    return tf.summary.create_file_writer(str(log_dir))


def rates(table: np.ndarray) -> tuple[list[float], list[float]]:
    """Recall and precision per class of a confusion table (true, decided); 0 where undefined.

    >>> rates(np.array([[3, 1], [0, 2]]))
    ([0.75, 1.0], [1.0, 0.6666666666666666])
    """
    hits = np.diag(table)
    recall = hits / np.maximum(table.sum(1), 1)
    precision = hits / np.maximum(table.sum(0), 1)
    return recall.tolist(), precision.tolist()
