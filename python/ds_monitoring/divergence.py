"""Distances between two samples and the probability that chance alone explains them, in pure Python."""

from __future__ import annotations

import math
from typing import Iterator, Optional, Sequence

#: Added to every bin's count: an empty bin would make the index infinite.
SMOOTHING = 0.5


def psi(reference: Sequence[float], current: Sequence[float]) -> float:
    """Population stability index of two histograms over the same bins: 0 is no change. Symmetric."""
    return sum((q - p) * math.log(q / p) for p, q in zip(_shares(reference), _shares(current)))


def _shares(counts: Sequence[float]) -> list[float]:
    total = sum(counts) + SMOOTHING * len(counts)
    return [(count + SMOOTHING) / total for count in counts]


def jensen_shannon(reference: Sequence[float], current: Sequence[float]) -> float:
    """Jensen-Shannon distance, base 2, of two histograms over the same bins: 0 (same) to 1 (disjoint)."""
    n_ref, n_cur = sum(reference), sum(current)
    divergence = 0.0
    for count_ref, count_cur in zip(reference, current):
        p, q = count_ref / n_ref, count_cur / n_cur
        middle = (p + q) / 2
        divergence += sum(share * math.log2(share / middle) for share in (p, q) if share > 0) / 2
    return math.sqrt(max(divergence, 0.0))


def _steps(reference: Sequence[float], current: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Each distinct value of two samples in their order, with the gap of their distributions from there on."""
    ref, cur = sorted(reference), sorted(current)
    n_ref, n_cur = len(ref), len(cur)
    i = j = 0
    while i < n_ref or j < n_cur:
        value = min(ref[i], cur[j]) if i < n_ref and j < n_cur else ref[i] if i < n_ref else cur[j]
        while i < n_ref and ref[i] == value:
            i += 1
        while j < n_cur and cur[j] == value:
            j += 1
        yield value, i / n_ref - j / n_cur


def wasserstein_and_ks(
    reference: Sequence[float], current: Sequence[float]
) -> tuple[Optional[float], float]:
    """First Wasserstein distance in standard deviations of the reference, and the Kolmogorov-Smirnov statistic.

    The distance is None where the reference has no spread, or where values near the largest float overflow.
    """
    scale = max(map(abs, (*reference, *current)), default=0.0)
    # A common scale, so that no square of a large value overflows.
    scale = math.ldexp(1.0, math.frexp(scale)[1] - 1) if scale > 1e100 else 1.0
    mean = math.fsum(value / scale for value in reference) / len(reference)
    variance = math.fsum((value / scale - mean) ** 2 for value in reference) / len(reference)
    area = statistic = 0.0
    last: Optional[float] = None
    gap = 0.0
    for value, after in _steps(reference, current):
        if last is not None:
            area += abs(gap) * (value / scale - last)
        last, gap = value / scale, after
        statistic = max(statistic, abs(gap))
    return (area / math.sqrt(variance) if variance > 0 else None), statistic


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


def chi_square_p_value(reference: Sequence[float], current: Sequence[float]) -> float:
    """Probability that two histograms of one distribution differ this much: Pearson's test of homogeneity."""
    n_ref, n_cur = sum(reference), sum(current)
    statistic, bins = 0.0, 0
    for count_ref, count_cur in zip(reference, current):
        both = count_ref + count_cur
        if both == 0:
            continue
        bins += 1
        for count, size in ((count_ref, n_ref), (count_cur, n_cur)):
            expected = both * size / (n_ref + n_cur)
            statistic += (count - expected) ** 2 / expected
    return chi_square_tail(statistic, bins - 1) if bins > 1 else 1.0


def chi_square_tail(value: float, freedom: int) -> float:
    """Probability that a chi-square variable of `freedom` degrees is above `value`.

    Source: Numerical Recipes, 3rd edition, section 6.2: a series below the mean, a continued fraction above.
    """
    if value <= 0:
        return 1.0
    a, x = freedom / 2, value / 2
    front = math.exp(-x + a * math.log(x) - math.lgamma(a))
    if x < a + 1:
        term = total = 1 / a
        k = a
        while term > total * 1e-15:
            k += 1
            term *= x / k
            total += term
        return max(1.0 - total * front, 0.0)
    tiny = 1e-300
    b = x + 1 - a
    c, d = 1 / tiny, 1 / b
    fraction = d
    for i in range(1, 10_000):
        factor = -i * (i - a)
        b += 2
        d = 1 / (factor * d + b or tiny)
        c = b + factor / c or tiny
        fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * fraction
