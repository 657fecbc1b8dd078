"""The third place: a technique may fix its decision, and is trained once with its like."""

import numpy as np
import polars as pl
import pytest

from steelyard.comparison.judging import judge
from steelyard.comparison.protocol import Protocol
from steelyard.decision import DecisionRule, Maximise
from steelyard.errors import RequestError
from steelyard.jobs.folds import make_splits
from steelyard.jobs.job import Outcome, ResampledRows
from steelyard.jobs.run import InMemoryStore, TrainingTask, run_jobs
from steelyard.tables import read_table
from steelyard.techniques import Decision, Technique, choose, get
from steelyard.techniques.sample import SampleIndices


class Counting:
    """A runner that predicts the class shares of its training rows and counts its jobs."""

    name = "counting"

    def __init__(self):
        self.trained = []

    def run(self, table, jobs, progress):
        for job in jobs:
            self.trained.append(job.key)
            test = job.split.test
            p = np.tile([0.7, 0.3], (len(test), 1)).astype("float32")
            rows = ResampledRows(SampleIndices.observed(job.split.train), test[:0])
            yield Outcome(job, p, 1.0, [rows])
            progress(1.0)


def rows(n=200):
    rng = np.random.default_rng(0)
    p = rng.beta(1, 4, n)
    return p, (rng.random(n) < p).astype(int)


def test_techniques_that_differ_in_the_decision_are_trained_once():
    p, y = rows()
    table = read_table(pl.DataFrame({"p": p, "target": y}), "target")
    splits = make_splits(y, folds=4, repeats=1, seed=0)
    techniques = choose("plain-at-half,class-weight")
    runner, store = Counting(), InMemoryStore()
    tasks = [TrainingTask(runner, techniques)]
    run_jobs(table, splits, tasks, seed=0, store=store)
    assert len(runner.trained) == 2 * 4
    assert len(store.finished) == 3 * 4
    names = {line["ledger"]["technique"] for line in store.finished.values()}
    assert names == {"plain", "plain-at-half", "class-weight"}
    seconds = [line["seconds"] for key, line in store.finished.items() if "half" in key]
    assert seconds == [0.0] * 4
    del store.finished["r0f0-plain-at-half"]  # as if killed there
    run_jobs(table, splits, tasks, seed=0, store=store)
    assert runner.trained[8:] == ["r0f0-plain"]
    assert "r0f0-plain-at-half" in store.finished


def test_a_fixed_decision_is_not_tuned():
    p, y = rows(600)
    splits = make_splits(y, folds=4, repeats=1, seed=0)
    protocol = Protocol(y, splits, 1, Maximise("balanced_accuracy"), "average_precision")
    both = np.column_stack([1 - p, p]).astype("float32")
    by_split = {split.key: both[split.test] for split in splits}
    tuned, half = (judge(get(n), by_split, protocol) for n in ("plain", "plain-at-half"))
    np.testing.assert_array_equal(half.predictions[0].d, (p >= 0.5).astype(int))
    np.testing.assert_array_equal(half.deployed, half.uncorrected)
    assert half.rule == DecisionRule(threshold=0.5, positive=1)
    assert half.rule_report["notes"] == [
        "plain-at-half fixes its decision; it is not tuned to the goal"
    ]
    assert tuned.rule.threshold < 0.5
    score = "balanced_accuracy"
    assert half.metrics[score]["value"] < tuned.metrics[score]["value"]
    third = Technique("third", "one in three", "here", decision=Decision(threshold=1 / 3))
    assert judge(third, by_split, protocol).rule.threshold == pytest.approx(1 / 3)


def test_three_classes_have_no_threshold_but_a_likeliest_class():
    assert get("plain-at-half").decision.rule(3, 2) == DecisionRule(weights=(1.0, 1.0, 1.0))
    third = Technique("third", "one in three", "here", decision=Decision(threshold=1 / 3))
    reason = third.unfit(numbers=1, categories=0, classes=3)
    assert reason == f"third: a threshold of {1 / 3} parts two classes, and the table has 3"


@pytest.mark.parametrize(
    ("name", "sizes", "reason"),
    [
        ("smotenc", (3, 0, 2), "needs category columns, and the table has none"),
        ("smotenc", (0, 2, 2), "use smoten"),
        ("smoten", (1, 2, 2), "takes categories only"),
        ("auc-margin", (3, 0, 4), "orders the rows of two classes, and the table has 4"),
    ],
)
def test_what_does_not_fit_the_table_is_said_by_name(name, sizes, reason):
    numbers, categories, classes = sizes
    said = get(name).unfit(numbers=numbers, categories=categories, classes=classes)
    assert said.startswith(f"{name}: ")
    assert reason in said


def test_a_sampler_that_cannot_treat_the_rows_is_named():
    X, y = np.zeros((40, 2), "float32"), np.repeat([0, 1], [36, 4])
    with pytest.raises(RequestError, match="the sampler kmeans-smote cannot treat these rows"):
        get("kmeans-smote").sample.draw(X, y, np.arange(40), np.random.default_rng(0))
