"""In time order: labels that come late stay out, blocks are told apart, the next period is held."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score

from steelyard.comparison.judging import judge
from steelyard.comparison.periods import periods
from steelyard.comparison.protocol import Protocol
from steelyard.decision import Maximise
from steelyard.errors import SteelyardError
from steelyard.inspection.leak_free import QuickTable, scores_in_folds
from steelyard.jobs.folds import make_splits
from steelyard.jobs.lag import lag_between, lag_of
from steelyard.report.time_text import time_lines
from steelyard.stats.next_period import next_period
from steelyard.tables import read_table
from steelyard.techniques import get


def test_rows_whose_class_is_not_known_yet_are_not_trained_or_tuned_on():
    rng = np.random.default_rng(0)
    times, y = rng.uniform(0, 100, 2000), (rng.random(2000) < 0.2).astype(int)
    plain, late = (
        make_splits(y, folds=4, repeats=1, seed=0, times=times, lag=lag) for lag in (0.0, 7.0)
    )
    for without, split in zip(plain, late, strict=True):
        assert np.array_equal(without.test, split.test)
        begins = times[split.test].min()
        known = np.flatnonzero(times + 7.0 <= begins)
        assert np.array_equal(split.train, known)
        if split.scored:
            first = times[plain[0].test].min()
            assert np.array_equal(split.earlier, known[times[known] >= first])


def test_one_stamp_of_many_rows_is_known_or_not_as_a_whole():
    times = np.repeat(np.arange(20.0), 50)
    y = (np.arange(1000) % 5 == 0).astype(int)
    for split in make_splits(y, folds=3, repeats=1, seed=0, times=times, lag=2.0):
        assert times[split.train].max() == times[split.test].min() - 2.0


def test_a_delay_longer_than_a_block_is_refused_with_what_to_do():
    times = np.arange(1000.0)
    y = (np.arange(1000) % 5 == 0).astype(int)
    with pytest.raises(SteelyardError, match=r"fewer folds, or a shorter `delay`"):
        make_splits(y, folds=5, repeats=1, seed=0, times=times, lag=141.0)


@pytest.mark.parametrize(
    ("value", "kind", "lag"),
    [("7d", "date", 7.0), ("12h", "date", 0.5), ("2w", "date", 14.0), (3, "date", 3.0),
     ("1.5", "number", 1.5), (None, "category", 0.0)],
)  # fmt: skip
def test_what_is_written_as_a_delay(value, kind, lag):
    assert lag_of(value, "delay", kind) == lag


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [("7x", "date", "such as 7d"), ("7d", "number", "in their units, such as 7"),
     ("7d", "category", "dates or numbers"), ("-3", "date", "such as 7d")],
)  # fmt: skip
def test_what_is_refused_as_a_delay(value, kind, said):
    with pytest.raises(SteelyardError, match=said):
        lag_of(value, "delay", kind)


def wandering(rng, kind, count, sd):
    """A share in each period on the logit scale: it stays, wanders, or trends."""
    steps = {"stays": 0.0, "wanders": 0.4, "trends": 0.0}[kind] * rng.normal(size=count)
    slope = 0.3 if kind == "trends" else 0.0
    return 0.5 + np.cumsum(steps) + slope * np.arange(count) + sd * rng.normal(size=count)


@pytest.mark.parametrize("kind", ["stays", "wanders", "trends"])
@pytest.mark.parametrize("count", [4, 8])
def test_the_next_period_lies_inside_in_93_of_100_drifts(kind, count):
    held, naive = [], []
    for seed in range(600):
        rng = np.random.default_rng(seed)
        level = wandering(rng, kind, count + 1, sd=0.2)
        share = 1 / (1 + np.exp(-level))
        error = 0.2 * share * (1 - share)
        found = next_period(share[:-1], error[:-1])
        held.append(found.low <= share[-1] <= found.high)
        centre = level[:-1].mean()
        naive.append(abs(level[-1] - centre) <= 1.96 * 0.2 * np.sqrt(1 + 1 / count))
    assert np.mean(held) >= 0.93
    if kind != "stays":
        assert np.mean(naive) < 0.75, "taking the rows alone for chance is too narrow"
        assert found.wider > 1.0


def ordered(rows=3000, drift=2.5, late=None, seed=0):
    """A column that means ever less in time; with `late` a case is followed by its like at once."""
    rng = np.random.default_rng(seed)
    day = np.sort(rng.uniform(0, 300, rows))
    y = (rng.random(rows) < 0.1).astype(int)
    X = rng.normal(size=(rows, 3))
    # What tells the classes apart turns with the days.
    angle = drift * day / 300
    X[:, 0] += 2 * y * np.cos(angle)
    X[:, 1] += 2 * y * np.sin(angle)
    if late:  # a place that is hit for so many days, then another
        place = rng.permutation(90)[np.floor(day / late).astype(int)]
        X[:, 2] = np.where(y == 1, place, rng.integers(0, 90, rows))
    stamps = np.datetime64("2025-01-01", "ms") + (day * 86_400_000).astype("timedelta64[ms]")
    return pl.DataFrame({"a": X[:, 0], "b": X[:, 1], "place": X[:, 2], "when": stamps, "y": y})


def told(frame, delay=None, folds=4):
    """What run.json says of time, of a logistic regression."""
    from sklearn.linear_model import LogisticRegression

    table = read_table(frame, "y", time="when")
    lag = lag_between(table, delay, None)
    splits = make_splits(table.y, folds=folds, repeats=1, seed=0, times=table.times, lag=lag)
    goal = Maximise("f1")
    protocol = Protocol(table.y, splits, 1, goal, "average_precision", lag=lag)
    X = table.numbers()
    by_split = {
        one.key: LogisticRegression().fit(X[one.train], table.y[one.train]).predict_proba(
            X[one.test])
        for one in splits
    }  # fmt: skip
    judged = judge(get("plain"), by_split, protocol)
    found = periods(table, protocol, judged)
    for one, split in zip(found["rows"], splits[-len(found["rows"]) :], strict=True):
        place = np.searchsorted(protocol.scored, split.test)
        flagged = judged.predictions[0].p[place, 1] >= judged.rule.threshold
        assert one["flagged_as_deployed"] == pytest.approx(flagged.mean())
    return found, table, splits


def test_blocks_are_counted_by_hand_and_a_random_split_flatters():
    found, table, splits = told(ordered())
    assert len(found["rows"]) == 4
    for one, split in zip(found["rows"], splits[1:], strict=True):
        assert one["rows"] == len(split.test)
        assert one["positives"] == table.y[split.test].sum()
        assert one["from"].startswith("2025-")
        assert one["from"] < one["to"]
        precision, recall = (one["metrics"][name]["value"] for name in ("precision", "recall"))
        flagged = one["flagged"] * one["rows"]
        assert precision * flagged == pytest.approx(recall * one["positives"])
    quick = found["quick"]
    assert quick["random"] > quick["in_time"] + 0.04
    lines = time_lines({"periods": found})
    assert max(map(len, lines)) <= 80
    assert "A random split would have said" in lines[0]


def test_what_nothing_is_known_of_is_said_so():
    found, _, _ = told(ordered())
    found["next"]["average_precision"] |= {"low": 0.0, "high": 0.99}
    said = " ".join(time_lines({"periods": found}))
    assert "What average precision the next period will have these periods cannot tell" in said
    assert "lies between" not in said
    ends = [found["next"]["flagged_as_deployed"][end] for end in ("low", "high")]
    assert f"{1000 * ends[0]:.0f} to {1000 * ends[1]:.0f} of 1,000 to come" in said


def test_the_quick_model_bears_a_handful_of_cases_among_thousands():
    """Trees without a penalty fall to a tenth of this or less: a leaf's few cases outweigh all."""
    rng = np.random.default_rng(0)
    y = np.zeros(12_000, bool)
    y[rng.permutation(12_000)[:24]] = True
    X = rng.normal(size=(12_000, 6)) + 4 * y[:, None] * [1, 1, 0, 0, 0, 0]
    rows = np.arange(12_000)
    table = QuickTable(tuple(X.T), (False,) * 6, y, rows, np.ones(12_000))
    score = scores_in_folds(table, [(rows[::2], rows[1::2])], seed=0)
    assert average_precision_score(y[1::2], score[1::2]) > 0.8


def test_a_leak_through_labels_that_come_late_is_found():
    """Cases of 90 days share a place, which the newest labels give away."""
    found, _, _ = told(ordered(drift=0.0, late=90.0), delay="30d", folds=3)
    quick = found["quick"]
    assert quick["at_once"] > quick["in_time"] + 0.05
    assert quick["random"] > quick["in_time"] + 0.1
    said = " ".join(time_lines({"periods": found}))
    assert "were every label known at once" in said


def test_a_period_without_the_class_is_counted_and_not_measured():
    frame = ordered(drift=0.0)
    gone = frame.with_columns(
        y=pl.when(pl.int_range(pl.len()) > 2500).then(0).otherwise(pl.col("y"))
    )
    found, _, _ = told(gone)
    assert found["rows"][-1]["positives"] == 0
    assert found["rows"][-1]["metrics"] == {}
    assert time_lines({"periods": found})[-2].split().count("-") == 3
