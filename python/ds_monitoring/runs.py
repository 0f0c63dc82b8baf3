"""Training runs: their start and end, their tasks, and the facts about data and model they report."""

from __future__ import annotations

import os
import time
import uuid
import warnings
from collections import Counter
from types import TracebackType
from typing import Any, Iterable, Mapping, Optional, Sequence

from .cgroup import Usage
from .drift import compare, significance_of
from .endings import SKIP, SUCCESS, end_when_terminated, forget, result_of, result_of_termination
from .events import emit, exception_fields, set_default_service
from .failures import mark_reported, report_uncaught_exceptions
from .faults import faults, never_raises
from .samples import MISSING, is_missing, label, labels

#: More classes than these are reported as one, `_other`: each class is a series in the database.
MAX_CLASSES = 50
OTHER = "_other"

class Task:
    """One step of a run; use `run.task(name)`. Its events are `pipeline.task.start` and `pipeline.task.end`."""

    def __init__(self, run: Run, name: str, expected_max_s: Optional[float]) -> None:
        self._run = run
        self._fields: dict[str, Any] = {"cicd.pipeline.task.name": name, "expected_max_s": _number(expected_max_s)}
        self._result: Optional[str] = None
        self._facts: dict[str, Any] = {}
        self._started = 0.0
        self._ended = False
        self._process = 0
        self._usage = Usage()

    @never_raises
    def rows(self, rows_in: Optional[int] = None, rows_out: Optional[int] = None) -> None:
        """Report how many rows the task read and wrote."""
        self._facts.update({"rows_in": _number(rows_in), "rows_out": _number(rows_out)})

    def skip(self) -> None:
        """Mark the task as skipped: there was nothing to do."""
        self._result = SKIP

    @never_raises
    def _start(self) -> None:
        emit("pipeline.task.start", {**self._run.identity(), **self._fields}, durable=True)
        self._usage.start()

    @never_raises
    def _end(self, result: str, error: Optional[BaseException] = None) -> None:
        # A forked child leaves the block too; the task is its parent's.
        if self._ended or self._process != os.getpid():
            return
        self._ended = True
        forget(self._terminate)
        fields = {
            **self._run.identity(),
            **self._fields,
            **self._facts,
            **self._usage.stop(),
            "cicd.pipeline.task.run.result": result,
            "duration_s": time.monotonic() - self._started,
        }
        failed = result not in (SUCCESS, SKIP)
        if error is not None and failed:
            fields.update(exception_fields(error))
        emit("pipeline.task.end", fields, "ERROR" if failed else "INFO", durable=True)

    def _terminate(self) -> None:
        self._end(result_of_termination(self._started, self._fields["expected_max_s"]))

    def __enter__(self) -> Task:
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
        skipped = error is None and self._result is not None
        self._end(SKIP if skipped else result_of(error), error)


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
        self._expected_max_s = _number(expected_max_s)
        self._service = service or os.environ.get("OTEL_SERVICE_NAME") or pipeline
        self._starts = starts
        self._ends = ends
        self._started_at = started_at
        self._started = 0.0
        self._ended = False
        self._process = 0
        self._comparisons = 0

    def identity(self) -> dict[str, Any]:
        """The fields that every event of this run carries."""
        return {
            "service.name": self._service,
            "cicd.pipeline.name": self.pipeline,
            "cicd.pipeline.run.id": self.run_id,
        }

    def _emit_fact(self, event_name: str, fields: Mapping[str, Any]) -> None:
        version = None if self.model_version is None else label(self.model_version)
        model = {"ml.model.name": self.model, "ml.model.version": version}
        emit(event_name, {**self.identity(), **model, **fields})

    def task(self, name: str, expected_max_s: Optional[float] = None) -> Task:
        """A step of the run, to be used in a `with` statement.

        `expected_max_s`: after how many seconds a start without an end is overdue.
        """
        return Task(self, name, expected_max_s)

    @never_raises
    def metric(self, split: str, of_class: Any = "_all", **scores: float) -> None:
        """Report scores on `split` (train, validation, test), of one class or of `_all`.

        `scores`: accuracy, precision, recall, f1, roc_auc, log_loss, brier, and any other by its name, e.g. rmse.
        What is no number is left out and reported.
        """
        known = {name: _number(value) for name, value in scores.items()}
        self._emit_fact("ml.metric", {"split": split, "class": label(of_class), **known})

    @never_raises
    def class_balance(self, values: Iterable[Any], split: str = "train") -> Optional[float]:
        """Report count and share of each class among the labels `values`; those without one are `_missing`.

        Returns the imbalance ratio (largest class over smallest), or None without labels.
        """
        counts = _bounded(Counter(labels(values)[0]))
        total = sum(counts.values())
        for name, count in counts.items():
            self._emit_fact(
                "ml.class", {"class": name, "split": split, "count": float(count), "share": count / total}
            )
        sizes = [count for name, count in counts.items() if name != MISSING]
        return max(sizes) / min(sizes) if sizes else None

    @never_raises
    def outliers(self, feature: str, method: str, rows_before: int, rows_removed: int) -> None:
        """Report how many rows were removed because of their value of `feature`, by which method."""
        before, removed = _number(rows_before), _number(rows_removed)
        ratio = removed / before if before and removed is not None else 0.0
        fields = {"rows_before": before, "rows_removed": removed, "removed_ratio": ratio}
        self._emit_fact("ml.outliers", {"feature": feature, "method": method, **fields})

    @never_raises
    def drift(
        self,
        feature: str,
        reference: Iterable[Any],
        current: Iterable[Any],
        comparison: str = "new_vs_old",
        bins: int = 10,
        features: Optional[int] = None,
    ) -> Optional[str]:
        """Compare a feature's values in `current` with those in `reference` and report it.

        `comparison`: `new_vs_old` (this training data against the last) or `train_vs_val`. `features`: how many
        comparisons the run makes, where that is known: it sharpens the verdicts of small samples. Returns the
        verdict: none, warn, drift or insufficient_data; None where the values can't be compared, which is
        reported by an event and, once, by a warning.
        """
        position, self._comparisons = self._comparisons, self._comparisons + 1
        try:
            fields = compare(reference, current, bins, significance_of(position, features))
        except (TypeError, ValueError) as error:
            message = f"the drift of {feature} was not computed: {error}"
            emit("log", {**self.identity(), **exception_fields(error)}, "WARN", message)
            warnings.warn(message, RuntimeWarning, stacklevel=3)
            return None
        odd = fields.pop("odd_types", None)
        if odd:
            faults.add(f"drift: values of type {', '.join(odd)} compared by their text")
        self._emit_fact("ml.drift", {"feature": feature, "comparison": comparison, **_floats(fields)})
        return str(fields["verdict"])

    @never_raises
    def confusion(self, actual: Iterable[Any], predicted: Iterable[Any], split: str = "test") -> None:
        """Report how often each actual class was predicted as which; pairs that never occur are left out."""
        columns = labels(actual, predicted)
        if len(columns[0]) != len(columns[1]):
            faults.add("run.confusion: actual and predicted are not of one length; the longer was cut")
        names = _bounded(Counter(name for column in columns for name in column))
        pairs = Counter(
            (of if of in names else OTHER, as_ if as_ in names else OTHER) for of, as_ in zip(*columns)
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
                "failed_checks": _joined(failed_checks),
                "champion_version": champion_version,
                "data_version": data_version,
                "git_revision": git_revision or os.environ.get("GIT_REVISION"),
            },
        )

    @never_raises
    def decision(self, decision: str, reason: str, approver: str = "pipeline") -> None:
        """Report whether the model may go to production: `approve` or `reject`, why, and who said so."""
        decision = str(decision).lower()
        if decision not in ("approve", "reject"):
            faults.add("run.decision: neither approve nor reject")
        self._emit_fact("ml.decision", {"decision": decision, "reason": reason, "approver": approver})

    @never_raises
    def _start(self) -> None:
        report_uncaught_exceptions()
        set_default_service(self._service)
        if self._starts:
            fields = {**self.identity(), "expected_max_s": self._expected_max_s}
            emit("pipeline.run.start", fields, durable=True)

    @never_raises
    def _end(self, result: str, error: Optional[BaseException] = None) -> None:
        # A forked child leaves the block too; the run is its parent's.
        if self._ended or self._process != os.getpid():
            return
        self._ended = True
        forget(self._terminate)
        if result == SUCCESS and not self._ends:
            return
        fields: dict[str, Any] = {**self.identity(), "cicd.pipeline.result": result}
        if self._starts:
            fields["duration_s"] = time.monotonic() - self._started
        elif self._started_at is not None:
            # Another process has started it: only the clock is common to both.
            fields["duration_s"] = max(time.time() - self._started_at, 0.0)
        if error is not None and result != SUCCESS:
            fields.update(exception_fields(error))
            mark_reported(error)
        emit("pipeline.run.end", fields, "INFO" if result == SUCCESS else "ERROR", durable=True)

    def _terminate(self) -> None:
        self._end(result_of_termination(self._started, self._expected_max_s))

    def __enter__(self) -> Run:
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
        self._end(result_of(error), error)


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


def _number(value: Any) -> Optional[float]:
    """A float where `value` is a number (NumPy's too) or a duration in seconds; None, reported, for all else."""
    if is_missing(value):
        return None
    try:
        seconds = getattr(value, "total_seconds", None)
        return float(seconds() if callable(seconds) else value)
    except (TypeError, ValueError, OverflowError):
        faults.add(f"value of type {type(value).__name__} left out where a number is expected")
        return None


def _joined(names: Any) -> str:
    """Names as one text; a single text is one name."""
    if isinstance(names, str):
        return names
    return ", ".join(str(name) for name in names if name is not None)


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
