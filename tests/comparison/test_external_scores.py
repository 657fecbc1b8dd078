"""`judge`: somebody else's scores, judged by the rules of a comparison, without TensorFlow."""

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score

import steelyard as sy
from steelyard.errors import DataError, RequestError, TargetError, WeightError
from steelyard.report import figures

ROWS = 4000
RNG = np.random.default_rng(0)
Y = (np.arange(ROWS) % 20 == 0).astype(int)
TODAY, NEW = RNG.normal(size=(2, ROWS)) + np.outer([0.8, 2.0], Y)
LOGIT = 2.0 * NEW - 2.0 + np.log(0.05 / 0.95)  # the true log odds of a normal score
P = 1 / (1 + np.exp(-LOGIT))


@pytest.fixture(scope="module")
def found():
    return sy.judge(Y, {"today": TODAY, "new": P}, goal=sy.Costs(fp=1, fn=9))


def metric(judgement, score, name):
    entry = next(one for one in judgement.run["techniques"] if one["name"] == score)
    return entry["metrics"][name]


def test_metrics_are_those_of_scikit_learn(found):
    for score, values in (("today", TODAY), ("new", P)):
        ap, auc = (metric(found, score, name)["value"] for name in ("average_precision", "roc_auc"))
        assert ap == pytest.approx(average_precision_score(Y, values), abs=0.02)
        assert auc == pytest.approx(roc_auc_score(Y, values), abs=0.02)
    # Probabilities are judged as they are, to the digits that float32 keeps.
    assert metric(found, "new", "average_precision")["value"] == pytest.approx(
        average_precision_score(Y, P), rel=1e-6
    )
    assert metric(found, "new", "log_loss")["value"] == pytest.approx(log_loss(Y, P), rel=1e-5)


def test_what_is_no_probability_is_said_and_calibrated(found):
    entry = found.run["techniques"][0]
    assert entry["about"].startswith("no probabilities")
    ratio = entry["metrics"]["observed_expected"]
    assert ratio["low"] <= 1.0 <= ratio["high"]


def test_the_verdict_names_the_better_score_and_a_copy_ties(found):
    assert found.verdict["winner"] == "new"
    assert found.verdict["reference"] == "today"
    copy = sy.judge(Y, {"a": P, "b": P})
    assert copy.verdict["recommended"] == "a"
    assert copy.verdict["reason"] in ("tie", "reference-best")


def test_a_threshold_from_costs_decides_by_the_formula(found):
    assert found.run["decision"]["rule"]["threshold"] == pytest.approx(0.1)


def test_fitted_classifiers_score_the_rows_given():
    X = np.column_stack([TODAY, NEW])
    model = LogisticRegression().fit(X[:2000], Y[:2000])
    by_model = sy.judge(Y[2000:], {"lr": model}, X=X[2000:])
    by_hand = sy.judge(Y[2000:], {"lr": model.predict_proba(X[2000:])[:, 1]})
    assert by_model.run["techniques"][0]["metrics"] == by_hand.run["techniques"][0]["metrics"]


def test_several_classes_strings_groups_and_time():
    y = np.array(["a", "b", "c"])[(np.arange(ROWS) % 10 == 0) + 2 * (np.arange(ROWS) % 7 == 1)
                                  - (np.arange(ROWS) % 70 == 50)]  # fmt: skip
    p = RNG.dirichlet([2, 1, 1], ROWS)
    grouped = sy.judge(y, {"p": p}, groups=np.arange(ROWS) // 4)
    assert [entry["label"] for entry in grouped.run["data"]["classes"]] == ["a", "b", "c"]
    in_time = sy.judge(Y, {"new": P}, time=np.arange(ROWS))
    assert in_time.run["protocol"]["scored_rows"] < ROWS


def test_the_command_says_the_same_and_leaves_a_page(run, tmp_path, found):
    pl.DataFrame({"y": Y, "today": TODAY, "new": P}).write_parquet(tmp_path / "scores.parquet")
    out = tmp_path / "out"
    words = ["judge", tmp_path / "scores.parquet", "--target", "y", "--out", out]
    words += ["--score", "today", "--score", "new", "--cost-fp", "1", "--cost-fn", "9", "--json"]
    result = run(*map(str, words))
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    assert said["techniques"] == json.loads(json.dumps(found.run["techniques"]))
    page = (out / "report.html").read_text()
    assert "steelyard judge" in page
    assert "retune" not in page.split("<script")[0]
    assert len(pl.read_parquet(out / "predictions.parquet")) == 2 * ROWS


def test_no_tensorflow():
    code = (
        "import sys, numpy as np, steelyard as sy\n"
        "y = np.arange(400) % 4 == 0\n"
        "sy.judge(y, {'p': np.where(y, .6, .2)}).to_html()\n"
        "sys.exit(3 + ('tensorflow' in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 3


@pytest.mark.parametrize(
    ("y", "scores", "options", "error", "says"),
    [
        (Y, {}, {}, RequestError, "no scores"),
        (Y, {"a": P[:-1]}, {}, DataError, "one per row"),
        (Y, {"a": np.where(P > 0.5, np.nan, P)}, {}, DataError, "missing or infinite"),
        (Y, {"a": np.eye(3)[Y]}, {}, DataError, "3 columns for 2"),
        (Y, {"a": np.column_stack([P, P])}, {}, DataError, "sum to 1"),
        (Y, {"a": P}, {"reference": "b"}, RequestError, "none of the scores"),
        (Y, {"a": P}, {"metric": "f1"}, RequestError, "cannot rank"),
        (Y, {"a": P}, {"groups": [1]}, DataError, "one per row"),
        (Y, {"a": LogisticRegression()}, {}, RequestError, "X="),
        (np.zeros(ROWS), {"a": P}, {}, TargetError, "two classes"),
    ],
)
def test_what_cannot_be_judged_is_one_clear_line(y, scores, options, error, says):
    with pytest.raises(error, match=says):
        sy.judge(y, scores, **options)


def test_weighted_rows_are_judged_as_the_population_they_stand_for():
    rng = np.random.default_rng(0)
    rows = 60_000
    p = 1 / (1 + np.exp(4 - 1.5 * rng.normal(size=rows)))
    y = (rng.random(rows) < p).astype(int)
    chance = np.where(y == 1, 1.0, 0.1)
    kept = rng.random(rows) < chance
    options = {"goal": sy.Costs(1, 20), "folds": 3}
    found = sy.judge(y[kept], {"new": p[kept]}, sample_weight=1 / chance[kept], **options)
    whole = sy.judge(y, {"new": p}, **options)
    for name in ("average_precision", "observed_expected", "recall", "normalized_cost"):
        ours, theirs = (metric(one, "new", name) for one in (found, whole))
        assert ours["low"] <= theirs["high"]
        assert theirs["low"] <= ours["high"]
    assert found.run["decision"]["prior"] == pytest.approx(whole.run["decision"]["prior"], rel=0.1)
    assert "Rows are weighted" in found.to_html()
    for wrong in (-chance[kept], np.zeros(kept.sum()), [1.0]):
        with pytest.raises(WeightError):
            sy.judge(y[kept], {"new": p[kept]}, sample_weight=wrong)


def test_true_probabilities_from_elsewhere_hold_one_with_the_chance_of_prevalence():
    """A model of other rows does not know how many positives are here, whatever the folds."""
    held, tables = 0, 25
    for seed in range(tables):
        rng = np.random.default_rng(seed)
        p = 1 / (1 + np.exp(3.5 - 1.5 * rng.normal(size=1000)))
        judged = sy.judge((rng.random(1000) < p).astype(int), {"vendor": p}, goal=sy.Costs(1, 9))
        ratio = metric(judged, "vendor", "observed_expected")
        held += ratio["low"] <= 1.0 <= ratio["high"]
    assert held >= 21


def test_where_costs_differ_by_row_the_cheaper_score_wins_though_it_finds_fewer():
    rng = np.random.default_rng(0)
    amount = rng.lognormal(3, 1.5, ROWS)
    p = 1 / (1 + np.exp(3 - 2 * rng.normal(size=ROWS)))
    y = (rng.random(ROWS) < p).astype(int)
    large = amount > np.quantile(amount, 0.8)  # each knows nothing of the others' rows
    scores = {"many": np.where(large, p.mean(), p), "dear": np.where(large, p, p.mean())}
    asked = {"goal": sy.Costs(100, "Amount"), "amounts": {"Amount": amount}}
    by_count = sy.judge(y, scores, metric="average_precision", reference="dear", **asked)
    assert by_count.verdict["winner"] == "many"
    found = sy.judge(y, scores, **asked)
    assert found.verdict["metric"] == "normalized_cost"
    assert found.verdict["winner"] == "dear"
    # What is saved is the difference in what both paid, row by row, in their paired test.
    paid = [entry["money"]["cost_per_row"]["value"] for entry in found.run["techniques"]]
    saved = figures.saved_on_reference(found.run)["dear"]
    assert saved["value"] == pytest.approx(1000 * (paid[0] - paid[1]))
    assert 0 < saved["low"] < saved["value"] < saved["high"]
    assert "Saved against many" in found.to_html()
    assert "saved" in str(found)
    alike = sy.judge(y, scores, goal=sy.Costs(10, 100), metric="normalized_cost", reference="dear")
    assert alike.verdict["winner"] == "many"
