"""How far a feature's distribution has moved between two samples.

Numbers are compared in bins, categories by their counts. What is missing is compared by its share. A verdict
needs both: a distance that matters, and one that chance alone does not explain.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from typing import Any, Iterable, Sequence

from .divergence import homogeneity_p_value, jensen_shannon, ks_p_value, psi, wasserstein_and_ks
from .samples import MISSING_TEXTS, Column, Sizes, label, read_column

#: From these population stability indices on a feature counts as moved a little, and as drifted.
PSI_WARN = 0.1
PSI_DRIFT = 0.2
#: Probability that a run in which nothing has drifted reports a `warn` or `drift`, over all of its features.
FALSE_ALARM_RATE = 0.05
#: Numbers with at most this many different values are categories: booleans, one-hot columns, small counts.
MAX_DISCRETE = 20
#: More categories than these are counted together.
MAX_CATEGORIES = 50
#: Of fewer values in either sample nothing is concluded.
LEAST_VALUES = 10
#: A bin holds at least this many values of the smaller sample, or there are fewer bins.
LEAST_PER_BIN = 5
#: A number of fewer values has no bin of its own: in a small sample that would be chance.
LEAST_IN_MODE = 20
#: New and vanished categories count where there are more of them than chance gives, by this many deviations.
UNSEEN_DEVIATIONS = 4.0
#: A column is one of numbers with a few odd texts in it, rather than one of texts, from this share of numbers on.
NUMBERS_SHARE = 0.5


def compare(
    reference: Iterable[Any], current: Iterable[Any], bins: int = 10, significance: float = FALSE_ALARM_RATE
) -> dict[str, Any]:
    """Compare `current` against `reference`: a list, iterator, array, series or frame of one column each.

    Returns the fields of an `ml.drift` event: `psi`; `js`, the Jensen-Shannon distance to base 2 (0 to 1);
    for numbers also `wasserstein_norm` (in standard deviations of the reference), `ks` and its `p_value`;
    `n_ref`, `n_cur` (values that are there), `bins`, `missing_rate_ref` and `missing_rate` of `current`,
    `infinite_ref` and `infinite` (how many values are infinite, a bin of their own), `odd_types` (names of types
    that are neither number nor text and are compared by their text, where there are any) and `verdict` (`none`,
    `warn`, `drift` or `insufficient_data`). Swapping the samples does not change the verdict.

    bins: how many bins numbers fall into at most.
    significance: probability of a false alarm that is accepted. `Run.drift` divides 0.05 by the features of a run.

    Raises TypeError where a sample is no single column, ValueError for less than two bins.
    """
    if bins < 2:
        raise ValueError(f"bins: must be 2 or more, got {bins}")
    ref, cur = _same_kind(read_column(reference), read_column(current))
    counts = _histograms(ref, cur, bins) if ref.present and cur.present else None
    fields = judge(ref.sizes, cur.sizes, counts, significance)
    if ref.odd_types or cur.odd_types:
        fields["odd_types"] = sorted(ref.odd_types | cur.odd_types)
    if ref.numbers and cur.numbers and not ref.texts and not cur.texts:
        distance, statistic = wasserstein_and_ks(ref.numbers, cur.numbers)
        p_value = ks_p_value(statistic, len(ref.numbers), len(cur.numbers))
        fields.update(wasserstein_norm=distance, ks=statistic, p_value=p_value)
    return fields


def judge(
    ref: Sizes, cur: Sizes, counts: tuple[list[float], list[float]] | None, significance: float
) -> dict[str, Any]:
    """The fields of an `ml.drift` event that sizes and histograms give.

    counts: of both samples, over the same bins; None where one of them has no values.
    """
    fields: dict[str, Any] = {
        "n_ref": ref.present,
        "n_cur": cur.present,
        "missing_rate_ref": ref.missing_rate,
        "missing_rate": cur.missing_rate,
        "infinite_ref": ref.infinite,
        "infinite": cur.infinite,
        "bins": 0,
    }
    any_missing = ref.missing > 0 or cur.missing > 0
    # Two questions share the accepted rate of false alarms.
    level = significance / 2 if any_missing else significance
    verdicts = []
    if any_missing:
        of_missing = ([ref.missing, ref.size - ref.missing], [cur.missing, cur.size - cur.missing])
        verdicts.append(verdict(*of_missing, level) if ref.size and cur.size else "insufficient_data")
    if counts is None:
        verdicts.append("insufficient_data")
    else:
        fields.update(psi=psi(*counts), js=jensen_shannon(*counts), bins=len(counts[0]))
        verdicts.append(verdict(*counts, level))
    fields["verdict"] = next(
        name for name in ("drift", "warn", "insufficient_data", "none") if name in verdicts
    )
    return fields


def verdict(reference: Sequence[float], current: Sequence[float], significance: float) -> str:
    """`drift` from an index of 0.2 and `warn` from 0.1 on, where chance is excluded, else `insufficient_data`.

    reference, current: counts over the same bins. Below 0.1 the verdict is `none` however large the samples.
    """
    index = psi(reference, current)
    if index < PSI_WARN:
        return "none"
    if min(sum(reference), sum(current)) < LEAST_VALUES:
        return "insufficient_data"
    if homogeneity_p_value(reference, current) >= significance:
        return "insufficient_data"
    return "drift" if index >= PSI_DRIFT else "warn"


def significance_of(position: int, features: int | None = None) -> float:
    """The accepted probability of a false alarm of one comparison, so that those of a run add up to 0.05.

    position: 0 for the first comparison of a run. features: how many there will be, where that is known. Where
    it is not, the first 20 share half of the rate, the next 20 a quarter, the next 40 an eighth, and so on.
    """
    if features is not None:
        return FALSE_ALARM_RATE / max(features, position + 1)
    first, size, share = 0, 20, 0.5
    while position >= first + size:
        first += size
        size = first
        share /= 2
    return FALSE_ALARM_RATE * share / size


def _same_kind(ref: Column, cur: Column) -> tuple[Column, Column]:
    """Both as numbers with few odd texts, of which those that mean "missing" are missing, or both as texts."""
    texts = len(ref.texts) + len(cur.texts)
    if texts == 0:
        return ref, cur
    numbers = len(ref.numbers) + len(cur.numbers)
    if numbers > NUMBERS_SHARE * (numbers + texts):
        return _without_missing_texts(ref), _without_missing_texts(cur)
    return _as_texts(ref), _as_texts(cur)


def _without_missing_texts(column: Column) -> Column:
    kept = [text for text in column.texts if text.strip() not in MISSING_TEXTS]
    if len(kept) == len(column.texts):
        return column
    return column._replace(texts=kept, missing=column.missing + len(column.texts) - len(kept))


def _as_texts(column: Column) -> Column:
    return column._replace(numbers=[], texts=[*column.texts, *map(label, column.numbers)])


def _histograms(ref: Column, cur: Column, bins: int) -> tuple[list[float], list[float]]:
    """Counts of both samples over the same bins, chosen from both alike, so that neither is the measure."""
    of_texts = category_counts(ref.texts, cur.texts)
    of_numbers = number_counts(ref.numbers, cur.numbers, bins)
    infinite: tuple[list[float], list[float]] = ([], [])
    if ref.infinite or cur.infinite:
        infinite = ([float(ref.infinite)], [float(cur.infinite)])
    return (
        [*of_numbers[0], *of_texts[0], *infinite[0]],
        [*of_numbers[1], *of_texts[1], *infinite[1]],
    )


def number_counts(
    reference: Sequence[float], current: Sequence[float], bins: int
) -> tuple[list[float], list[float]]:
    """Counts of numbers per bin.

    Few different values are categories. Otherwise each value that fills a bin by itself (a mode: zeros, a cap)
    has one of its own, and the others fall into bins that hold about equally many values of both samples.
    """
    ref, cur = Counter(reference), Counter(current)
    every = ref + cur
    total = sum(every.values())
    if len(every) <= MAX_DISCRETE and LEAST_PER_BIN * len(every) <= total:
        return category_counts(reference, current)
    fewest = min((sum(counts.values()) for counts in (ref, cur) if counts), default=0)
    bins = max(2, min(bins, fewest // LEAST_PER_BIN))
    least = [(counts, max(sum(counts.values()) / bins, LEAST_IN_MODE)) for counts in (ref, cur)]
    modes = sorted(value for value in every if any(counts[value] >= limit for counts, limit in least))
    for value in modes:
        del every[value]
    edges = quantile_edges(sorted(every.elements()), bins)
    rows: tuple[list[float], list[float]] = ([], [])
    for row, counts in zip(rows, (ref, cur)):
        row.extend(float(counts[value]) for value in modes)
        others = [0.0] * (len(edges) + 1)
        for value, count in counts.items():
            others[bisect_right(edges, value)] += count
        for value in modes:
            others[bisect_right(edges, value)] -= counts[value]
        row.extend(others)
    filled = [index for index, pair in enumerate(zip(*rows)) if any(pair)]
    return [rows[0][index] for index in filled], [rows[1][index] for index in filled]


def quantile_edges(ordered: Sequence[float], bins: int) -> list[float]:
    """Inner edges of at most `bins` bins that hold about equally many of the sorted values."""
    return sorted({ordered[len(ordered) * step // bins] for step in range(1, bins)}) if ordered else []


def category_counts(reference: Iterable[Any], current: Iterable[Any]) -> tuple[list[float], list[float]]:
    """Counts per category.

    The rare ones beyond MAX_CATEGORIES are counted as one, but for those that only one sample has, as far as
    there are more of them than chance gives: new and vanished categories have a bin each.
    """
    ref, cur = Counter(reference), Counter(current)
    every = ref + cur
    ordered = sorted(every, key=lambda value: (-every[value], str(value)))
    kept, rare = ordered[:MAX_CATEGORIES], ordered[MAX_CATEGORIES:]
    if len(rare) == 1:
        kept, rare = ordered, []
    rows = ([float(ref[value]) for value in kept], [float(cur[value]) for value in kept])
    if rare:
        vanished = _excess(rare, ref, cur)
        new = _excess(rare, cur, ref)
        rows[0].extend((sum(ref[value] for value in rare) - vanished, vanished, 0.0))
        rows[1].extend((sum(cur[value] for value in rare) - new, 0.0, new))
        filled = [index for index, pair in enumerate(zip(*rows)) if any(pair)]
        rows = ([rows[0][index] for index in filled], [rows[1][index] for index in filled])
    return rows


def _excess(rare: Sequence[Any], of: Counter[Any], other: Counter[Any]) -> float:
    """How many values of `of` are in categories that `other` lacks, beyond those that chance explains.

    Were all values of both samples dealt out at random, a category of c values would go to `of` alone with
    probability share ** c.
    """
    share = sum(of.values()) / (sum(of.values()) + sum(other.values()))
    found = expected = variance = 0.0
    for value in rare:
        count = of[value] + other[value]
        if other[value] == 0:
            found += count
        alone = share**count
        expected += count * alone
        variance += count**2 * alone * (1 - alone)
    excess = found - expected
    return excess if excess > UNSEEN_DEVIATIONS * math.sqrt(variance) + 1e-9 else 0.0
