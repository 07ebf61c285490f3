"""The result of an audit: findings, and one verdict a figure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from rpcstats._vocabulary import ReleaseKind
from rpcstats._wording import sentence_case
from rpcstats.errors import ParameterError
from rpcstats.published.checks.finding import VERDICTS
from rpcstats.published.checks.shares import power
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHECKS: Final = (
    "grim", "base_search", "joint_base", "closure", "unit", "censoring", "interval", "agreement",
    "disclosure", "grim_mean", "p_value",
)  # fmt: skip
SHOWN: Final = ("fact_id", "check", "base_label", "printed", "verdict", "message", "repair")


@dataclass(frozen=True, slots=True, eq=False)
class AuditTable:
    """Some rows of an audit, for a table or a figure of a paper.

    Attributes
    ----------
    release_kind : str
        ``"published"``: it rests on printed figures only.
    """

    _frame: pd.DataFrame = field(repr=False)
    release_kind: ReleaseKind = "published"

    def tidy(self) -> pd.DataFrame:
        """Give the rows.

        Returns
        -------
        pandas.DataFrame
            Council, programme and measure in words beside what was found.
        """
        return self._frame.copy()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Audit:
    """What the checks found about printed figures.

    Attributes
    ----------
    faults : tuple of str
        Figures that could not be read, a line each; they are not audited.
    rounding : str
        How figures were taken to be rounded.
    release_kind : str
        ``"published"``: it rests on printed figures only.
    """

    _findings: pd.DataFrame = field(repr=False)
    _verdicts: pd.DataFrame = field(repr=False)
    faults: tuple[str, ...]
    rounding: str
    release_kind: ReleaseKind = "published"

    @property
    def is_impossible(self) -> bool:
        """Whether a figure is impossible with the base it was printed with, or with every one."""
        frame = self._findings
        return bool(((frame["verdict"] == "impossible") & (frame["severity"] == "error")).any())

    def tidy(self) -> pd.DataFrame:
        """Give one row per figure, check and base.

        Returns
        -------
        pandas.DataFrame
            Columns `FINDINGS`: fact_id, check, base_label, base, feasible, printed, verdict,
            severity, message, repair.
        """
        return self._findings.copy()

    def verdicts(self) -> pd.DataFrame:
        """Give one row per figure.

        Returns
        -------
        pandas.DataFrame
            Columns fact_id, council, programme, measure, printed, verdict, n_checks, message (of
            the finding that decided), repair, source (the document).
        """
        return self._verdicts.copy()

    def glance(self) -> pd.DataFrame:
        """Give how many figures had each verdict.

        Returns
        -------
        pandas.DataFrame
            One row: n_facts, n_checked (of which some check speaks), one column a verdict,
            unverifiable_checked, n_findings, n_unread, rounding.
        """
        counts = self._verdicts["verdict"].value_counts()
        checked = self.checked()
        row: dict[str, object] = {"n_facts": len(self._verdicts), "n_checked": len(checked)}
        row |= {verdict: int(counts.get(verdict, 0)) for verdict in VERDICTS}
        alone = checked["verdict"] == "unverifiable"
        row |= {"unverifiable_checked": int(alone.sum())}
        row |= {"n_findings": len(self._findings), "n_unread": len(self.faults)}
        return pd.DataFrame([row | {"rounding": self.rounding}])

    def checked(self) -> pd.DataFrame:
        """Give the verdicts of the figures that some check speaks of.

        Returns
        -------
        pandas.DataFrame
            Rows of `verdicts` with a finding: of a count that stands alone nothing can be said.
        """
        return self._verdicts[self._verdicts["n_checks"] > 0].reset_index(drop=True)

    def of_check(self, check: str) -> pd.DataFrame:
        """Give the findings of one check.

        Parameters
        ----------
        check : str
            Its name, as in the column `check`.

        Returns
        -------
        pandas.DataFrame
            Columns `FINDINGS`; no rows if it found nothing.
        """
        frame = self._findings
        return frame[frame["check"] == check].reset_index(drop=True)

    def figures(self) -> AuditTable:
        """Give one verdict for each figure that some check speaks of.

        Returns
        -------
        AuditTable
            Columns of `verdicts`.
        """
        return AuditTable(self.checked())

    def doubts(self, council: str | None = None, *, apart_from: Sequence[str] = ()) -> AuditTable:
        """Give the figures that some check speaks of and that are not simply possible.

        Parameters
        ----------
        council : str, optional
            Name of a council; by default all.
        apart_from : sequence of str
            Names of councils to leave out.

        Returns
        -------
        AuditTable
            Columns of `verdicts`, and figure (what was measured and printed) and why (the
            reasoning and the mend); figures with one and the same reasoning share a row.
        """
        frame = self.checked()
        frame = frame[(frame["verdict"] != "possible") & ~frame["council"].isin(list(apart_from))]
        return AuditTable(_together(_of_council(frame, council)))

    def totals(self) -> AuditTable:
        """Give how many figures had each verdict, for a paper.

        Returns
        -------
        AuditTable
            The row of `glance`, with its source.
        """
        return AuditTable(self.glance().assign(source="Audit of the published figures"))

    def findings(
        self, check: str, *, council: str | None = None, with_base: bool = False
    ) -> AuditTable:
        """Give the findings of one check, each figure with its council and measure.

        Parameters
        ----------
        check : str
            Name of the check, as in the column `check`.
        council : str, optional
            Name of a council; by default all.
        with_base : bool
            Whether to leave out findings about figures that have no base.

        Returns
        -------
        AuditTable
            Columns fact_id, council, programme, measure, source, then `FINDINGS`, figure (what
            was measured and printed) and why (the reasoning and the mend); for the check ``grim``
            also caught, the share of wrong percentages it would find with that base.

        Raises
        ------
        ParameterError
            If no check has that name.
        """
        if check not in CHECKS:
            raise ParameterError("unknown check", [f"choose one of {', '.join(CHECKS)}"])
        names = ["fact_id", "council", "programme", "measure", "source"]
        frame = self._verdicts[names].merge(self.of_check(check), on="fact_id", how="right")
        if check == "grim":
            bases = [int(base) if base else None for base in frame["base"].fillna(0)]
            frame = frame.assign(caught=[*map(_caught, bases, frame["printed"])])
        if with_base:
            frame = frame[frame["base"].notna()]
        return AuditTable(_in_words(_of_council(frame, council)))

    def percentages(self) -> AuditTable:
        """Give what each printed percentage can bear.

        Returns
        -------
        AuditTable
            Findings of the check ``interval`` about percentages, those with one reasoning in a row.
        """
        frame = self.findings("interval").tidy()
        frame = frame[frame["printed"].str.endswith("%")]
        same = ["council", "message"]
        joined = frame.groupby(same, sort=False)["figure"].transform("; ".join)
        return AuditTable(frame.assign(figure=joined).drop_duplicates(same, ignore_index=True))

    def summary(self) -> Summary:
        """Give a readable account: what is wrong first.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        wrong = self._findings[self._findings["severity"] != "note"]
        order = wrong["severity"].map({"error": 0, "warning": 1})
        shown = wrong.assign(order=order).sort_values("order", kind="stable")[list(SHOWN)]
        told = ", ".join(
            f"{int(self.glance()[verdict].iloc[0])} {verdict}" for verdict in VERDICTS[::-1]
        )
        remark = f"{counted(len(self._verdicts), 'figure')}: {told}."
        if self.faults:
            remark += f" {counted(len(self.faults), 'figure')} could not be read."
        return Summary("Audit of printed figures", (shown,), remark)

    def plot(self) -> "Figure":
        """Draw a tile for each percentage and each count that a check speaks of.

        Returns
        -------
        matplotlib.figure.Figure
            Tiles in rows by council.
        """
        from rpcstats.figures.verdicts import verdict_tiles

        return verdict_tiles(self.checked())


def _of_council(frame: pd.DataFrame, council: str | None) -> pd.DataFrame:
    kept = frame if council is None else frame[frame["council"] == council]
    return kept.reset_index(drop=True)


def _in_words(frame: pd.DataFrame) -> pd.DataFrame:
    measure = frame["measure"].map(sentence_case)
    why = (frame["message"] + " " + frame["repair"]).str.strip()
    return frame.assign(figure=measure + ": " + frame["printed"], why=why)


def _together(frame: pd.DataFrame) -> pd.DataFrame:
    """Join figures of one council that have the same verdict for the same reason."""
    frame = _in_words(frame)
    is_again = (frame["repair"] == frame["repair"].shift()) & (frame["repair"] != "")
    frame["why"] = frame["why"].where(~is_again, frame["message"] + " Mend as above.")
    same = ["council", "programme", "verdict", "why"]
    listed = frame["figure"].str[:1].str.lower() + frame["figure"].str[1:]
    groups = [frame[name] for name in same]
    # Of no rows pandas makes a column of numbers.
    joined = listed.groupby(groups, sort=False, observed=True).transform("; ".join).astype("str")
    is_named = frame["programme"] != ""
    frame["figure"] = (frame["programme"] + ": " + joined).where(is_named, frame["figure"])
    return frame.drop_duplicates(same).reset_index(drop=True)


def _caught(base: int | None, printed: str) -> float:
    """Give the share of wrong percentages that would be found; missing without base, or a bound."""
    decimals = len(printed.rstrip("%").partition(".")[2])
    return power(base, decimals) if base is not None and printed[:1].isdigit() else float("nan")
