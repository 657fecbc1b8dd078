"""Python's garbage collector in a process that is a command's own."""

import atexit
import gc

YOUNG = 10_000  # objects between two collections; Python's own 700 suit a process without libraries


def collect_seldom() -> None:
    """Leave alone the objects that imported libraries keep to the end.

    By itself the collector goes through all of them again and again, while TensorFlow is imported
    and when the interpreter is taken down. For commands only, whose process is ours.
    """
    gc.set_threshold(YOUNG)
    # The first to be registered is the last to be called: all other handlers still collect.
    atexit.register(gc.freeze)
