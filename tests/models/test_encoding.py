"""The encoding: learned from training rows only, the same in numpy and in Keras."""

import numpy as np
import pytest
from scipy import stats

from steelyard.models import encoding
from steelyard.models.encoding import Categories, Encoding


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    numbers = rng.lognormal(size=(400, 3)).astype("float32")
    numbers[:, 1] = rng.integers(0, 4, 400)
    numbers[::7, 0] = np.nan
    numbers[:, 2] = 5.0
    strings = rng.choice(
        np.array(["a", "b", "", "rare"], object), (400, 2), p=[0.6, 0.3, 0.09, 0.01]
    )
    return numbers, strings


def test_keras_layer_agrees_with_numpy_even_on_what_was_never_seen(table):
    from steelyard._tensorflow import tf
    from steelyard.models.encoding_layer import TableEncoder

    numbers, strings = table
    fitted = encoding.fit(numbers, Categories.of(strings), np.arange(300))
    new_numbers = np.concatenate([numbers, [[np.nan, 1e9, -3], [-1e9, np.nan, np.nan]]])
    new_strings = np.concatenate([strings, np.array([["never", ""], ["a", "seen"]], object)])
    new_numbers = new_numbers.astype("float32")
    ours = encoding.encode(fitted, new_numbers, Categories.of(new_strings))
    layer = TableEncoder(Encoding.from_dict(fitted.to_dict()).to_dict())
    theirs = layer(tf.constant(new_numbers), tf.constant(new_strings.tolist())).numpy()
    np.testing.assert_allclose(ours, theirs, atol=2e-5)
    assert ours.shape == (402, fitted.width)
    assert np.isfinite(ours).all()


def test_test_rows_change_nothing(table):
    numbers, strings = table
    train = np.arange(200)
    before = encoding.fit(numbers, Categories.of(strings), train).to_dict()
    numbers[200:] = 1e6
    strings[200:] = "other"
    assert encoding.fit(numbers, Categories.of(strings), train).to_dict() == before


def test_rank_transform_is_a_normal_score():
    values = np.random.default_rng(1).lognormal(size=(20_000, 1)).astype("float32")
    none = Categories.of(np.empty((20_000, 0), object))
    fitted = encoding.fit(values, none, np.arange(20_000))
    scores = encoding.encode(fitted, values, none)[:, 1]
    assert stats.spearmanr(values[:, 0], scores).statistic > 0.9999
    inner = np.abs(scores) < 2
    expected = stats.norm.ppf(stats.rankdata(values[:, 0]) / 20_001)
    np.testing.assert_allclose(scores[inner], expected[inner], atol=0.05)


def test_a_column_that_does_not_vary_says_nothing(table):
    numbers, strings = table
    fitted = encoding.fit(numbers, Categories.of(strings), np.arange(400))
    encoded = encoding.encode(fitted, numbers, Categories.of(strings))
    assert not encoded[:, 2].any()
    assert not encoded[:, 5].any()
