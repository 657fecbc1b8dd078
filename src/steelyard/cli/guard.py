"""A command under a hard limit of memory runs in a process of its own.

Where memory runs out, a library may end its process at once (polars and TensorFlow do), and no line
of Python can say why. So the first process waits for a second one that does the work, and says it.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from steelyard._memory.system import address_space_left
from steelyard.cli.terminal import say

PARENT_DIES = 1  # PR_SET_PDEATHSIG of Linux' prctl.h
FROM_TERMINAL = 0x80  # si_code of a signal that the system sent, to the whole group: Ctrl-C
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
RAN_OUT = (signal.SIGABRT, signal.SIGKILL, signal.SIGSEGV, signal.SIGBUS)
NOTHING = "steelyard: there is not enough memory for this: a library ended the command ({name}); "
ADVICE = "close other programs, give fewer rows or columns, or raise the limit (ulimit -v)"


def is_needed() -> bool:
    """Whether this process may get only so much memory."""
    return address_space_left() is not None


def guarded(command: Callable[[], object]) -> NoReturn:
    """Run the command in a fork and end as it ends; one line where it ran out of memory."""
    waited = {signal.SIGCHLD, *FORWARDED}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    child = os.fork()
    if not child:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        ctypes.CDLL(None).prctl(PARENT_DIES, signal.SIGKILL)
        _end_as(command)
    status = _status_of(child, waited)
    if status >= 0:
        sys.exit(status)
    name = signal.Signals(-status).name
    if -status not in RAN_OUT:
        os.kill(os.getpid(), -status)  # as if it had been this one
    say(NOTHING.format(name=name) + ADVICE, err=True)
    sys.exit(1)


def _end_as(command: Callable[[], object]) -> NoReturn:
    """Run it and end at once: libraries may fail as they are taken down without memory."""
    code: object = 1
    try:
        command()
        code = 0
    except SystemExit as ended:
        code = ended.code
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


def _status_of(child: int, waited: set[signal.Signals]) -> int:
    """The exit status of the child; it is told of signals meanwhile."""
    while True:
        told = signal.sigwaitinfo(waited)
        if told.si_signo != signal.SIGCHLD:
            if told.si_code != FROM_TERMINAL:
                os.kill(child, told.si_signo)
            continue
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
