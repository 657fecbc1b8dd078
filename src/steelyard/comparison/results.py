"""Where the trainings of a comparison are kept, and what comes of them."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from steelyard.comparison.judging import Judged
from steelyard.comparison.protocol import Protocol
from steelyard.comparison.request import Request
from steelyard.errors import GoalError
from steelyard.jobs.run import (
    InMemoryStore,
    Progress,
)
from steelyard.runs import Journal, save
from steelyard.runs.study import Study


def result_store(
    request: Request, asked: dict[str, Any], trainings: int
) -> AbstractContextManager[InMemoryStore | Journal]:
    if request.out is None:
        return nullcontext(InMemoryStore())
    return Journal(Path(request.out), asked, trainings)


def save_finished(study: Study, store: InMemoryStore | Journal) -> None:
    if isinstance(store, Journal):
        save(study, store.run)
        store.close()


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
