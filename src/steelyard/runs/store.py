"""The run directory on disk: save, load."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from steelyard.errors import RunError
from steelyard.files import write_json, write_whole
from steelyard.runs.seal import sealed

SCHEMA = 1  # of run.json; raised when a reader of older files would go wrong


def save(study: Any, run: Path) -> Path:
    """Write a study's files into the directory `run`; run.json last, as it marks the finish."""
    write_whole(run / "model.keras", study.model.save)
    write_whole(
        run / "predictions.parquet", lambda partial: study.predictions.write_parquet(partial)
    )
    write_json(run / "ledger.json", study.ledger)
    write_report(study.run, run)
    write_json(run / "run.json", sealed(study.run, run))
    return run


def save_decision(study: Any, run: Path) -> None:
    """Write what a new decision changes: the model, the page and run.json."""
    write_whole(run / "model.keras", study.model.save)
    write_report(study.run, run)
    write_json(run / "run.json", sealed(study.run, run))


def write_report(values: dict[str, Any], run: Path) -> None:
    """The page, built from run.json's content alone."""
    from steelyard.files import write_text
    from steelyard.report.page import to_html

    write_text(run / "report.html", to_html(values))


def read_run(run: str | Path) -> dict[str, Any]:
    """The content of run.json; RunError says what is missing."""
    run = Path(run)
    path = run / "run.json"
    if not run.is_dir():
        raise RunError(f"there is no run directory {run}; make one with: steelyard compare")
    if not path.exists():
        hint = (
            "it was not finished: give the same compare command again and it goes on"
            if (run / "journal.jsonl").exists()
            else "give the directory that compare wrote with --out"
        )
        raise RunError(f"{run} has no run.json; {hint}")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise RunError(f"{path} is damaged ({error}); run compare again") from error
    if values.get("schema") != SCHEMA:
        raise RunError(
            f"{path} has schema {values.get('schema')}; this steelyard reads {SCHEMA}: "
            "install the version that wrote it"
        )
    return values


def load(run: str | Path) -> Any:
    """The study saved in a run directory (`Study.save`, `steelyard compare --out`)."""
    from steelyard.runs.study import Study

    run = Path(run)
    values = read_run(run)
    for name in ("model.keras", "predictions.parquet", "ledger.json"):
        if not (run / name).exists():
            raise RunError(f"{run} lacks {name}; run compare again")
    return Study(
        values,
        predictions=pl.read_parquet(run / "predictions.parquet"),
        ledger=json.loads((run / "ledger.json").read_text(encoding="utf-8")),
        model=lambda: load_model(run / "model.keras"),
    )


def load_model(path: Path) -> Any:
    """A saved model, with the layers it is made of."""
    from steelyard._keras import keras

    return keras.saving.load_model(path)
