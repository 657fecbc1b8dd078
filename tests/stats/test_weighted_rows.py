"""Sample weights: scikit-learn's values, the variance of copies and of sampled rows."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn import metrics as sk

from steelyard.errors import WeightError
from steelyard.stats.calibration import calibration_line
from steelyard.stats.curves import calibration_curve, precision_recall_curve
from steelyard.stats.influence import standard_error
from steelyard.stats.metric_intervals import metric_values
from steelyard.stats.metrics import METRICS, evaluate
from steelyard.stats.predictions import Predictions
from steelyard.stats.ranking import Ranked


def draw(n=500, classes=2, seed=0):
    rng = np.random.default_rng(seed)
    shares = 0.4 ** np.arange(classes) / (0.4 ** np.arange(classes)).sum()
    y = rng.choice(classes, size=n, p=shares)
    logits = np.round(rng.normal(size=(n, classes)) + np.log(shares) + np.eye(classes)[y], 1)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return y, p, (p / shares).argmax(axis=1), rng.integers(0, 4, n)


def test_values_are_scikit_learns():
    y, p, d, w = draw()
    found = metric_values(Predictions.of(y, p, d, positive=1, weights=w))
    q, each = p[:, 1], {"sample_weight": w}
    share = np.average(y, weights=w)
    expected = {
        "average_precision": sk.average_precision_score(y, q, **each),
        "roc_auc": sk.roc_auc_score(y, q, **each),
        "log_loss": sk.log_loss(y, p, **each),
        "brier_skill": 1 - sk.brier_score_loss(y, q, **each) / (share * (1 - share)),
        "observed_expected": (w @ y) / (w @ q),
        "balanced_accuracy": sk.balanced_accuracy_score(y, d, **each),
        "mcc": sk.matthews_corrcoef(y, d, **each),
        "f1": sk.f1_score(y, d, **each),
        "recall": sk.recall_score(y, d, **each),
        "precision": sk.precision_score(y, d, **each),
    }
    assert {name: found[name]["value"] for name in expected} == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("classes", [2, 3])
def test_whole_weights_are_copies_that_belong_together(classes):
    """A row of weight 3 is three copies of it in one group, in value and in interval."""
    y, p, d, w = draw(800, classes, seed=1)
    weighted = metric_values(Predictions.of(y, p, d, positive=1, weights=w))
    at = np.repeat(np.arange(len(y)), w)
    copied = metric_values(Predictions.of(y[at], p[at], d[at], positive=1, groups=at))
    for metric in METRICS:
        ours, theirs = weighted[metric.name], copied[metric.name]
        assert ours["value"] == pytest.approx(theirs["value"]), metric.name
        # Draws of confusion tables are good to some percent, and 800 rows are not 600 groups.
        width = theirs["high"] - theirs["low"]
        assert ours["high"] - ours["low"] == pytest.approx(width, rel=0.08), metric.name


def test_the_scale_of_weights_does_not_matter():
    y, p, d, w = draw(300, seed=2)
    once = metric_values(Predictions.of(y, p, d, positive=1, weights=w))
    again = metric_values(Predictions.of(y, p, d, positive=1, weights=7.5 * w))
    for name, entry in once.items():
        assert again[name] == pytest.approx(entry, rel=0.02), name


@pytest.mark.parametrize("name", ["average_precision", "log_loss", "recall", "precision"])
def test_errors_are_the_spread_over_samples_of_unequal_chances(name):
    """Every positive is drawn with a half, a negative with a tenth: the mean over samples is the
    population's metric, and the errors, of population and sampling together, are its spread."""
    values, errors, truth = [], [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        y = (rng.random(8000) < 0.03).astype(int)
        q = 1 / (1 + np.exp(3.5 - rng.normal(size=8000) - 1.5 * y))
        p, d = np.column_stack([1 - q, q]), (q > 0.05).astype(int)
        chance = np.where(y == 1, 0.5, 0.1)
        kept = rng.random(8000) < chance
        drawn = Predictions.of(y[kept], p[kept], d[kept], positive=1, weights=1 / chance[kept])
        found = evaluate(name, drawn)
        values.append(found.value)
        errors.append(standard_error(found.influence)[0])
        truth.append(evaluate(name, Predictions.of(y, p, d, positive=1)).value)
    # Few rows flatter a ranking a little (`metric_intervals` takes that out of the interval).
    assert np.mean(values) == pytest.approx(np.mean(truth), abs=0.3 * np.std(values))
    # 200 draws know a standard deviation to 5 %.
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(values), rel=0.16)


def test_curves_and_slope_of_weights_are_those_of_copies():
    y, p, _, w = draw(600, seed=3)
    at = np.repeat(np.arange(len(y)), w)
    ours, theirs = (
        precision_recall_curve(Ranked.of(y == 1, p[:, 1], w.astype(float))),
        precision_recall_curve(Ranked.of(y[at] == 1, p[at, 1])),
    )
    assert ours["recall"][-1] == theirs["recall"][-1] == 1.0
    assert ours["precision"][-1] == pytest.approx(theirs["precision"][-1])
    line = calibration_line(y, p[:, 1], w)
    assert line == pytest.approx(calibration_line(y[at], p[at, 1]))
    curve = calibration_curve(y == 1, p[:, 1], w.astype(float))
    copies = calibration_curve(y[at] == 1, p[at, 1])
    assert curve["predicted"] == pytest.approx(copies["predicted"], abs=0.02)


@pytest.mark.parametrize("weights", [[1, 2], [1, -1, 1, 1], [0, 0, 0, 0], [1, np.nan, 1, 1]])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(WeightError, match="one finite number >= 0 per row"):
        Predictions.of([0, 1, 0, 1], np.full((4, 2), 0.5), [0, 1, 0, 1], weights=weights)


def test_intervals_hold_the_truth_where_rows_were_drawn_by_class_and_score():
    """Known truth: a population of a million rows; 200 draws of 6,000, most of the negatives left
    out and half of those with low scores."""
    cut, names = 0.15, ("average_precision", "observed_expected", "recall", "normalized_cost")

    def population(rows, seed):
        rng = np.random.default_rng(seed)
        a = rng.normal(size=rows)
        y = (rng.random(rows) < expit(-3.2 + 1.5 * a)).astype(int)
        return expit(-3.1 + 1.4 * a), y, rng

    def of(p, y, weights=None):
        table, decided = np.column_stack([1 - p, p]), (p > cut).astype(int)
        return Predictions.of(y, table, decided, positive=1, costs=(1, 9), weights=weights)

    whole = metric_values(of(*population(1_000_000, 99)[:2]), names)
    truth = {name: value["value"] for name, value in whole.items()}
    held = dict.fromkeys(names, 0)
    for seed in range(200):
        p, y, rng = population(6000, seed)
        chance = np.where(y == 1, 0.9, 0.15) * np.where(p > 0.04, 1.0, 0.5)
        kept = rng.random(len(y)) < chance
        found = metric_values(of(p[kept], y[kept], 1 / chance[kept]), names, seed=seed)
        for name in names:
            held[name] += found[name]["low"] <= truth[name] <= found[name]["high"]
    assert all(0.91 <= count / 200 <= 0.99 for count in held.values()), held
