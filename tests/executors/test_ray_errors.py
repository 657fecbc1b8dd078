"""What befalls a cluster is said in one line; a stand-in for Ray raises what Ray would."""

from types import SimpleNamespace

import pytest

from steelyard.errors import DataError, MissingDependencyError, WorkerError
from steelyard.executors import executor_for, ray_tasks

NAMES = [
    "RayTaskError", "OutOfMemoryError", "ObjectStoreFullError", "WorkerCrashedError",
    "NodeDiedError", "ObjectLostError", "RaySystemError",
]  # fmt: skip
EXCEPTIONS = SimpleNamespace(**{name: type(name, (Exception,), {"cause": None}) for name in NAMES})


class StandIn:
    """As much of Ray as is asked of it: `init` raises `refused`, a task's result `raised`."""

    exceptions = EXCEPTIONS

    def __init__(self, refused=None, raised=None):
        self.refused, self.raised = refused, raised

    def is_initialized(self):
        return False

    def init(self, **options):
        self.options = options
        if self.refused:
            raise self.refused

    def shutdown(self):
        pass

    def cluster_resources(self):
        return {"CPU": 2.0}

    def remote(self, **_):
        return lambda function: SimpleNamespace(remote=lambda *task: (function, task))

    def wait(self, calls, num_returns):
        return list(calls)[:num_returns], []

    def get(self, call):
        if self.raised:
            raise self.raised
        function, task = call
        return function(*task)


def with_ray(monkeypatch, **what):
    stand_in = StandIn(**what)
    monkeypatch.setattr(ray_tasks, "_imported", lambda **_: stand_in)
    return stand_in


@pytest.mark.parametrize(
    ("cluster", "refused", "said"),
    [
        ("auto", ConnectionError("no address"), "no Ray cluster runs on this machine"),
        ("ray://head:10001", TimeoutError("x"), "can be reached at ray://head:10001"),
        ("ray://head:10001", RuntimeError("Version mismatch: 2.9"), "same Ray and Python"),
        ("ray://h:1", RuntimeError("Python minor versions differ: 3.12"), "same Ray and Python"),
    ],
)
def test_a_cluster_that_takes_nobody(cluster, refused, said, monkeypatch):
    with_ray(monkeypatch, refused=refused)
    with pytest.raises(WorkerError, match=said) as caught, executor_for(cluster):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("OutOfMemoryError", "ran out of memory"),
        ("ObjectStoreFullError", "object store has no space"),
        ("WorkerCrashedError", "lost 4 times"),
        ("NodeDiedError", "lost 4 times"),
        ("RaySystemError", "cannot run steelyard"),
    ],
)
def test_a_task_that_is_given_up(name, said, monkeypatch):
    with_ray(monkeypatch, raised=getattr(EXCEPTIONS, name)("the first line\nand more"))
    with executor_for("auto") as executor, pytest.raises(WorkerError, match=said) as caught:
        list(executor.map(divmod, [(7, 2)]))
    assert "\n" not in str(caught.value)


def test_what_a_task_raised_comes_back_as_it_was(monkeypatch):
    failed = EXCEPTIONS.RayTaskError("a long remote traceback")
    failed.cause = DataError("b.parquet is gone")
    with_ray(monkeypatch, raised=failed)
    with executor_for("auto") as executor, pytest.raises(DataError, match=r"b\.parquet is gone"):
        list(executor.map(divmod, [(7, 2)]))
    for cause in (RuntimeError("failed to import on the worker"), EXCEPTIONS.RaySystemError("x")):
        failed.cause = cause
        with executor_for("auto") as executor, pytest.raises(WorkerError, match="cannot run"):
            list(executor.map(divmod, [(7, 2)]))


def test_a_ray_of_our_own_keeps_to_itself(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "sy-999999999-left").mkdir()  # by a process that was killed
    stand_in = with_ray(monkeypatch)
    with executor_for("local") as executor:
        assert list(executor.map(divmod, [(7, 2), (9, 4)])) == [(3, 1), (2, 1)]
        (folder,) = tmp_path.iterdir()
        assert stand_in.options["_temp_dir"] == str(folder)
    assert stand_in.options["include_dashboard"] is False
    assert stand_in.options["address"] == "local"
    assert not list(tmp_path.iterdir())


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r"steelyard\[ray\]"), executor_for("local"):
        pass
