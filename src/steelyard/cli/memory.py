"""Memory that is freed goes back to the system."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # their numbers in glibc's malloc.h
LARGE = 1 << 20  # bytes
SPARE = 1 << 22  # bytes


def give_back_large_blocks() -> None:
    """Have glibc take large blocks from the system and give them back when they are freed.

    By itself it learns to keep blocks of up to 32 MB for later, in a pool for each thread; a
    comparison frees such blocks all the time, on many threads, and its peak rises by a fifth. What
    lies free at the end of a pool stays up to a limit, or small blocks cost a page fault each time.
    For commands only, whose process is ours; elsewhere than on glibc nothing is changed.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
        if mallopt is not None:
            mallopt(M_MMAP_THRESHOLD, LARGE)
            mallopt(M_TRIM_THRESHOLD, SPARE)
