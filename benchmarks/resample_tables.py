"""The tables that samplers are measured on, written as numpy files for the processes to read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.datasets import make_classification
from sklearn.preprocessing import StandardScaler


@dataclass(frozen=True)
class Table:
    """A table to make: `kind` is mc (make_classification), mixed, or fraud."""

    kind: str
    rows: int
    columns: int
    share: float
    scaling: str = "standardised"
    dtype: str = "float64"

    @property
    def title(self):
        name = {"mc": "make_classification", "mixed": "10 numeric + 5 categorical"}.get(
            self.kind, "creditcard_fraud"
        )
        single = ", float32" if self.dtype == "float32" else ""
        return (
            f"{name}, {self.rows:,} x {self.columns}, {100 * self.share:.3g} % minority, "
            f"{self.scaling}{single}"
        )

    def write(self, folder, fraud=None):
        """Make the table and save it; returns the paths of X and y."""
        X, y = MAKERS[self.kind](self, fraud)
        if self.scaling == "standardised" and self.kind != "mixed":
            X = StandardScaler().fit_transform(X)
        paths = Path(folder) / "X.npy", Path(folder) / "y.npy"
        np.save(paths[0], np.ascontiguousarray(X, dtype=self.dtype))
        np.save(paths[1], y)
        return [str(path) for path in paths]


def clusters(table, fraud):  # noqa: ARG001
    """Clusters of normal columns, a third of them informative."""
    return make_classification(
        table.rows,
        table.columns,
        n_informative=max(3, table.columns // 3),
        weights=[1 - table.share],
        random_state=0,
    )


def mixed(table, fraud):  # noqa: ARG001
    """Ten numbers and five columns of 5 to 1,000 levels, as numbers."""
    X, y = make_classification(
        table.rows, 10, n_informative=5, weights=[1 - table.share], random_state=0
    )
    rng = np.random.default_rng(0)
    levels = [rng.integers(0, size, table.rows) for size in (5, 10, 50, 200, 1000)]
    return np.column_stack([StandardScaler().fit_transform(X), *levels]), y


def card_fraud(table, fraud):
    """The card-fraud table, or one of its shape: heavy tails, wide scales, a few equal rows."""
    if fraud is not None:
        frame = pl.read_parquet(fraud)
        return frame.drop("target").to_numpy(), frame["target"].to_numpy()
    rng = np.random.default_rng(0)
    X = rng.standard_t(3, (table.rows, table.columns)) * np.geomspace(2, 0.3, table.columns)
    X[:, 0] = np.sort(rng.integers(0, 172_792, table.rows))
    X[:, -1] = np.round(rng.lognormal(3, 1.5, table.rows), 2)
    y = np.zeros(table.rows, dtype=np.int64)
    y[rng.choice(table.rows, round(table.share * table.rows), replace=False)] = 1
    X[y == 1, 1:8] -= 3
    X[rng.integers(0, table.rows, 1081)] = X[rng.integers(0, table.rows, 1081)]
    return X, y


MAKERS = {"mc": clusters, "mixed": mixed, "fraud": card_fraud}
