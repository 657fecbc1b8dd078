"""Blocks of work on a few Python threads, with the BLAS library held to one thread each."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, TypeVar

from joblib import effective_n_jobs
from threadpoolctl import ThreadpoolController

Block = TypeVar("Block")
Result = TypeVar("Result")

_MOST_THREADS = 8


@lru_cache(maxsize=1)
def _libraries() -> list[Any]:
    """The BLAS libraries of this process; looking for them takes milliseconds, so once."""
    return ThreadpoolController().select(user_api="blas").lib_controllers


def threads(n_jobs: int | None) -> int:
    """How many threads to use: all cores up to 8 unless told, as BLAS itself would."""
    if n_jobs is not None:
        return int(effective_n_jobs(n_jobs))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(cores or 1, _MOST_THREADS)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread: for tiles too small to share, and where our own threads work.

    The limit is for the whole process, so others feel it: only around tiles. It takes microseconds
    where threadpoolctl's own, which asks every library about itself first, takes a tenth of a
    millisecond: as long as a search among few rows.
    """
    before = [(library, library.num_threads) for library in _libraries()]
    for library, _ in before:
        library.set_num_threads(1)
    try:
        yield
    finally:
        for library, number in before:
            library.set_num_threads(number)


# Called with the share of a pass over the table that is done; see `watched`.
_watcher: ContextVar[Callable[[float], None] | None] = ContextVar("watcher", default=None)


@contextmanager
def watched(report: Callable[[float], None]) -> Iterator[None]:
    """Have every pass of every sampler report its share while inside."""
    token = _watcher.set(report)
    try:
        yield
    finally:
        _watcher.reset(token)


def tell(share: float) -> None:
    """Report how much of the present pass is done, if somebody watches."""
    report = _watcher.get()
    if report is not None:
        report(share)


def each(
    work: Callable[[Block], Result], blocks: Sequence[Block], n_jobs: int | None = None
) -> list[Result]:
    """`[work(b) for b in blocks]` on threads; numpy lets others run during products."""
    workers = min(threads(n_jobs), len(blocks))
    with one_blas_thread():
        if workers < 2:
            return _collected(map(work, blocks), len(blocks))
        with ThreadPoolExecutor(workers) as pool:
            return _collected(pool.map(work, blocks), len(blocks))


def _collected(results: Iterable[Result], number: int) -> list[Result]:
    found = []
    for result in results:
        found.append(result)
        tell(len(found) / number)
    return found
