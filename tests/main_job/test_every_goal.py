"""Every goal goes through compare, train, retune and the estimator."""

import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard.comparison import comparing, training
from steelyard.errors import GoalError
from steelyard.models.trees import TreesTrainer

GOALS = {
    "nothing": None,
    "costs": sy.Costs(fp=1, fn=9),
    "costs by row": sy.Costs(fp=1, fn="8 + z*z"),
    "cost matrix": sy.CostMatrix([[0, 1], [9, 0]]),
    "balanced accuracy": sy.Maximise("balanced_accuracy"),
    "f1": sy.Maximise("f1"),
    "fbeta": sy.Maximise("fbeta", beta=3),
    "mcc": sy.Maximise("mcc"),
    "gmean": sy.Maximise("gmean"),
    "a name": "f1",
    "precision": sy.MinPrecision(0.3),
    "recall": sy.MinRecall(0.5),
    "alerts": sy.Alerts(150),
    "two bounds": sy.Bounds(sy.MinRecall(0.4), sy.Alerts(250)),
    "a budget": sy.Alerts(3, per=0.5, time="x"),
    "a budget by worth": sy.Alerts(3, per=0.5, time="x", by="1 + z*z"),
    "three ways": sy.ThreeWay(sy.Costs(fp=3, fn="8 + z*z"), review_cost=0.5, hit_rate=0.9),
    "precision, or close": sy.MinPrecision(0.999, closest=True),
}
FLAGS = {
    "--cost-fp 1 --cost-fn 9": 0,
    "--cost-fp 1 --cost-fn 8+z*z": 0,
    "--maximise f1": 0,
    "--min-precision .3": 0,
    "--min-recall .5": 0,
    "--alerts 150": 0,
    "--min-recall .4 --alerts 250": 0,
    "--cost-fp 3 --cost-fn 9 --review-cost .5 --hit-rate .9": 0,
    "--min-precision .99 --closest": 3,
    "--min-recall .6 --alerts 20 --closest": 3,
    "--min-recall .99": 1,
    "--alerts .5": 1,
}


def patients(rows=600, seed=0):
    rng = np.random.default_rng(seed)
    ill = np.arange(rows) < rows // 6
    X = rng.normal(size=(rows, 2)) + 1.6 * ill[:, None]
    return pl.DataFrame({"x": X[:, 0], "z": X[:, 1], "ill": np.where(ill, "yes", "no")})


@pytest.fixture(scope="module", autouse=True)
def trained_once():
    """The same jobs give the same results: what a goal does comes after the training."""
    kept, patch = {}, pytest.MonkeyPatch()

    def once(make):
        def run(self, table, jobs, progress):
            for job in jobs:
                key = (table.source.rows, job.key, len(job.split.test))
                if key not in kept:
                    kept[key] = next(iter(make(self, table, [job], progress)))
                yield kept[key]

        return run

    def fit_once(self, table, technique, seed, progress):
        key = (table.source.rows, technique.name, seed)
        if key not in kept:
            kept[key] = fit(self, table, technique, seed, progress)
        return kept[key]

    fit = TreesTrainer.fit
    patch.setattr(TreesTrainer, "run", once(TreesTrainer.run))
    patch.setattr(TreesTrainer, "fit", fit_once)
    patch.setattr(comparing, "baseline_tasks", lambda *_: [])
    patch.setattr(comparing, "baseline_probabilities", lambda *_: [])
    yield
    patch.undo()


def compared(goal, **options):
    return sy.compare(
        patients(), "ill", techniques=["plain", "class-weight"], model="trees", folds=3, repeats=1,
        goal=goal, **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def study():
    return compared(None)


def check_decision(study):
    """The decision does on new rows what it says."""
    decision, new = study.run["decision"], patients(seed=1)
    goal = decision["goal"]
    flagged = study.predict(new)["decision"].is_in(["yes", "review", "block"]).to_numpy()
    ill = (new["ill"] == "yes").to_numpy()
    assert 0 < flagged.sum() < len(flagged) or "closest" in goal
    if goal["kind"] == "alerts" and "per" not in goal:
        assert flagged.mean() <= goal["per_thousand"] / 1000 + 0.03
    if goal["kind"] == "min-recall":
        assert flagged[ill].mean() >= goal["r"]
    return decision


@pytest.mark.parametrize("name", GOALS)
def test_compare(name):
    found = compared(GOALS[name])
    check_decision(found)
    constant = next(one for one in found.run["baselines"] if one["name"] == "constant")
    # The class shares alone take the likeliest class, whatever the goal: they find nothing.
    assert constant["metrics"]["recall"]["value"] == 0
    assert constant["metrics"]["log_loss"]["value"] > 0
    assert str(found)


@pytest.mark.parametrize("name", GOALS)
def test_train_retune_and_the_estimator(name, study):
    goal = GOALS[name]
    options = {"model": "trees", "folds": 3, "goal": goal}
    trained = check_decision(sy.train(patients(), "ill", **options))
    retuned = check_decision(study.retune(goal=goal or "balanced_accuracy", training=patients()))
    assert trained["goal"] == retuned["goal"]
    frame = patients()
    classifier = sy.ImbalancedClassifier("plain", **options)
    decided = classifier.fit(frame.drop("ill"), frame["ill"]).predict(frame.drop("ill"))
    assert set(decided) <= {"yes", "no"}
    assert (decided == "yes").any() or goal.closest


@pytest.mark.parametrize("goal", [sy.MinRecall(0.99), sy.MinPrecision(0.99), sy.Alerts(1)])
def test_what_no_model_could_show_is_refused_before_training(goal, monkeypatch):
    for module in (comparing, training):
        monkeypatch.setattr(module, "run_jobs", lambda *_, **__: pytest.fail("trained"))
        monkeypatch.setattr(module, "fit_on_all", lambda *_, **__: pytest.fail("trained"))
    with pytest.raises(GoalError, match="closest=True"):
        compared(goal)
    with pytest.raises(GoalError, match="closest=True"):
        sy.train(patients(), "ill", model="trees", goal=goal)


def test_a_recommended_technique_out_of_reach_keeps_its_trainings(tmp_path):
    with pytest.raises(GoalError, match=r"plain: no threshold is sure.*trainings are kept"):
        compared(sy.MinPrecision(0.96), out=tmp_path / "run")
    found = compared(sy.MinPrecision(0.3), out=tmp_path / "run")
    assert found.run["decision"]["goal"] == {"kind": "min-precision", "p": 0.3}


@pytest.mark.parametrize("flags", FLAGS)
def test_the_command_line(flags, run, tmp_path):
    patients().write_csv(tmp_path / "t.csv")
    words = f"--target ill --techniques plain --model trees --folds 3 --repeats 1 {flags}".split()
    result = run("compare", tmp_path / "t.csv", *words, "--out", tmp_path / "run", "--quiet")
    assert result.exit_code == FLAGS[flags], result.output
    if FLAGS[flags] == 1:
        assert "--closest" in result.stderr
        assert "`" not in result.stderr
    else:
        assert ("comes closest" in result.stdout) == (FLAGS[flags] == 3)
        again = run("retune", tmp_path / "run", *flags.split())
        assert again.exit_code == FLAGS[flags], again.output
