"""`verify` finds every edit of what follows from the predictions, and survives any damage."""

import polars as pl
import pytest

from steelyard.comparison.verify import verify_run
from steelyard.errors import RunError


def failing(run):
    return [check["name"] for check in verify_run(run)["checks"] if not check["holds"]]


def metric(name, key="value", by=0.05, entry="techniques"):
    def change(values):
        values[entry][0]["metrics"][name][key] += by

    return change


EDITS = {
    "recall": metric("recall"),
    "precision": metric("precision"),
    "MCC": metric("mcc"),
    "F1": metric("f1"),
    "balanced accuracy": metric("balanced_accuracy"),
    "Brier skill": metric("brier_skill"),
    "observed/expected": metric("observed_expected"),
    "cost": metric("normalized_cost", by=-0.05),
    "low end of AP": metric("average_precision", "low"),
    "high end of recall": metric("recall", "high"),
    "a baseline": metric("average_precision", by=-0.05, entry="baselines"),
    "metric before correction": lambda v: v["techniques"][1]["metrics_uncorrected"][
        "log_loss"
    ].update(value=9.0),
    "a fold": lambda v: v["techniques"][0]["per_fold"].__setitem__(0, 0.9),
    "verdict": lambda v: v["verdict"].update(paragraph="plain beats everything."),
    "winner": lambda v: v["verdict"].update(winner="class-weight"),
    "threshold": lambda v: v["decision"]["rule"].update(threshold=0.9),
    "prior": lambda v: v["decision"].update(prior=[0.5, 0.5]),
    "calibration": lambda v: v["decision"].update(calibration={"kind": "shift", "bias": [0, 1]}),
    "a technique left out": lambda v: v["techniques"].pop(1),
    "a metric left out": lambda v: v["techniques"][0]["metrics"].pop("recall"),
    "a setting of another type": lambda v: v["techniques"][1]["sample"].update(ratio=[1]),
    "goal": lambda v: v["protocol"].update(goal={"kind": "costs", "fp": 1, "fn": 50}),
}


@pytest.mark.parametrize("edit", EDITS)
def test_edits_are_found_even_if_sealed_again(edit, a_run, edited):
    edited(a_run, EDITS[edit])
    found = failing(a_run)
    assert found
    assert "files" not in found


def test_an_untouched_run_holds_with_its_table_and_without(a_run, edited):
    assert failing(a_run) == []
    edited(a_run, lambda v: v["data"].update(path="gone.csv"))
    summary = verify_run(a_run)
    assert summary["holds"], summary
    assert summary["table"] == "not there"


def test_a_pattern_in_run_json_is_not_followed(a_run, edited, finished):
    edited(a_run, lambda v: v["data"].update(path=str(finished / "*.csv")))
    assert verify_run(a_run)["table"] == "not there"


def cut(name):
    return lambda run: (run / name).write_bytes((run / name).read_bytes()[:900])


def garbage(name):
    return lambda run: (run / name).write_bytes(b"\xff garbage")


def a_folder(name):
    return lambda run: ((run / name).unlink(), (run / name).mkdir())


def gone(name):
    return lambda run: (run / name).unlink()


def frame(change):
    path = "predictions.parquet"
    return lambda run: change(pl.read_parquet(run / path)).write_parquet(run / path)


FILES = (
    "ledger.json",
    "journal.jsonl",
    "predictions.parquet",
    "uncorrected.parquet",
    "model.keras",
)
DAMAGE = {
    f"{do.__name__} {name}": do(name) for name in FILES for do in (cut, garbage, a_folder, gone)
}
DAMAGE |= {
    "ledger a list": lambda run: (run / "ledger.json").write_text("[]"),
    "ledger of NaN": lambda run: (run / "ledger.json").write_text('{"jobs": NaN}'),
    "ledger of brackets": lambda run: (run / "ledger.json").write_text("[" * 100_000),
    "a job without hashes": lambda run: (run / "ledger.json").write_text('{"jobs": [{"fold": 0}]}'),
    "no truth": frame(lambda f: f.drop("truth")),
    "no rows": frame(lambda f: f.head(0)),
    "half the rows": frame(lambda f: f.head(len(f) // 2)),
    "rows below zero": frame(lambda f: f.with_columns(row=pl.col("row") - 5)),
    "NaN": frame(lambda f: f.with_columns(probability_0=pl.lit(float("nan"), pl.Float32))),
    "text for numbers": frame(lambda f: f.with_columns(probability_0=pl.lit("x"))),
    "other folds": frame(lambda f: f.with_columns(fold=1 - pl.col("fold"))),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_something_that_does_not_hold(damage, a_run):
    DAMAGE[damage](a_run)
    assert "files" in failing(a_run)


@pytest.mark.parametrize(
    "edit",
    [
        lambda v: v["data"]["schema"]["classes"].reverse(),
        lambda v: v["data"]["classes"].reverse(),
        lambda v: v["data"]["schema"].update(columns=[]),
        lambda v: v["data"].update(positive="none"),
        lambda v: v["decision"].update(prior=[1.0]),
        lambda v: v["data"].pop("schema"),
        lambda v: v.update(techniques=[]),
        lambda v: v["techniques"][0].update(metrics=[]),
    ],
)
def test_a_run_json_that_contradicts_itself_is_refused_in_one_line(edit, a_run, edited):
    edited(a_run, edit)
    with pytest.raises(RunError, match=r"run\.json (is damaged|contradicts itself): "):
        verify_run(a_run)
