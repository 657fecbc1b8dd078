"""What a run promised of its model beside what came, and whether the rows are new at all."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import norm

from steelyard.stats.metrics import BY_NAME
from steelyard.stats.paired import holm
from steelyard.tables import Table

SURE = 0.05


def seen_in_training(
    table: Table | None, features: Sequence[str], keys: pl.Series, y: np.ndarray
) -> dict[str, Any] | None:
    """How many rows are equal, label and all, to one that was trained on; None: cannot be told.

    Args:
        table: the table of the run.
        features: its columns that `keys` speak of, in that order.
        keys: of the new rows, as `row_keys` gives them. y: their codes.
    Returns: `rows` that are, and `by_chance`, how many would be of rows drawn from the same
        source: the share of the table's own rows that another of its rows equals.
    """
    if table is None:
        return None
    old = _labelled(row_keys(table.features.select(features)), table.y)
    known = pl.DataFrame({"key": old}).group_by("key").len()
    twice = int(known.filter(pl.col("len") > 1)["len"].sum())
    return {
        "rows": int(_labelled(keys, y).is_in(known["key"].implode()).sum()),
        "by_chance": len(keys) * twice / len(table.y),
    }


def row_keys(features: pl.DataFrame) -> pl.Series:
    """A hash of each row's values, alike for equal ones, in the precision that models read."""
    # -0.0 equals 0.0 once something is added, and a gap is a gap however it is written.
    numbers = [name for name, kind in features.schema.items() if kind != pl.String]
    read = pl.col(numbers).cast(pl.Float32).fill_nan(None) + 0.0
    return features.with_columns(read).hash_rows(seed=0)


def _labelled(keys: pl.Series, y: np.ndarray) -> pl.Series:
    return pl.DataFrame({"key": keys, "label": pl.Series(y, dtype=pl.Int64)}).hash_rows(seed=0)


def compared_with_promise(run: dict[str, Any], metrics: dict[str, Any]) -> dict[str, Any]:
    """By metric: what the run promised, the difference, and whether it is more than chance.

    The interval of a difference puts both intervals together; the twelve tests are adjusted (Holm).
    A promise is left out where a later decision, or other class shares, have made it another's.
    """
    promised = _promised(run)
    differ = {
        name: _p_value(promised[name], found)
        for name, found in metrics.items()
        if name in promised and None not in (promised[name]["value"], found["value"])
    }
    adjusted = dict(zip(differ, holm(list(differ.values())), strict=True)) if differ else {}
    return {
        name: promised[name]
        | {
            "difference": metrics[name]["value"] - promised[name]["value"],
            "beyond_chance": bool(adjusted[name] < SURE),
        }
        for name in differ
    }


def _promised(run: dict[str, Any]) -> dict[str, Any]:
    decision = run["decision"]
    entry = next(one for one in run["techniques"] if one["name"] == decision["technique"])
    if decision.get("prior_from", "data") != "data":
        return {"roc_auc": entry["metrics"]["roc_auc"]}
    as_compared = run.get("decision_as_compared", decision)
    same = as_compared["rule"] == decision["rule"]
    return {
        name: value
        for name, value in entry["metrics"].items()
        if same or BY_NAME[name].kind != "thresholded"
    }


def _p_value(promised: dict[str, float], found: dict[str, float]) -> float:
    """Two-sided, of no difference, from the ends that face each other."""
    difference = found["value"] - promised["value"]
    if difference == 0.0:
        return 1.0
    if difference > 0.0:
        reach = math.hypot(found["value"] - found["low"], promised["high"] - promised["value"])
    else:
        reach = math.hypot(found["high"] - found["value"], promised["value"] - promised["low"])
    if reach == 0.0:
        return 0.0
    return float(2.0 * norm.sf(abs(difference) / reach * norm.ppf(0.975)))
