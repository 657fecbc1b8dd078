"""Where distances are distinct the rows are those of imbalanced-learn, in the same order."""

import imblearn.combine
import imblearn.over_sampling
import imblearn.under_sampling
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from steelyard import resample

# Small tables with classes all mixed up: some are cleaned away, which is told.
pytestmark = pytest.mark.filterwarnings("ignore:no row of class")

SELECTING = [
    ("RandomOverSampler", {"random_state": 5}),
    ("RandomUnderSampler", {"random_state": 5}),
    ("RandomUnderSampler", {"random_state": 5, "replacement": True}),
    ("TomekLinks", {}),
    ("TomekLinks", {"sampling_strategy": "all"}),
    ("EditedNearestNeighbours", {}),
    ("EditedNearestNeighbours", {"kind_sel": "mode"}),
    ("EditedNearestNeighbours", {"kind_sel": "mode", "n_neighbors": 4, "sampling_strategy": "all"}),
    ("EditedNearestNeighbours", {"n_neighbors": 2, "sampling_strategy": "all"}),
    ("AllKNN", {}),
    ("AllKNN", {"kind_sel": "mode", "allow_minority": True, "sampling_strategy": "all"}),
    ("NeighbourhoodCleaningRule", {}),
    ("NeighbourhoodCleaningRule", {"n_neighbors": 4, "threshold_cleaning": 0.1}),
    ("OneSidedSelection", {"random_state": 5}),
    ("OneSidedSelection", {"random_state": 5, "n_seeds_S": 8, "n_neighbors": 3}),
    ("OneSidedSelection", {"random_state": 5, "sampling_strategy": "all", "n_seeds_S": 3}),
    ("CondensedNearestNeighbour", {"random_state": 5}),
    ("CondensedNearestNeighbour", {"random_state": 5, "n_seeds_S": 4, "n_neighbors": 2}),
    ("CondensedNearestNeighbour", {"random_state": 5, "sampling_strategy": "all"}),
    ("NearMiss", {"version": 1}),
    ("NearMiss", {"version": 2}),
    ("NearMiss", {"version": 3, "n_neighbors_ver3": 7}),
    ("InstanceHardnessThreshold", {"random_state": 5, "estimator": "linear"}),
]
MAKING = [
    ("RandomOverSampler", {"random_state": 5, "shrinkage": 0.7}),
    ("SMOTE", {"random_state": 5}),
    ("SMOTE", {"random_state": 5, "k_neighbors": 2, "sampling_strategy": "all"}),
    ("BorderlineSMOTE", {"random_state": 5}),
    ("BorderlineSMOTE", {"random_state": 5, "kind": "borderline-2", "m_neighbors": 6}),
    ("ADASYN", {"random_state": 5}),
    ("SMOTEENN", {"random_state": 5}),
    ("SMOTETomek", {"random_state": 5}),
]


def pair(name, arguments):
    arguments = dict(arguments)
    if arguments.get("estimator") == "linear":
        arguments["estimator"] = LinearDiscriminantAnalysis()
    for module in (imblearn.over_sampling, imblearn.under_sampling, imblearn.combine):
        if hasattr(module, name):
            return getattr(resample, name)(**arguments), getattr(module, name)(**arguments)
    raise AssertionError(name)


@st.composite
def tables(draw):
    """Continuous columns of uneven scale, two or three overlapping classes, none very small."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    counts = draw(st.sampled_from([(90, 25), (25, 90), (70, 20, 40), (600, 40), (40, 20, 300)]))
    columns = draw(st.sampled_from([1, 3, 8, 20]))
    y = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    scale = 10.0 ** rng.integers(-3, 4, columns) if draw(st.booleans()) else 1.0
    X = (rng.standard_normal((len(y), columns)) + 0.6 * y[:, None]) * scale
    return X.astype(draw(st.sampled_from([np.float64, np.float32]))), y


def labels_as(y, kind):
    return {"int": y, "str": np.array(["ant", "bee", "cat"])[y], "negative": y.astype(float) - 1}[
        kind
    ]


def check_selecting(name, arguments, X, y):
    ours, theirs = pair(name, arguments)
    X_ours, y_ours = ours.fit_resample(X, y)
    X_theirs, y_theirs = theirs.fit_resample(X, y)
    np.testing.assert_array_equal(ours.sample_indices_, theirs.sample_indices_)
    np.testing.assert_array_equal(X_ours, X_theirs)
    np.testing.assert_array_equal(y_ours, y_theirs)
    assert X_ours.dtype == X.dtype
    assert y_ours.dtype == y_theirs.dtype


# NearMiss-3 and small classes: theirs warns, ours warns; the rows are what is compared.
@pytest.mark.filterwarnings("ignore:The number of the samples")
@pytest.mark.parametrize(("name", "arguments"), SELECTING, ids=str)
@settings(max_examples=12, deadline=None)
@given(table=tables())
def test_selecting_samplers_take_the_same_rows(name, arguments, table):
    check_selecting(name, arguments, *table)


@settings(max_examples=10, deadline=None)
@given(table=tables())
def test_repeated_enn_takes_the_same_rows(table):
    # Not compared by sample_indices_: theirs are wrong where the first round changes nothing.
    X, y = table
    for arguments in ({}, {"kind_sel": "mode", "sampling_strategy": "all", "max_iter": 3}):
        ours, theirs = pair("RepeatedEditedNearestNeighbours", arguments)
        X_ours, y_ours = ours.fit_resample(X, y)
        X_theirs, y_theirs = theirs.fit_resample(X, y)
        np.testing.assert_array_equal(X_ours, X_theirs)
        np.testing.assert_array_equal(y_ours, y_theirs)
        np.testing.assert_array_equal(X[ours.sample_indices_], X_ours)
        assert ours.n_iter_ == theirs.n_iter_


@pytest.mark.parametrize(("name", "arguments"), MAKING, ids=str)
@settings(max_examples=12, deadline=None)
@given(table=tables())
def test_making_samplers_give_the_same_bytes(name, arguments, table):
    X, y = table
    ours, theirs = pair(name, arguments)
    X_ours, y_ours = ours.fit_resample(X, y)
    X_theirs, y_theirs = theirs.fit_resample(X, y)
    # theirs widens float32 with shrinkage; ours does not
    np.testing.assert_array_equal(X_ours, X_theirs.astype(X.dtype))
    np.testing.assert_array_equal(y_ours, y_theirs)
    assert X_ours.dtype == X.dtype


@pytest.mark.parametrize("seed", range(6))
def test_smotenc_gives_the_same_cells(seed):
    rng = np.random.default_rng(seed)
    n = 260
    y = (rng.random(n) < 0.2).astype(int)
    numbers = rng.standard_normal((n, 3)) + y[:, None]
    levels = np.column_stack([rng.integers(0, size, n) for size in (2, 5, 40)])
    X = np.column_stack([levels[:, 0], numbers, levels[:, 1:]])
    if seed % 3 == 1:
        X = X.astype(np.float32)
    if seed % 3 == 2:
        X = X.astype(object)
        X[:, 4] = np.array(list("vwxyz"))[levels[:, 1]]
    if seed == 3:
        X[:, 1:4] = np.round(X[:, 1:4], 6)
        X[y == 1, 2:4] = 7.0  # the median spread of the numbers is zero
    arguments = {"categorical_features": [0, 4, 5], "random_state": seed}
    ours, theirs = pair("SMOTENC", arguments)
    X_ours, y_ours = ours.fit_resample(X, y)
    X_theirs, y_theirs = theirs.fit_resample(X, y)
    np.testing.assert_array_equal(X_ours, X_theirs)
    np.testing.assert_array_equal(y_ours, y_theirs)
    assert X_ours.dtype == X_theirs.dtype
    assert ours.median_std_ == theirs.median_std_


@pytest.mark.parametrize(
    ("name", "arguments"),
    [*SELECTING[3:6], SELECTING[9], SELECTING[13], SELECTING[16], SELECTING[19], *MAKING[:6]],
    ids=str,
)
@pytest.mark.parametrize("form", ["csr", "csc"])
def test_sparse_tables_give_what_dense_ones_give(name, arguments, form):
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1], [160, 40]))
    X = np.where(rng.random((200, 9)) < 0.4, 0.0, rng.standard_normal((200, 9)) + y[:, None])
    ours, _ = pair(name, arguments)
    dense, labels = ours.fit_resample(X, y)
    thin, thin_labels = ours.fit_resample(sparse.csr_matrix(X).asformat(form), y)
    assert sparse.issparse(thin)
    assert thin.format == form
    np.testing.assert_allclose(thin.toarray(), dense, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(thin_labels, labels)


@pytest.mark.parametrize("kind", ["str", "negative"])
def test_labels_of_any_type(kind):
    rng = np.random.default_rng(1)
    codes = rng.permutation(np.repeat([0, 1, 2], [90, 30, 60]))
    X = rng.standard_normal((180, 4)) + 0.5 * codes[:, None]
    y = labels_as(codes, kind)
    for name, arguments in [SELECTING[1], SELECTING[4], SELECTING[5], SELECTING[13], SELECTING[19]]:
        check_selecting(name, arguments, X, y)


def test_a_neighbours_object_of_the_users_own_is_used():
    from sklearn.neighbors import NearestNeighbors

    rng = np.random.default_rng(2)
    y = rng.permutation(np.repeat([0, 1], [120, 30]))
    X = rng.standard_normal((150, 4)) + y[:, None]
    cityblock = NearestNeighbors(n_neighbors=4, metric="manhattan")
    check_selecting("EditedNearestNeighbours", {"n_neighbors": cityblock}, X, y)
    ours, theirs = pair("SMOTE", {"k_neighbors": cityblock, "random_state": 0})
    np.testing.assert_array_equal(ours.fit_resample(X, y)[0], theirs.fit_resample(X, y)[0])
