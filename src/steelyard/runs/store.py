"""The run directory on disk: save, load."""

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from steelyard._memory import check_tensorflow_and, is_out_of_memory
from steelyard.errors import RunError, SteelyardError
from steelyard.files import Lock, write_text
from steelyard.files.atomic import json_text
from steelyard.runs.checks import MALFORMED, disagreement, problem_in, read_json
from steelyard.runs.commit import commit, settle
from steelyard.runs.seal import SEALED, broken

LOADED = 256 << 20  # bytes that a model and its first call take beside TensorFlow, measured
ADVICE = "let it have more (`memory`)"
SCHEMA = 2  # of run.json; raised when a reader of older files would go wrong


def save(study: Any, run: Path) -> Path:
    """Write a study's files into the directory `run`, all or none."""
    commit(
        run,
        study.run,
        {
            "model.keras": study.model.save,
            "predictions.parquet": study.predictions.write_parquet,
            "uncorrected.parquet": study.uncorrected.write_parquet,
            "ledger.json": lambda path: path.write_text(json_text(study.ledger), "utf-8"),
            "report.html": lambda path: path.write_text(page_of(study.run, run), "utf-8"),
        },
    )
    return run


def save_decision(study: Any, run: Path) -> None:
    """Write what a new decision changes: the model, the page and run.json, all or none.

    And the predictions, beside which columns may stand that the new decision needs.
    """
    commit(
        run,
        study.run,
        {
            "model.keras": study.model.save,
            "predictions.parquet": study.predictions.write_parquet,
            "report.html": lambda path: path.write_text(page_of(study.run, run), "utf-8"),
        },
    )


def locked(run: str | Path) -> Lock:
    """For use in a `with`: nobody else writes the run meanwhile."""
    return Lock(Path(run) / ".lock", str(run))


def write_report(values: dict[str, Any], run: Path) -> None:
    """The page, built from run.json's content alone."""
    if (run / "report.html").is_dir():
        raise RunError(f"{run / 'report.html'} is a folder; remove it first")
    try:
        page = page_of(values, run)
    except SteelyardError:
        raise
    except MALFORMED as error:
        raise RunError(
            f"{run / 'run.json'} is damaged: no page can be made of it ({error})"
        ) from error
    write_text(run / "report.html", page)


def save_name(values: dict[str, Any], run: Path, positive_name: str) -> dict[str, Any]:
    """Write what the class of interest is to be called into run.json and the page, both or none."""
    values = values | {"data": values["data"] | {"positive_name": positive_name}}
    commit(
        run, values, {"report.html": lambda path: path.write_text(page_of(values, run), "utf-8")}
    )
    return values


def page_of(values: dict[str, Any], run: Path) -> str:
    """The page as text, from run.json's content; its commands name the directory `run`."""
    from steelyard.report.page import to_html

    return to_html(values, run)


def read_run(run: str | Path, *, verify: bool = True) -> dict[str, Any]:
    """The content of run.json.

    Args:
        verify: it must be as it was sealed.
    Raises: RunError: no finished run is there, it is damaged, or it was edited.
    """
    if not isinstance(run, str | Path):
        raise RunError(f"the run is {run!r}; give the path of its directory")
    run = Path(run)
    path = run / "run.json"
    if not run.is_dir():
        raise RunError(f"there is no run directory {run}; make one with: steelyard compare")
    settle(run)
    if path.is_dir():
        raise RunError(f"{path} is a folder; give the directory that compare wrote")
    if not path.exists():
        hint = (
            "it was not finished: give the same compare command again and it goes on"
            if (run / "journal.jsonl").exists()
            else "give the directory that compare wrote"
        )
        raise RunError(f"{run} has no run.json; {hint}")
    values = read_json(path)
    if not isinstance(values, dict) or values.get("schema") != SCHEMA:
        version = values.get("schema") if isinstance(values, dict) else None
        raise RunError(
            f"{path} has schema {version}; this steelyard reads {SCHEMA}: "
            "install the version that wrote it"
        )
    problem = problem_in(values, "run")
    if problem:
        raise RunError(f"{path} is damaged: {problem}; run compare again")
    if verify:
        _must_hold(run, values, ())
    problem = disagreement(values)
    if problem:
        raise RunError(f"{path} contradicts itself: {problem}; run compare again")
    return values


def load(run: str | Path, *, verify: bool = True) -> Any:
    """The study saved in a run directory (`Study.save`, or `compare` with `out`).

    Args:
        verify: its files must be as they were sealed.
    Raises: RunError: no finished run is there, a file is missing or damaged, or was edited.
    """
    from steelyard.runs.study import Study

    values = read_run(run, verify=verify)
    run = Path(run)
    for name in SEALED:
        if not (run / name).is_file():
            raise RunError(f"{run} lacks {name}; run compare again")
    if verify:
        _must_hold(run, values, SEALED)
    return Study(
        values,
        predictions=read_predictions(run / "predictions.parquet", values),
        uncorrected=read_predictions(run / "uncorrected.parquet", values),
        ledger=read_json(run / "ledger.json", "ledger"),
        model=lambda: load_model(run / "model.keras"),
    )


def model_of(run: str | Path, values: dict[str, Any], *, verify: bool = True) -> Any:
    """The model of a run whose run.json holds `values`.

    Raises: RunError: it is missing, damaged, or not the one that was sealed.
    """
    if verify:
        _must_hold(Path(run), values, ("model.keras",))
    return load_model(Path(run) / "model.keras")


def load_model(run: str | Path, *, verify: bool = True) -> Any:
    """The Keras model of a run directory, or in a .keras file; what is in it is looked at first.

    Args:
        verify: the run's files must be as they were sealed.
    Returns: `model(columns)` and `model.predict(columns)` give {"probability", "decision"} for a
        dict of raw columns; `model.about` tells classes, positive class, threshold and date.
    Raises: RunError: it is damaged or holds what no model of steelyard's does.
    """
    from steelyard.models.archive import load_archive

    check_tensorflow_and(LOADED, "loading the model", ADVICE)
    path = Path(run)
    if path.is_dir():
        return model_of(path, read_run(path, verify=verify), verify=verify)
    return load_archive(path)


def read_predictions(path: Path, values: dict[str, Any]) -> pl.DataFrame:
    """predictions.parquet or uncorrected.parquet, with the columns that run.json `values` asks for.

    Raises: RunError: it is damaged, or other columns.
    """
    labels = [entry["label"] for entry in values["data"]["classes"]]
    wanted = {
        "row": pl.Int64,
        "repeat": pl.Int32,
        "fold": pl.Int32,
        "technique": pl.String,
    } | {f"probability_{label}": pl.Float32 for label in labels}
    if values["data"].get("weights") and path.name == "predictions.parquet":
        wanted["weight"] = pl.Float64
    try:
        # Arrow's reader refuses a damaged page; polars' can ask for so much that the process ends.
        frame = pl.from_arrow(pq.read_table(path))
    except Exception as error:  # the readers have no class for "this is no Parquet"
        if is_out_of_memory(error):
            raise
        raise RunError(f"{path} is damaged ({error}); run compare again") from error
    if not isinstance(frame, pl.DataFrame):
        raise RunError(f"{path} is damaged: it holds no columns; run compare again")
    for name, kind in wanted.items():
        if name not in frame.columns or frame.schema[name] != kind:
            raise RunError(
                f"{path} is damaged: it has no column {name} of {kind}; run compare again"
            )
    if frame.is_empty() or frame.select(list(wanted)).null_count().sum_horizontal().item():
        raise RunError(f"{path} is damaged: it has no rows, or rows without values")
    return frame


def _must_hold(run: Path, values: dict[str, Any], names: tuple[str, ...]) -> None:
    problems = broken(values, run, names)
    if problems:
        raise RunError(
            f"{run}: {problems[0]}; see what else with: steelyard verify {run}, or use it as it is "
            "with `verify=False`"
        )
