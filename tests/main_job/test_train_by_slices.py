"""`train` learns calibration and threshold from the rows that its own members held out."""

import numpy as np
import polars as pl
import pytest

import steelyard
from steelyard.comparison.verify import verify_run
from steelyard.metrics import roc_auc
from steelyard.models.trees import TreesTrainer


def table(rows=600, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 4))
    y = rng.random(rows) < 1 / (1 + np.exp(2.5 - 1.5 * X[:, 0]))
    return pl.DataFrame(X).with_columns(y=np.where(y, "yes", "no"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out_of_bag")
    table().write_csv(folder / "table.csv")
    calls = []
    fit, run = TreesTrainer.fit, TreesTrainer.run
    TreesTrainer.fit = lambda *a: calls.append("fit") or fit(*a)
    TreesTrainer.run = lambda *a: calls.append("run") or run(*a)
    try:
        study = steelyard.train(
            folder / "table.csv", "y", technique="class-weight", model="trees", out=folder / "run"
        )
    finally:
        TreesTrainer.fit, TreesTrainer.run = fit, run
    return study, folder / "run", calls


def test_it_is_trained_once_and_every_row_is_scored_by_who_held_it_out(trained):
    study, _, calls = trained
    assert calls == ["fit"]
    assert study.run["protocol"]["out_of_bag"] is True
    assert sorted(study.predictions["row"]) == list(range(600))
    assert study.predictions["fold"].n_unique() == 8
    for job in study.ledger["jobs"]:
        assert job["test_hash_before"] == job["test_hash_after"]
        assert job["rows_in"] + job["test_rows"] == 600
        assert job["members"] == [{"held_out": 0, "dropped": 0, "copied": 0, "synthetic": 0}]


def test_its_figures_hold_on_fresh_rows(trained):
    study, _, _ = trained
    fresh = table(4000, seed=1)
    scored = study.predict(fresh.drop("y"))
    truth, p = fresh["y"].to_numpy(), scored["probability_yes"].to_numpy()
    found = roc_auc(truth, p, positive="yes")
    said = study.run["techniques"][0]["metrics"]["roc_auc"]
    assert said["low"] < found < said["high"]
    # Class weights were undone: the mean probability is the share of the class.
    assert scored["probability_yes"].mean() == pytest.approx((fresh["y"] == "yes").mean(), rel=0.2)


def test_the_run_verifies(trained):
    _, run, _ = trained
    found = verify_run(run)
    assert found["holds"], found


def test_a_class_too_rare_for_slices_falls_back_on_folds():
    few = table(120).with_columns(
        y=pl.when(pl.int_range(pl.len()) < 6).then(pl.lit("yes")).otherwise(pl.lit("no"))
    )
    study = steelyard.train(few, "y", model="trees", folds=3)
    assert study.run["protocol"]["out_of_bag"] is False
    assert study.run["protocol"]["folds"] == 3
