"""Nine readings of progress: the counts, their bounds and their words."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import BASE, BASE_LABEL, BOUNDS, DEFINITION, MEASURE, N, ReleaseKind
from rpcstats._wording import count, interval, number, percent
from rpcstats.goals.bases import BASE_LABELS
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RATED: Final = "rated"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class ProgressReadings(Summarised):
    """Nine shares with progress, and how many parents nothing is known of.

    Attributes
    ----------
    frame : DataFrame
        Columns `READINGS`: on each base those rated since the start, then the three definitions.
    threshold, reliable : float
        Points that count as progress, and as reliable progress.
    sd0 : float
        Standard deviation at the start; `reliable` follows from it where it was not given.
    reliability : float
        As given; used only where `reliable` was not.
    is_given : bool
        Whether `reliable` was given.
    design_effect : float
        By which the limits allow for clusters.
    n_not_due, n_group : int
        Parents still on the course, who are in no base; clusters of the others.
    instrument : str
        Key of the instrument.
    conf_level : float
        Level of the limits.
    """

    release_kind: ClassVar[ReleaseKind] = "counts"

    frame: pd.DataFrame
    threshold: float
    reliable: float
    sd0: float
    reliability: float
    is_given: bool
    design_effect: float
    n_not_due: int
    n_group: int
    instrument: str
    conf_level: float

    def tidy(self) -> pd.DataFrame:
        """Give the counts behind the nine readings.

        Returns
        -------
        DataFrame
            Columns measure ("rated", "any_goal", "goal_mean", "reliable_change"), definition
            (in words), base_label, n, base, estimate, conf_low, conf_high: four rows a base.
        """
        return self.frame.copy()

    def readings(self) -> pd.DataFrame:
        """Give the nine readings with what is not known.

        Returns
        -------
        DataFrame
            Columns of `tidy`, and n_unrated (in the base, never rated since the start), lowest
            and highest (the share if none, or all, of them had made progress) and words.
        """
        rated = self.frame[self.frame[MEASURE] == RATED].set_index(BASE_LABEL)[N]
        rows = self.frame[self.frame[MEASURE] != RATED].reset_index(drop=True)
        n, base = rows[N].to_numpy(dtype=np.float64), rows[BASE].to_numpy(dtype=np.float64)
        unrated = base - rated.loc[rows[BASE_LABEL]].to_numpy(dtype=np.float64)
        some = base > 0
        low, high = (
            np.divide(k, base, out=np.full(len(n), np.nan), where=some) for k in (n, n + unrated)
        )
        rows = rows.assign(n_unrated=unrated.astype(np.int64), lowest=low, highest=high)
        rows["words"] = [_words(row) for _, row in rows.iterrows()]
        return rows[list(BOUNDS)]

    def glance(self) -> pd.DataFrame:
        """Give one row about all readings.

        Returns
        -------
        DataFrame
            Columns instrument, n_obs (starters due), n_not_due, n_group, threshold, reliable,
            is_given, sd0, reliability, design_effect, conf_level.
        """
        starters = self.frame.loc[self.frame[BASE_LABEL] == BASE_LABELS["starters"], BASE]
        names = (
            "n_not_due", "n_group", "threshold", "reliable", "is_given", "sd0", "reliability",
            "design_effect", "conf_level",
        )  # fmt: skip
        row = {"instrument": self.instrument, "n_obs": int(starters.iloc[0])}
        return pd.DataFrame([row | {name: getattr(self, name) for name in names}])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            The nine readings with their bounds.
        """
        source = (
            "given" if self.is_given
            else f"from their standard deviation at the start, {number(self.sd0)}, and a"
            f" reliability of {number(self.reliability)}"
        )  # fmt: skip
        remark = (
            "Completers and starters are read from the end form, or from the last rating seen"
            " where none was returned; those never rated since the start count as without"
            " progress in the estimate, and either way from lowest to highest."
            f" {self.n_not_due:,} parents still on the course are in no base. Reliable change:"
            f" {number(self.reliable)} points ({source}). Limits allow for {self.n_group:,}"
            f" clusters by a design effect of {number(self.design_effect)}."
        )
        return Summary("Progress read nine ways", (self.readings().drop(columns="words"),), remark)

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Draw the nine readings in one picture.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.
        **options
            As `figures.readings.progress_readings` takes them.

        Returns
        -------
        matplotlib.axes.Axes
            The axes; ``.figure`` is the picture.
        """
        from rpcstats.figures.readings import progress_readings

        return progress_readings(self.frame, ax=ax, **options)


def _words(row: pd.Series) -> str:
    n, base, left = (float(row[name]) for name in (N, BASE, "n_unrated"))
    if not base:
        return f"No {row[BASE_LABEL]} to count."
    limits = interval(row["conf_low"], row["conf_high"])
    text = (
        f"{row[DEFINITION]}: {count(n)} of {count(base)} {row[BASE_LABEL]},"
        f" {percent(row['estimate'])} (interval {limits})."
    )
    if not left:
        return text
    were = "was" if left == 1 else "were"
    return (
        f"{text} {count(left)} {were} never rated since the start: between"
        f" {percent(row['lowest'])} and {percent(row['highest'])} made progress."
    )
