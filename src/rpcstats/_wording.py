"""Numbers as words: the one way this package writes a count, a percentage or a p-value."""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import numpy as np

from rpcstats.errors import ParameterError

WITHHELD: Final = "withheld"
NOT_ESTIMABLE: Final = "not estimable"
WITHHELD_SYMBOL: Final = "[c]"
_EXACT: Final = 1e-9
_UNREADABLE: Final = 1e12
MISSING: Final = "\N{EN DASH}"
_CODE: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_BARE_LEVELS: Final = frozenset(("yes", "no", "unknown", "other", "true", "false", "True", "False"))


def number(value: float, *, decimals: int = 2) -> str:
    """Write a number with a fixed number of decimals, rounded half up.

    Parameters
    ----------
    value : float
        NaN is written as a dash.
    decimals : int
        Digits after the point.

    Returns
    -------
    str
        Such as ``"1,234.50"``; zero never carries a sign.
    """
    return _rounded(Decimal(repr(float(value))), decimals) if np.isfinite(value) else MISSING


def decimals_for(values: Iterable[float], *, most: int = 2) -> int:
    """Count the decimals that a set of numbers needs, so that none is made up.

    Parameters
    ----------
    values : iterable of float
        Numbers that are written together; missing ones are passed over.
    most : int
        The most decimals to write.

    Returns
    -------
    int
        The fewest decimals that write every number, at most `most`.
    """
    finite = np.array([value for value in values if np.isfinite(value)], dtype=np.float64)
    for decimals in range(most):
        if (np.abs(finite - finite.round(decimals)) < _EXACT).all():
            return decimals
    return most


def count(value: float) -> str:
    """Write a count with a thousands separator.

    Parameters
    ----------
    value : float
        Whole, unless a rounding rule put it between two counts; NaN is written as a dash.

    Returns
    -------
    str
        Such as ``"1,234"``.
    """
    return number(value, decimals=0 if float(value).is_integer() else 1)


def percent(value: float, *, decimals: int = 0) -> str:
    """Write a proportion as a percentage, rounded half up.

    Parameters
    ----------
    value : float
        A proportion; NaN is written as a dash.
    decimals : int
        Digits after the point.

    Returns
    -------
    str
        Such as ``"62%"``.
    """
    if not np.isfinite(value):
        return MISSING
    return f"{_rounded(Decimal(repr(float(value))) * 100, decimals)}%"


def points(value: float) -> str:
    """Write a difference of proportions in percentage points, rounded half up.

    Parameters
    ----------
    value : float
        A difference of proportions; NaN is written as a dash.

    Returns
    -------
    str
        Such as ``"13 points"``.
    """
    if not np.isfinite(value):
        return MISSING
    shown = number(100 * value, decimals=0)
    return f"{shown} point{'' if shown in ('1', '-1') else 's'}"


def interval(low: float, high: float, *, as_percent: bool = True, decimals: int = 0) -> str:
    """Write two bounds.

    Parameters
    ----------
    low, high : float
        The bounds; if one is missing a dash is written.
    as_percent : bool
        Whether they are proportions.
    decimals : int
        Digits after the point.

    Returns
    -------
    str
        Such as ``"49% to 74%"``.
    """
    if not np.isfinite([low, high]).all():
        return MISSING
    write = percent if as_percent else number
    return f"{write(low, decimals=decimals)} to {write(high, decimals=decimals)}"


def estimate_interval(
    estimate: float, low: float, high: float, *, as_percent: bool = True, decimals: int = 0
) -> str:
    """Write an estimate with its interval, where it has one.

    Parameters
    ----------
    estimate, low, high : float
        The estimate and its bounds.
    as_percent : bool
        Whether they are proportions.
    decimals : int
        Digits after the point.

    Returns
    -------
    str
        Such as ``"62% (49% to 74%)"``; ``"49% to 74%"`` where only the bounds are known.
    """
    text = (percent if as_percent else number)(estimate, decimals=decimals)
    bounds = interval(low, high, as_percent=as_percent, decimals=decimals)
    if text == MISSING:
        return bounds
    return text if bounds == MISSING else f"{text} ({bounds})"


def told_share(estimate: float, least: float, most: float) -> str:
    """Write a share as finely as the counts behind it were told.

    Parameters
    ----------
    estimate : float
        The share; NaN where only its range is told.
    least, most : float
        Range that fits what was told of the counts; NaN where they are exact.

    Returns
    -------
    str
        Such as ``"80%"``, ``"72% to 84%"``, or ``"89% or more"`` where the count was withheld.
    """
    if not np.isfinite([least, most]).all() or percent(least) == percent(most):
        return percent(estimate)
    if np.isnan(estimate) and most == 1.0:
        return f"{percent(least)} or more"
    return interval(least, most)


def p_value(value: float) -> str:
    """Write a p-value: two decimals, three below 0.01, and never zero or one.

    Parameters
    ----------
    value : float
        Between 0 and 1; NaN is written as a dash.

    Returns
    -------
    str
        Such as ``"0.19"``, ``"0.006"``, ``"<0.001"`` or ``">0.99"``.

    Raises
    ------
    ParameterError
        If the value is not a probability.
    """
    if np.isnan(value):
        return MISSING
    if not 0 <= value <= 1:
        raise ParameterError("A p-value lies between 0 and 1", ["check which column you named"])
    if value < 0.001:
        return "<0.001"
    if value > 0.99:
        return ">0.99"
    return number(value, decimals=3 if value < 0.01 else 2)


def words(code: object) -> str:
    """Turn a code into words; leave other text as it is.

    Parameters
    ----------
    code : object
        A category or a column name.

    Returns
    -------
    str
        ``"In person"`` for ``in_person`` and for ``mode=in_person``; ``"Send child: yes"``
        for ``send_child=yes``, whose level says nothing alone; both sides of a contrast, as
        ``"Online against in person"`` for ``mode=online against mode=in_person``.
    """
    sides = [side.split(", ") for side in str(code).split(" against ")]
    text = " against ".join(", ".join(map(_one_level, side)) for side in sides)
    return text if text == str(code) and not _CODE.fullmatch(text) else sentence_case(text)


def sentence_case(text: str) -> str:
    """Begin a text with a capital letter and leave the rest as it is.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The text.
    """
    return text[:1].upper() + text[1:]


def _rounded(value: Decimal, decimals: int) -> str:
    if abs(value) >= _UNREADABLE:
        return f"{value:.{decimals}e}"
    shown = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{shown if shown else abs(shown):,f}"


def _one_level(text: str) -> str:
    column, equals, level = text.partition("=")
    if not equals or _CODE.fullmatch(column) is None:
        return text.replace("_", " ") if _CODE.fullmatch(text) else text
    shown = level.replace("_", " ") if _CODE.fullmatch(level) else level
    if level in _BARE_LEVELS or not any(letter.isalpha() for letter in level):
        return f"{column.replace('_', ' ')}: {shown}"
    return shown
