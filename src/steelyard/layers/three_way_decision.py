"""From probabilities to pass, review or block, inside the model."""

from collections.abc import Mapping, Sequence
from typing import Any

from steelyard._keras import keras, ops
from steelyard.layers.by_costs import ByCosts
from steelyard.layers.columns import Tensor
from steelyard.stats.three_way import BLOCK, PASS, REVIEW, ThreeWayCosts


@keras.saving.register_keras_serializable(package="steelyard")
class ThreeWayDecision(ByCosts):
    """0 pass, 1 review, 2 block: what is expected to cost least, the more careful of equals.

    Args:
        three_way: `fp`, `fn`, `if_missing`, `review` and `hit_rate`, as
            `stats.three_way.ThreeWayCosts` takes them.
        positive: column of the class of interest, 0 or 1; default 1.
        ports: the name of the model's input of each column; by default the column's own.
    Input: probabilities, shape (n, K), or (n, 1) for one sigmoid unit, and the columns that costs
    are computed from, in their order, each of n numbers. Output: shape (n,), int32.
    Source: Chow, "On optimum recognition error and reject tradeoff", IEEE Trans. Inf. Theory 16,
        1970.

    >>> import numpy as np
    >>> costs = {"fp": 10.0, "fn": 100.0, "if_missing": [10.0, 100.0]}
    >>> layer = ThreeWayDecision(costs | {"review": 2.0, "hit_rate": 0.9})
    >>> layer(np.array([[0.01], [0.03], [0.5]], "float32")).numpy()
    array([0, 1, 2], dtype=int32)
    """

    def __init__(
        self,
        three_way: Mapping[str, Any],
        positive: int | None = None,
        ports: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.three_way = ThreeWayCosts(**three_way)
        super().__init__(self.three_way.by_row, positive, ports, **kwargs)

    def call(self, inputs: Tensor, columns: Sequence[Tensor] = ()) -> Tensor:
        p = self.of_interest(inputs)
        fp, fn = self.costs(p, columns)
        p, three = ops.cast(p, self.precision), self.three_way
        passed, blocked = p * fn, (1.0 - p) * fp
        reviewed = three.review + (1.0 - three.hit_rate) * passed
        found = ops.where(reviewed <= passed, REVIEW, PASS)
        found = ops.where((blocked <= passed) & (blocked <= reviewed), BLOCK, found)
        return ops.cast(ops.where(fn <= 0.0, PASS, found), "int32")

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"three_way": self.three_way.to_dict()}
