"""What a comparison writes down: run.json's content and the out-of-fold predictions."""

import datetime as dt
import importlib.metadata
import platform
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from steelyard._version import __version__
from steelyard.comparison.correction_effect import correction_effect
from steelyard.comparison.counted import decisions_in_counts
from steelyard.comparison.differences import differences
from steelyard.comparison.judging import CONSTANT, Judged
from steelyard.comparison.nested import nested, verdict_by
from steelyard.comparison.periods import periods
from steelyard.comparison.protocol import Protocol
from steelyard.runs.new_decision import COLUMN
from steelyard.runs.store import SCHEMA
from steelyard.stats.money_record import money_record
from steelyard.stats.predictions import effective_rows
from steelyard.tables import Table
from steelyard.tables.column_parts import Parts

PACKAGES = ("tensorflow", "tensorflow-cpu", "keras", "scikit-learn", "numpy", "polars")


def record(
    table: Table,
    protocol: Protocol,
    contenders: list[Judged],
    baselines: list[Judged],
    verdict: dict[str, Any],
    chosen: Judged,
    finished: dict[str, dict[str, Any]],
    asked: dict[str, Any],
) -> dict[str, Any]:
    """The content of run.json: everything measured, as plain values."""
    from steelyard.inspection import inspect_table

    return {
        "schema": SCHEMA,
        "steelyard": __version__,
        "data": _data(table, protocol),
        "protocol": _protocol(protocol, asked),
        "findings": inspect_table(table, seed=protocol.seed).to_dict()["findings"],
        **results(
            protocol,
            contenders,
            baselines,
            verdict,
            chosen,
            classes=table.schema.classes,
            seconds=_seconds(finished),
        ),
        "periods": periods(table, protocol, chosen),
        "environment": environment(),
    }


def results(
    protocol: Protocol,
    contenders: list[Judged],
    baselines: list[Judged],
    verdict: dict[str, Any],
    chosen: Judged,
    *,
    classes: Sequence[Any],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """What run.json says of techniques, verdict and decision: all that `judge` led to."""
    apart = differences([*contenders, *baselines], protocol)

    def entry(one: Judged) -> dict[str, Any]:
        told = _entry(one, seconds, protocol, classes)
        return told | {"differences": apart[one.technique.name]}

    return {
        "techniques": [
            entry(one) | {"correction_effect": correction_effect(one, protocol)}
            for one in contenders
        ],
        "baselines": [entry(one) for one in baselines],
        "verdict": verdict,
        "nested": nested(contenders, protocol),
        "decision": {
            "technique": chosen.technique.name,
            "goal": protocol.goal.to_dict(),
            "describe": protocol.goal.describe(),
            "positive": classes[protocol.positive],
            "prior": protocol.shares.tolist(),
            "prior_from": "data",
            "rule": chosen.rule.to_dict(),
            "tuned": chosen.rule_report,
            "calibration": chosen.calibration.to_dict(),
            "calibration_report": chosen.calibration_report,
        },
    }


@dataclass(frozen=True)
class Origin:
    """What the class of interest is called, if not by its label, and the clock at the start.

    `keep_rows`: single rows may be written down. `segments`: columns cut into parts to look at.
    """

    positive_name: str | None
    started: float
    keep_rows: bool = True
    segments: Sequence[Parts] = ()


def with_origin(run: dict[str, Any], origin: Origin) -> dict[str, Any]:
    """The same with what a reader asks first: what the class is called, when, and how long."""
    made = {"date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")}
    seconds = round(time.monotonic() - origin.started, 1)
    return run | {
        "data": run["data"] | {"positive_name": origin.positive_name},
        "environment": run["environment"] | made | {"seconds": seconds},
    }


def uncorrected_frame(table: Table, protocol: Protocol, judged: Sequence[Judged]) -> pl.DataFrame:
    """Out-of-fold probabilities before any correction: of all that was trained."""
    names = [f"probability_{label}" for label in table.schema.classes]
    # Columns that are alike for all techniques are made once, and share their memory.
    alike = [
        {
            "row": pl.Series(table.row_ids[split.test]),
            "repeat": pl.repeat(split.repeat, len(split.test), dtype=pl.Int32, eager=True),
            "fold": pl.repeat(split.fold, len(split.test), dtype=pl.Int32, eager=True),
        }
        for split in protocol.splits
    ]
    longest = max(len(split.test) for split in protocol.splits)
    frames = [
        pl.DataFrame(
            rows
            | {"technique": called.head(len(split.test))}
            | {name: one.uncorrected[split.repeat, split.test, k] for k, name in enumerate(names)}
        )
        for one in judged
        if one.technique is not CONSTANT
        for called in [pl.Series([one.technique.name] * longest)]
        for split, rows in zip(protocol.splits, alike, strict=True)
    ]
    return pl.concat(frames)


def predictions(
    row_ids: np.ndarray, classes: Sequence[Any], protocol: Protocol, judged: list[Judged]
) -> pl.DataFrame:
    """Out-of-fold probabilities as deployed: a row per source row, repeat and technique."""
    rows = protocol.scored
    # A new decision and its intervals ask which rows belong together.
    bound = {} if protocol.groups is None else {"group": protocol.groups[rows]}
    bound |= {} if protocol.weights is None else {"weight": protocol.weights[rows]}
    bound |= {f"{COLUMN}{name}": column[rows] for name, column in protocol.columns.items()}
    names = [f"probability_{label}" for label in classes]
    # Columns that are alike for all techniques are made once, and share their memory.
    row, repeats = pl.Series(row_ids[rows]), range(protocol.repeats)
    beside = {
        # With its truth beside it a prediction can be judged again without the table.
        "truth": pl.Series(list(classes)).gather(protocol.y[rows]),
        **{name: pl.Series(values) for name, values in bound.items()},
    }
    alike = [
        {
            "row": row,
            "repeat": pl.repeat(repeat, len(rows), dtype=pl.Int32, eager=True),
            "fold": pl.Series(protocol.fold_of(repeat)[rows].astype("int32")),
        }
        for repeat in repeats
    ]
    frames = [
        pl.DataFrame(
            alike[repeat]
            | {"technique": called}
            | beside
            | {name: one.deployed[repeat, rows, k] for k, name in enumerate(names)}
        )
        for one in judged
        for called in [pl.Series([one.technique.name] * len(rows))]
        for repeat in repeats
    ]
    return pl.concat(frames)


def ledger(finished: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The content of ledger.json: a line per job, in a fixed order."""
    lines = [line["ledger"] for line in finished.values()]
    return {"jobs": sorted(lines, key=lambda e: (e["repeat"], e["fold"], e["technique"]))}


def verdict_on(contenders: list[Judged], protocol: Protocol) -> dict[str, Any]:
    """The verdict on the techniques; without the reference there is nothing to compare with."""
    names = [one.technique.name for one in contenders]
    if protocol.reference not in names:
        return {
            "winner": None,
            "recommended": names[0],
            "tied": [],
            "reason": "not-compared",
            "paragraph": f"{names[0]} was trained without a comparison; whether it is better than "
            "plain is not known. To find out: steelyard compare.",
        }
    return verdict_by(contenders, protocol).to_dict()


def _seconds(finished: dict[str, dict[str, Any]]) -> dict[str, float]:
    """Training time by technique."""
    spent: Counter[str] = Counter()
    for line in finished.values():
        spent[line["ledger"]["technique"]] += line["seconds"]
    return dict(spent)


def _entry(
    one: Judged, seconds: Mapping[str, float], protocol: Protocol, classes: Sequence[Any]
) -> dict[str, Any]:
    return one.technique.to_dict() | {
        "metrics": one.metrics,
        "metrics_uncorrected": one.before,
        # What each fold contributes to the metric, repeat by repeat; their mean is its value.
        "per_fold": [] if one.table is None else one.table.by_fold.tolist(),
        "calibration": one.calibration_report,
        "rule": one.rule.to_dict(),
        "curves": one.curves,
        **_money(one, protocol),
        **decisions_in_counts(one, protocol, classes),
        "seconds": round(seconds.get(one.technique.name, 0.0), 2),
    }


def _money(one: Judged, protocol: Protocol) -> dict[str, Any]:
    """`money` where the goal has costs by row."""
    if protocol.row_costs is None:
        return {}
    k, first = protocol.positive, one.predictions[0]
    found = money_record(
        protocol.row_costs[protocol.scored],
        first.y == k,
        [rows.d == k for rows in one.predictions],
        [rows.p[:, k] for rows in one.predictions],
        groups=first.groups,
        weight=first.weights,
    )
    return {"money": found}


def _data(table: Table, protocol: Protocol) -> dict[str, Any]:
    counts = table.class_counts
    return {
        "path": table.source.path,
        "sha256": table.source.sha256,
        "rows": len(table.y),
        "dropped_rows": table.dropped_rows,
        "notes": list(table.notes),
        "columns": len(table.schema.columns),
        "classes": [
            {"label": label, "count": int(count)}
            for label, count in zip(table.schema.classes, counts, strict=True)
        ],
        "positive": table.schema.classes[protocol.positive],
        "weights": weights_of(
            table.weights,
            table.y,
            len(table.schema.classes),
            next((one.name for one in table.schema.columns if one.role == "weight"), None),
        ),
        "population": None if table.population is None else table.population.tolist(),
        "schema": table.schema.to_dict(),
    }


def weights_of(
    weights: np.ndarray | None, y: np.ndarray, classes: int, column: str | None
) -> dict[str, Any] | None:
    """How rows count: by which column, each class in all, and how many effective rows that is."""
    if weights is None:
        return None
    return {
        "column": column,
        "counts": np.bincount(y, weights, minlength=classes).tolist(),
        "effective": [effective_rows(weights[y == k]) for k in range(classes)],
    }


def _protocol(protocol: Protocol, asked: dict[str, Any]) -> dict[str, Any]:
    kept = ("folds", "group", "time", "drop", "target", "model", "seed")
    return {key: asked[key] for key in kept} | {
        "weight": asked.get("weight"),
        "delay": asked.get("delay"),
        "gap": asked.get("gap"),
        "missing_label": asked.get("missing_label", "drop"),
        "rows": asked.get("rows"),
        # True: the folds are those that the final model's own members held out.
        "out_of_bag": asked.get("out_of_bag", False),
        "repeats": protocol.repeats,
        "metric": protocol.metric,
        "goal": protocol.goal.to_dict(),
        "scored_rows": len(protocol.scored),
    }


def environment() -> dict[str, Any]:
    """Versions that a run was made with."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # tensorflow and tensorflow-cpu stand in for each other
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": versions,
    }
