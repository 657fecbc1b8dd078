"""What the layers share that decide by costs which a row's own columns may say."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from steelyard._keras import keras, ops
from steelyard.layers.columns import Tensor, both_columns
from steelyard.layers.decision import checked_positive
from steelyard.layers.prior import check_columns
from steelyard.stats.expression import Expression
from steelyard.stats.row_costs import RowCosts


class ByCosts(keras.layers.Layer):
    """Costs of a false alarm and a miss of each row, from the columns that come with it."""

    # Costs are computed as NumPy does; runtimes without it take single precision.
    precision: ClassVar[str] = "float64"

    def __init__(
        self,
        by_row: RowCosts,
        positive: int | None = None,
        ports: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**({"dtype": "float32"} | kwargs | {"autocast": False}))
        self.by_row = by_row
        self.positive = checked_positive(positive)
        self.ports = dict(ports or {name: name for name in by_row.columns})

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it takes, in order."""
        return self.by_row.columns

    def build(self, inputs_shape: tuple[int | None, ...], columns_shape: Any = None) -> None:  # noqa: ARG002
        check_columns(inputs_shape, 2, "a decision by costs")
        self.built = True

    def of_interest(self, inputs: Tensor) -> Tensor:
        """The positive class's probability, float32, shape (n,)."""
        return ops.cast(both_columns(inputs), "float32")[..., self.positive]

    def costs(self, p: Tensor, columns: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Costs of a false alarm and a miss, >= 0, each of shape (n,), in `precision`."""
        named = {
            name: ops.cast(ops.reshape(column, (-1,)), self.precision)
            for name, column in zip(self.columns, columns, strict=True)
        }
        zeros = ops.zeros_like(ops.cast(p, self.precision))
        both = (self.by_row.fp, self.by_row.fn)
        fp, fn = (
            _known(Expression(cost).of(named) if isinstance(cost, str) else cost, zeros, gap)
            for cost, gap in zip(both, self.by_row.if_missing, strict=True)
        )
        return fp, fn

    def compute_output_spec(self, inputs: Tensor, columns: Any = ()) -> Any:  # noqa: ARG002
        return keras.KerasTensor(inputs.shape[:-1], dtype="int32")

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"positive": self.positive, "ports": self.ports}


def _known(value: Any, zeros: Tensor, missing: float) -> Tensor:
    """A cost where it has a value, else the one for a gap; never below 0."""
    value = value + zeros
    # False for NaN too, and an operation that every runtime has, which "is finite" is not.
    known = ops.abs(value) <= float(np.finfo(keras.backend.standardize_dtype(value.dtype)).max)
    return ops.maximum(ops.where(known, value, ops.full_like(value, missing)), 0.0)
