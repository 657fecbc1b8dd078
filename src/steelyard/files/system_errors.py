"""The operating system's errors with the path that was being written, whoever met them."""

import os
import re
from pathlib import Path


def with_path(error: BaseException | None, path: Path) -> OSError | None:
    """The same error naming `path`, where it is the system's and names none; else None.

    Engines raise it without number or path, as "No space left on device (os error 28)".

    >>> str(with_path(OSError(28, "No space left on device"), Path("t.csv")))
    "[Errno 28] No space left on device: 't.csv'"
    >>> with_path(ValueError("x"), Path("t.csv"))
    """
    if error is None:
        return None
    if isinstance(error, OSError) and error.filename is not None:
        return None
    told = re.search(r"\((?:os error|errno) (\d+)\)|\[errno (\d+)\]", str(error), re.IGNORECASE)
    number = getattr(error, "errno", None) or (int(told[1] or told[2]) if told else None)
    return OSError(number, os.strerror(number), str(path)) if isinstance(number, int) else None
