"""Writes event lines to a file of this process, off the caller's thread, on bounded disk.

Each process writes files of its own, `<service>.<pid>-<random>.<number>.events.log`, so several workers and
several containers on one volume never share one; a full file is left as it is and a new one begun, so a
reader that follows `*.log` never loses lines to a rename. Where the directory can't be written to, lines go
to standard error.
"""

from __future__ import annotations

import os
import queue
import re
import secrets
import threading
import time
from typing import Callable, Optional, Union

from .faults import faults

DEFAULT_DIRECTORY = "/var/log/app"
FILE_SUFFIX = ".events.log"
#: A file is closed and a new one begun at this size.
DEFAULT_FILE_BYTES = 8 * 1024 * 1024
#: The oldest event files in the directory are removed above this total.
DEFAULT_TOTAL_BYTES = 64 * 1024 * 1024
#: Lines that may wait to be written; more are dropped and counted.
QUEUE_LINES = 20_000
#: Bytes per write call.
BATCH_BYTES = 64 * 1024
#: After a failed write, standard error is used for this long before the directory is tried again.
RETRY_SECONDS = 5.0
#: Faults are reported at most this often, and at exit.
REPORT_SECONDS = 10.0
#: How long a normal exit of the process waits for the queue.
EXIT_SECONDS = 2.0


def log_directory() -> Optional[str]:
    """LOG_DIR, else /var/log/app where it exists, else None (standard error)."""
    configured = os.environ.get("LOG_DIR")
    if configured:
        return configured
    return DEFAULT_DIRECTORY if os.path.isdir(DEFAULT_DIRECTORY) else None


def bytes_from_environment(name: str, default: int) -> int:
    """A positive number of bytes from the environment; anything else is counted as a fault and ignored."""
    text = os.environ.get(name)
    if text is None:
        return default
    if text.isdigit() and int(text) > 0:
        return int(text)
    faults.add(f"{name} is not a positive number of bytes")
    return default


class EventFile:
    """The process's current event file. Used by one thread only."""

    def __init__(self, directory: Optional[str], name: str, file_bytes: int, total_bytes: int) -> None:
        self._directory = directory
        self._stem = f"{re.sub(r'[^A-Za-z0-9_-]+', '-', name)[:80]}.{os.getpid()}-{secrets.token_hex(4)}"
        self._file_bytes = file_bytes
        self._total_bytes = total_bytes
        self._descriptor: Optional[int] = None
        self._number = 0
        self._retry_at = 0.0
        # The end of a line of which a full disk took only the beginning.
        self._rest = b""

    def write(self, lines: bytes) -> None:
        """Write whole lines to the file, or, where that fails, to standard error."""
        if self._directory is not None and time.monotonic() >= self._retry_at:
            try:
                lines = self._write_to_file(lines)
            except OSError as error:
                faults.add(f"LOG_DIR not writable: {os.strerror(error.errno or 0)}")
                self._retry_at = time.monotonic() + RETRY_SECONDS
        if lines:
            self._write_to_stderr(lines)

    def _write_to_file(self, lines: bytes) -> bytes:
        """Write `lines`; returns those of which the file holds nothing."""
        descriptor = self._open_file(len(lines))
        while self._rest:
            self._rest = self._rest[os.write(descriptor, self._rest) :]
        written = 0
        while written < len(lines):
            try:
                written += os.write(descriptor, lines[written:])
            except OSError as error:
                faults.add(f"LOG_DIR not writable: {os.strerror(error.errno or 0)}")
                self._retry_at = time.monotonic() + RETRY_SECONDS
                end_of_line = (
                    written
                    if written == 0 or lines[written - 1 : written] == b"\n"
                    else lines.index(b"\n", written) + 1
                )
                self._rest = lines[written:end_of_line]
                return lines[end_of_line:]
        return b""

    def _open_file(self, upcoming: int) -> int:
        if self._descriptor is not None:
            status = os.fstat(self._descriptor)
            # No links: another process's pruning removed the file while this one was idle.
            if status.st_nlink > 0 and (status.st_size == 0 or status.st_size + upcoming <= self._file_bytes):
                return self._descriptor
            self.close()
        assert self._directory is not None
        prune(self._directory, self._total_bytes - self._file_bytes)
        path = os.path.join(self._directory, f"{self._stem}.{self._number:05d}{FILE_SUFFIX}")
        # World-readable, as the sidecar runs as another user.
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._number += 1
        return self._descriptor

    def close(self) -> None:
        """Close the file; a later write begins a new one."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        if self._rest:
            faults.add("event cut off by a full disk")
            self._rest = b""

    @staticmethod
    def _write_to_stderr(lines: bytes) -> None:
        try:
            while lines:
                lines = lines[os.write(2, lines) :]
        except OSError:
            faults.add("event dropped: neither LOG_DIR nor standard error is writable", lines.count(b"\n"))


def prune(directory: str, keep_bytes: int) -> None:
    """Remove the oldest event files of `directory` until the rest holds at most `keep_bytes`.

    Only files that this package named are touched.
    """
    files = []
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.endswith(FILE_SUFFIX):
                try:
                    status = entry.stat()
                except FileNotFoundError:  # pruned by another process just now
                    continue
                files.append((status.st_mtime_ns, status.st_size, entry.path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= max(keep_bytes, 0):
            return
        try:
            os.unlink(path)
            faults.add("event file removed to bound the disk")
        except FileNotFoundError:
            pass
        total -= size


class EventWriter:
    """A bounded queue and the thread that empties it into an `EventFile`.

    `put` neither raises nor waits. A forked child gets a queue, a thread and a file of its own.
    """

    def __init__(
        self,
        name: str,
        report: Callable[[dict[str, int]], bytes],
        directory: Optional[str] = None,
        file_bytes: int = DEFAULT_FILE_BYTES,
        total_bytes: int = DEFAULT_TOTAL_BYTES,
        queue_lines: int = QUEUE_LINES,
    ) -> None:
        self._name = name
        self._report = report
        self._directory = directory
        # At least two files fit, or pruning would remove what was only just written.
        self._file_bytes = min(file_bytes, total_bytes // 2)
        self._total_bytes = total_bytes
        self._queue_lines = queue_lines
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._queue: queue.SimpleQueue[Union[bytes, threading.Event]] = queue.SimpleQueue()
        self._start_lock = threading.Lock()
        self._thread: Optional[threading.Thread] = None
        self._file = EventFile(self._directory, self._name, self._file_bytes, self._total_bytes)
        self._reported_at = time.monotonic()

    def put(self, line: bytes) -> None:
        """Queue one line (with its newline). A full queue drops it and counts that."""
        if self._queue.qsize() >= self._queue_lines:
            faults.add("event dropped: queue full")
            return
        self._queue.put(line)
        if self._thread is None:
            self._start()

    def flush(self, timeout: float) -> bool:
        """Wait until what is queued now is written, at most `timeout` seconds; False if it was not."""
        if self._thread is None:
            return self._queue.empty()
        written = threading.Event()
        self._queue.put(written)
        return written.wait(timeout)

    def _start(self) -> None:
        # Not waiting for the lock: whoever holds it starts the thread.
        if not self._start_lock.acquire(blocking=False):
            return
        try:
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="ds_monitoring", daemon=True)
                thread.start()
                self._thread = thread
        except RuntimeError:
            faults.add("writer thread not started")
        finally:
            self._start_lock.release()

    def _work(self) -> None:
        while True:
            batch, flushed = self._next_batch()
            try:
                if batch:
                    self._file.write(b"".join(batch))
                self._report_faults(at_once=bool(flushed))
            except Exception as error:  # the thread must live: the next batch may work
                faults.add(f"writer failed: {type(error).__name__}", len(batch))
            for event in flushed:
                event.set()

    def _next_batch(self) -> tuple[list[bytes], list[threading.Event]]:
        lines: list[bytes] = []
        flushed: list[threading.Event] = []
        size = 0
        item = self._queue.get()
        while True:
            if isinstance(item, threading.Event):
                flushed.append(item)
            else:
                lines.append(item)
                size += len(item)
            if size >= BATCH_BYTES:
                return lines, flushed
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return lines, flushed

    def _report_faults(self, at_once: bool) -> None:
        if not faults.peek():
            return
        if at_once or time.monotonic() - self._reported_at >= REPORT_SECONDS:
            self._reported_at = time.monotonic()
            self._file.write(self._report(faults.take()))
