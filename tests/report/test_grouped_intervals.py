"""The explorer's intervals where rows belong together: those of the groups, not of the rows."""

from types import SimpleNamespace

import numpy as np
import pytest

from steelyard.comparison.counted import _against_the_rest
from steelyard.comparison.protocol import Protocol
from steelyard.decision import Maximise
from steelyard.jobs.folds import make_splits
from steelyard.report.figures import at_index


def table_of(y, score, groups):
    splits = make_splits(y, folds=3, repeats=1, seed=0, classes=(0, 1), groups=groups, times=None)
    protocol = Protocol(y, splits, 1, Maximise("f1"), "average_precision", groups)
    one = SimpleNamespace(rule=SimpleNamespace(threshold=0.5))
    return _against_the_rest(y == 1, score, None, one, protocol, 1)


def recall_at_half(table):
    return at_index(table, table["threshold"].index(0.5), 0.1, (1.0, 1.0))["recall"]


def test_copies_of_rows_make_no_interval_narrower():
    rng = np.random.default_rng(0)
    y = (rng.random(900) < 0.2).astype(int)
    score = np.clip(rng.normal(0.35 + 0.25 * y, 0.2), 0.001, 0.999)
    once = recall_at_half(table_of(y, score, None))
    every = np.repeat(np.arange(900), 5)
    copied = recall_at_half(table_of(y[every], score[every], every))
    for end in ("value", "low", "high"):
        assert copied[end] == pytest.approx(once[end], abs=1e-6)


def test_groups_that_mean_nothing_change_hardly_anything():
    rng = np.random.default_rng(1)
    y = (rng.random(900) < 0.2).astype(int)
    score = np.clip(rng.normal(0.35 + 0.25 * y, 0.2), 0.001, 0.999)
    once = recall_at_half(table_of(y, score, None))
    grouped = recall_at_half(table_of(y, score, rng.integers(0, 400, 900)))
    assert grouped["low"] <= once["low"] + 1e-9
    assert grouped["low"] == pytest.approx(once["low"], abs=0.04)
