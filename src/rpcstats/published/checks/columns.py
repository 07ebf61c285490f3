"""Whether a column of percentages keeps one base from row to row, and which bases fit all."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from rpcstats.published.checks._rounding import Rounding, feasible_shares
from rpcstats.published.checks.bases import PrintedCounts
from rpcstats.published.checks.finding import Finding, joined
from rpcstats.published.checks.shares import feasible
from rpcstats.published.checks.spread import parse_figure
from rpcstats.published.statements import STAGES, Statement

SWITCH: Final = "base_search"
JOINT: Final = "joint_base"
MOST_LISTED: Final = 6
WIDEST_BASE: Final = 10_000
"""Every percentage of up to two decimals is possible of so many people: larger need no trial."""


class Reading(NamedTuple):
    """A percentage read as a share of one stage.

    Attributes
    ----------
    statement : Statement
        The percentage, with its printed numerator.
    base : int
        Number at that stage.
    fits : bool
        Whether the numerator prints as the percentage.
    """

    statement: Statement
    base: int
    fits: bool

    @property
    def share(self) -> float:
        """The share of the printed numerator."""
        return float(self.statement.numerator or 0) / self.base


def base_search(statements: Sequence[Statement], rule: Rounding = "half_up") -> Iterator[Finding]:
    """Find columns whose percentages do not all have the same base.

    Parameters
    ----------
    statements : sequence of Statement
        Figures of one document.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How percentages were rounded.

    Yields
    ------
    Finding
        A row a percentage of a column that switches its base.
    """
    columns: dict[tuple[str, str], list[Statement]] = {}
    for statement in statements:
        if statement.is_percent and statement.numerator is not None and not statement.denominator:
            columns.setdefault((statement.council, statement.measure), []).append(statement)
    stages = _stage_counts(statements) if columns else {}
    for column in columns.values():
        readings = {stage: _readings(column, stages, stage, rule) for stage in STAGES}
        whole = {stage: rows for stage, rows in readings.items() if len(rows) == len(column)}
        fitting = {s: rows for s, rows in whole.items() if any(row.fits for row in rows)}
        plain = any(all(row.fits for row in rows) for rows in fitting.values())
        if len(column) > 1 and fitting and not plain:
            yield from _switched(column, fitting, rule)


def joint_base(
    statements: Sequence[Statement], counts: PrintedCounts, rule: Rounding = "half_up"
) -> Iterator[Finding]:
    """Find the smallest number of people that several percentages can all be shares of.

    Parameters
    ----------
    statements : sequence of Statement
        Figures of one table.
    counts : PrintedCounts
        Counts of the same document, council and programme.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How percentages were rounded.

    Yields
    ------
    Finding
        One a percentage without a base of its own, if there are two or more that differ.
    """
    alone = [s for s in statements if s.is_percent and not s.denominator and s.numerator is None]
    texts = sorted({s.text for s in alone if float(s.text) not in (0.0, 100.0)}, key=float)
    least = smallest_joint_base(tuple(texts), rule) if len(texts) > 1 else 0
    if not least:
        return
    listed = joined([f"{text}%" for text in texts])
    if len(texts) > MOST_LISTED:
        listed = f"The {len(texts)} percentages without a base"
    known = set(texts)
    for statement in alone:
        if statement.text not in known:
            continue
        small = counts.bases_of(statement).largest_below(least)
        message = f"{listed} can only be shares of one and the same number of people if it is"
        message += f" {least:,} or more"
        message += f": not of {small.n:,} ({small.label})." if small else "."
        yield Finding(
            statement.fact_id, JOINT, "", least, f"{least:,} or more", statement.printed,
            "ambiguous" if small else "possible", "warning" if small else "note", message,
            "Print the base of each." if small else "",
        )  # fmt: skip


@lru_cache(maxsize=4096)
def smallest_joint_base(texts: tuple[str, ...], rule: Rounding = "half_up") -> int:
    """Give the smallest number of people of whom several percentages can be shares.

    Parameters
    ----------
    texts : tuple of str
        Percentages as printed.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How they were rounded.

    Returns
    -------
    int
        1 to `WIDEST_BASE`; 0 if there is none.
    """
    n = np.arange(1, WIDEST_BASE + 1)
    fits = np.ones(len(n), dtype=np.bool_)
    for text in texts:
        digits, decimals = parse_figure(text)
        first, last = feasible_shares(np.full_like(n, digits), decimals, n, rule)
        fits &= first <= last
    return int(n[fits][0]) if fits.any() else 0


def _stage_counts(statements: Sequence[Statement]) -> dict[tuple[str, ...], int]:
    """Give the count of each stage of each table."""
    counts: dict[tuple[str, ...], int] = {}
    for other in statements:
        if other.is_count and other.is_exact and other.measure in STAGES and not other.breakdown:
            counts.setdefault((*other.table, other.measure), other.count)
    return counts


def _readings(
    column: Sequence[Statement], stages: dict[tuple[str, ...], int], stage: str, rule: Rounding
) -> list[Reading]:
    rows = []
    for statement in column:
        base = stages.get((*statement.table, stage), 0)
        if base and base >= (statement.numerator or 0) and statement.measure != stage:
            first, last = feasible(statement.text, base, rule)
            fits = first <= (statement.numerator or 0) <= last
            rows.append(Reading(statement, base, fits))
    return rows


def _switched(
    column: Sequence[Statement], fitting: dict[str, list[Reading]], rule: Rounding
) -> Iterator[Finding]:
    """Report each row of a column with what it would read on each base."""
    repairs = "; or ".join(_edits(stage, rows, rule) for stage, rows in fitting.items())
    bases = joined([*fitting], "or")
    for i, statement in enumerate(column):
        shares = [rows[i].share for rows in fitting.values()]
        fits = [stage for stage, rows in fitting.items() if rows[i].fits]
        low, high = f"{min(shares):.0%}", f"{max(shares):.0%}"
        span = low if low == high else f"{low} to {high}"
        of = joined(fits, "or") or "no count of its table"
        message = (
            f"It is a share of {of}, but no one base ({bases}) fits every row of its column,"
            f" so that rows can't be compared. On the bases that fit some row it reads {span}."
        )
        yield Finding(
            statement.fact_id, SWITCH, " or ".join(fits), None, span, statement.printed,
            "ambiguous", "warning", message, f"Keep one base: {repairs}.",
        )  # fmt: skip


def _edits(stage: str, rows: Sequence[Reading], rule: Rounding) -> str:
    wrong = [row for row in rows if not row.fits]
    edits = []
    for row in wrong[:MOST_LISTED]:
        first, last = feasible(row.statement.text, row.base, rule)
        count = f", or the count {first:,}" if first <= last else ""
        edits.append(
            f"{row.statement.programme}: print {row.share:.0%}{count} for {row.statement.printed}"
        )
    edits += ["and so on"] if len(wrong) > MOST_LISTED else []
    return f"{stage}, {len(wrong)} to change ({'; '.join(edits)})"
