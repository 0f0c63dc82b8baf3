"""The tables of false alarms and of detection in docs/drift.md, by simulation; Python with NumPy and SciPy.

PYTHONPATH=python ~/.cache/ds-monitoring/python-*/bin/python test/bench/python/false_alarms.py [quick]

A day without drift: each feature's reference and current values are drawn from one distribution. The features of a day
are independent, of the kinds in turn, so that the share of days with an alarm follows from that of each kind.
"""

from __future__ import annotations

import sys
from typing import Any, Callable

import numpy as np
from scipy import stats

from ds_monitoring import compare
from ds_monitoring.profiles import FeatureProfile

generator = np.random.default_rng(14)
RATE = 0.05
TRAINED = (300, 1_000, 10_000, 100_000)
SERVED = (30, 50, 150, 500, 1_000, 10_000)
FEATURES = (1, 10, 50)
#: References of each kind, and days that are compared with each.
REFERENCES, DAYS = (4, 25) if "quick" in sys.argv else (25, 60)

Draw = Callable[[int], list[Any]]
ZIPF = 1 / np.arange(1, 301)


def with_missing(count: int) -> list[Any]:
    values = generator.normal(size=count)
    return [None if gone else value for gone, value in zip(generator.random(count) < 0.1, values.tolist())]


KINDS: dict[str, Draw] = {
    "normal": lambda n: generator.normal(size=n).tolist(),
    "log-normal": lambda n: generator.lognormal(size=n).tolist(),
    "70 % zeros": lambda n: (generator.lognormal(size=n) * (generator.random(n) < 0.3)).tolist(),
    "Poisson, mean 3": lambda n: generator.poisson(3, n).tolist(),
    "Poisson, mean 100": lambda n: generator.poisson(100, n).tolist(),
    "flag, 10 %": lambda n: (generator.random(n) < 0.1).tolist(),
    "5 categories": lambda n: generator.choice(list("abcde"), n, p=[0.5, 0.3, 0.15, 0.04, 0.01]).tolist(),
    "300 categories": lambda n: [f"c{i}" for i in generator.choice(300, n, p=ZIPF / ZIPF.sum())],
    "10 % missing": with_missing,
}


def moved(found: dict[str, Any]) -> bool:
    return found["verdict"] in ("warn", "drift")


def judged(compared: Callable[[float], dict[str, Any]]) -> list[bool]:
    """Whether a comparison is an alarm at the level of each number of features: the lower the level, the fewer."""
    found = [moved(compared(RATE / FEATURES[0]))]
    for features in FEATURES[1:]:
        found.append(found[-1] and moved(compared(RATE / features)))
    return found


def alarms(draw: Draw, trained: int, served: int, days: int) -> np.ndarray:
    """Share of comparisons with an alarm, by number of features: against a profile, and against the values themselves."""
    found = np.zeros((2, len(FEATURES)))
    values_days = min(days, 25) if trained <= 1_000 else 0
    for _ in range(REFERENCES):
        reference = draw(trained)
        profile = FeatureProfile.of(reference)
        for day in range(days):
            current = draw(served)
            found[0] += judged(lambda level: profile.compare(current, 10, level))
            if day < values_days:
                found[1] += judged(lambda level: compare(reference, current, 10, level))
    return found / REFERENCES / np.array([[days], [values_days or 1]])


def false_alarms() -> None:
    print("| trained | served | " + " | ".join(f"{n} features" for n in FEATURES) + " |")
    for trained in TRAINED:
        for served in SERVED:
            days = DAYS if served <= 1_000 else DAYS // 10
            rates = {kind: alarms(draw, trained, served, days) for kind, draw in KINDS.items()}
            # One feature: of a kind drawn at random.
            every = np.array(list(rates.values()))
            of_days = 1 - np.prod(1 - every, axis=0) ** (np.array(FEATURES) / len(KINDS))
            of_days[:, 0] = every.mean(axis=0)[:, 0]
            cells = [f"{a:.1%}" + (f" / {b:.1%}" if trained <= 1_000 else "") for a, b in of_days.T]
            print(f"| {trained:,} | {served:,} | {' | '.join(cells)} |", flush=True)
            if "kinds" in sys.argv:
                print({kind: rate.round(4).tolist() for kind, rate in rates.items() if rate.any()}, flush=True)


def detection() -> None:
    print("| trained | served | features | of a profile | of the values | KS |")
    for trained in (1_000, 10_000):
        for served in (30, 50, 100, 150, 300, 500, 1_000):
            for features in FEATURES:
                found = np.zeros(3)
                for _ in range(16 * REFERENCES):
                    reference = generator.normal(size=trained)
                    profile = FeatureProfile.of(reference)
                    current = generator.normal(0.5, size=served)
                    level = RATE / features
                    found += [
                        moved(profile.compare(current, 10, level)),
                        moved(compare(reference, current, 10, level)),
                        stats.ks_2samp(reference, current, method="asymp").pvalue < level,
                    ]
                shares = " | ".join(f"{share:.0%}" for share in found / REFERENCES / 16)
                print(f"| {trained:,} | {served:,} | {features} | {shares} |", flush=True)


if __name__ == "__main__":
    if "detection" not in sys.argv:
        false_alarms()
    if "alarms" not in sys.argv:
        detection()
