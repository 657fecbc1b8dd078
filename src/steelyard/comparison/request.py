"""What a comparison was asked for, checked against the table before anything is trained."""

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from steelyard._seeds import check_seed
from steelyard._version import __version__
from steelyard.comparison.need import rows_that_fit
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.ranking_metric import ranking_metric
from steelyard.decision import Alerts, Goal, check_enough_rows, check_goal, costs_by_row
from steelyard.errors import RequestError
from steelyard.executors import Executor, Serial
from steelyard.inspection.measure import positive_code
from steelyard.inspection.resampled import warn_if_resampled
from steelyard.jobs.folds import make_splits
from steelyard.jobs.job import Trainer
from steelyard.jobs.lag import lag_between
from steelyard.jobs.run import Progress
from steelyard.resample.drawn import drawn_table, rows_by_class
from steelyard.runs.journal import rows_of_unfinished
from steelyard.tables import Schema, Table, check_learnable, read_table
from steelyard.techniques import Technique

FEWEST_ROWS = 100  # that can be asked for
MOST_TOLD = 6  # classes in a note


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the user asked for; what each field means is said at `compare`."""

    target: str | None
    folds: int
    repeats: int
    group: str | None
    time: str | None
    delay: str | float | None = None
    gap: str | float | None = None
    weight: str | None
    missing_label: str
    drop: tuple[str, ...]
    positive: Any
    positive_name: str | None
    metric: str | None
    goal: Goal
    seed: int
    out: str | Path | None
    keep_rows: bool = True
    segments: tuple[str, ...] = ()
    rows: int | None = None
    executor: Executor = field(default_factory=Serial)

    def __post_init__(self) -> None:
        check_seed(self.seed)
        if self.out is not None and not isinstance(self.out, str | Path):
            raise RequestError(f"`out={self.out!r}`: give the path of a directory")


def table_of(data: Any, request: Request, progress: Progress | None = None) -> Table:
    """The table, or as many rows of it as were asked for or fit into memory."""
    ranking_metric(request.metric, request.goal)  # refused before anything is read
    table = data if isinstance(data, Table) else _read(data, request, progress)
    check_learnable(table)
    warn_if_resampled(table)
    return table


def _read(data: Any, request: Request, progress: Progress | None) -> Table:
    rows = request.rows or rows_of_unfinished(request.out) or rows_that_fit(data)
    options: dict[str, Any] = {
        "group": request.group,
        "time": request.time,
        "weight": request.weight,
        "drop": request.drop,
        "amounts": request.goal.columns,
    }
    if rows is None:
        return read_table(data, request.target, missing_label=request.missing_label, **options)
    _check_drawing(rows, request)
    table = drawn_table(
        data,
        "target" if request.target is None else request.target,
        partial(rows_by_class, rows=rows),
        seed=request.seed,
        cluster=request.executor,
        progress=progress,
        **options,
    )
    if table.population is None:
        return table
    told = _told(table, table.population.tolist())
    return replace(table, notes=(*table.notes, told))


def _check_drawing(rows: int, request: Request) -> None:
    """Refuse what cannot be drawn by class. Raises: RequestError."""
    if rows < FEWEST_ROWS:
        raise RequestError(f"`rows={rows}`: ask for {FEWEST_ROWS} or more, or leave it out")
    if request.missing_label == "keep":
        raise RequestError(
            "rows without a label are no class that rows are drawn of: give them a label of their "
            "own, leave `missing_label` out, or read all rows (a higher `memory`, no `rows`)"
        )


def _told(table: Table, population: list[int]) -> str:
    """What was drawn of a larger table, for people."""
    drawn = table.class_counts.tolist()
    parts = [
        f"{label}: all {whole:,}" if part == whole else f"{label}: {part:,} of {whole:,}"
        for label, part, whole in zip(table.schema.classes, drawn, population, strict=True)
    ]
    return (
        f"compared on {len(table.y):,} of {sum(population):,} rows, drawn by class "
        f"({'; '.join(parts[:MOST_TOLD])}{'; ...' if len(parts) > MOST_TOLD else ''}); each counts "
        "for as many rows of its class as it stands for, so figures, calibration and thresholds "
        "are those of all rows; models, plain among them, are trained on the drawn rows and their "
        "probabilities brought back to the class shares of all"
    )


def protocol_of(table: Table, request: Request) -> Protocol:
    """What the techniques are judged by: splits, positive class, goal, checked against the rows."""
    classes = table.schema.classes
    positive = positive_code(classes, table.weighted_counts, request.positive)
    check_goal(request.goal, len(classes))
    check_times(request.goal, table.schema)
    columns = table.amounts_of(request.goal.columns)
    costs_by_row(request.goal, columns, table.y == positive)  # refused before anything is trained
    lag = lag_between(table, request.delay, request.gap)
    splits = make_splits(
        table.y,
        folds=request.folds,
        repeats=1 if table.times is not None else request.repeats,
        seed=request.seed,
        classes=classes,
        groups=table.groups,
        times=table.times,
        lag=lag,
    )
    protocol = Protocol(
        table.y,
        splits,
        positive,
        request.goal,
        ranking_metric(request.metric, request.goal),
        table.groups,
        request.seed,
        labels=classes,
        weights=table.weights,
        columns=columns,
        lag=lag,
    )
    check_enough_rows(request.goal, protocol.positives, len(table.y))
    return protocol


def check_times(goal: Goal, schema: Schema) -> None:
    """GoalError where a budget by day meets a time column that holds no dates."""
    if isinstance(goal, Alerts) and goal.time is not None:
        known = {column.name: column.kind for column in schema.columns}
        goal.check_time(dates=known.get(goal.time) == "date")


def trainable(
    techniques: list[Technique], trainer: Trainer, table: Table, *, may_leave_out: bool
) -> tuple[list[Technique], list[str]]:
    """Techniques that this model can train on this table, and why the others were left out.

    What was asked for by name is never left out in silence: it is refused.
    """
    schema = table.schema
    of_table: dict[str, Any] = {
        "numbers": len(schema.numbers),
        "categories": len(schema.categories),
        "classes": len(schema.classes),
        "weighted": table.training_weights is not None,
    }
    reasons = {one.name: one.unfit(**of_table) or trainer.refuses(one) for one in techniques}
    left_out = [reason for reason in reasons.values() if reason]
    if left_out and not may_leave_out:
        raise RequestError(f"{left_out[0]}; or leave it out of `techniques`")
    return [one for one in techniques if not reasons[one.name]], left_out


def asked_for(
    table: Table, techniques: list[Technique], trainer: Trainer, request: Request
) -> dict[str, Any]:
    """All that training depends on: a journal of another request is not continued.

    Goal, metric and positive class are no part of it, so they can be changed without training.
    """
    kept = ("target", "folds", "repeats", "group", "time", "weight", "missing_label", "seed")
    late = {key: getattr(request, key) for key in ("delay", "gap") if getattr(request, key)}
    return (
        late
        | {key: getattr(request, key) for key in kept}
        | {
            "rows": None if table.population is None else len(table.y),
            "steelyard": __version__,
            "sha256": table.source.sha256,
            "techniques": [technique.to_dict() for technique in techniques],
            "model": trainer.name,
            "drop": list(request.drop),
        }
    )
