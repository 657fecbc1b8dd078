"""A table that is not laid out trains as one that is, and is never laid out."""

import numpy as np
import polars as pl
import pytest

keras = pytest.importorskip("keras")

from steelyard.jobs.folds import make_splits  # noqa: E402
from steelyard.jobs.job import Job  # noqa: E402
from steelyard.models import custom, encoded_table, row_source  # noqa: E402
from steelyard.models.custom import CustomTrainer  # noqa: E402
from steelyard.models.members import encoded, whole  # noqa: E402
from steelyard.models.packed_graph import Settings  # noqa: E402
from steelyard.models.tabular import TabularTrainer  # noqa: E402
from steelyard.tables import read_table  # noqa: E402
from steelyard.techniques import get  # noqa: E402


def own(inputs, classes):
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(classes)])


TRAINERS = [
    (TabularTrainer(Settings(hidden=(8,)), members=1), ("plain", "smote", "focal")),
    (CustomTrainer.of(own), ("smote",)),
]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    n = 3000
    age, plan = rng.normal(45, 12, n), rng.choice(["a", "b", "c"], n)
    y = ((age - 45) / 12 + (plan == "b") + rng.normal(size=n) > 2).astype(int)
    age[rng.random(n) < 0.1] = np.nan
    frame = pl.DataFrame({"age": age, "plan": plan, "calls": rng.poisson(2, n), "target": y})
    return read_table(frame, "target")


@pytest.fixture
def streamed(monkeypatch):
    """Nothing fits; the rows that were encoded at once."""
    seen = []

    def counted(encoding, numbers, categories, encode=encoded_table.encode):
        seen.append(len(numbers))
        return encode(encoding, numbers, categories)

    def switch():
        monkeypatch.setattr(encoded_table, "TABLE_BYTES", 0)
        monkeypatch.setattr(row_source, "STREAM_BYTES", 800 * 4 * 10)
        monkeypatch.setattr(encoded_table, "encode", counted)
        monkeypatch.setattr(custom, "HELD_BATCH", 500)
        return seen

    return switch


def test_near_holds_the_rows_that_were_asked_for(table, streamed):
    _, matrix = encoded(table, whole(table))
    streamed()
    _, stands_for_it = encoded(table, whole(table))
    assert stands_for_it.shape == matrix.shape
    asked = np.random.default_rng(1).integers(0, len(table.y), (2, 5, 7))
    X, y, places = (part.numpy() for part in row_source.source(stands_for_it, table.y).near(asked))
    np.testing.assert_array_equal(X[places], matrix[asked])
    np.testing.assert_array_equal(y[places], table.y[asked])
    assert len(X) == 128  # 70 or fewer distinct rows


@pytest.mark.parametrize(("trainer", "names"), TRAINERS, ids=["tabular", "custom"])
def test_the_results_are_the_same(trainer, names, table, streamed):
    split = make_splits(table.y, folds=4, repeats=1, seed=0, classes=(0, 1))[0]
    jobs = [Job(get(name), split, 0) for name in names]
    expected = [outcome.uncorrected for outcome in trainer.run(table, jobs, lambda _: None)]
    fitted = trainer.fit(table, get("plain"), 0, lambda _: None)
    seen = streamed()
    found = [outcome.uncorrected for outcome in trainer.run(table, jobs, lambda _: None)]
    again = trainer.fit(table, get("plain"), 0, lambda _: None)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_allclose(again.out_of_bag, fitted.out_of_bag, atol=1e-4)
    assert max(seen) <= len(table.y) / 2
