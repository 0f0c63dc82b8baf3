"""Training runs: their start and end, their tasks, and the facts about data and model they report."""

from __future__ import annotations

import os
import time
import uuid
from collections import Counter
from types import TracebackType
from typing import Any, Iterable, Mapping, Optional, Sequence

from .cgroup import Usage
from .drift import compare
from .events import emit, exception_fields, set_default_service
from .failures import mark_reported, report_uncaught_exceptions
from .faults import faults, never_raises

#: The scores that an `ml.metric` event may carry.
METRICS = ("accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "brier")
#: More classes than these are reported as one, `_other`: each class is a series in the database.
MAX_CLASSES = 50
OTHER = "_other"
SUCCESS, FAILURE, ERROR, TIMEOUT, CANCELLATION, SKIP = (
    "success",
    "failure",
    "error",
    "timeout",
    "cancellation",
    "skip",
)


def result_of(error: Optional[BaseException]) -> str:
    """The contract's result for what a `with` block ended with.

    No exception and exit code 0: success. Ctrl-C: cancellation. TimeoutError: timeout. MemoryError and
    OSError: error (the surroundings failed). Any other: failure.
    """
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return SUCCESS
    if isinstance(error, KeyboardInterrupt):
        return CANCELLATION
    if isinstance(error, TimeoutError):
        return TIMEOUT
    if isinstance(error, (MemoryError, OSError)):
        return ERROR
    return FAILURE


class Task:
    """One step of a run; use `run.task(name)`. Its events are `pipeline.task.start` and `pipeline.task.end`."""

    def __init__(self, run: Run, name: str, expected_max_s: Optional[float]) -> None:
        self._run = run
        self._fields = {"cicd.pipeline.task.name": name, "expected_max_s": expected_max_s}
        self._result: Optional[str] = None
        self._facts: dict[str, Any] = {}
        self._started = 0.0
        self._usage = Usage()

    @never_raises
    def rows(self, rows_in: Optional[int] = None, rows_out: Optional[int] = None) -> None:
        """Report how many rows the task read and wrote."""
        self._facts.update({"rows_in": rows_in, "rows_out": rows_out})

    def skip(self) -> None:
        """Mark the task as skipped: there was nothing to do."""
        self._result = SKIP

    @never_raises
    def _start(self) -> None:
        emit("pipeline.task.start", {**self._run.identity(), **self._fields}, durable=True)
        self._usage.start()

    @never_raises
    def _end(self, error: Optional[BaseException]) -> None:
        fields = {
            **self._run.identity(),
            **self._fields,
            **self._facts,
            **self._usage.stop(),
            "cicd.pipeline.task.run.result": self._result
            if error is None and self._result
            else result_of(error),
            "duration_s": time.monotonic() - self._started,
        }
        failed = error is not None and fields["cicd.pipeline.task.run.result"] != SUCCESS
        if error is not None and failed:
            fields.update(exception_fields(error))
        emit("pipeline.task.end", fields, "ERROR" if failed else "INFO", durable=True)

    def __enter__(self) -> Task:
        self._started = time.monotonic()
        self._start()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._end(error)


class Run:
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
        self.pipeline = pipeline
        self.run_id = run_id or os.environ.get("PIPELINE_RUN_ID") or uuid.uuid4().hex
        self.model = model
        #: May be set later, once it is known; the facts reported after that carry it.
        self.model_version = model_version
        self._expected_max_s = expected_max_s
        self._service = service or os.environ.get("OTEL_SERVICE_NAME") or pipeline
        self._starts = starts
        self._ends = ends
        self._started_at = started_at

    def identity(self) -> dict[str, Any]:
        """The fields that every event of this run carries."""
        return {
            "service.name": self._service,
            "cicd.pipeline.name": self.pipeline,
            "cicd.pipeline.run.id": self.run_id,
        }

    def _emit_fact(self, event_name: str, fields: Mapping[str, Any]) -> None:
        model = {"ml.model.name": self.model, "ml.model.version": self.model_version}
        emit(event_name, {**self.identity(), **model, **fields})

    def task(self, name: str, expected_max_s: Optional[float] = None) -> Task:
        """A step of the run, to be used in a `with` statement.

        `expected_max_s`: after how many seconds a start without an end is overdue.
        """
        return Task(self, name, expected_max_s)

    @never_raises
    def metric(self, split: str, of_class: str = "_all", **scores: float) -> None:
        """Report scores on `split` (train, validation, test), of one class or of `_all`.

        `scores`: accuracy, precision, recall, f1, roc_auc, log_loss, brier. Other names are left out and
        counted as faults.
        """
        known = {name: _number(value) for name, value in scores.items() if name in METRICS}
        if len(known) < len(scores):
            faults.add(f"run.metric: left out a score that is not one of {', '.join(METRICS)}")
        self._emit_fact("ml.metric", {"split": split, "class": of_class, **known})

    @never_raises
    def class_balance(self, labels: Iterable[Any], split: str = "train") -> Optional[float]:
        """Report count and share of each class among `labels`.

        Returns the imbalance ratio (largest class over smallest), or None without labels.
        """
        counts = _bounded(Counter(str(label) for label in labels))
        total = sum(counts.values())
        for name, count in counts.items():
            self._emit_fact(
                "ml.class", {"class": name, "split": split, "count": float(count), "share": count / total}
            )
        return max(counts.values()) / min(counts.values()) if counts else None

    @never_raises
    def outliers(self, feature: str, method: str, rows_before: int, rows_removed: int) -> None:
        """Report how many rows were removed because of their value of `feature`, by which method."""
        ratio = rows_removed / rows_before if rows_before else 0.0
        fields = {
            "rows_before": float(rows_before),
            "rows_removed": float(rows_removed),
            "removed_ratio": ratio,
        }
        self._emit_fact("ml.outliers", {"feature": feature, "method": method, **fields})

    @never_raises
    def drift(
        self,
        feature: str,
        reference: Iterable[Any],
        current: Iterable[Any],
        comparison: str = "new_vs_old",
        bins: int = 10,
    ) -> Optional[str]:
        """Compare a feature's values in `current` with those in `reference` and report it.

        `comparison`: `new_vs_old` (this training data against the last) or `train_vs_val`. Returns the
        verdict: none, warn, drift or insufficient_data; None where the values can't be compared.
        """
        fields = compare(reference, current, bins)
        self._emit_fact("ml.drift", {"feature": feature, "comparison": comparison, **_floats(fields)})
        return str(fields["verdict"])

    @never_raises
    def confusion(self, actual: Sequence[Any], predicted: Sequence[Any], split: str = "test") -> None:
        """Report how often each actual class was predicted as which; pairs that never occur are left out."""
        names = _bounded(Counter(str(label) for labels in (actual, predicted) for label in labels))
        pairs = Counter(
            tuple(name if name in names else OTHER for name in map(str, pair))
            for pair in zip(actual, predicted)
        )
        for (of, as_), count in pairs.items():
            self._emit_fact(
                "ml.confusion", {"actual": of, "predicted": as_, "split": split, "count": float(count)}
            )

    @never_raises
    def summary(
        self,
        rows: Optional[int] = None,
        features: Optional[int] = None,
        imbalance_ratio: Optional[float] = None,
        decision: Optional[str] = None,
        failed_checks: Sequence[str] = (),
        champion_version: Optional[str] = None,
        data_version: Optional[str] = None,
        git_revision: Optional[str] = None,
    ) -> None:
        """Report the run in one event. `git_revision` defaults to the environment's GIT_REVISION."""
        self._emit_fact(
            "ml.run.summary",
            {
                "rows": _number(rows),
                "features": _number(features),
                "imbalance_ratio": _number(imbalance_ratio),
                "decision": decision,
                "failed_checks": ", ".join(failed_checks),
                "champion_version": champion_version,
                "data_version": data_version,
                "git_revision": git_revision or os.environ.get("GIT_REVISION"),
            },
        )

    @never_raises
    def decision(self, decision: str, reason: str, approver: str = "pipeline") -> None:
        """Report whether the model may go to production: `approve` or `reject`, why, and who said so."""
        if decision not in ("approve", "reject"):
            faults.add("run.decision: neither approve nor reject")
        self._emit_fact("ml.decision", {"decision": decision, "reason": reason, "approver": approver})

    @never_raises
    def _start(self) -> None:
        report_uncaught_exceptions()
        set_default_service(self._service)
        if self._starts:
            self._started_at = time.time()
            fields = {**self.identity(), "expected_max_s": self._expected_max_s}
            emit("pipeline.run.start", fields, durable=True)

    @never_raises
    def _end(self, error: Optional[BaseException]) -> None:
        result = result_of(error)
        if result == SUCCESS and not self._ends:
            return
        fields: dict[str, Any] = {**self.identity(), "cicd.pipeline.result": result}
        if self._started_at is not None:
            fields["duration_s"] = max(time.time() - self._started_at, 0.0)
        if error is not None and result != SUCCESS:
            fields.update(exception_fields(error))
            mark_reported(error)
        emit("pipeline.run.end", fields, "INFO" if result == SUCCESS else "ERROR", durable=True)

    def __enter__(self) -> Run:
        self._start()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._end(error)


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

    run_id: default PIPELINE_RUN_ID of the environment, else a random one.
    expected_max_s: after how many seconds a start without an end is overdue.
    service: `service.name` of the events; default OTEL_SERVICE_NAME, else `pipeline`.
    starts, ends: where each step is a process of its own, only the first starts the run and only the last
        ends it. A step that fails ends the run in any case.
    started_at: Unix time in seconds of the run's start, for a process that does not start it itself.
    """
    return Run(pipeline, run_id, model, model_version, expected_max_s, service, starts, ends, started_at)


def _number(value: Any) -> Any:
    """A float where `value` is a number (NumPy's too), else `value` as it is."""
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return value


def _floats(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: float(value) if isinstance(value, int) else value for key, value in fields.items()}


def _bounded(counts: Counter[str]) -> dict[str, int]:
    """The MAX_CLASSES most frequent counts; the others summed as `_other`."""
    ordered = counts.most_common()
    kept = dict(ordered[:MAX_CLASSES])
    rest = sum(count for _, count in ordered[MAX_CLASSES:])
    if rest:
        kept[OTHER] = kept.get(OTHER, 0) + rest
    return kept
