"""Whether a mean and a standard deviation of whole numbers can be true together."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from rpcstats.published.checks._rounding import Rounding, feasible_counts, printed_range

Fault = Literal["", "mean", "range", "spread", "parity"]

MOST_TOTALS: Final = 10_000
"""So many totals print as one mean only where it has too few decimals to be checked at all."""


class Granularity(NamedTuple):
    """What whole-number answers allow.

    Attributes
    ----------
    fault : {"", "mean", "range", "spread", "parity"}
        Empty if nothing was found; no total gives the mean; no total within the scale; no sum
        of squares gives the standard deviation; only such of the wrong parity do.
    totals : tuple of int
        First and last total of all answers that print as the mean; empty if there is none.
    """

    fault: Fault
    totals: tuple[int, int] | tuple[()]


def granular_mean_sd(
    mean: str, sd: str | None, n: int, *, items: int = 1, rounding: Rounding = "half_up",
    scale: tuple[int, int] | None = None,
) -> Granularity:  # fmt: skip
    """Check a mean, and a standard deviation, of whole-number answers.

    Parameters
    ----------
    mean, sd : str
        As printed, with every decimal; `sd` may be None.
    n : int
        Number of people, at least 1.
    items : int
        Answers averaged into each person's score.
    rounding : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How both were rounded.
    scale : tuple of int, optional
        Lowest and highest answer.

    Returns
    -------
    Granularity
        The first fault found. An empty fault means that nothing speaks against the figures, not
        that such answers exist.

    Notes
    -----
    Means: Brown and Heathers (2017). Standard deviations, with divisor n - 1: Anaya (2016) and
    Allard (2018): the sum of squares of whole numbers is whole, has the parity of their sum, and
    lies between what equal answers and answers at the ends of the scale give. All comparisons
    are between fractions, without rounding.
    """
    first, last = _range_of(mean, n * items, rounding)
    if last < first:
        return Granularity("mean", ())
    if scale is not None:
        first = max(first, scale[0] * n * items)
        last = min(last, scale[1] * n * items)
        if last < first:
            return Granularity("range", ())
    if sd is None or n < 2 or last - first >= MOST_TOTALS:
        return Granularity("", (first, last))
    limits = None if scale is None else (scale[0] * items, scale[1] * items)
    fault: Fault = "spread"
    for total in range(first, last + 1):
        reason = _spread_fault(total, sd, n, items, rounding, limits)
        if not reason:
            return Granularity("", (first, last))
        fault = "parity" if reason == "parity" else fault
    return Granularity(fault, (first, last))


def parse_figure(text: str) -> tuple[int, int]:
    """Read a printed number as digits and decimals.

    Parameters
    ----------
    text : str
        For example "80.50".

    Returns
    -------
    digits, decimals : int
        8050 and 2.
    """
    whole, _, decimals = text.partition(".")
    return int(whole + decimals), len(decimals)


def _range_of(mean: str, parts: int, rounding: Rounding) -> tuple[int, int]:
    digits, decimals = parse_figure(mean)
    return feasible_counts(printed_range(digits, decimals, rounding), decimals, parts, whole=1)


def _spread_fault(
    total: int, sd: str, n: int, items: int, rounding: Rounding, limits: tuple[int, int] | None
) -> Fault:
    """Check the sums of squares of each person's total of answers."""
    sums = _sums_of_squares(total, sd, n, items, rounding)
    least = _least_squares(total, n)
    most = None if limits is None else _most_squares(total, n, *limits)
    within = [q for q in sums if q >= least and (most is None or q <= most)]
    if not within:
        return "spread"
    return "" if any((q - total) % 2 == 0 for q in within) else "parity"


def _sums_of_squares(total: int, sd: str, n: int, items: int, rounding: Rounding) -> Iterator[int]:
    digits, decimals = parse_figure(sd)
    printed = printed_range(digits, decimals, rounding)
    unit = 2 * 10**decimals
    low, high = (Fraction(max(end, 0), unit) for end in (printed.low, printed.high))
    centre = Fraction(total * total, n)
    bounds = [end * end * (n - 1) * items * items + centre for end in (low, high)]
    first, last = -(-bounds[0] // 1), bounds[1] // 1
    if printed.low_open and first == bounds[0]:
        first += 1
    if printed.high_open and last == bounds[1]:
        last -= 1
    # Both parities occur among any two neighbours, so that more than a few need not be listed.
    first = max(first, _least_squares(total, n))
    yield from range(int(first), min(int(last), int(first) + 1) + 1)


def _least_squares(total: int, n: int) -> int:
    equal, over = divmod(total, n)
    return (n - over) * equal * equal + over * (equal + 1) ** 2


def _most_squares(total: int, n: int, low: int, high: int) -> int:
    if high == low:
        return n * low * low
    at_top, rest = divmod(total - n * low, high - low)
    at_bottom = n - at_top - (1 if rest else 0)
    between = (low + rest) ** 2 if rest else 0
    return at_top * high * high + at_bottom * low * low + between
