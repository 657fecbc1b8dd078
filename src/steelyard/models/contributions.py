"""Which columns move a row's predicted probability: what it would be with other rows' values."""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

DRAWS = 32  # other rows that values are taken from
ROWS_AT_ONCE = 1 << 16

Predict = Callable[[pl.DataFrame], np.ndarray]


def contributions(
    predict: Predict,
    rows: pl.DataFrame,
    others: pl.DataFrame,
    columns: Sequence[Sequence[str]],
) -> tuple[np.ndarray, np.ndarray]:
    """Predicted probabilities, and how much of each hangs on a row's own value of a column.

    The change is the probability less its mean over the same row with the column's value taken
    from each of the `others`: above 0, this value raises it. Columns are looked at one at a time,
    so changes do not add up to the probability, and a value that only counts together with
    another's may show little: they are no Shapley values.

    Args:
        predict: feature frame -> probability of the class of interest, (rows,).
        rows: features as `tables.read_features` gives them. others: a few rows of the training
            data, drawn at random; the same for every row and column.
        columns: names to replace, each a group that is replaced as one.
    Returns: probabilities, (rows,), and changes, (rows, columns).
    """
    base = predict(rows)
    n, times = len(rows), len(others)
    changes = np.zeros((n, len(columns)))
    if not n or not times:
        return base, changes
    repeated = rows[np.repeat(np.arange(n), times)]
    drawn = others[np.tile(np.arange(times), n)]
    at_once = max(1, ROWS_AT_ONCE // len(repeated))
    for first in range(0, len(columns), at_once):
        part = columns[first : first + at_once]
        frames = [repeated.with_columns(drawn.select(list(names))) for names in part]
        found = predict(pl.concat(frames)).reshape(len(part), n, times)
        changes[:, first : first + at_once] = base[:, None] - found.mean(axis=2).T
    return base, changes


def drawn_rows(features: pl.DataFrame, seed: int) -> pl.DataFrame:
    """The rows of the training data that other values are taken from: few, drawn at random."""
    rng = np.random.default_rng([seed, 9])
    return features[rng.choice(len(features), min(DRAWS, len(features)), replace=False)]
