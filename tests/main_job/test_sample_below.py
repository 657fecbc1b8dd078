"""Rows below the threshold to label, and what they tell of recall."""

import json

import polars as pl
import pytest

import steelyard


def test_drawn_labelled_and_evaluated(run_dir, run, customers, tmp_path):
    frame = customers(rows=600, seed=5)
    frame.drop("churned").write_csv(tmp_path / "new.csv")
    words = ["sample-below", run_dir, tmp_path / "new.csv", "--rows", "80", "--with-flagged"]
    told = json.loads(run(*words, "--out", tmp_path / "label.csv", "--json").stdout)
    drawn = pl.read_csv(tmp_path / "label.csv")
    below = drawn.filter(~pl.col("flagged"))
    assert told["drawn"] == len(below) == 80
    assert told["flagged"] == len(drawn) - 80
    assert below["weight"].to_list() == pytest.approx(
        (1 / below["inclusion_probability"]).to_list()
    )
    assert below["weight"].sum() == pytest.approx(told["below"], rel=0.3)
    study = steelyard.load(run_dir)
    decided = study.predict(frame)["decision"] == "yes"
    assert decided.sum() == told["flagged"]
    order = frame.with_row_index("at").with_columns(decided=decided)
    known = order.join(drawn, on=["plan", "age", "calls", "active"], how="inner", nulls_equal=True)
    labelled = known.unique("at").select(*frame.columns, "inclusion_probability", "weight")
    labelled.write_csv(tmp_path / "labelled.csv")
    words = ["evaluate", run_dir, tmp_path / "labelled.csv", "--weight", "weight"]
    found = json.loads(run(*words, "--json").stdout)
    truth = (decided & (frame["churned"] == "yes")).sum() / (frame["churned"] == "yes").sum()
    assert found["missed"]["recall"]["low"] <= truth <= found["missed"]["recall"]["high"]
    assert found["metrics"]["recall"] == found["missed"]["recall"]
    text = run(*words).stdout
    assert "below the threshold" in text
    assert max(map(len, text.splitlines()[1:])) <= 80  # the first names files


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--rows", "0", "--out", "unwritten.csv"], "--rows 0"), (["--out", "o.txt"], ".parquet")],
)
def test_what_cannot_be_drawn_is_refused(
    run_dir, run, customers, tmp_path, words, said, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    customers(rows=20).write_csv("new.csv")
    result = run("sample-below", run_dir, "new.csv", *words)
    assert result.exit_code == 1
    assert said in result.stderr
