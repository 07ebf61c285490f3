"""What a check found about a printed figure."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

import pandas as pd

from rpcstats._vocabulary import FINDINGS

Verdict = Literal["possible", "ambiguous", "impossible", "unverifiable"]
Severity = Literal["note", "warning", "error"]

VERDICTS: Final[tuple[Verdict, ...]] = ("possible", "unverifiable", "ambiguous", "impossible")
"""From the best to the worst."""


class Finding(NamedTuple):
    """One row of an audit.

    Attributes
    ----------
    fact_id : str
        The figure.
    check : str
        Name of the check.
    base_label : str
        What the figure was taken as a share of; empty if that plays no part.
    base : int or None
        Number of that base.
    feasible : str
        Counts, or values, that would print as the figure does.
    printed : str
        The figure as printed.
    verdict : {"possible", "ambiguous", "impossible", "unverifiable"}
        What can be said of it.
    severity : {"note", "warning", "error"}
        How much it matters.
    message : str
        The reasoning, in words.
    repair : str
        What a repaired statement would say; empty if there is nothing to mend.
    """

    fact_id: str
    check: str
    base_label: str
    base: int | None
    feasible: str
    printed: str
    verdict: Verdict
    severity: Severity
    message: str
    repair: str = ""


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Lay findings out as a frame.

    Parameters
    ----------
    findings : iterable of Finding
        What checks gave.

    Returns
    -------
    DataFrame
        Columns `FINDINGS`; `verdict` is ordered from best to worst.
    """
    frame = pd.DataFrame(list(findings), columns=list(FINDINGS))
    kind = pd.CategoricalDtype(list(VERDICTS), ordered=True)
    return frame.astype({"base": "Int64", "verdict": kind})


def counts_in_words(first: int, last: int) -> str:
    """Write the whole numbers from one to another.

    Parameters
    ----------
    first, last : int
        Ends of the range; none if `last` is below `first`.

    Returns
    -------
    str
        For example "none", "28", "104 or 105", "88 to 91".
    """
    if last < first:
        return "none"
    if last == first:
        return f"{first:,}"
    return f"{first:,} or {last:,}" if last == first + 1 else f"{first:,} to {last:,}"


def joined(words: Sequence[str], last: str = "and") -> str:
    """Write a list of words.

    Parameters
    ----------
    words : sequence of str
        One or more.
    last : str
        Word before the last of them.

    Returns
    -------
    str
        For example "72%, 80% and 85%".
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
