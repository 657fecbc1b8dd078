"""The leakage ledger: per job, which rows went in and proof that the test rows stayed out."""

import hashlib
from typing import Any

import numpy as np

from steelyard.jobs.job import Job, ResampledRows


def rows_hash(rows: np.ndarray) -> str:
    """Hash of a set of row positions, whatever their order."""
    return hashlib.sha256(np.sort(rows).astype("<i8").tobytes()).hexdigest()[:16]


def ledger_entry(job: Job, row_ids: np.ndarray, resampled: list[ResampledRows]) -> dict[str, Any]:
    """The ledger's line on one job: rows in, what each member trained on, test rows untouched.

    Raises AssertionError if a test row was used: that is a bug in a trainer, never the user's
    fault.
    """
    touched = np.zeros(len(row_ids), bool)
    for one in resampled:
        for rows in (one.indices.rows, one.indices.partners, one.held_out):
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
        "members": [_counts(one, len(job.split.train)) for one in resampled],
        "test_rows": len(job.split.test),
        "test_hash_before": rows_hash(row_ids[job.split.test]),
        "test_hash_after": rows_hash(row_ids[untouched]),
    }


def _counts(one: ResampledRows, rows_in: int) -> dict[str, int]:
    """Of the training rows: held out to stop on, dropped, added as copies, synthetic."""
    observed = one.indices.rows[one.indices.share == 0]
    distinct = len(np.unique(observed))
    return {
        "held_out": len(one.held_out),
        "dropped": rows_in - len(one.held_out) - distinct,
        "copied": len(observed) - distinct,
        "synthetic": len(one.indices.rows) - len(observed) + len(one.indices.made),
    }
