"""Two readings of unlabelled rows: each holds the truth where it is true, models count."""

import numpy as np
import pytest
from scipy.special import expit, logit

from steelyard.decision.between_models import spread_between
from steelyard.decision.labelled_scores import LabelledScores
from steelyard.decision.readings import read_unlabelled
from steelyard.decision.tilted import tilted_to
from steelyard.runs.shift import Features, read_shift

SHARE, GAP = 0.1, 2.0


def scores(x, level=0.0):
    """Probabilities of x, true where a tenth is positive but for the model's own level."""
    p = expit(GAP * x - GAP**2 / 2 + logit(SHARE) + level)
    return np.column_stack([1 - p, p])


def rows(count, share, rng):
    y = (rng.random(count) < share).astype(int)
    return rng.normal(size=count) + GAP * y, y


def labelled(rng, wobble=0.0, count=3000):
    """Two repeats of five folds, each fold's model with a level of its own."""
    x, y = rows(count, SHARE, rng)
    fold = np.stack([rng.permutation(count) % 5 for _ in range(2)])
    level = wobble * rng.normal(size=(2, 5))
    p = np.stack([scores(x, level[r, fold[r]]) for r in range(2)])
    return LabelledScores.of(p, y, model=fold), x


@pytest.mark.parametrize("moved", ["shares", "features"])
@pytest.mark.parametrize("wobble", [0.0, 0.3])
def test_intervals_hold_the_truth_and_the_counted_labels_where_their_reading_is_true(moved, wobble):
    held, counted, wrong = [], [], []
    for seed in range(24):
        rng = np.random.default_rng([seed, round(10 * wobble)])
        known, _ = labelled(rng, wobble)
        x, y = rows(2000, 0.3 if moved == "shares" else SHARE, rng)
        truth = 0.3
        if moved == "features":
            x = x + 0.8
            y = (rng.random(2000) < scores(x)[:, 1]).astype(int)
            u = rng.normal(size=50_000) + GAP * (rng.random(50_000) < SHARE) + 0.8
            truth = scores(u)[:, 1].mean()
        p = scores(x, wobble * rng.normal())
        flagged = p[:, 1] > 0.3
        both = read_unlabelled(known, p, flagged=flagged, seed=seed, resamples=50)
        right, other = both.label, both.features
        if moved == "features":
            right, other = other, right
        held.append(right.low[1] <= truth <= right.high[1])
        wrong.append(other.low[1] <= truth <= other.high[1])
        hits = (flagged & (y == 1)).sum()
        counted.append(right.recall.low <= hits / y.sum() <= right.recall.high)
        counted.append(right.precision.low <= hits / flagged.sum() <= right.precision.high)
    assert np.mean(held) >= 0.85
    assert np.mean(counted) >= 0.85
    assert np.mean(wrong) <= 0.2, "the other reading is wrong here and would be believed"


def test_the_spread_between_models_is_that_of_their_levels_and_not_of_the_rows():
    """Levels of .3 between 10 models; without any, nothing is left over but noise."""
    found = {}
    for wobble in (0.0, 0.3):
        squares = []
        for seed in range(20):
            known, _ = labelled(np.random.default_rng(seed), wobble)
            even = np.full(len(known.y), 1 / len(known.y))

            def level(p):
                return np.log(p[:, 1:] / p[:, :1])

            spread = spread_between(known, even, level)
            squares.append((spread.moves**2).mean() if len(spread.moves) else 0.0)
        found[wobble] = np.mean(squares) ** 0.5
    assert found[0.0] == 0.0
    assert found[0.3] == pytest.approx(0.3 * np.sqrt(1.2), rel=0.25)


def test_one_repeat_widens_by_models_too():
    known, _ = labelled(np.random.default_rng(0), 0.5)
    one = LabelledScores.of(known.p[:1], known.y, model=known.model[:1])
    still = LabelledScores.of(known.p[:1], known.y)
    p = scores(rows(2000, SHARE, np.random.default_rng(1))[0])
    wide, narrow = (read_unlabelled(k, p, resamples=60).features for k in (one, still))
    assert wide.high[1] - wide.low[1] > 1.5 * (narrow.high[1] - narrow.low[1])


def test_groups_are_drawn_whole():
    """Every row four times in one group: intervals as of a quarter of the rows."""
    known, _ = labelled(np.random.default_rng(0), count=1500)
    p, y = np.repeat(known.p[:1], 4, axis=1), np.repeat(known.y, 4)
    new = scores(rows(20_000, SHARE, np.random.default_rng(1))[0])
    widths = {}
    for name, group in (("none", None), ("groups", np.repeat(np.arange(1500), 4))):
        one = LabelledScores.of(p, y, group=group)
        label = read_unlabelled(one, new, resamples=150).label
        widths[name] = label.high[1] - label.low[1]
    assert 1.4 < widths["groups"] / widths["none"] < 2.6


def test_a_tilted_column_makes_the_shares_seem_as_asked():
    known, x = labelled(np.random.default_rng(0))
    weight = tilted_to(known.p[0], x, np.array([0.9, 0.1]), np.array([0.7, 0.3]))
    p = np.repeat(known.p[0], np.random.default_rng(1).poisson(weight), axis=0)
    seems = read_unlabelled(LabelledScores.of(known.p[0], known.y), p, resamples=2).label
    assert seems.prior[1] == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize(
    ("share", "shift", "conclusion"),
    [(SHARE, 0.0, "same"), (0.4, 0.0, "label"), (SHARE, 0.8, "features"), (0.4, 0.8, "features")],
)
def test_the_conclusion_says_what_moved(share, shift, conclusion):
    """Where one column is all that a model has, it may also say that the rows are too few."""
    import polars as pl

    found = []
    for seed in range(5):
        rng = np.random.default_rng(seed)
        known, x = labelled(rng)
        new, _ = rows(3000, share, rng)
        new = new + shift
        idle = [rng.normal(size=len(one)) for one in (x, new)]
        frames = [pl.DataFrame({"x": a, "i": b}) for a, b in zip((x, new), idle, strict=True)]
        shift_found = read_shift(
            known, scores(new), features=Features(*frames, []), seed=seed, resamples=60
        )
        found.append(shift_found.conclusion)
    unsure = found.count("undecided") if conclusion == "label" else 0
    assert found.count(conclusion) + unsure >= 4
    assert found.count(conclusion) >= 2
