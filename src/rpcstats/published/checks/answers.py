"""Whether printed means, standard deviations and tests can be true."""

from collections.abc import Iterator, Sequence
from typing import Final

from rpcstats.published.checks._rounding import Rounding
from rpcstats.published.checks.finding import Finding, counts_in_words
from rpcstats.published.checks.reported_tests import ReportedTest, reported_tests
from rpcstats.published.checks.spread import Granularity, granular_mean_sd
from rpcstats.published.statements import Statement

MEANS: Final = "grim_mean"
TESTS: Final = "p_value"

_HALVES: Final[dict[Rounding, Rounding]] = {"half_up": "half_even", "half_even": "half_up"}
_FAULTS: Final = {
    "mean": "No total of whole-number answers gives this mean.",
    "range": "No answers within the scale give this mean.",
    "spread": "No whole-number answers with this mean have this standard deviation.",
    "parity": "No whole-number answers with this mean have this standard deviation: their sum of"
    " squares would be odd where their sum is even, or even where it is odd.",
}


def means(table: Sequence[Statement], rule: Rounding = "half_up") -> Iterator[Finding]:
    """Check means of whole-number answers, with their standard deviations if printed.

    Parameters
    ----------
    table : sequence of Statement
        Figures of one document, council, programme and period. A mean and its standard deviation
        have the same measure and part.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How they were rounded.

    Yields
    ------
    Finding
        One a mean.
    """
    sds = {(s.measure, s.breakdown): s for s in table if s.unit == "sd" and s.is_exact}
    for mean in table:
        if mean.unit == "mean" and mean.is_exact:
            yield _mean(mean, sds.get((mean.measure, mean.breakdown)), rule)


def tests(statements: Sequence[Statement]) -> Iterator[Finding]:
    """Work out the p-values of printed tests again.

    Parameters
    ----------
    statements : sequence of Statement
        Those of unit ``test`` are read, for example "t(28) = 2.20, p = .036".

    Yields
    ------
    Finding
        One a test.
    """
    for statement in statements:
        if statement.unit == "test":
            found = reported_tests(statement.text)
            if not found:
                yield _unread(statement)
            for test in found:
                yield _test(statement, test)


def _mean(mean: Statement, sd: Statement | None, rule: Rounding) -> Finding:
    n = mean.denominator
    if not n:
        return Finding(
            mean.fact_id, MEANS, "", None, "", mean.printed, "unverifiable", "warning",
            f"A mean of {mean.text} stands without the number of people.",
            "Print how many answered.",
        )  # fmt: skip
    text = None if sd is None else sd.text
    result = granular_mean_sd(mean.text, text, n, items=mean.items, rounding=rule, scale=mean.scale)
    other = _HALVES.get(rule)
    if result.fault and other is not None:
        again = granular_mean_sd(
            mean.text, text, n, items=mean.items, rounding=other, scale=mean.scale
        )
        if not again.fault:
            return _only_if(mean, text, n, counts_in_words(*again.totals))
    feasible = counts_in_words(*result.totals) if result.totals else "none"
    shown = f"{mean.text} (sd {text})" if text else mean.text
    if result.fault:
        message = f"{_FAULTS[result.fault]} It is {shown}, of {n:,} people."
        return Finding(
            mean.fact_id, MEANS, "", n, feasible, shown, "impossible", "error", message,
            "Check the mean, the standard deviation and the number of people, and that answers were"
            " whole numbers.",
        )  # fmt: skip
    return Finding(
        mean.fact_id, MEANS, "", n, feasible, shown, "possible", "note", _passed(result, n, mean)
    )


def _only_if(mean: Statement, sd: str | None, n: int, totals: str) -> Finding:
    shown = f"{mean.text} (sd {sd})" if sd else mean.text
    return Finding(
        mean.fact_id, MEANS, "", n, totals, shown, "ambiguous", "warning",
        f"{shown}, of {n:,} people, is possible only if halves were rounded the other way.",
        "Say how means were rounded, or print one decimal more.",
    )  # fmt: skip


def _passed(result: Granularity, n: int, mean: Statement) -> str:
    of = f"{n:,} people" if mean.items == 1 else f"{n:,} people with {mean.items} answers each"
    return f"A total of {counts_in_words(*result.totals)} of {of} gives it."


def _unread(statement: Statement) -> Finding:
    return Finding(
        statement.fact_id, TESTS, "", None, "", statement.printed, "unverifiable", "warning",
        "This is no test with its degrees of freedom and its p-value.",
        "Print it in the form t(28) = 2.20, p = .036.",
    )  # fmt: skip


def _test(statement: Statement, test: ReportedTest) -> Finding:
    feasible = f"{test.p_low:.3g} to {test.p_high:.3g}"
    said = f"p {test.sign} {test.p}"
    if test.agreement == "agrees":
        message = f"{said} follows from {test.test} = {test.value}."
        return Finding(
            statement.fact_id, TESTS, "", None, feasible, statement.printed, "possible", "note",
            message,
        )  # fmt: skip
    if test.agreement == "one_sided":
        message = f"{said} follows from {test.test} = {test.value} for one side only."
        return Finding(
            statement.fact_id, TESTS, "", None, feasible, statement.printed, "ambiguous", "warning",
            message, f"Say that it is one-sided, or print {feasible}.",
        )  # fmt: skip
    flips = " It falls on the other side of 0.05." if test.agreement == "decision" else ""
    message = (
        f"{said} does not follow from {test.test} = {test.value}, which gives {feasible}.{flips}"
    )
    return Finding(
        statement.fact_id, TESTS, "", None, feasible, statement.printed, "impossible", "error",
        message, f"Print p = {feasible}, or check the statistic.",
    )  # fmt: skip
