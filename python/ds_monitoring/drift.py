"""How far a feature's distribution has moved between two samples, in pure Python.

Samples are one-dimensional sequences: numbers, or categories where any value is a text. Missing values
(None, NaN) are set aside and counted. See `compare`.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from collections import Counter
from typing import Any, Iterable, Optional, Sequence

#: From these population stability indices on a feature counts as moved a little, and as drifted.
PSI_WARN = 0.1
PSI_DRIFT = 0.2
#: Larger samples are compared by a random part of this many values, so that the cost is bounded.
MAX_VALUES = 100_000
#: More categories than these are counted together.
MAX_CATEGORIES = 50
#: Added to every bin's count: an empty bin would make the index infinite.
SMOOTHING = 0.5


def compare(reference: Iterable[Any], current: Iterable[Any], bins: int = 10) -> dict[str, Any]:
    """Compare `current` against `reference`.

    Returns the fields of an `ml.drift` event: `psi`; `js`, the Jensen-Shannon distance to base 2 (0 to 1);
    for numbers also `wasserstein_norm` (in standard deviations of the reference), `ks` and its `p_value`;
    `n_ref`, `n_cur`, `bins`, `missing_rate` of `current` and `verdict` (`none`, `warn`, `drift` or
    `insufficient_data`). Bins are quantiles of the reference, `bins` at most. Empty samples give only the
    counts and `insufficient_data`.
    """
    if bins < 2:
        raise ValueError(f"bins: must be 2 or more, got {bins}")
    ref, _ = _present(reference)
    cur, missing_rate = _present(current)
    fields: dict[str, Any] = {"n_ref": len(ref), "n_cur": len(cur), "missing_rate": missing_rate}
    if not ref or not cur:
        return {**fields, "bins": 0, "verdict": "insufficient_data"}
    if any(isinstance(value, str) for values in (ref, cur) for value in values):
        ref_counts, cur_counts = category_counts(ref, cur)
    else:
        ref_sorted, cur_sorted = sorted(map(float, ref)), sorted(map(float, cur))
        edges = quantile_edges(ref_sorted, bins)
        ref_counts, cur_counts = bin_counts(ref_sorted, edges), bin_counts(cur_sorted, edges)
        statistic = ks_statistic(ref_sorted, cur_sorted)
        fields.update(
            wasserstein_norm=wasserstein_normalised(ref_sorted, cur_sorted),
            ks=statistic,
            p_value=ks_p_value(statistic, len(ref), len(cur)),
        )
    index = psi(ref_counts, cur_counts)
    return {
        **fields,
        "psi": index,
        "js": jensen_shannon(ref_counts, cur_counts),
        "bins": len(ref_counts),
        "verdict": verdict(index, len(ref_counts), len(ref), len(cur)),
    }


def _present(values: Iterable[Any]) -> tuple[list[Any], float]:
    """The values that are there, at most MAX_VALUES of them, and the share of missing ones."""
    to_list = getattr(values, "tolist", None)
    every = to_list() if callable(to_list) else list(values)
    present = [value for value in every if not (value is None or value != value)]
    missing_rate = 1 - len(present) / len(every) if every else 0.0
    if len(present) > MAX_VALUES:
        # A fixed seed: the same data gives the same figures.
        present = random.Random(0).sample(present, MAX_VALUES)
    return present, missing_rate


def quantile_edges(ordered: Sequence[float], bins: int) -> list[float]:
    """Inner edges of at most `bins` bins that hold about equally many of the sorted values."""
    return sorted({ordered[len(ordered) * step // bins] for step in range(1, bins)})


def bin_counts(values: Sequence[float], edges: Sequence[float]) -> list[int]:
    """How many values fall into each of the len(edges) + 1 bins; an edge belongs to the bin above it."""
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[bisect_right(edges, value)] += 1
    return counts


def category_counts(reference: Sequence[Any], current: Sequence[Any]) -> tuple[list[int], list[int]]:
    """Counts per category of both samples, in one order; the rare ones beyond MAX_CATEGORIES as one."""
    ref, cur = Counter(map(str, reference)), Counter(map(str, current))
    names = [name for name, _ in (ref + cur).most_common()]
    kept, others = names[: MAX_CATEGORIES - 1], names[MAX_CATEGORIES - 1 :]
    rows = [
        [counts[name] for name in kept] + ([sum(counts[name] for name in others)] if others else [])
        for counts in (ref, cur)
    ]
    return rows[0], rows[1]


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + SMOOTHING * len(counts)
    return [(count + SMOOTHING) / total for count in counts]


def psi(reference: Sequence[int], current: Sequence[int]) -> float:
    """Population stability index of two histograms over the same bins: 0 is no change."""
    return sum((q - p) * math.log(q / p) for p, q in zip(_shares(reference), _shares(current)))


def jensen_shannon(reference: Sequence[int], current: Sequence[int]) -> float:
    """Jensen-Shannon distance, base 2, of two histograms over the same bins: 0 (same) to 1 (disjoint)."""
    n_ref, n_cur = sum(reference), sum(current)
    divergence = 0.0
    for count_ref, count_cur in zip(reference, current):
        p, q = count_ref / n_ref, count_cur / n_cur
        middle = (p + q) / 2
        divergence += sum(share * math.log2(share / middle) for share in (p, q) if share > 0) / 2
    return math.sqrt(max(divergence, 0.0))


def wasserstein_normalised(reference: Sequence[float], current: Sequence[float]) -> Optional[float]:
    """First Wasserstein distance of two sorted samples over the reference's standard deviation.

    None where the reference has no spread.
    """
    mean = math.fsum(reference) / len(reference)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in reference) / len(reference))
    if deviation == 0:
        return None
    area = 0.0
    points = sorted([*reference, *current])
    for low, high in zip(points, points[1:]):
        if high > low:
            gap = bisect_right(reference, low) / len(reference) - bisect_right(current, low) / len(current)
            area += abs(gap) * (high - low)
    return area / deviation


def ks_statistic(reference: Sequence[float], current: Sequence[float]) -> float:
    """Kolmogorov-Smirnov statistic of two sorted samples: the largest gap between their distributions."""
    return max(
        abs(bisect_right(reference, value) / len(reference) - bisect_right(current, value) / len(current))
        for values in (reference, current)
        for value in values
    )


def ks_p_value(statistic: float, n_ref: int, n_cur: int) -> float:
    """Two-sided p-value of the KS statistic: Kolmogorov's limit with Stephens's correction for small samples.

    Source: Numerical Recipes, 3rd edition, section 14.3.3.
    """
    root = math.sqrt(n_ref * n_cur / (n_ref + n_cur))
    scaled = (root + 0.12 + 0.11 / root) * statistic
    if scaled < 0.2:  # below, the series converges slowly and the p-value is 1 to ten digits
        return 1.0
    total = 2 * math.fsum((-1) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return min(max(total, 0.0), 1.0)


def chi_square_cdf(value: float, freedom: int) -> float:
    """Probability that a chi-square variable of `freedom` degrees is at most `value` (series of P(a, x))."""
    if value <= 0:
        return 0.0
    a, x = freedom / 2, value / 2
    term = total = 1 / a
    k = a
    while term > total * 1e-15:
        k += 1
        term *= x / k
        total += term
    return min(total * math.exp(-x + a * math.log(x) - math.lgamma(a)), 1.0)


def chi_square_quantile(probability: float, freedom: int) -> float:
    """The value below which a chi-square variable of `freedom` degrees is with `probability` (bisection)."""
    low, high = 0.0, float(freedom)
    while chi_square_cdf(high, freedom) < probability:
        high *= 2
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if chi_square_cdf(middle, freedom) < probability else (low, middle)
    return high


def noise_level(bins: int, n_ref: int, n_cur: int) -> float:
    """The index that two samples of one distribution stay below in 95 of 100 cases."""
    if bins < 2:
        return 0.0
    return chi_square_quantile(0.95, bins - 1) * (1 / n_ref + 1 / n_cur)


def verdict(index: float, bins: int, n_ref: int, n_cur: int) -> str:
    """`drift` from 0.2 and `warn` from 0.1, each only above the noise level, else `insufficient_data`."""
    if index < PSI_WARN:
        return "none"
    if index <= noise_level(bins, n_ref, n_cur):
        return "insufficient_data"
    return "drift" if index >= PSI_DRIFT else "warn"
