from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.support import environment, events, parse, python


class WriterTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_timestamps_are_rfc3339_with_nanoseconds_and_rise(self) -> None:
        python("from ds_monitoring import emit\nfor i in range(500): emit('log', {'i': i})\n", self.folder)
        found = events(self.folder)
        self.assertEqual([event["i"] for event in found], list(range(500)))
        self.assertEqual(len({event["timestamp"] for event in found}), 500)
        self.assertRegex(found[0]["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")

    def test_workers_and_threads_never_mix_lines_or_share_a_time(self) -> None:
        done = python(
            "import os, threading\n"
            "from ds_monitoring import emit\n"
            "emit('log', {'who': 'parent'})\n"
            "children = []\n"
            "for worker in range(4):\n"
            "    child = os.fork()\n"
            "    if child == 0:\n"
            "        def work(thread):\n"
            "            for i in range(500): emit('log', {'who': f'{worker}.{thread}.{i}', 'body': 'x' * 300})\n"
            "        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]\n"
            "        [thread.start() for thread in threads]\n"
            "        [thread.join() for thread in threads]\n"
            "        raise SystemExit\n"
            "    children.append(child)\n"
            "for child in children: os.waitpid(child, 0)\n",
            self.folder,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        found = events(self.folder)
        self.assertEqual(len(found), 8001)
        self.assertEqual(len({event["who"] for event in found}), 8001)
        self.assertEqual(len({event["timestamp"] for event in found}), 8001)
        self.assertEqual(len(os.listdir(self.folder)), 5)

    def test_clocks_of_sister_workers_never_agree(self) -> None:
        done = python(
            "import os, time\n"
            "time.time_ns = lambda: 1_700_000_000_000_000_000\n"
            "from ds_monitoring.events import Clock\n"
            "clock = Clock()\n"
            "own = {clock.now() for _ in range(50)}\n"
            "read, write = os.pipe()\n"
            "if os.fork() == 0:\n"
            "    os.write(write, ' '.join(str(clock.now()) for _ in range(50)).encode()); os._exit(0)\n"
            "os.wait()\n"
            "other = {int(text) for text in os.read(read, 65536).split()}\n"
            "print(len(own), len(other), len(own & other))\n",
            self.folder,
        )
        self.assertEqual(done.stdout.split(), ["50", "50", "0"])

    def test_disk_is_bounded_and_other_files_are_left_alone(self) -> None:
        other = Path(self.folder, "app.log")
        other.write_text("{}\n" * 1000)
        os.utime(other, (0, 0))
        done = python(
            "from ds_monitoring import emit, flush\n"
            "for i in range(2000):\n"
            "    emit('log', {'i': i, 'body': 'x' * 100})\n"
            "    if i % 50 == 0: flush()\n",
            self.folder,
            LOG_TOTAL_BYTES="60000",
            LOG_FILE_BYTES="20000",
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        files = list(Path(self.folder).glob("*.events.log"))
        self.assertLessEqual(sum(path.stat().st_size for path in files), 60_000)
        self.assertGreater(len(files), 1)
        self.assertTrue(other.exists())
        last = [event["i"] for path in files for event in parse(path.read_text()) if "i" in event]
        self.assertEqual(max(last), 1999)

    def test_a_file_removed_by_another_process_is_begun_anew(self) -> None:
        python(
            "import glob, os\n"
            "from ds_monitoring import emit, flush\n"
            "emit('log', {'i': 0}); flush()\n"
            "[os.unlink(path) for path in glob.glob(os.environ['LOG_DIR'] + '/*')]\n"
            "emit('log', {'i': 1})\n",
            self.folder,
        )
        self.assertEqual([event["i"] for event in events(self.folder)], [1])

    def test_without_a_directory_events_go_to_standard_error(self) -> None:
        blocked = Path(self.folder, "file")
        blocked.write_text("")
        for directory in (str(blocked), str(blocked / "under"), str(Path(self.folder, "missing"))):
            with self.subTest(directory):
                done = python("from ds_monitoring import emit\nemit('log', {'i': 1})\n", directory)
                self.assertEqual(done.returncode, 0)
                event, report = parse(done.stderr)
                self.assertEqual(event["i"], 1)
                self.assertIn("LOG_DIR not writable", report["body"])

    def test_full_disk_in_the_middle_of_a_line_loses_and_breaks_nothing(self) -> None:
        done = python(
            "import resource\n"
            "from ds_monitoring import emit, flush, writer\n"
            "writer.RETRY_SECONDS = 0\n"
            "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))\n"
            "for i in range(20): emit('log', {'i': i, 'body': 'x' * 50})\n"
            "flush()\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
            "for i in range(20, 40): emit('log', {'i': i, 'body': 'x' * 50})\n",
            self.folder,
        )
        self.assertEqual(done.returncode, 0)
        in_file, in_stderr = events(self.folder), parse(done.stderr)
        written = [event["i"] for event in [*in_file, *in_stderr] if "i" in event]
        self.assertEqual(sorted(written), list(range(40)))
        self.assertGreater(sum("i" in event for event in in_stderr), 0)
        self.assertTrue(any("File too large" in event["body"] for event in [*in_file, *in_stderr]))

    def test_nobody_reads_standard_error_and_the_work_goes_on(self) -> None:
        program = (
            "import time\n"
            "from ds_monitoring import emit\n"
            "started = time.monotonic()\n"
            "for i in range(30000): emit('log', {'body': 'x' * 100})\n"
            "print(time.monotonic() - started)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program],
            env=environment(os.path.join(self.folder, "missing")),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            # The pipe holds 64 KiB; from then on writes to it block.
            assert process.stdout is not None
            self.assertLess(float(process.stdout.readline()), 30)
            self.assertEqual(process.wait(timeout=30), 0)

    def test_a_burst_larger_than_the_queue_is_counted(self) -> None:
        python(
            "from ds_monitoring import emit, flush, writer\n"
            "from ds_monitoring.writer import EventWriter\n"
            "import ds_monitoring.events as e, threading, os\n"
            "e._writer = w = EventWriter('burst', e._report, os.environ['LOG_DIR'], queue_lines=10)\n"
            "w._thread = threading.current_thread()\n"  # as if the thread were busy
            "for i in range(25): emit('log', {'i': i})\n"
            "w._thread = None\n"
            "w._start(); flush()\n",
            self.folder,
        )
        found = events(self.folder)
        self.assertEqual([event["i"] for event in found if "i" in event], list(range(10)))
        self.assertIn("event dropped: queue full (15)", found[-1]["body"])

    def test_odd_values(self) -> None:
        done = python(
            "from ds_monitoring import emit\n"
            "class Odd:\n"
            "    def __str__(self): raise RuntimeError\n"
            "emit('log', {'nan': float('nan'), 'inf': float('inf'), 'none': None, 'set': {1}, 'odd': Odd(),\n"
            "             'surrogate': '\\udcff', 'newline': 'a\\nb', 'long': 'x' * 100000, 'nul': '\\0'})\n"
            "emit(object(), {})\n"
            "emit('log', None)\n",
            self.folder,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        event, report = events(self.folder)
        self.assertEqual(
            {"set": "{1}", "surrogate": "?", "newline": "a\nb", "nul": "\0"},
            {key: event[key] for key in ("set", "surrogate", "newline", "nul")},
        )
        self.assertEqual(len(event["long"]), 16_384)
        for key in ("nan", "inf", "none", "odd"):
            self.assertNotIn(key, event)
        self.assertIn("value of type set written as text (1)", report["body"])
        self.assertIn("value of type Odd left out (1)", report["body"])
        self.assertIn("emit failed: TypeError (2)", report["body"])

    def test_service_and_environment_come_from_opentelemetry_variables(self) -> None:
        python(
            "from ds_monitoring import emit\nemit('log', {})\n",
            self.folder,
            OTEL_SERVICE_NAME="churn",
            OTEL_RESOURCE_ATTRIBUTES="service.name=other,service.version=1.2%2B3,deployment.environment.name=dev,host=x",
        )
        (event,) = events(self.folder)
        self.assertEqual(
            (event["service.name"], event["service.version"], event["deployment.environment.name"]),
            ("churn", "1.2+3", "dev"),
        )
        self.assertNotIn("host", event)

    def test_logging_handler(self) -> None:
        python(
            "import logging\n"
            "from ds_monitoring import EventHandler\n"
            "logging.basicConfig(handlers=[EventHandler()], level='DEBUG')\n"
            "logging.getLogger('app').warning('%s left', 3)\n"
            "logging.info('%d', 'not a number')\n"
            "try: 1 / 0\n"
            "except ZeroDivisionError: logging.exception('failed')\n",
            self.folder,
        )
        warning, odd, failed = events(self.folder)
        self.assertEqual(
            (warning["severity_text"], warning["body"], warning["log.logger"]), ("WARN", "3 left", "app")
        )
        self.assertIn("arguments do not fit", odd["body"])
        self.assertEqual((failed["severity_text"], failed["exception.type"]), ("ERROR", "ZeroDivisionError"))

    def test_uncaught_exceptions_are_reported_and_still_printed(self) -> None:
        done = python(
            "import threading\n"
            "from ds_monitoring import report_uncaught_exceptions\n"
            "report_uncaught_exceptions(); report_uncaught_exceptions()\n"
            "thread = threading.Thread(target=lambda: 1 / 0); thread.start(); thread.join()\n"
            "raise ValueError('main')\n",
            self.folder,
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("ValueError: main", done.stderr)
        found = events(self.folder)
        self.assertEqual([event["exception.type"] for event in found], ["ZeroDivisionError", "ValueError"])
        self.assertEqual({event["severity_text"] for event in found}, {"FATAL"})

    def test_logging_from_a_signal_handler_does_not_deadlock(self) -> None:
        done = python(
            "import signal, time\n"
            "from ds_monitoring import emit\n"
            "signal.signal(signal.SIGALRM, lambda *_: emit('log', {'from': 'signal'}))\n"
            "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\n"
            "end = time.monotonic() + 0.5\n"
            "while time.monotonic() < end: emit('log', {'from': 'main'})\n"
            "signal.setitimer(signal.ITIMER_REAL, 0)\n",
            self.folder,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("signal", {event.get("from") for event in events(self.folder)})


if __name__ == "__main__":
    unittest.main()
