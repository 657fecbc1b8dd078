"""Several labels a row: each decided as if it were alone."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from steelyard._keras import keras
from steelyard.decision import Costs, Maximise, MinRecall, decide_labels, tune
from steelyard.errors import GoalError, RequestError
from steelyard.losses import Asymmetric


@pytest.fixture
def tags():
    rng = np.random.default_rng(0)
    p = rng.beta(1, [4, 9, 19], size=(4000, 3))
    return p, (rng.random(p.shape) < p).astype(int)


def test_each_label_gets_the_rule_it_would_get_alone(tags):
    p, y = tags
    goals = {"b": Costs(fp=1, fn=9), "c": Maximise("f1")}
    found = decide_labels(p, y, labels=["a", "b", "c"], goal=goals, true_scores=True)
    assert found.thresholds[1] == pytest.approx(0.1)
    alone = tune(np.column_stack([1 - p[:, 2], p[:, 2]]), y[:, 2], Maximise("f1"), positive=1)
    assert found.thresholds[2] == alone.rule.threshold
    decided = found.decide(p)
    assert decided.shape == (4000, 3)
    np.testing.assert_array_equal(decided[:, 1], found.probabilities(p)[:, 1] >= 0.1)
    assert found.to_dict()["b"]["goal"] == Costs(fp=1, fn=9).to_dict()


def test_a_keras_model_with_the_asymmetric_loss_gets_true_probabilities_and_cut_offs():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(6000, 4)).astype("float32")
    log_odds = X[:, :3] * 2 - [2.0, 3.0, 4.0]
    y = (rng.random(log_odds.shape) < 1 / (1 + np.exp(-log_odds))).astype("float32")
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.Adam(0.03), Asymmetric(from_logits=True))
    model.fit(X[:3000], y[:3000], batch_size=250, epochs=15, verbose=0)
    p = 1 / (1 + np.exp(-model.predict(X[3000:], verbose=0).astype(float)))
    tuned = decide_labels(p[:1500], y[3000:4500])
    fresh, truth = p[1500:], y[4500:]
    before, after = fresh.mean(0), tuned.probabilities(fresh).mean(0)
    assert np.abs(after / truth.mean(0) - 1).max() < 0.35 < np.abs(before / truth.mean(0) - 1).max()
    for k in range(3):
        at_half = balanced_accuracy_score(truth[:, k], fresh[:, k] >= 0.5)
        assert balanced_accuracy_score(truth[:, k], tuned.decide(fresh)[:, k]) >= at_half - 0.02
    assert balanced_accuracy_score(truth[:, 2], tuned.decide(fresh)[:, 2]) > 0.75


def test_refusals(tags):
    p, y = tags
    with pytest.raises(GoalError, match="no row has the label 'b'"):
        decide_labels(p, y * [1, 0, 1], labels=["a", "b", "c"])
    with pytest.raises(GoalError, match="no label 'd'"):
        decide_labels(p, y, labels=["a", "b", "c"], goal={"d": Maximise()})
    with pytest.raises(GoalError, match="positives"):
        decide_labels(p[:200], y[:200], goal=MinRecall(0.999))
    with pytest.raises(RequestError, match="shape"):
        decide_labels(p[:, :2], y)
    with pytest.raises(RequestError, match="sigmoid"):
        decide_labels(p * 3, y)
