"""Groups of starters compared with the other known differences held equal: the result."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import pandas as pd

from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_EVENT,
    NOTE,
    SCALE,
    TERM,
    ReleaseKind,
)
from rpcstats._wording import sentence_case
from rpcstats.errors import ParameterError
from rpcstats.survival.structure.effects import Effects
from rpcstats.tables.summary import Summarised, Summary, counted

COLUMNS: Final = (
    TERM, "variable", "contrast", "measure", SCALE, "adjusted_for", ESTIMATE, CONF_LOW, CONF_HIGH,
    NOTE,
)  # fmt: skip
NUMBERS: Final = (ESTIMATE, CONF_LOW, CONF_HIGH)
ODDS_RATIO: Final = "odds ratio of leaving"
DIFFERENCE: Final = "difference in share leaving"

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class AdjustedComparisons(Summarised):
    """Groups of starters compared with the other known differences held equal.

    Attributes
    ----------
    frame : DataFrame
        A row for each contrast and measure, as `tidy` gives them.
    counts : DataFrame
        Columns term, variable, level, n_obs, n_event: the groups behind each row; none where
        there is one group.
    tau : int
        Session up to which shares are counted.
    conf_level : float
        Level of the intervals.
    n_obs, n_event, n_group, n_missing : int
        Starters, leavers, clusters, and starters left out because a column is not known.
    """

    release_kind: ClassVar[ReleaseKind] = "effects"

    frame: pd.DataFrame
    counts: pd.DataFrame
    tau: int
    conf_level: float
    n_obs: int
    n_event: int
    n_group: int
    n_missing: int

    def tidy(self) -> pd.DataFrame:
        """Give one row per contrast and measure.

        Returns
        -------
        pandas.DataFrame
            Columns term, variable, contrast, measure, scale, adjusted_for, estimate, conf_low,
            conf_high, note; NaN with a note where nothing can be estimated.
        """
        return self.frame.copy()

    def cells(self) -> pd.DataFrame:
        """Give the counts behind each row, for disclosure control.

        Returns
        -------
        pandas.DataFrame
            Columns term, variable, level, n_obs, n_event.
        """
        return self.counts.copy()

    def odds_ratios(self) -> Effects:
        """Give the odds ratios alone, as `disclose` takes them.

        Returns
        -------
        Effects
            Ratios with the counts behind them.
        """
        return self._of(ODDS_RATIO)

    def differences(self) -> Effects:
        """Give the standardised differences alone, as `disclose` takes them.

        Returns
        -------
        Effects
            Differences of shares with the counts behind them.
        """
        return self._of(DIFFERENCE)

    def _of(self, measure: str) -> Effects:
        frame = self.frame[self.frame["measure"] == measure].reset_index(drop=True)
        return Effects(frame=frame, counts=self.counts, conf_level=self.conf_level)

    def glance(self) -> pd.DataFrame:
        """Give the totals in one row.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_group, n_missing, tau, conf_level.
        """
        return pd.DataFrame(
            {
                "n_obs": [self.n_obs],
                N_EVENT: [self.n_event],
                "n_group": [self.n_group],
                "n_missing": [self.n_missing],
                "tau": [self.tau],
                "conf_level": [self.conf_level],
            }
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        remark = (
            f"{self.conf_level:.0%} intervals, robust to clustering in"
            f" {counted(self.n_group, 'group')}. {counted(self.n_missing, 'starter')} left out"
            " because a column is not known."
        )
        return Summary("Adjusted comparisons", (self.frame.drop(columns=[TERM, SCALE]),), remark)

    def plot(self, ax: "Axes | None" = None, *, measure: str = ODDS_RATIO) -> "Axes":
        """Draw the contrasts of one measure, by variable, with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.
        measure : {"odds ratio of leaving", "difference in share leaving"}
            What is drawn.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.

        Raises
        ------
        ParameterError
            If the measure is another.
        """
        from rpcstats.figures.forest import forest_axes

        shown = self.frame[self.frame["measure"] == measure]
        if shown.empty:
            raise ParameterError(
                "There is nothing to draw", [f"measure is one of {ODDS_RATIO}, {DIFFERENCE}"]
            )
        ratio = measure == ODDS_RATIO
        return forest_axes(
            shown,
            ax=ax,
            label="contrast",
            group="variable",
            percent=False,
            ratio=ratio,
            reference=1.0 if ratio else 0.0,
            value_label=f"{sentence_case(measure)}\n({self.conf_level:.0%} interval)",
        )
