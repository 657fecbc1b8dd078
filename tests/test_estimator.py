"""The scikit-learn classifier: scikit-learn's own checks, all of them, and what only ours has."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

import steelyard

# Copies would fall into other folds and batches than a row of that weight; the mean effect is the
# same (tests/main_job/test_sample_weights.py).
WEIGHTS = {"check_sample_weight_equivalence_on_dense_data": "weights are no copies in a random fit"}


@parametrize_with_checks(
    [steelyard.ImbalancedClassifier(folds=2)], expected_failed_checks=lambda _: WEIGHTS
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def patients():
    """A pandas frame with text and gaps, and labels that are words."""
    rng = np.random.default_rng(0)
    ill = rng.random(900) < 0.12
    age = rng.normal(50, 10, 900) + 12 * ill
    age[::17] = np.nan
    ward = np.where(rng.random(900) < 0.2 + 0.5 * ill, "a", "b").astype(object)
    ward[::23] = None
    return pd.DataFrame({"age": age, "ward": ward}), np.where(ill, "ill", "well")


def test_a_frame_with_text_and_gaps(patients):
    X, y = patients
    model = steelyard.ImbalancedClassifier("plain", folds=3, goal=steelyard.Costs(fp=1, fn=9))
    model.fit(X, y)
    assert model.classes_.tolist() == ["ill", "well"]
    assert model.feature_names_in_.tolist() == ["age", "ward"]
    assert model.prior_ == pytest.approx([np.mean(y == "ill"), np.mean(y == "well")])
    p = model.predict_proba(X)
    assert p[:, 0].mean() == pytest.approx(np.mean(y == "ill"), abs=0.03)
    assert model.threshold_ == pytest.approx(0.1)
    np.testing.assert_array_equal(model.predict(X) == "ill", p[:, 0] >= np.float32(0.1))
    assert roc_auc_score(y == "ill", p[:, 0]) > 0.75
    # The new frame's types do not matter: a row without a ward is a column of floats in pandas.
    rows = (pd.DataFrame({"age": [50.0], "ward": [nothing]}) for nothing in (np.nan, None))
    np.testing.assert_allclose(*(model.predict_proba(row) for row in rows))
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own
    np.testing.assert_allclose(again.predict_proba(X), p, atol=1e-6)
    assert again.study_.verdict == model.study_.verdict


def test_auto_compares_where_a_comparison_can_tell(patients, monkeypatch):
    called = []
    monkeypatch.setattr(
        "steelyard.estimator.compare", lambda *_, **__: called.append("compare") or study
    )
    X, y = patients
    study = steelyard.ImbalancedClassifier("plain", folds=2).fit(X, y).study_
    assert steelyard.ImbalancedClassifier(folds=2).fit(X, y).technique_ == "plain"
    assert called == ["compare"], "about 108 positives"
    steelyard.ImbalancedClassifier(folds=2).fit(X[:200], y[:200])
    assert called == ["compare"], "about 24: nothing but plain could be recommended"


def test_retuned_study_and_cross_validation_of_the_whole(patients):
    X, y = patients
    model = steelyard.ImbalancedClassifier("plain", folds=2)
    scores = cross_val_score(model, X, y, cv=2, scoring="balanced_accuracy")
    assert scores.mean() > 0.6


def test_one_class_and_one_row():
    X = np.random.default_rng(0).normal(size=(30, 2))
    with pytest.raises(ValueError, match="one class"):
        steelyard.ImbalancedClassifier().fit(X, np.zeros(30, int))
    with pytest.raises(steelyard.SteelyardError, match="1 row"):
        steelyard.ImbalancedClassifier().fit(X, [1] + [0] * 29)
