"""A run with a new decision in its model: written in place, the training stays."""

from pathlib import Path
from typing import Any

from steelyard.runs.store import load, save_decision


def retune_run(run: str | Path, **changes: Any) -> dict[str, Any]:
    """`Study.retune` on a run directory; returns run.json's new content.

    Nothing is written before the new decision is made; the files then appear one by one, run.json
    last.
    """
    study = load(run).retune(**changes)
    save_decision(study, Path(run))
    return study.run
