"""The main job: compare techniques on one table, decide honestly, train what is recommended."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from steelyard._memory import limited
from steelyard._progress import reporting
from steelyard._version import __version__
from steelyard.comparison.baselines import (
    baseline_probabilities,
    baseline_tasks,
    code_of,
    trainer_of,
)
from steelyard.comparison.budget import Plan, planned, seconds_of
from steelyard.comparison.final import deployed, fit_on_all
from steelyard.comparison.judging import Judged, Protocol, judge, judge_all
from steelyard.comparison.need import check_reading, check_training
from steelyard.comparison.record import (
    Origin,
    ledger,
    predictions,
    record,
    uncorrected_frame,
    verdict_on,
    with_origin,
)
from steelyard.decision import Goal, as_goal, check_enough_rows, check_goal
from steelyard.errors import GoalError, RequestError
from steelyard.inspection.measure import positive_code
from steelyard.inspection.resampled import warn_if_resampled
from steelyard.jobs.folds import make_splits
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
from steelyard.runs import Journal, save
from steelyard.runs.study import Study
from steelyard.stats.metrics import check_ranks
from steelyard.tables import Table, check_learnable, read_table
from steelyard.techniques import Technique, choose, get

DEFAULT_METRIC = "average_precision"
DEFAULT_MODEL = "blend"
TRAINING, JUDGING = 0.85, 0.1  # shares of the time; the rest trains the final model


def compare(
    data: Any,
    target: str | None = None,
    *,
    techniques: str | list[str | Technique] = "default",
    model: str | Callable[[int, int], Any] = DEFAULT_MODEL,
    folds: int = 5,
    repeats: int = 2,
    group: str | None = None,
    time_column: str | None = None,
    drop: Sequence[str] = (),
    positive: Any = None,
    positive_name: str | None = None,
    metric: str = DEFAULT_METRIC,
    goal: Goal | str | None = None,
    seed: int = 0,
    budget: str | float | None = None,
    memory: str | int | None = None,
    out: str | Path | None = None,
    progress: Progress | bool | None = True,
) -> Study:
    """Compare techniques on the same folds and train the recommended one on all rows.

    Args:
        data: a path, folder or glob of CSV or Parquet, a pandas, polars or Arrow frame, or a
            tuple of arrays (X, y); see `steelyard.tables.read_table`; or a `Table` read by it.
        target: column that holds the class.
        techniques: "default", names (`steelyard techniques` lists them; "default,seesaw" adds
            one), or `Technique` objects; `plain` is always among them.
        model: "blend" (mean of network and trees), "tabular" (the network), "trees",
            "FILE.py:FUNCTION", or a function (inputs, classes) -> Keras model with logits out.
        folds, repeats: stratified k-fold, shuffled anew each repeat.
        group: column whose groups never stand on both sides of a split.
        time_column: column to split by: train on the past, test on what follows.
        drop: columns to leave out.
        positive: class of interest; by default the rarest.
        positive_name: a word for it in texts and pages, where its label is none, such as 1.
        metric: what techniques are ranked by: a ranking or proper metric, never a thresholded one.
        goal: what the threshold is tuned to, or the name of a metric to maximise; by default
            balanced accuracy.
        seed: the same seed gives the same result.
        budget: time to keep to, "10m" or seconds: repeats, folds, members of the model and
            techniques are cut, in this order, until the rest fits; `study.run["left_out"]` says
            which. Which of them fit depends on the machine; without it nothing is cut.
        memory: what the process keeps to, "4G" or bytes; by default 80 % of what is free. Packs
            shrink and large tables are encoded as they are asked for; what still would not fit is
            refused before it starts.
        out: directory to write while working; a killed run goes on where it was.
        progress: True shows how far it is, on stderr or in the notebook; False is silent; or a
            function that is called with (done, total, what).
    Returns: a Study.
    Raises: SteelyardError: the data or the request cannot be used; the message says what to do.
    """
    request = _Request(
        target,
        folds,
        repeats,
        group,
        time_column,
        tuple(drop),
        positive,
        metric,
        as_goal(goal),
        seed,
        out,
    )
    request = replace(request, positive_name=positive_name)
    chosen = choose(techniques)
    everything = techniques == "default"
    with limited(memory), reporting(progress, "comparing") as report:
        return _compare(
            data, chosen, model, request, report, may_leave_out=everything, budget=budget
        )


def train(
    data: Any,
    target: str | None = None,
    *,
    technique: str | Technique = "plain",
    model: str | Callable[[int, int], Any] = DEFAULT_MODEL,
    folds: int = 5,
    group: str | None = None,
    time_column: str | None = None,
    drop: Sequence[str] = (),
    positive: Any = None,
    positive_name: str | None = None,
    goal: Goal | str | None = None,
    seed: int = 0,
    memory: str | int | None = None,
    out: str | Path | None = None,
    progress: Progress | bool | None = True,
) -> Study:
    """Train one technique on all rows, without the comparison; arguments as in `compare`.

    The built-in models train once: every member holds out an eighth of the rows, and what it
    predicts for them gives calibration, threshold and metrics. These are metrics of single members;
    the model, their mean, does somewhat better. Where no member can hold out some rows (an own
    model, time order, a class of fewer than eight rows), `folds` are trained besides.
    """
    request = _Request(
        target,
        folds,
        1,
        group,
        time_column,
        tuple(drop),
        positive,
        DEFAULT_METRIC,
        as_goal(goal),
        seed,
        out,
    )
    request = replace(request, positive_name=positive_name)
    chosen = get(technique) if isinstance(technique, str) else technique
    with limited(memory), reporting(progress, "training") as report:
        return _train(data, chosen, model, request, report)


@dataclass(frozen=True)
class _Request:
    target: str | None
    folds: int
    repeats: int
    group: str | None
    time: str | None
    drop: tuple[str, ...]
    positive: Any
    metric: str
    goal: Goal
    seed: int
    out: str | Path | None
    positive_name: str | None = None


def _compare(
    data: Any,
    techniques: list[Technique],
    model: str | Callable[[int, int], Any],
    request: _Request,
    progress: Progress | None,
    *,
    may_leave_out: bool,
    budget: str | float | None,
) -> Study:
    started = time.monotonic()
    limit = None if budget is None else started + seconds_of(budget)
    table = _table(data, request)
    trainer = trainer_of(model)  # loads TensorFlow: a table that cannot be used is refused before
    check_training(table)
    techniques, left_out = _trainable(techniques, trainer, table, may_leave_out=may_leave_out)
    plan = Plan(trainer.for_table(table), techniques, request.folds, request.repeats, left_out)
    if limit is not None:

        def protocol_of(folds: int, repeats: int) -> Protocol:
            return _protocol(table, replace(request, folds=folds, repeats=repeats))

        plan = planned(plan, table, protocol_of, request.seed, limit)
    request = replace(request, folds=plan.folds, repeats=plan.repeats)
    protocol = _protocol(table, request)
    asked = _asked(table, list(plan.techniques), plan.trainer, request) | code_of(model)
    with _result_store(request, asked, plan.jobs) as store:
        origin = Origin(request.positive_name, started)
        return _compared(table, plan, protocol, asked, origin, store, progress)


def _compared(
    table: Table,
    plan: Plan,
    protocol: Protocol,
    asked: dict[str, Any],
    origin: Origin,
    store: InMemoryStore | Journal,
    progress: Progress | None,
) -> Study:
    """Train what is left, judge, decide, train the final model, save."""
    run_jobs(
        table,
        protocol.splits,
        [TrainingTask(plan.trainer, plan.techniques), *baseline_tasks(plan.trainer, table)],
        seed=protocol.seed,
        store=store,
        progress=_part(progress, 0.0, TRAINING),
    )
    judging = _part(progress, TRAINING, JUDGING)
    by_technique = [
        (one, uncorrected_probabilities(one, protocol.splits, protocol.seed, store))
        for one in plan.techniques
    ]
    by_technique += baseline_probabilities(plan.trainer, protocol, store)
    judged = judge_all(by_technique, protocol, judging)
    contenders, others = judged[: len(plan.techniques)], judged[len(plan.techniques) :]
    verdict = verdict_on(contenders, protocol)
    chosen = next(one for one in contenders if one.technique.name == verdict["recommended"])
    _check_reach(chosen, protocol, store)
    last = _part(progress, TRAINING + JUDGING, 1 - TRAINING - JUDGING)
    fitted = fit_on_all(table, plan.trainer, chosen.technique, protocol.seed, last)
    run = record(table, protocol, contenders, others, verdict, chosen, store.finished, asked)
    run = with_origin(run, origin)
    study = Study(
        run | {"left_out": plan.left_out},
        predictions=predictions(table.row_ids, table.schema.classes, protocol, contenders),
        uncorrected=uncorrected_frame(table, protocol, by_technique),
        ledger=ledger(store.finished),
        model=deployed(table, fitted, chosen, run),
    )
    _save(study, store)
    return study


def _train(
    data: Any,
    technique: Technique,
    model: str | Callable[[int, int], Any],
    request: _Request,
    progress: Progress | None,
) -> Study:
    started = time.monotonic()
    table = _table(data, request)
    trainer = trainer_of(model)
    check_training(table)
    _trainable([technique], trainer, table, may_leave_out=False)
    trainer = trainer.for_table(table)
    # In time order a validation fold would be judged by members that saw what came after it.
    own_folds = out_of_bag_splits(table, request.seed) if table.times is None else []
    out_of_bag = bool(own_folds) and trainer.holds_all
    if out_of_bag:
        request = replace(request, folds=len(own_folds))
    protocol = _protocol(table, request)
    if out_of_bag:
        protocol = replace(protocol, splits=own_folds)
    asked = _asked(table, [technique], trainer, request) | code_of(model)
    asked["out_of_bag"] = out_of_bag
    with _result_store(request, asked, len(protocol.splits)) as store:
        origin = Origin(request.positive_name, started)
        return _trained(table, trainer, technique, protocol, asked, origin, store, progress)


def _trained(
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
            progress=_part(progress, 0.0, TRAINING),
        )
        last = _part(progress, TRAINING, 1 - TRAINING)
        fitted = fit_on_all(table, trainer, technique, protocol.seed, last)
    by_technique = uncorrected_probabilities(technique, protocol.splits, protocol.seed, store)
    judged = judge(technique, by_technique, protocol)
    _check_reach(judged, protocol, store)
    verdict = verdict_on([judged], protocol)
    run = record(table, protocol, [judged], [], verdict, judged, store.finished, asked)
    run = with_origin(run, origin)
    study = Study(
        run,
        predictions=predictions(table.row_ids, table.schema.classes, protocol, [judged]),
        uncorrected=uncorrected_frame(table, protocol, [(technique, by_technique)]),
        ledger=ledger(store.finished),
        model=deployed(table, fitted, judged, run),
    )
    _save(study, store)
    return study


def _table(data: Any, request: _Request) -> Table:
    check_ranks(request.metric)
    if isinstance(data, Table):
        table = data
    else:
        check_reading(data)
        table = read_table(
            data, request.target, group=request.group, time=request.time, drop=request.drop
        )
    check_learnable(table)
    warn_if_resampled(table)
    return table


def _result_store(
    request: _Request, asked: dict[str, Any], trainings: int
) -> AbstractContextManager[InMemoryStore | Journal]:
    if request.out is None:
        return nullcontext(InMemoryStore())
    return Journal(Path(request.out), asked, trainings)


def _save(study: Study, store: InMemoryStore | Journal) -> None:
    if isinstance(store, Journal):
        save(study, store.run)
        store.close()


def _trainable(
    techniques: list[Technique], trainer: Trainer, table: Table, *, may_leave_out: bool
) -> tuple[list[Technique], list[str]]:
    """Techniques that this model can train on this table, and why the others were left out.

    What was asked for by name is never left out in silence: it is refused.
    """
    schema = table.schema
    columns = {"numbers": len(schema.numbers), "categories": len(schema.categories)}
    reasons = {
        one.name: one.unfit(**columns, classes=len(schema.classes)) or trainer.refuses(one)
        for one in techniques
    }
    left_out = [reason for reason in reasons.values() if reason]
    if left_out and not may_leave_out:
        raise RequestError(f"{left_out[0]}; or leave it out of `techniques`")
    return [one for one in techniques if not reasons[one.name]], left_out


def _check_reach(chosen: Judged, protocol: Protocol, store: InMemoryStore | Journal) -> None:
    """GoalError where the technique to deploy has no threshold that serves the goal."""
    if chosen.out_of_reach and not protocol.goal.takes_closest:
        kept = ""
        if isinstance(store, Journal):
            kept = f"; the trainings are kept in {store.run}: only the goal has to change"
        raise GoalError(f"{chosen.technique.name}: {chosen.out_of_reach}{kept}")


def _asked(
    table: Table, techniques: list[Technique], trainer: Trainer, request: _Request
) -> dict[str, Any]:
    """All that training depends on: a journal of another request is not continued.

    Goal, metric and positive class are no part of it, so they can be changed without training.
    """
    kept = ("target", "folds", "repeats", "group", "time", "seed")
    return {key: getattr(request, key) for key in kept} | {
        "steelyard": __version__,
        "sha256": table.source.sha256,
        "techniques": [technique.to_dict() for technique in techniques],
        "model": trainer.name,
        "drop": list(request.drop),
    }


def _protocol(table: Table, request: _Request) -> Protocol:
    classes = table.schema.classes
    positive = positive_code(classes, table.class_counts, request.positive)
    check_goal(request.goal, len(classes))
    check_enough_rows(request.goal, int(table.class_counts[positive]), len(table.y))
    splits = make_splits(
        table.y,
        folds=request.folds,
        repeats=1 if table.times is not None else request.repeats,
        seed=request.seed,
        classes=classes,
        groups=table.groups,
        times=table.times,
    )
    goal, metric = request.goal, request.metric
    return Protocol(
        table.y, splits, positive, goal, metric, table.groups, request.seed, labels=classes
    )


def _part(progress: Progress | None, start: float, share: float) -> Progress | None:
    """Progress of one phase as a part of the whole, so that the remaining time is the whole's."""
    if progress is None:
        return None
    return lambda done, total, what: progress(start + share * done / total, 1.0, what)
