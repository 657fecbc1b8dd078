"""A cheap model and tables of known truth for the benchmarks of evidence.

The model is a layer of random units with logistic regression, some milliseconds a fit. It goes
through the comparison as the built-in network does: it gets jobs and gives uncorrected.
"""

import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from steelyard.jobs.folds import make_splits
from steelyard.jobs.job import Outcome, ResampledRows
from steelyard.jobs.run import InMemoryStore, TrainingTask, run_jobs
from steelyard.tables import Column, Schema, Source, Table
from steelyard.techniques import Technique
from steelyard.techniques.sample import SampleIndices

COLUMNS = 6


def make_table(rows, positives, rng, *, distance=2.0, extra=0.0):
    """Normal classes `distance` apart in all columns but the last; there `extra` apart."""
    y = (rng.random(rows) < positives / rows).astype(int)
    X = rng.normal(size=(rows, COLUMNS + 1)).astype("float32")
    X[:, :COLUMNS] += (distance / COLUMNS**0.5 * y)[:, None]
    X[:, COLUMNS] += extra * y
    # Two positives in three look like this, the third lies elsewhere: no straight line has all.
    other = (y == 1) & (rng.random(rows) < 1 / 3)
    X[other, 0] -= 1.5 * distance
    names = [f"x{j}" for j in range(COLUMNS + 1)]
    columns = tuple(Column(name, "number") for name in names)
    return Table(
        features=pl.DataFrame(X, schema=names),
        y=y,
        schema=Schema(columns, "y", (0, 1)),
        groups=None,
        times=None,
        row_ids=np.arange(rows),
        source=Source("simulated", "", rows, len(columns)),
    )


def technique(name):
    """A technique that is plain but for its name; the runner below reads the name."""
    return Technique(name=name, about="simulated", source="simulated")


class RandomUnits:
    """Random tanh units and logistic regression on them.

    A technique called `seed-3` draws other units than `plain`; one called `wider` also sees the
    last column.
    """

    name = "random units"

    def __init__(self, units=40):
        self.units = units

    def run(self, table, jobs, progress):  # noqa: ARG002 - too quick to tell
        X = table.numbers()
        for job in jobs:
            split, label = job.split, job.technique.name
            predict = self.fit(X[split.train], table.y[split.train], self.rng(job), label)
            draw = ResampledRows(SampleIndices.observed(split.train), split.train[:0])
            yield Outcome(job, predict(X[split.test]), 0.0, [draw])

    def rng(self, job):
        number = sum(job.technique.name.encode())
        return np.random.default_rng([job.seed, job.split.repeat, job.split.fold, number])

    def fit(self, X, y, rng, label):
        """Returns the function from rows to class shares, (rows, 2) float32."""
        seen = X.shape[1] if label == "wider" else X.shape[1] - 1
        weights = rng.normal(size=(seen, self.units)).astype("float32") / seen**0.5
        bias = rng.normal(size=self.units).astype("float32")

        def units(rows):
            rows = rows[:, :seen]
            hidden = np.tanh(rows @ weights + bias)
            return np.column_stack([hidden, rows])

        with threadpool_limits(1):
            model = LogisticRegression(C=0.3, max_iter=200).fit(units(X), y)
        return lambda rows: model.predict_proba(units(rows)).astype("float32")


def compared(table, names, *, seed, folds=5, repeats=2):
    """Splits and the uncorrected of every technique, as `steelyard.compare` collects them."""
    splits = make_splits(table.y, folds=folds, repeats=repeats, seed=seed, classes=(0, 1))
    store = InMemoryStore()
    techniques = [technique(name) for name in names]
    # A task each: techniques of one task that differ in name alone are trained once.
    tasks = [TrainingTask(RandomUnits(), [one]) for one in techniques]
    run_jobs(table, splits, tasks, seed=seed, store=store)
    uncorrected = {
        one.name: {split.key: store.uncorrected(f"{split.key}-{one.name}") for split in splits}
        for one in techniques
    }
    return splits, techniques, uncorrected
