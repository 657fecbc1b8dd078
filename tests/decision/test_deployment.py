"""Class shares of unlabelled rows: known truth, closed forms, and the rule tuned for them."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score

from steelyard.decision import (
    Alerts,
    Maximise,
    MinPrecision,
    correct_prior,
    estimate_deployed,
    estimate_prior,
    tune,
)
from steelyard.decision.prior import likeliest_prior
from steelyard.errors import RequestError

TRAINED = 0.1


def draw(share, rows, rng, bend=1.0):
    """Normal scores, 2.5 apart; probabilities true where 10 % are positive, then bent."""
    y = (np.arange(rows) < round(share * rows)).astype(int)
    score = rng.normal(size=rows) + 2.5 * y
    log_odds = bend * (np.log(TRAINED / (1 - TRAINED)) + 2.5 * score - 2.5**2 / 2)
    p = 1 / (1 + np.exp(-log_odds))
    return np.column_stack([1 - p, p]), y


def test_root_finding_is_where_em_ends():
    p, _ = draw(0.3, 3000, np.random.default_rng(0))
    em = estimate_prior(p, [1 - TRAINED, TRAINED]).prior
    np.testing.assert_allclose(likeliest_prior(p, [0.9, 0.1], np.ones(3000)), em, atol=1e-6)
    times = np.random.default_rng(1).integers(0, 3, 3000)
    repeated = estimate_prior(np.repeat(p, times, axis=0), [0.9, 0.1]).prior
    np.testing.assert_allclose(likeliest_prior(p, [0.9, 0.1], times), repeated, atol=1e-6)
    np.testing.assert_allclose(
        estimate_prior(p, [0.9, 0.1], sample_weight=times, start=[0.5, 0.5]).prior,
        repeated,
        atol=1e-6,
    )


@pytest.mark.parametrize("outside", [0.0, 1.0])
def test_rows_of_one_class_only(outside):
    p = np.tile([1 - outside, outside], (200, 1)) * 0.98 + 0.01
    assert likeliest_prior(p, [0.5, 0.5], np.ones(200))[1] == outside


@pytest.mark.parametrize("share", [0.01, 0.1, 0.4])
@pytest.mark.parametrize("bend", [1.0, 2.0])
def test_the_interval_holds_the_truth_even_of_probabilities_too_sure_of_themselves(share, bend):
    held = []
    for seed in range(20):
        rng = np.random.default_rng([seed, 7])
        known, new = draw(TRAINED, 6000, rng, bend), draw(share, 6000, rng, bend)
        found = estimate_deployed(*known, new[0], seed=seed, resamples=60)
        held.append(found.low[1] <= share <= found.high[1])
    assert np.mean(held) >= 0.85
    plain = estimate_prior(new[0], [1 - TRAINED, TRAINED]).prior[1]
    if bend == 2.0 and share > TRAINED:
        assert not found.low[1] <= plain <= found.high[1], "without calibration it goes astray"


def test_three_classes():
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0], [3, 0], [0, 3]])

    def draw_three(prior, rows):
        y = rng.choice(3, rows, p=prior)
        X = rng.normal(size=(rows, 2)) + centres[y]
        log_p = -0.5 * ((X[:, None] - centres) ** 2).sum(-1)
        return correct_prior(np.exp(log_p) / np.exp(log_p).sum(1, keepdims=True), [1, 1, 1],
                             [0.8, 0.15, 0.05]), y  # fmt: skip

    known, new = draw_three([0.8, 0.15, 0.05], 4000), draw_three([0.5, 0.2, 0.3], 4000)
    found = estimate_deployed(*known, new[0], resamples=20)
    np.testing.assert_allclose(found.prior, [0.5, 0.2, 0.3], atol=0.03)
    assert (found.low <= found.prior).all()
    assert (found.prior <= found.high).all()


def test_five_rows_are_refused_with_how_many_are_needed():
    known = draw(TRAINED, 1000, np.random.default_rng(0))
    with pytest.raises(RequestError, match=r"5 unlabelled rows.*at least 100 rows"):
        estimate_deployed(*known, known[0][:5])


@pytest.mark.parametrize(
    ("goal", "metric"),
    [
        (Maximise("f1"), lambda y, d: f1_score(y, d)),
        (Alerts(100), lambda y, d: d[y == 1].mean()),
        (MinPrecision(0.8), lambda y, d: d[y == 1].mean()),
    ],
    ids=["f1", "alerts", "min-precision"],
)
def test_a_rule_for_other_shares_is_the_one_tuned_on_rows_that_have_them(goal, metric):
    """Tuned on 10 % positives for 40 %: on rows with 40 % it does as well as tuning there."""
    rng = np.random.default_rng(3)
    (here, y_here), (there, y_there) = draw(TRAINED, 40_000, rng), draw(0.4, 40_000, rng)
    here, there = (correct_prior(p, [0.9, 0.1], [0.6, 0.4]) for p in (here, there))
    moved = tune(here, y_here, goal, positive=1, deployed_on=[0.6, 0.4])
    asked = tune(there, y_there, goal, positive=1, interval=False)
    done, best = (metric(y_there, rule.decide(there)) for rule in (moved.rule, asked.rule))
    # A quarter of the positives to be sure of a bound by: its margin is wider, never narrower.
    assert best - (0.01 if isinstance(goal, Maximise) else 0.02) <= done <= best + 0.01
    assert moved.value == pytest.approx(done, abs=0.02), "what it says it will do"
    assert moved.interval[0] <= moved.rule.threshold <= moved.interval[1]
    if isinstance(goal, MinPrecision):
        assert precision_score(y_there, moved.rule.decide(there)) >= 0.79
    if isinstance(goal, Alerts):
        assert moved.rule.decide(there).mean() == pytest.approx(0.1, abs=0.01)


def test_several_classes_weigh_by_the_shares_to_come():
    rng = np.random.default_rng(0)
    p = rng.dirichlet([6, 2, 1], 3000)
    y = np.array([rng.choice(3, p=row) for row in p])
    here = np.bincount(y) / 3000
    there = np.array([0.2, 0.2, 0.6])
    moved = correct_prior(p, here, there)
    tuned = tune(moved, y, Maximise("f1"), positive=2, deployed_on=there, interval=False)
    drawn = rng.choice(3000, 30_000, p=(there / here)[y] / (there / here)[y].sum())
    again = f1_score(y[drawn], tuned.rule.decide(moved[drawn]), average="macro")
    assert tuned.value == pytest.approx(again, abs=0.02)
