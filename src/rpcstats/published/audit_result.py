"""The result of an audit: findings, and one verdict a figure."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from rpcstats._vocabulary import ReleaseKind
from rpcstats.published.checks.finding import VERDICTS
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN: Final = ("fact_id", "check", "base_label", "printed", "verdict", "message", "repair")


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
            the finding that decided), repair.
        """
        return self._verdicts.copy()

    def glance(self) -> pd.DataFrame:
        """Give how many figures had each verdict.

        Returns
        -------
        pandas.DataFrame
            One row: n_facts, one column a verdict, n_findings, n_unread, rounding.
        """
        counts = self._verdicts["verdict"].value_counts()
        row: dict[str, object] = {"n_facts": len(self._verdicts)}
        row |= {verdict: int(counts.get(verdict, 0)) for verdict in VERDICTS}
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
