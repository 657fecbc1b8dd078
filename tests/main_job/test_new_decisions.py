"""Retune, monitor and verify on a finished run, as a user would: command line and Python."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import steelyard
from steelyard.decision import correct_prior
from steelyard.errors import RunError
from steelyard.models.deploy import with_codes
from steelyard.report.decision_text import retuned_text
from steelyard.runs.seal import sealed
from steelyard.runs.study import Study
from steelyard.runs.unlabelled import prior_taken


def make_visits(rows, share, seed):
    """Two informative numbers, one idle one and a category that leans; `share` of them ill."""
    rng = np.random.default_rng(seed)
    ill = np.arange(rows) < round(share * rows)
    X = rng.normal(size=(rows, 3)) + ill[:, None] * [1.5, 1.0, 0.0]
    ward = np.where(rng.random(rows) < 0.3 + 0.4 * ill, "a", "b")
    return pl.DataFrame(
        {"x": X[:, 0], "z": X[:, 1], "idle": X[:, 2], "ward": ward}
        | {"ill": np.where(ill, "yes", "no")}
    )


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A finished run on a table clear enough to learn from."""
    folder = tmp_path_factory.mktemp("visits")
    make_visits(2000, 0.15, seed=0).write_csv(folder / "visits.csv")
    steelyard.compare(
        folder / "visits.csv",
        "ill",
        techniques=["plain", "random-under"],
        model="tabular",
        folds=3,
        repeats=1,
        out=folder / "run",
    )
    return folder / "run"


@pytest.fixture
def own_run(run_dir, tmp_path):
    """A copy of the run that a test may change."""
    shutil.copytree(run_dir, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def unlabelled(tmp_path):
    """Writes rows of the same kind, of which a given share is ill; returns the path."""

    def write(share, rows=2000, **changes):
        frame = make_visits(rows, share, seed=5).with_columns(**changes)
        frame.drop("ill").write_csv(tmp_path / "new.csv")
        return tmp_path / "new.csv"

    return write


def test_a_stated_prevalence_moves_probabilities_by_the_formula(run_dir):
    study = steelyard.load(run_dir)
    moved = study.retune(prevalence=0.02)
    data = run_dir.parent / "visits.csv"
    before = study.predict(data).select("probability_no", "probability_yes").to_numpy()
    after = moved.predict(data).select("probability_no", "probability_yes").to_numpy()
    expected = correct_prior(before, study.run["decision"]["prior"], [0.98, 0.02])
    np.testing.assert_allclose(after, expected, atol=1e-5)
    cut = moved.run["decision"]["rule"]["threshold"]
    assert (moved.predict(data)["decision"] == "yes").to_list() == (after[:, 1] >= cut).tolist()
    # Balanced accuracy does not depend on the prevalence: the same rows are flagged, but for
    # those between a midpoint of probabilities and the midpoint of the moved ones.
    as_tuned_here = study.retune(goal=steelyard.Maximise()).predict(data)["decision"]
    assert (moved.predict(data)["decision"] == as_tuned_here).mean() > 0.99


def test_retuning_twice_is_retuning_once(run_dir):
    study = steelyard.load(run_dir)
    once = study.retune(prevalence=0.02, goal=steelyard.Costs(fp=1, fn=20))
    twice = study.retune(prevalence=0.6).retune(prevalence=0.02, goal=steelyard.Costs(fp=1, fn=20))
    assert twice.run["decision"] == once.run["decision"]
    data = run_dir.parent / "visits.csv"
    assert twice.predict(data).equals(once.predict(data))
    assert once.run["decision"]["rule"]["threshold"] == pytest.approx(1 / 21)
    assert twice.run["decision_as_compared"] == study.run["decision"]


def test_a_goal_alone_keeps_the_class_shares(run_dir):
    moved = steelyard.load(run_dir).retune(prevalence=0.1).retune(goal=steelyard.Alerts(50))
    assert moved.run["decision"]["prior"] == pytest.approx([0.9, 0.1])
    there = moved.predict(make_visits(4000, 0.1, seed=3))
    assert (there["decision"] == "yes").mean() == pytest.approx(0.05, abs=0.015)


def test_unlabelled_rows_give_the_shares_the_interval_and_the_command_writes_them(
    own_run, run, unlabelled
):
    result = run("retune", own_run, "--unlabelled", unlabelled(0.6), "--cost-fp", 1, "--cost-fn", 1)
    assert result.exit_code == 0, result.stderr
    assert max(map(len, result.stdout.splitlines())) <= 80
    values = json.loads((own_run / "run.json").read_text())
    estimate = values["decision"]["unlabelled"]["estimate"]
    assert estimate["low"][1] <= 0.6 <= estimate["high"][1]
    assert values["decision"]["prior"] == estimate["prior"]
    assert values["decision"]["rule"]["threshold"] == 0.5
    assert not values["decision"]["unlabelled"]["features"]["moved"]
    study = steelyard.load(own_run)
    scored = study.predict(own_run.parent / "new.csv")
    assert scored["probability_yes"].mean() == pytest.approx(estimate["prior"][1], abs=0.02)
    assert run("verify", own_run).exit_code == 0, "a retuned run is sealed again"


def test_rows_that_moved_change_nothing_until_the_user_says_what_moved(
    own_run, run, run_dir, unlabelled
):
    moved = unlabelled(0.4, idle=pl.col("idle") + 0.7)
    before = (own_run / "run.json").read_bytes()
    refused = run("retune", own_run, "--unlabelled", moved)
    assert refused.exit_code == 1
    assert refused.stderr.count("\n") == 1
    for said in ("no mix of the old classes (idle lies", "--assume label", "--assume features"):
        assert said in refused.stderr
    assert (own_run / "run.json").read_bytes() == before
    study = steelyard.load(own_run)
    taken = study.retune(unlabelled=moved, assume="label").run["decision"]
    assert taken["prior"] == taken["unlabelled"]["readings"]["label"]["prior"]
    assert any("was assumed, not found" in said for said in taken["warnings"])
    assert any("rows themselves moved" in said for said in taken["warnings"])
    left = study.retune(unlabelled=moved, assume="features")
    data = run_dir.parent / "visits.csv"
    same = [one.predict(data)["probability_yes"].to_numpy() for one in (study, left)]
    np.testing.assert_allclose(*same, atol=1e-6)
    assert left.run["decision"]["unlabelled"]["taken"] == "features"


def test_rows_like_the_runs_own_leave_its_class_shares(run_dir, unlabelled):
    study = steelyard.load(run_dir)
    natural = study.run["decision"]["prior"]
    kept = study.retune(prevalence=0.02).retune(unlabelled=unlabelled(natural[1], rows=600))
    assert kept.run["decision"]["prior"] == pytest.approx(natural)
    found = kept.run["decision"]["unlabelled"]
    sure = found | {
        "readings": found["readings"] | {"label": found["readings"]["label"] | {"close": True}}
    }
    assert "cannot be told" in prior_taken(study, sure, None)[1][0]
    few = study.retune(unlabelled=unlabelled(natural[1], rows=100))
    assert few.run["decision"]["prior"] == pytest.approx(natural)
    assert "do not show the class shares" in few.run["decision"]["warnings"][0]
    assert "such rows drawn by chance would tell" in few.run["decision"]["warnings"][0]
    told = retuned_text(few.run)
    assert "as in the table of the run." in told
    assert "estimated from" not in told


def test_assume_without_rows_is_refused(own_run, run):
    result = run("retune", own_run, "--assume", "label", "--cost-fp", 1, "--cost-fn", 2)
    assert (result.exit_code, "--unlabelled" in result.stderr) == (1, True)


def test_a_table_that_is_gone_is_said(own_run, run, unlabelled):
    values = json.loads((own_run / "run.json").read_text())
    values["data"]["path"] = "gone.csv"
    (own_run / "run.json").write_text(json.dumps(sealed(values, own_run)))
    found = steelyard.load(own_run).retune(unlabelled=unlabelled(0.4), assume="label")
    assert found.run["decision"]["unlabelled"]["features"] is None
    assert any("not compared" in said for said in found.run["decision"]["warnings"])


def test_the_page_on_decisions_runs_as_it_stands(own_run, unlabelled, monkeypatch):
    page = Path(__file__).parents[2] / "docs" / "decisions-and-drift.md"
    unlabelled(0.6)
    monkeypatch.chdir(own_run.parent)
    values = {}
    for code in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
        exec(code, values)  # noqa: S102 - our own page
    assert values["moved"].run["decision"]["prior_from"] == "unlabelled"
    assert (own_run.parent / "run-june" / "model.keras").exists()
    assert len(values["found"].thresholds) == 3


REFUSED = {
    "prevalence 0": (("--prevalence", 0), "between 0 and 1"),
    "prevalence 1": (("--prevalence", 1), "between 0 and 1"),
    "percent": (("--prevalence", 2), "2 % is 0.02"),
    "nothing": ((), "nothing to change"),
    "both": (("--prevalence", 0.1, "--unlabelled", "new.csv"), "one of them"),
    "negative cost": (("--cost-fp", -1, "--cost-fn", 2), "more than 0"),
    "recall out of reach": (("--min-recall", 0.999), "positives"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_line_and_nothing_changed(case, own_run, run):
    words, said = REFUSED[case]
    before = {path.name: path.read_bytes() for path in own_run.iterdir() if path.is_file()}
    result = run("retune", own_run, *words)
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert said in result.stderr
    assert {p.name: p.read_bytes() for p in own_run.iterdir() if p.is_file()} == before


def test_no_rows_and_five_are_too_few(own_run, run, unlabelled):
    result = run("retune", own_run, "--unlabelled", unlabelled(0.4, rows=5))
    assert result.exit_code == 1
    assert "5 unlabelled rows" in result.stderr
    assert "at least" in result.stderr
    none = unlabelled(0.4, rows=5)
    pl.read_csv(none).head(0).write_csv(none)
    for words in (("retune", own_run, "--unlabelled", none), ("monitor", own_run, none)):
        result = run(*words)
        assert (result.exit_code, "0 unlabelled rows" in result.stderr) == (1, True)
        assert "at least" in result.stderr


def test_monitor_keeps_quiet_within_the_band_and_exits_with_3_outside(run_dir, run, unlabelled):
    prior = steelyard.load(run_dir).run["decision"]["prior"][1]
    same = run("monitor", run_dir, unlabelled(prior))
    assert same.exit_code == 0, same.stdout
    assert "kept" in same.stdout
    outside = run("monitor", run_dir, unlabelled(0.7), "--low", 0.1, "--high", 0.3, "--json")
    assert outside.exit_code == 3
    found = json.loads(outside.stdout)
    assert found["prevalence"]["left"]
    assert not found["scores"]["left"], "shares alone do not make scores leave their band"
    assert found["readings"]["conclusion"] == "label"
    label = found["readings"]["label"]
    new = steelyard.load(run_dir).predict(unlabelled(0.7))["decision"] == "yes"
    truth = make_visits(2000, 0.7, seed=5)["ill"] == "yes"
    for name, among in (("recall", truth), ("precision", new)):
        assert label[name]["low"] <= (new & truth).sum() / among.sum() <= label[name]["high"]
    silly = run("monitor", run_dir, unlabelled(0.4), "--low", 0.5, "--high", 0.2)
    assert silly.exit_code == 1
    assert "lower one first" in silly.stderr


def test_monitor_sees_scores_that_no_mix_of_classes_gives(run_dir, run, unlabelled):
    def found(factor):
        new = unlabelled(0.3, x=pl.col("x") * factor)
        moved = run("monitor", run_dir, new, "--low", 0, "--high", 1)
        assert moved.exit_code == 3
        assert max(map(len, moved.stdout.splitlines())) <= 80
        (index,) = re.findall(r"stability index (0\.\d+), limit 0\.200", moved.stdout)
        assert ("LEFT" in moved.stdout) == (float(index) > 0.2)
        return moved.stdout

    assert "LEFT" in found(0.0)
    assert "spread as those of some mix" not in found(0.3)  # above chance, whatever the band


def test_another_table_is_not_the_runs(own_run, run):
    make_visits(2000, 0.15, seed=1).write_csv(own_run.parent / "other.csv")
    result = run("verify", own_run, "--data", own_run.parent / "other.csv")
    assert result.exit_code == 3
    assert "not the table of this run" in result.stdout


def test_a_run_verifies_with_its_table_and_without(own_run, run):
    result = run("verify", own_run, "--json")
    assert result.exit_code == 0, result.stdout
    assert json.loads(result.stdout)["table"] == "read again"
    study = steelyard.load(own_run)
    study.run["data"]["path"] = "gone.csv"
    study.save(own_run.parent / "elsewhere")
    result = run("verify", own_run.parent / "elsewhere")
    assert result.exit_code == 0, result.stdout
    assert "read from the predictions" in result.stdout


def test_a_trained_run_verifies_and_retunes_too(run_dir, run, tmp_path):
    words = ["train", run_dir.parent / "visits.csv", "--target", "ill", "--out", tmp_path / "one"]
    assert run(*words, "--model", "tabular", "--quiet").exit_code == 0
    assert run("verify", tmp_path / "one").exit_code == 0
    assert run("retune", tmp_path / "one", "--prevalence", 0.05).exit_code == 0
    assert steelyard.load(tmp_path / "one").run["decision"]["prior"][1] == 0.05


def resealed(folder):
    """Someone who edits a run and seals it again: only what is computed anew finds it."""
    values = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(sealed(values, folder)))


def edit_json(path, change):
    values = json.loads(path.read_text())
    change(values)
    path.write_text(json.dumps(values))


def touch_a_test_row(folder):
    edit_json(folder / "ledger.json", lambda v: v["jobs"][3].update(test_hash_after="0" * 16))


def swap_folds(folder):
    frame = pl.read_parquet(folder / "predictions.parquet")
    moved = pl.when(pl.col("row") < 5).then(1 - pl.col("fold") % 2).otherwise(pl.col("fold"))
    frame.with_columns(fold=moved.cast(pl.Int32)).write_parquet(folder / "predictions.parquet")


def flatter_a_figure(folder):
    def change(values):
        values["techniques"][0]["metrics"]["average_precision"]["value"] += 0.01

    edit_json(folder / "run.json", change)


def change_truth(folder):
    frame = pl.read_parquet(folder / "predictions.parquet")
    turned = pl.when(pl.col("row") == 777).then(pl.lit("yes")).otherwise(pl.col("truth"))
    frame.with_columns(truth=turned).write_parquet(folder / "predictions.parquet")


def drop_a_job(folder):
    edit_json(folder / "ledger.json", lambda values: values["jobs"].pop(2))


@pytest.mark.parametrize(
    "tamper", [touch_a_test_row, swap_folds, flatter_a_figure, change_truth, drop_a_job]
)
def test_a_changed_run_does_not_verify_even_if_sealed_again(tamper, own_run, run):
    tamper(own_run)
    assert run("verify", own_run).exit_code == 3
    resealed(own_run)
    result = run("verify", own_run, "--json")
    assert result.exit_code == 3
    found = {check["name"]: check["holds"] for check in json.loads(result.stdout)["checks"]}
    assert found["files"], "the seal alone would not have told"


def test_a_model_that_an_older_version_saved_is_refused_in_one_line(run_dir):
    study = steelyard.load(run_dir)
    older = Study(
        study.run,
        predictions=study.predictions,
        uncorrected=study.uncorrected,
        ledger=study.ledger,
        model=with_codes(study.model),  # everything but the layer that names the classes
    )
    with pytest.raises(RunError, match="run the same compare command again"):
        older.retune(goal=steelyard.Costs(fp=1, fn=9))
