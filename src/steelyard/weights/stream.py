"""The strict front end for data that comes in batches: tf.data, PyDataset, generators."""

from collections.abc import Iterable, Iterator, Mapping, Sized
from typing import Any

import numpy as np

from steelyard._tensorflow import keras, tf
from steelyard.errors import RequestError, TargetError
from steelyard.weights.fit import Counting, Weighing, by_output, by_position, weigh, weighers_of
from steelyard.weights.graph import LookUp, weigh_batch
from steelyard.weights.table import ClassWeights, table_of
from steelyard.weights.targets import Target, Weigher

COUNTED_AT_ONCE = 1024  # single elements of a dataset


def weighted(
    data: Any,
    rule: Weighing = "balanced",
    *,
    target: Target = "auto",
    normalise: bool = False,
    ignore: Any = None,
) -> Any:
    """The same batches with class weights as their third part, for `model.fit`.

    Args:
        data: `(x, y)` or `(x, y, sample_weight)` from a `tf.data.Dataset` (batches or single
            elements, of any rank, known or not), a `keras.utils.PyDataset`, an iterable with a
            length, such as PyTorch's DataLoader, or a Python iterator; `y` may be a dict or tuple
            by output. A `sample_weight` is multiplied in, and where it is 0 the label may be
            anything.
        rule: a `ClassWeights` from `class_weight`, or a rule: then `data` is read once to count,
            which an iterator or an endless dataset cannot bear; these take a weight for every
            label. By output for a dict `y`.
        target: "labels", "one-hot", or "auto": with a table given, K columns are one-hot.
        normalise: mean weight over the counted rows is one.
        ignore: a label, or several, whose positions weigh nothing, such as 255 in masks; they come
            out as class 0.
    Returns: data of the same kind, yielding `(x, y, weights)`; labels are column numbers.
    Raises: TargetError: a batch holds a label without a weight, or several labels in a row; in a
        dataset TensorFlow raises it, as InvalidArgumentError. RequestError: no table where the
        data cannot be counted.

    >>> data = tf.data.Dataset.from_tensor_slices(([1.0, 2.0, 3.0], ["a", "b", "b"])).batch(3)
    >>> [(y.tolist(), w.tolist()) for _, y, w in weighted(data).as_numpy_iterator()]
    [([0, 1, 1], [1.5, 0.75, 0.75])]
    """
    how = Counting(target, normalise, ignore)
    if isinstance(data, tf.data.Dataset):
        return weighted_dataset(data, rule, how)
    if isinstance(data, keras.utils.PyDataset):
        if data.num_batches is None:
            return WeightedPyDataset(data, None, own_tables(rule, "an endless PyDataset"), how)
        batches = (data[i] for i in range(data.num_batches))
        return WeightedPyDataset(data, weighers_from(batches, rule, how))
    if isinstance(data, Iterator):
        return weighted_batches(data, own_tables(rule, "an iterator"), how)
    arrays = hasattr(data, "dtype") or isinstance(data, tuple | Mapping | str)
    if isinstance(data, Iterable) and isinstance(data, Sized) and not arrays:
        return WeightedIterable(data, weighers_from(iter(data), rule, how))
    raise RequestError(
        f"data is {type(data).__name__}; give a tf.data.Dataset, a keras.utils.PyDataset, an "
        "iterable of batches with a length, such as PyTorch's DataLoader, or an iterator. For "
        "arrays use weights.fit_arguments"
    )


def has_tables(rule: Weighing) -> bool:
    """Whether the weights are known, so that nothing has to be counted."""
    several = rule if isinstance(rule, list | tuple) else [rule]
    parts = list(rule.values()) if isinstance(rule, Mapping) else several
    return bool(parts) and all(part is None or isinstance(part, ClassWeights) for part in parts)


def own_tables(rule: Any, data: str) -> Any:
    """The user's own weights by label as tables, for data whose classes cannot be counted first.

    Raises: RequestError: a rule that has to count.
    """
    if isinstance(rule, Mapping):
        if rule and all(isinstance(weight, int | float) for weight in rule.values()):
            return table_of(rule)
        return {name: own_tables(part, data) for name, part in rule.items()}
    if isinstance(rule, list | tuple) and not all(isinstance(part, int | float) for part in rule):
        return [own_tables(part, data) for part in rule]
    if rule is None or isinstance(rule, ClassWeights):
        return rule
    raise RequestError(
        f"the classes of {data} cannot be counted before it is used; give a weight for every "
        "label, {0: 1.0, 1: 9.0}, or rule=weights.class_weight(labels, ...)"
    )


def known(rule: Weighing, target: Target, y: Any) -> Any:
    """Weighers from tables alone; the structure of `y` says which are outputs."""
    if isinstance(y, tuple | list):  # of arrays or of tensor specs
        y = dict(enumerate(y))
    if isinstance(y, Mapping):
        return {name: known(part, target, None) for name, part in by_output(rule, y)}
    return Weigher(rule, target) if isinstance(rule, ClassWeights) else None


def weighers_from(batches: Iterator[Any], rule: Weighing, how: Counting) -> Any:
    """Weighers from tables, or from one pass over the targets and own weights of `batches`."""
    first = next(batches, None)
    if first is None:
        raise TargetError("the data holds no batches, so there are no labels to weigh")
    if has_tables(rule):
        return known(rule, how.target, unpack(first)[1])
    parts = [unpack(batch)[1:] for batch in (first, *batches)]
    own = None if parts[0][1] is None else joined([part for _, part in parts])
    return weighers_of(joined([y for y, _ in parts]), rule, how, own)


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


def weighted_batches(data: Iterator[Any], rule: Weighing, how: Counting) -> Iterator[Any]:
    """The batches of an iterator, weighed one by one."""
    for batch in data:
        x, y, own = unpack(batch)
        yield (x, *weigh(y, known(rule, how.target, y), own))


class WeightedPyDataset(keras.utils.PyDataset):  # type: ignore[misc]
    """A PyDataset with weights added to each batch; workers and length stay."""

    def __init__(
        self, data: Any, weighers: Any, rule: Weighing = None, how: Counting | None = None
    ) -> None:
        super().__init__(data.workers, data.use_multiprocessing, data.max_queue_size)
        self.data, self.weighers, self.rule, self.how = data, weighers, rule, how

    @property
    def num_batches(self) -> int | None:
        return self.data.num_batches

    def __getitem__(self, index: int) -> tuple[Any, Any, Any]:
        x, y, own = unpack(self.data[index])
        weighers = known(self.rule, self.how.target, y) if self.how else self.weighers
        return (x, *weigh(y, weighers, own))

    def on_epoch_begin(self) -> None:
        self.data.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self.data.on_epoch_end()


class WeightedIterable(keras.utils.PyDataset):  # type: ignore[misc]
    """An iterable of batches with a length, read again from its start in every epoch.

    A PyDataset, as `fit` takes no other iterable; one worker asks for the batches in order.
    """

    def __init__(self, data: Any, weighers: Any) -> None:
        super().__init__(workers=1)
        self.data, self.weighers = data, weighers
        self.batches: Iterator[Any] = iter(())
        self.left = 0

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        for batch in self.data:
            x, y, own = unpack(batch)
            yield (x, *weigh(y, self.weighers, own))

    def __getitem__(self, index: int) -> tuple[Any, Any, Any]:
        # Keras may shuffle the numbers of the batches; the batches come in the order they come.
        if not self.left:
            self.batches, self.left = iter(self), len(self)
        self.left -= 1
        return next(self.batches)


def weighted_dataset(data: Any, rule: Weighing, how: Counting) -> Any:
    """The dataset with a map that looks weights up in the graph."""
    spec = data.element_spec
    unpack(spec)
    single = is_single(spec)
    if not has_tables(rule) and data.cardinality() == tf.data.INFINITE_CARDINALITY:
        rule = own_tables(rule, "an endless dataset")
    if has_tables(rule):
        weighers = known(rule, how.target, spec[1])
    else:
        targets = data.map(lambda _, y, *own: ((), y, *own))
        counted = targets.batch(COUNTED_AT_ONCE) if single else targets
        weighers = weighers_from(counted.as_numpy_iterator(), rule, how)
    lookups = tf.nest.map_structure(lambda w: None if w is None else LookUp(w), weighers)

    @tf.autograph.experimental.do_not_convert  # else our errors arrive as AutoGraph's
    def with_weights(x: Any, y: Any, own: Any = None) -> tuple[Any, Any, Any]:
        if not single:
            return (x, *weigh_batch(y, lookups, own))
        one = tf.nest.map_structure(lambda part: part[None], (y, own) if own is not None else (y,))
        weighed = weigh_batch(one[0], lookups, one[1] if own is not None else None)
        return (x, *tf.nest.map_structure(lambda part: part[0], weighed))

    return data.map(with_weights, num_parallel_calls=tf.data.AUTOTUNE)


def is_single(spec: Any) -> bool:
    """Whether a dataset holds single elements rather than batches, told from its shapes."""
    x, y = tf.nest.flatten(spec[0]), tf.nest.flatten(spec[1])
    ranks = {part.shape.rank for part in (*x, *y)}
    if None in ranks:
        return False
    if 0 in ranks:
        return True
    rows = {part.shape[0] for part in (*x, *y)}
    return None not in rows and len(rows) > 1
