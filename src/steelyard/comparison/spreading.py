"""The trainings of a comparison handed to an executor; network and trees of a blend apart."""

from collections.abc import Sequence
from typing import Any, cast

from steelyard.executors import Executor, Serial
from steelyard.jobs.job import Runner
from steelyard.jobs.run import TrainingTask
from steelyard.jobs.spread import Spread


def spread(tasks: Sequence[TrainingTask], executor: Executor) -> list[TrainingTask]:
    """The same tasks, trained by the workers of an executor; by this process where it is that."""
    if isinstance(executor, Serial):
        return list(tasks)
    return [TrainingTask(_spread(task.runner, executor), task.techniques) for task in tasks]


def _spread(runner: Runner, executor: Executor) -> Runner:
    from steelyard.models.blend import BlendTrainer

    if isinstance(runner, BlendTrainer):
        halves = [cast("Any", Spread(half, executor)) for half in (runner.network, runner.trees)]
        return BlendTrainer(*halves)
    return Spread(runner, executor)
