"""Tasks on a Ray cluster: Ray's core tasks, which know neither tables nor rows."""

import logging
import os
import re
import secrets
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from steelyard._memory import share_of
from steelyard._version import __version__
from steelyard.errors import MissingDependencyError, SteelyardError, WorkerError
from steelyard.executors.executor import MOST_TRIES, in_order, within
from steelyard.files.temporary import forget, register

OURS = "sy-"  # short: sockets in there have paths of a hundred characters at most


class RayTasks:
    """Tasks on a Ray cluster, for use in a `with`.

    Args:
        address: "local" starts a Ray for this process alone; "auto" joins the one that runs on
            this machine; "ray://HOST:PORT" is a client of one elsewhere. A Ray that the process
            is connected to already is used as it is.
    Raises: MissingDependencyError, WorkerError: in one line.
    """

    name = "ray"

    def __init__(self, address: str) -> None:
        self.address = address
        self.workers = 1
        self.same_disk = address == "local"
        self._ours = False
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        ray = self._ray = _imported(own=self.address == "local")
        if not ray.is_initialized():
            self._ours = True
            try:
                self._connect(ray)
            except BaseException:
                self._leave()
                raise
        self.workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        return self

    def __exit__(self, *error: object) -> None:
        self._leave()

    def _connect(self, ray: Any) -> None:
        quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
        if self.address == "local":
            # A folder of its own: a killed process leaves there what would stop the next start.
            _remove_left_behind()
            self._folder = register(Path(tempfile.mkdtemp(prefix=f"{OURS}{os.getpid()}-")))
            ray.init(
                address="local",
                include_dashboard=False,
                _temp_dir=str(self._folder),
                **quiet,
            )
            return
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of each attempt that fails
                ray.init(address=self.address, **quiet)
        except (ConnectionError, TimeoutError, RuntimeError, ValueError, OSError) as error:
            raise WorkerError(f"{_no_connection(self.address, error)}") from error

    def _leave(self) -> None:
        if self._ours:
            self._ray.shutdown()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            forget(self._folder)

    def map(self, function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
        """As `Executor.map`."""
        ray = self._ray
        named = {"name": function.__name__, "max_retries": MOST_TRIES - 1}
        remote = ray.remote(**named)(within)
        share = share_of(self.workers) if self.same_disk else None  # elsewhere memory is another's

        def start(task: tuple[Any, ...]) -> Any:
            return remote.remote(share, function, *task)

        def finished(calls: Sequence[Any]) -> list[tuple[Any, Any]]:
            ready, _ = ray.wait(calls, num_returns=1)
            return [(call, _result(ray, call)) for call in ready]

        return in_order(tasks, start, finished, self.workers)

    def share(self, value: Any) -> Any:
        """A place in the object store; Ray puts the value in where a task is given it."""
        return self._ray.put(value)


def _remove_left_behind() -> None:
    """Remove the folders of processes of this machine that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{OURS}*-*"):
        owner = folder.name.removeprefix(OURS).partition("-")[0]
        if owner.isdecimal() and not Path(f"/proc/{owner}").exists() and Path("/proc").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _imported(*, own: bool) -> Any:
    """Ray, told first what it reads when it is imported."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if own:  # its workers do this command's work; by itself Ray has them wait for everybody else's
        os.environ.setdefault("RAY_worker_niceness", "0")
    if own and "ray" not in sys.modules and "RAY_AUTH_MODE" not in os.environ:
        # Its ports listen on every interface; whoever has not this token is turned away.
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise MissingDependencyError(
            "a cluster needs Ray, which is not installed: pip install 'steelyard[ray]'"
        ) from error
    return ray


def _result(ray: Any, call: Any) -> Any:
    """A task's result; what it raised is raised as it was, what befell its worker in one line."""
    found = ray.exceptions
    try:
        return ray.get(call)
    except found.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, SteelyardError | OSError):
            raise cause from None
        unknown = isinstance(cause, found.RaySystemError)  # a task that it cannot read
        if unknown or "failed to import on the worker" in str(cause):
            raise _cannot_run(error) from error
        raise
    except found.OutOfMemoryError as error:
        raise WorkerError(
            f"a task was ended {MOST_TRIES} times because its machine ran out of memory; give "
            "smaller files, or machines with more memory for each of their CPUs"
        ) from error
    except found.ObjectStoreFullError as error:
        raise WorkerError(
            "the cluster's object store has no space left; end other work on it, or start its "
            "nodes with more object_store_memory"
        ) from error
    except (found.WorkerCrashedError, found.NodeDiedError, found.ObjectLostError) as error:
        raise WorkerError(
            f"a task's worker was lost {MOST_TRIES} times ({type(error).__name__}); look at the "
            "cluster's machines, then give the same command again"
        ) from error
    except found.RaySystemError as error:
        raise _cannot_run(error) from error


def _cannot_run(error: Exception) -> WorkerError:
    missing = re.search(r"ModuleNotFoundError: (.*)", str(error))
    return WorkerError(
        f"a worker of the cluster cannot run steelyard {__version__} "
        f"({missing[1] if missing else _first_line(error)}); install the same version, and what "
        "it needs, on every machine of the cluster"
    )


def _no_connection(address: str, error: Exception) -> str:
    text = str(error)
    if re.search(r"[Vv]ersions? (mismatch|differ)|different versions", text):
        return (
            f"the cluster at {address} has other versions: {_first_line(error)}; use the same "
            "Ray and Python here and there"
        )
    if address == "auto":
        return (
            "no Ray cluster runs on this machine; start one (`ray start` with its head), or give "
            '"local" or "ray://HOST:PORT"'
        )
    return (
        f"no Ray cluster can be reached at {address} ({type(error).__name__}); look whether its "
        "head runs and its port, 10001 as a rule, is open from here"
    )


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no reason")
