"""Whether an error of any library means that memory ran out."""

import errno
import re

SAID = re.compile(
    r"bad.?alloc|out of memory|cannot allocate memory|memory allocation|unable to allocate"
    r"|malloc of size|can't start new thread|failed to map segment|ThreadPoolBuildError"
    r"|os error 12\b|errno 12\b",
    re.IGNORECASE,
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, or what needs it: threads, room for a library.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(RuntimeError("std::bad_alloc"))
    (True, True)
    >>> is_out_of_memory(OSError("No such file"))
    False
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return bool(SAID.search(str(error)))
