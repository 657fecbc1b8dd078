"""What the commands say and do once a run is there: evaluate, retune by hand, predict and keep."""

import json
import shutil

import numpy as np
import polars as pl
import pytest

import steelyard
from steelyard.errors import RequestError
from steelyard.report.monitor_text import monitor_text
from steelyard.report.text import to_text
from steelyard.runs.drift import feature_shift
from steelyard.runs.evaluate import evaluate_file
from steelyard.runs.predict import predict_file
from steelyard.runs.promised import compared_with_promise


@pytest.fixture
def own_run(run_dir, tmp_path):
    shutil.copytree(run_dir, tmp_path / "run")
    return tmp_path / "run"


def test_rows_that_were_trained_on_are_counted_and_said_first(run_dir, run, tmp_path, customers):
    data = run_dir.parent / "customers.csv"
    told = run("evaluate", run_dir, data)
    assert told.exit_code == 0, told.stderr
    assert "TRAINED ON: All 400 rows" in told.stdout.splitlines()[2]
    assert max(map(len, told.stdout.splitlines()[1:])) <= 80  # the first names the files
    old, new = pl.read_csv(data), customers(300, seed=9)
    part = pl.concat([old[:50].cast(new.schema), new])
    part.write_csv(tmp_path / "part.csv")
    found = evaluate_file(run_dir, tmp_path / "part.csv")["trained_on"]
    same = new.join(old.cast(new.schema), on=new.columns, how="semi", nulls_equal=True)
    assert found["rows"] == 50 + len(same)
    other = old.with_columns(churned=pl.lit("yes"))
    other.write_csv(tmp_path / "other.csv")
    same = other.join(old, on=old.columns, how="semi", nulls_equal=True)
    relabelled = evaluate_file(run_dir, tmp_path / "other.csv")["trained_on"]
    assert relabelled["rows"] == len(same) < 400


def test_fresh_rows_are_beside_the_promise(run_dir, run, tmp_path, customers):
    customers(1500, seed=11).write_csv(tmp_path / "fresh.csv")
    found = json.loads(run("evaluate", run_dir, tmp_path / "fresh.csv", "--json").stdout)
    values = json.loads((run_dir / "run.json").read_text())
    mine = next(e for e in values["techniques"] if e["name"] == values["decision"]["technique"])
    for name, promised in found["promised"].items():
        assert promised["value"] == mine["metrics"][name]["value"]
        came = found["metrics"][name]["value"]
        assert promised["difference"] == pytest.approx(came - promised["value"])
    assert not any(one["beyond_chance"] for one in found["promised"].values())
    assert "TRAINED ON" not in run("evaluate", run_dir, tmp_path / "fresh.csv").stdout


def test_a_difference_is_chance_where_nothing_changed_and_not_where_much_did():
    rng = np.random.default_rng(0)
    low, high = -1.96 * 0.02, 1.96 * 0.02

    def metric(value):
        return {"value": value, "low": value + low, "high": value + high}

    def calls(gap):
        """Share of 400 draws of twelve metrics in which any is called more than chance."""
        names = ["average_precision", "roc_auc", "log_loss", "brier_skill", "mcc", "f1"]
        found = 0
        for _ in range(400):
            truth = {name: metric(0.5 + 0.02 * rng.normal()) for name in names}
            came = {name: metric(0.5 + gap + 0.02 * rng.normal()) for name in names}
            entry = {"name": "plain", "metrics": truth}
            run = {"decision": {"technique": "plain", "rule": {}}, "techniques": [entry]}
            told = compared_with_promise(run, came)
            found += any(one["beyond_chance"] for one in told.values())
        return found / 400

    assert calls(0.0) <= 0.08
    assert calls(0.15) == 1.0


def test_a_threshold_by_hand(own_run, run):
    told = run("retune", own_run, "--threshold", "0.25")
    assert told.exit_code == 0, told.stderr
    assert "from a probability of 25.0 % on" in told.stdout
    assert "flagged are real" in told.stdout
    study = steelyard.load(own_run)
    assert study.run["decision"]["rule"]["threshold"] == 0.25
    assert study.model.about["threshold"] == 0.25
    scored = study.predict(study.run["data"]["path"])
    flagged = scored["decision"] == "yes"
    assert (flagged == (scored["probability_yes"] >= 0.25)).all()
    again = study.retune(threshold=0.25).run["decision"]
    assert again["goal"] == {"kind": "threshold", "p": 0.25}
    for words in (("--threshold", "2"), ("--threshold", ".2", "--maximise", "f1")):
        assert run("retune", own_run, *words).exit_code == 1


def test_columns_are_kept_beside_the_predictions(run_dir, run, tmp_path, customers):
    frame = customers(70, seed=3).with_columns(name=pl.format("00{}", pl.int_range(70)))
    frame.write_csv(tmp_path / "new.csv")
    frame.write_parquet(tmp_path / "new.parquet")
    bare = steelyard.load(run_dir).predict(tmp_path / "new.csv")
    for ending in ("csv", "parquet"):
        for keep, names in (("name,age", ["name", "age"]), ("all", frame.columns)):
            out = tmp_path / f"{keep[:3]}.{ending}"
            words = ("predict", run_dir, tmp_path / f"new.{ending}", "--out", out, "--keep", keep)
            assert run(*words).exit_code == 0
            read = pl.read_csv(out, infer_schema=False) if ending == "csv" else pl.read_parquet(out)
            assert read.columns == [*names, *bare.columns]
            assert read["name"].to_list() == frame["name"].to_list()
            assert read["decision"].to_list() == bare["decision"].to_list()
    words = ("predict", run_dir, tmp_path / "new.csv", "--out", tmp_path / "n.csv")
    refused = run(*words, "--keep", "z")
    assert (refused.exit_code, "'z'" in refused.stderr) == (1, True)
    frame.rename({"name": "decision"}).write_csv(tmp_path / "clash.csv")
    with pytest.raises(RequestError, match="'decision' cannot be kept"):
        predict_file(run_dir, tmp_path / "clash.csv", tmp_path / "c.csv", keep="all")


def test_the_terminal_holds_80_columns_and_four_lines_of_the_decision(run_dir, run):
    for words in ((), ("--wide",)):
        told = run("report", run_dir, *words).stdout
        most = 100 if words else 80
        assert max(len(line) for line in told.splitlines() if "/" not in line) <= most
        for said in ("flag yes from", "of 100 cases", "flagged are real", "of 1,000 rows flagged"):
            assert said in told
    assert "steelyard export" in told


def test_a_slip_of_the_pen_is_answered_with_the_nearest_name(run, run_dir, tmp_path):
    assert "did you mean 'compare'?" in run("compair", "x").stderr
    data = run_dir.parent / "customers.csv"
    words = ("compare", data, "--target", "churned", "--out", tmp_path / "r", "--quiet")
    assert "did you mean 'smote'?" in run(*words, "--techniques", "smot").stderr


def test_nothing_is_marked_where_too_little_is_known_to_compare(run_dir):
    values = json.loads((run_dir / "run.json").read_text())
    assert "\n*" in to_text(values)
    few = values | {"verdict": values["verdict"] | {"reason": "few-positives"}}
    assert "\n*" not in to_text(few)
    assert "too little is known to compare" in to_text(few)


def test_copies_of_old_rows_are_no_new_rows(customers):
    frame = customers(400, seed=0).drop("plan", "churned").cast(pl.Float64)
    y = np.arange(400) < 80
    found = feature_shift(frame, y.astype(int), [0.8, 0.2], frame)
    assert found.high < 0.5
    assert found.moved


SCORES = {"psi": 0.04, "chance": 0.3, "band": 0.2, "left": False}
ALL_POSITIVE = {
    "rows": 500,
    "positive": "yes",
    "prevalence": {
        "value": 1.0, "low": 0.98, "high": 1.0, "set_for": 0.1, "band": [0.05, 0.2],
        "left": True, "state": "outside", "set_for_fits": False, "rows_to_label": 5,
    },
    "readings": {
        "conclusion": "features", "positive": 1,
        "label": {"prior": [0.0, 1.0], "low": [0.0, 0.98], "high": [0.02, 1.0],
                  "recall": {"value": 0.9, "low": 0.8, "high": 1.0}, "precision": None},
        "features": {"prior": [0.0, 1.0], "low": [0.0, 0.98], "high": [0.02, 1.0],
                     "recall": None, "precision": None},
    },
    "scores": SCORES,
    "features": {"auc": 0.187, "low": 0.16, "high": 0.21, "limit": 0.52, "moved": True},
    "warnings": [],
}  # fmt: skip


def test_monitor_says_the_limit_it_used_and_what_a_check_means():
    lines = monitor_text(ALL_POSITIVE).splitlines()
    assert max(map(len, lines)) <= 80
    told = " ".join(" ".join(lines).split())
    assert "100 % yes (98.0 % to 100 %), limits 5.0 % to 20.0 %: LEFT" in told
    assert "that share is another now: labels would tell: of about 5 such rows" in told
    assert "if shares moved 100 % yes (98.0 % to 100 %), recall .900 (.800 to 1.000)" in told
    assert "MOVED: no mix of the old classes gives rows like these" in told
    assert "stability index 0.040, limit 0.300 (chance): kept" in told
    assert "limit .520: MOVED new rows repeat old ones" in told


def test_monitor_says_that_rows_cannot_tell_and_what_can():
    label = {"prior": [1.0, 0.0], "low": [0.0, 0.0], "high": [1.0, 1.0],
             "recall": {"value": 0.3, "low": 0.2, "high": 0.4},
             "precision": {"value": 0.0, "low": 0.0, "high": 1.0}}  # fmt: skip
    features = label | {"prior": [0.9, 0.1], "low": [0.88, 0.09], "high": [0.91, 0.12]}
    weak = ALL_POSITIVE | {
        "prevalence": {"value": 0.0, "low": 0.0, "high": 1.0, "set_for": 0.1, "band": [0.05, 0.2],
                       "left": False, "state": "unknown", "set_for_fits": True,
                       "rows_to_label": 110},
        "readings": {"conclusion": "same", "positive": 1, "label": label, "features": features},
        "features": None,
    }  # fmt: skip
    lines = monitor_text(weak).splitlines()
    assert max(map(len, lines)) <= 80
    told = " ".join(" ".join(lines).split())
    assert "these rows cannot tell it; limits 5.0 % to 20.0 %: NOT KNOWN" in told
    assert "0 % to 100 % if class shares moved, 9.0 % to 12.0 % if features did" in told
    assert "of about 110 such rows, drawn by chance (steelyard evaluate)" in told
    assert "if shares moved any share of yes, recall .300 (.200 to .400), precision not" in told
    assert " 0 % yes" not in told
    assert "still holds" not in told
