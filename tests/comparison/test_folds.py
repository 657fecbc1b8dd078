"""Splits: every row scored once a repeat, classes everywhere, groups and time respected."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.errors import RequestError, TargetError
from steelyard.jobs.folds import make_splits


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 6), st.integers(1, 3), st.integers(0, 5))
def test_each_row_is_scored_once_a_repeat(folds, repeats, seed):
    y = np.random.default_rng(seed).permutation(np.repeat([0, 1, 2], [60, 20, 7]))
    splits = make_splits(y, folds=folds, repeats=repeats, seed=seed)
    assert len(splits) == folds * repeats
    for repeat in range(repeats):
        tests = [split.test for split in splits if split.repeat == repeat]
        assert np.array_equal(np.sort(np.concatenate(tests)), np.arange(len(y)))
    for split in splits:
        assert not set(split.train) & set(split.test)
        assert len(split.train) + len(split.test) == len(y)
        assert set(y[split.train]) == set(y[split.test]) == {0, 1, 2}


def test_repeats_differ_and_the_seed_repeats():
    y = np.repeat([0, 1], [90, 10])
    one = make_splits(y, folds=5, repeats=2, seed=3)
    two = make_splits(y, folds=5, repeats=2, seed=3)
    assert all(np.array_equal(a.test, b.test) for a, b in zip(one, two, strict=True))
    assert not np.array_equal(one[0].test, one[5].test)


def test_no_group_on_both_sides():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 40, 400)
    y = (rng.random(400) < 0.2).astype(int)
    for split in make_splits(y, folds=4, repeats=2, seed=0, groups=groups):
        assert not set(groups[split.train]) & set(groups[split.test])


def test_time_trains_on_the_past_only_and_keeps_equal_stamps_together():
    rng = np.random.default_rng(0)
    times = rng.integers(0, 50, 1000).astype(float)
    y = rng.integers(0, 2, 1000)
    splits = make_splits(y, folds=4, repeats=1, seed=0, times=times)
    assert [split.scored for split in splits] == [False, True, True, True, True]
    for split in splits:
        assert times[split.train].max() < times[split.test].min()
    tested = np.concatenate([split.test for split in splits])
    assert len(tested) == len(set(tested))


def test_what_cannot_be_split_is_refused_with_advice():
    y = np.repeat([0, 1], [50, 3])
    with pytest.raises(TargetError, match=r"class 'yes' has 3 rows, .*`folds=3`"):
        make_splits(y, folds=5, repeats=1, seed=0, classes=("no", "yes"))
    with pytest.raises(TargetError, match="class '1' has 1 row, fewer"):
        make_splits(np.repeat([0, 1], [50, 1]), folds=2, repeats=1, seed=0, classes=("0", "1"))
    with pytest.raises(RequestError, match="at least 2 folds"):
        make_splits(y, folds=1, repeats=1, seed=0)
    with pytest.raises(RequestError, match="has 2 groups, fewer than 3 folds"):
        make_splits(y, folds=3, repeats=1, seed=0, groups=np.arange(53) % 2)
    with pytest.raises(RequestError, match="too few distinct values"):
        make_splits(y, folds=3, repeats=1, seed=0, times=np.zeros(53))


def test_a_class_that_stops_before_the_scored_blocks_is_refused():
    times = np.arange(240)
    y = ((times < 80) & (times % 3 == 0)).astype(int)
    with pytest.raises(TargetError, match="blocks of time that are scored"):
        make_splits(y, folds=3, repeats=1, seed=0, times=times)
    y[200] = 1
    assert len(make_splits(y, folds=3, repeats=1, seed=0, times=times)) == 4
