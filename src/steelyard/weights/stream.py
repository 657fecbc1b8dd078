"""The strict front end for data that comes in batches: tf.data, PyDataset, generators."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from steelyard._tensorflow import keras, tf
from steelyard.errors import RequestError, TargetError
from steelyard.weights.fit import Weighing, by_output, by_position, weigh, weighers_of
from steelyard.weights.graph import LookUp, weigh_batch
from steelyard.weights.table import ClassWeights
from steelyard.weights.targets import Target, Weigher


def weighted(
    data: Any, rule: Weighing = "balanced", *, target: Target = "auto", normalise: bool = False
) -> Any:
    """The same batches with class weights as their third part, for `model.fit`.

    Args:
        data: batches `(x, y)` or `(x, y, sample_weight)` from a `tf.data.Dataset` (of any rank,
            known or not), a `keras.utils.PyDataset` or a Python iterator; `y` may be a dict or
            tuple by output. A `sample_weight` is multiplied in.
        rule: a `ClassWeights` from `class_weight`, or a rule: then `data` is read once to count,
            which an iterator or an endless dataset cannot bear. By output for a dict `y`.
        target: "labels", "one-hot", or "auto": with a table given, K columns are one-hot.
        normalise: mean weight over the counted rows is one.
    Returns: data of the same kind, yielding `(x, y, weights)`; labels are column numbers.
    Raises: TargetError: a batch holds a label without a weight, or several labels in a row; in a
        dataset TensorFlow raises it, as InvalidArgumentError. RequestError: no table where the
        data cannot be counted.

    >>> data = tf.data.Dataset.from_tensor_slices(([1.0, 2.0, 3.0], ["a", "b", "b"])).batch(3)
    >>> [(y.tolist(), w.tolist()) for _, y, w in weighted(data).as_numpy_iterator()]
    [([0, 1, 1], [1.5, 0.75, 0.75])]
    """
    if isinstance(data, tf.data.Dataset):
        return weighted_dataset(data, rule, target, normalise=normalise)
    if isinstance(data, keras.utils.PyDataset):
        batches = (data[i] for i in range(data.num_batches or 0))
        return WeightedPyDataset(data, weighers_from(batches, rule, target, normalise=normalise))
    if isinstance(data, Iterator):
        if not has_tables(rule):
            raise RequestError(
                "an iterator can be read only once, so its classes cannot be counted first; pass "
                "rule=weights.class_weight(labels, ...)"
            )
        return weighted_batches(data, rule, target)
    raise RequestError(
        f"data is {type(data).__name__}; give a tf.data.Dataset, a keras.utils.PyDataset or an "
        "iterator of batches. For arrays use weights.fit_arguments"
    )


def has_tables(rule: Weighing) -> bool:
    """Whether the weights are known, so that nothing has to be counted."""
    several = rule if isinstance(rule, list | tuple) else [rule]
    parts = list(rule.values()) if isinstance(rule, Mapping) else several
    return bool(parts) and all(part is None or isinstance(part, ClassWeights) for part in parts)


def known(rule: Weighing, target: Target, y: Any) -> Any:
    """Weighers from tables alone; the structure of `y` says which are outputs."""
    if isinstance(y, tuple | list):  # of arrays or of tensor specs
        y = dict(enumerate(y))
    if isinstance(y, Mapping):
        return {name: known(part, target, None) for name, part in by_output(rule, y)}
    return Weigher(rule, target) if isinstance(rule, ClassWeights) else None


def weighers_from(
    batches: Iterator[Any], rule: Weighing, target: Target, *, normalise: bool
) -> Any:
    """Weighers from tables, or from one pass over the targets of `batches`."""
    first = unpack(next(batches))[1]
    if has_tables(rule):
        return known(rule, target, first)
    parts = [first, *(unpack(batch)[1] for batch in batches)]
    return weighers_of(joined(parts), rule, target, normalise=normalise)


def unpack(batch: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight or None); anything else has no targets to weigh."""
    if not isinstance(batch, tuple | list) or len(batch) not in (2, 3):
        raise TargetError(
            f"a batch is a {type(batch).__name__}, not (x, y) or (x, y, sample_weight); there are "
            "no targets to weigh"
        )
    x, y, own = (*batch, None)[:3]
    return x, y, own


def joined(parts: list[Any]) -> Any:
    """The targets of all batches in one array, or in one array per output."""
    parts = [by_position(part) for part in parts]
    if isinstance(parts[0], Mapping):
        return {name: joined([part[name] for part in parts]) for name in parts[0]}
    return np.concatenate([np.asarray(part) for part in parts])


def weighted_batches(data: Iterator[Any], rule: Weighing, target: Target) -> Iterator[Any]:
    """The batches of an iterator, weighed one by one."""
    for batch in data:
        x, y, own = unpack(batch)
        yield (x, *weigh(y, known(rule, target, y), own))


class WeightedPyDataset(keras.utils.PyDataset):  # type: ignore[misc]
    """A PyDataset with weights added to each batch; workers and length stay."""

    def __init__(self, data: Any, weighers: Any) -> None:
        super().__init__(data.workers, data.use_multiprocessing, data.max_queue_size)
        self.data, self.weighers = data, weighers

    @property
    def num_batches(self) -> int | None:
        return self.data.num_batches

    def __getitem__(self, index: int) -> tuple[Any, Any, Any]:
        x, y, own = unpack(self.data[index])
        return (x, *weigh(y, self.weighers, own))

    def on_epoch_begin(self) -> None:
        self.data.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self.data.on_epoch_end()


def weighted_dataset(data: Any, rule: Weighing, target: Target, *, normalise: bool) -> Any:
    """The dataset with a map that looks weights up in the graph."""
    spec = data.element_spec
    unpack(spec)
    if has_tables(rule):
        weighers = known(rule, target, spec[1])
    elif data.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise RequestError(
            "the dataset is endless, so its classes cannot be counted first; pass "
            "rule=weights.class_weight(labels, ...), or weigh before .repeat()"
        )
    else:
        targets = data.map(lambda _, y, *__: ((), y)).as_numpy_iterator()
        weighers = weighers_from(targets, rule, target, normalise=normalise)
    lookups = tf.nest.map_structure(lambda w: None if w is None else LookUp(w), weighers)

    def with_weights(x: Any, y: Any, own: Any = None) -> tuple[Any, Any, Any]:
        return (x, *weigh_batch(y, lookups, own))

    return data.map(with_weights, num_parallel_calls=tf.data.AUTOTUNE)
