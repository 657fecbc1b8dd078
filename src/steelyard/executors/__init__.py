"""Where pure functions run: in this process, in several, or on the machines of a Ray cluster."""

from steelyard.executors.choosing import executor_for
from steelyard.executors.executor import Executor
from steelyard.executors.serial import Serial

__all__ = ["Executor", "Serial", "executor_for"]
