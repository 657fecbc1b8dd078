"""Figures of decisions agree with scikit-learn and imbalanced-learn, and with formulas 2.4."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from imblearn.metrics import geometric_mean_score
from sklearn import metrics as sk

from steelyard import metrics
from steelyard.errors import RequestError, TargetError

# TP 8, FN 2, FP 30, TN 960
Y = np.repeat([1, 1, 0, 0], [8, 2, 30, 960])
DECIDED = np.repeat([1, 0, 1, 0], [8, 2, 30, 960])


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        (metrics.recall, 0.8),
        (metrics.precision, 0.210526),
        (metrics.f1, 0.333333),
        (lambda y, d: metrics.fbeta(y, d, beta=2), 0.512821),
        (lambda y, d: metrics.recall(y, d, positive=0), 0.969697),
        (metrics.balanced_accuracy, 0.884848),
        (metrics.gmean, 0.880771),
        (metrics.mcc, 0.400551),
    ],
)
def test_confusion_of_the_formulas(figure, value):
    assert figure(Y, DECIDED) == pytest.approx(value, abs=5e-7)


@st.composite
def decisions(draw):
    n_classes = draw(st.integers(2, 5))
    n = draw(st.integers(n_classes, 60))
    y = draw(hnp.arrays(np.int64, n, elements=st.integers(0, n_classes - 1)))
    y[:n_classes] = np.arange(n_classes)
    decided = draw(hnp.arrays(np.int64, n, elements=st.integers(0, n_classes - 1)))
    weight = draw(st.none() | hnp.arrays(np.float64, n, elements=st.floats(0.25, 9)))
    return y, decided, weight


@settings(max_examples=60, deadline=None)
@given(decisions())
def test_agrees_with_sklearn(case):
    y, decided, weight = case
    both = {"sample_weight": weight}
    assert metrics.balanced_accuracy(y, decided, **both) == pytest.approx(
        sk.balanced_accuracy_score(y, decided, **both), abs=1e-12
    )
    assert metrics.mcc(y, decided, **both) == pytest.approx(
        sk.matthews_corrcoef(y, decided, **both), abs=1e-12
    )
    # "binary" of imbalanced-learn 0.14 is wrong under weights: .816 where one class is never found.
    assert metrics.gmean(y, decided, **both) == pytest.approx(
        geometric_mean_score(y, decided, average="multiclass", **both), abs=1e-12
    )
    for ours, theirs in [
        (metrics.precision, sk.precision_score),
        (metrics.recall, sk.recall_score),
        (metrics.f1, sk.f1_score),
    ]:
        for average in ("macro", None):
            np.testing.assert_allclose(
                ours(y, decided, average=average, **both),
                theirs(y, decided, average=average, zero_division=0, **both),
                rtol=0,
                atol=1e-12,
            )
    assert metrics.fbeta(y, decided, beta=0.5, positive=1, **both) == pytest.approx(
        sk.fbeta_score(y, decided, beta=0.5, labels=[1], average="macro", zero_division=0, **both),
        abs=1e-12,
    )


def test_names_of_any_type_and_their_order():
    names = np.array(["ham", "spam"])
    assert metrics.f1(names[Y], names[DECIDED], positive="spam") == pytest.approx(1 / 3)
    each = metrics.recall(names[Y], names[DECIDED], labels=["spam", "ham"], average=None)
    np.testing.assert_allclose(each, [0.8, 960 / 990])


def test_a_constant_decision():
    nothing = np.zeros_like(Y)
    assert metrics.mcc(Y, nothing) == 0.0
    assert metrics.gmean(Y, nothing) == 0.0
    assert metrics.balanced_accuracy(Y, nothing) == 0.5
    assert metrics.precision(Y, nothing) == 0.0
    assert metrics.f1(Y, nothing) == 0.0


def test_absent_class_is_refused_where_sklearn_only_warns():
    y, decided = [0, 0, 1], [0, 2, 1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert sk.balanced_accuracy_score(y, decided) == 0.75
    for figure in (metrics.balanced_accuracy, metrics.gmean):
        with pytest.raises(TargetError, match=r"class \[2\]"):
            figure(y, decided)
    each = metrics.recall(y, decided, average=None)
    assert each[:2].tolist() == [0.5, 1.0]
    assert math.isnan(each[2])
    with pytest.raises(TargetError, match="no rows"):
        metrics.recall([0, 0], [0, 1])
    with pytest.raises(TargetError, match="one class"):
        metrics.mcc([1, 1], [0, 1])


def test_what_cannot_be_decisions_is_refused():
    with pytest.raises(RequestError, match="cut scores off"):
        metrics.f1([0, 1], [0.2, 0.7])
    with pytest.raises(RequestError, match="average='macro'"):
        metrics.f1([0, 1, 2], [0, 1, 2])
    with pytest.raises(RequestError, match="same class names"):
        metrics.f1([0, 1], ["0", "1"])
    with pytest.raises(RequestError, match="one per row"):
        metrics.f1([0, 1], [0, 1, 1])
    with pytest.raises(RequestError, match="beta"):
        metrics.fbeta([0, 1], [0, 1], beta=0)


def test_table_gathers_the_same_figures():
    rng = np.random.default_rng(2)
    y = rng.choice(3, size=400, p=[0.85, 0.1, 0.05])
    p = rng.dirichlet(np.ones(3), size=y.size)
    decided = p.argmax(axis=1)
    lines = metrics.per_class_table(y, decided, scores=p)
    assert [line["class"] for line in lines] == [0, 1, 2]
    for name, values in [
        ("recall", sk.recall_score(y, decided, average=None)),
        ("precision", sk.precision_score(y, decided, average=None)),
        ("f1", sk.f1_score(y, decided, average=None)),
        ("average_precision", sk.average_precision_score(np.eye(3)[y], p, average=None)),
        ("rows", np.bincount(y)),
        ("decided", np.bincount(decided)),
    ]:
        np.testing.assert_allclose([line[name] for line in lines], values, atol=1e-12)
    absent = metrics.per_class_table([0, 1], [0, 1], labels=[0, 1, 2])[2]
    assert absent["rows"] == 0
    assert absent["recall"] is None
