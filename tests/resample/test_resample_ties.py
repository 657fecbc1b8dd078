"""Ties, duplicates, scales and threads: against a slow reference that is plainly right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard import resample
from steelyard.neighbours.counting import enough_nearer
from steelyard.neighbours.nearest import farthest, nearest
from steelyard.neighbours.points import make_points
from steelyard.neighbours.scaling import choose_scaling, distances

# Small tables with classes all mixed up: some are cleaned away, which is told.
pytestmark = pytest.mark.filterwarnings("ignore:no row of class")


def neighbours(X, row, among, k):
    """The rule, in words: nearer first, then the lower row number, never the row itself."""
    order = sorted(
        (float(((X[row].astype(float) - X[j].astype(float)) ** 2).sum()), j)
        for j in among
        if j != row
    )
    return [j for _, j in order[:k]]


def slow_tomek(X, y):
    rows = range(len(X))
    first = [neighbours(X, i, rows, 1)[0] for i in rows]
    return [i for i in rows if y[first[i]] != y[i] and first[first[i]] == i]


def slow_enn(X, y, rows, k, kind, targets):
    stays = []
    for i in rows:
        labels = [y[j] for j in neighbours(X, i, rows, k)]
        if kind == "all":
            good = all(label == y[i] for label in labels)
        else:
            good = min(set(labels), key=lambda c: (-labels.count(c), c)) == y[i]
        if y[i] not in targets or good:
            stays.append(i)
    return stays


def slow_condensed(X, y, target, rare, seed_row):
    store = [i for i in range(len(X)) if y[i] == rare] + [seed_row]
    members = [i for i in range(len(X)) if y[i] == target]
    kept, skipped = [seed_row], {seed_row}
    for place, i in enumerate(members):
        # imbalanced-learn's slip, kept: rows are skipped by place, but noted by row number
        if place in skipped:
            continue
        best = min((float(((X[i] - X[j]) ** 2).sum()), j) for j in store)[1]
        if y[best] != y[i]:
            store.append(i)
            kept.append(i)
            skipped.add(i)
    return kept


@st.composite
def grids(draw, classes=2):
    """Small integers: most distances tie, many rows are equal, across classes too."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = draw(st.integers(30, 90))
    columns = draw(st.sampled_from([1, 2, 3, 12, 18]))
    high = draw(st.sampled_from([2, 3, 6]))
    dtype = draw(st.sampled_from([np.float64, np.float32, np.int64]))
    y = rng.permutation(np.r_[np.zeros(rows - 12), np.ones(6), np.full(6, classes - 1)]).astype(int)
    return rng.integers(0, high, (rows, columns)).astype(dtype), y


@settings(max_examples=60, deadline=None)
@given(table=grids())
def test_tomek_links_with_ties(table):
    X, y = table
    sampler = resample.TomekLinks(sampling_strategy="all").fit(X, y)
    sampler.fit_resample(X, y)
    gone = np.setdiff1d(np.arange(len(X)), sampler.sample_indices_)
    assert gone.tolist() == slow_tomek(X, y)


@pytest.mark.parametrize("kind", ["all", "mode"])
@pytest.mark.parametrize("classes", [2, 3])
@settings(max_examples=25, deadline=None)
@given(data=st.data(), k=st.integers(1, 6))
def test_edited_neighbours_with_ties(kind, classes, data, k):
    X, y = data.draw(grids(classes=classes))
    sampler = resample.EditedNearestNeighbours(
        n_neighbors=k, kind_sel=kind, sampling_strategy="all"
    )
    sampler.fit_resample(X, y)
    expected = slow_enn(X, y, range(len(X)), k, kind, set(y))
    assert sorted(sampler.sample_indices_.tolist()) == expected


@settings(max_examples=25, deadline=None)
@given(table=grids(classes=3))
def test_all_knn_with_ties(table):
    X, y = table
    sampler = resample.AllKNN(sampling_strategy=[0], allow_minority=True)
    sampler.fit_resample(X, y)
    rows = range(len(X))
    for k in (1, 2, 3):
        rows = slow_enn(X, y, rows, k, "all", {0})
        if 0 not in y[rows]:
            break
    assert sorted(sampler.sample_indices_.tolist()) == list(rows)


@settings(max_examples=40, deadline=None)
@given(table=grids(), seed=st.integers(0, 99))
def test_condensed_with_ties(table, seed):
    X, y = table
    sampler = resample.CondensedNearestNeighbour(random_state=seed)
    sampler.fit_resample(X, y)
    members = np.flatnonzero(y == 0)
    seed_row = members[np.random.RandomState(seed).randint(0, len(members), size=1)[0]]
    kept = sampler.sample_indices_[y[sampler.sample_indices_] == 0]
    assert kept.tolist() == slow_condensed(X, y, 0, 1, seed_row)


def spread(kind, rng, rows):
    """Tables on which float32 scores, or products instead of differences, would go wrong."""
    X = rng.standard_normal((rows, 6))
    if kind == "far away":
        X += 1e7
    elif kind == "raw seconds":
        X[:, 0] = np.arange(rows) * 100.0 + rng.random(rows)
        X[:, 1] *= 1e-3
    elif kind == "tiny":
        X *= 1e-30
    elif kind == "huge":
        X *= 1e100
    elif kind == "heavy tails":
        X = rng.standard_cauchy((rows, 6))
    elif kind == "near ties":
        X = rng.integers(0, 3, (rows, 6)) + rng.standard_normal((rows, 6)) * 1e-9
    elif kind == "constant":
        X[:] = 3.0
    return X


KINDS = ["plain", "far away", "raw seconds", "tiny", "huge", "heavy tails", "near ties", "constant"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("rows", [40, 1500])
def test_search_is_exact_at_any_scale(kind, dtype, rows):
    rng = np.random.default_rng(7)
    X = spread(kind, rng, rows)
    X = X.astype(dtype) if kind not in {"tiny", "huge"} else X
    everything = np.arange(rows)
    scaling = choose_scaling(X)
    points = make_points(X, everything, scaling)
    asking = points.subset(np.sort(rng.permutation(rows)[:37]))
    squared, found = nearest(points, asking, 5)
    far_squared, _ = farthest(points, asking, 3)
    for place, row in enumerate(asking.rows):
        between = distances(X, np.full(rows, row), everything)
        between[row] = np.inf
        order = np.lexsort((everything, between))
        np.testing.assert_array_equal(found[place], order[:5])
        np.testing.assert_array_equal(squared[place], between[order[:5]])
        np.testing.assert_array_equal(far_squared[place], between[order[rows - 4 : rows - 1]])
    for need, rank in ((1, 0), (1, 1), (3, 2), (3, 3), (4, 3), (4, 4)):
        answer = enough_nearer(points, asking, squared[:, rank], found[:, rank], need=need)
        assert (answer == (rank >= need)).all()


@pytest.mark.parametrize("columns", [1, 3, 5])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_table_of_few_different_rows_is_searched_by_the_same_rule(columns, dtype):
    rng = np.random.default_rng(columns)
    X = rng.integers(-1, 2, (3000, columns)).astype(dtype)
    X[X == 0] *= rng.choice([1.0, -1.0], (X == 0).sum())  # both zeros are the same number
    everything = np.arange(3000)
    points = make_points(X, everything, choose_scaling(X))
    assert len(points.without_spare_duplicates(4)) == 4 * 3**columns
    asking = points.subset(np.sort(rng.permutation(3000)[:60]))
    squared, found = nearest(points, asking, 3)
    for place, row in enumerate(asking.rows):
        between = distances(X, np.full(3000, row), everything)
        between[row] = np.inf
        np.testing.assert_array_equal(found[place], np.lexsort((everything, between))[:3])
    for need, rank in ((1, 0), (2, 1), (2, 2), (3, 2)):
        answer = enough_nearer(points, asking, squared[:, rank], found[:, rank], need=need)
        assert (answer == (rank >= need)).all()


def test_result_does_not_depend_on_threads_or_on_where_equal_columns_are():
    rng = np.random.default_rng(3)
    X = rng.integers(0, 4, (4000, 5)).astype(float)
    y = (rng.random(4000) < 0.15).astype(int)
    results = []
    for n_jobs, columns in ((1, [0, 1, 2, 3, 4]), (2, [0, 1, 2, 3, 4]), (3, [4, 2, 0, 1, 3])):
        for name in ("TomekLinks", "EditedNearestNeighbours", "NeighbourhoodCleaningRule"):
            sampler = getattr(resample, name)(n_jobs=n_jobs)
            sampler.fit_resample(X[:, columns], y)
            results.append(sampler.sample_indices_)
    for first, *others in zip(results[:3], results[3:6], results[6:], strict=True):
        for other in others:
            np.testing.assert_array_equal(first, other)


def test_distance_is_exact_symmetric_and_zero_for_duplicates():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 7)) + 1e6
    X[1] = X[0]
    first, second = (index.ravel() for index in np.meshgrid(np.arange(50), np.arange(50)))
    there, back = distances(X, first, second), distances(X, second, first)
    np.testing.assert_array_equal(there, back)
    assert there[first == second].max() == 0
    assert distances(X, np.array([0]), np.array([1]))[0] == 0
    np.testing.assert_array_equal(there[17:18], distances(X, first[17:18], second[17:18]))
