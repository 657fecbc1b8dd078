"""Each goal against a brute force over every threshold, ties and all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import (
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    fbeta_score,
    matthews_corrcoef,
    precision_score,
    recall_score,
)

from steelyard.decision import (
    Alerts,
    CostMatrix,
    Costs,
    DecisionRule,
    Maximise,
    MinPrecision,
    MinRecall,
    tune,
)
from steelyard.decision.coordinate_ascent import scan, value_of
from steelyard.decision.weighted_rows import Rows
from steelyard.errors import GoalError


def gmean(y, d):
    return np.sqrt(recall_score(y, d) * recall_score(1 - y, 1 - d))


METRICS = {
    "balanced_accuracy": balanced_accuracy_score,
    "f1": lambda y, d: f1_score(y, d, zero_division=0),
    "fbeta": lambda y, d: fbeta_score(y, d, beta=2, zero_division=0),
    "mcc": matthews_corrcoef,
    "gmean": gmean,
}


def two(p):
    p = np.asarray(p, float)
    return np.column_stack([1 - p, p])


@st.composite
def scored(draw):
    """Rows of two classes, both there, with many ties among the scores."""
    n = draw(st.integers(4, 30))
    p = draw(st.lists(st.sampled_from(np.linspace(0.05, 0.95, 7)), min_size=n, max_size=n))
    y = draw(st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2))
    return np.array(p), np.array([0, 1, *y])


def every_decision(p):
    """All ways a threshold can part the rows."""
    return [(p >= cut).astype(int) for cut in [*np.unique(p), 2.0]]


def decided(p, y, goal, **options):
    tuned = tune(two(p), y, goal, positive=1, interval=False, **options)
    return tuned, tuned.rule.decide(two(p))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("metric", METRICS)
@given(rows=scored())
@settings(max_examples=60, deadline=None)
def test_maximise(metric, rows):
    p, y = rows
    tuned, mine = decided(p, y, Maximise(metric))
    value = METRICS[metric]
    top = max(every_decision(p), key=lambda d: value(y, d))
    best = value(y, top)
    theory = {"balanced_accuracy": y.mean(), "f1": best / 2, "fbeta": best / 5}.get(metric)
    assert tuned.value == pytest.approx(value(y, mine), abs=1e-12)
    if theory is None or tuned.rule.threshold != pytest.approx(theory):
        assert tuned.value == pytest.approx(best, abs=1e-12)
        return
    # Theory's threshold may do worse on these rows by what chance does to the rows in between.
    variance = 0.0
    for kind in (0, 1):
        flagged = np.flatnonzero((top == 1) & (y == kind))
        between = np.sum((top != mine) & (y == kind))
        if len(flagged):
            fewer = top.copy()
            fewer[flagged[0]] = 0
            variance += between * (value(y, fewer) - best) ** 2
        elif between:
            return  # which of several equal ones `top` is decides what one row less would do
    assert best - tuned.value <= max(variance, 1 / len(y)) ** 0.5 * 2.5


def refused(p, y, goal):
    try:
        decided(p, y, goal)
    except GoalError:
        return True
    return False


def p_value(hits, trials, share):
    """Of the exact binomial test that a true share is at most this one."""
    return binomtest(int(hits), int(trials), share, alternative="greater").pvalue


@given(rows=scored(), asked=st.sampled_from([0.1, 0.3, 0.5]))
@settings(max_examples=60, deadline=None)
def test_min_recall_is_the_most_precise_of_those_that_an_exact_test_passes(rows, asked):
    p, y = rows
    sure = [d for d in every_decision(p) if p_value((d * y).sum(), y.sum(), asked) <= 0.05]
    if not sure:
        assert refused(p, y, MinRecall(asked))
        return
    tuned, mine = decided(p, y, MinRecall(asked))
    assert p_value((mine * y).sum(), y.sum(), asked) <= 0.05
    assert precision_score(y, mine) == pytest.approx(max(precision_score(y, d) for d in sure))
    assert tuned.holds > 0.95


@given(rows=scored(), per_thousand=st.sampled_from([100, 250, 500, 999]))
@settings(max_examples=60, deadline=None)
def test_alerts_find_the_most_of_those_that_an_exact_test_passes(rows, per_thousand):
    p, y = rows
    share, n = per_thousand / 1000, len(y)
    sure = [d for d in every_decision(p) if d.any() and p_value(n - d.sum(), n, 1 - share) <= 0.05]
    if not sure:
        assert refused(p, y, Alerts(per_thousand))
        return
    _, mine = decided(p, y, Alerts(per_thousand))
    assert p_value(n - mine.sum(), n, 1 - share) <= 0.05
    assert recall_score(y, mine) == pytest.approx(max(recall_score(y, d) for d in sure))


@given(rows=scored(), asked=st.sampled_from([0.2, 0.5, 0.8]))
@settings(max_examples=60, deadline=None)
def test_min_precision_walks_only_through_what_an_exact_test_passes(rows, asked):
    p, y = rows
    flagging = [d for d in every_decision(p) if d.any()]
    if refused(p, y, MinPrecision(asked)):
        # A single test that passes may have been the luckiest of many; none would be no refusal.
        _, mine = decided(p, y, MinPrecision(asked, closest=True))
        seen = [d for d in flagging if precision_score(y, d) >= asked]
        top = max(precision_score(y, d) for d in flagging)
        assert precision_score(y, mine) >= (asked if seen else top)
        if seen:
            assert recall_score(y, mine) == pytest.approx(max(recall_score(y, d) for d in seen))
        return
    tuned, mine = decided(p, y, MinPrecision(asked))
    sure = [d for d in flagging if p_value((d * y).sum(), d.sum(), asked) <= 0.05]
    assert p_value((mine * y).sum(), mine.sum(), asked) <= 0.05
    assert recall_score(y, mine) <= max(recall_score(y, d) for d in sure)
    assert tuned.out_of_reach is None


def test_a_bound_out_of_reach_says_what_can_be_had():
    p, y = np.linspace(0.1, 0.9, 20), np.repeat([0, 1], [16, 4])
    with pytest.raises(GoalError, match=r"4 positives.*ask for 0.47 or less, gather 299 positives"):
        decided(p, y, MinRecall(0.99))
    for goal in (MinRecall(0.99), MinRecall(0.99, closest=True)):
        tuned, mine = decided(p, y, goal, strict=goal.closest)
        assert tuned.out_of_reach
        assert f"probability of {100 * tuned.holds:.0f} %" in tuned.notes[0]
        assert mine[y == 1].all()


def test_rows_predicted_twice_are_no_more_sure_than_once():
    rng = np.random.default_rng(0)
    p = rng.beta(1, 6, 3000)
    y = (rng.random(3000) < p).astype(int)
    for goal in (MinRecall(0.8), MinPrecision(0.3), Alerts(50)):
        once, _ = decided(p, y, goal)
        twice, _ = decided(np.tile(p, 2), np.tile(y, 2), goal, groups=np.tile(np.arange(3000), 2))
        assert twice.rule == once.rule
        assert twice.holds == pytest.approx(once.holds)


def test_a_goal_by_name_is_the_metric_to_maximise():
    p, y = np.linspace(0.1, 0.9, 40), np.repeat([0, 1], [30, 10])
    assert decided(p, y, "f1")[0] == decided(p, y, Maximise("f1"))[0]
    with pytest.raises(GoalError, match="balanced_accuracy"):
        decided(p, y, "accuracy")
    with pytest.raises(GoalError, match=r"goal is 5; give one of Costs"):
        decided(p, y, 5)


@pytest.mark.parametrize(("fp", "fn", "cut"), [(1, 9, 0.1), (1, 1, 0.5), (3, 1, 0.75)])
def test_costs_need_no_tuning(fp, fn, cut):
    rng = np.random.default_rng(0)
    p = rng.random(2000)
    y = (rng.random(2000) < p).astype(int)
    tuned, mine = decided(p, y, Costs(fp=fp, fn=fn))
    assert tuned.rule.threshold == pytest.approx(cut)
    (_, false_alarms), (misses, _) = confusion_matrix(y, mine)
    assert tuned.value == pytest.approx((fp * false_alarms + fn * misses) / 2000)
    # True probabilities: no other threshold is cheaper by more than chance.
    paid = [fp * ((d == 1) & (y == 0)).sum() + fn * ((d == 0) & (y == 1)).sum()
            for d in ((p >= c).astype(int) for c in np.linspace(0, 1, 41))]  # fmt: skip
    assert tuned.value * 2000 <= min(paid) * 1.05


def test_cost_matrix_takes_the_cheapest_answer():
    costs = [[0, 1, 2], [5, 0, 2], [50, 20, 0]]
    p = np.random.default_rng(0).dirichlet([5, 2, 0.3], 200)
    expected = [min(range(3), key=lambda j: sum(row[i] * costs[i][j] for i in range(3)))
                for row in p]  # fmt: skip
    rule = tune(p, np.arange(200) % 3, CostMatrix(costs), positive=2).rule
    assert rule.decide(p).tolist() == expected


def test_more_classes_reach_what_a_grid_of_weights_reaches():
    rng = np.random.default_rng(1)
    y = rng.choice(3, 600, p=[0.8, 0.15, 0.05])
    logits = rng.normal(size=(600, 3)) + 1.5 * np.eye(3)[y] + np.log([0.8, 0.15, 0.05])
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    tuned = tune(p, y, Maximise("balanced_accuracy"), positive=2, interval=False)
    mine = balanced_accuracy_score(y, tuned.rule.decide(p))
    assert tuned.value == pytest.approx(mine)
    grid = np.logspace(-1, 2.5, 25)
    best = max(balanced_accuracy_score(y, (p * [1, a, b]).argmax(1)) for a in grid for b in grid)
    assert mine >= best - 0.01


def test_interval_and_near_best_hold_the_cut_off():
    rng = np.random.default_rng(0)
    p = rng.beta(1, 6, 3000)
    y = (rng.random(3000) < p).astype(int)
    tuned = tune(two(p), y, Maximise("f1"), positive=1)
    cut = tuned.rule.threshold
    assert tuned.interval[0] <= cut <= tuned.interval[1]
    assert tuned.near_best[0] <= cut <= tuned.near_best[1]
    assert tuned.optimism > 0
    for edge in tuned.near_best:
        assert f1_score(y, p >= edge) >= 0.99 * tuned.value - 1e-12


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Costs(fp=-1, fn=2), "-1"),
        (lambda: Costs(fp=0, fn=2), "more than 0"),
        (lambda: Costs(fp="x y", fn=2), "'x y'"),
        (lambda: CostMatrix([[1, 1], [1, 1]]), "decides nothing"),
        (lambda: CostMatrix([[0, -1], [1, 0]]), "negative"),
        (lambda: CostMatrix([[0, 1, 2], [1, 0, 2]]), r"\(2, 3\)"),
        (lambda: Maximise("accuracy"), "balanced_accuracy"),
        (lambda: Maximise("fbeta", beta=0), "beta"),
        (lambda: MinPrecision(1.2), "1.2"),
        (lambda: MinRecall(0), "above 0"),
        (lambda: Alerts(0), "1,000"),
        (lambda: DecisionRule(), "nothing"),
        (lambda: DecisionRule(threshold=2.0), "2.0"),
        (lambda: tune(two([0.1, 0.2]), [0, 0], Maximise(), positive=1), "negative"),
        (lambda: tune(np.ones((3, 3)) / 3, [0, 1, 2], Costs(1, 2), positive=1), "CostMatrix"),
        (lambda: tune(np.ones((3, 3)) / 3, [0, 1, 2], MinRecall(0.5), positive=1), "two classes"),
    ],
)
def test_what_cannot_be_had_is_said(make, said):
    with pytest.raises(GoalError, match=said):
        make()


@pytest.mark.parametrize("metric", ["balanced_accuracy", "gmean", "f1", "mcc"])
def test_a_scan_is_the_metric_of_the_decisions_at_every_weight(metric):
    """With ties, rows that stand for several, and a class without rows."""
    rng = np.random.default_rng(4)
    p = np.round(rng.dirichlet([4, 2, 1, 1], 60), 2) + 0.01
    p /= p.sum(1, keepdims=True)
    rows = Rows(p, rng.integers(0, 3, 60), rng.integers(0, 4, 60).astype(float))
    goal, start = Maximise(metric), np.array([0.1, -0.2, 0.3, 0.0])
    for k in range(4):
        edges, values = scan(rows, start, k, goal)
        ends = np.concatenate([[edges[0] - 2], edges, [edges[-1] + 2]])
        wide = np.flatnonzero(np.diff(ends) > 1e-9)  # elsewhere rounding decides
        assert len(wide) > 20
        for at, value in zip((ends[wide] + ends[wide + 1]) / 2, values[wide], strict=True):
            log_w = start.copy()
            log_w[k] = at
            assert value == pytest.approx(value_of(rows, log_w, goal), abs=1e-9)
