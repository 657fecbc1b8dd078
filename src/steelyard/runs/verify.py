"""Is a run what it was, and did its test rows stay out of training? Everything is computed again.

The seal finds files that were edited. The splits are made again from the table (or, where that is
gone, read from the predictions), and their hashes are held against the ledger that was written
while training. The metrics are computed again from the predictions.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from steelyard.errors import DataError, RunError
from steelyard.files.digests import file_digest
from steelyard.jobs.folds import make_splits
from steelyard.jobs.job import Split
from steelyard.jobs.ledger import rows_hash
from steelyard.models.members import out_of_bag_splits
from steelyard.runs.seal import SEALED, digest
from steelyard.runs.store import read_run
from steelyard.runs.training_table import training_table
from steelyard.stats.metrics import value_of
from steelyard.stats.predictions import scored
from steelyard.tables import Table

RECOMPUTED = ("average_precision", "roc_auc", "log_loss")
CLOSE = 1e-6  # predictions are float32


def verify_run(run: str | Path, data: Any = None) -> dict[str, Any]:
    """Verify a run directory.

    Args:
        data: the table it was made from, where that is no longer at its place.
    Returns: plain values: `holds`, `table` (whether the table could be read again) and `checks`,
        each with `name`, `holds` and, where it does not, `problems`.
    Raises: RunError: no finished run there.
    """
    folder = Path(run)
    values = read_run(folder, verify=False)
    problems: dict[str, list[str]] = {"files": list(_files(folder, values))}
    gone = [name for name in SEALED if not (folder / name).exists()]
    table = None
    if not gone:
        jobs = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))["jobs"]
        predictions = pl.read_parquet(folder / "predictions.parquet")
        table, problems["table"] = _table(values, data)
        problems["ledger"] = list(_ledger(folder, values, jobs))
        problems["test rows"] = list(_test_rows(values, jobs, predictions, table))
        problems["predictions"] = list(_predictions(values, predictions, table))
        problems["metrics"] = list(_metrics(values, predictions))
    checks = [
        {"name": name, "holds": not found, "problems": found} for name, found in problems.items()
    ]
    return {
        "run": str(run),
        "holds": all(check["holds"] for check in checks),
        "table": "read again" if table is not None else "not there",
        "checks": checks,
    }


def _files(folder: Path, values: dict[str, Any]) -> Iterator[str]:
    if "seal" not in values:
        yield "run.json carries no seal"
        return
    if digest(values) != values["seal"]:
        yield "run.json is not what was sealed"
    for name, expected in values["files"].items():
        if not (folder / name).exists():
            yield f"{name} is missing"
        elif file_digest(folder / name) != expected:
            yield f"{name} is not what was sealed"


def _table(values: dict[str, Any], data: Any) -> tuple[Table | None, list[str]]:
    try:
        return training_table(values, values["data"]["path"] if data is None else data), []
    except RunError as error:
        return None, [str(error)]
    except DataError:
        if data is not None:
            raise
        return None, []


def _ledger(folder: Path, values: dict[str, Any], jobs: list[dict[str, Any]]) -> Iterator[str]:
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
    if len(times) != wanted or set(times.values()) != {len(trained)}:
        yield f"{times.total()} jobs of {len(trained)} techniques in {wanted} folds"
    journal = folder / "journal.jsonl"
    if journal.exists():
        lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
        written = [line["ledger"] for line in lines if "ledger" in line]
        key = ("repeat", "fold", "technique")
        if sorted(written, key=lambda job: [job[k] for k in key]) != jobs:
            yield "the journal reports other jobs than the ledger"


def _test_rows(
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
    splits = {} if table is None else {(s.repeat, s.fold): s for s in _splits(values, table)}
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


def _predictions(
    values: dict[str, Any], predictions: pl.DataFrame, table: Table | None
) -> Iterator[str]:
    p = _probabilities(values, predictions)
    if not np.isfinite(p).all() or p.min() < 0 or np.abs(p.sum(axis=1) - 1).max() > 1e-3:
        yield "probabilities that do not sum to 1"
    if table is not None:
        label_of = np.full(int(table.row_ids.max()) + 1, None, dtype=object)
        label_of[table.row_ids] = [table.schema.classes[code] for code in table.y]
        rows = predictions["row"].to_numpy()
        if rows.max() >= len(label_of) or (label_of[rows] != predictions["truth"].to_list()).any():
            yield "the column truth is not the table's target"


def _metrics(values: dict[str, Any], predictions: pl.DataFrame) -> Iterator[str]:
    """A few metrics of every technique, computed again from its predictions."""
    code = {entry["label"]: k for k, entry in enumerate(values["data"]["classes"])}
    positive = code[values["data"]["positive"]]
    for entry in values["techniques"]:
        mine = predictions.filter(pl.col("technique") == entry["name"])
        found: dict[str, list[float]] = {name: [] for name in RECOMPUTED}
        for part in mine.partition_by("repeat"):
            p = _probabilities(values, part).astype(np.float64)
            y = np.array([code[label] for label in part["truth"].to_list()])
            rows = scored(y, p, y, positive=positive)
            for name in RECOMPUTED:
                found[name].append(value_of(name, rows) or 0.0)
        for name, again in found.items():
            said = entry["metrics"][name]["value"] or 0.0
            if not again or abs(float(np.mean(again)) - said) > CLOSE * max(1.0, abs(said)):
                yield f"{entry['name']}: {name} is {said:.6g} in run.json but not in predictions"


def _probabilities(values: dict[str, Any], predictions: pl.DataFrame) -> np.ndarray:
    labels = [entry["label"] for entry in values["data"]["classes"]]
    return predictions.select(f"probability_{label}" for label in labels).to_numpy()


def _splits(values: dict[str, Any], table: Table) -> list[Split]:
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
    )


def _name(job: dict[str, Any]) -> str:
    return f"{job['technique']}, repeat {job['repeat']}, fold {job['fold']}"
