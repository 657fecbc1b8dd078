"""Train: one technique on all rows, with honest figures beside it."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from steelyard.comparison.baselines import code_of, trainer_of
from steelyard.comparison.final import fit_on_all
from steelyard.comparison.judging import judge
from steelyard.comparison.need import check_training
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.record import Origin, verdict_on
from steelyard.comparison.request import Request, asked_for, protocol_of, table_of, trainable
from steelyard.comparison.results import Outcome, check_reach, finished, part_of, result_store
from steelyard.comparison.segmented import parts_of
from steelyard.comparison.spreading import spread
from steelyard.jobs.job import Fitted, Job, Trainer
from steelyard.jobs.run import (
    InMemoryStore,
    Progress,
    TrainingTask,
    keep_out_of_bag,
    run_jobs,
    uncorrected_probabilities,
)
from steelyard.models.members import out_of_bag_splits
from steelyard.runs import Journal
from steelyard.runs.study import Study
from steelyard.tables import Table
from steelyard.techniques import Technique

TRAINING = 0.85  # share of the time; the rest trains the final model


def run_training(
    data: Any,
    technique: Technique,
    model: str | Callable[[int, int], Any],
    request: Request,
    progress: Progress | None,
) -> Study:
    """As `main_job.train`, of a request that was read."""
    started = time.monotonic()
    table = table_of(data, request, progress)
    cut = parts_of(data, request, table)
    check_training(table)
    trainer = trainer_of(model)
    trainable([technique], trainer, table, may_leave_out=False)
    trainer = trainer.for_table(table)
    # In time order a validation fold would be judged by members that saw what came after it.
    own_folds = out_of_bag_splits(table, request.seed) if table.times is None else []
    out_of_bag = bool(own_folds) and trainer.holds_all
    if out_of_bag:
        request = replace(request, folds=len(own_folds))
    protocol = protocol_of(table, request)
    if out_of_bag:
        protocol = replace(protocol, splits=own_folds)
    asked = asked_for(table, [technique], trainer, request) | code_of(model)
    asked["out_of_bag"] = out_of_bag
    with result_store(request, asked, len(protocol.splits)) as store:
        origin = Origin(request.positive_name, started, request.keep_rows, cut)
        if out_of_bag:
            fitted = _fit_out_of_bag(table, trainer, technique, protocol, store, progress)
        else:
            run_jobs(
                table,
                protocol.splits,
                spread([TrainingTask(trainer, [technique])], request.executor),
                seed=protocol.seed,
                store=store,
                progress=part_of(progress, 0.0, TRAINING),
            )
            last = part_of(progress, TRAINING, 1 - TRAINING)
            fitted = fit_on_all(table, trainer, technique, protocol.seed, last)
        return _finish(table, technique, fitted, protocol, asked, origin, store)


def _fit_out_of_bag(
    table: Table,
    trainer: Trainer,
    technique: Technique,
    protocol: Protocol,
    store: InMemoryStore | Journal,
    progress: Progress | None,
) -> Fitted:
    """The model on all rows; what its members say of the rows they held out goes into the store."""
    start = time.perf_counter()
    fitted = fit_on_all(table, trainer, technique, protocol.seed, progress)
    jobs = [Job(technique, split, protocol.seed) for split in protocol.splits]
    keep_out_of_bag(fitted, jobs, time.perf_counter() - start, table, store)
    return fitted


def _finish(
    table: Table,
    technique: Technique,
    fitted: Fitted,
    protocol: Protocol,
    asked: dict[str, Any],
    origin: Origin,
    store: InMemoryStore | Journal,
) -> Study:
    uncorrected = uncorrected_probabilities(technique, protocol.splits, protocol.seed, store)
    judged = judge(technique, uncorrected, protocol)
    check_reach(judged, protocol, store)
    verdict = verdict_on([judged], protocol)
    outcome = Outcome([judged], [], verdict, judged, fitted, [(technique.name, fitted)])
    return finished(outcome, table, protocol, asked, origin, store)
