"""Two looks at new rows: silent when only class shares moved, loud when the rows did."""

import numpy as np
import polars as pl
import pytest

from steelyard.runs.drift import feature_shift
from steelyard.stats.drift import score_shift

PRIOR = [0.7, 0.3]


def table(rows, share, seed, shift=0.0, letters="abc"):
    rng = np.random.default_rng(seed)
    y = (np.arange(rows) < round(share * rows)).astype(int)
    X = rng.normal(size=(rows, 4)) + y[:, None] * [2.0, 1.0, 0.0, 0.0] + [0, 0, 0, shift]
    frame = pl.DataFrame(X, schema=list("wxyz"))
    return frame.with_columns(kind=pl.Series(rng.choice(list(letters), rows))), y


@pytest.mark.parametrize("seed", range(3))
def test_shares_alone_are_not_seen(seed):
    (old, y), (new, _) = table(4000, 0.1, seed), table(2000, 0.3, seed + 50)
    found = feature_shift(old, y, PRIOR, new, categories=["kind"], seed=seed)
    assert not found.moved
    assert found.low <= 0.5 <= found.high
    unweighted = feature_shift(old, y, [0.9, 0.1], new, categories=["kind"], seed=seed)
    assert unweighted.moved, "without equal shares it would have cried wolf"


@pytest.mark.parametrize("change", [{"shift": 0.8}, {"letters": "ab"}])
def test_rows_that_moved_are_seen(change):
    (old, y), (new, _) = table(4000, 0.1, 0), table(2000, 0.3, 50, **change)
    assert feature_shift(old, y, PRIOR, new, categories=["kind"]).moved


def test_weights_put_back_rows_that_were_drawn_by_a_column():
    """Of each class a row is kept with a probability that hangs on z; its weight is the inverse."""
    moved, effective = [], []
    for seed in range(4):
        (old, y), (new, _) = table(4000, 0.1, seed), table(1500, 0.3, seed + 50)
        old, new = old.select("x", "z"), new.select("x", "z")
        chance = (1 / (1 + np.exp(-1.5 * old["z"].to_numpy()))).clip(0.05)
        kept = np.random.default_rng(seed).random(4000) < chance
        old, y, weight = old.filter(kept), y[kept], 1 / chance[kept]
        seen = feature_shift(old, y, PRIOR, new, sample_weight=weight)
        moved.append(seen.moved)
        effective.append(seen.rows)
    assert sum(moved) <= 1
    assert feature_shift(old, y, PRIOR, new).moved, "the rows as they lie there are others"
    assert max(effective) < 1000, "rows of unequal weight are worth fewer"


def test_a_row_of_weight_three_says_what_three_rows_say():
    """Rows of one value each, so that copies cannot be known apart from others of that value."""
    rng = np.random.default_rng(0)
    old, new = rng.integers(0, 4, 1500), rng.integers(0, 4, 1500)
    y, weight = rng.integers(0, 2, 1500), np.where(old == 3, 3, 1)
    copies = np.repeat(np.arange(1500), weight)
    frames = [pl.DataFrame({"x": one.astype(float)}) for one in (old, old[copies], new)]
    shares = np.bincount(y, weight) / weight.sum()
    by_weight = feature_shift(frames[0], y, shares, frames[2], sample_weight=weight)
    by_copies = feature_shift(frames[1], y[copies], shares, frames[2])
    assert by_weight.moved
    assert by_weight.auc == pytest.approx(by_copies.auc, abs=0.015)
    assert by_weight.auc > feature_shift(frames[0], y, shares, frames[2]).auc + 0.05


def test_too_few_rows_say_nothing():
    (old, y), (new, _) = table(4000, 0.1, 0), table(30, 0.3, 50)
    assert feature_shift(old, y, PRIOR, new, categories=["kind"]) is None


def test_scores_of_a_mix_of_the_classes_are_within_chance_19_times_in_20():
    beyond, beyond_moved = [], []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        y, fresh = (np.arange(3000) < 300) * 1, (np.arange(1000) < 300) * 1
        score = 1 / (1 + np.exp(-rng.normal(size=3000) - 2 * y))
        new = 1 / (1 + np.exp(-rng.normal(size=1000) - 2 * fresh))
        found = score_shift(score, y, np.zeros(3000), PRIOR, new)
        beyond.append(found.psi > found.chance)
        squeezed = score_shift(score, y, np.zeros(3000), PRIOR, new**2)
        beyond_moved.append(squeezed.psi > max(squeezed.chance, 0.2))
    assert np.mean(beyond) <= 0.11
    assert np.mean(beyond_moved) > 0.95


def test_models_that_disagree_among_themselves_allow_new_ones_to():
    rng = np.random.default_rng(0)
    y, model = (np.arange(3000) < 300) * 1, np.arange(3000) % 3
    logit = rng.normal(size=3000) + 2 * y
    score = 1 / (1 + np.exp(-logit * np.array([0.5, 1.0, 2.0])[model]))
    same = score_shift(1 / (1 + np.exp(-logit)), y, model, PRIOR, score[:500])
    assert score_shift(score, y, model, PRIOR, score[:500]).chance > 5 * same.chance
