"""Events of child processes, of runs that are terminated, and of clocks that are put back."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path

from tests.support import environment, events, python


class ChildProcessTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def run_file(self, program: str) -> None:
        """Run `program` from a file: spawned children import it."""
        path = Path(self.folder) / "program.py"
        path.write_text(textwrap.dedent(program), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(path)],
            env=environment(self.folder),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_no_event_of_a_child_is_lost(self) -> None:
        for method in ("fork", "spawn"):
            with self.subTest(method):
                self.run_file(
                    f"""
                    import multiprocessing
                    from ds_monitoring import emit

                    def child(number):
                        for count in range(200):
                            emit("my.{method}", {{"child": number, "count": count}})

                    if __name__ == "__main__":
                        emit("my.parent", {{}})
                        context = multiprocessing.get_context("{method}")
                        children = [context.Process(target=child, args=(number,)) for number in range(10)]
                        for process in children:
                            process.start()
                        for process in children:
                            process.join()
                    """
                )
                found = {(event["child"], event["count"]) for event in events(self.folder, f"my.{method}")}
                self.assertEqual(len(found), 2000)

    def test_no_event_of_a_pool_worker_is_lost(self) -> None:
        self.run_file(
            """
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor
            from ds_monitoring import emit

            def job(number):
                emit("my.job", {"number": number})

            if __name__ == "__main__":
                context = multiprocessing.get_context("fork")
                with ProcessPoolExecutor(4, mp_context=context) as executor:
                    list(executor.map(job, range(100)))
                with context.Pool(4) as pool:  # leaving the block kills the workers
                    pool.map(job, range(100, 200))
            """
        )
        self.assertEqual({event["number"] for event in events(self.folder, "my.job")}, set(range(200)))

    def test_a_forked_child_does_not_end_its_parents_run(self) -> None:
        python(
            "import os, sys\n"
            "from ds_monitoring import run\n"
            "with run('churn') as r, r.task('train'):\n"
            "    child = os.fork()\n"
            "    if child == 0:\n"
            "        sys.exit(0)\n"
            "    os.waitpid(child, 0)\n",
            self.folder,
        )
        self.assertEqual(len(events(self.folder, "pipeline.run.end")), 1)
        self.assertEqual(len(events(self.folder, "pipeline.task.end")), 1)

    def test_cpu_time_includes_workers_that_still_run(self) -> None:
        self.run_file(
            """
            import multiprocessing, time
            from ds_monitoring import run

            def burn(_):
                end = time.process_time() + 1
                while time.process_time() < end:
                    pass

            if __name__ == "__main__":
                with multiprocessing.get_context("fork").Pool(2) as pool:
                    with run("churn") as r, r.task("train"):
                        pool.map(burn, range(2))
            """
        )
        (end,) = events(self.folder, "pipeline.task.end")
        self.assertGreaterEqual(end["cpu_s"], 1.9)
        self.assertLess(end["cpu_s"], 3)


class TerminationTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def terminate(self, program: str) -> int:
        """Start `program`, send SIGTERM once it prints, and return how it ended."""
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program)],
            env=environment(self.folder),
            stdout=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            return process.wait(timeout=30)

    def results(self) -> list[str]:
        keys = {
            "pipeline.task.end": "cicd.pipeline.task.run.result",
            "pipeline.run.end": "cicd.pipeline.result",
        }
        return [event[keys[name]] for name in keys for event in events(self.folder, name)]

    def test_a_terminated_run_says_so(self) -> None:
        program = """
            import time
            from ds_monitoring import run
            with run("churn", expected_max_s={expected}) as r, r.task("train", expected_max_s={expected}):
                time.sleep(0.2)
                print("ready", flush=True)
                time.sleep(60)
            """
        for expected, result in ((60, "cancellation"), (0.1, "timeout")):
            with self.subTest(result), tempfile.TemporaryDirectory() as folder:
                self.folder = folder
                code = self.terminate(program.format(expected=expected))
                self.assertEqual((code, self.results()), (-signal.SIGTERM, [result, result]))

    def test_the_applications_own_handler_decides(self) -> None:
        code = self.terminate(
            """
            import signal, sys, time
            from ds_monitoring import run
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
            with run("churn") as r, r.task("train"):
                print("ready", flush=True)
                time.sleep(60)
            """
        )
        self.assertEqual((code, self.results()), (143, ["cancellation", "cancellation"]))

    def test_the_applications_handler_is_back_after_the_run(self) -> None:
        done = python(
            "import signal\n"
            "from ds_monitoring import run\n"
            "own = lambda *_: None\n"
            "signal.signal(signal.SIGTERM, own)\n"
            "with run('churn'):\n"
            "    pass\n"
            "assert signal.getsignal(signal.SIGTERM) is own\n",
            self.folder,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_results_of_cancelled_and_late_work(self) -> None:
        program = "import asyncio, concurrent.futures, subprocess\nfrom ds_monitoring import run\nwith run('churn'):\n    raise {}\n"
        for ending, result in (
            ("asyncio.CancelledError", "cancellation"),
            ("concurrent.futures.CancelledError", "cancellation"),
            ("SystemExit(143)", "cancellation"),
            ("GeneratorExit", "cancellation"),
            ("asyncio.TimeoutError", "timeout"),
            ("concurrent.futures.TimeoutError", "timeout"),
            ("subprocess.TimeoutExpired('x', 1)", "timeout"),
            ("SystemExit('text')", "failure"),
        ):
            with self.subTest(ending), tempfile.TemporaryDirectory() as folder:
                python(program.format(ending), folder)
                (end,) = events(folder, "pipeline.run.end")
                self.assertEqual(end["cicd.pipeline.result"], result)


class ClockTest(unittest.TestCase):
    def test_a_clock_put_back_by_an_hour_is_followed_and_durations_stay_right(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            python(
                "import time\n"
                "real = time.time_ns\n"
                "ahead = [3600 * 10**9]\n"
                "time.time_ns = lambda: real() + ahead[0]\n"
                "time.time = lambda: time.time_ns() / 1e9\n"
                "from ds_monitoring import emit, run\n"
                "with run('churn'):\n"
                "    emit('my.before', {})\n"
                "    ahead[0] = 0\n"
                "    time.sleep(0.3)\n"
                "    emit('my.after', {})\n"
                "    time.sleep(0.3)\n"
                "    emit('my.later', {})\n",
                folder,
            )
            now = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time.time() - 30))
            (after,), (later,) = events(folder, "my.after"), events(folder, "my.later")
            (before,) = events(folder, "my.before")
            (end,) = events(folder, "pipeline.run.end")
        self.assertGreater(before["timestamp"], later["timestamp"])
        self.assertLess(after["timestamp"], later["timestamp"])
        self.assertGreaterEqual(after["timestamp"], now)
        self.assertGreaterEqual(end["duration_s"], 0.6)
        self.assertLess(end["duration_s"], 30)


if __name__ == "__main__":
    unittest.main()
