"""Which values print as a figure, under the ways people round: whole numbers only."""

from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Rounding = Literal["half_up", "half_even", "floor", "nearest5", "nearest10"]
IntArray = NDArray[np.int64]
Whole = int | IntArray

ROUNDINGS: Final[tuple[Rounding, ...]] = ("half_up", "half_even", "floor", "nearest5", "nearest10")
MULTIPLES: Final = {"nearest5": 5, "nearest10": 10}
"""Rounding to a multiple of so many whole units."""


class PrintedRange(NamedTuple):
    """True values that print as a figure does, in units of half the last decimal.

    Attributes
    ----------
    low, high : int or ndarray of int
        Ends, times ``2 * 10**decimals``.
    low_open, high_open : bool or ndarray of bool
        Whether the end itself prints otherwise.
    is_printable : bool or ndarray of bool
        Whether the rule can print the figure at all: not 83 to the nearest 5.
    """

    low: Any
    high: Any
    low_open: Any
    high_open: Any
    is_printable: Any


def printed_range(digits: Whole, decimals: Whole, rule: Rounding) -> PrintedRange:
    """Give the true values that print as a figure does.

    Parameters
    ----------
    digits : int or ndarray of int
        The figure without its point: 805 for 80.5.
    decimals : int or ndarray of int
        Its decimals: 1 for 80.5.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How it was rounded; halves go up to the next multiple for the last two.

    Returns
    -------
    PrintedRange
        Of whole numbers, or of arrays.
    """
    if rule == "floor":
        return PrintedRange(2 * digits, 2 * digits + 2, False, True, True)
    if rule in MULTIPLES:
        step = MULTIPLES[rule] * 10**decimals
        return PrintedRange(2 * digits - step, 2 * digits + step, False, True, digits % step == 0)
    if rule == "half_even":
        is_odd = digits % 2 != 0
        return PrintedRange(2 * digits - 1, 2 * digits + 1, is_odd, is_odd, True)
    return PrintedRange(2 * digits - 1, 2 * digits + 1, False, True, True)


def feasible_counts(
    printed: PrintedRange, decimals: Whole, parts: Whole, whole: int = 100
) -> tuple[Any, Any]:
    """Give the whole numbers k for which ``whole * k / parts`` prints as a figure.

    Parameters
    ----------
    printed : PrintedRange
        Of the figure.
    decimals : int or ndarray of int
        Its decimals.
    parts : int or ndarray of int
        The base of a percentage; people times items for a mean.
    whole : int
        100 for a percentage, 1 for a mean.

    Returns
    -------
    first, last : int or ndarray of int
        Ends of the range; `last` is below `first` where there is none. A count can be outside
        0 to `parts`: the caller knows the scale.
    """
    unit = 2 * whole * 10**decimals
    low, high = printed.low * parts, printed.high * parts
    first = -((-low) // unit)
    first = first + (printed.low_open & (first * unit == low))
    last = high // unit
    last = last - (printed.high_open & (last * unit == high))
    return first, first - 1 + (last - first + 1) * printed.is_printable


def feasible_shares(
    digits: IntArray, decimals: Whole, base: Whole, rule: Rounding = "half_up"
) -> tuple[IntArray, IntArray]:
    """Give the numerators that print as percentages of a base.

    Parameters
    ----------
    digits : ndarray of int, shape (n,)
        The percentages without their point.
    decimals, base : int or ndarray of int, shape (n,)
        Their decimals; the number of people.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How they were rounded.

    Returns
    -------
    first, last : ndarray of int, shape (n,)
        Ends of the range within 0 to `base`; `last` is below `first` where there is none.

    Notes
    -----
    Granularity-related inconsistency (Brown and Heathers 2017), in whole numbers.
    """
    first, last = feasible_counts(printed_range(digits, decimals, rule), decimals, base)
    return np.maximum(first, 0), np.minimum(last, base)


def feasible_share(
    digits: int, decimals: int, base: int, rule: Rounding = "half_up"
) -> tuple[int, int]:
    """Give the numerators that print as one percentage of one base.

    Parameters
    ----------
    digits, decimals : int
        The percentage without its point, and its decimals.
    base : int
        Number of people.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How it was rounded.

    Returns
    -------
    first, last : int
        As `feasible_shares` gives them.
    """
    first, last = feasible_counts(printed_range(digits, decimals, rule), decimals, base)
    return max(first, 0), min(last, base)


def reachable(base: int, decimals: int, rule: Rounding = "half_up") -> int:
    """Count the percentages from 0 to 100 that some numerator of a base prints as.

    Parameters
    ----------
    base : int
        Number of people.
    decimals : int
        Decimals printed.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How it was rounded.

    Returns
    -------
    int
        Out of ``100 * 10**decimals + 1``, fewer for the nearest 5 or 10.
    """
    digits = np.arange(100 * 10**decimals + 1)
    first, last = feasible_shares(digits, decimals, base, rule)
    return int((first <= last).sum())
