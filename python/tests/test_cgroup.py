from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from ds_monitoring import cgroup


class CgroupTest(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def write(self, **files: str) -> None:
        for name, text in files.items():
            path = self.root / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def test_version_2(self) -> None:
        self.write(
            memory_dot_max="1000\n", memory_dot_current="700\n", memory_dot_stat="anon 1\ninactive_file 200\n"
        )
        self.assertEqual(cgroup.memory_limit_bytes(str(self.root)), 1000)
        self.assertEqual(cgroup.working_set_bytes(str(self.root)), 500)

    def test_version_1(self) -> None:
        self.write(
            memory__memory_dot_limit_in_bytes="1000\n",
            memory__memory_dot_usage_in_bytes="700\n",
            memory__memory_dot_stat="inactive_file 5\ntotal_inactive_file 200\n",
        )
        self.assertEqual(cgroup.memory_limit_bytes(str(self.root)), 1000)
        self.assertEqual(cgroup.working_set_bytes(str(self.root)), 500)

    def test_no_limit(self) -> None:
        for text in ("max\n", f"{2**63 - 4096}\n"):
            self.write(memory_dot_max=text, memory_dot_current="700\n")
            self.assertIsNone(cgroup.memory_limit_bytes(str(self.root)))
            # Without a limit the group is the machine's: its memory is not this task's.
            self.assertIsNone(cgroup.working_set_bytes(str(self.root)))

    def test_no_cgroup(self) -> None:
        self.assertIsNone(cgroup.memory_limit_bytes(str(self.root)))

    def test_usage_sees_memory_and_time_of_the_task(self) -> None:
        usage = cgroup.Usage(str(self.root))
        usage.start()
        block = bytearray(200_000_000)
        total = sum(range(1_000_000))
        found = usage.stop()
        self.assertGreater(found["mem_peak_bytes"], 200_000_000)
        self.assertGreater(found["cpu_s"], 0)
        self.assertNotIn("mem_limit_bytes", found)
        self.assertEqual((len(block), total), (200_000_000, 499_999_500_000))
        del block
        later = cgroup.Usage(str(self.root))
        later.start()
        self.assertLess(later.stop()["mem_peak_bytes"], 200_000_000)

    def test_limit_is_reported(self) -> None:
        self.write(memory_dot_max="1000\n", memory_dot_current="700\n", memory_dot_stat="inactive_file 200\n")
        usage = cgroup.Usage(str(self.root))
        usage.start()
        self.assertEqual(usage.stop()["mem_limit_bytes"], 1000.0)


if __name__ == "__main__":
    unittest.main()
