"""Python calls with arguments that cannot be: a SteelyardError that names them."""

import numpy as np
import pytest

import steelyard as sy
from conftest import ROWS, good
from steelyard import feeds, losses, metrics, resample, weights
from steelyard.layers import Decision, PriorCorrection

FRAME = good()
X = FRAME.select("a", "b").to_numpy()
Y = (FRAME["y"] == "yes").to_numpy().astype(int)
QUICK = {"model": "trees", "folds": 2, "repeats": 1, "techniques": ["plain"], "progress": False}


def compare(data=FRAME, target="y", **options):
    return sy.compare(data, target, **(QUICK | options))


# What is called, and words of the message.
CALLS = {
    "no table": (lambda: sy.inspect(None, "y"), "NoneType"),
    "a number for a table": (lambda: sy.inspect(5, "y"), "int"),
    "a frame without a target": (lambda: compare(target=None), "target"),
    "a target that is a number": (lambda: compare(target=5), "5"),
    "labels of another length": (lambda: sy.inspect((X, Y[:-1])), "119"),
    "labels one-hot": (lambda: sy.inspect((X, np.eye(2)[Y])), "argmax"),
    "one row for a table": (lambda: sy.inspect((X[0], Y)), "(n, d)"),
    "labels that are all missing": (lambda: sy.inspect((X, [None] * ROWS)), "no value"),
    "folds that are no whole number": (lambda: compare(folds=2.5), "folds"),
    "repeats that are text": (lambda: compare(repeats="two"), "repeats"),
    "a column to drop as text": (lambda: compare(drop="who"), "['who']"),
    "techniques that are numbers": (lambda: compare(techniques=[1]), "1"),
    "no techniques": (lambda: compare(techniques=""), "technique"),
    "a seed that is text": (lambda: compare(seed="1"), "seed"),
    "a seed below 0": (lambda: compare(seed=-1), "seed"),
    "a goal that is a number": (lambda: compare(goal=5), "goal"),
    "a goal misspelt": (lambda: compare(goal="f2"), "f2"),
    "memory below 0": (lambda: compare(memory=-1), "memory"),
    "a budget that is a list": (lambda: compare(budget=[1]), "budget"),
    "a metric that is a number": (lambda: compare(metric=5), "metric"),
    "a model that is a number": (lambda: compare(model=5), "model"),
    "an out that is a number": (lambda: compare(out=5), "out"),
    "costs below 0": (lambda: sy.Costs(fp=-1, fn=1), "-1"),
    "costs that are a list": (lambda: sy.Costs(fp=[1], fn=2), "[1]"),
    "costs that are no expression": (lambda: sy.Costs(fp="", fn=2), "no cost"),
    "a precision of 2": (lambda: sy.MinPrecision(2), "2"),
    "a run that is a number": (lambda: sy.load(5), "5"),
    "a run that is not there": (lambda: sy.load("none"), "none"),
    "scores of another length": (lambda: sy.judge(Y, {"new": X[:-1, 0]}), "new"),
    "no scores": (lambda: sy.judge(Y, {}), "score"),
    "scores that are text": (lambda: sy.judge(Y, {"new": ["x"] * ROWS}), "new"),
    "scores with NaN": (lambda: sy.judge(Y, {"new": np.full(ROWS, np.nan)}), "new"),
    "labels of one class": (lambda: sy.judge(np.zeros(ROWS), {"new": X[:, 0]}), "class"),
    "weights of no rule": (lambda: weights.fit_arguments(X, Y, "balansed"), "balanced"),
    "class weights below 0": (lambda: weights.fit_arguments(X, Y, {0: -1, 1: 1}), "-1"),
    "class weights of NaN": (lambda: weights.fit_arguments(X, Y, {0: np.nan, 1: 1}), "nan"),
    "a class weight of no class": (lambda: weights.fit_arguments(X, Y, {0: 1, 7: 1}), "7"),
    "a class without a weight": (lambda: weights.fit_arguments(X, Y, {0: 1}), "1"),
    "a gamma below 0": (lambda: losses.SparseFocal(gamma=-1), "gamma"),
    "counts with 0": (lambda: losses.LogitAdjusted([10, 0]), "0"),
    "a threshold of 2": (lambda: Decision(threshold=2), "2"),
    "a prior of 0": (lambda: PriorCorrection([1.0, 0.0], [0.5, 0.5]), "0"),
    "a metric of a threshold of 2": (lambda: metrics.F1(threshold=2), "2"),
    "a batch of 0": (lambda: feeds.balanced(X, Y, batch_size=0), "batch_size"),
    "a batch smaller than the classes": (lambda: feeds.balanced(X, Y, batch_size=1), "batch_size"),
    "more neighbours than rows": (
        lambda: resample.SMOTE(k_neighbors=500).fit_resample(X, Y),
        "k_neighbors",
    ),
}


@pytest.mark.parametrize("case", CALLS)
def test_a_call(case):
    call, expected = CALLS[case]
    with pytest.raises(sy.SteelyardError) as told:
        call()
    message = str(told.value)
    assert expected in message, message
    assert "\n" not in message
