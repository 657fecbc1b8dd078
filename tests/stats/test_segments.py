"""Segments against scikit-learn and scipy; false marks and power where the truth is known."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import precision_score, recall_score

from steelyard.stats.partial_pooling import partially_pooled
from steelyard.stats.segment_measures import DecidedRows, mid_p
from steelyard.stats.segments import segments

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import segments as worlds  # the file of the same name in benchmarks/


def one_world(seed=0, rows=2000):
    rng = np.random.default_rng(seed)
    y, code = rng.random(rows) < 0.1, rng.integers(0, 3, rows)
    flagged = rng.random(rows) < np.where(y, np.where(code == 2, 0.3, 0.8), 0.05)
    p = np.clip(0.1 + 0.2 * y + rng.normal(0, 0.05, rows), 0.01, 0.99)
    return DecidedRows(y, flagged.astype(float), p), code


def test_figures_are_those_of_the_rows_of_the_part():
    rows, code = one_world()
    found = segments(rows, [SimpleNamespace(column="c", labels=["a", "b", "z"], codes=code)])
    assert found["tests"] == 9
    for k, part in enumerate(found["columns"][0]["parts"]):
        y, d = rows.positive[code == k], rows.flagged[code == k] > 0
        assert part["rows"] == len(y)
        assert part["positives"] == y.sum()
        assert part["recall"]["value"] == pytest.approx(recall_score(y, d))
        assert part["precision"]["value"] == pytest.approx(precision_score(y, d))
        ratio = y.sum() / rows.p[code == k].sum()
        assert part["observed_expected"]["value"] == pytest.approx(ratio)
    marked = [part["recall"]["differs"] for part in found["columns"][0]["parts"]]
    assert marked[2]


@pytest.mark.parametrize(("n", "share", "seen"), [(20, 0.3, 12), (7, 0.5, 0), (40, 0.1, 4)])
def test_the_p_value_is_the_exact_one_less_half_of_what_was_seen(n, share, seen):
    exact = stats.binomtest(seen, n, share).pvalue
    as_likely = sum(
        stats.binom.pmf(k, n, share)
        for k in range(n + 1)
        if np.isclose(stats.binom.pmf(k, n, share), stats.binom.pmf(seen, n, share))
    )
    assert mid_p(stats.binom(n, share), seen) == pytest.approx(exact - as_likely / 2)


def test_few_positives_are_described_and_not_judged():
    rows, code = one_world(rows=150)
    found = segments(rows, [SimpleNamespace(column="c", labels=["a", "b", "z"], codes=code)])
    parts = found["columns"][0]["parts"]
    assert any(not part["judged"] for part in parts)
    for part in parts:
        assert part["judged"] == (part["positives"] >= 10)
        if not part["judged"]:
            assert not any(part[name]["differs"] for name in ("recall", "precision"))


def test_pooled_estimates_are_nearer_the_truth_than_the_parts_own():
    rng = np.random.default_rng(0)
    own, pooled = [], []
    for _ in range(200):
        truth = np.clip(rng.normal(0.7, 0.06, 8), 0, 1)
        sizes = rng.integers(10, 60, 8)
        seen = rng.binomial(sizes, truth) / sizes
        own.append(((seen - truth) ** 2).mean())
        drawn = partially_pooled(seen, sizes, 0.7 * 0.3)
        pooled.append(((drawn - truth) ** 2).mean())
    assert np.mean(pooled) < 0.6 * np.mean(own)


def test_copies_of_rows_tell_no_more_than_the_rows():
    rows, code = one_world(seed=3, rows=400)
    twice = np.repeat(np.arange(400), 5)
    copied = DecidedRows(rows.positive[twice], rows.flagged[twice], rows.p[twice], twice)
    cut = SimpleNamespace(column="c", labels=["a", "b", "z"], codes=code)
    cut_twice = SimpleNamespace(column="c", labels=["a", "b", "z"], codes=code[twice])
    once, again = segments(rows, [cut]), segments(copied, [cut_twice])
    for a, b in zip(once["columns"][0]["parts"], again["columns"][0]["parts"], strict=True):
        assert b["recall"]["low"] <= a["recall"]["low"] + 0.02
        assert b["recall"]["differs"] <= a["recall"]["differs"]


@pytest.mark.parametrize("group", [1, 4])
def test_few_families_are_marked_where_nothing_differs(group):
    how = {"positives": 200 * group, "recall": 0.8, "prevalence": 0.1, "group": group}
    assert worlds.false_marks(60, 1, **how) <= 0.1


def test_a_part_that_loses_half_its_cases_is_found():
    assert worlds.power(40, 1, positives=200, recall=0.8, prevalence=0.1) >= 0.8
