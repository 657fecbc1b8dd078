"""A study's metrics in three shapes: to read, wide, and a row each."""

import numpy as np
import polars as pl
import pytest

pytest.importorskip("keras")

import steelyard as sy


def customers(rows, seed):
    rng = np.random.default_rng(seed)
    age, plan = rng.normal(size=rows), rng.choice(["a", "b"], rows)
    churned = np.where(age + rng.normal(size=rows) / 2 > 1.3, "yes", "no")
    return pl.DataFrame({"age": age, "plan": plan, "churned": churned})


@pytest.fixture(scope="module")
def study():
    return sy.train(customers(300, 0), "churned", model="trees", folds=2, progress=False)


def test_metrics_leaderboard_and_summary_are_one(study):
    row = study.metrics.row(
        by_predicate=(pl.col("technique") == "plain") & (pl.col("metric") == "log_loss"), named=True
    )
    assert row["value"] == study.run["techniques"][0]["metrics"]["log_loss"]["value"]
    assert row["high"] == study.leaderboard["log_loss_high"][0]
    shown = study.summary["log_loss"][0]
    assert shown == f"{row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}]"
    assert study.summary.columns[:2] == ["technique", "average_precision"]
