"""What samplers allocate, counted by tracemalloc; the result is part of it."""

import tracemalloc

import numpy as np
import pytest

from steelyard import resample

CLEANERS = [
    "TomekLinks",
    "EditedNearestNeighbours",
    "RepeatedEditedNearestNeighbours",
    "AllKNN",
    "NeighbourhoodCleaningRule",
    "OneSidedSelection",
]
# Tiles of scores and what is made of them, for two threads, whatever the size of the table.
TILES = 32 * 2**20


def peak(run):
    tracemalloc.start()
    run()
    _, highest = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return highest


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CLEANERS)
def test_cleaners_stay_within_three_times_the_table(name, dtype):
    rng = np.random.default_rng(0)
    y = (rng.random(60_000) < 0.01).astype(int)
    X = (rng.standard_normal((60_000, 20)) + y[:, None]).astype(dtype)
    sampler = getattr(resample, name)(n_jobs=2)
    assert peak(lambda: sampler.fit_resample(X, y)) < 3 * X.nbytes + TILES


def test_over_sampling_copies_the_table_once():
    rng = np.random.default_rng(0)
    y = (rng.random(100_000) < 0.01).astype(int)
    X = (rng.standard_normal((100_000, 20)) + y[:, None]).astype(np.float32)
    result = 2 * X.nbytes
    for sampler in (resample.RandomOverSampler(random_state=0), resample.SMOTE(random_state=0)):
        assert peak(lambda s=sampler: s.fit_resample(X, y)) < 2 * result
