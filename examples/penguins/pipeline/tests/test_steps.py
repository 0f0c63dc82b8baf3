from __future__ import annotations

import unittest

import pandas as pd

from penguins.steps.decide import failed_checks
from penguins.steps.outliers import is_outlier


class DecideTest(unittest.TestCase):
    def test_good_challenger_passes(self) -> None:
        self.assertEqual(failed_checks({"f1": 0.95}, {"f1": 0.96}, imbalance_ratio=2, removed_ratio=0.01), {})
        self.assertEqual(failed_checks({"f1": 0.95}, None, imbalance_ratio=2, removed_ratio=0.01), {})

    def test_each_check_can_fail(self) -> None:
        failed = failed_checks({"f1": 0.8}, {"f1": 0.96}, imbalance_ratio=6, removed_ratio=0.2)
        self.assertEqual(list(failed), ["f1_minimum", "f1_champion", "class_balance", "outliers"])
        self.assertEqual(failed["f1_champion"], "f1 0.800 is below the champion's 0.960")


class OutliersTest(unittest.TestCase):
    def test_fences_are_those_of_the_species(self) -> None:
        values = pd.Series([1.0, 2, 3, 4, 30, 100, 101, 102, 103])
        species = pd.Series(["a"] * 5 + ["b"] * 4)
        self.assertEqual(list(is_outlier(values, species)), [False] * 4 + [True] + [False] * 4)


if __name__ == "__main__":
    unittest.main()
