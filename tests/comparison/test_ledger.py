"""The ledger counts what was drawn, and a touched test row cannot pass."""

import numpy as np
import pytest

from steelyard.jobs.job import Job, ResampledRows, Split
from steelyard.jobs.ledger import ledger_entry, rows_hash
from steelyard.techniques import get
from steelyard.techniques.sample import SampleIndices

SPLIT = Split(0, 1, np.arange(8), np.array([8, 9]))
JOB = Job(get("smote"), SPLIT, seed=0)
IDS = np.arange(10) * 100


def test_counts_and_hashes():
    drawn = SampleIndices(
        np.array([2, 3, 4, 4, 5, 2]), np.array([2, 3, 4, 4, 5, 3]), np.array([0, 0, 0, 0, 0, 0.5])
    )
    entry = ledger_entry(JOB, IDS, [ResampledRows(drawn, np.array([0, 1]))])
    assert entry["members"] == [{"held_out": 2, "dropped": 2, "copied": 1, "synthetic": 1}]
    assert entry["rows_in"] == 8
    assert entry["test_hash_before"] == entry["test_hash_after"] == rows_hash(np.array([900, 800]))


@pytest.mark.parametrize("place", ["rows", "partner", "held"])
def test_a_test_row_anywhere_is_an_error(place):
    rows = np.array([1, 8 if place == "rows" else 2])
    partners = np.array([1, 9 if place == "partner" else 2])
    held = np.array([8 if place == "held" else 0])
    draw = ResampledRows(SampleIndices(rows, partners, np.array([0, 0.5])), held)
    with pytest.raises(AssertionError, match="used rows of its own test fold"):
        ledger_entry(JOB, IDS, [draw])
