"""Is a run what it was? Everything that follows from its predictions is computed again.

The seal finds files that were edited. Splits and ledger are held against the table
(`runs.integrity`). Metrics, intervals, baselines, verdict and decision are made again from the
uncorrected probabilities, by what made them the first time, and the model is held against run.json.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from steelyard.comparison.rejudge import differences, rejudged
from steelyard.errors import DataError, RunError
from steelyard.models.archive import layer_configs
from steelyard.runs.checks import MALFORMED, read_json
from steelyard.runs.integrity import ledger_problems, prediction_problems, row_problems
from steelyard.runs.new_decision import natural_prior, new_decision
from steelyard.runs.seal import ALSO, SEALED, broken
from steelyard.runs.store import read_predictions, read_run
from steelyard.runs.study import Study
from steelyard.runs.training_table import training_table
from steelyard.tables import Table

AGREES = 1e-6  # relative; other machines round otherwise


def verify_run(run: str | Path, data: Any = None) -> dict[str, Any]:
    """Verify a run directory.

    Args:
        data: the table it was made from, where that is no longer at its place.
    Returns: plain values: `holds`, `table` (whether the table could be read again) and `checks`,
        each with `name`, `holds` and, where it does not, `problems`.
    Raises: RunError: no finished run there, or a run.json that cannot be read.
    """
    folder = Path(run)
    values = read_run(folder, verify=False)
    present = [name for name in ALSO if (folder / name).exists() or name in values.get("files", {})]
    problems = {"files": broken(values, folder, [*SEALED, *present])}
    table, problems["table"] = _table(values, data)

    def of(name: str, find: Callable[[], list[str]]) -> None:
        """Problems of one kind; a file that cannot be read is one."""
        try:
            problems[name] = find()
        except RunError as error:
            problems[name] = [str(error)]
        except MALFORMED as error:  # values of other types or names than a run's
            problems[name] = [f"run.json cannot be worked with: {type(error).__name__}: {error}"]

    def jobs() -> list[dict[str, Any]]:
        return read_json(folder / "ledger.json", "ledger")["jobs"]

    def predictions(kind: str) -> pl.DataFrame:
        return read_predictions(folder / f"{kind}.parquet", values)

    shipped = "predictions"
    of("ledger", lambda: list(ledger_problems(folder, values, jobs())))
    of("test rows", lambda: list(row_problems(values, jobs(), predictions(shipped), table)))
    of(shipped, lambda: list(prediction_problems(values, predictions(shipped), table)))
    of("results", lambda: _results(values, predictions(shipped), predictions("uncorrected"), table))
    of("model", lambda: list(_model(folder, values)))
    checks = [
        {"name": name, "holds": not found, "problems": found} for name, found in problems.items()
    ]
    return {
        "run": str(run),
        "holds": all(check["holds"] for check in checks),
        "table": "read again" if table is not None else "not there",
        "checks": checks,
    }


def _table(values: dict[str, Any], data: Any) -> tuple[Table | None, list[str]]:
    try:
        return training_table(values, data), []
    except RunError as error:
        return None, [str(error)]
    except DataError:
        if data is not None:
            raise
        return None, []


def _results(
    values: dict[str, Any],
    predictions: pl.DataFrame,
    uncorrected: pl.DataFrame,
    table: Table | None,
) -> list[str]:
    """What run.json and predictions.parquet say, against what the probabilities give again."""
    if table is None and (values["protocol"]["time"] or values["protocol"]["group"]):
        return []  # what was trained on, and which rows belong together, only the table knows
    again, shipped = rejudged(values, predictions, uncorrected, table)
    said = {name: values.get(name) for name in again}
    said["decision"] = values.get("decision_as_compared", values["decision"])
    found = list(differences(said, again, AGREES))
    names = [name for name in shipped.columns if name.startswith("probability_")]
    pairs = predictions.join(shipped, on=["row", "repeat", "technique"], suffix="_again")
    p = pairs.select(names).to_numpy()
    p_again = pairs.select(f"{name}_again" for name in names).to_numpy()
    if pairs.height != predictions.height or np.abs(p - p_again).max(initial=0.0) > AGREES:
        found.append("predictions.parquet does not follow from uncorrected.parquet")
    if "decision_as_compared" in values:
        study = Study(
            values, predictions=predictions, uncorrected=uncorrected, ledger={}, model=None
        )
        decision = values["decision"]
        options = {"goal": None, "unlabelled": decision.get("unlabelled")}
        rule, _ = new_decision(study, prior=np.array(decision["prior"]), **options)
        found += differences(values["decision"]["rule"], rule.to_dict(), AGREES, "decision.rule")
    return found


def _model(folder: Path, values: dict[str, Any]) -> list[str]:
    """The decision that is built into the model must be the one that run.json tells."""
    layers, decision = layer_configs(folder / "model.keras"), values["decision"]
    wanted = {"steelyard.decision": decision["rule"]}
    wanted["steelyard.calibration"] = decision["calibration"]
    found = []
    for name, said in wanted.items():
        built_in = {key: layers.get(name, {}).get(key) for key in said}
        found += [f"{name}: {one}" for one in differences(said, built_in, AGREES)]
    natural = natural_prior(values).tolist()
    deployed_on = layers.get("steelyard.deployment", {}).get("deployed_on", natural)
    found += [f"model: prior{one}" for one in differences(decision["prior"], deployed_on, AGREES)]
    return found
