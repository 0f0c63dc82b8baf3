"""With the real MLflow, where it is installed (pip install ds-monitoring-helper[mlflow])."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

from ds_monitoring.mlflow import split_of
from tests.support import environment, events, python

HAS_MLFLOW = importlib.util.find_spec("mlflow") is not None

TRAINING = """
import mlflow
from ds_monitoring.mlflow import start_run

mlflow.set_experiment("churn-training")
with start_run("churn-training", model="churn", run_name="v7") as run:
    mlflow.log_params({"C": 0.5, "solver": "lbfgs"})
    mlflow.log_metrics({"test_f1_score": 0.5, "val_loss": 0.3, "training_r2_score": 0.9})
    mlflow.log_metric("test_f1_score", 0.93)
    mlflow.set_tags({"ml.model.version": "7", "data_version": "2026-01", "decision": "approve", "reason": "good"})
    print(run.run_id)
    %s
"""


class NamesTest(unittest.TestCase):
    def test_names_of_metrics(self) -> None:
        for name, expected in (
            ("val_f1_score", ("validation", "f1")),
            ("test/roc_auc", ("test", "roc_auc")),
            ("training_root_mean_squared_error", ("train", "rmse")),
            ("ndcg@10", ("test", "ndcg@10")),
            ("testimony", ("test", "testimony")),
        ):
            self.assertEqual(split_of(name), expected)


@unittest.skipUnless(HAS_MLFLOW, "MLflow is not installed: its runs were not read")
class MlflowTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.variables = {
            "MLFLOW_TRACKING_URI": f"sqlite:///{self.folder}/mlflow.db",
            "LOG_DIR": os.path.join(self.folder, "log"),
        }
        os.mkdir(self.variables["LOG_DIR"])

    def check(self, run_id: str) -> None:
        found = events(self.variables["LOG_DIR"])
        metrics = {
            event["split"]: {key: event[key] for key in ("f1", "loss", "r2") if key in event}
            for event in found
            if event["event_name"] == "ml.metric"
        }
        self.assertEqual(metrics, {"test": {"f1": 0.93}, "validation": {"loss": 0.3}, "train": {"r2": 0.9}})
        (summary,) = (event for event in found if event["event_name"] == "ml.run.summary")
        keys = ("ml.model.name", "ml.model.version", "data_version", "decision", "param.C", "param.solver")
        self.assertEqual([summary[key] for key in keys], ["churn", "7", "2026-01", "approve", 0.5, "lbfgs"])
        (decision,) = (event for event in found if event["event_name"] == "ml.decision")
        self.assertEqual((decision["decision"], decision["reason"]), ("approve", "good"))
        self.assertEqual({event["cicd.pipeline.run.id"] for event in found}, {run_id})

    def test_around_a_run(self) -> None:
        done = python(TRAINING % "", self.variables["LOG_DIR"], **self.variables)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check(done.stdout.split()[-1])
        (end,) = events(self.variables["LOG_DIR"], "pipeline.run.end")
        self.assertEqual(end["cicd.pipeline.result"], "success")

    def test_a_failed_run(self) -> None:
        done = python(TRAINING % "raise ValueError('no rows')", self.variables["LOG_DIR"], **self.variables)
        self.assertIn("ValueError: no rows", done.stderr)
        self.check(done.stdout.split()[-1])
        (end,) = events(self.variables["LOG_DIR"], "pipeline.run.end")
        self.assertEqual((end["cicd.pipeline.result"], end["exception.message"]), ("failure", "no rows"))

    def test_a_finished_run_by_the_command(self) -> None:
        plain = TRAINING.replace("from ds_monitoring.mlflow import start_run", "").replace(
            'start_run("churn-training", model="churn", run_name="v7") as run', "mlflow.start_run() as run"
        ).replace("run.run_id", "run.info.run_id")
        done = python(plain % 'mlflow.set_tag("ml.model.name", "churn")', None, **self.variables)
        self.assertEqual(done.returncode, 0, done.stderr)
        run_id = done.stdout.split()[-1]
        command = [sys.executable, "-m", "ds_monitoring.mlflow"]
        variables = environment(self.variables["LOG_DIR"], **self.variables)
        reported = subprocess.run([*command, run_id], env=variables, capture_output=True, text=True, check=False)
        self.assertEqual((reported.returncode, reported.stdout), (0, ""), reported.stderr)
        self.check(run_id)
        (end,) = events(self.variables["LOG_DIR"], "pipeline.run.end")
        self.assertEqual((end["cicd.pipeline.name"], end["cicd.pipeline.result"]), ("churn-training", "success"))
        self.assertTrue(0 < end["duration_s"] < 60, end)
        missing = subprocess.run([*command, "f" * 32], env=variables, capture_output=True, text=True, check=False)
        self.assertEqual(missing.returncode, 1)
        self.assertRegex(missing.stderr, "(?i)run.*not found")
