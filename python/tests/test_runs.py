from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
import unittest

from tests.support import environment, events, python


class RunTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_successful_run_has_start_tasks_and_end(self) -> None:
        done = python(
            "from ds_monitoring import run\n"
            "with run('churn', run_id='r1', expected_max_s=60) as r:\n"
            "    with r.task('train', expected_max_s=30) as t:\n"
            "        t.rows(10, 8)\n",
            self.folder,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        found = events(self.folder)
        self.assertEqual(
            [event["event_name"] for event in found],
            ["pipeline.run.start", "pipeline.task.start", "pipeline.task.end", "pipeline.run.end"],
        )
        for event in found:
            self.assertEqual((event["cicd.pipeline.name"], event["cicd.pipeline.run.id"]), ("churn", "r1"))
            self.assertEqual(event["service.name"], "churn")
        self.assertEqual(found[0]["expected_max_s"], 60)
        task_end = found[2]
        self.assertEqual(task_end["cicd.pipeline.task.run.result"], "success")
        self.assertEqual((task_end["rows_in"], task_end["rows_out"]), (10, 8))
        self.assertGreater(task_end["mem_peak_bytes"], 1_000_000)
        self.assertGreaterEqual(task_end["duration_s"], 0)

    def test_limits_of_its_job_are_those_of_the_run(self) -> None:
        limits = {"PIPELINE_DEADLINE_SECONDS": "900", "PIPELINE_MAX_ATTEMPTS": "3"}
        code = "from ds_monitoring import run\nwith run('churn'{}): pass\n"
        for argument, expected in (("", 900), (", expected_max_s=60", 60)):
            with tempfile.TemporaryDirectory() as folder:
                python(code.format(argument), folder, **limits)
                (start,) = events(folder, "pipeline.run.start")
                self.assertEqual((start["expected_max_s"], start["max_attempts"]), (expected, 3))

    def test_failure_is_reported_once_and_still_raised(self) -> None:
        done = python(
            "from ds_monitoring import run\n"
            "with run('churn') as r:\n"
            "    with r.task('train'):\n"
            "        raise ValueError('no rows')\n",
            self.folder,
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("ValueError: no rows", done.stderr)
        ends = events(self.folder)[2:]
        self.assertEqual([event["event_name"] for event in ends], ["pipeline.task.end", "pipeline.run.end"])
        self.assertEqual(ends[0]["cicd.pipeline.task.run.result"], "failure")
        for end in ends:
            self.assertEqual((end["exception.type"], end["exception.message"]), ("ValueError", "no rows"))
            self.assertIn("no rows", end["exception.stacktrace"])
            self.assertEqual(end["severity_text"], "ERROR")

    def test_results_of_other_endings(self) -> None:
        program = (
            "import sys\n"
            "from ds_monitoring import run\n"
            "with run('churn') as r:\n"
            "    with r.task('train'):\n"
            "        {}\n"
        )
        for ending, result in (
            ("sys.exit(0)", "success"),
            ("sys.exit(3)", "failure"),
            ("raise KeyboardInterrupt", "cancellation"),
            ("raise TimeoutError('slow')", "timeout"),
            ("raise MemoryError", "error"),
        ):
            with self.subTest(ending), tempfile.TemporaryDirectory() as folder:
                python(program.format(ending), folder)
                (end,) = events(folder, "pipeline.task.end")
                self.assertEqual(end["cicd.pipeline.task.run.result"], result)

    def test_killed_run_leaves_a_start_without_an_end(self) -> None:
        program = (
            "import time\n"
            "from ds_monitoring import run\n"
            "with run('churn') as r, r.task('train'):\n"
            "    print('ready', flush=True)\n"
            "    time.sleep(60)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program], env=environment(self.folder), stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        self.assertEqual(
            [event["event_name"] for event in events(self.folder)],
            ["pipeline.run.start", "pipeline.task.start"],
        )

    def test_steps_in_processes_of_their_own_make_one_run(self) -> None:
        started = time.time() - 5
        step = "from ds_monitoring import run\nwith run('churn', starts={}, ends={}, started_at={}) as r, r.task('{}'):\n    {}\n"
        python(step.format(True, False, None, "load", "pass"), self.folder, PIPELINE_RUN_ID="r2")
        python(step.format(False, False, started, "train", "pass"), self.folder, PIPELINE_RUN_ID="r2")
        python(step.format(False, True, started, "decide", "pass"), self.folder, PIPELINE_RUN_ID="r2")
        found = events(self.folder)
        self.assertEqual({event["cicd.pipeline.run.id"] for event in found}, {"r2"})
        names = [event["event_name"] for event in found]
        self.assertEqual((names.count("pipeline.run.start"), names.count("pipeline.run.end")), (1, 1))
        self.assertGreaterEqual(found[-1]["duration_s"], 5)

    def test_the_first_task_of_a_step_includes_its_imports(self) -> None:
        program = (
            "import time\n"
            "until = time.process_time() + 0.5\n"
            "while time.process_time() < until: pass\n"  # as an import of scikit-learn
            "from ds_monitoring import run\n"
            "with run('churn') as r:\n"
            "    with r.task('load'): pass\n"
            "    with r.task('train'): pass\n"
            "with run('churn') as r:\n"
            "    with r.task('again'): pass\n"
        )
        for of_step, variables in ((True, {"PIPELINE_RUN_ID": "r4"}), (False, {})):
            with self.subTest(of_step=of_step), tempfile.TemporaryDirectory() as folder:
                python(program, folder, **variables)
                tasks = {
                    event["cicd.pipeline.task.name"]: (event["duration_s"] >= 0.5, event["cpu_s"] >= 0.5)
                    for event in events(folder, "pipeline.task.end")
                }
                self.assertEqual(
                    tasks, {"load": (of_step,) * 2, "train": (False,) * 2, "again": (False,) * 2}
                )
                runs = [event["duration_s"] >= 0.5 for event in events(folder, "pipeline.run.end")]
                self.assertEqual(runs, [of_step, False])

    def test_a_failing_step_ends_the_run(self) -> None:
        program = "from ds_monitoring import run\nwith run('churn', starts=False, ends=False) as r, r.task('train'):\n    raise ValueError"
        python(program, self.folder, PIPELINE_RUN_ID="r3")
        (end,) = events(self.folder, "pipeline.run.end")
        self.assertEqual(end["cicd.pipeline.result"], "failure")
        self.assertNotIn("duration_s", end)

    def test_facts_about_data_and_model(self) -> None:
        python(
            "from ds_monitoring import run\n"
            "with run('churn', model='churn', model_version='7') as r:\n"
            "    assert r.class_balance(['a', 'a', 'a', 'b'], split='train') == 3\n"
            "    r.outliers('age', 'iqr', rows_before=200, rows_removed=3)\n"
            "    assert r.drift('age', range(1000), range(500, 1500)) == 'drift'\n"
            "    r.metric('test', f1=0.5, of_class='a')\n"
            "    r.confusion(['a', 'a', 'b'], ['a', 'b', 'b'])\n"
            "    r.summary(rows=197, features=4, decision='reject', failed_checks=['drift', 'f1'])\n"
            "    r.decision('reject', reason='drift')\n",
            self.folder,
        )
        by_name: dict[str, list[dict[str, object]]] = {}
        for event in events(self.folder):
            by_name.setdefault(str(event["event_name"]), []).append(event)
        self.assertNotIn("log", by_name)
        self.assertEqual(
            [(event["class"], event["count"], event["share"]) for event in by_name["ml.class"]],
            [("a", 3.0, 0.75), ("b", 1.0, 0.25)],
        )
        (outliers,) = by_name["ml.outliers"]
        self.assertEqual((outliers["rows_before"], outliers["rows_removed"]), (200.0, 3.0))
        (metric,) = by_name["ml.metric"]
        self.assertEqual((metric["split"], metric["class"], metric["f1"]), ("test", "a", 0.5))
        self.assertEqual(
            {(event["actual"], event["predicted"]): event["count"] for event in by_name["ml.confusion"]},
            {("a", "a"): 1.0, ("a", "b"): 1.0, ("b", "b"): 1.0},
        )
        (summary,) = by_name["ml.run.summary"]
        self.assertEqual((summary["failed_checks"], summary["rows"]), ("drift, f1", 197.0))
        for name in ("ml.class", "ml.drift", "ml.metric", "ml.confusion", "ml.decision", "ml.run.summary"):
            self.assertEqual(
                (by_name[name][0]["ml.model.name"], by_name[name][0]["ml.model.version"]), ("churn", "7")
            )

    def test_bad_values_are_counted_and_never_raise(self) -> None:
        done = python(
            "from ds_monitoring import run\n"
            "class Odd:\n"
            "    def __str__(self): raise RuntimeError\n"
            "    __float__ = __str__\n"
            "with run('churn') as r:\n"
            "    r.metric('test', f1=float('nan'), made_up=1)\n"
            "    r.metric('test', f1=object())\n"
            "    r.metric('test', f1=Odd())\n"
            "    r.drift('age', None, 3)\n"
            "    r.drift('age', [1, 'a', None], [{}, []])\n"
            "    r.class_balance(None)\n"
            "    r.class_balance([])\n"
            "    r.outliers('age', 'iqr', 'many', None)\n"
            "    r.confusion(1, 2)\n"
            "    r.summary(rows='\\ud800', failed_checks=None)\n"
            "    r.decision('perhaps', reason=Odd())\n",
            self.folder,
        )
        self.assertEqual(done.returncode, 0)
        self.assertIn("RuntimeWarning: the drift of age was not computed", done.stderr)
        *refused, report = events(self.folder, "log")
        self.assertEqual(report["severity_text"], "WARN")
        self.assertEqual([event["exception.type"] for event in refused], ["TypeError"])
        self.assertIn("the drift of age was not computed", refused[0]["body"])
        for part in (
            "values of type dict, list compared by their text",
            "left out where a number is expected",
            "class_balance failed",
            "neither approve nor reject",
        ):
            self.assertIn(part, report["body"])
        self.assertEqual(events(self.folder)[-2]["event_name"], "pipeline.run.end")

    def test_many_classes_are_bounded(self) -> None:
        python(
            "from ds_monitoring import run\nwith run('churn') as r:\n    r.class_balance(range(1000))\n",
            self.folder,
        )
        classes = events(self.folder, "ml.class")
        self.assertEqual(len(classes), 51)
        self.assertEqual(sum(event["count"] for event in classes), 1000)

    def test_numpy_like_scalars_are_unwrapped(self) -> None:
        done = python(
            "from ds_monitoring import emit\n"
            "class Scalar:\n"
            "    def item(self): return 2.5\n"
            "emit('log', {'x': Scalar()})\n",
            self.folder,
        )
        self.assertEqual(done.returncode, 0)
        (event,) = events(self.folder)
        self.assertEqual(event["x"], 2.5)


if __name__ == "__main__":
    unittest.main()
