from __future__ import annotations

import math
import random
import unittest

from ds_monitoring import drift

try:
    import numpy
    from scipy import spatial, stats
except ImportError:
    numpy = None


def normal(seed: int, size: int, mean: float = 0.0) -> list[float]:
    generator = random.Random(seed)
    return [generator.gauss(mean, 1.0) for _ in range(size)]


@unittest.skipIf(numpy is None, "SciPy is not installed: figures are not compared with it")
class AgainstScipyTest(unittest.TestCase):
    def test_same_figures_as_scipy(self) -> None:
        for size_ref, size_cur, mean in ((400, 300, 0.0), (1000, 50, 0.5), (60, 800, 2.0)):
            with self.subTest(size_ref=size_ref, size_cur=size_cur):
                ref, cur = normal(1, size_ref), normal(2, size_cur, mean)
                found = drift.compare(ref, cur, bins=8)
                expected = stats.ks_2samp(ref, cur, method="asymp")
                self.assertAlmostEqual(found["ks"], expected.statistic, places=12)
                self.assertAlmostEqual(found["p_value"], expected.pvalue, delta=0.03)
                distance = stats.wasserstein_distance(ref, cur) / numpy.std(ref)
                self.assertAlmostEqual(found["wasserstein_norm"], distance, places=9)
                edges = drift.quantile_edges(sorted(ref), 8)
                counts = [numpy.histogram(values, [-math.inf, *edges, math.inf])[0] for values in (ref, cur)]
                self.assertAlmostEqual(found["js"], spatial.distance.jensenshannon(*counts, base=2), places=9)
                p, q = ((count + 0.5) / (count.sum() + 0.5 * len(count)) for count in counts)
                self.assertAlmostEqual(found["psi"], float(((q - p) * numpy.log(q / p)).sum()), places=9)

    def test_chi_square_quantile(self) -> None:
        for freedom in (1, 2, 9, 49, 200):
            expected = stats.chi2.ppf(0.95, freedom)
            self.assertAlmostEqual(drift.chi_square_quantile(0.95, freedom), expected, delta=expected * 1e-9)


class DriftTest(unittest.TestCase):
    def test_known_chi_square_quantile(self) -> None:
        # Published table: 16.919 for 9 degrees of freedom.
        self.assertAlmostEqual(drift.chi_square_quantile(0.95, 9), 16.919, places=3)

    def test_identical_samples_have_not_moved(self) -> None:
        found = drift.compare(range(1000), range(1000))
        self.assertEqual((found["psi"], found["js"], found["wasserstein_norm"], found["ks"]), (0, 0, 0, 0))
        self.assertEqual((found["p_value"], found["verdict"], found["bins"]), (1.0, "none", 10))

    def test_verdicts(self) -> None:
        # 10 bins: the noise level is 16.919 * 2 / n.
        for index, n, expected in (
            (0.09, 100, "none"),
            (0.15, 100, "insufficient_data"),
            (0.30, 100, "insufficient_data"),
            (0.35, 100, "drift"),
            (0.15, 1000, "warn"),
            (0.20, 1000, "drift"),
        ):
            self.assertEqual(drift.verdict(index, 10, n, n), expected, (index, n))

    def test_small_samples_of_one_distribution_are_rarely_called_drift(self) -> None:
        verdicts = [
            drift.compare(normal(seed, 100), normal(seed + 10_000, 100))["verdict"] for seed in range(200)
        ]
        over_threshold = sum(name != "none" for name in verdicts)
        called = sum(name in ("warn", "drift") for name in verdicts)
        self.assertGreater(over_threshold, 100)  # what the bare threshold would have called a warning
        self.assertLess(called, 20)  # 5 % expected

    def test_categories(self) -> None:
        found = drift.compare(["a"] * 500 + ["b"] * 500, ["a"] * 900 + ["b"] * 100)
        self.assertEqual((found["bins"], found["verdict"]), (2, "drift"))
        self.assertNotIn("ks", found)

    def test_missing_values(self) -> None:
        found = drift.compare([1.0, None, 2.0], [float("nan"), 1.0, None, 3.0])
        self.assertEqual((found["n_ref"], found["n_cur"], found["missing_rate"]), (2, 2, 0.5))

    def test_empty_and_constant_samples(self) -> None:
        self.assertEqual(drift.compare([], [1])["verdict"], "insufficient_data")
        constant = drift.compare([1.0] * 50, [1.0] * 50)
        self.assertEqual((constant["verdict"], constant["wasserstein_norm"]), ("none", None))

    def test_large_samples_are_bounded(self) -> None:
        found = drift.compare(range(drift.MAX_VALUES + 1), range(10))
        self.assertEqual(found["n_ref"], drift.MAX_VALUES)

    def test_too_few_bins(self) -> None:
        with self.assertRaisesRegex(ValueError, "bins: must be 2 or more"):
            drift.compare([1], [1], bins=1)


if __name__ == "__main__":
    unittest.main()
