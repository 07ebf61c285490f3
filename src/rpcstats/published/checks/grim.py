"""Whether a printed percentage can be a share of so many people."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from rpcstats.published.checks import grim_words as words
from rpcstats.published.checks._rounding import MULTIPLES, Rounding
from rpcstats.published.checks.bases import Base, Candidates, PrintedCounts
from rpcstats.published.checks.finding import Finding, Severity, Verdict, counts_in_words
from rpcstats.published.checks.fitting import fitting
from rpcstats.published.checks.shares import feasible
from rpcstats.published.statements import Statement

CHECK: Final = "grim"
MOST_BASES: Final = 12
"""Of more candidates so many are shown: a document with so many has no plain base."""

FEWEST_MULTIPLES: Final = {"nearest5": 4, "nearest10": 3}
"""So many percentages, all multiples, hardly come about unless they were rounded to them."""


def grim(
    statements: Iterable[Statement], counts: PrintedCounts, rule: Rounding = "half_up",
    tolerated: Sequence[Rounding] = (),
) -> Iterator[Finding]:  # fmt: skip
    """Check each percentage against each base it can be a share of.

    Parameters
    ----------
    statements : iterable of Statement
        Those to check.
    counts : PrintedCounts
        Counts of their document, council and programme.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How percentages were rounded.
    tolerated : sequence of str
        Other ways of rounding that the document may have used: a figure that needs one of them
        is ambiguous, not impossible.

    Yields
    ------
    Finding
        A row a percentage and base.

    Notes
    -----
    Granularity-related inconsistency (Brown and Heathers 2017). An impossible row is an error
    where the base was printed or no candidate fits, and a warning where another base fits.
    """
    for statement in statements:
        if statement.is_percent:
            yield from _of_percentage(statement, counts, rule, tolerated)


def tolerated_roundings(statements: Iterable[Statement], rule: Rounding) -> tuple[Rounding, ...]:
    """Tell which other ways of rounding a document may have used.

    Parameters
    ----------
    statements : iterable of Statement
        Figures of one document.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How they were taken to be rounded.

    Returns
    -------
    tuple of str
        Halves the other way; the nearest 5 or 10 where every percentage between 0 and 100 is a
        multiple of it and there are enough of them.
    """
    other: dict[Rounding, Rounding] = {"half_up": "half_even", "half_even": "half_up"}
    found = [other[rule]] if rule in other else []
    between = [s.text for s in statements if s.is_percent and 0 < float(s.text) < 100]
    multiples: tuple[Rounding, ...] = ("nearest5", "nearest10")
    for nearest in multiples:
        step = MULTIPLES[nearest]
        if len(between) >= FEWEST_MULTIPLES[nearest] and nearest != rule:
            found += [nearest] if all(float(text) % step == 0 for text in between) else []
    return tuple(found)


def _of_percentage(
    statement: Statement, counts: PrintedCounts, rule: Rounding, tolerated: Sequence[Rounding]
) -> Iterator[Finding]:
    candidates = counts.bases_of(statement)
    if not candidates:
        yield Finding(
            statement.fact_id, CHECK, "", None, "", statement.printed, "unverifiable", "warning",
            words.without_base(statement, rule),
            f"Print the count and its base beside {statement.printed}.",
        )  # fmt: skip
        return
    rules = (rule, *tolerated)
    shown = _shown(candidates, statement, rules)
    any_fits = any(fit for _, fit in shown)
    further: list[tuple[Base, Rounding | None]] = []
    if not any_fits and not statement.denominator:
        further = _shown(counts.further_bases(statement), statement, rules, only_fitting=True)
    for base, fit in [*shown, *further]:
        yield _row(statement, base, fit, any_fits or bool(further), rule)


def _shown(
    candidates: Candidates, statement: Statement, rules: Sequence[Rounding],
    *, only_fitting: bool = False,
) -> list[tuple[Base, Rounding | None]]:  # fmt: skip
    """Give the bases to be told, half of them at least such as fit, largest first."""
    fits = fitting(statement, candidates, rules)
    is_fitting = fits >= 0
    fitting_places = np.flatnonzero(is_fitting)
    rest = np.flatnonzero(~is_fitting)[: 0 if only_fitting else None]
    n_fitting = max(MOST_BASES // 2, MOST_BASES - len(rest))
    kept = fitting_places[:n_fitting]
    places = np.sort(np.concatenate([kept, rest[: MOST_BASES - len(kept)]]))
    return [(candidates.bases[i], rules[fits[i]] if is_fitting[i] else None) for i in places]


def _row(
    statement: Statement, base: Base, fit: Rounding | None, any_fits: bool, rule: Rounding
) -> Finding:
    verdict: Verdict = "possible" if fit else "impossible"
    severity: Severity = "note"
    repair = ""
    if fit is None:
        severity = "error" if base.is_stated or not any_fits else "warning"
        message = words.why_impossible(statement, base, rule)
        repair = words.mend(statement, base, any_fits, rule)
    elif fit != rule and base.is_exact:
        verdict, severity = "ambiguous", "warning"
        message = words.why_only_if(statement, base, rule, fit)
        repair = "Say how percentages were rounded, or print the count and its base."
    else:
        message = words.why_possible(statement, base, rule)
    if words.says_nothing(statement):
        verdict = "unverifiable"
    counts = counts_in_words(*feasible(statement.text, base.n, fit or rule))
    return Finding(
        statement.fact_id, CHECK, base.label, base.n, counts, statement.printed, verdict, severity,
        message, repair,
    )  # fmt: skip
