"""Threads of TensorFlow, for commands whose process is ours."""

import os

SIDE_BY_SIDE = 4  # built-in networks that train at once, at most


def one_thread_a_training(model: str) -> None:
    """Built-in networks train side by side, one a core: have none borrow threads of another.

    Each product of a step would be cut for a pool of threads that is busy anyway, which takes a
    tenth of the processor's time. A Keras model of the user's trains alone and keeps all cores.
    To be called before TensorFlow is loaded; what is set already stays.
    """
    if ":" not in model:  # FILE.py:FUNCTION
        each = max(1, (os.cpu_count() or 1) // SIDE_BY_SIDE)
        os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(each))
