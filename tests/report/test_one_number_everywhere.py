"""The contract of a number: the same rows have one value and one interval wherever it is read."""

import html
import re

import numpy as np
import polars as pl
import pytest

import steelyard
from steelyard import metrics
from steelyard.decision import Maximise, check_and_refit, tune
from steelyard.report.page import to_html
from steelyard.report.text import to_text
from steelyard.stats.auc import auc_with_interval
from steelyard.stats.cross_validated import cross_validated_metrics
from steelyard.stats.metric_intervals import metric_values
from steelyard.stats.metrics import METRICS
from steelyard.stats.predictions import Predictions

FP, FN = 1.0, 12.0
THRESHOLD = FP / (FP + FN)

# The public functions, of labels and probabilities (n,) or decisions (n,), of two classes.
OF_PROBABILITIES = {
    "average_precision": metrics.average_precision,
    "roc_auc": metrics.roc_auc,
    "log_loss": metrics.log_loss,
    "brier_skill": metrics.brier_skill,
    "observed_expected": metrics.observed_expected,
}
OF_DECISIONS = {
    "balanced_accuracy": metrics.balanced_accuracy,
    "mcc": metrics.mcc,
    "f1": metrics.f1,
    "gmean": metrics.gmean,
    "recall": metrics.recall,
    "precision": metrics.precision,
    "normalized_cost": lambda y, d, **kw: metrics.normalized_cost(y, d, fp=FP, fn=FN, **kw),
}
KERAS = {
    "average_precision": "AveragePrecision",
    "roc_auc": "ROCAUC",
    "log_loss": "LogLoss",
    "brier_skill": "BrierSkill",
    "observed_expected": "ObservedExpected",
    "balanced_accuracy": "BalancedAccuracy",
    "mcc": "MCC",
    "f1": "F1",
    "gmean": "GMean",
    "recall": "Recall",
    "precision": "Precision",
    "normalized_cost": "NormalizedCost",
}


@pytest.fixture(scope="module")
def rows():
    """Labels, float32 probabilities with ties, decisions and weights."""
    rng = np.random.default_rng(0)
    y = (rng.random(1500) < 0.08).astype(int)
    q = np.round(1 / (1 + np.exp(3.2 - rng.normal(size=1500) - 1.7 * y)), 3).astype("float32")
    # Where floors under a logarithm differ, it shows here.
    y[:4], q[:4] = [1, 0, 1, 0], [0.0, 1.0, 1e-20, 1 - 1e-7]
    return y, q, (q >= THRESHOLD).astype(int), rng.integers(1, 5, 1500)


def two(q):
    return np.column_stack([1 - q.astype(float), q])


@pytest.mark.parametrize("weighted", [False, True])
def test_every_metric_has_one_value_in_python_and_in_a_run(rows, weighted):
    y, q, d, weight = rows
    weight = weight if weighted else None
    found = metric_values(Predictions.of(y, two(q), d, costs=(FP, FN), weights=weight))
    assert set(OF_PROBABILITIES) | set(OF_DECISIONS) == {metric.name for metric in METRICS}
    for name, function in (OF_PROBABILITIES | OF_DECISIONS).items():
        public = function(y, q if name in OF_PROBABILITIES else d, sample_weight=weight)
        assert public == pytest.approx(found[name]["value"], rel=1e-12), name
    for line in metrics.per_class_table(y, d, scores=two(q), sample_weight=weight)[1:]:
        for name in ("recall", "precision", "f1", "roc_auc", "average_precision"):
            assert line[name] == pytest.approx(found[name]["value"], rel=1e-12), name


def test_every_keras_metric_has_that_value_within_its_bound(rows):
    y, q, d, weight = rows
    found = metric_values(Predictions.of(y, two(q), d, costs=(FP, FN), weights=weight))
    for name, kind in KERAS.items():
        options = {"threshold": THRESHOLD} if name in OF_DECISIONS else {}
        if name == "normalized_cost":
            options = {"fp": FP, "fn": FN}
        metric = getattr(metrics, kind)(**options)
        metric.update_state(y, q, sample_weight=weight)
        bound = metric.error_bound() if hasattr(metric, "error_bound") else 0.0
        value = found[name]["value"]
        assert abs(float(metric.result()) - value) <= bound + 1e-5 * abs(value), name


def test_an_auc_has_one_interval(rows):
    """Metric of a run, classifier between old and new rows, note on a threshold, one column."""
    y, q, d, _ = rows
    entry = metric_values(Predictions.of(y, two(q), d))["roc_auc"]
    ends = entry["value"], entry["low"], entry["high"]
    assert auc_with_interval([(y == 1, q)]) == pytest.approx(ends)
    frame = pl.DataFrame({"score": q.astype(float), "y": y})
    (column,) = steelyard.inspect(frame, "y").to_dict()["separation"]["columns"]
    assert (column["auc"], column["low"], column["high"]) == pytest.approx(ends)
    noise = np.random.default_rng(1).permutation(q)
    notes = tune(two(noise), y, Maximise("f1"), positive=1, interval=False).notes
    of_noise = auc_with_interval([(y == 1, noise)])
    assert f"{of_noise[0]:.3f} ({of_noise[1]:.3f} to {of_noise[2]:.3f})" in " ".join(notes)


@pytest.mark.parametrize("stratified", [False, True])
def test_observed_over_expected_has_one_interval(rows, stratified):
    y, q, d, _ = rows
    entry = metric_values(Predictions.of(y, two(q), d, stratified=stratified))["observed_expected"]
    _, report = check_and_refit(two(q), y, stratified=stratified)
    assert report["observed_expected"][1] == pytest.approx(entry)


@pytest.fixture(scope="module")
def read(binary):
    """The run's technique's entry, and its predictions as a reader of the run has them."""
    run, frame = binary
    kept = frame.filter(pl.col("technique") == "plain")
    repeats = [
        Predictions.of(
            (part["truth"] == "yes").cast(pl.Int64).to_numpy(),
            part.select("probability_no", "probability_yes").to_numpy(),
            np.zeros(len(part), int),
            positive=1,
            folds=part["fold"].to_numpy(),
            stratified=True,
        )
        for part in kept.partition_by("repeat")
    ]
    return next(one for one in run["techniques"] if one["name"] == "plain"), repeats


def test_the_predictions_of_a_run_give_its_metrics(read):
    entry, repeats = read
    for name, found in cross_validated_metrics(repeats, list(OF_PROBABILITIES)).items():
        assert entry["metrics"][name] == pytest.approx(found), name
        public = [OF_PROBABILITIES[name](one.y, one.p[:, 1]) for one in repeats]
        assert entry["metrics"][name]["value"] == pytest.approx(np.mean(public)), name


def as_written(found):
    """Value, low and high with three digits and no leading 0: .572."""
    ends = (found[end] for end in ("value", "low", "high"))
    return [f"{end:.3f}".removeprefix("0") for end in ends]


def test_page_and_terminal_show_what_run_json_holds(binary, read):
    run, _ = binary
    entry, _ = read
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", to_html(run), flags=re.DOTALL)
    page = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())
    shown = {name: as_written(found) for name, found in entry["metrics"].items()}
    for name, (value, low, high) in shown.items():
        assert f"{value} {low} to {high}" in page, name
    row = next(line for line in to_text(run).splitlines() if line.strip(" *").startswith("plain"))
    for name in ("average_precision", "balanced_accuracy"):
        value, low, high = shown[name]
        assert f"{value} ({low} to {high})" in row, name
    for name in ("log_loss", "observed_expected"):
        assert shown[name][0] in row.split(), name


def test_the_gain_of_the_verdict_is_the_difference_in_the_leaderboard(binary):
    run, _ = binary
    of = {one["name"]: one["metrics"]["average_precision"]["value"] for one in run["techniques"]}
    for row in run["verdict"]["comparisons"]:
        assert row["gain"] == pytest.approx(of[row["name"]] - of["plain"])
