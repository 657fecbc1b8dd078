"""Class shares of batches: exact, rotating, spread; and walks that show every row once a pass."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.errors import EmptyClassError, RequestError
from steelyard.feeds.batch_sampler import BatchSampler, Cursor
from steelyard.feeds.schedule import Schedule, spread
from steelyard.feeds.shares import target_shares


@given(st.lists(st.integers(1, 40), min_size=2, max_size=9), st.integers(9, 130))
@settings(max_examples=60, deadline=None)
def test_every_batch_is_within_one_row_and_totals_never_drift(weights, batch_size):
    shares = np.array(weights) / sum(weights)
    schedule = Schedule.make(shares, batch_size)
    wanted = shares * batch_size
    assert (schedule.table.sum(axis=1) == batch_size).all()
    assert (np.abs(schedule.table - wanted) < 1 + 1e-9).all()
    steps = np.arange(1, 3 * len(schedule.table))
    drift = schedule.before(steps) - steps[:, None] * wanted
    # Largest remainder strays by a little over one row inside a cycle, and is exact after it; where
    # the cycle was cut at 512 batches one row remains per cycle.
    assert np.abs(drift).max() < 1.5 + 3 * (len(schedule.table) == 512)
    if len(schedule.table) < 512:
        assert np.abs(drift[len(schedule.table) - 1]).max() < 1e-6


def test_leftover_rows_rotate():
    schedule = Schedule.make(np.full(3, 1 / 3), 1024)
    assert len(schedule.table) == 3
    assert schedule.table.sum(axis=0).tolist() == [1024] * 3
    assert sorted(schedule.table[0]) == [341, 341, 342]


def test_before_agrees_with_counting():
    schedule = Schedule.make([0.7, 0.2, 0.1], 13)
    counted = np.zeros(3, dtype=int)
    for step in range(40):
        np.testing.assert_array_equal(schedule.before(np.int64(step)), counted)
        slots = schedule.slots[step % len(schedule.table)]
        counted += np.bincount(slots, minlength=3)


def test_slices_of_a_batch_hold_the_shares():
    codes = spread(np.array([96, 24, 8]))
    for piece in np.split(codes, 4):
        assert np.abs(np.bincount(piece, minlength=3) - [24, 6, 2]).max() <= 1


@given(st.lists(st.integers(1, 500), min_size=2, max_size=5))
@settings(max_examples=40, deadline=None)
def test_an_epoch_is_the_shortest_that_shows_every_row(rows):
    schedule = Schedule.make(np.full(len(rows), 1 / len(rows)), 16)
    steps = schedule.steps_to_show(rows)
    assert (schedule.before(np.int64(steps)) >= rows).all()
    if steps > 1:
        assert (schedule.before(np.int64(steps - 1)) < rows).any()


@given(st.integers(1, 30), st.integers(0, 200), st.integers(1, 100))
@settings(max_examples=60, deadline=None)
def test_a_walk_can_be_entered_anywhere(size, first, length):
    rows = np.arange(size) * 7
    whole = Cursor(rows, seed=3).take(0, first + length)
    part = Cursor(rows, seed=3).take(first, first + length)
    np.testing.assert_array_equal(part, whole[first:])
    for start in range(0, whole.size - size + 1, size):
        assert sorted(whole[start : start + size]) == rows.tolist()


def test_large_classes_walk_like_small_ones(monkeypatch):
    rows = np.arange(1_000)
    small = Cursor(rows, seed=1, code=2).take(500, 3_200)
    monkeypatch.setattr("steelyard.feeds.batch_sampler._KEEP_ORDER_FROM", 10)
    large = Cursor(rows, seed=1, code=2)
    pieces = [large.take(at, at + 300) for at in range(500, 3_200, 300)]
    np.testing.assert_array_equal(np.concatenate(pieces), small)


def test_passes_differ_and_so_do_classes_and_seeds():
    rows = np.arange(50)
    walk = Cursor(rows, seed=0).take(0, 100)
    assert walk[:50].tolist() != walk[50:].tolist()
    assert Cursor(rows, seed=1).take(0, 50).tolist() != walk[:50].tolist()
    assert Cursor(rows, seed=0, code=1).take(0, 50).tolist() != walk[:50].tolist()


@pytest.mark.parametrize("last_rows", [None, 5])
def test_blocks_do_not_depend_on_where_they_are_cut(last_rows):
    rows_of = [np.arange(90), np.arange(90, 100)]
    schedule = Schedule.make([0.75, 0.25], 9)
    sampler = BatchSampler(rows_of, schedule, seed=0, steps=11, last_rows=last_rows)
    for epoch in (0, 2):
        whole = sampler.block(epoch, 0, 11)
        for first, last in ((0, 4), (4, 5), (5, 11)):
            part = sampler.block(epoch, first, last)
            np.testing.assert_array_equal(part.rows, whole.rows[first:last])
            np.testing.assert_array_equal(part.passes, whole.passes[first:last])
            np.testing.assert_array_equal(part.seeds, whole.seeds[first:last])


def test_workers_together_hold_the_whole_batch():
    rows_of = [np.arange(900), np.arange(900, 1_000)]
    schedule = Schedule.make([0.8, 0.2], 64)
    whole = BatchSampler(rows_of, schedule, seed=5, steps=20).block(1, 0, 20)
    parts = [
        BatchSampler(rows_of, schedule, seed=5, steps=20, shard=(i, 4)).block(1, 0, 20)
        for i in range(4)
    ]
    together = np.stack([part.rows for part in parts], axis=1).reshape(20, 64)
    np.testing.assert_array_equal(together, whole.rows)
    for part in parts:
        assert np.abs((part.codes == 1).mean(axis=1) - 0.2).max() <= 1 / 16


def test_shares_from_words_powers_and_dicts():
    counts = [1000, 100, 10]
    np.testing.assert_allclose(
        target_shares("sqrt", "abc", counts), [0.706101, 0.223289, 0.070610], atol=1e-6
    )
    np.testing.assert_allclose(target_shares(1.0, "abc", counts), np.array(counts) / 1110)
    np.testing.assert_allclose(target_shares("uniform", "abc", counts), [1 / 3] * 3)
    own = target_shares({"c": 2, "a": 1, "b": 1}, "abc", counts)
    np.testing.assert_allclose(own, [0.25, 0.25, 0.5])


@pytest.mark.parametrize(
    "shares", ["equal", {"a": 1}, {"a": 1, "b": 0}, {"a": 1, "b": float("nan")}]
)
def test_bad_shares(shares):
    with pytest.raises(RequestError):
        target_shares(shares, "ab", [5, 5])


def test_a_class_without_rows_is_named():
    with pytest.raises(EmptyClassError, match="'b'"):
        target_shares("uniform", "ab", [5, 0])


def test_a_share_too_small_for_any_batch():
    with pytest.raises(RequestError, match="less than once"):
        Schedule.make([1 - 1e-7, 1e-7], 8)
