"""Epoch numbers for datasets that are iterated over again and again."""

from typing import Any

import numpy as np

from steelyard._tensorflow import tf
from steelyard.feeds.python_calls import stateless


def epochs(steps: int, block: int, first_epoch: int = 0, first_step: int = 0) -> Any:
    """Dataset of (epoch, first step of a block) for one epoch; a new iteration is a new epoch.

    `model.fit` iterates over a finite dataset once per epoch. The number is read when an
    iteration starts and travels with it, so a checkpoint of the iterator holds it. The first
    iteration starts at `first_step`, counted on through later epochs if it is beyond this one.
    """
    more, step = divmod(first_step, steps)
    started = {"epoch": first_epoch + more - 1, "step": step}

    def start(_: Any) -> tuple[np.int64, np.int64]:
        started["epoch"] += 1
        step, started["step"] = started["step"], 0
        return np.int64(started["epoch"]), np.int64(step)

    @tf.autograph.experimental.do_not_convert
    def start_in_graph(tick: Any) -> Any:
        return stateless(start, [tick], [tf.int64, tf.int64])

    @tf.autograph.experimental.do_not_convert
    def blocks(epoch: Any, step: Any) -> Any:
        epoch, step = tf.reshape(epoch, []), tf.reshape(step, [])
        return tf.data.Dataset.range(step, steps, block).map(lambda first: (epoch, first))

    return tf.data.Dataset.from_tensors(0).map(start_in_graph).flat_map(blocks)
