"""Reports exceptions that nobody caught, in the main thread or another, as `log` events."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Optional

from .events import emit, exception_fields

_REPORTED = "_ds_monitoring_reported"
_installed = False


def mark_reported(error: BaseException) -> None:
    """Remember that an event reports `error` already."""
    try:
        setattr(error, _REPORTED, True)
    except Exception:  # an exception class with __slots__: reported twice rather than not at all
        pass


def is_reported(error: BaseException) -> bool:
    """Whether an event reports `error` already."""
    try:
        return getattr(error, _REPORTED, False) is True
    except Exception:  # an exception class that refuses attributes
        return False


def report_uncaught(error: BaseException) -> None:
    """Write a FATAL `log` event for `error`, unless it is an exit or already reported."""
    if isinstance(error, (SystemExit, KeyboardInterrupt)) or is_reported(error):
        return
    mark_reported(error)
    emit("log", exception_fields(error), "FATAL", f"uncaught {type(error).__name__}", durable=True)


def report_uncaught_exceptions() -> None:
    """Chain onto `sys.excepthook` and `threading.excepthook`. A second call changes nothing."""
    global _installed
    if _installed:
        return
    _installed = True
    previous_hook, previous_thread_hook = sys.excepthook, threading.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
        report_uncaught(error)
        previous_hook(kind, error, trace)

    def thread_hook(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            report_uncaught(arguments.exc_value)
        previous_thread_hook(arguments)

    sys.excepthook = hook
    threading.excepthook = thread_hook
