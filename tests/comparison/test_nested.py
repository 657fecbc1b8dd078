"""Row variance against simulation, the nested metric against luck, slopes against scikit-learn."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from steelyard.comparison.correction_effect import correction_effect
from steelyard.comparison.judging import judge
from steelyard.comparison.nested import nested, verdict_by
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.verdict import decide
from steelyard.decision import Maximise
from steelyard.jobs.folds import make_splits
from steelyard.stats.fold_table import FoldTable
from steelyard.stats.paired import RowNoise, nadeau_bengio
from steelyard.stats.predictions import Predictions
from steelyard.techniques import get

ROWS, POSITIVES = 1500, 150


def scores_of(y, rng, quality=2.0):
    return expit(rng.normal(size=len(y)) + quality * y - 3)


def two(p):
    return np.column_stack([1 - p, p]).astype("float32")


def protocol_of(y, seed=0, repeats=2):
    splits = make_splits(y, folds=5, repeats=repeats, seed=seed, classes=(0, 1))
    return Protocol(y, splits, 1, Maximise(), "average_precision", seed=seed)


def contender(name, p, protocol):
    """What the verdict looks at, for a technique that gives these probabilities every repeat."""
    deployed = np.repeat(two(p)[None], protocol.repeats, axis=0)
    rows = protocol.predictions(deployed, deployed.argmax(-1))
    table = FoldTable.of(protocol.metric, rows)
    return SimpleNamespace(technique=SimpleNamespace(name=name), predictions=rows, table=table)


def table_of(by_fold):
    """A metric of two repeats of folds of one row each."""
    parts = np.reshape(by_fold, (2, -1))
    values = parts.mean(axis=1)
    folds = np.tile(np.arange(parts.shape[1]), (2, 1))
    return FoldTable(values, (parts - values[:, None]) / parts.shape[1], folds, None)


def test_row_noise_is_the_variance_that_new_rows_bring():
    """Two fixed scorings, tables drawn anew: the spread of the mean difference is what is said."""
    differences, said = [], []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        y = (rng.random(ROWS) < POSITIVES / ROWS).astype(int)
        shared = rng.normal(size=ROWS)
        p, q = (
            expit(shared + 0.5 * rng.normal(size=ROWS) + strength * y - 3)
            for strength in (2.0, 2.2)
        )
        folds = [np.arange(ROWS) % 5, rng.permutation(ROWS) % 5]
        ours, theirs = (
            FoldTable.of(
                "average_precision",
                [Predictions.of(y, two(one), y, positive=1, folds=f) for f in folds],
            )
            for one in (q, p)
        )
        differences.append(np.mean(ours.by_fold - theirs.by_fold))
        said.append(ours.row_noise(theirs).of_mean)
    assert np.sqrt(np.mean(said)) == pytest.approx(np.std(differences), rel=0.2)


def test_the_gain_is_the_difference_of_the_leaderboard():
    rng = np.random.default_rng(0)
    y = rng.permutation((np.arange(ROWS) < 60).astype(int))
    protocol = protocol_of(y)
    pair = [contender(name, scores_of(y, rng), protocol) for name in ("plain", "other")]
    ap = [average_precision_score(y, one.predictions[0].p[:, 1]) for one in pair]
    gain = verdict_by(pair, protocol).comparisons[0].gain
    assert gain == pytest.approx(ap[1] - ap[0])


def test_what_rows_do_not_explain_is_corrected_as_nadeau_and_bengio_do():
    d = [0.02, 0.01, 0.03, -0.01, 0.02, 0.04, 0, 0.01, 0.02, 0.01]
    nothing = RowNoise(of_mean=0.0, of_fold=0.0, df=100.0)
    assert nadeau_bengio(d, 1 / 9, nothing).p == pytest.approx(0.048798, abs=1e-6)
    everything = RowNoise(of_mean=0.0001, of_fold=1.0, df=100.0)
    found = nadeau_bengio(d, 1 / 9, everything)
    assert found.error == pytest.approx(0.01)
    assert found.df == pytest.approx(100)


def test_equal_techniques_have_no_doubt_and_no_gain():
    same = RowNoise(0.0, 0.0, float("inf"))
    found = nadeau_bengio([0.0, 0.0, 0.0], 0.25, same)
    assert (found.p, found.df) == (1.0, 2)


def test_choosing_among_equals_does_not_flatter():
    """The best of eight noises looks better than it is; the nested metric does not."""
    best, honest, plain = [], [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        y = rng.permutation((np.arange(600) < 100).astype(int))
        protocol = protocol_of(y, seed=seed, repeats=1)
        names = ["plain", *(f"n{k}" for k in range(7))]
        contenders = [contender(name, scores_of(y, rng), protocol) for name in names]
        values = [average_precision_score(y, one.predictions[0].p[:, 1]) for one in contenders]
        found = nested(contenders, protocol)
        best.append(max(values))
        plain.append(np.mean(values))
        honest.append(found["metrics"]["average_precision"]["value"])
        assert sum(found["chosen"].values()) == 5
    assert np.mean(best) > np.mean(plain) + 0.03
    assert np.mean(honest) == pytest.approx(np.mean(plain), abs=0.03)


def test_a_real_gain_is_chosen_in_every_fold():
    rng = np.random.default_rng(0)
    y = rng.permutation((np.arange(ROWS) < POSITIVES).astype(int))
    protocol = protocol_of(y)
    contenders = [
        contender("plain", scores_of(y, rng, 1.5), protocol),
        contender("good", scores_of(y, rng, 3.0), protocol),
    ]
    assert verdict_by(contenders, protocol).winner == "good"
    assert nested(contenders, protocol)["chosen"] == {"good": 10}


def test_too_few_positives_choose_nothing():
    y = (np.arange(300) < 30).astype(int)
    protocol = protocol_of(y)
    rng = np.random.default_rng(0)
    pair = [contender(name, scores_of(y, rng), protocol) for name in ("plain", "other")]
    assert nested(pair, protocol) is None


def test_damage_is_the_line_that_logistic_regression_finds():
    rng = np.random.default_rng(0)
    true = expit(rng.normal(-3, 1.2, 6000))
    y = (rng.random(6000) < true).astype(int)
    protocol = protocol_of(y, repeats=1)
    believed = two(expit(1.5 * logit(true) + 3))  # as after over-sampling, and too sure
    uncorrected = {split.key: believed[split.test] for split in protocol.splits}
    found = correction_effect(judge(get("random-over"), uncorrected, protocol), protocol)
    score = logit(believed[:, 1].astype(float))[:, None]
    slope = LogisticRegression(C=np.inf, tol=1e-8).fit(score, y).coef_[0, 0]
    assert found["uncorrected"]["slope"] == pytest.approx(slope, abs=1e-3)
    assert found["uncorrected"]["observed_expected"] < 0.5
    assert found["deployed"]["observed_expected"] == pytest.approx(1, abs=0.1)
    assert found["deployed"]["slope"] == pytest.approx(1, abs=0.15)
    assert abs(found["deployed"]["intercept"]) < 0.15
    assert found["deployed"]["log_loss"] < 0.65 * found["uncorrected"]["log_loss"]


@pytest.mark.parametrize(
    ("gain", "positives", "steps", "more"),
    [
        (0.02, 200, "use-the-reference", True),
        (0.2, 200, "use-the-winner", False),
        (0.2, 5, "collect-positives", True),
        (0.2, 30, "use-the-reference", True),
    ],
)
def test_what_to_do_next_is_data(gain, positives, steps, more):
    rng = np.random.default_rng(3)
    plain = 0.5 + 0.05 * rng.normal(size=10)
    other = plain + gain + 0.03 * rng.normal(size=10)
    verdict = decide({"plain": table_of(plain), "other": table_of(other)}, positives=positives)
    assert verdict.to_dict()["next_steps"][0] == steps
    if verdict.reason in ("tie", "few-positives", "too-few-positives") and more:
        assert verdict.more_positives > 0
