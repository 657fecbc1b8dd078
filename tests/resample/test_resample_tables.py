"""Any kind of table in, the same kind out; gaps and weights where they have a meaning."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.datasets import make_classification

from steelyard import resample
from steelyard.errors import DataError, RequestError, SteelyardError

NAMES = [f"c{i}" for i in range(5)]


def make(name):
    kind = getattr(resample, name)
    arguments = {"SMOTENC": {"categorical_features": [0]}, "KMeansSMOTE": {"kmeans_estimator": 4}}
    sampler = kind(**arguments.get(name, {}))
    if "random_state" in sampler.get_params():
        sampler.set_params(random_state=0)
    if name == "KMeansSMOTE":
        sampler.set_params(cluster_balance_threshold=0.01)
    if name == "ClusterCentroids":
        sampler.set_params(voting="soft")
    return sampler


@pytest.fixture(scope="module")
def numbers():
    X, y = make_classification(240, 5, n_redundant=0, weights=[0.75], random_state=2)
    return np.round(X, 2), y


def suited(name, X):
    """The same table with categories where the sampler wants them."""
    X = X.copy()
    if name in {"SMOTEN", "SMOTENC"}:
        X[:, : 5 if name == "SMOTEN" else 1] = np.round(X[:, : 5 if name == "SMOTEN" else 1])
    return X


def arrow(X):
    return pa.table(dict(zip(NAMES, X.T, strict=True)))


KINDS = {
    "pandas": (lambda X: pd.DataFrame(X, columns=NAMES), lambda t: t.to_numpy()),
    "polars": (lambda X: pl.DataFrame(X, schema=NAMES), lambda t: t.to_numpy()),
    "Arrow": (arrow, lambda t: np.column_stack([column.to_numpy() for column in t.columns])),
    "list": (lambda X: X.tolist(), np.array),
    "csr": (sparse.csr_matrix, lambda t: t.toarray()),
    "csc": (sparse.csc_matrix, lambda t: t.toarray()),
}


@pytest.mark.filterwarnings("ignore:Passing a sparse matrix to SMOTEN")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", resample.__all__)
def test_a_table_comes_back_as_it_came(name, kind, numbers):
    X, y = suited(name, numbers[0]), numbers[1]
    there, back = KINDS[kind]
    table = there(X)
    X_new, y_new = make(name).fit_resample(table, y)
    expected, labels = make(name).fit_resample(X, y)
    assert type(X_new) is type(table)
    np.testing.assert_array_equal(y_new, labels)
    if not (name == "ClusterCentroids" and kind in {"csr", "csc"}):
        # k-means on a sparse matrix starts elsewhere, in scikit-learn too
        np.testing.assert_allclose(back(X_new), expected, rtol=1e-9, atol=1e-9)
    if kind == "pandas":
        assert X_new.dtypes.equals(table.dtypes)
        assert list(X_new.columns) == NAMES
    if kind == "polars":
        assert X_new.schema == table.schema


@pytest.mark.parametrize("name", [n for n in resample.__all__ if n != "InstanceHardnessThreshold"])
def test_float32_stays_float32(name, numbers):
    X, y = suited(name, numbers[0]).astype(np.float32), numbers[1]
    assert make(name).fit_resample(X, y)[0].dtype == np.float32


def test_columns_keep_their_types(numbers):
    X, y = numbers
    frame = pl.DataFrame(
        {"a": X[:, 0].astype(np.float32), "n": np.arange(len(y), dtype=np.int16), "b": X[:, 1] > 0}
    )
    for name in ("SMOTE", "TomekLinks", "RandomUnderSampler", "SMOTEENN", "ClusterCentroids"):
        assert make(name).fit_resample(frame, y)[0].schema == frame.schema
        pandas = frame.to_pandas()
        assert make(name).fit_resample(pandas, y)[0].dtypes.equals(pandas.dtypes)


@pytest.mark.parametrize("name", ["RandomOverSampler", "RandomUnderSampler"])
def test_random_samplers_take_text_dates_and_gaps(name):
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "text": [None if i % 5 == 0 else f"word {i}" for i in range(40)],
            "when": pl.datetime_range(
                pl.datetime(2024, 1, 1), pl.datetime(2024, 2, 9), "1d", eager=True
            ),
            "number": [None if i % 7 == 0 else float(i) for i in range(40)],
        }
    )
    y = np.repeat([0, 1], [30, 10])
    rng.shuffle(y)
    sampler = make(name)
    X_new, y_new = sampler.fit_resample(frame, y)
    assert X_new.equals(frame[sampler.sample_indices_])
    np.testing.assert_array_equal(y_new, y[sampler.sample_indices_])


TARGETS = {
    "pandas text": lambda t: pd.Series(t, name="t"),
    "pandas category": lambda t: pd.Series(t, name="t", dtype="category"),
    "polars": lambda t: pl.Series("t", t),
    "polars Enum": lambda t: pl.Series("t", t, dtype=pl.Enum(["no", "yes"])),
    "Arrow array": pa.array,
    "Arrow chunks": lambda t: pa.chunked_array([t]),
    "list": list,
    "numpy objects": lambda t: np.array(t, dtype=object),
}


@pytest.mark.parametrize("name", ["SMOTE", "RandomUnderSampler", "SMOTETomek", "ClusterCentroids"])
@pytest.mark.parametrize("kind", TARGETS)
def test_a_target_comes_back_as_it_came(name, kind, numbers):
    X, codes = numbers
    labels = np.array(["no", "yes"])[codes].tolist()
    target = TARGETS[kind](labels)
    _, y_new = make(name).fit_resample(X, target)
    assert type(y_new) is type(target)
    if hasattr(target, "dtype"):
        assert y_new.dtype == target.dtype
    expected = make(name).fit_resample(X, codes)[1]
    assert [str(label) for label in y_new] == np.array(["no", "yes"])[expected].tolist()


def test_a_lazy_frame_is_told_to_collect(numbers):
    X, y = numbers
    with pytest.raises(DataError, match=r"\.collect\(\)"):
        resample.SMOTE().fit_resample(pl.DataFrame(X).lazy(), y)


TAKE_GAPS = {"RandomOverSampler", "RandomUnderSampler", "InstanceHardnessThreshold", "SMOTEN"}
DISTANCES = [name for name in resample.__all__ if name not in TAKE_GAPS]


@pytest.mark.parametrize("name", DISTANCES)
def test_gaps_in_numbers_are_refused_by_name_where_distances_are_measured(name, numbers):
    X, y = suited(name, numbers[0]), numbers[1]
    X[:7, 3] = np.nan
    with pytest.raises(DataError, match=r"NaN \(7 in column 'c3'\)"):
        make(name).fit_resample(pd.DataFrame(X, columns=NAMES), y)


def test_instance_hardness_leaves_gaps_to_the_model(numbers):
    X, y = numbers[0].copy(), numbers[1]
    X[::9, 1] = np.nan
    _, y_new = make("InstanceHardnessThreshold").fit_resample(X, y)
    assert np.bincount(y_new).tolist() == [(y == 1).sum()] * 2


@pytest.mark.parametrize("dress", [lambda t: t, pd.DataFrame, pl.DataFrame])
def test_a_missing_category_is_a_level_of_its_own(dress):
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1], [100, 20]))
    whole = rng.choice(list("abc"), (120, 3)).astype(object)
    gaps = whole.copy()
    whole[::4, 1] = "z"  # the last level, as a missing cell is
    gaps[::4, 1] = None
    expected = make("SMOTEN").fit_resample(whole, y)[0]
    found = make("SMOTEN").fit_resample(dress(gaps), y)[0]
    found = np.asarray(found, dtype=object)
    found = np.where(pd.isna(found), "z", found)
    np.testing.assert_array_equal(found, expected)
    mixed = np.column_stack([rng.standard_normal(120).astype(object), gaps])
    sampler = resample.SMOTENC(categorical_features=[1, 2, 3], random_state=0)
    made = sampler.fit_resample(mixed, y)[0]
    assert len(made) == 200
    assert {type(cell) for cell in made[:, 2]} == {str, type(None)}


MADE_UP = {"SMOTE", "SMOTEN", "SMOTENC", "BorderlineSMOTE", "SVMSMOTE", "KMeansSMOTE", "ADASYN",
           "ClusterCentroids", "SMOTEENN", "SMOTETomek"}  # fmt: skip


@pytest.mark.parametrize("name", [n for n in resample.__all__ if n not in MADE_UP])
def test_weights_go_with_the_rows_that_are_selected(name, numbers):
    X, y = numbers
    weights = np.random.default_rng(0).random(len(y))
    sampler = make(name)
    _, _, found = sampler.fit_resample(X, y, sample_weight=weights)
    np.testing.assert_array_equal(found, weights[sampler.sample_indices_])


@pytest.mark.parametrize("name", sorted(MADE_UP))
def test_weights_are_refused_where_rows_are_made_up(name, numbers):
    X, y = numbers
    with pytest.raises(RequestError, match="sample_weight"):
        make(name).fit_resample(X, y, sample_weight=np.ones(len(y)))


@pytest.mark.parametrize("name", ["SMOTE", "SMOTEN", "SMOTENC", "BorderlineSMOTE", "SVMSMOTE"])
def test_too_few_rows_name_the_class_and_its_count(name, numbers):
    X, _ = numbers
    y = np.array(["fraud"] * 3 + ["fine"] * 237)
    X = suited(name, X)
    X[:3] = X[10:13]
    if name == "BorderlineSMOTE":
        X[:3] = X[200] + np.array([[0.01], [0.02], [0.03]])  # together, among the others
    with pytest.raises(SteelyardError, match=r"k_neighbors=5 rows of class 'fraud', got 3") as told:
        make(name).fit_resample(X, y)
    assert "use k_neighbors=2 or less" in str(told.value)


def test_k_means_smote_without_clusters_is_an_error_of_ours_and_of_theirs(numbers):
    X, y = numbers
    sampler = make("KMeansSMOTE").set_params(cluster_balance_threshold=0.99)
    with pytest.raises(SteelyardError, match="cluster_balance_threshold"):
        sampler.fit_resample(X, y)
    with pytest.raises(RuntimeError):
        sampler.fit_resample(X, y)
