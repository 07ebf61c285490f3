"""Whether a column of percentages keeps one base from row to row, and which bases fit all."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from rpcstats.published.checks._rounding import Rounding, feasible_shares
from rpcstats.published.checks.bases import PrintedCounts
from rpcstats.published.checks.finding import Finding
from rpcstats.published.checks.grim import feasible
from rpcstats.published.checks.spread import parse_figure
from rpcstats.published.statements import STAGES, Statement

SWITCH: Final = "base_search"
JOINT: Final = "joint_base"
WIDEST_BASE: Final = 10_000
"""Every whole percentage is possible of so many people, so that no larger base has to be tried."""


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


def base_search(
    statements: Sequence[Statement], tables: dict[tuple[str, ...], list[Statement]],
    rule: Rounding = "half_up",
) -> Iterator[Finding]:  # fmt: skip
    """Find columns whose percentages do not all have the same base.

    Parameters
    ----------
    statements : sequence of Statement
        Figures of one document.
    tables : dict
        The figures of each of its tables (topic and period).
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
    for column in columns.values():
        readings = {stage: _readings(column, tables, stage, rule) for stage in STAGES}
        whole = {stage: rows for stage, rows in readings.items() if len(rows) == len(column)}
        plain = any(all(row.fits for row in rows) for rows in whole.values())
        if len(column) > 1 and whole and not plain:
            yield from _switched(column, whole)


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
    texts = sorted({s.text for s in alone if float(s.text) not in (0.0, 100.0)})
    if len(texts) < 2:
        return
    least = smallest_joint_base(tuple(texts), rule)
    joined = " and ".join(f"{text}%" for text in texts)
    for statement in alone:
        if statement.text not in texts:
            continue
        small = [base for base in counts.bases_of(statement) if base.n < least]
        message = f"{joined} can be shares of one number of people only from {least:,} on"
        message += f", so not of the {small[0].n:,} ({small[0].label})." if small else "."
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
        1 to `WIDEST_BASE`.
    """
    n = np.arange(1, WIDEST_BASE + 1)
    fits = np.ones(len(n), dtype=np.bool_)
    for text in texts:
        digits, decimals = parse_figure(text)
        first, last = feasible_shares(np.full_like(n, digits), decimals, n, rule)
        fits &= first <= last
    return int(n[fits][0]) if fits.any() else WIDEST_BASE


def _readings(
    column: Sequence[Statement], tables: dict[tuple[str, ...], list[Statement]], stage: str,
    rule: Rounding,
) -> list[Reading]:  # fmt: skip
    rows = []
    for statement in column:
        bases = [
            other.count
            for other in tables[statement.table]
            if other.is_count and other.is_exact and other.measure == stage and not other.breakdown
        ]
        if bases and bases[0] >= (statement.numerator or 0) and statement.measure != stage:
            first, last = feasible(statement.text, bases[0], rule)
            fits = first <= (statement.numerator or 0) <= last
            rows.append(Reading(statement, bases[0], fits))
    return rows


def _switched(column: Sequence[Statement], whole: dict[str, list[Reading]]) -> Iterator[Finding]:
    """Report each row of a column with what it would read on each base."""
    fitting = {s: rows for s, rows in whole.items() if any(row.fits for row in rows)}
    repairs = "; or ".join(_edits(stage, rows) for stage, rows in fitting.items())
    for i, statement in enumerate(column):
        shares = [rows[i].share for rows in fitting.values()]
        fits = [stage for stage, rows in fitting.items() if rows[i].fits]
        span = f"{min(shares):.0%} to {max(shares):.0%}" if len(shares) > 1 else f"{shares[0]:.0%}"
        of = " or ".join(fits) or "no count of its table"
        others = ", ".join(fitting)
        message = (
            f"This row is a share of {of}, and no one base ({others}) fits every row of the column:"
            f" rows can't be compared. On the bases that fit some row it reads {span}."
        )
        yield Finding(
            statement.fact_id, SWITCH, " or ".join(fits), None, span, statement.printed,
            "ambiguous", "warning", message, f"With one base: {repairs}.",
        )  # fmt: skip


def _edits(stage: str, rows: Sequence[Reading]) -> str:
    wrong = [row for row in rows if not row.fits]
    edits = []
    for row in wrong:
        first, last = feasible(row.statement.text, row.base)
        count = f", or the count {first:,}" if first <= last else ""
        edits.append(
            f"{row.statement.programme}: print {row.share:.0%}{count} for {row.statement.printed}"
        )
    return f"{stage}, {len(wrong)} to change ({'; '.join(edits)})"
