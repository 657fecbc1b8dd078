"""The one neighbour search, against distances worked out pair by pair."""

import ast
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist

import steelyard.neighbours
from steelyard.feeds.blend import nearest_rows
from steelyard.inspection.space import hvdm_space
from steelyard.neighbours import (
    all_neighbours,
    mixed_neighbours,
    neighbours_of,
    pack,
)
from steelyard.neighbours.every_pair import best_rows
from steelyard.neighbours.reach import reaches
from steelyard.neighbours.rows import best_among
from steelyard.neighbours.selection import above, peaks

RNG = np.random.default_rng(0)


def by_hand(X, k, scales=1.0):
    """Every pair in float64, ties to the lower row number."""
    out = np.empty((len(X), k), dtype=int)
    for row in range(len(X)):
        squared = (((X - X[row]) * scales) ** 2).sum(axis=1)
        order = np.lexsort((np.arange(len(X)), squared))
        out[row] = order[order != row][:k]
    return out


@pytest.mark.parametrize("kind", ["float64", "float32", "int64", "uint8", "bool"])
def test_whole_numbers_with_many_ties(kind):
    X = RNG.integers(0, 4, (700, 3)).astype(kind)
    np.testing.assert_array_equal(all_neighbours(X, 5), by_hand(X.astype(float), 5))


@pytest.mark.parametrize("rows", [300, 3000])
def test_scaled_columns_keep_their_ties(rows):
    # 0.3 - 0.2 and 0.2 - 0.1 differ: steps are taken before they are scaled.
    X = np.column_stack([RNG.integers(0, 9, rows), RNG.integers(0, 3, rows)]).astype(float)
    scales = np.array([0.1, 1 / 7])
    points = pack(X, scales)
    asking = RNG.permutation(rows)[:200]
    np.testing.assert_array_equal(neighbours_of(points, asking, 5), by_hand(X, 5, scales)[asking])


def test_numbers_far_from_zero():
    X = 1.7e9 + RNG.integers(0, 50, (2000, 2)) * 0.5
    np.testing.assert_array_equal(all_neighbours(X, 3), by_hand(X, 3))


def test_fewer_other_rows_than_asked_for():
    found = all_neighbours(np.array([[0.0], [1.0], [5.0]]), 7)
    assert found.tolist() == [[1, 2], [0, 2], [1, 0]]


def test_mixed_distances_are_exact_under_ties():
    numbers, codes = RNG.integers(0, 3, (600, 2)).astype(float), RNG.integers(0, 3, (600, 2))
    penalty = np.sqrt(2.0)
    one_hot = np.concatenate([np.eye(3)[column] for column in codes.T], axis=1)
    # Two cells of a one-hot row differ where a category does, hence the root of 2.
    X = np.concatenate([numbers, one_hot * penalty / np.sqrt(2)], axis=1)
    found = mixed_neighbours(numbers, codes, penalty, 4)
    np.testing.assert_array_equal(found, by_hand(X, 4))


def test_inspection_and_feeds_ask_the_same_search():
    numbers = [RNG.integers(0, 6, 500).astype(float), RNG.normal(size=500)]
    space = hvdm_space(numbers, [], RNG.integers(0, 2, 500), 2)
    expected = by_hand(np.column_stack(numbers), 5, np.array(space.scales))
    everything = np.arange(500)
    np.testing.assert_array_equal(neighbours_of(space.packed(), everything, 5), expected)
    X = RNG.integers(0, 3, (300, 2, 2)).astype("float32")
    rows = np.arange(100, 200)
    near = nearest_rows(X, rows, 3)
    np.testing.assert_array_equal(near, rows[by_hand(X[rows].reshape(100, -1), 3)])


def test_the_search_knows_no_other_room():
    for path in Path(steelyard.neighbours.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("steelyard"):
                assert node.module.startswith("steelyard.neighbours"), path


def by_all_distances(X, among, asking, k, sign):
    """Every distance of every pair, sorted; ties to the lower row number."""
    squared = sign * cdist(X[asking], X[among], "sqeuclidean")
    numbers = np.broadcast_to(among, squared.shape)
    own = numbers == asking[:, None]
    order = np.lexsort((numbers, np.where(own, np.inf, squared)), axis=1)[:, :k]
    return among[order]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("among", [40, 9000], ids=["few among", "many among"])
def test_every_pair_gives_what_all_distances_give(among, dtype, sign):
    rng = np.random.default_rng(4)
    X = np.column_stack([rng.normal(size=(9000, 3)), rng.integers(0, 3, 9000)])
    X[1::50] = X[::50]  # some rows are equal
    rows, asking = np.arange(among), np.sort(rng.choice(9000, 300, replace=False))
    squared, found = best_rows(X, rows, asking, 5, sign=sign, dtype=dtype)
    np.testing.assert_array_equal(found, by_all_distances(X, rows, asking, 5, sign))
    exact = np.square(X[asking][:, None] - X[found]).sum(axis=2)
    np.testing.assert_allclose(squared, exact, rtol=1e-12)


TABLES = {
    "nothing but ties": RNG.integers(0, 2, (3000, 2)).astype(float),
    "one row outside of float32": np.vstack([[[1e60, 0]], RNG.normal(size=(600, 2))]),
    "a clock in seconds": np.column_stack([1.7e9 + RNG.random(900), RNG.normal(size=900)]),
    "all rows are equal": np.zeros((50, 2)),
}


@pytest.mark.parametrize("X", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("sign", [1, -1])
def test_where_fast_scores_say_nothing_the_neighbours_are_the_same(X, sign):
    rows, asking = np.arange(len(X)), np.arange(0, len(X), 7)
    found = best_among(X, rows, asking, 4, sign=sign)[1]
    np.testing.assert_array_equal(found[:, ::sign], by_all_distances(X, rows, asking, 4, sign))


def test_ties_are_left_to_rows_that_are_laid_out():
    X, rows = TABLES["nothing but ties"], np.arange(3000)
    assert best_rows(X, rows, rows, 4) is None
    assert best_rows(TABLES["one row outside of float32"], rows[:601], rows[:601], 4) is None


@pytest.mark.parametrize("rows", [300, 1500], ids=["float64", "float32"])
def test_what_lies_within_reach_is_what_distances_say(rows):
    rng = np.random.default_rng(6)
    X = np.column_stack([rng.normal(size=(rows, 2)).round(1), rng.integers(0, 3, rows)])
    X[::2] += rng.normal(size=3) * 1e-9  # close calls beside ties
    all_rows = np.arange(rows)
    limits, others = rng.permutation(rows), rng.permutation(rows)[:100]
    squared = np.square(X - X[limits]).sum(axis=1)
    found = reaches(X, all_rows, squared, limits)[all_rows[::3]].within(others)
    between = np.square(X[others][:, None] - X[None, ::3]).sum(axis=2)
    earlier = others[:, None] < limits[::3]
    expected = (between < squared[::3]) | ((between == squared[::3]) & earlier)
    assert 0.2 < expected.mean() < 0.8
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("rows", [3, 567, 1024, 4095])
@pytest.mark.parametrize("want", [1, 6, 40])
def test_scores_above_a_limit_are_found_by_the_peaks_of_groups(rows, want):
    # 567 rows make 9 groups: 8 of 64 rows and one of 55, as many as 9 groups of 63 have.
    scores = np.random.default_rng(7).normal(size=(rows, 9)).astype("float32")
    limit = np.full(9, 1.5, dtype="float32")
    query, row, score = above(scores, peaks(scores, want), limit, want)
    expected = {(int(q), int(r)) for r, q in np.argwhere(scores >= 1.5)}
    assert sorted(zip(query.tolist(), row.tolist(), strict=True)) == sorted(expected)
    np.testing.assert_array_equal(score, scores[row, query])
