"""The same batches for every Keras backend, as a `PyDataset` of numpy arrays."""

from typing import Any

import numpy as np

from steelyard._keras import keras
from steelyard.feeds.core import Augment, make_core
from steelyard.feeds.gather import beside, gather
from steelyard.feeds.shares import Shares


class Batches(keras.utils.PyDataset):
    """Balanced or natural batches for Keras on any backend; the rows are those of `balanced`.

    Args are those of `feeds.balanced`; `shares=None` gives the natural order, as
    `feeds.natural`. An `augment` function gets numpy inputs and an int32 seed pair. `workers` and
    the like go to `keras.utils.PyDataset`; any batch is computed on its own, so several workers
    are safe.

    >>> feed = Batches(np.zeros((100, 3), "float32"), np.arange(100) % 10 == 0, batch_size=8)
    >>> len(feed), feed[0][0].shape, feed.trained_on
    (23, (8, 3), (0.5, 0.5))
    """

    def __init__(
        self,
        X: Any,
        y: Any,
        batch_size: int = 1024,
        shares: Shares | None = "uniform",
        *,
        seed: int = 0,
        sample_weight: Any = None,
        by: Any = None,
        steps_per_epoch: int | None = None,
        drop_remainder: bool = True,
        shuffle: bool = True,
        shard: tuple[int, int] = (0, 1),
        augment: Augment | None = None,
        allow_absent: bool = False,
        first_epoch: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.epoch = first_epoch
        self._ended = False
        self._core = make_core(
            X,
            y,
            batch_size=batch_size,
            shares=shares,
            seed=seed,
            sample_weight=sample_weight,
            by=by,
            steps_per_epoch=steps_per_epoch,
            drop_remainder=drop_remainder,
            shuffle=shuffle,
            shard=shard,
            augment=augment,
            allow_absent=allow_absent,
        )
        self.info = self._core.info
        self.trained_on = self.info.trained_on
        self.deployed_on = self.info.deployed_on

    def __len__(self) -> int:
        return self.info.steps_per_epoch

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        self._ended |= index == len(self) - 1
        block = gather(self._core, self.epoch, index, index + 1)
        there = block.sampled.rows[0] >= 0
        nest = keras.tree.map_structure(lambda leaf: leaf[0][there], block.nest)
        if self._core.repeat_map is None:
            return nest
        again = block.sampled.passes[0][there] > 0
        mapped = self._core.repeat_map(nest[0], nest[1], block.sampled.seeds.view(np.int32))
        both = keras.tree.map_structure(
            lambda old, new: np.where(beside(again, old), new, old), nest[:2], tuple(mapped)
        )
        return (*both, *nest[2:])

    def on_epoch_end(self) -> None:
        """Go on to the next epoch, if this one was shown to its end; Keras calls this.

        Keras also calls it after a look at the first batch, when it builds the model.
        """
        self.epoch += self._ended
        self._ended = False
