"""Turns a name and fields into one JSON line of the log contract, and hands it to the writer."""

from __future__ import annotations

import atexit
import contextvars
import functools
import json
import math
import multiprocessing.process
import multiprocessing.util
import os
import socket
import threading
import time
import traceback
import zlib
from decimal import Decimal
from typing import Any, Mapping, Optional
from urllib.parse import unquote

from .faults import faults, never_raises
from .samples import is_missing
from .writer import (
    DEFAULT_FILE_BYTES,
    DEFAULT_TOTAL_BYTES,
    EXIT_SECONDS,
    EventWriter,
    bytes_from_environment,
    log_directory,
)

#: Longer texts are cut, so that one value can't fill the disk or break the shipper.
MAX_TEXT = 16_384
#: How long the few events that must outlive a killed process (starts, ends, failures) wait to be written.
DURABLE_SECONDS = 0.2
#: Larger integers are written as floats: readers of JSON are not required to take more than 64 bits.
MAX_INTEGER = 2**63 - 1
#: A clock that jumps back by more than this many nanoseconds was put right, and is followed.
STEP_BACK_NS = 1_000_000_000
#: Nanoseconds between two events of one process; what is below tells processes apart.
TIME_STEP_NS = 100

#: Trace id (32 hex digits) of the request that is being served, set by the middleware.
trace_id: contextvars.ContextVar[Optional[str]] = contextvars.ContextVar(
    "ds_monitoring_trace_id", default=None
)


def resource_attributes(environment: Mapping[str, str]) -> Mapping[str, str]:
    """`service.name`, `service.version` and `deployment.environment.name`, as OpenTelemetry passes them.

    Source: OTEL_RESOURCE_ATTRIBUTES (`key=value,key=value`, values percent-encoded) and OTEL_SERVICE_NAME,
    which wins.
    """
    return _attributes(environment.get("OTEL_RESOURCE_ATTRIBUTES", ""), environment.get("OTEL_SERVICE_NAME"))


@functools.lru_cache(maxsize=8)
def _attributes(attributes: str, service_name: Optional[str]) -> Mapping[str, str]:
    wanted = ("service.name", "service.version", "deployment.environment.name")
    pairs = (pair.partition("=") for pair in attributes.split(","))
    found = {
        key.strip(): unquote(value.strip())
        for key, _, value in pairs
        if key.strip() in wanted and value.strip()
    }
    if service_name:
        found["service.name"] = service_name
    return found


def rfc3339(nanoseconds: int) -> str:
    """A Unix time in nanoseconds as RFC 3339 in UTC with nine fractional digits."""
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{fraction:09d}Z"


class Clock:
    """Times in nanoseconds of which no two are the same, in this process and its sister workers.

    InfluxDB keeps one point per measurement, tags and time, so two events in one instant would become one.
    Times of a process rise by 100 ns at least, but where the clock is put back; the last two digits are its slot
    (process id + host hash).
    """

    def __init__(self) -> None:
        self._host = zlib.crc32(socket.gethostname().encode())
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._last = 0
        self._slot = (os.getpid() + self._host) % TIME_STEP_NS

    def now(self) -> int:
        """The time since 1970 in nanoseconds."""
        now = time.time_ns() // TIME_STEP_NS * TIME_STEP_NS + self._slot
        with self._lock:
            put_back = now < self._last - STEP_BACK_NS
            self._last = now if now > self._last or put_back else self._last + TIME_STEP_NS
            return self._last


def clean(value: Any) -> Any:
    """`value` as JSON can hold it: text (cut), bool, int or finite float; None for what is to be left out.

    Numbers of NumPy and the like are unwrapped; NaN, infinities, NA and NaT are left out. Anything else becomes
    its `str` and is counted as a fault.
    """
    if isinstance(value, str):
        text = value[:MAX_TEXT]
        # A lone surrogate (from os.fsdecode) is not valid UTF-8.
        return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= MAX_INTEGER else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_missing(value):
        return None
    if isinstance(value, Decimal):
        return clean(float(value))
    item = getattr(value, "item", None)
    if callable(item):
        try:
            plain = item()
        except Exception:  # an array of more than one value: falls through to its str
            plain = None
        if isinstance(plain, (bool, int, float, str)):
            return clean(plain)
    faults.add(f"value of type {type(value).__name__} written as text")
    return clean(str(value))


def clean_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have a value, each cleaned; one that can't be is left out and counted."""
    cleaned: dict[str, Any] = {}
    for key, value in fields.items():
        if value is None:
            continue
        try:
            plain = clean(value)
        except Exception:  # a __str__ that raises, an integer beyond any float
            faults.add(f"value of type {type(value).__name__} left out")
            continue
        if plain is not None:
            cleaned[key] = plain
    return cleaned


def exception_fields(error: BaseException) -> dict[str, str]:
    """`exception.type`, `exception.message` and `exception.stacktrace` (its end, where it is long)."""
    try:
        message = str(error)
    except Exception:  # a __str__ that raises
        message = "(its message can't be read)"
    stack = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return {
        "exception.type": type(error).__name__,
        "exception.message": message,
        "exception.stacktrace": stack[-MAX_TEXT:],
    }


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_clock = Clock()
_default_service: Optional[str] = None
_writer: Optional[EventWriter] = None
_writer_lock = threading.RLock()


def _renew_lock() -> None:
    global _writer_lock
    _writer_lock = threading.RLock()


# Another thread may hold the lock while a process forks: the child would wait for ever.
os.register_at_fork(after_in_child=_renew_lock)


def set_default_service(name: str) -> None:
    """Give the events that name no service, such as those of a logging handler, this `service.name`.

    OTEL_SERVICE_NAME wins; the first name given stays.
    """
    global _default_service
    _default_service = _default_service or name


def line(
    event_name: str, fields: Mapping[str, Any], severity: str = "INFO", body: Optional[str] = None
) -> bytes:
    """One event as a JSON line with its newline, in UTF-8."""
    record: dict[str, Any] = {
        "timestamp": rfc3339(_clock.now()),
        "severity_text": severity,
        "event_name": event_name,
    }
    common = {"service.name": _default_service, **resource_attributes(os.environ), "trace_id": trace_id.get()}
    record.update(clean_fields({**common, "body": body, **fields}))
    return _encode(record).encode() + b"\n"


def _report(counts: dict[str, int]) -> bytes:
    text = "; ".join(f"{description} ({count})" for description, count in sorted(counts.items()))
    return line("log", {}, "WARN", f"ds_monitoring: {text}")


def _current_writer() -> EventWriter:
    global _writer
    if _writer is not None:
        return _writer
    with _writer_lock:
        if _writer is None:
            _writer = EventWriter(
                name=resource_attributes(os.environ).get("service.name") or _default_service or "python",
                report=_report,
                directory=log_directory(),
                file_bytes=bytes_from_environment("LOG_FILE_BYTES", DEFAULT_FILE_BYTES),
                total_bytes=bytes_from_environment("LOG_TOTAL_BYTES", DEFAULT_TOTAL_BYTES),
            )
            atexit.register(flush, EXIT_SECONDS)
            _flush_when_process_ends(None)
    return _writer


def _flush_when_process_ends(_: Any) -> None:
    """Flush at the end of a `multiprocessing.Process`, which runs no `atexit` functions.

    Such a process forgets what was registered before its own start, hence `register_after_fork`, which spawned
    processes obey too.
    """
    multiprocessing.util.Finalize(None, flush, args=(EXIT_SECONDS,), exitpriority=-100)


multiprocessing.util.register_after_fork(EventWriter, _flush_when_process_ends)


def _is_pool_worker() -> bool:
    """Whether this is a worker of a `multiprocessing.Pool`, which is killed when the pool is closed."""
    return bool(multiprocessing.process.current_process().daemon)


@never_raises
def emit(
    event_name: str,
    fields: Mapping[str, Any],
    severity: str = "INFO",
    body: Optional[str] = None,
    durable: bool = False,
) -> None:
    """Write one event of the log contract.

    `fields` are attributes by their contract names; None, NaN and infinities are left out. Never raises.
    A `durable` event, and any of a worker of `multiprocessing.Pool`, waits up to 0.2 s to be written, so that it
    outlives a killed process.
    """
    writer = _current_writer()
    writer.put(line(event_name, fields, severity, body))
    if durable or _is_pool_worker():
        writer.flush(DURABLE_SECONDS)


@never_raises
def flush(timeout: float = EXIT_SECONDS) -> bool:
    """Wait until all events so far are written, at most `timeout` seconds; False if they were not.

    Runs by itself at a normal exit.
    """
    return _writer is None or _writer.flush(timeout)
