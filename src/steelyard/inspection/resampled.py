"""Whether a table was resampled before: by the ledger beside its file, and by rows on lines."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import SteelyardWarning
from steelyard.inspection import finding_checks as checks
from steelyard.neighbours import neighbours_of, pack
from steelyard.tables import Table

MOST_COLUMNS = 8  # a row on a line in eight columns is on one
LEAST_COLUMNS = 2  # in one column every row lies between two others
MOST_ROWS = 200_000  # of each class; where rows are many, each line has many of them
MOST_TESTED = 100  # rows of each class
LEAST_ROWS = 20  # of a class; fewer whole numbers lie on lines by chance
NEAREST = 30  # rows of the class whose pairs a row may lie between
# Distance from the line over the length between its ends: float32 in, float32 out.
ON_LINE = 1e-6
DISTINCT = 0.5  # share of different values from which on a column counts as measured finely

Numbers = Mapping[str, NDArray[np.floating]]


def resampled_before(table: Table, numbers: Numbers, seed: int = 0) -> dict[str, Any]:
    """What tells that rows were added or dropped before.

    Args:
        numbers: the features that are numbers, NaN where missing, shape (rows,) each.
        seed: of the rows that are looked at.
    Returns: `ledger`, the method and the rows added and dropped by the ledger of
        `steelyard resample` that lies beside the file and names its hash, or None; `lines`, for
        each class with any: rows looked at, and those on a line between two rows of their class.
    """
    return {"ledger": ledger_beside(table), "lines": rows_on_lines(table, numbers, seed)}


def warn_if_resampled(table: Table) -> None:
    """Warn, with a SteelyardWarning, before a comparison on a table that was resampled before."""
    numbers = {name: table.features[name].to_numpy() for name in table.schema.numbers}
    seen = checks.resampled_before({"resampled": resampled_before(table, numbers)})
    if seen is not None:
        message = f"{seen.text} Metrics of such a table flatter: give it as it was before."
        warnings.warn(message, SteelyardWarning, stacklevel=2)


def ledger_beside(table: Table) -> dict[str, Any] | None:
    """The ledger that was written with the file this table is."""
    path = Path(f"{table.source.path}.ledger.json")
    try:
        ledger = json.loads(path.read_text("utf-8"))
        if ledger["out"]["sha256"] != table.source.sha256:
            return None
        return {
            "method": str(ledger["method"]),
            "added": int(ledger["rows_added"]),
            "dropped": int(ledger["rows_dropped"]),
        }
    except (OSError, ValueError, KeyError, TypeError):
        return None  # none there, or somebody else's


def rows_on_lines(table: Table, numbers: Numbers, seed: int) -> list[dict[str, Any]]:
    """Rows that lie on a line between two rows of their class, as those of SMOTE do."""
    rng = np.random.default_rng(seed)
    found = []
    for code, label in enumerate(table.schema.classes):
        members = np.flatnonzero(table.y == code)
        if len(members) > MOST_ROWS:
            members = rng.choice(members, MOST_ROWS, replace=False)
        X = _fine_columns(numbers, members)
        if X.shape[1] < LEAST_COLUMNS or len(X) < LEAST_ROWS:
            continue
        asking = rng.permutation(len(X))[:MOST_TESTED]
        between = int(_between_two(X, asking).sum())
        if between:
            found.append({"class": label, "looked_at": len(asking), "on_a_line": between})
    return found


def _fine_columns(numbers: Numbers, members: NDArray[np.int64]) -> NDArray[np.float64]:
    """Rows of a class without gaps, in columns of mostly different values, in units of their sd."""
    columns = []
    for values in numbers.values():
        mine = values[members].astype(np.float64)
        known = mine[np.isfinite(mine)]
        if len(known) > 1 and len(np.unique(known)) > DISTINCT * len(members):
            sd = known.std()
            if sd > 0:  # 0 for denormals, whose squares vanish
                columns.append((mine - known.mean()) / sd)
        if len(columns) == MOST_COLUMNS:
            break
    X = np.column_stack(columns) if columns else np.empty((len(members), 0))
    return X[np.isfinite(X).all(axis=1)]


def _between_two(X: NDArray[np.float64], asking: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each of some rows lies inside a line between two of its nearest rows."""
    near = neighbours_of(pack(X), asking, NEAREST)
    left, right = np.triu_indices(near.shape[1], k=1)
    out = np.zeros(len(asking), dtype=bool)
    for at, (row, others) in enumerate(zip(asking, near, strict=True)):
        start, end = X[others[left]], X[others[right]]
        along, offset = end - start, X[row] - start
        squared = np.square(along).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):  # of two equal rows
            share = (along * offset).sum(axis=1) / squared
            apart = np.square(offset - share[:, None] * along).sum(axis=1) / squared
        out[at] = ((apart < ON_LINE**2) & (share > ON_LINE) & (share < 1 - ON_LINE)).any()
    return out
