"""Training runs: their start and end, and their tasks."""

from __future__ import annotations

import os
import time
import uuid
from typing import Any, Optional

from .blocks import Block, seconds_since_process_start
from .cgroup import Usage
from .endings import SKIP, SUCCESS, result_of
from .events import emit, exception_fields, set_default_service
from .facts import Facts, number_of
from .failures import mark_reported, report_uncaught_exceptions
from .faults import never_raises


class Task(Block):
    """One step of a run; use `run.task(name)`. Its events are `pipeline.task.start` and `pipeline.task.end`.

    `duration_s`, `cpu_s` and `mem_peak_bytes` are of the block; of the first task of a process that is a step (see
    `run`), they are of the process from its start, imports included.
    """

    def __init__(self, run: Run, name: str, expected_max_s: Optional[float]) -> None:
        super().__init__(number_of(expected_max_s))
        self._run = run
        self._fields: dict[str, Any] = {
            "cicd.pipeline.task.name": name,
            "expected_max_s": self._expected_max_s,
        }
        self._skipped = False
        self._facts: dict[str, Any] = {}
        self._usage = Usage()

    @never_raises
    def rows(self, rows_in: Optional[int] = None, rows_out: Optional[int] = None) -> None:
        """Report how many rows the task read and wrote."""
        self._facts.update({"rows_in": number_of(rows_in), "rows_out": number_of(rows_out)})

    def skip(self) -> None:
        """Mark the task as skipped: there was nothing to do."""
        self._skipped = True

    def _result(self, error: Optional[BaseException]) -> str:
        return SKIP if error is None and self._skipped else result_of(error)

    @never_raises
    def _start(self) -> None:
        emit("pipeline.task.start", {**self._run.identity(), **self._fields}, durable=True)
        earlier = self._run.take_time_before()
        self._started -= earlier
        self._usage.start(of_process=earlier > 0)

    @never_raises
    def _end(self, result: str, error: Optional[BaseException]) -> None:
        fields = {
            **self._run.identity(),
            **self._fields,
            **self._facts,
            **self._usage.stop(),
            "cicd.pipeline.task.run.result": result,
            "duration_s": self._duration_s(),
        }
        failed = result not in (SUCCESS, SKIP)
        if error is not None and failed:
            fields.update(exception_fields(error))
        emit("pipeline.task.end", fields, "ERROR" if failed else "INFO", durable=True)

    def __enter__(self) -> Task:
        super().__enter__()
        return self


class Run(Block, Facts):
    """One run of a pipeline; make it with `run(...)`. No method but `task` raises, whatever it is given."""

    def __init__(
        self,
        pipeline: str,
        run_id: Optional[str],
        model: Optional[str],
        model_version: Optional[str],
        expected_max_s: Optional[float],
        service: Optional[str],
        starts: bool,
        ends: bool,
        started_at: Optional[float],
    ) -> None:
        expected = number_of(expected_max_s)
        super().__init__(_number_in("PIPELINE_DEADLINE_SECONDS") if expected is None else expected)
        self.pipeline = pipeline
        self.run_id = run_id or os.environ.get("PIPELINE_RUN_ID") or uuid.uuid4().hex
        self.model = model
        self.model_version = model_version
        self._service = service or os.environ.get("OTEL_SERVICE_NAME") or pipeline
        self._starts = starts
        self._ends = ends
        self._started_at = started_at
        self._process_is_step = False

    def identity(self) -> dict[str, Any]:
        """The fields that every event of this run carries."""
        return {
            "service.name": self._service,
            "cicd.pipeline.name": self.pipeline,
            "cicd.pipeline.run.id": self.run_id,
        }

    def task(self, name: str, expected_max_s: Optional[float] = None) -> Task:
        """A step of the run, to be used in a `with` statement.

        `expected_max_s`: after how many seconds a start without an end is overdue.
        """
        return Task(self, name, expected_max_s)

    def take_time_before(self) -> float:
        """Seconds before the first task that count as its: since the start of a process that is a step; else 0."""
        first, self._process_is_step = self._process_is_step, False
        return seconds_since_process_start() if first else 0.0

    @never_raises
    def _start(self) -> None:
        report_uncaught_exceptions()
        set_default_service(self._service)
        self._process_is_step = _is_first_run_of_step(self.run_id)
        if self._process_is_step:
            self._started -= seconds_since_process_start()
        if self._starts:
            attempts = _number_in("PIPELINE_MAX_ATTEMPTS")
            fields = {**self.identity(), "expected_max_s": self._expected_max_s, "max_attempts": attempts}
            emit("pipeline.run.start", fields, durable=True)

    @never_raises
    def _end(self, result: str, error: Optional[BaseException]) -> None:
        if result == SUCCESS and not self._ends:
            return
        fields: dict[str, Any] = {**self.identity(), "cicd.pipeline.result": result}
        if self._starts:
            fields["duration_s"] = self._duration_s()
        elif self._started_at is not None:
            # Another process has started it: only the clock is common to both.
            fields["duration_s"] = max(time.time() - self._started_at, 0.0)
        if error is not None and result != SUCCESS:
            fields.update(exception_fields(error))
            mark_reported(error)
        emit("pipeline.run.end", fields, "INFO" if result == SUCCESS else "ERROR", durable=True)

    def __enter__(self) -> Run:
        super().__enter__()
        return self


def _number_in(variable: str) -> Optional[float]:
    """The number in a variable of the environment; None where it is missing or holds no number."""
    try:
        return float(os.environ[variable])
    except (KeyError, ValueError):
        return None


_had_run = False


def _is_first_run_of_step(run_id: str) -> bool:
    """Whether this process is a step of the run (PIPELINE_RUN_ID says so) and enters it for the first time.

    In a notebook, a scheduler's worker or a server, what came before the run is not the run's.
    """
    global _had_run
    first, _had_run = not _had_run, True
    return first and os.environ.get("PIPELINE_RUN_ID") == run_id


def run(
    pipeline: str,
    *,
    run_id: Optional[str] = None,
    model: Optional[str] = None,
    model_version: Optional[str] = None,
    expected_max_s: Optional[float] = None,
    service: Optional[str] = None,
    starts: bool = True,
    ends: bool = True,
    started_at: Optional[float] = None,
) -> Run:
    """A run of `pipeline`, to be used in a `with` statement.

    The start is written when the block is entered; the end, with its result, when it is left. A process that
    is killed leaves a start without an end, which the alert PipelineRunOverdue looks for.

    Where PIPELINE_RUN_ID is the run's id, as in the steps of `Pipeline`, the process is a step of the run: the
    durations of the run and of the first task then count from the start of the process, imports included.

    run_id: default PIPELINE_RUN_ID of the environment, else a random one.
    expected_max_s: after how many seconds a start without an end is overdue; default PIPELINE_DEADLINE_SECONDS,
        which `Pipeline` sets.
    service: `service.name` of the events; default OTEL_SERVICE_NAME, else `pipeline`.
    starts, ends: where each step is a process of its own, only the first starts the run and only the last
        ends it. A step that fails ends the run in any case.
    started_at: Unix time in seconds of the run's start, for a process that does not start it itself.
    """
    return Run(pipeline, run_id, model, model_version, expected_max_s, service, starts, ends, started_at)
