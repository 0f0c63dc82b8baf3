"""CPU time and memory of this process and its container, from /proc and the cgroup (v2, else v1)."""

from __future__ import annotations

import os
import resource
import threading
from typing import Optional

CGROUP_ROOT = "/sys/fs/cgroup"
#: A limit above this means "none": v1 shows a huge number instead of `max`.
NO_LIMIT_BYTES = 1 << 60
SAMPLE_SECONDS = 0.5


def _read_int(path: str) -> Optional[int]:
    try:
        with open(path, encoding="ascii") as file:
            text = file.read().strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdigit() else None


def memory_limit_bytes(root: str = CGROUP_ROOT) -> Optional[int]:
    """The container's memory limit in bytes, or None where there is none."""
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        limit = _read_int(os.path.join(root, name))
        if limit is not None:
            return limit if limit < NO_LIMIT_BYTES else None
    return None


def working_set_bytes(root: str = CGROUP_ROOT) -> Optional[int]:
    """Memory in use less the file cache that the kernel can take back: what the OOM killer goes by.

    None where the memory is not limited: the group then is the whole machine's, not a container's.
    """
    if memory_limit_bytes(root) is None:
        return None
    for usage_name, stat_name, key in (
        ("memory.current", "memory.stat", "inactive_file"),
        ("memory/memory.usage_in_bytes", "memory/memory.stat", "total_inactive_file"),
    ):
        usage = _read_int(os.path.join(root, usage_name))
        if usage is None:
            continue
        try:
            with open(os.path.join(root, stat_name), encoding="ascii") as file:
                for line in file:
                    name, _, value = line.partition(" ")
                    if name == key:
                        return max(usage - int(value), 0)
        except (OSError, ValueError):
            pass
        return usage
    return None


def resident_bytes() -> Optional[int]:
    """Resident memory of this process now, in bytes."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def cpu_seconds(root: str = CGROUP_ROOT) -> float:
    """CPU time so far, user and system, in seconds: of the container, else of this process and its children.

    As with memory, the group counts only where it is limited.
    """
    if memory_limit_bytes(root) is not None:
        used = _container_cpu_seconds(root)
        if used is not None:
            return used
    finished = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in finished) + _running_children_cpu_seconds()


def _container_cpu_seconds(root: str) -> Optional[float]:
    try:
        with open(os.path.join(root, "cpu.stat"), encoding="ascii") as file:
            for line in file:
                name, _, value = line.partition(" ")
                if name == "usage_usec":
                    return int(value) / 1e6
    except (OSError, ValueError):
        pass
    for folder in ("cpuacct", "cpu,cpuacct"):
        nanoseconds = _read_int(os.path.join(root, folder, "cpuacct.usage"))
        if nanoseconds is not None:
            return nanoseconds / 1e9
    return None


def _running_children_cpu_seconds() -> float:
    """CPU time of the processes below this one that still run, such as workers of a pool, in seconds."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    try:
        processes = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return 0.0
    for process in processes:
        try:
            with open(f"/proc/{process}/stat", "rb") as file:
                # The name of the program, in brackets, may hold anything.
                fields = file.read().rpartition(b")")[2].split()
        except OSError:  # it has ended just now
            continue
        parents[process] = int(fields[1])
        # utime, stime and those of its finished children. Source: proc(5)
        ticks[process] = sum(map(int, fields[11:15]))
    below, found = [os.getpid()], 0
    while below:
        parent = below.pop()
        children = [process for process, of in parents.items() if of == parent]
        found += sum(ticks[child] for child in children)
        below.extend(children)
    return found / os.sysconf("SC_CLK_TCK")


class Usage:
    """CPU time and peak memory between `start` and `stop`.

    The kernel keeps peaks for the life of a process or container, so the peak of one task is what samples
    saw, or the process's own peak where that rose during the task.
    """

    def __init__(self, root: str = CGROUP_ROOT) -> None:
        self._root = root
        self._stopped = threading.Event()
        self._peak = 0
        self._cpu = 0.0
        self._process_peak = 0
        self._thread: Optional[threading.Thread] = None

    def start(self, of_process: bool = False) -> None:
        """Begin measuring; a thread takes a sample each half second.

        of_process: count what the process, or its container, has used so far.
        """
        self._cpu = 0.0 if of_process else cpu_seconds(self._root)
        self._process_peak = 0 if of_process else _process_peak_bytes()
        self._sample()
        self._thread = threading.Thread(target=self._work, name="ds_monitoring-usage", daemon=True)
        self._thread.start()

    def stop(self) -> dict[str, float]:
        """`cpu_s`, `mem_peak_bytes` and, inside a limited container, `mem_limit_bytes`."""
        self._stopped.set()
        self._sample()
        process_peak = _process_peak_bytes()
        peak = max(self._peak, process_peak) if process_peak > self._process_peak else self._peak
        usage: dict[str, float] = {
            "cpu_s": max(cpu_seconds(self._root) - self._cpu, 0.0),
            "mem_peak_bytes": float(peak),
        }
        limit = memory_limit_bytes(self._root)
        if limit is not None:
            usage["mem_limit_bytes"] = float(limit)
        return usage

    def _work(self) -> None:
        while not self._stopped.wait(SAMPLE_SECONDS):
            self._sample()

    def _sample(self) -> None:
        self._peak = max(self._peak, working_set_bytes(self._root) or 0, resident_bytes() or 0)


def _process_peak_bytes() -> int:
    # Linux counts ru_maxrss in KiB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
