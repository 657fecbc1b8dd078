"""The executor that a user's word stands for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from steelyard.errors import RequestError
from steelyard.executors.executor import Executor
from steelyard.executors.processes import Processes
from steelyard.executors.ray_tasks import RayTasks
from steelyard.executors.serial import Serial

WAYS = '"processes", or with Ray "local", "auto" (the cluster of this machine), "ray://HOST:PORT"'


@contextmanager
def executor_for(cluster: Any) -> Iterator[Executor]:
    """The executor for the argument `cluster`, ready to run tasks.

    Args:
        cluster: None: this process; "processes"; "local", "auto" or "ray://HOST:PORT": see
            `ray_tasks.RayTasks`; or an executor, which is used as it is and left as it was.
    Raises: RequestError, MissingDependencyError, WorkerError.

    >>> with executor_for(None) as executor:
    ...     list(executor.map(max, [(1, 2), (4, 3)]))
    [2, 4]
    """
    if cluster is None:
        yield Serial()
    elif not isinstance(cluster, str):
        if not hasattr(cluster, "map"):
            raise RequestError(f"`cluster` is a {type(cluster).__name__}; it takes {WAYS}")
        yield cluster
    elif cluster == "processes":
        with Processes() as pool:
            yield pool
    elif cluster in ("local", "auto") or cluster.startswith("ray://"):
        with RayTasks(cluster) as tasks:
            yield tasks
    else:
        raise RequestError(f"`cluster={cluster!r}`: it takes {WAYS}")
