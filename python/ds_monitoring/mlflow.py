"""Brings MLflow's runs into the dashboards: while they run, or one that has finished.

    from ds_monitoring.mlflow import start_run

    with start_run("churn-training", model="churn") as run:   # mlflow.start_run and ds_monitoring.run in one
        mlflow.log_metric("test_f1", 0.93)
        run.drift("age", reference=old["age"], current=new["age"])

    python -m ds_monitoring.mlflow RUN_ID   # with MLFLOW_TRACKING_URI

What is read of a run: its metrics (the last value of each), parameters, and those tags that are named as in the log
contract. Needs MLflow: `pip install ds-monitoring-helper[mlflow]`.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from typing import Any, Iterator, Mapping, Optional

from .events import emit
from .facts import number_of
from .faults import never_raises
from .runs import Run
from .runs import run as start_pipeline_run

#: Beginnings of a metric's name that say of which part of the data it is.
_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "eval": "validation",
    "test": "test",
}
#: MLflow's autologging and evaluation follow scikit-learn's names; the contract's are shorter.
_METRICS = {
    "accuracy_score": "accuracy",
    "precision_score": "precision",
    "recall_score": "recall",
    "f1_score": "f1",
    "roc_auc_score": "roc_auc",
    "brier_score_loss": "brier",
    "root_mean_squared_error": "rmse",
    "mean_absolute_error": "mae",
    "r2_score": "r2",
}
#: Parameters and metrics beyond these are left out: each is a field in the database.
MAX_NAMES = 60
_SUMMARY = ("rows", "features", "imbalance_ratio", "decision", "champion_version", "data_version", "git_revision")
_RESULTS = {"FINISHED": "success", "FAILED": "failure", "KILLED": "cancellation"}


def split_of(metric: str, default: str = "test") -> tuple[str, str]:
    """The part of the data and the name that a metric of MLflow has here: `val_f1_score` is (validation, f1)."""
    for separator in ("_", "/", "-", "."):
        first, found, rest = metric.partition(separator)
        if found and rest and first.lower() in _SPLITS:
            return _SPLITS[first.lower()], _METRICS.get(rest, rest)
    return default, _METRICS.get(metric, metric)


@never_raises
def report(run: Run, found: Any) -> None:
    """Write what an MLflow run (`mlflow.entities.Run`) holds as facts of `run`."""
    tags: Mapping[str, str] = found.data.tags
    run.model = run.model or tags.get("ml.model.name")
    run.model_version = run.model_version or tags.get("ml.model.version") or found.info.run_name
    by_split: dict[str, dict[str, float]] = {}
    for name, value in list(found.data.metrics.items())[:MAX_NAMES]:
        split, metric = split_of(name)
        by_split.setdefault(split, {})[metric] = value
    for split, scores in by_split.items():
        run.metric(split, **scores)
    summary: dict[str, Any] = {name: tags[name] for name in _SUMMARY if name in tags}
    summary.setdefault("git_revision", tags.get("mlflow.source.git.commit"))
    for name in ("rows", "features", "imbalance_ratio"):
        summary[name] = number_of(summary.get(name))
    parameters = {
        f"param.{name}": _parameter(value) for name, value in list(found.data.params.items())[:MAX_NAMES]
    }
    run.summary(**summary, failed_checks=tags.get("failed_checks", ()), parameters=parameters)
    if "decision" in tags:
        run.decision(tags["decision"], tags.get("reason", ""), tags.get("approver", "pipeline"))


def _parameter(value: str) -> Any:
    """MLflow keeps parameters as texts."""
    try:
        return float(value)
    except ValueError:
        return value


@contextlib.contextmanager
def start_run(
    pipeline: str,
    *,
    model: Optional[str] = None,
    model_version: Optional[str] = None,
    expected_max_s: Optional[float] = None,
    **arguments: Any,
) -> Iterator[Run]:
    """`mlflow.start_run(**arguments)` and `ds_monitoring.run` around one block; the block gets the latter.

    The run's id is MLflow's. At the end, also of a failure, MLflow's metrics, parameters and tags are reported.
    expected_max_s: seconds, as of `run`. Raises what `mlflow.start_run` raises, and ImportError without MLflow.
    """
    import mlflow

    with mlflow.start_run(**arguments) as active:
        run_id = active.info.run_id
        with start_pipeline_run(
            pipeline, run_id=run_id, model=model, model_version=model_version, expected_max_s=expected_max_s
        ) as run:
            try:
                yield run
            finally:
                _report_by_id(run, run_id)


@never_raises
def _report_by_id(run: Run, run_id: str) -> None:
    import mlflow

    report(run, mlflow.get_run(run_id))


def report_finished(run_id: str, pipeline: Optional[str] = None) -> None:
    """Report a finished run of MLflow, its end and duration included, at the time of the call; once for each run.

    pipeline: default the name of its experiment. Raises MlflowException where there is no such run, ValueError
    where it has not finished.
    """
    import mlflow

    found = mlflow.get_run(run_id)
    info = found.info
    if info.status not in _RESULTS or info.end_time is None:
        raise ValueError(f"the MLflow run {run_id} is {info.status}: report it when it has finished")
    name = pipeline or mlflow.get_experiment(info.experiment_id).name
    # Times of MLflow are in milliseconds.
    duration = (info.end_time - info.start_time) / 1000
    run = start_pipeline_run(name, run_id=run_id, starts=False, started_at=time.time() - duration)
    report(run, found)
    result = _RESULTS[info.status]
    fields = {**run.identity(), "cicd.pipeline.result": result, "duration_s": duration}
    emit("pipeline.run.end", fields, "INFO" if result == "success" else "ERROR", durable=True)


def main() -> None:
    """The command `python -m ds_monitoring.mlflow RUN_ID`."""
    parser = argparse.ArgumentParser(
        prog="python -m ds_monitoring.mlflow",
        description="Report a finished MLflow run; MLFLOW_TRACKING_URI says where it is, LOG_DIR where events go.",
    )
    parser.add_argument("run_id")
    parser.add_argument("--pipeline", help="default: the name of the run's experiment")
    arguments = parser.parse_args()
    try:
        report_finished(arguments.run_id, arguments.pipeline)
    except ImportError:
        raise SystemExit("MLflow is not installed: pip install ds-monitoring-helper[mlflow]") from None
    except Exception as error:  # MLflow's own class, which needs MLflow to be named
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
