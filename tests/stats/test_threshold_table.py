"""Thresholds in whole counts: the same rows as flagged by hand, and scikit-learn's curve."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from steelyard.stats.threshold_table import (
    AT_POSITIVES,
    SPACED,
    insert,
    score_histogram,
    shortest_between,
    threshold_table,
)

scores = st.lists(
    st.tuples(st.booleans(), st.floats(0, 1, width=32)), min_size=2, max_size=60
).filter(lambda rows: 0 < sum(kind for kind, _ in rows) < len(rows))


def flagged_by_hand(positive, score, threshold):
    (_, false), (_, true) = confusion_matrix(positive, score >= threshold, labels=[False, True])
    return int(true), int(false)


@given(scores, st.floats(0.01, 1.0))
def test_counts_are_those_of_flagging_by_hand(rows, wanted):
    positive = np.array([kind for kind, _ in rows])
    score = np.array([p for _, p in rows], "float32")
    table = threshold_table(positive, score, at=[wanted])
    assert wanted in table["threshold"]
    found = list(zip(table["true_positives"], table["false_positives"], strict=True))
    for threshold, pair in zip(table["threshold"], found, strict=True):
        assert pair == flagged_by_hand(positive, score.astype("float64"), threshold)
    assert table["threshold"] == sorted(table["threshold"], reverse=True)
    assert found[-1] == (table["positives"], table["negatives"])
    assert len(set(found)) == len(found)


def test_every_positive_of_a_small_table_can_be_stood_at():
    rng = np.random.default_rng(0)
    positive, score = rng.random(5000) < 0.05, rng.random(5000, dtype="float32")
    table = threshold_table(positive, score)
    assert set(range(1, int(positive.sum()) + 1)) <= set(table["true_positives"])


def test_large_tables_stay_small_and_keep_both_ends():
    rng = np.random.default_rng(0)
    positive, score = rng.random(200_000) < 0.2, rng.random(200_000, dtype="float32")
    table = threshold_table(positive, score, repeats=2)
    assert len(table["threshold"]) <= AT_POSITIVES + SPACED + 2
    assert table["true_positives"][0] == 0
    assert table["true_positives"][-1] == int(positive.sum())
    assert len(json.dumps(table)) < 40_000


def test_thresholds_are_short_decimals_that_float32_tells_apart():
    lower = np.array([0.1, 0.12345678, 0.0], "float32").astype("float64")
    upper = np.array([0.9, 0.12345679, 1e-30], "float32").astype("float64")
    found = shortest_between(lower, upper)
    assert found[0] == 0.5
    assert ((lower < found) & (found <= upper)).all()
    assert ((lower < found.astype("float32")) & (found.astype("float32") <= upper)).all()


def test_a_threshold_can_be_put_in():
    table = threshold_table(np.array([True, False, True]), np.array([0.9, 0.4, 0.2]))
    more = insert(table, 0.65, 1, 0)
    assert more["threshold"] == [1.0, 0.65, 0.3, 0.0]
    assert insert(table, 0.31, 1, 1)["threshold"] == [1.0, 0.6, 0.31, 0.0]


def test_histogram_holds_every_row_of_both_kinds():
    rng = np.random.default_rng(0)
    positive, score = rng.random(1000) < 0.1, rng.random(1000)
    found = score_histogram(positive, score)
    assert sum(found["positives"]) == positive.sum()
    assert sum(found["negatives"]) == (~positive).sum()
    middle = found["start"] + found["step"] * (np.arange(len(found["positives"])) + 0.5)
    mean = float(np.average(1 / (1 + np.exp(-middle)), weights=found["positives"]))
    assert mean == pytest.approx(score[positive].mean(), abs=0.03)


def test_spaced_thresholds_reach_from_one_row_to_all():
    positive = np.zeros(10_000, dtype=bool)
    positive[:3] = True
    score = np.linspace(1, 0, 10_000)
    flagged = np.add(
        *(threshold_table(positive, score)[f"{k}_positives"] for k in ("true", "false"))
    )
    assert len(flagged) > SPACED / 2
    assert np.max(flagged[4:] / flagged[3:-1]) < 2.01
