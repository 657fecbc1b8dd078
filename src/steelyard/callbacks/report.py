"""Recall and precision of every class after each epoch."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from steelyard._tensorflow import keras, tf
from steelyard.callbacks.of_keras3 import Keras3Callback
from steelyard.errors import MissingDependencyError, RequestError


class ClassReport(Keras3Callback):
    """Writes recall and precision of each class on validation rows into the log of each epoch.

    The values go into `logs` as `val_recall_<class>` and `val_precision_<class>`, so that
    `History`, and `CSVLogger` and `TensorBoard` further down the list, keep them.

    Args:
        X: validation rows, as for `model.predict`; or batches (x, y) of them, a finite
            `tf.data.Dataset` or a `keras.utils.PyDataset`.
        y: integer labels, shape (rows,), one-hot, shape (rows, classes), or several labels a row,
            0 or 1, shape (rows, labels): then the values are those of each label. None where `X`
            has them.
        class_names: one per class, in column order; by default the codes.
        threshold: from which a row is of class 1, for one column of probabilities, or has a label,
            for several; with `from_logits` it is on the probability all the same.
        from_logits: the model gives logits.
        ignore_class: a label whose rows or pixels do not count, such as 255.
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
        y: Any = None,
        *,
        class_names: Sequence[str] | None = None,
        threshold: float = 0.5,
        from_logits: bool = False,
        ignore_class: int | None = None,
        log_dir: str | Path | None = None,
        verbose: int = 0,
        batch_size: int = 8192,
    ) -> None:
        super().__init__()
        if y is None and not isinstance(X, tf.data.Dataset | keras.utils.PyDataset):
            raise RequestError(
                f"X is {type(X).__name__} without y; give both, or batches of both as a "
                "tf.data.Dataset or a keras.utils.PyDataset"
            )
        if isinstance(X, tf.data.Dataset) and X.cardinality() == tf.data.INFINITE_CARDINALITY:
            raise RequestError(
                "the dataset of validation rows never ends; give it before .repeat()"
            )
        self.X, self.y = X, None if y is None else np.asarray(y)
        self.class_names, self.verbose, self.batch_size = class_names, verbose, batch_size
        self.ignore_class = ignore_class
        self.cut = float(np.log(threshold / (1 - threshold))) if from_logits else threshold
        self.writer = None if log_dir is None else _writer(log_dir)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        y, out = self._outputs()
        # Pixels and positions count as rows.
        width = out.shape[-1]
        by_column = y.shape == out.shape and width > 1
        y = y.reshape(-1, width) if by_column else y.reshape(-1)
        out = out.reshape(-1, width)
        if self.ignore_class is not None and not by_column:
            y, out = y[y != self.ignore_class], out[y != self.ignore_class]
        if by_column:
            names = self._names(width, 0, 0)
            if (y.sum(axis=1) == 1).all():
                table = cross_table(y.argmax(1), out.argmax(1), len(names))
                recall, precision = rates(np.diag(table), table.sum(1), table.sum(0))
            else:
                has, decided = y == 1, out >= self.cut
                recall, precision = rates((has & decided).sum(0), has.sum(0), decided.sum(0))
        else:
            codes = y.astype(int)
            names = self._names(max(2, width), codes.min(initial=0), codes.max(initial=0))
            decided = out.argmax(1) if width > 1 else (out[:, 0] >= self.cut).astype(int)
            table = cross_table(codes, decided, len(names))
            recall, precision = rates(np.diag(table), table.sum(1), table.sum(0))
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

    def _outputs(self) -> tuple[np.ndarray, np.ndarray]:
        """Labels and outputs of all validation rows."""
        if self.y is not None:
            return self.y, np.asarray(
                self.model.predict(self.X, batch_size=self.batch_size, verbose=0)
            )
        data: Any = self.X
        batches = data if isinstance(data, tf.data.Dataset) else (data[i] for i in range(len(data)))
        pairs = [(np.asarray(y), self.model.predict_on_batch(x)) for x, y, *_ in batches]
        if not pairs:
            raise RequestError("there are no validation rows; give some")
        return np.concatenate([y for y, _ in pairs]), np.concatenate([out for _, out in pairs])

    def _names(self, columns: int, first: int, last: int) -> list[str]:
        names = [str(n) for n in self.class_names or range(columns)]
        if len(names) != columns or not 0 <= first <= last < columns:
            raise RequestError(
                f"the model has {columns} classes, class_names {len(names)}, and labels run from "
                f"{first} to {last}; give codes 0 ... {columns - 1} and a name each"
            )
        return names


def cross_table(y: np.ndarray, decided: np.ndarray, classes: int) -> np.ndarray:
    """Rows by (true class, decided class)."""
    cells = np.bincount(y * classes + decided, minlength=classes**2)
    return cells.reshape(classes, classes)


def _writer(log_dir: str | Path) -> Any:
    if importlib.util.find_spec("tensorboard") is None:
        raise MissingDependencyError(
            "log_dir needs TensorBoard; install it with: pip install tensorboard"
        )
    return tf.summary.create_file_writer(str(log_dir))


def rates(
    hits: np.ndarray, true: np.ndarray, decided: np.ndarray
) -> tuple[list[float], list[float]]:
    """Recall and precision per class from rows decided right, true and decided; 0 where undefined.

    >>> rates(np.array([3, 2]), true=np.array([4, 2]), decided=np.array([3, 3]))
    ([0.75, 1.0], [1.0, 0.6666666666666666])
    """
    return (hits / np.maximum(true, 1)).tolist(), (hits / np.maximum(decided, 1)).tolist()
