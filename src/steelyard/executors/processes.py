"""Tasks in several processes of this machine."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Self

from steelyard._memory import share_of
from steelyard.errors import WorkerError
from steelyard.executors.executor import MOST_TRIES, in_order, within


class _Call:
    """A task under way, and how often it was begun."""

    def __init__(self, task: tuple[Any, ...]) -> None:
        self.task = task
        self.tries = 0
        self.future: Future[Any] = Future()
        self.pool: ProcessPoolExecutor | None = None


class Processes:
    """A pool of processes; where one of them is killed, a new pool runs again what it had.

    Started anew rather than forked: the threads of polars do not survive a fork. One `map` at a
    time.
    """

    name = "processes"
    same_disk = True

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    def map(self, function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """As `Executor.map`."""
        share = share_of(self.workers)

        def start(task: tuple[Any, ...]) -> _Call:
            call = _Call((share, function, *task))
            self._begin(call)
            return call

        return in_order(tasks, start, self._finished, self.workers)

    def share(self, value: Any) -> Any:
        """The value itself."""
        return value

    def _begin(self, call: _Call) -> None:
        if call.tries == MOST_TRIES:
            raise WorkerError(
                f"a worker process was ended from outside {MOST_TRIES} times at one task: for want "
                "of memory as a rule (let it have more, or give smaller files), or because a "
                "script calls this outside of `if __name__ == '__main__':`"
            )
        call.tries += 1
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, mp_context=context)
        call.pool = self._pool
        try:
            call.future = self._pool.submit(within, *call.task)
        except BrokenProcessPool:  # it broke since we looked
            self._stop()
            self._begin(call)

    def _finished(self, calls: Sequence[Any]) -> list[tuple[_Call, Any]]:
        done, _ = wait([call.future for call in calls], return_when=FIRST_COMPLETED)
        results = []
        for call in calls:
            if call.future not in done:
                continue
            try:
                results.append((call, call.future.result()))
            except BrokenProcessPool:  # as is every other task of that pool
                if call.pool is self._pool:
                    self._stop()
                self._begin(call)
        return results

    def _stop(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
