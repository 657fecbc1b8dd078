"""What drives the model: columns, their values, single rows; in the run and for new rows."""

import json

import polars as pl
import pytest

import steelyard
from steelyard.errors import RequestError, RunError


def importance(run_dir):
    return json.loads((run_dir / "run.json").read_text())["importance"]


def test_the_column_that_was_planted_comes_first(run_dir):
    found = importance(run_dir)
    deployed = found["techniques"][0]["columns"]
    assert {one["column"] for one in deployed} == {"plan", "age", "calls", "active"}
    assert deployed[0]["column"] == "calls"
    assert deployed[0]["loss"]["low"] > 0
    chance = next(one["loss"] for one in deployed if one["column"] == "active")
    assert chance["low"] <= 0 <= chance["high"]
    assert found["members"] == 8
    assert found["rows"] == 400


def test_rates_by_value_are_those_of_the_table(run_dir, customers):
    (plan,) = [one for one in importance(run_dir)["profiles"] if one["columns"] == ["plan"]]
    frame = customers().with_columns(pl.col("plan").fill_null("missing"))
    counts = frame.group_by("plan").agg(pl.len(), pl.col("churned").eq("yes").mean())
    wanted = {level: (rows, share) for level, rows, share in counts.iter_rows()}
    assert {one["label"] for one in plan["bins"]} == set(wanted)
    for one in plan["bins"]:
        rows, share = wanted[one["label"]]
        assert one["rows"] == rows
        assert one["observed"]["value"] == pytest.approx(share)
        assert abs(one["predicted"] - share) < 0.1


def test_the_worst_rows_are_misses_and_false_alarms(run_dir, customers):
    found, churned = importance(run_dir), customers()["churned"].to_list()
    assert found["missed"]
    assert found["false_alarms"]
    assert all(churned[row["row"]] == "yes" for row in found["missed"])
    assert all(churned[row["row"]] == "no" for row in found["false_alarms"])
    highest = [row["probability"] for row in found["false_alarms"]]
    assert highest == sorted(highest, reverse=True)
    assert all(len(row["columns"]) == 3 for row in found["missed"])


def test_new_rows_are_explained_by_what_their_values_add(run_dir, run, customers, tmp_path):
    study, new = steelyard.load(run_dir), customers(rows=5, seed=3)
    found = study.explain(new, top=4)
    assert found.columns == ["row", "probability", "column", "value", "change"]
    assert len(found) == 20
    predicted = study.predict(new)["probability_yes"].to_list()
    assert found["probability"][::4].to_list() == pytest.approx(predicted)
    new.write_csv(tmp_path / "new.csv")
    told = run("explain", run_dir, tmp_path / "new.csv", "--top", "4", "--json")
    rows = json.loads(told.stdout)["rows"]
    assert [row["change"] for row in rows] == pytest.approx(found["change"].to_list(), abs=1e-6)
    assert run("explain", run_dir, tmp_path / "new.csv").stdout.count("row ") >= 5


def test_what_cannot_be_explained_is_refused_in_one_line(run_dir, customers):
    study = steelyard.load(run_dir)
    with pytest.raises(RequestError, match="top is 0"):
        study.explain(customers(rows=2), top=0)
    with pytest.raises(RequestError, match="1,001 rows"):
        study.explain(customers(rows=1001))
    study.run["data"] = study.run["data"] | {"path": "gone.csv"}
    with pytest.raises(RunError, match=r"gone\.csv"):
        study.explain(customers(rows=2))


def test_rows_are_left_out_on_request(customers):
    study = steelyard.train(customers(rows=200), "churned", model="trees", keep_rows=False)
    assert study.run["importance"]["techniques"]
    assert "missed" not in study.run["importance"]
    assert "false_alarms" not in study.run["importance"]
    assert "Why these rows" not in study.to_html()
