"""Costs that differ by row, from the table to the deployed model, and in every command after."""

import json

import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard.comparison.verify import verify_run
from steelyard.errors import DataError
from steelyard.runs.retune import retune_run

GOAL = sy.Costs(fp=5, fn="Amount")


def payments(rows=900, seed=0):
    rng = np.random.default_rng(seed)
    fraud = np.arange(rows) % 6 == 0
    X = rng.normal(size=(rows, 2)) + 1.6 * fraud[:, None]
    amount = rng.lognormal(3, 1.2, rows).round(2)
    return pl.DataFrame(
        {"x": X[:, 0], "z": X[:, 1], "Amount": amount, "fraud": np.where(fraud, "yes", "no")}
    )


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("payments") / "payments.csv"
    payments().write_csv(path)
    return path


@pytest.fixture(scope="module", params=["a feature", "not learned from"])
def trained(request, table):
    drop = [] if request.param == "a feature" else ["Amount"]
    run = table.parent / f"run-{len(drop)}"
    options = {"model": "trees", "folds": 3, "progress": False}
    study = sy.train(table, "fraud", goal=GOAL, drop=drop, out=run, **options)
    return study, run


def flagged(study, rows):
    return (study.predict(rows)["decision"] == "yes").to_numpy()


def test_new_rows_are_decided_by_their_own_amounts(trained):
    study, _ = trained
    new = payments(seed=1)
    p = study.predict(new)["probability_yes"].to_numpy().astype(float)
    amount = new["Amount"].to_numpy()
    np.testing.assert_array_equal(flagged(study, new), p >= 5 / (5 + amount))
    no_loss = new.with_columns(Amount=pl.when(pl.col("x") > 0).then(0.0).otherwise(-9.0))
    assert not flagged(study, no_loss).any()


def test_a_gap_is_decided_by_the_mean_loss_and_what_is_no_amount_is_refused(trained):
    study, _ = trained
    new = payments(seed=1)
    mean = study.run["decision"]["rule"]["row_costs"]["if_missing"][1]
    gaps = new.with_columns(Amount=pl.lit(None, pl.Float64))
    p = study.predict(gaps)["probability_yes"].to_numpy().astype(float)
    np.testing.assert_array_equal(flagged(study, gaps), p >= 5 / (5 + mean))
    with pytest.raises(DataError, match="lacks the column 'Amount'"):
        study.predict(new.drop("Amount"))
    with pytest.raises(DataError, match=r"column 'Amount' holds numbers.*data row 1 has 'EUR'"):
        study.predict(new.with_columns(Amount=pl.lit("EUR")))


def test_the_run_says_what_it_costs_and_verifies(trained):
    study, run = trained
    money = study.run["techniques"][0]["money"]
    assert money["cost_per_row"]["value"] < money["cost_of_none"]["value"]
    assert study.run["techniques"][0]["metrics"]["normalized_cost"]["value"] == pytest.approx(
        money["cost_per_row"]["value"]
        / min(money["cost_of_none"]["value"], money["cost_of_all"]["value"])
    )
    assert verify_run(run)["holds"]
    assert "each row&#39;s own threshold" in sy.load(run).to_html()
    assert "one threshold for all rows would cost" in str(study)


def test_the_model_alone_takes_the_amount_by_name(trained):
    study, run = trained
    new = payments(200, seed=2)
    columns = {one.name: new[one.name].to_numpy() for one in sy.load(run).model.inputs}
    assert "Amount" in columns
    decided = sy.load_model(run).predict(columns, verbose=0)["decision"]
    np.testing.assert_array_equal(decided.astype(str) == "yes", flagged(study, new))


@pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
@pytest.mark.parametrize("kind", ["saved-model", "litert"])
def test_exported_models_take_it_too(trained, kind, tmp_path):
    import tensorflow as tf

    study, _ = trained
    new = payments(200, seed=2)
    assert "Amount" in study.export(tmp_path / "model", format=kind)["inputs"]
    feed = {name: new[name].to_numpy().astype("float32") for name in ("x", "z", "Amount")}
    if kind == "saved-model":
        serve = tf.saved_model.load(tmp_path / "model").signatures["serving_default"]
        out = serve(**{name: tf.constant(values) for name, values in feed.items()})
        found = out["decision"].numpy().astype(str) == "yes"
    else:
        lite = tf.lite.Interpreter(str(tmp_path / "model"))
        found = lite.get_signature_runner()(**feed)["decision_code"] == 1
    differ = found != flagged(study, new)
    assert differ.sum() <= 1  # a probability at its threshold, in single precision


def test_retune_to_other_costs_and_away(trained):
    study, run = trained
    other = study.retune(goal=sy.Costs(fp="1 + 0.01*Amount", fn="0.9*Amount+2"))
    new = payments(seed=1)
    p = other.predict(new)["probability_yes"].to_numpy().astype(float)
    amount = new["Amount"].to_numpy()
    fp, fn = 1 + 0.01 * amount, 0.9 * amount + 2
    np.testing.assert_array_equal(flagged(other, new), p >= fp / (fp + fn))
    assert other.run["decision"]["money"]["cost_per_row"]["value"] > 0
    away = other.retune(goal=sy.Costs(1, 9))
    assert away.run["decision"]["rule"]["threshold"] == 0.1
    learned_from = set(study.schema.features)
    assert {one.name for one in away.model.inputs} == learned_from
    retune_run(run, goal=sy.Costs(fp=2, fn="Amount"))
    assert verify_run(run)["holds"]
    retune_run(run, goal=GOAL)


def test_a_run_without_amounts_can_be_retuned_to_them(table):
    run = table.parent / "plain-run"
    options = {"model": "trees", "folds": 3, "progress": False, "drop": ["Amount"]}
    sy.train(table, "fraud", goal=sy.Costs(1, 9), out=run, **options)
    retune_run(run, goal=GOAL)
    study = sy.load(run)
    new = payments(seed=1)
    p = study.predict(new)["probability_yes"].to_numpy().astype(float)
    np.testing.assert_array_equal(flagged(study, new), p >= 5 / (5 + new["Amount"].to_numpy()))
    assert verify_run(run)["holds"]
    with pytest.raises(DataError, match="no column 'Loss'"):
        retune_run(run, goal=sy.Costs(5, "Loss"))


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pl.lit("unknown"), "holds text"),
        (pl.lit(None, pl.Float64), "no value in any row"),
        (pl.lit(0.0), "0 or less in every row"),
    ],
)
def test_what_is_no_amount_is_refused_before_training(column, words):
    from steelyard.errors import SteelyardError

    frame = payments(200).with_columns(Amount=column)
    with pytest.raises(SteelyardError, match=words):
        sy.train(frame, "fraud", model="trees", goal=GOAL, progress=False)


def test_judge_and_compare_agree_and_the_command_line_says_the_same(table, run, tmp_path):
    scored = payments().with_columns(p=pl.col("x").rank() / 1000)
    scored.write_csv(tmp_path / "scores.csv")
    words = "--target fraud --score p --cost-fp 5 --cost-fn Amount --json --positive yes"
    flags = words.split()
    result = run("judge", tmp_path / "scores.csv", *flags)
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    found = sy.judge(
        scored["fraud"].to_numpy(), {"p": scored["p"].to_numpy()}, goal=GOAL, positive="yes",
        amounts={"Amount": scored["Amount"].to_numpy()},
    )  # fmt: skip
    assert said["techniques"][0]["money"] == json.loads(
        json.dumps(found.run["techniques"][0]["money"])
    )
    with pytest.raises(DataError, match="the goal needs the column 'Amount'"):
        sy.judge(scored["fraud"].to_numpy(), {"p": scored["p"].to_numpy()}, goal=GOAL)
    wrong = run("judge", tmp_path / "scores.csv", *[f.replace("Amount", "Amont") for f in flags])
    assert wrong.exit_code == 1
    assert "there is no column 'Amont'" in wrong.stderr
