"""Reads a column of values, of whatever library, for `drift.compare`. Standard library only."""

from __future__ import annotations

import datetime
import decimal
import math
import numbers
import random
import sys
from typing import Any, Iterable, NamedTuple, Optional

#: Larger samples are compared by a random part of this many values, so that the cost is bounded.
MAX_VALUES = 100_000
#: In a column of numbers these texts mean "missing". Source: pandas.read_csv, `na_values`.
MISSING_TEXTS = frozenset(
    ("", "#N/A", "#NA", "-1.#IND", "-nan", "-NaN", "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null")
)
#: Class of the rows without a label.
MISSING = "_missing"
_MISSING_TYPES = frozenset({"NAType", "NaTType"})
_EPOCH = datetime.datetime(1970, 1, 1)
_PLAIN_TYPES = frozenset((bool, int, float, str, type(None), datetime.date, datetime.datetime, decimal.Decimal))


class Sizes(NamedTuple):
    """How many values a feature has."""

    #: Values that are there, infinite ones included.
    present: int
    infinite: int
    missing: int
    #: All of them, `missing` included. Above `present + missing` where a random part was read.
    size: int

    @property
    def missing_rate(self) -> float:
        """Share of missing values, 0 to 1."""
        return self.missing / self.size if self.size else 0.0


class Column(NamedTuple):
    """The values of one feature."""

    #: Numbers (finite; dates as seconds since 1970), at most MAX_VALUES of them with `texts`.
    numbers: list[float]
    #: Everything else, as text.
    texts: list[str]
    #: How many values are +inf, -inf, or too large for a float.
    infinite: int
    #: How many values are missing: None, NaN, NA, NaT.
    missing: int
    #: How many values there are in all, missing ones included.
    size: int
    #: Names of types that are neither text nor number, compared by their text.
    odd_types: frozenset[str]

    @property
    def present(self) -> int:
        """How many values were read that are there, infinite ones included."""
        return len(self.numbers) + len(self.texts) + self.infinite

    @property
    def sizes(self) -> Sizes:
        """How many values there are of each kind."""
        return Sizes(self.present, self.infinite, self.missing, self.size)


def label(value: Any) -> str:
    """The one text of a class or category: `0`, `0.0` and NumPy's zeros are all `0`."""
    value = plain(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def labels(*columns: Iterable[Any]) -> list[list[str]]:
    """The texts of the labels of each column, so that equal labels have equal texts whatever their types.

    Missing ones are `_missing`. Beside numbers, True is 1 and False is 0, as in Python and NumPy.
    """
    read = [_plain_list(_one_column(column)) for column in columns]
    numeric = any(
        isinstance(value, (int, float)) and not isinstance(value, bool) for column in read for value in column
    )

    def text(value: Any) -> str:
        if is_missing(value):
            return MISSING
        return label(int(value) if numeric and isinstance(value, bool) else value)

    return [[text(value) for value in column] for column in read]


def is_missing(value: Any) -> bool:
    """Whether `value` is None, NaN (of float, NumPy or Decimal), pandas.NA or NaT."""
    if value is None or type(value).__name__ in _MISSING_TYPES:
        return True
    if isinstance(value, decimal.Decimal):
        return value.is_nan()
    return isinstance(value, (float, complex)) and value != value


def number(value: Any) -> Optional[float]:
    """`value` as a float where it is a number, a date or a duration (in seconds); None for anything else.

    Too large numbers are infinite.
    """
    if isinstance(value, (int, float, decimal.Decimal, numbers.Real)):
        try:
            return float(value)
        except OverflowError:
            return -math.inf if value < 0 else math.inf
    if isinstance(value, datetime.datetime):
        offset = value.utcoffset() or datetime.timedelta()
        return (value.replace(tzinfo=None) - offset - _EPOCH).total_seconds()
    if isinstance(value, datetime.date):
        return (datetime.datetime(value.year, value.month, value.day) - _EPOCH).total_seconds()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    return None


def read_column(values: Iterable[Any]) -> Column:
    """The values of one feature: a list, an iterator, an array or series, or a frame of one column.

    Raises TypeError for what is no single column: a text, a mapping, a frame or array of several columns.
    """
    values = _one_column(values)
    fast = _float_array(values)
    if fast is not None:
        return fast
    every = _plain_list(values)
    present = [value for value in every if not is_missing(value)]
    size, missing = len(every), len(every) - len(present)
    if len(present) > MAX_VALUES:
        # A fixed seed: the same data gives the same figures.
        present = random.Random(0).sample(present, MAX_VALUES)
    numbers: list[float] = []
    texts: list[str] = []
    infinite = 0
    odd_types: set[str] = set()
    for value in present:
        converted = number(value)
        if converted is None:
            texts.append(label(value))
            if not isinstance(value, (str, bytes)):
                odd_types.add(type(value).__name__)
        elif math.isinf(converted):
            infinite += 1
        else:
            numbers.append(converted)
    return Column(numbers, texts, infinite, missing, size, frozenset(odd_types))


def _one_column(values: Any) -> Any:
    if isinstance(values, (str, bytes, dict)):
        raise TypeError(f"expected the values of one feature, e.g. frame['age'], got a {type(values).__name__}")
    shape = getattr(values, "shape", None)
    if not isinstance(shape, tuple) or len(shape) == 1:
        return values
    if len(shape) != 2 or shape[1] != 1:
        raise TypeError(f"expected the values of one feature, e.g. frame['age'], got a shape of {shape}")
    by_position = getattr(values, "iloc", None)
    if by_position is not None:
        return by_position[:, 0]
    # Arrow's tables have no positions in brackets.
    column = getattr(values, "column", None)
    return column(0) if callable(column) else values[:, 0]


def _plain_list(values: Any) -> list[Any]:
    """A list of Python's own values; NumPy's dates as dates, never as nanoseconds."""
    kind = getattr(getattr(values, "dtype", None), "kind", "")
    if kind in ("m", "M") and not hasattr(values, "iloc"):
        values = values.astype(f"{kind}8[us]")
    to_list = getattr(values, "tolist", None) or getattr(values, "to_pylist", None)
    every = list(to_list() if callable(to_list) else values)
    wrapped = {type(value) for value in every} - _PLAIN_TYPES
    return [plain(value) if type(value) in wrapped else value for value in every] if wrapped else every


def plain(value: Any) -> Any:
    """A scalar of NumPy or Arrow as Python's own, a period of pandas as its start; anything else as it is."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind in ("m", "M"):
        # Of nanoseconds `item` would be an integer.
        value = value.astype(f"{kind}8[us]")
    for name in ("item", "as_py", "to_timestamp"):
        convert = getattr(value, name, None)
        if callable(convert):
            try:
                return convert()
            except (TypeError, ValueError):  # an array of several values
                return value
    return value


def _float_array(values: Any) -> Optional[Column]:
    """The quick way for NumPy's arrays and pandas' series of plain numbers; None for all else."""
    dtype = getattr(values, "dtype", None)
    # pandas' own dtypes, which know NA, have no byte order.
    if getattr(dtype, "kind", "") not in ("f", "i", "u", "b") or not hasattr(dtype, "byteorder"):
        return None
    array = getattr(values, "to_numpy", lambda: values)().astype(float)
    if hasattr(array, "filled"):  # a masked array: what is masked is missing
        array = array.filled(math.nan)
    size = len(array)
    present = array[array == array]
    finite = present[abs(present) <= sys.float_info.max]
    infinite = len(present) - len(finite)
    if len(finite) > MAX_VALUES:
        chosen = random.Random(0).sample(range(len(finite)), MAX_VALUES)
        infinite = round(infinite * MAX_VALUES / len(finite))
        finite = finite[chosen]
    return Column(finite.tolist(), [], infinite, size - len(present), size, frozenset())
