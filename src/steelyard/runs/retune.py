"""A finished comparison with a new decision in its model."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from steelyard._memory import limited
from steelyard._seeds import check_seed
from steelyard.decision import Goal, Threshold, as_goal, goal_from_dict
from steelyard.errors import RequestError
from steelyard.runs.decision_counts import decision_counts, decision_money
from steelyard.runs.needed_columns import with_columns
from steelyard.runs.new_decision import (
    natural_prior,
    new_decision,
    out_of_fold,
    stated_prior,
)
from steelyard.runs.unlabelled import new_rows, prior_taken

if TYPE_CHECKING:
    from steelyard.runs.study import Study


def retuned(
    study: "Study",
    *,
    prevalence: float | Mapping[Any, float] | None,
    unlabelled: Any,
    assume: str | None,
    goal: Goal | str | None,
    threshold: float | None,
    training: Any,
    seed: int,
) -> "Study":
    """The work of `Study.retune`; arguments as there."""
    from steelyard.models.deploy import about_decision, with_decision
    from steelyard.runs.study import Study

    check_seed(seed)
    if threshold is not None:
        if goal is not None:
            raise RequestError("`threshold` and a goal both say where to cut; give one of them")
        goal = Threshold(threshold)
    if prevalence is None and unlabelled is None and goal is None:
        raise RequestError(
            "nothing to change; give `prevalence`, `unlabelled` rows, a goal, or `threshold`"
        )
    if prevalence is not None and unlabelled is not None:
        raise RequestError(
            "prevalence and unlabelled rows both say what the class shares are; give one of them"
        )
    wanted = goal_from_dict(study.run["decision"]["goal"]) if goal is None else as_goal(goal)
    wanted = wanted.timed(study.run["protocol"]["time"])
    study = with_columns(study, wanted.columns, training)
    prior, changes = _prior(study, prevalence, unlabelled, assume, training, seed)
    rows = changes.get("unlabelled", study.run["decision"].get("unlabelled"))
    rule, decision = new_decision(study, prior=prior, goal=wanted, seed=seed, unlabelled=rows)
    natural = natural_prior(study.run)
    moved = not np.allclose(prior, natural, atol=1e-12)
    decision = decision | changes
    known = out_of_fold(study)
    decision |= {
        "counts": decision_counts(study.run, decision, known),
        "money": decision_money(study.run, decision, known),
    }
    today = dt.datetime.now(dt.UTC).date().isoformat()
    model = with_decision(
        study.model,
        rule,
        study.schema,
        prior=natural,
        deployed_on=prior if moved else None,
        about=about_decision(study.classes, study.run["data"]["positive"], decision, today),
    )
    run = study.run | {
        "decision": decision,
        "decision_as_compared": study.run.get("decision_as_compared", study.run["decision"]),
    }
    return Study(
        run,
        predictions=study.predictions,
        uncorrected=study.uncorrected,
        ledger=study.ledger,
        model=model,
    )


def retune_run(
    run: str | Path, *, verify: bool = True, memory: str | int | None = None, **changes: Any
) -> dict[str, Any]:
    """`Study.retune` on a run directory; returns run.json's new content.

    The run holds the old decision as a whole or the new one. `verify`: it must be as it was sealed.
    `memory`: what the process keeps to, "4G" or bytes; by default 80 % of what is free.
    """
    from steelyard.runs.store import load, locked, read_run, save_decision

    read_run(run, verify=verify)  # before a lock is put into what may be no run
    with limited(memory), locked(run):
        study = load(run, verify=verify).retune(**changes)
        save_decision(study, Path(run))
    return study.run


def warnings_of(found: dict[str, Any], *, compared: bool) -> list[str]:
    """What `new_rows` found that the user should know, in words."""
    said = list(found["estimate"]["notes"])
    features, scores = found["features"], found["scores"]
    label = found["readings"]["label"]
    if features and features["moved"] and features["auc"] < 0.5:
        said.append(
            f"new rows repeat old ones (ROC-AUC of new against old {features['auc']:.3f}, "
            f"{features['low']:.3f} to {features['high']:.3f}, below one half): they are copies"
        )
    elif features and features["moved"]:
        said.append(
            "the rows themselves moved, not only their class shares: a classifier tells new from "
            f"old ones of equal shares (ROC-AUC {features['auc']:.3f}, {features['low']:.3f} to "
            f"{features['high']:.3f}; .5 is not at all), so shares and probabilities may be wrong; "
            "label some new rows and look with steelyard evaluate"
        )
    elif not label["fits"]:
        said.append(
            f"the rows themselves moved, not only their class shares: {label['where']} lies "
            f"{abs(label['gap']):.2g} of its standard deviations from any mix of the old classes "
            f"(p {label['p_value']:.2g}); label some new rows and look with steelyard evaluate"
        )
    if scores["psi"] > max(SCORES_MOVED, scores["chance"]):
        said.append(
            f"the scores are spread unlike those of any mix of the classes (stability index "
            f"{scores['psi']:.2f}, by chance up to {scores['chance']:.2f})"
        )
    if not compared:
        said.append(
            "the features were not compared: the table of the run is not at its place any more"
        )
    elif features is None:
        said.append("the features were not compared: too few rows of one side")
    return said


# The usual reading of the population stability index: above .1 look, above .2 act.
SCORES_MOVED = 0.2


def _prior(
    study: "Study", prevalence: Any, unlabelled: Any, assume: str | None, training: Any, seed: int
) -> tuple[np.ndarray, dict[str, Any]]:
    """The new class shares, and what run.json says about where they come from."""
    if assume is not None and unlabelled is None:
        raise RequestError("`assume` says how unlabelled rows are read; give `unlabelled` too")
    if prevalence is not None:
        changes: dict[str, Any] = {"prior_from": "stated", "unlabelled": None, "warnings": []}
        return stated_prior(study.run, prevalence), changes
    if unlabelled is None:
        return np.array(study.run["decision"]["prior"]), {}
    from steelyard.runs.training_table import training_table

    table = training_table(study.run, training)
    found = new_rows(study, unlabelled, training=table, seed=seed)
    prior, said = prior_taken(study, found, assume)
    reading = assume or ("label" if found["readings"]["conclusion"] == "label" else "same")
    if assume is not None:
        taken = {name: found["readings"][assume][name] for name in ("prior", "low", "high")}
        found["estimate"] |= taken
    warnings = [*said, *warnings_of(found, compared=table is not None)]
    found |= {"taken": reading}
    if assume != "features":
        del found["score_weights"]
    return prior, {"prior_from": "unlabelled", "unlabelled": found, "warnings": warnings}
