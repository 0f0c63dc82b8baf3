"""Reference profiles: what the features of a training looked like, as counts in bins, in a few KB.

A profile holds no rows, no least or greatest value, and no number or category that fewer than five rows have.
"""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections import Counter
from typing import Any, Iterable, Mapping, NamedTuple, Optional, Union

from .drift import FALSE_ALARM_RATE, judge
from .samples import Column, Sizes, label, read_column

#: A number or category of fewer rows is not named, and a bin holds at least as many.
LEAST_ROWS = 5
#: A category of fewer rows may have been named by chance.
FEW_ROWS = 15
#: At most so many bins, and so many numbers with a bin of their own.
MAX_CELLS = 20
MAX_CATEGORIES = 50
#: What categories count as that the profile does not name.
OTHER = "_other"
#: Categories are judged where at most this share of the rows has one that is not named.
NAMED_SHARE = 0.5
#: Edges of bins are rounded to so many digits.
DIGITS = 6
VERSION = 1


class FeatureProfile(NamedTuple):
    """One feature of the training data."""

    #: Inner edges of the bins, and the count of each bin: one more than edges.
    edges: list[float]
    counts: list[int]
    #: Numbers that have a bin of their own, such as 0 and 1 of a flag, with their counts.
    values: dict[float, int]
    #: The most frequent categories with their counts.
    categories: dict[str, int]
    #: Rows of all other categories.
    other: int
    infinite: int
    missing: int
    size: int

    @classmethod
    def of(cls, values: Iterable[Any]) -> FeatureProfile:
        """The profile of a column. Raises TypeError where `values` is no single column."""
        column = read_column(values)
        numbers = Counter(map(_rounded, column.numbers))
        least = max(LEAST_ROWS, len(column.numbers) / MAX_CELLS if len(numbers) > MAX_CELLS else 0)
        own = {number: count for number, count in numbers.items() if count >= least}
        others = sorted(number for number in numbers.elements() if number not in own)
        edges = _edges(others, max(LEAST_ROWS, len(others) / MAX_CELLS))
        texts = Counter(column.texts)
        categories = {text: count for text, count in texts.most_common(MAX_CATEGORIES) if count >= LEAST_ROWS}
        return cls(
            edges=edges,
            counts=_binned(edges, others),
            values=own,
            categories=categories,
            other=len(column.texts) - sum(categories.values()),
            infinite=column.infinite,
            missing=column.missing,
            size=column.size,
        )

    @property
    def sizes(self) -> Sizes:
        """How many values the profile was made of."""
        present = sum(self.counts) + sum(self.values.values()) + sum(self.categories.values())
        return Sizes(present + self.other + self.infinite, self.infinite, self.missing, self.size)

    def category(self, value: Any) -> str:
        """The name of a category, or `_other` where the training had it rarely or never."""
        text = label(value)
        return text if text in self.categories else OTHER

    def compare(
        self, current: Iterable[Any], bins: int = 10, significance: float = FALSE_ALARM_RATE
    ) -> dict[str, Any]:
        """As `ds_monitoring.compare`, with the profile as reference: `psi`, `js`, sizes, rates and `verdict`.

        The distances that need each value (`ks`, `wasserstein_norm`) are left out. Where most rows of the training are
        of categories too rare to be named, their drift is not seen: `insufficient_data` in place of `none`.
        """
        column = read_column(current)
        if not self.sizes.present or not column.present:
            return judge(self.sizes, column.sizes, None, significance)
        counts, unnamed = self._histograms(column, bins)
        fields = judge(self.sizes, column.sizes, counts, significance)
        if fields["verdict"] == "none" and unnamed > NAMED_SHARE * self.sizes.present:
            fields["verdict"] = "insufficient_data"
        return fields

    def _histograms(self, column: Column, bins: int) -> tuple[tuple[list[float], list[float]], float]:
        """Counts over the same bins, and how many rows of the training are of categories that have none."""
        own = Counter(number for number in map(_rounded, column.numbers) if number in self.values)
        others = _binned(self.edges, (number for number in map(_rounded, column.numbers) if number not in self.values))
        fewest = min(sum(self.counts) or sum(others), sum(others) or sum(self.counts))
        texts = Counter(map(self.category, column.texts))
        share = column.present / self.sizes.present
        categories = [(count, texts[name]) for name, count in self.categories.items()]
        other = (self.other, texts[OTHER])
        if self.other:
            # A category is named because the training had it often: one that it has by chance is no measure.
            few = [pair for pair in categories if pair[0] < FEW_ROWS and sum(pair) / (1 + share) < 2 * LEAST_ROWS]
            categories = [pair for pair in categories if pair not in few]
            other = (other[0] + sum(of for of, _ in few), other[1] + sum(to for _, to in few))
        pairs: list[tuple[float, float]] = [
            *_merged(self.counts, others, max(2, min(bins, fewest // LEAST_ROWS))),
            *((count, own[number]) for number, count in self.values.items()),
            *categories,
            other,
            (self.infinite, column.infinite),
        ]
        # Bins in which chance puts less than one value of the sample are one bin, or single values would be drift.
        common = [pair for pair in pairs if pair[0] * share >= 1]
        rare = [pair for pair in pairs if pair[0] * share < 1]
        pooled = (sum(of for of, _ in rare), sum(to for _, to in rare))
        filled = [pair for pair in (*common, pooled) if any(pair)]
        return ([float(of) for of, _ in filled], [float(to) for _, to in filled]), other[0]


def _rounded(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


def _edges(ordered: list[float], least: float) -> list[float]:
    """Inner edges of bins that hold at least `least` of the sorted numbers each."""
    edges: list[float] = []
    first = 0
    for index in range(1, len(ordered)):
        changed = ordered[index] != ordered[index - 1]
        if changed and index - first >= least and len(ordered) - index >= least:
            edges.append(ordered[index])
            first = index
    return edges


def _binned(edges: list[float], numbers: Iterable[float]) -> list[int]:
    counts = [0] * (len(edges) + 1)
    for number in numbers:
        counts[bisect_right(edges, number)] += 1
    return counts


def _merged(ref: list[int], cur: list[int], bins: int) -> list[tuple[float, float]]:
    """Bins side by side taken together, so that at most `bins` hold about equally many values of the reference."""
    merged: list[tuple[float, float]] = []
    share, seen, first = sum(ref) / bins, 0, 0
    for index, count in enumerate(ref):
        seen += count
        if seen >= share * (len(merged) + 1) - 1e-9 or index == len(ref) - 1:
            merged.append((float(sum(ref[first : index + 1])), float(sum(cur[first : index + 1]))))
            first = index + 1
    return merged


class Profile:
    """The features of one training, by name, with its model and version.

    Made by `Run.profile(frame, path)`, or by `Profile.of`; read by `Profile.load`.
    """

    def __init__(
        self,
        features: Mapping[str, FeatureProfile],
        model: Optional[str] = None,
        model_version: Optional[str] = None,
    ) -> None:
        self.features = dict(features)
        self.model = model
        self.model_version = model_version

    @classmethod
    def of(
        cls, columns: Any, model: Optional[str] = None, model_version: Any = None
    ) -> Profile:
        """The profile of a data frame (pandas, Polars, an Arrow table), or of a mapping of names to columns.

        Leave out names, mail addresses, ids and dates of birth: they are no features.
        Raises TypeError that names the column, where one is none, e.g. of a name that the frame has twice.
        """
        # Of the type, as pandas' columns are attributes of a frame.
        arrow = hasattr(type(columns), "column_names")
        features: dict[str, FeatureProfile] = {}
        for name in columns.column_names if arrow else getattr(columns, "columns", columns):
            try:
                features[str(name)] = FeatureProfile.of(columns[name])
            except TypeError as error:
                raise TypeError(f"{name}: {error}") from error
        return cls(features, model, None if model_version is None else label(model_version))

    def save(self, path: Union[str, os.PathLike[str]]) -> None:
        """Write it as JSON, at once: a reader sees the old file or the new. Raises OSError."""
        features = {
            name: {**feature._asdict(), "values": list(feature.values.items())}
            for name, feature in self.features.items()
        }
        content = {
            "version": VERSION,
            "model": self.model,
            "model_version": self.model_version,
            "features": features,
        }
        temporary = f"{os.fspath(path)}.{os.getpid()}.tmp"
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(content, file, separators=(",", ":"), allow_nan=False)
        os.replace(temporary, path)

    @classmethod
    def load(cls, path: Union[str, os.PathLike[str]]) -> Profile:
        """Read what `save` wrote. Raises OSError, and ValueError where the file is no profile of this version."""
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
        if not isinstance(content, dict) or content.get("version") != VERSION:
            raise ValueError(f"{os.fspath(path)} is no reference profile of version {VERSION}: train again")
        features = {
            name: FeatureProfile(**{**feature, "values": dict(feature["values"])})
            for name, feature in content["features"].items()
        }
        return cls(features, content.get("model"), content.get("model_version"))
