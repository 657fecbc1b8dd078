"""What runs one function on many tasks; nothing here knows what the function does."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from steelyard._memory import limited_to_share

MOST_TRIES = 4  # a task whose worker was lost so often is given up
AHEAD = 4  # finished tasks that wait for an earlier one, per worker


class Executor(Protocol):
    """Runs a function on tasks, a few at a time.

    Attributes:
        name: "serial", "processes" or "ray".
        workers: tasks that run at once.
        same_disk: whether tasks see the files that the caller writes on its own disk.
    """

    name: str
    workers: int
    same_disk: bool

    def map(self, function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """`function(*task)` of each task, in the order of the tasks.

        The function is one that a module defines, and gives the same for the same task: a task
        whose worker is lost runs again elsewhere. What it raises is raised here.
        """

    def share(self, value: Any) -> Any:
        """What stands for a large value in many tasks, so that it travels once to each machine."""


def within(share: int | None, function: Callable[..., Any], *task: Any) -> Any:
    """`function(*task)` on a worker, which keeps to its share of memory (`limited_to_share`)."""
    with limited_to_share(share):
        return function(*task)


def in_order(
    tasks: Iterable[tuple[Any, ...]],
    start: Callable[[tuple[Any, ...]], Hashable],
    finished: Callable[[Sequence[Hashable]], Iterable[tuple[Hashable, Any]]],
    workers: int,
) -> Iterator[Any]:
    """Results in the order of the tasks, with no more of them under way than can be worked on.

    Args:
        start: begins a task and gives a handle.
        finished: waits for some of the handles and gives their results.
    """
    numbered = enumerate(tasks)
    under_way: dict[Hashable, int] = {}
    waiting: dict[int, Any] = {}
    shown, more = 0, True
    while more or under_way:
        # Twice the workers, so that none waits for the next task to arrive.
        while more and len(under_way) < 2 * workers and len(waiting) < AHEAD * workers:
            number, task = next(numbered, (-1, ()))
            more = number >= 0
            if more:
                under_way[start(task)] = number
        if under_way:
            for handle, result in finished(list(under_way)):
                waiting[under_way.pop(handle)] = result
        while shown in waiting:
            yield waiting.pop(shown)
            shown += 1
