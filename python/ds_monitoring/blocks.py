"""Runs and tasks are blocks: what `with` enters has a start, and one end with a result, however it is left."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import Any, Optional

from .endings import end_when_terminated, forget, result_of, result_of_termination
from .faults import never_raises


class Block:
    """What a `with` statement enters: `_start` and `_end` report it, `_end` once.

    It ends when the block is left or when a SIGTERM ends the process. A forked child that leaves the block too
    reports nothing: it is its parent's.
    """

    def __init__(self, expected_max_s: Optional[float]) -> None:
        self._expected_max_s = expected_max_s
        #: time.monotonic() at the start, in seconds.
        self._started = 0.0
        self._process = 0
        self._ended = False

    def _start(self) -> None:
        """Report the start. Does not raise."""
        raise NotImplementedError

    def _end(self, result: str, error: Optional[BaseException]) -> None:
        """Report the end. Does not raise."""
        raise NotImplementedError

    def _duration_s(self) -> float:
        return time.monotonic() - self._started

    @never_raises
    def _end_once(self, result: str, error: Optional[BaseException] = None) -> None:
        if self._ended or self._process != os.getpid():
            return
        self._ended = True
        forget(self._terminate)
        self._end(result, error)

    def _terminate(self) -> None:
        self._end_once(result_of_termination(self._started, self._expected_max_s))

    def _result(self, error: Optional[BaseException]) -> str:
        return result_of(error)

    def __enter__(self) -> Any:
        self._started = time.monotonic()
        self._process = os.getpid()
        self._start()
        end_when_terminated(self._terminate)
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._end_once(self._result(error), error)


def seconds_since_process_start() -> float:
    """How long this process has existed, in seconds (to 0.01 s); 0 where /proc does not say, e.g. on macOS."""
    try:
        with open("/proc/self/stat", "rb") as file:
            # The name of the program, in brackets, may hold anything. Source: proc(5), field 22
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        return max(time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"), 0.0)
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0
