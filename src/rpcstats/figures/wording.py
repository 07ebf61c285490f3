"""How estimates are written inside a picture."""

from math import isnan

from rpcstats._wording import count, estimate_interval, number
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
