"""Whether all who are counted could have reached the end within the period."""

from collections.abc import Iterator, Sequence
from datetime import date
from math import ceil
from typing import Final

from rpcstats.data.registries import programmes
from rpcstats.published import words
from rpcstats.published.checks.finding import Finding
from rpcstats.published.statements import Statement

CHECK: Final = "censoring"
ENTRIES: Final = ("referrals", "appropriate_referrals", "enrolled", "started")
ENDS: Final = ("completed", "retained", "accessed_support", "milestones")
SHORT: Final = 0.1
"""Where a course takes less of the period than this, few came too late to finish it."""

DAYS: Final = {"days": 1, "weeks": 7, "months": 30.44}


def censoring(table: Sequence[Statement], topic: Sequence[Statement]) -> Iterator[Finding]:
    """Find events that are no rate, because entrants late in the period could not have had them.

    Parameters
    ----------
    table : sequence of Statement
        Figures of one document, council, programme and period.
    topic : sequence of Statement
        All figures of the same programme, which may tell how long a course takes.

    Yields
    ------
    Finding
        One a count of ends that stands beside a count of entries of the same period.
    """
    window = window_days(table[0].period)
    entries = _first(table, ENTRIES)
    if window is None or entries is None:
        return
    for statement in table:
        is_end = statement.is_count and statement.measure in ENDS and not statement.breakdown
        if is_end and statement.count <= entries.count:
            yield _finding(statement, entries, window, _course_days(statement, topic))


def window_days(period: tuple[str, str]) -> int | None:
    """Count the days of a period, both ends included.

    Parameters
    ----------
    period : tuple of str
        First and last day, as YYYY-MM-DD.

    Returns
    -------
    int or None
        None where an end is no full date.
    """
    if not all(len(end) == len("2023-04-01") for end in period):
        return None
    start, end = (date.fromisoformat(text) for text in period)
    return (end - start).days + 1


def _first(table: Sequence[Statement], measures: Sequence[str]) -> Statement | None:
    found = {
        s.measure: s for s in table if s.is_count and s.is_exact and not s.breakdown
    }  # fmt: skip
    return next((found[measure] for measure in measures if measure in found), None)


def _course_days(statement: Statement, topic: Sequence[Statement]) -> float | None:
    """Give how long a course takes: as printed, else from the registry."""
    for other in topic:
        if other.measure == "course_length" and other.unit in DAYS:
            return float(other.text) * DAYS[other.unit]
    wanted = words.slug(statement.programme)
    for entry in programmes().values():
        if wanted in (words.slug(entry.name), entry.key):
            return float((entry.sessions - 1) * entry.interval_days + 1)
    return None


def _finding(
    statement: Statement, entries: Statement, window: int, course: float | None
) -> Finding:
    share = statement.count / entries.count
    length = "some time" if course is None else f"{ceil(course):,} days"
    message = (
        f"{statement.told} of {entries.told} is {share:.0%}, which is not a rate: the period has"
        f" {window:,} days, it takes {length} to get there, and those who came late in the period"
        " could not get there before it ended."
    )
    if course is not None and course > window:
        message += " Nobody who came in the period could."
    repair = (
        f"Print how many of those who came early enough had got there by"
        f" {words.day(statement.period[1])}."
    )
    is_short = course is not None and course <= SHORT * window
    return Finding(
        statement.fact_id, CHECK, entries.words, entries.count, "", statement.printed,
        "unverifiable", "note" if is_short else "warning", message, repair,
    )  # fmt: skip
