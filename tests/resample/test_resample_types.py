"""Synthetic cells have the type and the meaning of their column, whatever library it came from."""

import collections

import imblearn.combine
import imblearn.over_sampling
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from steelyard import resample
from steelyard.errors import DataError, RequestError

RNG = np.random.default_rng(0)
N = 300
Y = (np.arange(N) % 6 == 0).astype(int)
INTERPOLATING = [resample.SMOTE, resample.BorderlineSMOTE, resample.ADASYN, resample.SVMSMOTE]


def made(sampler, X):
    return sampler.fit_resample(X, Y)[0][N:]


@pytest.mark.filterwarnings("ignore:class 1 has")
@pytest.mark.parametrize("kind", INTERPOLATING)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint64", "bool"])
def test_whole_numbers_are_the_nearest_of_the_same_draws_in_floats(kind, dtype):
    X = RNG.integers(0, 2 if dtype == "bool" else 256, (N, 8)).astype(dtype)
    exact = made(kind(random_state=0), X.astype(float))
    found = made(kind(random_state=0), X)
    assert found.dtype == X.dtype
    np.testing.assert_array_less(np.abs(found.astype(float) - exact), 0.5 + 1e-9)


def test_sparse_whole_numbers_do_not_wrap():
    X = sparse.csr_matrix(RNG.integers(0, 256, (N, 8)).astype("uint8"))
    exact = made(resample.SMOTE(random_state=0), X.toarray().astype(float))
    found = made(resample.SMOTE(random_state=0), X)
    assert found.dtype == np.uint8
    assert np.abs(found.toarray() - exact).max() <= 0.5 + 1e-9


def test_rounding_keeps_the_mean_of_a_class():
    y = (np.arange(3000) % 10 == 0).astype(int)
    frame = pl.DataFrame(
        {"x": RNG.normal(size=3000), "flag": RNG.random(3000) < 0.3}
        | {"visits": RNG.integers(0, 4, 3000)}
    )
    X, _ = resample.SMOTE(random_state=0).fit_resample(frame, y)
    mine, new = frame.filter(y == 1), X[3000:]
    assert new["flag"].mean() == pytest.approx(mine["flag"].mean(), abs=0.04)
    assert new["visits"].mean() == pytest.approx(mine["visits"].mean(), abs=0.1)


@pytest.mark.parametrize("name", ["Int64", "UInt8", "boolean", "int64[pyarrow]", "bool[pyarrow]"])
@pytest.mark.parametrize("kind", ["SMOTE", "SMOTETomek", "ClusterCentroids"])
def test_nullable_and_arrow_columns_of_pandas_keep_their_type(kind, name):
    whole = RNG.integers(0, 50, N)
    values = whole > 20 if "bool" in name else whole
    frame = pd.DataFrame({"a": RNG.normal(size=N) + Y, "z": pd.array(values, dtype=name)})
    X, _ = getattr(resample, kind)(random_state=0).fit_resample(frame, Y)
    assert str(X["z"].dtype) == name
    assert not X["z"].isna().any()


@pytest.mark.parametrize("dtype", [pl.Int64, pl.Int32, pl.UInt8])
@pytest.mark.parametrize("arrow", [False, True])
def test_whole_numbers_with_gaps_are_categories_without_new_levels(dtype, arrow):
    codes = [None if i % 4 == 0 else int(v) for i, v in enumerate(RNG.integers(0, 3, N))]
    frame = pl.DataFrame({"a": RNG.normal(size=N), "k": pl.Series(codes, dtype=dtype)})
    sampler = resample.SMOTENC(categorical_features=["k"], random_state=0)
    X, _ = sampler.fit_resample(frame.to_arrow() if arrow else frame, Y)
    found = pl.DataFrame(X)["k"]
    assert found.dtype == dtype
    assert set(found[N:]) <= {None, 0, 1, 2}
    twice = frame.select("k", m="k")
    levels = resample.SMOTEN(random_state=0).fit_resample(twice, Y)[0]["k"]
    assert set(levels) == {None, 0, 1, 2}


def test_arrow_dictionaries_come_back():
    column = pa.array(RNG.choice(["a", "b"], N)).dictionary_encode()
    table = pa.table({"x": RNG.normal(size=N), "k": column})
    X, _ = resample.SMOTENC(categorical_features=["k"], random_state=0).fit_resample(table, Y)
    assert X.schema == table.schema
    assert set(X["k"].to_pylist()) == {"a", "b"}


@pytest.mark.parametrize(
    "grade",
    [pd.Categorical(RNG.integers(1, 5, N)), pd.Series(RNG.choice(["1", "2"], N), dtype=object)],
)
def test_a_category_that_was_not_named_is_refused_by_name(grade):
    frame = pd.DataFrame({"a": RNG.normal(size=N), "d": RNG.choice(["x", "y"], N), "grade": grade})
    with pytest.raises(DataError, match="'grade' holds no numbers"):
        resample.SMOTENC(categorical_features=["d"]).fit_resample(frame, Y)


@pytest.mark.parametrize("dtype", ["uint8", "int64"])
def test_shrinkage_on_arrays_is_as_theirs_and_on_tables_rounded(dtype):
    X = RNG.integers(0, 12, (N, 5)).astype(dtype)
    theirs = imblearn.over_sampling.RandomOverSampler(shrinkage=1.0, random_state=0)
    ours = resample.RandomOverSampler(shrinkage=1.0, random_state=0)
    noisy = theirs.fit_resample(X, Y)[0]
    np.testing.assert_allclose(ours.fit_resample(X, Y)[0], noisy, atol=1e-9)
    frame = ours.fit_resample(pl.DataFrame(X), Y)[0]
    least = 0 if dtype == "uint8" else -np.inf
    np.testing.assert_array_equal(frame.to_numpy(), np.maximum(np.rint(noisy), least))


def test_cleaning_after_smote_sees_rows_that_are_not_rounded_yet():
    numbers = np.column_stack([RNG.integers(18, 90, 600), RNG.normal(size=600)])
    frame = pd.DataFrame(numbers, columns=["age", "x"]).astype({"age": int})
    y = (np.arange(600) % 6 == 0).astype(int)
    X, labels = resample.SMOTEENN(random_state=0).fit_resample(frame, y)
    theirs, their_labels = imblearn.combine.SMOTEENN(random_state=0).fit_resample(numbers, y)
    np.testing.assert_array_equal(labels, their_labels)
    np.testing.assert_array_equal(X["x"], theirs[:, 1])
    np.testing.assert_array_equal(X["age"], np.rint(theirs[:, 0]))


@pytest.mark.parametrize("kind", [tuple, collections.deque])
def test_labels_in_any_sequence(kind):
    X = RNG.normal(size=(N, 3))
    for sampler in (resample.RandomUnderSampler(random_state=0), resample.TomekLinks()):
        expected = sampler.fit_resample(X, Y)[1]
        np.testing.assert_array_equal(sampler.fit_resample(X, kind(Y.tolist()))[1], expected)


def test_random_samplers_take_rows_of_any_shape():
    X = RNG.random((N, 4, 4, 3), dtype=np.float32)
    for sampler in (resample.RandomUnderSampler(), resample.RandomOverSampler()):
        X_new, y_new = sampler.fit_resample(X, Y)
        np.testing.assert_array_equal(X_new, X[sampler.sample_indices_])
        assert len(set(np.bincount(y_new))) == 1
    with pytest.raises(DataError, match=r"X.reshape\(len\(X\), -1\)"):
        resample.SMOTE().fit_resample(X, Y)


def test_a_message_does_not_repeat_the_documents():
    documents = [["a long text of many words " * 40], ["another"] * 2] * (N // 2)
    with pytest.raises(DataError) as error:
        resample.RandomUnderSampler().fit_resample(documents, Y)
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("ratio", "large", "small", "wanted"),
    [(0.29, 100, 28, 29), (0.58, 50, 28, 29), (0.7, 90, 62, 63), (0.57, 100, 29, 57)],
)
def test_ratios_are_read_as_decimal_fractions(ratio, large, small, wanted):
    y = np.repeat([0, 1], [large, small])
    X = np.arange(float(len(y)))[:, None]
    for sampler in (resample.RandomOverSampler, resample.SMOTE):
        labels = sampler(sampling_strategy=ratio, random_state=0).fit_resample(X, y)[1]
        assert labels.sum() == wanted
    y = np.repeat([0, 1], [200, 29])
    under = resample.RandomUnderSampler(sampling_strategy=0.29)
    assert np.bincount(under.fit_resample(np.zeros((229, 1)), y)[1]).tolist() == [100, 29]


@pytest.mark.parametrize("count", ["50", 50.5, None])
def test_counts_that_are_no_whole_numbers_are_refused(count):
    with pytest.raises(RequestError, match="sampling_strategy asks for"):
        resample.SMOTE(sampling_strategy={1: count}).fit_resample(RNG.normal(size=(N, 2)), Y)
    fine = resample.SMOTE(sampling_strategy={1: 70.0}).fit_resample(RNG.normal(size=(N, 2)), Y)
    assert fine[1].sum() == 70


def test_what_did_not_come_out_is_told():
    X = np.vstack([RNG.normal(size=(100, 2)), RNG.normal(50, 1, size=(20, 2))])
    y = np.repeat(["no", "yes"], [100, 20])
    with pytest.warns(UserWarning, match="class 'yes' has 20 rows, 100 were asked for"):
        resample.BorderlineSMOTE().fit_resample(X, y)
    at = np.linspace(0, 100, 12)
    X = np.concatenate([at, at + 0.01, [1000.0, 1000.4, 1000.7]])[:, None]
    y = np.array(["no"] * 12 + ["yes"] * 15)
    with pytest.warns(UserWarning, match="no row of class 'no' is left"):
        resample.SMOTEENN(random_state=0).fit_resample(X, y)
