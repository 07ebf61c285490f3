"""The reasoning about a percentage and its base, in words."""

from typing import Final

from rpcstats.published.checks._rounding import ROUNDINGS, Rounding
from rpcstats.published.checks.bases import Base
from rpcstats.published.checks.finding import counts_in_words, joined
from rpcstats.published.checks.shares import (
    allowing,
    bases_of_count,
    feasible,
    next_smaller,
    power_in_words,
)
from rpcstats.published.checks.spread import parse_figure
from rpcstats.published.statements import Statement

RULES_IN_WORDS: Final[dict[Rounding, str]] = {
    "half_up": "rounded with halves up",
    "half_even": "rounded with halves to the even number",
    "floor": "cut off",
    "nearest5": "rounded to the nearest 5",
    "nearest10": "rounded to the nearest 10",
}
MOST_ITEMS: Final = 4
SMALLEST_SHOWN: Final = 6


def without_base(statement: Statement, rule: Rounding) -> str:
    """Say that a percentage has nothing to be checked against.

    Parameters
    ----------
    statement : Statement
        The percentage.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How it was rounded.

    Returns
    -------
    str
        With the smallest numbers of people that allow it.
    """
    message = (
        f"{statement.printed} stands without a number of people, and the document prints no"
        " count it could be a share of."
    )
    if float(statement.text) in (0.0, 100.0):
        return message
    smallest = [f"{n:,}" for n in allowing(statement.text, rule)[:SMALLEST_SHOWN]]
    if not smallest:
        return message
    return f"{message} The smallest numbers of people that allow it are {joined(smallest)}."


def says_nothing(statement: Statement) -> bool:
    """Tell whether it can be printed of any base: none or all, without a count.

    Parameters
    ----------
    statement : Statement
        A percentage.

    Returns
    -------
    bool
        True for 0% and 100% that stand alone.
    """
    is_extreme = float(statement.text) in (0.0, 100.0)
    return is_extreme and statement.numerator is None and not statement.denominator


def why_possible(statement: Statement, base: Base, rule: Rounding) -> str:
    """Say how a percentage is a share of a base.

    Parameters
    ----------
    statement : Statement
        The percentage.
    base : Base
        What it can be a share of.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How it was rounded.

    Returns
    -------
    str
        The counts, and what the check could have found.
    """
    of = f"{base.n:,} ({base.label})"
    if says_nothing(statement):
        return f"{statement.printed} can be printed of any base: it needs its number of people."
    if not base.is_exact:
        return f"The base is about {of}: nothing can be excluded."
    if statement.numerator is not None:
        return f"{statement.numerator:,} of {of} prints as {statement.printed}."
    counts = counts_in_words(*feasible(statement.text, base.n, rule))
    return (
        f"{statement.printed} is {counts} of {of}. {power_in_words(base.n, statement.text, rule)}"
    )


def why_only_if(statement: Statement, base: Base, rule: Rounding, other: Rounding) -> str:
    """Say that a percentage needs another way of rounding.

    Parameters
    ----------
    statement : Statement
        The percentage.
    base : Base
        What it is taken as a share of.
    rule, other : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        The way that does not allow it, and the way that does.

    Returns
    -------
    str
        With the counts.
    """
    first, last = feasible(statement.text, base.n, other)
    k = first if statement.numerator is None else statement.numerator
    counts = counts_in_words(first, last) if statement.numerator is None else f"{k:,}"
    return (
        f"{counts} of {base.n:,} ({base.label}) prints as {statement.printed} only if it was"
        f" {RULES_IN_WORDS[other]}, not if it was {RULES_IN_WORDS[rule]}."
    )


def why_impossible(statement: Statement, base: Base, rule: Rounding) -> str:
    """Say that no count, or not the printed one, gives a percentage.

    Parameters
    ----------
    statement : Statement
        The percentage.
    base : Base
        What it was taken as a share of.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How it was rounded.

    Returns
    -------
    str
        With the neighbouring counts, other ways of rounding, and other units.
    """
    of = f"{base.n:,} ({base.label})"
    decimals = parse_figure(statement.text)[1]
    if statement.numerator is not None:
        share = f"{100.0 * statement.numerator / base.n:.{decimals + 1}f}%"
        return f"{statement.numerator:,} of {of} is {share}, not {statement.printed}."
    below = int(float(statement.text) * base.n / 100.0)
    near = [k for k in (below, below + 1) if 0 <= k <= base.n]
    shown = " and ".join(
        f"{k:,} of {base.n:,} is {100.0 * k / base.n:.{decimals + 1}f}%" for k in near
    )
    message = f"No count of {of} gives {statement.printed}: {shown}."
    return message + _other_rules(statement, base, rule) + _of_items(statement, base, rule)


def mend(statement: Statement, base: Base, any_fits: bool, rule: Rounding) -> str:
    """Say what a repaired statement would print.

    Parameters
    ----------
    statement : Statement
        A percentage that is no share of the base.
    base : Base
        What it was taken as a share of.
    any_fits : bool
        Whether another printed count allows it.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How it was rounded.

    Returns
    -------
    str
        One or two sentences.
    """
    if statement.numerator is not None:
        return _mend_counted(statement, base, any_fits, rule)
    advice = "Another printed base fits: say which was meant. " if any_fits else ""
    n = next_smaller(statement.text, base.n, rule)
    if not n:
        return f"{advice}Print the count and its base."
    counts = counts_in_words(*feasible(statement.text, n, rule))
    return (
        f"{advice}The largest base below {base.n:,} that gives {statement.printed} is {n:,}"
        f" ({counts} of {n:,}): print the count and its base."
    )


def _mend_counted(statement: Statement, base: Base, any_fits: bool, rule: Rounding) -> str:
    k = statement.numerator or 0
    shown = f"Print {100.0 * k / base.n:.0f}% ({k:,} of {base.n:,}) if that is the base"
    if any_fits or not k or not float(statement.text):
        return f"{shown}."
    first, last = bases_of_count(statement.text, k, rule)
    if last < first:
        return f"{shown}, or check the count."
    sizes = counts_in_words(first, last)
    return f"{shown}; {k:,} would be {statement.printed} of {sizes}: print the base if it is that."


def _other_rules(statement: Statement, base: Base, rule: Rounding) -> str:
    """Name the ways of rounding under which the figure would be possible."""
    found = []
    for other in ROUNDINGS:
        first, last = feasible(statement.text, base.n, other)
        if other != rule and first <= last:
            found.append(f"{RULES_IN_WORDS[other]} ({counts_in_words(first, last)})")
    return f" It would be possible if it were {joined(found, 'or')}." if found else ""


def _of_items(statement: Statement, base: Base, rule: Rounding) -> str:
    """Say whether the percentage could be of goals, of which each person has some."""
    if "goal" not in statement.measure.casefold():
        return ""
    found = []
    for items in range(2, MOST_ITEMS + 1):
        first, last = feasible(statement.text, items * base.n, rule)
        counts = "none" if last < first else counts_in_words(first, last)
        found.append(f"{counts} of {items * base.n:,} ({items} each)")
    return f" If goals were counted, not people: {', '.join(found)}."
