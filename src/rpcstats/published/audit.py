"""The audit of printed figures: every check on every statement."""

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import pandas as pd

from rpcstats._numerics.intervals import check_conf_level
from rpcstats.disclosure import DisclosurePolicy, disclosure_policy
from rpcstats.errors import ParameterError
from rpcstats.published.audit_result import Audit
from rpcstats.published.checks._rounding import ROUNDINGS, Rounding
from rpcstats.published.checks.agreement import agreement
from rpcstats.published.checks.answers import means, tests
from rpcstats.published.checks.bases import PrintedCounts
from rpcstats.published.checks.bounds import bounds
from rpcstats.published.checks.closure import across_programmes, closure
from rpcstats.published.checks.columns import base_search, joint_base
from rpcstats.published.checks.disclosed import disclosure, sensitive
from rpcstats.published.checks.finding import Finding, Verdict, findings_frame
from rpcstats.published.checks.grim import grim, tolerated_roundings
from rpcstats.published.checks.populations import unit
from rpcstats.published.checks.precision import interval
from rpcstats.published.checks.unit_cost import unit_cost
from rpcstats.published.checks.windows import censoring
from rpcstats.published.completion import sound_facts
from rpcstats.published.facts import Facts, as_records
from rpcstats.published.reading import draft_of, read_draft
from rpcstats.published.statements import Statement, by_table, by_topic, statements_of

DECIDING: Final = ("grim", "base_search", "closure", "agreement", "unit", "grim_mean", "p_value")
"""Checks that say whether a figure can be true; the others say how far it can be read."""


def audit(
    facts: Facts | pd.DataFrame | str | Path, *, rounding: Rounding = "half_up",
    conf_level: float = 0.95, policy: str = "council",
) -> Audit:  # fmt: skip
    """Check whether printed figures can be true together, and how far each can be read.

    Parameters
    ----------
    facts : Facts, DataFrame, str or Path
        Printed figures: what `read_facts` gives, or a table (CSV, XLSX or YAML) with at least
        the columns `measure` and `value`; the value is text, so that "80" and "80.0" differ.
    rounding : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How percentages and means were rounded.
    conf_level : float
        Level of the intervals.
    policy : {"council", "tre", "opensafely", "internal"}
        Disclosure rule by which small counts are judged.

    Returns
    -------
    Audit
        Findings, a verdict a figure, and the figures that could not be read.

    Raises
    ------
    ParameterError
        If an option is unknown.
    SchemaError
        If the table can't be read at all.

    Notes
    -----
    A figure is impossible if it can't be a share of the base printed with it, or of any count
    its document prints; ambiguous if bases it fits and bases it does not fit stand beside each
    other; unverifiable if nothing it could be a share of is printed. That a figure is possible
    says little where every percentage is possible: each row says what share of wrong percentages
    would have been found.
    """
    _check_options(rounding, conf_level)
    rules = disclosure_policy(policy)
    records, faults = _records(facts)
    statements = statements_of(records)
    found: list[Iterator[Finding]] = []
    for document in _documents(statements):
        found += _of_document(document, rounding, conf_level, rules)
    findings = _in_order(chain.from_iterable(found), statements)
    frame = findings_frame(findings)
    return Audit(
        _findings=frame, _verdicts=_verdicts(statements, findings), faults=faults, rounding=rounding
    )


def _documents(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    documents: dict[str, list[Statement]] = {}
    for statement in statements:
        documents.setdefault(statement.source, []).append(statement)
    yield from documents.values()


def _of_document(
    document: Sequence[Statement], rounding: Rounding, conf_level: float, rules: DisclosurePolicy
) -> Iterator[Iterator[Finding]]:
    """Make every check on the figures of one document."""
    tables, topics = by_table(document), by_topic(document)
    councils: dict[tuple[str, ...], list[Statement]] = {}
    for statement in document:
        councils.setdefault(statement.topic[:2], []).append(statement)
    of_council = {key: PrintedCounts(found) for key, found in councils.items()}
    telling = {key: sensitive(found) for key, found in councils.items()}
    counts = {key: PrintedCounts(topic) for key, topic in topics.items()}
    tolerated = tolerated_roundings(document, rounding)
    for key, topic in topics.items():
        yield grim(topic, counts[key], rounding, tolerated)
        yield bounds(topic, counts[key], of_council[key[:2]])
        yield unit(topic)
        yield interval(topic, counts[key], conf_level, rounding)
    for key, table in tables.items():
        yield joint_base(table, counts[key[:3]], rounding)
        yield closure(table)
        yield censoring(table, topics[key[:3]])
        yield means(table, rounding)
        yield disclosure(table, telling[key[:2]], rules)
    for key, council in councils.items():
        yield across_programmes(council)
        yield unit_cost(council, of_council[key])
    yield base_search(document, rounding)
    yield agreement(document)
    yield tests(document)


def _check_options(rounding: str, conf_level: float) -> None:
    check_conf_level(conf_level)
    if rounding not in ROUNDINGS:
        raise ParameterError("unknown rounding", [f"choose one of {', '.join(ROUNDINGS)}"])


def _records(
    facts: Facts | pd.DataFrame | str | Path,
) -> tuple[list[dict[str, str]], tuple[str, ...]]:
    if isinstance(facts, Facts):
        return as_records(facts.frame), ()
    if isinstance(facts, pd.DataFrame):
        return sound_facts(draft_of(facts))
    return sound_facts(read_draft(Path(facts)))


def _in_order(findings: Iterator[Finding], statements: Sequence[Statement]) -> list[Finding]:
    """Order findings as their figures are, each once."""
    order = {statement.fact_id: i for i, statement in enumerate(statements)}
    once = dict.fromkeys(findings)
    return sorted(once, key=lambda finding: order[finding.fact_id])


def _verdicts(statements: Sequence[Statement], findings: Sequence[Finding]) -> pd.DataFrame:
    of_fact: dict[str, list[Finding]] = {}
    for finding in findings:
        of_fact.setdefault(finding.fact_id, []).append(finding)
    rows = []
    for statement in statements:
        verdict, deciding = _verdict(of_fact.get(statement.fact_id, []))
        rows.append(
            {
                "fact_id": statement.fact_id,
                "council": statement.council,
                "programme": statement.programme,
                "measure": statement.words,
                "printed": statement.printed,
                "verdict": verdict,
                "n_checks": len(of_fact.get(statement.fact_id, [])),
                "message": deciding.message if deciding else "Nothing printed can contradict it.",
                "repair": deciding.repair if deciding else "",
                "source": statement.source,
            }
        )
    columns = ["fact_id", "council", "programme", "measure", "printed", "verdict", "n_checks",
               "message", "repair", "source"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"verdict": findings_frame([])["verdict"].dtype})


def _verdict(findings: Sequence[Finding]) -> tuple[Verdict, Finding | None]:
    """Give the verdict of a figure, and the finding that decided it."""
    deciding = [finding for finding in findings if finding.check in DECIDING]
    errors = [f for f in deciding if f.verdict == "impossible" and f.severity == "error"]
    if errors:
        return "impossible", errors[0]
    doubts = [f for f in deciding if f.verdict in ("ambiguous", "impossible")]
    if doubts:
        return "ambiguous", max(doubts, key=lambda finding: finding.check != "grim")
    possible = [f for f in deciding if f.verdict == "possible"]
    if possible and len({f.feasible for f in possible if f.check == "grim"}) > 1:
        return "ambiguous", possible[0]
    if possible:
        return "possible", possible[0]
    rest = [f for f in findings if f.verdict == "unverifiable"]
    return "unverifiable", rest[0] if rest else None
