"""What the helper itself could not do.

Telemetry that fails must never fail the work, so faults are counted here instead of raised, and the writer
reports the counts in a later event.
"""

from __future__ import annotations

import functools
import os
import threading
from collections import Counter
from typing import Any, Callable, Optional, TypeVar

Result = TypeVar("Result")


class Faults:
    """Counts of faults by their description. Safe with threads, and with a signal handler that logs."""

    def __init__(self) -> None:
        self._reset()
        # Another thread may hold the lock while a process forks: the child would wait for ever.
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        # Re-entrant: a signal handler may add a fault while the same thread holds the lock.
        self._lock = threading.RLock()
        self._counts: Counter[str] = Counter()

    def add(self, description: str, count: int = 1) -> None:
        """Count `count` faults of one kind. Keep the number of kinds small: no values in `description`."""
        with self._lock:
            self._counts[description] += count

    def take(self) -> dict[str, int]:
        """The counts since the last call; they start again at zero."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return dict(counts)

    def peek(self) -> dict[str, int]:
        """The counts since the last `take`."""
        with self._lock:
            return dict(self._counts)


faults = Faults()


def never_raises(function: Callable[..., Result]) -> Callable[..., Optional[Result]]:
    """Decorator: an Exception inside `function` is counted as a fault and becomes the result None."""

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Optional[Result]:
        try:
            return function(*args, **kwargs)
        except Exception as error:  # the promise of this package: monitoring never fails the work
            faults.add(f"{function.__name__} failed: {type(error).__name__}")
            return None

    return guarded
