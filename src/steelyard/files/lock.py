"""One process at a time: a lock that its holder's end releases, however it ends."""

import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from steelyard.errors import RequestError
from steelyard.files.temporary import forget, register

try:
    import fcntl
except ImportError:  # not on Windows: there nothing is locked
    fcntl = None  # type: ignore[assignment]

NO_LINK = getattr(os, "O_NOFOLLOW", 0)
LONGEST = 32  # bytes: a process id


def claim(descriptor: int) -> bool:
    """Lock an open file for as long as it stays open; False where another process holds it.

    The system releases it when the process ends, killed or not: a lock is never stale.
    """
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: as if it were ours
        return True
    return True


class Lock:
    """A lock file that carries the process id of its holder, for use in a `with`.

    Raises: RequestError: another process holds it; the message tells its id.
    """

    def __init__(self, path: Path, what: str) -> None:
        self.path, self.what = path, what
        self._descriptor = -1

    def __enter__(self) -> Self:
        while True:
            descriptor = self._opened()
            if not claim(descriptor):
                holder = os.read(descriptor, LONGEST).decode(errors="replace").strip()
                os.close(descriptor)
                raise RequestError(
                    f"{self.what} is being written by process {holder or 'unknown'}; wait until "
                    "it has ended, or stop it first"
                )
            if self._is_there(descriptor):
                break
            os.close(descriptor)  # its last holder removed it meanwhile
        os.truncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor
        register(self.path)
        return self

    def _opened(self) -> int:
        """The lock file; never a file elsewhere, which would be written to."""
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | NO_LINK, 0o666)
        except OSError as error:
            if self.path.is_symlink():
                raise self._foreign() from error
            raise
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1 or found.st_size > LONGEST:
            os.close(descriptor)
            raise self._foreign()
        return descriptor

    def _foreign(self) -> RequestError:
        return RequestError(f"{self.path} is no lock file (a link, a pipe or else); remove it")

    def _is_there(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(self.path.stat(), os.fstat(descriptor))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let go; as the end of the process does."""
        self.path.unlink(missing_ok=True)
        forget(self.path)
        os.close(self._descriptor)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
