"""Did the test rows of a run stay out of training, and do its files agree with each other?

The splits are made again from the table (or, where that is gone, read from the predictions), and
their hashes are held against the ledger that was written while training.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from steelyard.jobs.folds import make_splits
from steelyard.jobs.job import Split
from steelyard.jobs.lag import lag_between
from steelyard.jobs.ledger import rows_hash
from steelyard.models.members import out_of_bag_splits
from steelyard.runs.journal import ledger_lines
from steelyard.tables import Table


def ledger_problems(
    folder: Path, values: dict[str, Any], jobs: list[dict[str, Any]]
) -> Iterator[str]:
    """What the ledger says must agree with itself and with the journal of the run."""
    rows = values["data"]["rows"]
    for job in jobs:
        name = _name(job)
        if job["test_hash_before"] != job["test_hash_after"]:
            yield f"{name}: a test row was touched in training"
        if not values["protocol"]["time"] and job["rows_in"] + job["test_rows"] != rows:
            yield f"{name}: {job['rows_in']:,} + {job['test_rows']:,} rows, the table has {rows:,}"
        if any(min(network.values()) < 0 for network in job["members"]):
            yield f"{name}: a negative number of rows"
    trained = {entry["name"] for entry in values["techniques"]}
    times = Counter((job["repeat"], job["fold"]) for job in jobs if job["technique"] in trained)
    wanted = values["protocol"]["folds"] * values["protocol"]["repeats"]
    wanted += bool(values["protocol"]["time"])  # the first block in time is predicted, not scored
    if len(times) != wanted or set(times.values()) != {len(trained)}:
        yield f"{times.total()} jobs of {len(trained)} techniques in {wanted} folds"
    journal = folder / "journal.jsonl"
    if not journal.exists():
        return  # a study that was saved from memory
    written = ledger_lines(journal)
    if written is None:
        yield "the journal is damaged"
    elif sorted(written, key=lambda job: [job[k] for k in ("repeat", "fold", "technique")]) != jobs:
        yield "the journal reports other jobs than the ledger"


def row_problems(
    values: dict[str, Any],
    jobs: list[dict[str, Any]],
    predictions: pl.DataFrame,
    table: Table | None,
) -> Iterator[str]:
    """The rows of each fold, found again, against the hashes written while training."""
    predicted = {
        key: rows_hash(part["row"].to_numpy())
        for key, part in predictions.partition_by(
            "repeat", "fold", "technique", as_dict=True
        ).items()
    }
    splits = {} if table is None else {(s.repeat, s.fold): s for s in splits_of(values, table)}
    for job in jobs:
        key = (job["repeat"], job["fold"], job["technique"])
        if key in predicted and predicted[key] != job["test_hash_before"]:
            yield f"{_name(job)}: the predicted rows are not the rows held back from training"
        if table is None:
            continue
        split = splits.get(key[:2])
        if split is None:
            yield f"{_name(job)}: there is no such fold"
        elif (
            rows_hash(table.row_ids[split.test]) != job["test_hash_after"]
            or rows_hash(table.row_ids[split.train]) != job["train_hash"]
        ):
            yield f"{_name(job)}: other rows than the protocol's split"
    for (repeat, technique), part in predictions.partition_by(
        "repeat", "technique", as_dict=True
    ).items():
        if part["row"].is_duplicated().any():
            yield f"repeat {repeat}, {technique}: a row was predicted twice"


def prediction_problems(
    values: dict[str, Any], predictions: pl.DataFrame, table: Table | None
) -> Iterator[str]:
    """Probabilities that are none, and truths that are not the table's."""
    if "truth" not in predictions.columns:
        yield "the column truth is missing"
        return
    p = _probabilities(values, predictions)
    if not np.isfinite(p).all() or p.min() < 0 or np.abs(p.sum(axis=1) - 1).max() > 1e-3:
        yield "probabilities that do not sum to 1"
    if table is not None:
        label_of = np.full(int(table.row_ids.max()) + 1, None, dtype=object)
        label_of[table.row_ids] = [table.schema.classes[code] for code in table.y]
        rows = predictions["row"].to_numpy()
        if (
            rows.min() < 0
            or rows.max() >= len(label_of)
            or (label_of[rows] != predictions["truth"].to_list()).any()
        ):
            yield "the column truth is not the table's target"


def _probabilities(values: dict[str, Any], predictions: pl.DataFrame) -> np.ndarray:
    labels = [entry["label"] for entry in values["data"]["classes"]]
    return predictions.select(f"probability_{label}" for label in labels).to_numpy()


def splits_of(values: dict[str, Any], table: Table) -> list[Split]:
    """The splits of a run with run.json `values`, made again from its table."""
    protocol = values["protocol"]
    if protocol["out_of_bag"]:
        return out_of_bag_splits(table, protocol["seed"])
    return make_splits(
        table.y,
        folds=protocol["folds"],
        repeats=protocol["repeats"],
        seed=protocol["seed"],
        classes=table.schema.classes,
        groups=table.groups,
        times=table.times,
        lag=lag_between(table, protocol.get("delay"), protocol.get("gap")),
    )


def _name(job: dict[str, Any]) -> str:
    return f"{job['technique']}, repeat {job['repeat']}, fold {job['fold']}"
