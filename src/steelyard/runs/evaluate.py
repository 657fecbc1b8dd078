"""The metrics of a saved model on fresh labelled rows."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from steelyard._memory import limited
from steelyard._seeds import check_seed
from steelyard.errors import DataError
from steelyard.executors import Serial, executor_for
from steelyard.runs.drawn_below import drawn_below
from steelyard.runs.promised import compared_with_promise, seen_in_training
from steelyard.runs.ranked import class_decisions, needed
from steelyard.runs.scoring import ScoredRows, predictor_of, score_pieces, score_rows
from steelyard.runs.three_ways import three_way_counts
from steelyard.runs.training_table import training_table


def evaluate_file(
    run: str | Path,
    data: Any,
    *,
    target: str | None = None,
    weight: str | None = None,
    verify: bool = True,
    training: Any = None,
    segments: Sequence[str] = (),
    seed: int = 0,
    memory: str | int | None = None,
    cluster: Any = None,
) -> dict[str, Any]:
    """Every metric with its interval on labelled rows, and what the run promised of each.

    Rows of one group count as dependent, where the run has a group column and these rows name it.

    Args:
        weight: column that says how much each row counts; by default the run's, where it is there.
        verify: the run must be as it was sealed.
        training: the run's table, where it is no longer at its place; to tell which rows are new.
        segments: columns whose parts are held against each other, as in `compare`.
        memory: what the process keeps to, "4G" or bytes; by default 80 % of what is free.
        cluster: where files are scored, as in `executors.executor_for`; here only their columns
            with a role (target, weight, group, segments) are read.
    Returns: plain values: `rows`, `counts`, `metrics`, `promised` (by metric, with `difference`
        and `beyond_chance`), `trained_on` (`promised.seen_in_training`), `segments`,
        `missed`, where rows were drawn by `sample_below`, `money` (`in_money`, per row; None where
        no cost differs by row), and `three_way` (rows by action and their cost per row; None for
        another goal).
    """
    from steelyard.runs.store import read_run

    check_seed(seed)
    with limited(memory), executor_for(cluster) as executor:
        values = read_run(run, verify=verify)
        folder = Path(run).absolute()

        def scored() -> ScoredRows:
            if isinstance(executor, Serial) or not isinstance(data, str | Path):
                return score_rows(data, values, predictor_of(folder, verify=verify))
            return score_pieces(executor, data, folder, verify=verify)

        asked = {"target": target, "weight": weight, "training": training, "segments": segments}
        return {"run": str(run)} | evaluated(values, scored, data, **asked, seed=seed)


def evaluated(
    values: dict[str, Any],
    scored: Callable[[], ScoredRows],
    data: Any,
    *,
    target: str | None = None,
    weight: str | None = None,
    training: Any = None,
    segments: Sequence[str] = (),
    seed: int = 0,
) -> dict[str, Any]:
    """As `evaluate_file`, of run.json's content; `scored` scores the rows of `data`."""
    from steelyard.decision import costs_of, goal_from_dict
    from steelyard.stats.metric_intervals import metric_values
    from steelyard.stats.predictions import Predictions
    from steelyard.stats.validation import row_weights
    from steelyard.tables import Schema, groups, labels, weights
    from steelyard.tables.column_parts import segment_parts

    schema = Schema.from_dict(values["data"]["schema"])
    y = labels(data, schema if target is None else replace(schema, target=target))
    goal = goal_from_dict(values["decision"]["goal"])
    found = scored()
    if len(found.acted) != len(y):
        raise DataError(f"{data} was changed while it was read; run it again")
    decision = class_decisions(values, found.probability, found.acted, found.needs)
    column = values["protocol"]["group"]
    counted = weight or values["protocol"].get("weight")
    by_weight = None if counted is None else weights(data, counted)
    if weight is not None and by_weight is None:
        raise DataError(f"there is no column {weight!r} to weigh the rows by")
    together = None if column is None else groups(data, column)
    positive = schema.classes.index(values["data"]["positive"])
    costs = _costs_by_row(values["decision"], found.needs, y == positive)
    rows = Predictions.of(
        y,
        found.probability,
        decision,
        positive=positive,
        # The goal that the model decides by now, which a retune may have changed.
        costs=costs_of(goal),
        groups=together,
        weights=row_weights(by_weight, len(y)),
        row_costs=costs,
    )
    cut = segment_parts(data, segments, schema.target if target is None else target)
    metrics = metric_values(rows, seed=seed)
    below = drawn_below(data, rows)
    if below is not None and below["recall"]["value"] is not None:
        metrics["recall"] = below["recall"]
    return {
        "trained_on": seen_in_training(
            training_table(values, training), schema.features, found.keys, y
        ),
        "rows": len(y),
        "unknown_levels": found.unknown.found(),
        "counts": np.bincount(y, minlength=len(schema.classes)).tolist(),
        "metrics": metrics,
        "promised": compared_with_promise(values, metrics),
        "money": None if costs is None else _money(costs, rows),
        "three_way": three_way_counts(goal, found.needs, y == positive, found.acted),
        "missed": below,
        "segments": _segments(rows, cut),
        "weight": counted if by_weight is not None else None,
        "notes": [
            *_absent(y, schema.classes),
            *_ungrouped(column, found=together is not None),
            *_unweighted(counted, found=by_weight is not None),
        ],
    }


def _costs_by_row(
    decision: dict[str, Any], frame: pl.DataFrame, positive: np.ndarray
) -> np.ndarray | None:
    """Costs of a false alarm and a miss, (rows, 2), where the decision's goal has them by row."""
    from steelyard.decision import DecisionRule, costs_by_row, goal_from_dict

    goal = goal_from_dict(decision["goal"])
    if decision["goal"]["kind"] != "costs":
        return None
    columns = needed(goal, frame)
    # A gap counts here with the mean that it is decided by.
    by_row = DecisionRule.from_dict(decision["rule"]).row_costs
    by_row = by_row or costs_by_row(goal, columns, positive)
    return None if by_row is None else by_row.of(columns)


def _money(costs: np.ndarray, rows: Any) -> dict[str, Any]:
    from steelyard.stats.money import in_money

    k = rows.positive
    given: dict[str, Any] = {"groups": rows.groups, "weight": rows.weights}
    return in_money(costs, rows.y == k, rows.d == k, p=rows.p[:, k], **given)


def _absent(y: np.ndarray, classes: Sequence[Any]) -> list[str]:
    counts = np.bincount(y, minlength=len(classes))
    absent = [repr(label) for label, n in zip(classes, counts, strict=True) if not n]
    if not absent:
        return []
    return [
        f"no row is of the class {', '.join(absent)}: metrics that need it have no "
        "value, means over classes are over the others"
    ]


def _segments(rows: Any, cut: Sequence[Any]) -> dict[str, Any] | None:
    from steelyard.stats.segment_measures import DecidedRows
    from steelyard.stats.segments import segments

    if not cut:
        return None
    k = rows.positive
    decided = DecidedRows(
        rows.y == k, (rows.d == k).astype("float64"), rows.p[:, k], rows.groups, rows.weights
    )
    return segments(decided, cut)


def _unweighted(weight: str | None, *, found: bool) -> list[str]:
    if weight is None or found:
        return []
    return [
        f"the run counts rows by {weight!r}, which these rows do not have: here every row counts "
        "alike, which is right for a plain sample of what the run's rows stand for"
    ]


def _ungrouped(group: str | None, *, found: bool) -> list[str]:
    if group is None or found:
        return []
    return [
        f"the run keeps rows of one {group!r} together, which these rows do not name: the "
        "intervals take every row as independent and are too narrow where some belong together"
    ]
