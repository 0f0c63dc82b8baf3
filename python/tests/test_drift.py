from __future__ import annotations

import datetime
import fractions
import math
import random
import unittest

from ds_monitoring import divergence, drift, profiles, samples

try:
    import pandas
except ImportError:
    pandas = None
try:
    import numpy
except ImportError:
    numpy = None
try:
    from scipy import spatial, stats
except ImportError:
    stats = None


def normal(seed: int, size: int, mean: float = 0.0) -> list[float]:
    generator = random.Random(seed)
    return [generator.gauss(mean, 1.0) for _ in range(size)]


@unittest.skipIf(numpy is None or stats is None, "SciPy is not installed: figures are not compared with it")
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
                # Bins that hold equally many values of both samples together, none smaller than five.
                bins = min(8, min(size_ref, size_cur) // 5)
                pooled = sorted([*ref, *cur])
                edges = [pooled[len(pooled) * step // bins] for step in range(1, bins)]
                counts = [numpy.histogram(values, [-math.inf, *edges, math.inf])[0] for values in (ref, cur)]
                self.assertEqual(found["bins"], bins)
                self.assertAlmostEqual(found["js"], spatial.distance.jensenshannon(*counts, base=2), places=9)
                p, q = ((count + 0.5) / (count.sum() + 0.5 * len(count)) for count in counts)
                self.assertAlmostEqual(found["psi"], float(((q - p) * numpy.log(q / p)).sum()), places=9)
                test = stats.chi2_contingency(numpy.array(counts), correction=False)
                self.assertAlmostEqual(divergence.homogeneity_p_value(*counts), test.pvalue, places=9)

    def test_rare_bins_are_tested_exactly(self) -> None:
        for ref, cur in (([990, 10], [28, 2]), ([990, 10], [15, 15]), ([500, 0], [20, 3]), ([100_000, 3], [9_990, 10])):
            with self.subTest(ref=ref, cur=cur):
                both = stats.hypergeom(sum(ref) + sum(cur), ref[1] + cur[1], sum(cur))
                expected = min(1.0, 2 * min(both.cdf(cur[1]), both.sf(cur[1] - 1)))
                found = divergence.homogeneity_p_value(ref, cur)
                self.assertAlmostEqual(found / expected, 1, places=6)

    def test_rare_bins_are_taken_together(self) -> None:
        ref, cur = [500, 300, 100, 100, 60, 60, 10], [14, 9, 3, 3, 3, 3, 0]
        # Chance gives the last five 3.1, 3.1, 1.9, 1.9 and 0.3 values of 35: at least four from two and from three.
        together = [[*row[:2], sum(row[2:4]), sum(row[4:])] for row in (ref, cur)]
        expected = stats.chi2_contingency(numpy.array(together), correction=False).pvalue
        self.assertAlmostEqual(divergence.homogeneity_p_value(ref, cur), expected, places=9)

    def test_chi_square_tail(self) -> None:
        for freedom in (1, 2, 9, 49, 200):
            for value in (0.01, 0.5, 1, 5, 20, 100, 1000):
                expected = stats.chi2.sf(value, freedom)
                self.assertAlmostEqual(
                    divergence.chi_square_tail(value, freedom), expected, delta=expected * 1e-9 + 1e-14
                )


@unittest.skipIf(pandas is None, "pandas is not installed: its columns are not read")
class PandasTest(unittest.TestCase):
    def test_columns_with_missing_values(self) -> None:
        for name, column in (
            ("Int64", pandas.Series([1, 2, 3, None] * 250, dtype="Int64")),
            ("boolean", pandas.Series([True, False, True, None] * 250, dtype="boolean")),
            ("string", pandas.Series(["a", "b", "c", None] * 250, dtype="string")),
            ("float", pandas.Series([1.0, 2.0, 3.0, None] * 250)),
            ("dates", pandas.Series([*pandas.date_range("2024-01-01", periods=3), None] * 250)),
        ):
            with self.subTest(name):
                found = drift.compare(column, column)
                self.assertEqual((found["n_ref"], found["missing_rate"], found["verdict"]), (750, 0.25, "none"))

    def test_a_frame_of_one_column_is_that_column(self) -> None:
        frame = pandas.DataFrame({"age": normal(1, 1000), "other": normal(2, 1000)})
        self.assertEqual(drift.compare(frame[["age"]], frame[["age"]] + 50)["verdict"], "drift")
        with self.assertRaisesRegex(TypeError, "one feature"):
            drift.compare(frame, frame)


    def test_periods_are_dates(self) -> None:
        days = [pandas.Series(pandas.period_range(start, periods=600, freq="D")) for start in ("2020-01", "2026-01")]
        self.assertEqual(drift.compare(*days)["ks"], 1.0)

    def test_a_name_that_a_frame_has_twice_is_named(self) -> None:
        frame = pandas.DataFrame([[1, 2]] * 20, columns=["age", "age"])
        with self.assertRaisesRegex(TypeError, "^age: expected the values of one feature"):
            profiles.Profile.of(frame)


@unittest.skipIf(numpy is None, "NumPy is not installed: its columns are not read")
class NumpyTest(unittest.TestCase):
    def test_masked_values_are_missing(self) -> None:
        for kind in ("float64", "int64", "bool"):
            column = numpy.ma.array(numpy.arange(1000) % 7, mask=numpy.arange(1000) % 4 == 0).astype(kind)
            with self.subTest(kind):
                found = drift.compare(column, column)
                self.assertEqual((found["n_ref"], found["missing_rate"], found["verdict"]), (750, 0.25, "none"))

    def test_scalars_in_lists_and_object_columns_are_what_they_are_in_arrays(self) -> None:
        numbers = numpy.arange(1000)
        for array in (
            numbers,
            numbers.astype("float32"),
            numbers % 2 == 0,
            numbers.astype("datetime64[D]").astype("datetime64[ns]"),
            numbers.astype("timedelta64[s]"),
        ):
            with self.subTest(array.dtype.name):
                moved = array[500:]
                expected = drift.compare(array[:500], moved)
                for column in (list(moved), numpy.array([*moved, None], dtype=object)[:-1]):
                    self.assertEqual(drift.compare(list(array[:500]), column), expected)
        missing = [numpy.float32("nan"), numpy.datetime64("NaT"), numpy.timedelta64("NaT")]
        self.assertEqual(samples.read_column(missing).missing, 3)

    def test_labels_of_object_columns(self) -> None:
        self.assertEqual(samples.labels([numpy.bool_(True)], [numpy.int64(1)]), [["1"], ["1"]])


class Scalar:
    """As Arrow's columns give them."""

    def __init__(self, value: object) -> None:
        self._value = value

    def as_py(self) -> object:
        return self._value


class ArrowTable:
    """What of Arrow's tables is used: their `columns` are no names, and they have no positions."""

    def __init__(self, columns: dict[str, list[object]]) -> None:
        self._columns = columns
        self.columns = list(columns.values())
        self.shape = (len(self.columns[0]), len(self.columns))

    @property
    def column_names(self) -> list[str]:
        return list(self._columns)

    def column(self, position: int) -> list[object]:
        return self.columns[position]

    def __getitem__(self, name: str) -> list[object]:
        if not isinstance(name, str):
            raise TypeError("Index must either be string or integer")
        return self._columns[name]


class DriftTest(unittest.TestCase):
    def test_columns_of_arrow(self) -> None:
        column = samples.read_column([Scalar(1), Scalar(2.5), Scalar(None), Scalar("a")])
        self.assertEqual((column.numbers, column.texts, column.missing, column.odd_types), ([1, 2.5], ["a"], 1, set()))
        table = ArrowTable({"age": [Scalar(value) for value in range(100)]})
        self.assertEqual(drift.compare(table, range(100))["psi"], 0.0)
        self.assertEqual(profiles.Profile.of(table).features["age"], profiles.FeatureProfile.of(range(100)))

    def test_fractions_are_numbers_and_bytes_are_text(self) -> None:
        column = samples.read_column([fractions.Fraction(1, 2), b"a", "a"])
        self.assertEqual((column.numbers, column.texts, column.odd_types), ([0.5], ["a", "a"], set()))

    def test_known_chi_square_tail(self) -> None:
        # Published table: 5 % are above 16.919 for 9 degrees of freedom.
        self.assertAlmostEqual(divergence.chi_square_tail(16.919, 9), 0.05, places=4)

    def test_identical_samples_have_not_moved(self) -> None:
        found = drift.compare(range(1000), range(1000))
        self.assertEqual((found["psi"], found["js"], found["wasserstein_norm"], found["ks"]), (0, 0, 0, 0))
        self.assertEqual((found["p_value"], found["verdict"], found["bins"]), (1.0, "none", 10))

    def test_a_verdict_needs_an_index_that_matters_and_no_chance(self) -> None:
        for reference, current, expected in (
            ([50, 50], [52, 48], "none"),
            ([10, 10], [14, 6], "insufficient_data"),
            ([1000, 1000], [1360, 640], "warn"),
            ([1000, 1000], [1500, 500], "drift"),
            ([5, 0], [0, 5], "insufficient_data"),
        ):
            self.assertEqual(drift.verdict(reference, current, 0.05), expected, (reference, current))

    def test_the_features_of_a_run_share_the_rate_of_false_alarms(self) -> None:
        self.assertLessEqual(math.fsum(drift.significance_of(k) for k in range(100_000)), 0.05)
        self.assertEqual(drift.significance_of(3, features=10), 0.005)

    def test_runs_in_which_nothing_has_drifted_rarely_report_drift(self) -> None:
        generator = random.Random(7)
        kinds = [
            lambda: generator.gauss(0, 1),
            lambda: generator.random() < 0.5,
            lambda: max(0.0, generator.gauss(-1, 1)),
            lambda: generator.choice("abcde"),
            lambda: None if generator.random() < 0.1 else generator.expovariate(1),
        ]
        runs, alarms = 60, 0
        for _ in range(runs):
            verdicts = {
                drift.compare(
                    [kinds[k % 5]() for _ in range(50)],
                    [kinds[k % 5]() for _ in range(50)],
                    significance=drift.significance_of(k),
                )["verdict"]
                for k in range(20)
            }
            alarms += bool(verdicts & {"warn", "drift"})
        # 5 % would be 3 of 60; more than 9 happen by chance in fewer than 1 of 1,000 such tests.
        self.assertLessEqual(alarms, 9)

    def test_categories(self) -> None:
        found = drift.compare(["a"] * 500 + ["b"] * 500, ["a"] * 900 + ["b"] * 100)
        self.assertEqual((found["bins"], found["verdict"]), (2, "drift"))
        self.assertNotIn("ks", found)

    def test_missing_values(self) -> None:
        found = drift.compare([1.0, None, 2.0], [float("nan"), 1.0, None, 3.0])
        self.assertEqual((found["n_ref"], found["n_cur"], found["missing_rate"]), (2, 2, 0.5))

    def test_what_a_person_calls_drift(self) -> None:
        rare = random.Random(3)
        tail = [rare.expovariate(0.1) for _ in range(2000)]
        ids = [f"c{i % 2000}" for i in range(10_000)]
        for name, reference, current in (
            ("mostly 0 to mostly 1", [0] * 1900 + [1] * 100, [0] * 100 + [1] * 1900),
            ("all 0 to all 1", [0] * 1000, [1] * 1000),
            ("another constant", [5.0] * 1000, [7.0] * 1000),
            ("92 % zeros to none", [0.0] * 1840 + tail[:160], tail),
            ("booleans", [True] * 100 + [False] * 1900, [True] * 1000 + [False] * 1000),
            ("a count that vanishes", [0] * 920 + [1] * 50 + [2] * 30, [0] * 920 + [2] * 80),
            ("capped values", [100] * 950 + list(range(50)), [100] * 500 + [50] * 500),
            ("a new constant in the tail", normal(1, 1000), normal(2, 900) + [2000.0] * 100),
            ("2,000 categories replaced", ids, [f"d{i % 2000}" for i in range(10_000)]),
            ("missing from then on", [1.0, 2.0] * 500, [None] * 950 + [1.0, 2.0] * 25),
            ("all missing", [1.0] * 1000, [math.nan] * 1000),
            ("infinities", normal(1, 1000), normal(2, 700) + [math.inf] * 300),
        ):
            with self.subTest(name):
                self.assertEqual(drift.compare(reference, current)["verdict"], "drift")
                self.assertEqual(drift.compare(current, reference)["verdict"], "drift")

    def test_what_a_person_does_not_call_drift(self) -> None:
        for name, reference, current in (
            ("one constant", [5.0] * 1000, [5.0] * 1000),
            ("unique ids", [f"a{i}" for i in range(1000)], [f"b{i}" for i in range(1000)]),
            ("numbers as text", [1, 2] * 500, ["1", "2"] * 500),
            ("numbers with a fraction of 0 as text", [1.0, 2.0] * 500, ["1", "2"] * 500),
            ("negative zero", [0.0] * 1000, [-0.0] * 1000),
            ("one N/A among numbers", [*normal(1, 1000), "N/A"], normal(2, 1000)),
            ("one infinity", [*normal(1, 1000), math.inf], normal(2, 1000)),
            ("the largest double", [*normal(1, 1000), 1.7976931348623157e308], normal(2, 1000)),
            ("numbers beyond a double", [10**400] * 10, [10**400] * 10),
        ):
            with self.subTest(name):
                self.assertEqual(drift.compare(reference, current)["verdict"], "none")

    def test_infinite_and_missing_values_are_counted_apart(self) -> None:
        found = drift.compare([1.0, math.inf, -math.inf, None] * 100, [1.0, 2.0] * 200)
        self.assertEqual((found["infinite_ref"], found["infinite"], found["n_ref"]), (200, 0, 300))
        self.assertEqual((found["missing_rate_ref"], found["missing_rate"]), (0.25, 0.0))

    def test_what_is_no_single_column_is_refused(self) -> None:
        for values in ("hello", {"a": 1}, None, 3):
            with self.subTest(values), self.assertRaises(TypeError):
                drift.compare(values, [1.0])

    def test_dates_and_durations_are_numbers(self) -> None:
        days = [datetime.date(2024, 1, 1) + datetime.timedelta(days=day) for day in range(400)]
        found = drift.compare(days[:200], days[200:])
        self.assertEqual((found["verdict"], found["ks"]), ("drift", 1.0))
        zone = datetime.timezone(datetime.timedelta(hours=2))
        self.assertEqual(samples.number(datetime.datetime(1970, 1, 1, 2, tzinfo=zone)), 0.0)
        self.assertEqual(samples.number(datetime.timedelta(minutes=1)), 60.0)

    def test_equal_labels_have_one_text(self) -> None:
        self.assertEqual(samples.labels([0, 1], [0.0, 1.0]), [["0", "1"], ["0", "1"]])
        self.assertEqual(samples.labels([True, False], [1, 0]), [["1", "0"], ["1", "0"]])
        self.assertEqual(samples.labels([True, None]), [["True", "_missing"]])

    def test_empty_and_constant_samples(self) -> None:
        self.assertEqual(drift.compare([], [1])["verdict"], "insufficient_data")
        constant = drift.compare([1.0] * 50, [1.0] * 50)
        self.assertEqual((constant["verdict"], constant["wasserstein_norm"]), ("none", None))

    def test_large_samples_are_bounded(self) -> None:
        found = drift.compare(range(samples.MAX_VALUES + 1), range(10))
        self.assertEqual(found["n_ref"], samples.MAX_VALUES)

    def test_too_few_bins(self) -> None:
        with self.assertRaisesRegex(ValueError, "bins: must be 2 or more"):
            drift.compare([1], [1], bins=1)


if __name__ == "__main__":
    unittest.main()
