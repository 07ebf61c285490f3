"""How estimates are written inside a picture."""

from math import isnan, nan

from rpcstats._wording import MISSING, count, estimate_interval, interval, number, told_share
from rpcstats._wording import percent as as_percentage


def share(value: float, *, percent: bool) -> str:
    """Write an estimate as a whole percentage, or with two decimals.

    Parameters
    ----------
    value : float
        A proportion if `percent`, else any finite number.
    percent : bool
        Whether to multiply by 100 and add the sign.

    Returns
    -------
    str
        Such as ``"62%"`` or ``"4.31"``.
    """
    return as_percentage(value) if percent else number(value)


def told_words(told: tuple[float, float, float, float, float], *, percent: bool) -> str:
    """Write an estimate, or the range that its rounding leaves open, with its interval.

    Parameters
    ----------
    told : tuple of float
        Estimate, bounds of the interval, and range; NaN where there is none.
    percent : bool
        Whether the numbers are proportions.

    Returns
    -------
    str
        Such as ``"1.38 to 1.62 (0.75 to 2.25)"``.
    """
    estimate, low, high, least, most = told
    if percent:
        return share_words(*told)
    if isnan(estimate) or isnan(least):
        return estimate_words(estimate, low, high, percent=False)
    bounds = interval(low, high, as_percent=False, decimals=2)
    text = interval(least, most, as_percent=False, decimals=2)
    return text if bounds == MISSING else f"{text} ({bounds})"


def estimate_words(estimate: float, low: float, high: float, *, percent: bool) -> str:
    """Write an estimate with its interval, where it has one.

    Parameters
    ----------
    estimate, low, high : float
        NaN bounds mean that there is no interval.
    percent : bool
        Whether the numbers are proportions.

    Returns
    -------
    str
        Such as ``"62% (49% to 74%)"``.
    """
    decimals = 0 if percent else 2
    return estimate_interval(estimate, low, high, as_percent=percent, decimals=decimals)


def share_words(
    estimate: float, low: float, high: float, least: float = nan, most: float = nan
) -> str:
    """Write a share, or the range its rounded counts leave open, with its interval.

    Parameters
    ----------
    estimate, low, high : float
        NaN bounds mean that there is no interval.
    least, most : float
        Range that fits the rounded counts; NaN where the counts are exact.

    Returns
    -------
    str
        Such as ``"80% (60% to 92%)"`` or ``"72% to 84% (51% to 95%)"``.
    """
    text, bounds = told_share(estimate, least, most), interval(low, high)
    if text == MISSING:
        return bounds
    return text if bounds == MISSING else f"{text} ({bounds})"


def count_words(n: float, base: float) -> str:
    """Write a count with its base, as far as they are told.

    Parameters
    ----------
    n, base : float
        NaN where withheld.

    Returns
    -------
    str
        Such as ``"24 of 30"``, ``"of 30"``, ``"24"``, or nothing.
    """
    shown = "" if isnan(n) else count(n)
    return shown if isnan(base) else f"{shown} of {count(base)}".strip()
