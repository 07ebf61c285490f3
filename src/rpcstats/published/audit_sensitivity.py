"""How many known faults the audit finds, and how often it raises a false alarm."""

from dataclasses import dataclass, field
from math import sqrt
from typing import Final

import pandas as pd

from rpcstats._numerics.intervals import check_conf_level, wilson
from rpcstats._vocabulary import ReleaseKind
from rpcstats._wording import sentence_case
from rpcstats.errors import ParameterError
from rpcstats.published.audit import audit
from rpcstats.published.checks._rounding import Rounding, feasible_share
from rpcstats.published.checks.spread import parse_figure
from rpcstats.simulate.faults import FAULTS, FaultyTables, faulty_tables
from rpcstats.tables.summary import Summary

SOURCE: Final = "Simulation: synthetic tables with known faults"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AuditSensitivity:
    """Faults found and false alarms, by kind of fault.

    Attributes
    ----------
    n_tables : int
        Synthetic tables of each kind.
    seed : int
        Seed of the draws.
    conf_level : float
        Level of the intervals.
    release_kind : str
        ``"published"``: it rests on synthetic tables only.
    """

    _frame: pd.DataFrame = field(repr=False)
    n_tables: int
    seed: int
    conf_level: float
    release_kind: ReleaseKind = "published"

    def tidy(self) -> pd.DataFrame:
        """Give one row per kind of fault, the first without one.

        Returns
        -------
        pandas.DataFrame
            fault (key), definition, n (tables found out), base (tables), estimate (their share:
            false alarms in the first row, sensitivity in the others), std_error (of the
            simulation), conf_low, conf_high (Wilson), detectable (share of the faults that leave a
            figure no true table could print), checks (that found it), source.
        """
        return self._frame.copy()

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        remark = (
            f"{self.n_tables} synthetic tables of each kind. A fault can only be found if it leaves"
            " a figure that no true table could print: see detectable."
        )
        return Summary("Sensitivity of the audit", (self._frame,), remark)


def audit_sensitivity(
    n_tables: int = 200, *, seed: int = 20260101, conf_level: float = 0.95
) -> AuditSensitivity:
    """Put known faults into true tables and count how many the audit finds.

    Parameters
    ----------
    n_tables : int
        Synthetic tables of each kind.
    seed : int
        Seed of the draws.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    AuditSensitivity
        A row a kind of fault. Found means that the figure at fault is called impossible with the
        base printed beside it, or a total that its parts do not fill; a false alarm is any figure
        of a true table called so.

    Raises
    ------
    ParameterError
        If there are no tables, or the level is out of range.
    """
    check_conf_level(conf_level)
    if n_tables < 1:
        raise ParameterError("The audit can't be tried", ["set n_tables to 1 or more"])
    drawn = faulty_tables(n_tables, seed=seed)
    findings = audit(drawn.facts).tidy()
    is_wrong = (findings["verdict"] == "impossible") & (findings["severity"] == "error")
    leaves_rest = (findings["check"] == "closure") & (findings["verdict"] != "possible")
    wrong = findings[is_wrong | leaves_rest]
    rows = [_row(fault, words, drawn, wrong, conf_level) for fault, words in FAULTS.items()]
    return AuditSensitivity(
        _frame=pd.DataFrame(rows), n_tables=n_tables, seed=seed, conf_level=conf_level
    )


def _row(
    fault: str, words: str, drawn: FaultyTables, wrong: pd.DataFrame, conf_level: float
) -> dict[str, object]:
    injected = drawn.injected[drawn.injected["fault"] == fault]
    sources = wrong["fact_id"].map(drawn.facts.set_index("fact_id")["source"])
    if fault == "none":
        found = injected["source"].isin(sources)
        hits = wrong[sources.isin(injected["source"])]
        detectable = float("nan")
    else:
        found = injected["fact_id"].isin(wrong["fact_id"])
        hits = wrong[wrong["fact_id"].isin(injected["fact_id"])]
        detectable = _detectable(drawn, injected)
    k, n = int(found.sum()), len(injected)
    low, high = wilson([k], [n], conf_level=conf_level)
    return {
        "fault": fault,
        "definition": sentence_case(words),
        "n": k,
        "base": n,
        "estimate": k / n,
        "std_error": sqrt(k / n * (1 - k / n) / n),
        "conf_low": float(low[0]),
        "conf_high": float(high[0]),
        "detectable": detectable,
        "checks": ", ".join(dict.fromkeys(hits["check"])),
        "source": SOURCE,
    }


def _detectable(drawn: FaultyTables, injected: pd.DataFrame) -> float:
    """Give the share of faults whose figure no count of its printed base prints as."""
    facts = drawn.facts.set_index("fact_id").loc[injected["fact_id"]]
    if (facts["unit"] == "count").all():
        return 1.0
    return sum(
        not _is_feasible(value, int(base))
        for value, base in zip(facts["value"], facts["denominator"], strict=True)
    ) / len(facts)


def _is_feasible(value: str, base: int) -> bool:
    """Tell whether a count of a base prints as a percentage, halves either way."""
    ways: tuple[Rounding, ...] = ("half_up", "half_even")
    ends = [feasible_share(*parse_figure(value), base, way) for way in ways]
    return any(first <= last for first, last in ends)
