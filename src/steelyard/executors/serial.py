"""One task after another in this process."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any


class Serial:
    """The executor that every other must agree with.

    >>> list(Serial().map(divmod, [(7, 2), (9, 4)]))
    [(3, 1), (2, 1)]
    """

    name = "serial"
    workers = 1
    same_disk = True

    def map(self, function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """As `Executor.map`."""
        return (function(*task) for task in tasks)

    def share(self, value: Any) -> Any:
        """The value itself."""
        return value
