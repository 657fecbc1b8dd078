"""Compare: train every technique on the same folds, judge, decide, train what is recommended."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from steelyard.comparison.baselines import (
    baseline_probabilities,
    baseline_tasks,
    code_of,
    trainer_of,
)
from steelyard.comparison.budget import Plan, planned, seconds_of
from steelyard.comparison.final import fit_on_all
from steelyard.comparison.judging import Judged, judge_all
from steelyard.comparison.need import check_training
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.record import Origin, verdict_on
from steelyard.comparison.request import Request, asked_for, protocol_of, table_of, trainable
from steelyard.comparison.results import Outcome, check_reach, finished, part_of, result_store
from steelyard.comparison.segmented import parts_of
from steelyard.comparison.spreading import spread
from steelyard.jobs.job import Fitted
from steelyard.jobs.run import (
    InMemoryStore,
    Progress,
    TrainingTask,
    run_jobs,
    uncorrected_probabilities,
)
from steelyard.runs import Journal
from steelyard.runs.study import Study
from steelyard.tables import Table
from steelyard.techniques import Technique

# shares of the time; the rest trains the final model
TRAINING, JUDGING = 0.85, 0.1


def run_comparison(
    data: Any,
    techniques: list[Technique],
    model: str | Callable[[int, int], Any],
    request: Request,
    progress: Progress | None,
    *,
    may_leave_out: bool,
    budget: str | float | None,
) -> Study:
    """As `main_job.compare`, of a request that was read."""
    started = time.monotonic()
    limit = None if budget is None else started + seconds_of(budget)
    table = table_of(data, request, progress)
    cut = parts_of(data, request, table)
    check_training(table)
    trainer = trainer_of(model)  # loads TensorFlow: a table that cannot be used is refused before
    techniques, left_out = trainable(techniques, trainer, table, may_leave_out=may_leave_out)
    trainer = trainer.for_table(table, techniques)
    plan = Plan(trainer, techniques, request.folds, request.repeats, left_out)
    if limit is not None:

        def protocol_with(folds: int, repeats: int) -> Protocol:
            return protocol_of(table, replace(request, folds=folds, repeats=repeats))

        plan = planned(plan, table, protocol_with, request.seed, limit)
    request = replace(request, folds=plan.folds, repeats=plan.repeats)
    protocol = protocol_of(table, request)
    asked = asked_for(table, list(plan.techniques), plan.trainer, request) | code_of(model)
    with result_store(request, asked, plan.jobs) as store:
        origin = Origin(request.positive_name, started, request.keep_rows, cut)
        tasks = [TrainingTask(plan.trainer, plan.techniques), *baseline_tasks(plan.trainer, table)]
        run_jobs(
            table,
            protocol.splits,
            spread(tasks, request.executor),
            seed=protocol.seed,
            store=store,
            progress=part_of(progress, 0.0, TRAINING),
        )
        return _finish(table, plan, protocol, asked, origin, store, progress)


def _finish(
    table: Table,
    plan: Plan,
    protocol: Protocol,
    asked: dict[str, Any],
    origin: Origin,
    store: InMemoryStore | Journal,
    progress: Progress | None,
) -> Study:
    """Judge what was trained, decide, train the final model, save."""
    judging = part_of(progress, TRAINING, JUDGING)
    judged = judge_all(_trained(plan, protocol, store), protocol, judging)
    contenders, others = judged[: len(plan.techniques)], judged[len(plan.techniques) :]
    verdict = verdict_on(contenders, protocol)
    chosen = next(one for one in contenders if one.technique.name == verdict["recommended"])
    check_reach(chosen, protocol, store)
    last = part_of(progress, TRAINING + JUDGING, 1 - TRAINING - JUDGING)
    fitted = fit_on_all(table, plan.trainer, chosen.technique, protocol.seed, last)
    by_name = _beside_reference(table, plan, protocol, chosen, fitted)
    outcome = Outcome(contenders, others, verdict, chosen, fitted, by_name)
    return finished(outcome, table, protocol, asked, origin, store, plan.left_out)


def _trained(
    plan: Plan, protocol: Protocol, store: InMemoryStore | Journal
) -> list[tuple[Technique, dict[str, np.ndarray]]]:
    """Uncorrected probabilities by split of each technique, then of the baselines."""
    found = [
        (one, uncorrected_probabilities(one, protocol.splits, protocol.seed, store))
        for one in plan.techniques
    ]
    return [*found, *baseline_probabilities(plan.trainer, protocol, store)]


def _beside_reference(
    table: Table, plan: Plan, protocol: Protocol, chosen: Judged, fitted: Fitted
) -> list[tuple[str, Fitted]]:
    """The deployed technique and, where it is another, the reference, both trained on all rows."""
    found = [(chosen.technique.name, fitted)]
    reference = next((one for one in plan.techniques if one.name == protocol.reference), None)
    if reference is not None and not reference.trains_as(chosen.technique):
        beside = fit_on_all(table, plan.trainer, reference, protocol.seed, None)
        found.append((reference.name, beside))
    return found
