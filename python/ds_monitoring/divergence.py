"""Distances between two samples and the probability that chance alone explains them, in pure Python."""

from __future__ import annotations

import math
from typing import Iterator, Optional, Sequence

#: Added to every bin's count: an empty bin would make the index infinite.
SMOOTHING = 0.5
#: Pearson's approximation holds where chance puts so many values into a bin.
LEAST_EXPECTED = 4
#: The same of two bins only, whose approximation is the coarsest.
LEAST_OF_TWO = 20


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


def homogeneity_p_value(reference: Sequence[float], current: Sequence[float]) -> float:
    """Probability that two histograms of one distribution differ this much.

    Pearson's test, over bins in which chance puts at least four values of the smaller sample: rarer ones are taken
    together until they hold as many. What is left of them is tested exactly, by itself, against all others: there
    Pearson's approximation would raise several times the alarms that it promises. So are two bins, the rarer of which
    is small.
    """
    n_ref, n_cur = sum(reference), sum(current)
    share = min(n_ref, n_cur) / (n_ref + n_cur)
    bins: list[tuple[float, float]] = []
    rest = (0.0, 0.0)
    for pair in zip(reference, current):
        if sum(pair) * share >= LEAST_EXPECTED:
            bins.append(pair)
            continue
        rest = (rest[0] + pair[0], rest[1] + pair[1])
        if sum(rest) * share >= LEAST_EXPECTED:
            bins.append(rest)
            rest = (0.0, 0.0)
    if len(bins) == 2 and not any(rest) and min(map(sum, bins)) * share < LEAST_OF_TWO:
        bins.sort(key=sum)
        rest = bins.pop(0)
    tests = []
    if len(bins) > 1:
        tests.append(_pearson(bins))
    if any(rest) and bins:
        tests.append(_fisher(round(rest[1]), round(sum(rest)), round(n_cur), round(n_ref + n_cur)))
    return min(1.0, len(tests) * min(tests)) if tests else 1.0


def _pearson(bins: Sequence[tuple[float, float]]) -> float:
    sizes = [sum(counts) for counts in zip(*bins)]
    statistic = 0.0
    for pair in bins:
        for count, size in zip(pair, sizes):
            expected = sum(pair) * size / sum(sizes)
            statistic += (count - expected) ** 2 / expected if expected else 0.0
    return chi_square_tail(statistic, len(bins) - 1)


def _fisher(found: int, marked: int, drawn: int, total: int) -> float:
    """Twice the smaller tail of the hypergeometric distribution, 1 at most.

    found: how many of `marked` values out of `total` are among the `drawn`.
    """

    def log_choose(of: int, some: int) -> float:
        return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)

    least, most = max(0, drawn + marked - total), min(drawn, marked)
    every = log_choose(total, drawn)
    chances = [
        math.exp(log_choose(marked, k) + log_choose(total - marked, drawn - k) - every) for k in range(least, most + 1)
    ]
    return min(1.0, 2 * min(math.fsum(chances[: found - least + 1]), math.fsum(chances[found - least :])))


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
