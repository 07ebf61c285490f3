"""Counts that print as a percentage, bases that allow it, and what a check of it could find."""

from functools import lru_cache
from typing import Final

import numpy as np

from rpcstats.published.checks._rounding import (
    MULTIPLES,
    Rounding,
    feasible_share,
    feasible_shares,
    printed_range,
    reachable,
)
from rpcstats.published.checks.spread import parse_figure

MOST_DECIMALS: Final = 2
"""More decimals are never reachable by every count below 10,000, and take long to count."""

LARGEST_SEARCHED: Final = 10_000
"""Bases that are searched one by one for those that allow a percentage."""


@lru_cache(maxsize=65536)
def feasible(text: str, base: int, rule: Rounding = "half_up") -> tuple[int, int]:
    """Give the counts that print as a percentage of a base.

    Parameters
    ----------
    text : str
        The percentage as printed.
    base : int
        Number of people.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How it was rounded.

    Returns
    -------
    first, last : int
        `last` is below `first` where there is none.
    """
    digits, decimals = parse_figure(text)
    return feasible_share(digits, decimals, base, rule)


@lru_cache(maxsize=65536)
def power(base: int, decimals: int, rule: Rounding = "half_up") -> float:
    """Give the share of printable percentages that no count of a base prints as.

    Parameters
    ----------
    base : int
        Number of people.
    decimals : int
        Decimals printed, counted up to two.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How they are rounded.

    Returns
    -------
    float
        Between 0 and 1: 64/101 for 36 people and whole percentages.
    """
    decimals = min(decimals, MOST_DECIMALS)
    steps = _steps(decimals, rule)
    if base >= 2 * steps:
        return 0.0
    return 1.0 - reachable(base, decimals, rule) / (steps + 1)


def power_in_words(base: int, text: str, rule: Rounding) -> str:
    """Say how many wrong percentages the check could have caught.

    Parameters
    ----------
    base : int
        Number of people.
    text : str
        The percentage as printed, for its decimals.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How it was rounded.

    Returns
    -------
    str
        One sentence.
    """
    decimals = parse_figure(text)[1]
    caught = power(base, decimals, rule)
    if caught == 0.0:
        return f"With {base:,} every percentage can be printed, so the check could not have failed."
    if decimals > MOST_DECIMALS:
        return f"With {base:,} the check finds {caught:.0%} of wrong percentages or more."
    total = _steps(decimals, rule) + 1
    reached = total - round(caught * total)
    kind = "whole percentages" if decimals == 0 else "percentages"
    return (
        f"With {base:,} only {reached:,} of {total:,} {kind} can be printed, so that the check"
        f" finds {caught:.0%} of wrong ones."
    )


@lru_cache(maxsize=4096)
def allowing(text: str, rule: Rounding = "half_up", most: int = 100) -> tuple[int, ...]:
    """Give the numbers of people that allow a percentage.

    Parameters
    ----------
    text : str
        The percentage as printed.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How it was rounded.
    most : int
        Largest number to try.

    Returns
    -------
    tuple of int
        In order.
    """
    digits, decimals = parse_figure(text)
    n = np.arange(1, most + 1)
    first, last = feasible_shares(np.full_like(n, digits), decimals, n, rule)
    return tuple(int(size) for size in n[first <= last])


@lru_cache(maxsize=65536)
def next_smaller(text: str, base: int, rule: Rounding = "half_up") -> int:
    """Give the largest smaller base that allows a percentage.

    Parameters
    ----------
    text : str
        The percentage as printed.
    base : int
        Number of people.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How it was rounded.

    Returns
    -------
    int
        0 if there is none among the `LARGEST_SEARCHED` below.
    """
    digits, decimals = parse_figure(text)
    n = np.arange(max(base - LARGEST_SEARCHED, 1), base)
    first, last = feasible_shares(np.full_like(n, digits), decimals, n, rule)
    found = n[first <= last]
    return int(found[-1]) if len(found) else 0


def bases_of_count(text: str, k: int, rule: Rounding = "half_up") -> tuple[int, int]:
    """Give the numbers of people of whom a count is a percentage.

    Parameters
    ----------
    text : str
        The percentage as printed.
    k : int
        The count.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How it was rounded.

    Returns
    -------
    first, last : int
        Ends of the range; `last` is below `first` where there is none, or no upper end.
    """
    digits, decimals = parse_figure(text)
    printed = printed_range(digits, decimals, rule)
    scaled = 200 * 10**decimals * k
    if printed.low <= 0 or not printed.is_printable:
        return 1, 0
    last, over = divmod(scaled, printed.low)
    last -= printed.low_open and not over
    first, over = divmod(scaled, printed.high)
    first += bool(over) or printed.high_open
    return max(first, k), last


def _steps(decimals: int, rule: Rounding) -> int:
    """Count the steps from 0 to 100 in which percentages are printed."""
    if rule in MULTIPLES:
        return 100 // MULTIPLES[rule]
    return int(100 * 10**decimals)
