"""The table of docs/drift.md: this helper, SciPy and Evidently on the same samples.

    python3 -m venv /tmp/drift && /tmp/drift/bin/pip install evidently==0.7.23 'pandas<3'
    PYTHONPATH=python /tmp/drift/bin/python test/bench/python/drift_comparison.py
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from evidently import Report
from evidently.metrics import ValueDrift
from scipy import stats

from ds_monitoring import compare
from ds_monitoring.profiles import FeatureProfile

generator = np.random.default_rng(20)


def normal(mean: float, count: int, deviation: float = 1) -> list[Any]:
    return list(generator.normal(mean, deviation, count))


SAMPLES: list[tuple[str, list[Any], list[Any]]] = [
    ("normal, unchanged, n = 100", normal(0, 100), normal(0, 100)),
    ("normal, unchanged, n = 5,000", normal(0, 5000), normal(0, 5000)),
    ("normal, + 0.15 sd, n = 5,000", normal(0, 5000), normal(0.15, 5000)),
    ("normal, + 0.5 sd, n = 100", normal(0, 100), normal(0.5, 100)),
    ("normal, + 0.5 sd, n = 5,000", normal(0, 5000), normal(0.5, 5000)),
    ("normal, sd doubled, n = 1,000", normal(0, 1000), normal(0, 1000, 2)),
    ("flag, 5 % to 95 %", [0] * 1900 + [1] * 100, [0] * 100 + [1] * 1900),
    ("constant 5 to constant 7", [5.0] * 1000, [7.0] * 1000),
    ("92 % zeros to none", [0.0] * 920 + normal(5, 80), normal(5, 1000)),
    ("0 % to 95 % missing", normal(0, 1000), [*normal(0, 50), *[None] * 950]),
    ("categories, unchanged, n = 600", ["a", "b", "c"] * 200, ["b", "c", "a"] * 200),
    ("2,000 categories, all replaced", [f"a{n % 2000}" for n in range(10_000)], [f"b{n % 2000}" for n in range(10_000)]),
]


def scipy_ks(reference: list[Any], current: list[Any]) -> tuple[float, float] | None:
    if any(isinstance(value, str) for value in reference):
        return None
    found = stats.ks_2samp(reference, [value for value in current if value is not None], method="asymp")
    return float(found.statistic), float(found.pvalue)


def evidently(reference: list[Any], current: list[Any]) -> tuple[str, float, bool]:
    """The default method, its score, and whether it says drift."""
    frames = [pd.DataFrame({"x": values}) for values in (current, reference)]
    (metric,) = Report([ValueDrift(column="x")]).run(*frames).dict()["metrics"]
    method, threshold = metric["config"].get("method") or metric["metric_name"], metric["config"].get("threshold")
    name = metric["metric_name"]
    method = name.split("method=")[1].split(",")[0].rstrip(")") if "method=" in name else str(method)
    limit = float(name.split("threshold=")[1].rstrip(")")) if "threshold=" in name else float(threshold)
    score = float(metric["value"])
    return method, score, score < limit if "p_value" in method else score >= limit


def main() -> None:
    print("| samples | PSI | KS, p: ours | KS, p: SciPy | verdict | against a profile | Evidently |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for title, reference, current in SAMPLES:
        ours = compare(reference, current)
        profile = FeatureProfile.of(reference).compare(current)
        test = scipy_ks(reference, current)
        ks = f"{ours['ks']:.3f}, {ours['p_value']:.2g}" if "ks" in ours else ""
        other = "" if test is None else f"{test[0]:.3f}, {test[1]:.2g}"
        method, score, drifted = evidently(reference, current)
        said = f"{'drift' if drifted else 'none'} ({method} {score:.2g})"
        psi = f"{ours['psi']:.3f}"
        print(f"| {title} | {psi} | {ks} | {other} | {ours['verdict']} | {profile['verdict']} | {said} |")


warnings.simplefilter("ignore")
main()
