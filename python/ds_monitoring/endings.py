"""How runs and tasks end: the result of an exception, and what a SIGTERM leaves behind."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType, ModuleType
from typing import Any, Callable, Optional

from .faults import never_raises

SUCCESS, FAILURE, ERROR, TIMEOUT, CANCELLATION, SKIP = (
    "success",
    "failure",
    "error",
    "timeout",
    "cancellation",
    "skip",
)

_TIMEOUTS = (TimeoutError, concurrent.futures.TimeoutError, subprocess.TimeoutExpired)
_CANCELLATIONS = (KeyboardInterrupt, GeneratorExit, concurrent.futures.CancelledError)
#: Exit codes of a process that obeyed SIGTERM or SIGINT, as shells and gunicorn give them.
_SIGNAL_CODES = (128 + signal.SIGTERM, 128 + signal.SIGINT)


def result_of(error: Optional[BaseException]) -> str:
    """The contract's result for what a `with` block ended with.

    No exception and exit code 0: success. Ctrl-C, a cancelled asyncio task or future, an exit because of a
    signal: cancellation. Timeouts, also those of asyncio and subprocess: timeout. MemoryError and OSError: error
    (the surroundings failed). A group of exceptions: what all of them are. Any other: failure.
    """
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return SUCCESS
    if isinstance(error, SystemExit) and error.code in _SIGNAL_CODES:
        return CANCELLATION
    # Not imported here: whoever has its exceptions has done so.
    asyncio = sys.modules.get("asyncio.exceptions")
    if isinstance(error, (*_CANCELLATIONS, *_named(asyncio, "CancelledError"))):
        return CANCELLATION
    if isinstance(error, (*_TIMEOUTS, *_named(asyncio, "TimeoutError"))):
        return TIMEOUT
    if isinstance(error, (MemoryError, OSError)):
        return ERROR
    parts = getattr(error, "exceptions", None)
    if isinstance(parts, tuple) and parts and all(isinstance(part, BaseException) for part in parts):
        results = {result_of(part) for part in parts}
        return results.pop() if len(results) == 1 else FAILURE
    return FAILURE


def _named(module: Optional[ModuleType], name: str) -> tuple[type[BaseException], ...]:
    return () if module is None else (getattr(module, name),)


#: What is open in this process, the last opened last; each writes its end.
_open: list[Callable[[], None]] = []
_previous: Any = None
_installed = False


def result_of_termination(started: float, expected_max_s: Optional[float]) -> str:
    """`timeout` where the expected time is over, as at the deadline of a Job, else `cancellation`.

    started: time.monotonic() at the start. expected_max_s: seconds.
    """
    late = expected_max_s is not None and time.monotonic() - started >= expected_max_s
    return TIMEOUT if late else CANCELLATION


@never_raises
def end_when_terminated(end: Callable[[], None]) -> None:
    """Call `end()` when a SIGTERM ends this process, until `forget` is called with the same function.

    The first call chains onto the handler of SIGTERM; signals can be handled by the main thread only, so a run of
    another thread is ended where the main thread, too, has had one.
    """
    global _previous, _installed
    _open.append(end)
    if _installed or threading.current_thread() is not threading.main_thread():
        return
    previous = signal.getsignal(signal.SIGTERM)
    # None: a handler that was not installed from Python, which could not be called.
    if previous is None:
        return
    _previous = previous
    signal.signal(signal.SIGTERM, _terminated)
    _installed = True


@never_raises
def forget(end: Callable[[], None]) -> None:
    """The opposite of `end_when_terminated`; after the last one the application's handler is back."""
    global _installed
    if end in _open:
        _open.remove(end)
    if _open or not _installed or threading.current_thread() is not threading.main_thread():
        return
    _installed = False
    # An application that has installed its own in the meantime keeps it.
    if signal.getsignal(signal.SIGTERM) is _terminated:
        signal.signal(signal.SIGTERM, _previous)


def _terminated(number: int, frame: Optional[FrameType]) -> None:
    if callable(_previous):
        # The application decides: what it raises ends the `with` blocks, and they write their ends.
        _previous(number, frame)
        return
    if _previous is signal.SIG_IGN:
        return
    for end in reversed(_open.copy()):
        end()
    # End as the process would have without this handler, so that its parent sees the signal.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


def _forget_in_child() -> None:
    # A forked child does not end its parent's runs.
    _open.clear()


os.register_at_fork(after_in_child=_forget_in_child)
