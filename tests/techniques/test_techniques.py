"""Techniques as data: what each teaches a model to believe, and what each draws."""

import json

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from sklearn.neighbors import NearestNeighbors

from steelyard.errors import RequestError
from steelyard.techniques import DEFAULT, TECHNIQUES, Technique, choose, get
from steelyard.techniques.sample import Natural, RandomOver, RandomUnder, Smote

COUNTS = np.array([1000, 100, 10])


@pytest.mark.parametrize("technique", TECHNIQUES.values(), ids=list(TECHNIQUES))
def test_description_survives_json(technique):
    text = json.dumps(technique.to_dict())
    assert Technique.from_dict(json.loads(text)) == technique
    assert technique.about
    assert technique.source


def test_what_training_makes_the_model_believe():
    even = np.full(3, 1 / 3)
    natural = COUNTS / COUNTS.sum()
    for name in ("class-weight", "random-over", "random-under", "smote", "balanced-softmax"):
        np.testing.assert_allclose(get(name).trained_prior(COUNTS), even, err_msg=name)
    np.testing.assert_allclose(get("plain").trained_prior(COUNTS), natural)
    assert get("focal").trained_prior(COUNTS) is None
    # Effective-number weights of formulas.md's oracle, beta .9999.
    weighted = COUNTS * np.array([0.028362, 0.271255, 2.700382])
    np.testing.assert_allclose(
        get("effective-number").trained_prior(COUNTS), weighted / weighted.sum(), rtol=1e-4
    )


def test_over_repeats_and_under_leaves_out_but_neither_invents():
    y = np.repeat([0, 1, 2], [100, 10, 3])
    X = np.arange(113.0)[:, None]
    over = RandomOver().draw(X, y, np.arange(len(y)), np.random.default_rng(0))
    assert np.bincount(y[over.rows]).tolist() == [100, 100, 100]
    assert set(range(113)) <= set(over.rows.tolist())
    under = RandomUnder().draw(X, y, np.arange(len(y)), np.random.default_rng(0))
    assert np.bincount(y[under.rows]).tolist() == [3, 3, 3]
    assert len(set(under.rows.tolist())) == 9
    assert not over.share.any()
    assert not under.share.any()


def test_smote_draws_on_lines_to_nearest_neighbours_of_the_same_class():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(300, 4))
    y = np.repeat([0, 1], [270, 30])
    drawn = Smote(neighbours=3).draw(X, y, np.arange(300), rng)
    made = drawn.share > 0
    assert np.bincount(y[drawn.rows]).tolist() == [270, 270]
    assert (y[drawn.rows[made]] == 1).all()
    near = NearestNeighbors(n_neighbors=4).fit(X[270:]).kneighbors(X[270:])[1][:, 1:] + 270
    for base, partner in zip(drawn.rows[made], drawn.partners[made], strict=True):
        assert partner in near[base - 270]
    # The same distribution as imbalanced-learn's: same mean of the synthetic rows within noise.
    theirs = SMOTE(k_neighbors=3, random_state=0).fit_resample(X, y)[0][300:]
    ours = drawn.table(X)[made]
    np.testing.assert_allclose(ours.mean(0), theirs.mean(0), atol=0.25)
    assert ours.min() >= X[270:].min()


@pytest.mark.parametrize("sample", [Natural(), RandomOver(), RandomUnder(), Smote()])
def test_what_is_not_among_the_rows_is_never_drawn(sample):
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(200, 3)), np.repeat([0, 1], [160, 40])
    rows = np.sort(rng.choice(200, 120, replace=False))
    drawn = sample.draw(X, y, rows, np.random.default_rng(0))
    assert np.isin(drawn.rows, rows).all()
    assert np.isin(drawn.partners, rows).all()
    alone = sample.draw(X[rows], y[rows], np.arange(120), np.random.default_rng(0))
    np.testing.assert_array_equal(drawn.rows, rows[alone.rows])
    np.testing.assert_array_equal(drawn.partners, rows[alone.partners])


def test_smote_needs_no_more_neighbours_than_there_are():
    y = np.repeat([0, 1, 2], [50, 2, 1])
    X = np.random.default_rng(0).normal(size=(53, 2))
    drawn = Smote().draw(X, y, np.arange(len(y)), np.random.default_rng(0))
    assert np.bincount(y[drawn.rows]).tolist() == [50, 50, 1]


def test_choosing():
    assert [one.name for one in choose("default")] == list(DEFAULT)
    assert set(DEFAULT) < set(TECHNIQUES)
    assert [one.name for one in choose("default,ldam-drw")] == [*DEFAULT, "ldam-drw"]
    assert [one.name for one in choose("smote, focal")] == ["plain", "smote", "focal"]
    with pytest.raises(RequestError, match="no technique is called 'smot'; did you mean 'smote'"):
        choose(["smot"])
