"""Metrics against scikit-learn and imbalanced-learn, their errors against brute force."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imblearn.metrics import geometric_mean_score
from sklearn import metrics as sk

from steelyard.errors import DataError, RequestError
from steelyard.stats.influence import standard_error
from steelyard.stats.metric_intervals import metric_values
from steelyard.stats.metrics import BY_NAME, METRICS, evaluate, value_of
from steelyard.stats.predictions import Predictions
from steelyard.stats.ranking import placements


def draw(n=400, classes=2, seed=0, ties=True):
    """Labels, probabilities with ties, and decisions that use every class."""
    rng = np.random.default_rng(seed)
    shares = 0.5 ** np.arange(classes) / (0.5 ** np.arange(classes)).sum()
    y = rng.choice(classes, size=n, p=shares)
    logits = rng.normal(size=(n, classes)) + np.log(shares) + 1.2 * np.eye(classes)[y]
    if ties:
        logits = np.round(logits, 1)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return y, p, (p / shares).argmax(axis=1)


def of(*rows, seed=0, **options):
    return metric_values(Predictions.of(*rows, **options), seed=seed)


def values(*args, **kwargs):
    return {name: entry["value"] for name, entry in of(*args, **kwargs).items()}


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=30, deadline=None)
def test_binary_values_are_scikit_learns(seed, ties):
    y, p, d = draw(120, seed=seed, ties=ties)
    found = values(y, p, d, positive=1)
    expected = {
        "average_precision": sk.average_precision_score(y, p[:, 1]),
        "roc_auc": sk.roc_auc_score(y, p[:, 1]),
        "log_loss": sk.log_loss(y, p),
        "brier_skill": 1 - sk.brier_score_loss(y, p[:, 1]) / (y.mean() * (1 - y.mean())),
        "observed_expected": y.sum() / p[:, 1].sum(),
        "balanced_accuracy": sk.balanced_accuracy_score(y, d),
        "mcc": sk.matthews_corrcoef(y, d),
        "f1": sk.f1_score(y, d),
        "gmean": geometric_mean_score(y, d),
        "recall": sk.recall_score(y, d),
        "precision": sk.precision_score(y, d),
        "normalized_cost": 2 - 2 * sk.balanced_accuracy_score(y, d),
    }
    assert found == pytest.approx(expected, abs=1e-12)


@given(st.integers(0, 10_000), st.integers(3, 5))
@settings(max_examples=30, deadline=None)
def test_multiclass_values_are_scikit_learns(seed, classes):
    y, p, d = draw(300, classes, seed)
    found = values(y, p, d, positive=2)
    one_hot = np.eye(classes)[y]
    expected = {
        "average_precision": sk.average_precision_score(one_hot, p),
        "roc_auc": sk.roc_auc_score(y, p, multi_class="ovr"),
        "log_loss": sk.log_loss(y, p),
        "observed_expected": (y == 2).sum() / p[:, 2].sum(),
        "balanced_accuracy": sk.balanced_accuracy_score(y, d),
        "mcc": sk.matthews_corrcoef(y, d),
        "f1": sk.f1_score(y, d, average="macro"),
        "gmean": geometric_mean_score(y, d),
        "recall": sk.recall_score(y, d, average="macro"),
        "precision": sk.precision_score(y, d, average="macro", zero_division=0),
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-12)


def test_published_small_vector():
    y = np.array([0] * 8 + [1] * 2)
    q = np.array([0.05, 0.1, 0.1, 0.2, 0.3, 0.1, 0.05, 0.6, 0.7, 0.4])
    found = values(y, np.column_stack([1 - q, q]), (q > 0.5).astype(int))
    assert found["brier_skill"] == pytest.approx(0.390625)
    assert found["log_loss"] == pytest.approx(0.318774, abs=1e-6)
    assert found["roc_auc"] == pytest.approx(0.9375)
    assert found["average_precision"] == pytest.approx(0.833333, abs=1e-6)


def test_published_confusion_and_costs():
    y = np.repeat([1, 1, 0, 0], [8, 2, 30, 960])
    d = np.repeat([1, 0, 1, 0], [8, 2, 30, 960])
    p = np.full((1000, 2), 0.5)
    found = values(y, p, d, costs=(1, 50))
    assert found["recall"] == pytest.approx(0.8)
    assert found["precision"] == pytest.approx(0.210526, abs=1e-6)
    assert found["f1"] == pytest.approx(0.333333, abs=1e-6)
    assert found["balanced_accuracy"] == pytest.approx(0.884848, abs=1e-6)
    assert found["gmean"] == pytest.approx(0.880771, abs=1e-6)
    assert found["mcc"] == pytest.approx(0.400551, abs=1e-6)
    # 30 alarms + 2 misses at 50, over flagging nothing: 10 misses at 50.
    assert found["normalized_cost"] == pytest.approx(130 / 500)
    matrix = values(y, p, d, costs=[[0, 1], [50, 0]])
    assert matrix["normalized_cost"] == found["normalized_cost"]


def test_costs_follow_the_positive_class():
    y, d, p = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), np.full((4, 2), 0.5)
    # With class 0 positive the one error is a miss; with class 1 it is an alarm.
    assert values(y, p, d, positive=0, costs=(1, 9))["normalized_cost"] == pytest.approx(9 / 2)
    assert values(y, p, d, positive=1, costs=(1, 9))["normalized_cost"] == pytest.approx(1 / 2)


def test_the_rarest_present_class_is_of_interest_by_default():
    y, p, d = draw(300, 3)
    y[y == 2] = 1  # class 2 has no rows left
    expected = min((0, 1), key=lambda k: (y == k).sum())
    found = values(y, p, d)
    assert found["observed_expected"] == pytest.approx((y == expected).sum() / p[:, expected].sum())
    assert found["average_precision"] == pytest.approx(
        np.mean([sk.average_precision_score(y == k, p[:, k]) for k in (0, 1)])
    )
    assert found["balanced_accuracy"] == pytest.approx(
        np.mean([(d[y == k] == k).mean() for k in (0, 1)])
    )


def test_undefined_is_none_and_plain_json():
    p = np.tile([0.9, 0.1], (5, 1))
    found = of(np.zeros(5, int), p, np.zeros(5, int), positive=1)
    for name in ("average_precision", "roc_auc", "brier_skill", "observed_expected", "precision"):
        assert found[name] == {"value": None, "low": None, "high": None}
    assert found["log_loss"]["value"] == pytest.approx(-np.log(0.9))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert list(found) == [metric.name for metric in METRICS]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("n", [6, 40, 400])
def test_intervals_hold_their_value_and_stay_in_range(classes, n):
    for seed in range(10):
        for name, entry in of(*draw(n, classes, seed), positive=0).items():
            if entry["value"] is not None:
                assert entry["low"] <= entry["value"] <= entry["high"], name
                assert BY_NAME[name].low <= entry["low"], name
                assert entry["high"] <= BY_NAME[name].high, name


def test_perfect_scores_still_leave_doubt():
    y = np.repeat([0, 1], [500, 12])
    found = of(y, np.eye(2)[y] * 0.9 + 0.05, y, positive=1)
    for name in ("average_precision", "roc_auc", "recall", "precision"):
        assert found[name]["value"] == 1
        assert found[name]["low"] == pytest.approx(0.757506, abs=1e-5), name  # Wilson 12/12
    for name in ("f1", "mcc", "gmean", "balanced_accuracy"):
        assert 0.8 < found[name]["low"] < 0.99, name


def test_two_positives_do_not_look_certain():
    rng = np.random.default_rng(3)
    q = rng.uniform(0, 0.9, size=2000)
    y = np.zeros(2000, int)
    y[np.argsort(-q)[[10, 11]]] = 1
    found = of(y, np.column_stack([1 - q, q]), (q > 0.5).astype(int))["roc_auc"]
    assert found["value"] > 0.99
    assert found["low"] < 0.4


def jackknife(name, y, p, d):
    """Delete-one standard error: exact where influences are a first-order answer."""
    left = []
    for row in range(len(y)):
        keep = np.arange(len(y)) != row
        left.append(value_of(name, Predictions.of(y[keep], p[keep], d[keep], positive=1)))
    left = np.array(left)
    return np.sqrt((len(y) - 1) / len(y) * ((left - left.mean()) ** 2).sum())


@pytest.mark.parametrize("name", [metric.name for metric in METRICS])
@pytest.mark.parametrize("classes", [2, 3])
def test_errors_from_influences_match_the_jackknife(name, classes):
    y, p, d = draw(600, classes, seed=4)
    psi = evaluate(name, Predictions.of(y, p, d, positive=1)).influence
    error, _ = standard_error(psi)
    assert abs(psi.sum()) < 0.05 * error
    assert error == pytest.approx(jackknife(name, y, p, d), rel=0.04)


def test_auc_interval_rests_on_delong():
    y, p, d = draw(500, seed=5)
    entry = of(y, p, d, positive=1)["roc_auc"]
    logit = np.log(
        np.array([entry["low"], entry["high"]]) / (1 - np.array([entry["low"], entry["high"]]))
    )
    error = (logit[1] - logit[0]) / 2 * entry["value"] * (1 - entry["value"])
    placed = placements(y == 1, p[:, 1])
    delong = np.sqrt(sum(placed[y == k].var(ddof=1) / (y == k).sum() for k in (0, 1)))
    assert error == pytest.approx(1.96 * delong, rel=0.02)


def test_rows_copied_into_groups_give_the_interval_of_the_rows():
    """Each row four times, grouped: no new information, so (nearly) the old interval."""
    y, p, d = draw(400, seed=6)
    once = of(y, p, d, positive=1)
    groups = np.repeat(np.arange(400), 4)
    copied = [np.repeat(part, 4, axis=0) for part in (y, p, d)]
    grouped = of(*copied, positive=1, groups=groups)
    naive = of(*copied, positive=1)
    for name, entry in once.items():
        width = entry["high"] - entry["low"]
        assert grouped[name]["value"] == pytest.approx(entry["value"])
        # Draws of tables with 2,000 draws are good to some percent.
        assert grouped[name]["high"] - grouped[name]["low"] == pytest.approx(width, rel=0.12), name
        assert naive[name]["high"] - naive[name]["low"] == pytest.approx(width / 2, rel=0.12), name


def test_same_seed_same_intervals():
    rows = draw(200, 3)
    assert of(*rows, seed=1) == of(*rows, seed=1)
    assert of(*rows, seed=1)["mcc"] != of(*rows, seed=2)["mcc"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"p": np.ones((4, 1))}, DataError, "one column per class"),
        ({"p": np.full((4, 2), np.nan)}, DataError, "finite"),
        ({"y": [0, 1, 2, 0]}, DataError, "give 0 to 1"),
        ({"d": [0.5, 1, 0, 1]}, DataError, "integer class codes"),
        ({"d": [0, 1]}, DataError, "4 integer class codes"),
        ({"positive": 2}, RequestError, "0 to 1"),
        ({"costs": [1, 2, 3]}, RequestError, "true class, decided class"),
        ({"costs": [[0, -1], [1, 0]]}, RequestError, ">= 0"),
        ({"costs": (-1, 1)}, RequestError, ">= 0"),
        ({"groups": [1, 2]}, DataError, "one per row"),
    ],
)
def test_bad_rows_are_refused(change, error, message):
    good = {"y": [0, 1, 0, 1], "p": np.full((4, 2), 0.5), "d": [0, 1, 0, 1]}
    with pytest.raises(error, match=message):
        Predictions.of(**(good | change))


@pytest.mark.parametrize("prevalence", [0.02, 0.2])
def test_intervals_cover_a_known_truth(prevalence):
    """A small version of benchmarks/coverage.py: 200 tables, ~50 positives, binormal scores."""
    from scipy import stats

    shift, cut = 1.5, 1.0
    truth = {"roc_auc": stats.norm.cdf(shift / np.sqrt(2)), "recall": stats.norm.sf(cut - shift)}
    truth["observed_expected"] = 1.0
    held = dict.fromkeys(truth, 0)
    for seed in range(200):
        rng = np.random.default_rng([8, seed])
        y = (rng.random(round(50 / prevalence)) < prevalence).astype(int)
        score = rng.normal(size=len(y)) + shift * y
        log_odds = shift * score - shift**2 / 2 + np.log(prevalence / (1 - prevalence))
        q = 1 / (1 + np.exp(-log_odds))
        found = of(y, np.column_stack([1 - q, q]), (score > cut).astype(int), positive=1)
        for name, value in truth.items():
            held[name] += found[name]["low"] <= value <= found[name]["high"]
    # 190 expected; 180 is 3.2 standard deviations below, 199 about 3 above.
    assert all(180 <= count <= 199 for count in held.values()), held
