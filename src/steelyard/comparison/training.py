"""Train: one technique on all rows, with honest figures beside it."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from steelyard.comparison.baselines import (
    code_of,
    trainer_of,
)
from steelyard.comparison.drivers import drivers
from steelyard.comparison.final import deployed, fit_on_all
from steelyard.comparison.judging import judge
from steelyard.comparison.need import check_training
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.record import (
    Origin,
    ledger,
    predictions,
    record,
    uncorrected_frame,
    verdict_on,
    with_origin,
)
from steelyard.comparison.request import Request, asked_for, protocol_of, table_of, trainable
from steelyard.comparison.results import check_reach, part_of, result_store, save_finished
from steelyard.comparison.segmented import parts_of, segmented
from steelyard.jobs.job import Job, Trainer
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
        return _finish(table, trainer, technique, protocol, asked, origin, store, progress)


def _finish(
    table: Table,
    trainer: Trainer,
    technique: Technique,
    protocol: Protocol,
    asked: dict[str, Any],
    origin: Origin,
    store: InMemoryStore | Journal,
    progress: Progress | None,
) -> Study:
    if asked["out_of_bag"]:
        start = time.perf_counter()
        fitted = fit_on_all(table, trainer, technique, protocol.seed, progress)
        jobs = [Job(technique, split, protocol.seed) for split in protocol.splits]
        keep_out_of_bag(fitted, jobs, time.perf_counter() - start, table, store)
    else:
        run_jobs(
            table,
            protocol.splits,
            [TrainingTask(trainer, [technique])],
            seed=protocol.seed,
            store=store,
            progress=part_of(progress, 0.0, TRAINING),
        )
        last = part_of(progress, TRAINING, 1 - TRAINING)
        fitted = fit_on_all(table, trainer, technique, protocol.seed, last)
    by_technique = uncorrected_probabilities(technique, protocol.splits, protocol.seed, store)
    judged = judge(technique, by_technique, protocol)
    check_reach(judged, protocol, store)
    verdict = verdict_on([judged], protocol)
    run = record(table, protocol, [judged], [], verdict, judged, store.finished, asked)
    by_name = [(technique.name, fitted)]
    run["importance"] = drivers(table, protocol, judged, by_name, keep_rows=origin.keep_rows)
    run["segments"] = segmented(protocol, judged, origin.segments)
    run = with_origin(run, origin)
    study = Study(
        run,
        predictions=predictions(table.row_ids, table.schema.classes, protocol, [judged]),
        uncorrected=uncorrected_frame(table, protocol, [(technique, by_technique)]),
        ledger=ledger(store.finished),
        model=deployed(table, fitted, judged, run),
    )
    save_finished(study, store)
    return study
