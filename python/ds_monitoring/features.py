"""A sample of the features that a model API serves, as `ml.features` events for the comparison with the training.

Such an event names no user, no request and no trace. It has numbers, and the categories that the reference profile
of the training names; never another text.
"""

from __future__ import annotations

import math
import os
import random
from decimal import Decimal
from numbers import Real
from typing import Any, Callable, Iterable, Mapping, Optional, Union

from .events import emit
from .faults import faults, never_raises
from .profiles import Profile
from .samples import is_missing, number, plain

#: At most so many features are written.
MAX_FEATURES = 50
MAX_NAME = 100
PREFIX = "feature."

Source = Union[str, "os.PathLike[str]", Profile]
ProfileSource = Union[Source, Callable[[], Optional[Source]], None]


class FeatureSampler:
    """Writes a share of the served features."""

    def __init__(self, rate: float, max_features: int, profile: ProfileSource) -> None:
        self._rate = rate if 0 <= rate <= 1 else 0.1
        if self._rate != rate:
            faults.add("feature_rate must be from 0 to 1: 0.1 is used")
        self._max_features = max_features
        self._source = profile
        self._loaded: Optional[tuple[Source, Profile]] = None
        #: Names that were seen, where no profile says which there are: callers must not invent fields.
        self._names: dict[str, None] = {}

    @never_raises
    def write(self, rows: Iterable[Mapping[str, Any]], identity: Mapping[str, Any]) -> None:
        """Write a random share of `rows`, each the features of one prediction.

        identity: the service and the model, by the contract's names.
        """
        for row in rows:
            if random.random() < self._rate:
                fields = self._fields(row)
                if fields:
                    # The request's trace would lead to its user.
                    emit("ml.features", {**identity, "trace_id": None, "features": len(fields), **fields})

    def _fields(self, row: Mapping[str, Any]) -> dict[str, Union[float, str]]:
        profile = self._profile()
        fields: dict[str, Union[float, str]] = {}
        for name in profile.features if profile is not None else self._known(row):
            value = _number_or_text(row.get(name))
            if isinstance(value, float):
                if math.isfinite(value):
                    fields[f"{PREFIX}{name}"] = value
            elif isinstance(value, str):
                if profile is None:
                    faults.add("features: texts are written only where a profile names their categories")
                else:
                    fields[f"{PREFIX}{name}"] = profile.features[name].category(value)
            if len(fields) >= self._max_features:
                break
        return fields

    def _known(self, row: Mapping[str, Any]) -> list[str]:
        for name in row:
            if name not in self._names:
                if len(self._names) >= self._max_features or len(str(name)) > MAX_NAME:
                    faults.add("features: more than max_features names, or one above 100 characters")
                    break
                self._names[name] = None
        return [name for name in self._names if name in row]

    def _profile(self) -> Optional[Profile]:
        source = self._source() if callable(self._source) else self._source
        if source is None or isinstance(source, Profile):
            return source
        if self._loaded is None or self._loaded[0] != source:
            self._loaded = (source, Profile.load(source))
        return self._loaded[1]


def _number_or_text(value: Any) -> Union[float, str, None]:
    """A number as float, a text as it is; None for all else, dates included."""
    value = plain(value)
    if isinstance(value, str) or is_missing(value):
        return value if isinstance(value, str) else None
    return number(value) if isinstance(value, (int, float, Decimal, Real)) else None
