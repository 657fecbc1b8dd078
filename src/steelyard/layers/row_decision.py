"""From probabilities and each row's own costs to a class, inside the model."""

from collections.abc import Mapping, Sequence
from typing import Any

from steelyard._keras import keras, ops
from steelyard.layers.by_costs import ByCosts
from steelyard.layers.columns import Tensor
from steelyard.stats.row_costs import NEVER, RowCosts


@keras.saving.register_keras_serializable(package="steelyard")
class DecisionByRow(ByCosts):
    """The class code of each row, where mistakes cost what the row's own columns say.

    Args:
        row_costs: `fp`, `fn` (numbers or expressions of columns) and `if_missing`, as
            `stats.row_costs.RowCosts` takes them.
        positive: column of the class of interest, 0 or 1; default 1.
        ports: the name of the model's input of each column; by default the column's own.
    Input: probabilities, shape (n, K), or (n, 1) for one sigmoid unit, and the columns of
    `row_costs`, in its order, each of n numbers. Output: shape (n,), int32: `positive` where its
    probability is at least fp / (fp + fn) of the row. A cost below 0 counts as 0, and a row whose
    miss costs nothing is never positive.
    Source: Elkan, "The foundations of cost-sensitive learning", IJCAI 2001.

    >>> import numpy as np
    >>> layer = DecisionByRow({"fp": 5.0, "fn": "Amount", "if_missing": [5.0, 100.0]})
    >>> p = np.array([[0.9, 0.1], [0.9, 0.1]], "float32")
    >>> layer(p, [np.array([10.0, 100.0], "float32")]).numpy()
    array([0, 1], dtype=int32)
    """

    def __init__(
        self,
        row_costs: Mapping[str, Any],
        positive: int | None = None,
        ports: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(RowCosts(**row_costs), positive, ports, **kwargs)

    def call(self, inputs: Tensor, columns: Sequence[Tensor] = ()) -> Tensor:
        p = self.of_interest(inputs)
        fp, fn = self.costs(p, columns)
        nothing = fn <= 0.0
        total = ops.where(nothing, ops.ones_like(fn), fp + fn)
        threshold = ops.where(nothing, ops.full_like(fn, NEVER), fp / total)
        flagged = p >= ops.cast(threshold, "float32")
        return ops.where(flagged, self.positive, 1 - self.positive)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"row_costs": self.by_row.to_dict()}
