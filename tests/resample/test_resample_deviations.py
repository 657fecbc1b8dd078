"""Where imbalanced-learn is wrong: one test for each line of the table in docs/resampling.md."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.datasets import make_classification
from sklearn.naive_bayes import GaussianNB

from steelyard import resample
from steelyard.errors import TargetError

# Small tables with classes all mixed up: some are cleaned away, which is told.
pytestmark = pytest.mark.filterwarnings("ignore:no row of class")


@pytest.fixture(scope="module")
def table():
    return make_classification(300, 5, weights=[0.8], random_state=0)


def one_hot(y, columns=2):
    return np.eye(columns, dtype=int)[y]


ONE_HOT = {
    "numpy": lambda h: h,
    "pandas": lambda h: pd.DataFrame(h, columns=["no", "yes"]),
    "polars": lambda h: pl.DataFrame(h, schema=["no", "yes"]),
    "csr": sparse.csr_matrix,
}


@pytest.mark.parametrize("kind", ONE_HOT)
@pytest.mark.parametrize("name", ["RandomOverSampler", "SMOTE", "SMOTETomek", "ClusterCentroids"])
def test_two_one_hot_columns_stay_two(name, kind, table):
    X, y = table
    target = ONE_HOT[kind](one_hot(y))
    sampler = getattr(resample, name)
    X_new, y_new = sampler(random_state=0).fit_resample(X, target)
    expected_X, expected = sampler(random_state=0).fit_resample(X, y)
    np.testing.assert_array_equal(X_new, expected_X)
    assert type(y_new) is type(target)
    values = y_new.toarray() if sparse.issparse(y_new) else np.asarray(y_new)
    np.testing.assert_array_equal(values, one_hot(expected))


def test_a_one_hot_column_without_rows_stays(table):
    X, y = table
    _, y_new = resample.SMOTE(random_state=0).fit_resample(X, one_hot(y, 4))
    assert y_new.shape[1] == 4
    assert y_new.sum(axis=0).tolist() == [240, 240, 0, 0]


def test_a_one_hot_row_without_a_class_is_an_error(table):
    X, y = table
    target = one_hot(y)
    target[7] = 0
    with pytest.raises(TargetError, match="row 7"):
        resample.SMOTE().fit_resample(X, target)


TEXT = {
    "NeighbourhoodCleaningRule": {},
    "InstanceHardnessThreshold": {"random_state": 0},
    "EditedNearestNeighbours": {"kind_sel": "mode"},
    "RepeatedEditedNearestNeighbours": {"kind_sel": "mode"},
    "AllKNN": {"kind_sel": "mode"},
}


@pytest.mark.parametrize("name", TEXT)
def test_text_labels_give_the_rows_that_numbers_give(name, table):
    X, y = table
    by_number = getattr(resample, name)(**TEXT[name])
    by_text = getattr(resample, name)(**TEXT[name])
    by_number.fit_resample(X, y)
    _, y_new = by_text.fit_resample(X, np.array(["fine", "fraud"])[y])
    np.testing.assert_array_equal(by_text.sample_indices_, by_number.sample_indices_)
    assert set(y_new) == {"fine", "fraud"}


@pytest.mark.parametrize("shift", [1, -7, 1000])
def test_instance_hardness_takes_any_numbers_for_labels(shift, table):
    X, y = table
    sampler = resample.InstanceHardnessThreshold(random_state=0)
    sampler.fit_resample(X, y)
    expected = sampler.sample_indices_
    sampler.fit_resample(X, y + shift)
    np.testing.assert_array_equal(sampler.sample_indices_, expected)


def test_instance_hardness_keeps_as_many_rows_as_asked_when_they_tie():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, (400, 1)).astype(float)  # two different rows in all: everything ties
    y = rng.permutation(np.repeat([0, 1], [340, 60]))
    sampler = resample.InstanceHardnessThreshold(random_state=0, estimator=GaussianNB())
    _, y_new = sampler.fit_resample(X, y)
    assert np.bincount(y_new).tolist() == [60, 60]


def test_a_duplicate_of_another_class_is_a_neighbour_and_a_link():
    # Row 1 is row 0 with another label; dropping the first of the found as "self" may drop either.
    X = np.array([[0.0], [0.0], [5.0], [5.4], [9.0], [9.5], [20.0]])
    y = np.array([0, 1, 0, 0, 1, 1, 0])
    sampler = resample.TomekLinks(sampling_strategy="all")
    sampler.fit_resample(X, y)
    assert sampler.sample_indices_.tolist() == [2, 3, 4, 5, 6]
    X = np.vstack([np.zeros((4, 2)), [[9, 9], [9, 9.1], [9, 9.2], [50, 50]]])
    y = np.array([0, 1, 1, 1, 0, 0, 0, 1])
    sampler = resample.EditedNearestNeighbours(n_neighbors=1, sampling_strategy="all")
    sampler.fit_resample(X, y)
    # Rows 0 to 3 are equal: the nearest of row 0 is row 1, of rows 1, 2, 3 it is row 0.
    assert sorted(sampler.sample_indices_.tolist()) == [4, 5, 6]


def test_repeated_editing_says_which_rows_it_kept():
    # One far group a class, mixed in the table: the first round drops nothing.
    y = np.random.default_rng(0).permutation(np.repeat([0, 1], [20, 8]))
    X = (np.arange(28.0) + 100 * y).reshape(-1, 1)
    sampler = resample.RepeatedEditedNearestNeighbours()
    X_new, _ = sampler.fit_resample(X, y)
    np.testing.assert_array_equal(X[sampler.sample_indices_], X_new)
    assert len(X_new) == 28
    assert sampler.n_iter_ == 1


def test_shrinkage_does_not_widen_float32(table):
    X, y = table[0].astype(np.float32), table[1]
    sampler = resample.RandomOverSampler(shrinkage=1.0, random_state=0)
    assert sampler.fit_resample(X, y)[0].dtype == np.float32


def test_rows_permuted_give_the_same_rows_where_distances_differ():
    rng = np.random.default_rng(1)
    X = np.vstack([rng.standard_normal((400, 6))] * 2)  # every row twice
    y = np.tile((rng.random(400) < 0.2).astype(int), 2)
    order = rng.permutation(800)
    for name in ("TomekLinks", "EditedNearestNeighbours", "NeighbourhoodCleaningRule"):
        straight, mixed = getattr(resample, name)(), getattr(resample, name)()
        kept = straight.fit_resample(X, y)[0]
        kept_mixed = mixed.fit_resample(X[order], y[order])[0]
        np.testing.assert_array_equal(np.unique(kept, axis=0), np.unique(kept_mixed, axis=0))
        assert len(kept) == len(kept_mixed)
