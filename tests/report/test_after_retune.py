"""The page of a run whose decision was made anew: it stands at the new threshold and prevalence."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import precision_score, recall_score
from test_numbers_on_the_page import text_of

from steelyard.decision import Costs, correct_prior, tune
from steelyard.report.page import to_html
from steelyard.runs.decision_counts import decision_counts
from steelyard.runs.new_decision import OutOfFold


@pytest.fixture
def retuned(binary):
    """The run retuned to a prevalence of 20 % and costs of 1 and 4; truth and its flags."""
    run, frame = binary
    kept = frame.filter(pl.col("technique") == run["decision"]["technique"])
    p = kept.select("probability_no", "probability_yes").cast(pl.Float64).to_numpy()
    y = (kept["truth"] == "yes").to_numpy()
    known = OutOfFold(p, y.astype(int), kept["row"].to_numpy(), kept["fold"].to_numpy())
    prior = [0.8, 0.2]
    moved = correct_prior(p, [840 / 900, 60 / 900], prior)
    tuned = tune(moved, y.astype(int), Costs(fp=1, fn=4), positive=1, deployed_on=prior)
    decision = run["decision"] | {
        "rule": tuned.rule.to_dict(),
        "tuned": tuned.to_dict(),
        "goal": Costs(fp=1, fn=4).to_dict(),
        "describe": Costs(fp=1, fn=4).describe(),
        "prior": prior,
        "prior_from": "stated",
    }
    decision |= {"counts": decision_counts(run, decision, known)}
    again = run | {"decision": decision, "decision_as_compared": run["decision"]}
    return again, y, moved[:, 1] >= tuned.rule.threshold


def test_counts_are_those_of_flagging_the_moved_probabilities(retuned):
    run, y, d = retuned
    counts = run["decision"]["counts"]
    assert counts["true_positives"] == (y & d).sum()
    assert counts["false_positives"] == (~y & d).sum()


def test_banner_and_answer_are_about_the_new_decision(retuned):
    run, y, d = retuned
    said = text_of(to_html(run))
    assert "Retuned." in said
    assert "where 20.0 % of the rows are yes" in said
    assert "flag yes from 20.0 % on" in said
    assert f"finds {100 * recall_score(y, d):.0f} of 100" in said
    caught, false = 0.2 * d[y].mean(), 0.8 * d[~y].mean()
    assert f"{100 * caught / (caught + false):.0f} of 100 (" in said
    assert f"{1000 * (caught + false):.0f} of 1,000 rows flagged" in said
    assert f"costs {1000 * (4 * (0.2 - caught) + false):,.0f} (" in said
    weights = np.where(y, 0.2 / y.mean(), 0.8 / (1 - y.mean()))
    assert precision_score(y, d, sample_weight=weights) == pytest.approx(caught / (caught + false))


def test_costs_stay_said_when_a_threshold_is_chosen_by_hand(retuned):
    run, _, _ = retuned
    by_hand = run["decision"] | {"goal": {"kind": "threshold", "p": 0.2}}
    costs = run["protocol"] | {"goal": {"kind": "costs", "fp": 1.0, "fn": 4.0}}
    said = text_of(to_html(run | {"decision": by_hand, "protocol": costs}))
    assert "a miss costs 4, a false alarm 1" in said
    assert "no costs were given" not in said


def test_the_explorer_opens_there(shown, retuned):
    run, _, _ = retuned
    page = shown(to_html(run))
    assert page.input_value("[name=prevalence]") == "20"
    assert page.input_value("[name=miss]") == "4"
    assert page.get_attribute("[data-jump=own]", "aria-pressed") == "true"
    assert "from 20.0 % on" in page.text_content("#said")
    # What the page says without a script is what the script says.
    row = page.locator("#explorer table.stack tbody tr").first.text_content()
    found = page.text_content("#said").split("finds ")[1].split(" cases")[0]
    assert found in row
