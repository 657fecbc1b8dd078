"""Alerts a day and three-way decisions, in files and in the model alone."""

import datetime as dt
import json

import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard.comparison.verify import verify_run
from steelyard.errors import DataError, GoalError
from steelyard.runs.evaluate import evaluate_file
from steelyard.runs.retune import retune_run


def payments(rows=900, seed=0, days=30):
    rng = np.random.default_rng(seed)
    fraud = np.arange(rows) % 6 == 0
    X = rng.normal(size=(rows, 2)) + 1.6 * fraud[:, None]
    day = dt.date(2024, 1, 1)
    return pl.DataFrame(
        {
            "x": X[:, 0],
            "z": X[:, 1],
            "Amount": rng.lognormal(3, 1, rows).round(2),
            "when": [day + dt.timedelta(days=i * days // rows) for i in range(rows)],
            "fraud": np.where(fraud, "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("payments")
    payments().write_csv(folder / "past.csv")
    payments(seed=1).write_csv(folder / "new.csv")
    return folder


@pytest.fixture(scope="module")
def trained(folder):
    goal = sy.Alerts(4, per="day", by="Amount")
    options = {"model": "trees", "folds": 4, "time_column": "when", "progress": False}
    return sy.train(folder / "past.csv", "fraud", goal=goal, out=folder / "run", **options)


def test_a_file_is_ranked_day_by_day(trained, folder, run, tmp_path):
    words = ["predict", folder / "run", folder / "new.csv", "--out", tmp_path / "s.csv"]
    assert run(*words, "--keep", "Amount,when").exit_code == 0
    scored = pl.read_csv(tmp_path / "s.csv")
    worth = scored["probability_yes"] * scored["Amount"]
    flagged = scored["decision"] == "yes"
    for _, day in scored.with_columns(worth=worth, flagged=flagged).group_by("when"):
        assert day["flagged"].sum() == 4
        assert day.filter("flagged")["worth"].min() >= day.filter(~pl.col("flagged"))["worth"].max()
    frame = pl.read_csv(folder / "new.csv", try_parse_dates=True)
    assert trained.predict(frame)["decision"].to_list() == scored["decision"].to_list()
    with pytest.raises(DataError, match="lacks the column 'when'"):
        trained.predict(frame.drop("when"))


def test_the_model_alone_flags_as_many_on_average(trained):
    new = payments(seed=1)
    assert {one.name for one in trained.model.inputs} == {"x", "z", "Amount"}
    columns = {name: new[name].to_numpy() for name in ("x", "z", "Amount")}
    alone = trained.model.predict(columns, verbose=0)["decision"].astype(str) == "yes"
    assert 0.5 * 120 < alone.sum() < 2 * 120
    assert "the model alone sees one row" in trained.run["decision"]["tuned"]["notes"][0]
    assert "one row alone: flag yes where its probability x Amount is" in str(trained)


def test_evaluate_judges_the_ranks_and_the_run_verifies(trained, folder):
    found = evaluate_file(folder / "run", folder / "new.csv")
    frame = pl.read_csv(folder / "new.csv", try_parse_dates=True)
    flagged = (trained.predict(frame)["decision"] == "yes").to_numpy()
    recall = flagged[(frame["fraud"] == "yes").to_numpy()].mean()
    assert found["metrics"]["recall"]["value"] == pytest.approx(recall)
    assert not [one for one in verify_run(folder / "run")["checks"] if not one["holds"]]


def test_retune_to_reviewers_and_back(trained, folder, run, tmp_path):
    goal = trained.run["decision"]["goal"]
    words = [
        "--cost-fp",
        "30",
        "--cost-fn",
        "2*Amount",
        "--review-cost",
        "3",
        "--hit-rate",
        ".9",
        "--capacity",
        "200",
    ]
    assert run("retune", folder / "run", *words).exit_code == 0
    out = tmp_path / "three.parquet"
    assert run("predict", folder / "run", folder / "new.csv", "--out", out).exit_code == 0
    decided = pl.read_parquet(out)["decision"]
    assert set(decided) == {"pass", "review", "block"}
    assert 0.05 < (decided == "review").mean() < 0.35
    model = sy.load_model(folder / "run")
    assert model.about["decisions"] == ["pass", "review", "block"]
    told = json.loads(run("evaluate", folder / "run", folder / "new.csv", "--json").stdout)
    counts = decided.value_counts()
    assert {row["decision"]: row["count"] for row in counts.iter_rows(named=True)} == {
        name: told["three_way"][name] for name in ("pass", "review", "block")
    }
    assert told["three_way"]["cost_per_row"]["value"] > 0
    assert not [one for one in verify_run(folder / "run")["checks"] if not one["holds"]]
    retune_run(folder / "run", goal=sy.Alerts(4, per="day", by="Amount"))
    assert sy.load(folder / "run").run["decision"]["goal"] == goal


def test_what_has_no_day_is_said(folder):
    options = {"model": "trees", "folds": 4, "progress": False}
    with pytest.raises(GoalError, match="needs to know when a row was"):
        sy.train(folder / "past.csv", "fraud", goal=sy.Alerts(4, per="day"), **options)
    with pytest.raises(GoalError, match="holds numbers, which have no day"):
        sy.train(folder / "past.csv", "fraud", goal=sy.Alerts(4, per="day", time="x"), **options)


def test_judge_counts_by_dates(folder):
    frame = payments()
    p = frame["x"].rank().to_numpy() / 1000
    y, when = frame["fraud"].to_numpy(), frame["when"].to_numpy()
    found = sy.judge(y, {"p": p}, goal=sy.Alerts(4, per="day"), positive="yes", time=when)
    falling = frame.with_columns(p=p).sort("when", "p", descending=[False, True])
    best = falling.group_by("when", maintain_order=True).head(4)
    assert found.run["decision"]["goal"]["per"] == "day"
    recall = found.run["techniques"][0]["metrics"]["recall"]["value"]
    assert recall == pytest.approx((best["fraud"] == "yes").sum() / 150, abs=0.1)
    with pytest.raises(GoalError, match="holds numbers"):
        sy.judge(y, {"p": p}, goal=sy.Alerts(4, per="day"), positive="yes", time=np.arange(900))
