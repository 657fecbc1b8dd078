"""The run directory: what a newcomer finds after the one command."""

import json
import re

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score, log_loss

import steelyard
from steelyard.stats.metrics import METRICS


def test_files(run_dir):
    assert sorted(path.name for path in run_dir.iterdir()) == [
        "journal.jsonl",
        "ledger.json",
        "model.keras",
        "predictions.parquet",
        "report.html",
        "run.json",
        "uncorrected.parquet",
    ]


def test_json_on_stdout_is_one_object_and_progress_is_on_stderr(run_dir):
    summary = json.loads((run_dir.parent / "stdout.json").read_text())
    assert summary["verdict"]["recommended"] in {"plain", "class-weight", "smote"}
    told = (run_dir.parent / "stderr.txt").read_text().splitlines()  # none on a fast machine
    assert all("%" in line for line in told)


def test_every_figure_of_every_technique_has_an_interval_around_it(run_dir):
    run = json.loads((run_dir / "run.json").read_text())
    names = [entry["name"] for entry in run["techniques"] + run["baselines"]]
    built_in = ["network", "trees"]  # the halves of the blend
    assert sorted(names) == sorted(["class-weight", "constant", "plain", "smote", *built_in])
    for entry in run["techniques"]:
        for metric in METRICS:
            found = entry["metrics"][metric.name]
            assert found["low"] <= found["value"] <= found["high"], (entry["name"], metric.name)
            assert found["low"] < found["high"]


def test_figures_are_those_of_the_kept_predictions(run_dir):
    study = steelyard.load(run_dir)
    kept = study.predictions.filter(pl.col("technique") == "smote")
    per_repeat = [part.sort("row") for part in kept.partition_by("repeat")]
    assert [len(part) for part in per_repeat] == [400, 400]
    truth = pl.read_csv(run_dir.parent / "customers.csv")["churned"].to_numpy() == "yes"
    score = [part["probability_yes"].to_numpy() for part in per_repeat]
    metrics = next(e for e in study.run["techniques"] if e["name"] == "smote")["metrics"]
    expected = np.mean([average_precision_score(truth, p) for p in score])
    assert metrics["average_precision"]["value"] == pytest.approx(expected, abs=1e-6)
    expected = np.mean([log_loss(truth, p.astype(float)) for p in score])
    assert metrics["log_loss"]["value"] == pytest.approx(expected, abs=1e-5)


def test_leaderboard_is_sorted_and_probabilities_are_true(run_dir):
    board = steelyard.load(run_dir).leaderboard
    values = board["average_precision"].to_list()
    assert values == sorted(values, reverse=True)
    assert board["technique"][-1] == "constant"
    treated = board.filter(~pl.col("baseline"))
    assert (treated["observed_expected"] - 1).abs().max() < 0.15


def test_ledger_counts_what_was_made_up_and_test_rows_stay_as_they_were(run_dir):
    jobs = json.loads((run_dir / "ledger.json").read_text())["jobs"]
    assert len(jobs) == 5 * 3 * 2, "three techniques, two halves, three folds, two repeats"
    truth = pl.read_csv(run_dir.parent / "customers.csv")["churned"]
    for job in jobs:
        assert job["rows_in"] + job["test_rows"] == len(truth)
        assert job["test_hash_before"] == job["test_hash_after"]
        synthetic = [network["synthetic"] for network in job["members"]]
        assert all(synthetic) if job["technique"] == "smote" else not any(synthetic)
    folds = {(job["repeat"], job["fold"]): job["test_hash_before"] for job in jobs}
    assert len(set(folds.values())) == len(folds), "six test parts, no two alike"


def test_the_page_stands_alone(run_dir):
    page = (run_dir / "report.html").read_text()
    assert len(page) < 1_500_000
    assert not re.findall(r"""(?:src|href)=["']?https?://""", page), "nothing is fetched"
    for word in ("class-weight", "smote", "constant", "<svg"):
        assert word in page
    paragraph = steelyard.load(run_dir).verdict["paragraph"]
    assert paragraph.split(".")[0] in page


def test_a_run_directory_is_never_overwritten(run_dir):
    with pytest.raises(steelyard.SteelyardError, match="exists already"):
        steelyard.load(run_dir).save(run_dir)
