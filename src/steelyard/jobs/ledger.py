"""The leakage ledger: per job, which rows went in and proof that the test rows stayed out."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard.jobs.job import CheckedRows, Job, ResampledRows


def rows_hash(rows: np.ndarray) -> str:
    """Hash of a set of row positions, whatever their order."""
    return hashlib.sha256(np.sort(rows).astype("<i8").tobytes()).hexdigest()[:16]


AnyRows = Sequence[ResampledRows | CheckedRows]


def ledger_entry(job: Job, row_ids: np.ndarray, resampled: AnyRows) -> dict[str, Any]:
    """The ledger's line on one job: rows in, what each member trained on, test rows untouched.

    Raises AssertionError if a test row was used: that is a bug in a trainer, never the user's
    fault.
    """
    touched = _touched(job, len(row_ids), resampled)
    untouched = np.intersect1d(job.split.test, np.flatnonzero(~touched))
    return {
        "repeat": job.split.repeat,
        "fold": job.split.fold,
        "technique": job.technique.name,
        "rows_in": len(job.split.train),
        "train_hash": rows_hash(row_ids[job.split.train]),
        "members": [one.counts for one in checked(job, len(row_ids), resampled)],
        "test_rows": len(job.split.test),
        "test_hash_before": rows_hash(row_ids[job.split.test]),
        "test_hash_after": rows_hash(row_ids[untouched]),
    }


def checked(job: Job, rows: int, resampled: AnyRows) -> list[CheckedRows]:
    """The counts of each member's rows, none of which is a test row; else AssertionError.

    Args:
        rows: of the table.
    """
    _touched(job, rows, resampled)
    return [
        one if isinstance(one, CheckedRows) else CheckedRows(_counts(one, len(job.split.train)))
        for one in resampled
    ]


def _touched(job: Job, rows: int, resampled: AnyRows) -> np.ndarray:
    """Which rows of the table the members used, but for those checked elsewhere; (rows,)."""
    touched = np.zeros(rows, bool)
    for one in resampled:
        if isinstance(one, ResampledRows):
            for used in (one.indices.rows, one.indices.partners, one.held_out):
                touched[used] = True
    if touched[job.split.test].any():
        raise AssertionError(f"job {job.key} used rows of its own test fold")
    return touched


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
