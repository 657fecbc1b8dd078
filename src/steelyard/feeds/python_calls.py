"""NumPy functions inside tf.data pipelines, and a program that ends while one of them is open.

tf.data calls such a function from threads of its own, ahead of what is asked for. If the program
ends meanwhile, the thread waits for an interpreter that is going away, the iterator's end waits for
the thread, and the process never ends. So iterators that are still open are closed while the
interpreter can still answer.
"""

import atexit
import gc
from collections.abc import Callable, Sequence
from typing import Any

from steelyard._tensorflow import tf


def stateless(function: Callable, inputs: Sequence[Any], kinds: Sequence[Any]) -> Any:
    """`function` of NumPy arrays as a graph operation; equal inputs give equal outputs.

    Declared so because tf.data refuses to checkpoint stateful functions. It must take an input:
    TensorFlow folds a stateless call without one into a constant.
    """
    return tf.numpy_function(function, inputs, kinds, stateful=False)


@atexit.register
def close_iterators() -> None:
    """Let go of what every open iterator holds, which stops its threads and waits for them."""
    kinds = (tf.data.Iterator, tf.distribute.DistributedIterator)
    # By type: `isinstance` asks an object for its class, and some answer by importing modules.
    for thing in [thing for thing in gc.get_objects() if issubclass(type(thing), kinds)]:
        vars(thing).clear()
