"""Where the trainings of a comparison are kept, and what comes of them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steelyard.comparison.drivers import drivers
from steelyard.comparison.final import deployed
from steelyard.comparison.judging import Judged
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.record import (
    Origin,
    ledger,
    predictions,
    record,
    uncorrected_frame,
    with_origin,
)
from steelyard.comparison.request import Request
from steelyard.comparison.segmented import segmented
from steelyard.errors import GoalError
from steelyard.jobs.job import Fitted
from steelyard.jobs.run import InMemoryStore, Progress
from steelyard.runs import Journal, save
from steelyard.runs.study import Study
from steelyard.tables import Table


def result_store(
    request: Request, asked: dict[str, Any], trainings: int
) -> AbstractContextManager[InMemoryStore | Journal]:
    """Where results of trainings go: a journal in the run directory, or memory without one."""
    if request.out is None:
        return nullcontext(InMemoryStore())
    return Journal(Path(request.out), asked, trainings)


@dataclass(frozen=True)
class Outcome:
    """What a comparison or a training came to.

    Attributes:
        contenders, others: what may be recommended, and the baselines beside it.
        chosen: the one of the contenders that is deployed.
        fitted: `chosen` trained on all rows.
        beside: what importance is told of, by name: `chosen`, and the reference where that is
            another.
    """

    contenders: list[Judged]
    others: list[Judged]
    verdict: dict[str, Any]
    chosen: Judged
    fitted: Fitted
    beside: Sequence[tuple[str, Fitted]]


def finished(
    outcome: Outcome,
    table: Table,
    protocol: Protocol,
    asked: dict[str, Any],
    origin: Origin,
    store: InMemoryStore | Journal,
    left_out: Sequence[str] | None = None,
) -> Study:
    """The study of an outcome: its record, predictions, ledger and model; saved where asked for."""
    one, chosen = outcome, outcome.chosen
    run = record(
        table, protocol, one.contenders, one.others, one.verdict, chosen, store.finished, asked
    )
    run["importance"] = drivers(table, protocol, chosen, one.beside, keep_rows=origin.keep_rows)
    run["segments"] = segmented(protocol, chosen, origin.segments)
    run = with_origin(run, origin)
    study = Study(
        run if left_out is None else run | {"left_out": left_out},
        predictions=predictions(table.row_ids, table.schema.classes, protocol, one.contenders),
        uncorrected=uncorrected_frame(table, protocol, [*one.contenders, *one.others]),
        ledger=ledger(store.finished),
        model=deployed(table, one.fitted, chosen, run),
    )
    if isinstance(store, Journal):
        save(study, store.run)
        store.close()
    return study


def check_reach(chosen: Judged, protocol: Protocol, store: InMemoryStore | Journal) -> None:
    """GoalError where the technique to deploy has no threshold that serves the goal."""
    if chosen.out_of_reach and not protocol.goal.takes_closest:
        kept = ""
        if isinstance(store, Journal):
            kept = f"; the trainings are kept in {store.run}: only the goal has to change"
        raise GoalError(f"{chosen.technique.name}: {chosen.out_of_reach}{kept}")


def part_of(progress: Progress | None, start: float, share: float) -> Progress | None:
    """Progress of one phase as a part of the whole, so that the remaining time is the whole's."""
    if progress is None:
        return None
    return lambda done, total, what: progress(start + share * done / total, 1.0, what)
