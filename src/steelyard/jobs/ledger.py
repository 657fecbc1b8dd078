"""The leakage ledger: per job, which rows went in and proof that the test rows stayed out."""

import hashlib
from typing import Any

import numpy as np

from steelyard.jobs.job import Draw, Job


def rows_hash(rows: np.ndarray) -> str:
    """Hash of a set of row positions, whatever their order."""
    return hashlib.sha256(np.sort(rows).astype("<i8").tobytes()).hexdigest()[:16]


def ledger_entry(job: Job, row_ids: np.ndarray, draws: list[Draw]) -> dict[str, Any]:
    """The ledger's line on one job: rows in, what each network drew, the test rows untouched.

    Raises AssertionError if a test row was used: that is a bug in a trainer, never the user's
    fault.
    """
    touched = np.zeros(len(row_ids), bool)
    for draw in draws:
        for rows in (draw.drawn.rows, draw.drawn.partners, draw.held_out):
            touched[rows] = True
    if touched[job.split.test].any():
        raise AssertionError(f"job {job.key} used rows of its own test fold")
    untouched = np.intersect1d(job.split.test, np.flatnonzero(~touched))
    return {
        "repeat": job.split.repeat,
        "fold": job.split.fold,
        "technique": job.technique.name,
        "rows_in": len(job.split.train),
        "train_hash": rows_hash(row_ids[job.split.train]),
        "networks": [_counts(draw, len(job.split.train)) for draw in draws],
        "test_rows": len(job.split.test),
        "test_hash_before": rows_hash(row_ids[job.split.test]),
        "test_hash_after": rows_hash(row_ids[untouched]),
    }


def _counts(draw: Draw, rows_in: int) -> dict[str, int]:
    """Of the training rows: held out to stop on, dropped, added as copies, added as made up."""
    observed = draw.drawn.rows[draw.drawn.share == 0]
    distinct = len(np.unique(observed))
    return {
        "held_out": len(draw.held_out),
        "dropped": rows_in - len(draw.held_out) - distinct,
        "copied": len(observed) - distinct,
        "made_up": len(draw.drawn.rows) - len(observed),
    }
