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
    choose_scaling,
    farthest,
    make_points,
    mixed_neighbours,
    nearest,
    neighbours_of,
    pack,
)

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


@pytest.mark.parametrize("asking", [8, 2000], ids=["few pairs", "many pairs"])
def test_few_rows_ask_a_table_that_is_not_laid_out(asking):
    """The same neighbours either way, ties included: every distance by every row, sorted."""
    X = np.random.default_rng(4).integers(0, 4, (3000, 4)).astype(float)
    rows = np.random.default_rng(5).choice(len(X), asking, replace=False)
    scaling = choose_scaling(X, pairs=asking * len(X))
    assert scaling.in_space == (asking == 2000)
    everything, queries = make_points(X, np.arange(len(X)), scaling), make_points(X, rows, scaling)
    squared = cdist(X[queries.rows], X, "sqeuclidean")
    numbers = np.broadcast_to(np.arange(len(X)), squared.shape)
    own = numbers == queries.rows[:, None]
    for found, distance in (
        (nearest(everything, queries, 5)[1], squared),
        (farthest(everything, queries, 5)[1][:, ::-1], -squared),
    ):
        order = np.lexsort((numbers, np.where(own, np.inf, distance)), axis=1)
        np.testing.assert_array_equal(found, order[:, :5])
