"""A finished comparison judged again from the probabilities that it kept."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from steelyard.comparison.judging import CONSTANT, judge_all
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.record import results, verdict_on
from steelyard.decision import goal_from_dict
from steelyard.errors import RunError
from steelyard.jobs.job import Split
from steelyard.runs.integrity import splits_of
from steelyard.runs.new_decision import columns_kept
from steelyard.tables import Table
from steelyard.techniques import Technique

NOT_COMPARED = {"seconds"}


def rejudged(
    run: dict[str, Any],
    predictions: pl.DataFrame,
    uncorrected: pl.DataFrame,
    table: Table | None,
) -> tuple[dict[str, Any], pl.DataFrame]:
    """What run.json, with content `run`, ought to say of results, and the corrected predictions.

    Args:
        table: the run's; where it is gone, rows and truth are taken from the predictions.
    Raises: RunError: a technique or a row that run.json tells of has no probabilities.
    """
    rows, protocol = _protocol(run, predictions, uncorrected, table)
    entries = [*run["techniques"], *run["baselines"]]
    by_technique = [
        (Technique.from_dict(entry), _by_split(entry["name"], uncorrected, rows, protocol))
        for entry in entries
        if entry["name"] != CONSTANT.name
    ]
    judged = judge_all(by_technique, protocol)
    contenders = judged[: len(run["techniques"])]
    baselines = judged[len(contenders) :] if run["baselines"] else []
    verdict = verdict_on(contenders, protocol)
    chosen = next(one for one in contenders if one.technique.name == verdict["recommended"])
    classes = [entry["label"] for entry in run["data"]["classes"]]
    said = results(protocol, contenders, baselines, verdict, chosen, classes=classes, seconds={})
    scored = protocol.scored
    shipped = [
        pl.DataFrame(
            {"row": rows[scored], "repeat": np.full(len(scored), repeat, "int32")}
            | {
                f"probability_{label}": one.deployed[repeat, scored, k]
                for k, label in enumerate(classes)
            }
        ).with_columns(technique=pl.lit(one.technique.name))
        for one in contenders
        for repeat in range(protocol.repeats)
    ]
    return said, pl.concat(shipped)


def differences(said: Any, again: Any, close: float, place: str = "") -> Iterator[str]:
    """Where plain values differ, numbers by more than `close` of their size.

    >>> list(differences({"a": [1.0, 2.0]}, {"a": [1.0, 2.5]}, 1e-6))
    ['a[1] is 2.0, it should be 2.5']
    """
    if isinstance(said, dict) and isinstance(again, dict):
        for key in {**again, **said}:
            if key not in NOT_COMPARED:
                inner = f"{place}.{key}" if place else str(key)
                yield from differences(said.get(key), again.get(key), close, inner)
    elif isinstance(said, list | tuple) and isinstance(again, list | tuple):
        if len(said) != len(again):
            yield f"{place} has {len(said)} values, it should have {len(again)}"
            return
        for number, (one, other) in enumerate(zip(said, again, strict=True)):
            yield from differences(one, other, close, f"{place}[{number}]")
    elif _is_number(said) and _is_number(again):
        if not math.isclose(said, again, rel_tol=close, abs_tol=close):
            yield f"{place} is {said!r}, it should be {again!r}"
    elif type(said) is not type(again) or said != again:
        yield f"{place} is {said!r}, it should be {again!r}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _protocol(
    run: dict[str, Any], predictions: pl.DataFrame, uncorrected: pl.DataFrame, table: Table | None
) -> tuple[np.ndarray, Protocol]:
    """Ids of all rows, and the protocol on them."""
    asked, labels = run["protocol"], [entry["label"] for entry in run["data"]["classes"]]
    if table is not None:
        rows, y, groups, weights = table.row_ids, table.y, table.groups, table.weights
        splits = splits_of(run, table)
    else:
        rows, groups = np.unique(uncorrected["row"].to_numpy()), None
        y = _codes(rows, predictions, labels)
        weights = _weights(predictions)
        splits = list(_splits(rows, uncorrected, run["techniques"][0]["name"]))
    positive = labels.index(run["data"]["positive"])
    goal = goal_from_dict(asked["goal"])
    if table is not None:
        columns = table.amounts_of(goal.columns)
    else:
        kept = columns_kept(predictions.unique("row").sort("row"))
        columns = {name: kept[name] for name in goal.columns}
    how = asked["metric"], groups, asked["seed"]
    return rows, Protocol(y, splits, positive, goal, *how, weights=weights, columns=columns)


def _weights(predictions: pl.DataFrame) -> np.ndarray | None:
    """Sample weights of the rows, in their order; None where the run has none."""
    if "weight" not in predictions.columns:
        return None
    return predictions.unique("row").sort("row")["weight"].to_numpy()


def _codes(rows: np.ndarray, predictions: pl.DataFrame, labels: list[Any]) -> np.ndarray:
    code = {label: k for k, label in enumerate(labels)}
    truth = predictions.unique("row").sort("row")
    y = np.array([code.get(label, -1) for label in truth["truth"].to_list()])
    if not np.array_equal(truth["row"].to_numpy(), rows) or y.min() < 0:
        raise RunError("predictions.parquet holds other rows or classes than uncorrected.parquet")
    return y


def _splits(rows: np.ndarray, uncorrected: pl.DataFrame, technique: str) -> Iterator[Split]:
    """The folds as the rows of one technique were predicted; all other rows trained it."""
    mine = uncorrected.filter(pl.col("technique") == technique)
    for (repeat, fold), part in mine.group_by("repeat", "fold", maintain_order=True):
        test = np.searchsorted(rows, part["row"].to_numpy())
        yield Split(int(repeat), int(fold), np.setdiff1d(np.arange(len(rows)), test), test)  # type: ignore[call-overload]


def _by_split(
    name: str, uncorrected: pl.DataFrame, rows: np.ndarray, protocol: Protocol
) -> dict[str, np.ndarray]:
    mine = uncorrected.filter(pl.col("technique") == name)
    columns = [column for column in mine.columns if column.startswith("probability_")]
    found = {}
    for split in protocol.splits:
        part = mine.filter((pl.col("repeat") == split.repeat) & (pl.col("fold") == split.fold))
        if not np.array_equal(part["row"].to_numpy(), rows[split.test]):
            raise RunError(f"uncorrected.parquet has other rows of {name} in {split.key}")
        found[split.key] = part.select(columns).to_numpy()
    return found
