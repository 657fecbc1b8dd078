"""Embeddings of categories, learned beside their 0/1 columns and folded into these at the end.

An embedding is a linear map from a category's 0/1 columns, and the first layer is one of the
embedding. Their product is added to the layer's kernel, so a trained network has no embedding left
and is no larger. What differs is how it learns: all units share what sets the levels apart, and few
rows teach that better (docs/models.md).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard._tensorflow import tf
from steelyard.models.packed_losses import Tensors

LARGEST = 8  # numbers that stand for a level
LEVELS_STEP = 4  # levels are padded to a multiple: splits share a compilation


@dataclass(frozen=True)
class Embeddings:
    """Those of one table's categories, each with as many places as the one with most levels.

    `sizes`: how many numbers stand for a level, by category. `place`: (columns of the table,)
    where each column's level is among categories x levels, one past the end for other columns.
    `column`: (categories x levels,) the inverse.
    """

    sizes: tuple[int, ...]
    place: np.ndarray
    column: np.ndarray

    @classmethod
    def of(cls, levels: Sequence[int], own: int, width: int) -> "Embeddings | None":
        """For a table of `width` columns, the last of whose `own` ones are those of categories.

        `levels`: columns of each category. None where there are no categories.
        """
        if not levels:
            return None
        most = max(levels) + -max(levels) % LEVELS_STEP
        places = np.concatenate([i * most + np.arange(n) for i, n in enumerate(levels)])
        columns = np.arange(own - len(places), own)
        place = np.full(width, len(levels) * most, np.int32)
        column = np.full(len(levels) * most, width, np.int32)
        place[columns], column[places] = places, columns
        return cls(sizes_of(levels), place, column)

    def start(
        self, deviation: Sequence[float], units: int, seeds: Sequence[Sequence[int]]
    ) -> list[np.ndarray]:
        """Embeddings and the kernels behind them, a network each: normal, from its own seed.

        [network, category, level, size] and [network, category, size, units]. What a category with
        fewer levels does not use is zero in both, and stays so: each one's gradient is the other.
        """
        count, largest = len(self.sizes), max(self.sizes)
        used = np.arange(largest) < np.array(self.sizes)[:, None]
        generators = [np.random.default_rng([*seed, 7]) for seed in seeds]
        shape = count, len(self.column) // count, largest
        embedding = [rng.normal(size=shape) * used[:, None, :] for rng in generators]
        onward = [
            rng.normal(0, spread, (count, largest, units)) * used[:, :, None]
            for rng, spread in zip(generators, deviation, strict=True)
        ]
        return [np.stack(embedding).astype("float32"), np.stack(onward).astype("float32")]

    def places(self) -> dict[str, tf.Tensor]:
        """What `folded` reads beside the parameters."""
        return {"place": tf.constant(self.place), "column": tf.constant(self.column)}


PLACES = dict.fromkeys(("place", "column"), tf.TensorSpec([None], tf.int32))


def sizes_of(levels: Sequence[int]) -> tuple[int, ...]:
    """How many numbers stand for a level of each category, by its count of levels."""
    return tuple(min(LARGEST, math.ceil(math.sqrt(count)) + 1) for count in levels)


def folded(kernel: tf.Tensor, embedding: tf.Tensor, onward: tf.Tensor, numbers: Tensors) -> Any:
    """The first layer's kernels, [network, units, columns], with what goes through embeddings."""
    through = tf.matmul(embedding, onward)
    by_level = tf.reshape(through, [through.shape[0], -1, through.shape[-1]])
    place, column = numbers["place"], numbers["column"]

    @tf.custom_gradient
    def by_column(values: tf.Tensor) -> tuple[tf.Tensor, Any]:
        # No level has two columns: the gradient is picked as well, where adding up takes longer.
        return _picked(values, place), lambda gradient: _picked(gradient, column)

    return kernel + tf.linalg.matrix_transpose(by_column(by_level))


def _picked(values: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """[network, places, units]; zeros for a place one past the end."""
    return tf.gather(tf.pad(values, [[0, 0], [0, 1], [0, 0]]), places, axis=1)
