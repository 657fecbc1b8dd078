"""Ranking figures agree with scikit-learn to 1e-12, ties and weights included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as sk

from steelyard import metrics
from steelyard.errors import RequestError

SMALL_Y = [0] * 8 + [1] * 2
SMALL_P = [0.05, 0.1, 0.1, 0.2, 0.3, 0.1, 0.05, 0.6, 0.7, 0.4]


def sk_precision_at_recall(y, scores, recall, weight):
    precision, found, _ = sk.precision_recall_curve(y, scores, sample_weight=weight)
    return precision[found >= recall].max()


def sk_recall_at_precision(y, scores, precision, weight):
    # The last point (precision 1, recall 0) belongs to no threshold.
    pure, found, _ = sk.precision_recall_curve(y, scores, sample_weight=weight)
    return found[:-1][pure[:-1] >= precision].max(initial=0.0)


@st.composite
def ranked(draw):
    """Few distinct scores, so ties are the rule; weights, some of them zero."""
    n = draw(st.integers(2, 60))
    y = draw(hnp.arrays(np.int8, n, elements=st.integers(0, 1)))
    y[:2] = 0, 1
    scores = draw(hnp.arrays(np.float64, n, elements=st.sampled_from([-1e300, -2.0, 0.1, 3, 7e9])))
    weight = draw(
        st.none() | hnp.arrays(np.float64, n, elements=st.sampled_from([0.0, 0.3, 1.0, 40.0]))
    )
    if weight is not None:
        weight[:2] = 0.7, 1.3
    return y, scores, weight


@settings(max_examples=60, deadline=None)
@given(ranked(), st.sampled_from([0.05, 0.5, 0.8, 1.0]))
def test_agrees_with_sklearn_under_ties_and_weights(case, share):
    y, scores, weight = case
    both = {"sample_weight": weight}
    assert metrics.roc_auc(y, scores, **both) == pytest.approx(
        sk.roc_auc_score(y, scores, **both), abs=1e-12
    )
    assert metrics.average_precision(y, scores, **both) == pytest.approx(
        sk.average_precision_score(y, scores, **both), abs=1e-12
    )
    assert metrics.precision_at_recall(y, scores, recall=share, **both) == pytest.approx(
        sk_precision_at_recall(y, scores, share, weight), abs=1e-12
    )
    assert metrics.recall_at_precision(y, scores, precision=share, **both) == pytest.approx(
        sk_recall_at_precision(y, scores, share, weight), abs=1e-12
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rare_scores_agree_with_sklearn(dtype):
    rng = np.random.default_rng(0)
    y = rng.random(50_000) < 0.003
    scores = (rng.normal(size=y.size) + 2 * y).round(2).astype(dtype)
    assert metrics.roc_auc(y, scores) == pytest.approx(sk.roc_auc_score(y, scores), abs=1e-12)
    assert metrics.average_precision(y, scores) == pytest.approx(
        sk.average_precision_score(y, scores), abs=1e-12
    )


def test_macro_and_per_class_agree_with_sklearn():
    rng = np.random.default_rng(1)
    y = rng.choice(4, size=900, p=[0.8, 0.12, 0.05, 0.03])
    p = rng.dirichlet(np.ones(4), size=y.size)
    weight = rng.random(y.size)
    names = np.array(["d", "b", "a", "c"])
    macro = metrics.roc_auc(names[y], p, labels=names, sample_weight=weight)
    theirs = sk.roc_auc_score(y, p, multi_class="ovr", sample_weight=weight)
    assert macro == pytest.approx(theirs, abs=1e-12)
    each = metrics.average_precision(y, p, average=None)
    one_hot = np.eye(4, dtype=int)[y]
    np.testing.assert_allclose(
        each, sk.average_precision_score(one_hot, p, average=None), rtol=0, atol=1e-12
    )
    assert metrics.average_precision(y, p) == pytest.approx(each.mean(), abs=1e-15)


def test_small_vector_of_the_formulas():
    assert metrics.roc_auc(SMALL_Y, SMALL_P) == pytest.approx(0.9375)
    assert metrics.average_precision(SMALL_Y, SMALL_P) == pytest.approx(0.8333333333)


def test_constant_score_is_chance():
    y = [0, 0, 0, 1]
    assert metrics.roc_auc(y, [0.2] * 4) == 0.5
    assert metrics.average_precision(y, [0.2] * 4) == 0.25


def test_two_columns_are_binary_on_the_second():
    p = np.array(SMALL_P)
    wide = np.column_stack([1 - p, p])
    assert metrics.average_precision(SMALL_Y, wide) == metrics.average_precision(SMALL_Y, p)
    names = np.where(np.array(SMALL_Y) == 1, "fraud", "fine")
    assert metrics.roc_auc(names, wide, labels=["fine", "fraud"]) == pytest.approx(0.9375)
    assert metrics.roc_auc(names, p, positive="fraud") == pytest.approx(0.9375)


def test_unreachable_precision_is_zero():
    assert metrics.recall_at_precision([1, 0], [0.1, 0.9], precision=0.9) == 0.0


@pytest.mark.parametrize("share", [0, 1.5, -0.1, float("nan")])
def test_shares_outside_zero_one_are_refused(share):
    with pytest.raises(RequestError, match="share in"):
        metrics.precision_at_recall(SMALL_Y, SMALL_P, recall=share)
    with pytest.raises(RequestError, match="share in"):
        metrics.recall_at_precision(SMALL_Y, SMALL_P, precision=share)
