"""Clinically significant change: over the cut-off, and by more than noise."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import check_conf_level
from rpcstats._vocabulary import BASE, BASE_LABEL, CHANGE, CHANGE_CLASSES, N, ReleaseKind
from rpcstats._wording import number
from rpcstats.goals.bases import BASE_LABELS, Base, in_base, with_shares
from rpcstats.goals.change import change_of, check_to
from rpcstats.goals.change_classes import ChangeClasses
from rpcstats.goals.cut_offs import cut_off_of, threshold_of
from rpcstats.goals.goal_ratings import To, read_goals
from rpcstats.goals.parent_change import FINISH_WORDS, NOT_KNOWN, ROUNDING
from rpcstats.goals.reliable import start_spread
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CATEGORIES: Final = ("Recovered", "Improved", "Unchanged", "Deteriorated", NOT_KNOWN.capitalize())
CROSSINGS: Final = (
    "Clinical, then not",
    "Clinical both times",
    "Not clinical, then clinical",
    "Not clinical either time",
    NOT_KNOWN.capitalize(),
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class ClinicalChange(Summarised):
    """Parents counted as recovered, improved, unchanged or deteriorated.

    Attributes
    ----------
    frame, crossed : DataFrame
        Columns `CHANGE_CLASSES`; the categories, and which side of the cut-off parents were
        on at the start and at the finish. Each adds up to the base.
    cut_off : float
        Scores at it and on the worse side of it are clinical.
    threshold, sd0 : float
        Least change that is more than noise; standard deviation at the start.
    n_sd0 : int
        Parents it was worked out from.
    reliability : float
        Reliability; NaN if none is known and the threshold was given.
    is_given : bool
        Whether the threshold was given, by the caller or the registry.
    to : {"end", "last"}
        What the change runs to.
    conf_level : float
        Level of the limits.
    """

    release_kind: ClassVar[ReleaseKind] = "counts"

    frame: pd.DataFrame
    crossed: pd.DataFrame
    cut_off: float
    threshold: float
    sd0: float
    n_sd0: int
    reliability: float
    is_given: bool
    to: To
    conf_level: float

    def tidy(self) -> pd.DataFrame:
        """Give one row per category.

        Returns
        -------
        DataFrame
            Columns change, base_label, n, base, estimate, conf_low, conf_high.
        """
        return self.frame.copy()

    def crossing(self) -> ChangeClasses:
        """Give the counts by side of the cut-off at the start and at the finish.

        Returns
        -------
        ChangeClasses
            Four sides, and not rated since the start.
        """
        return ChangeClasses(
            frame=self.crossed.copy(),
            heading="Parents by side of the cut-off",
            remark=f"Clinical: {number(self.cut_off)} or worse.",
            conf_level=self.conf_level,
        )

    def glance(self) -> pd.DataFrame:
        """Give one row about cut-off and threshold.

        Returns
        -------
        DataFrame
            Columns base_label, n_obs, cut_off, threshold, is_given, sd0, n_sd0, reliability,
            conf_level.
        """
        names = ("cut_off", "threshold", "is_given", "sd0", "n_sd0", "reliability", "conf_level")
        first = self.frame.iloc[0]
        head = {BASE_LABEL: first[BASE_LABEL], "n_obs": int(first[BASE])}
        return pd.DataFrame([head | {name: getattr(self, name) for name in names}])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Categories and crossings, the cut-off, and what the threshold rests on.
        """
        source = "given" if self.is_given else "1.96 times the standard error of a difference"
        remark = (
            f"Clinical: {number(self.cut_off)} or worse. A change counts from"
            f" {number(self.threshold)} points ({source}). Standard deviation at the start"
            f" {number(self.sd0)} ({self.n_sd0:,} parents), reliability"
            f" {number(self.reliability)}. The change runs to {FINISH_WORDS[self.to]}."
        )
        heading = "Clinically significant change (Jacobson and Truax 1991)"
        return Summary(heading, (self.frame, self.crossed), remark)

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Draw the categories as bars.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.
        **options
            As `figures.change_bars.change_bars` takes them.

        Returns
        -------
        matplotlib.axes.Axes
            The axes; ``.figure`` is the picture.
        """
        from rpcstats.figures.change_bars import change_bars

        return change_bars(self.frame, ax=ax, **options)


def clinical_change(
    goals: Any,
    *,
    cut_off: float | None = None,
    reliability: float | None = None,
    threshold: float | None = None,
    to: To = "last",
    base: Base = "starters",
    conf_level: float = 0.95,
) -> ClinicalChange:
    """Count parents by whether they crossed the cut-off and changed by more than noise.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES` of one score a parent, such as `total_scores` gives.
    cut_off : float, optional
        Scores at it and on the worse side of it are clinical; by default from the bands of
        the registry. `cut_off_between` works one out from norms.
    reliability : float, optional
        Reliability of the score; by default the registry's.
    threshold : float, optional
        Least change in points; by default worked out from `reliability` where that is given,
        else the registry's, else worked out from the registry's reliability.
    to : {"end", "last"}
        What the change runs to, as in `goal_change`.
    base : {"answered", "completers", "starters"}
        Whom to count, of those whose course was due to end.
    conf_level : float
        Level of the limits.

    Returns
    -------
    ClinicalChange
        Recovered: from the clinical side to the other by a reliable change. Improved or
        deteriorated: any other reliable change. Unchanged: all others who were rated again.

    Raises
    ------
    DataError
        If the frame breaks a condition, or the scores at the start do not vary.
    ParameterError
        If neither caller nor registry gives what is needed, or an option is out of range.

    Notes
    -----
    Jacobson and Truax (1991). Limits: Wilson (1927).
    """
    check_to(to)
    check_conf_level(conf_level)
    ratings = read_goals(goals, caller="clinical_change")
    change = change_of(ratings, to)
    cut = cut_off_of(ratings, cut_off)
    sd0, n_sd0 = start_spread(ratings)
    least, r, is_given = threshold_of(ratings, sd0, reliability, threshold)
    people = change.frame[in_base(change.frame, base)]
    start, finish, moved = (
        people[name].to_numpy(dtype=np.float64) for name in ("start", "finish", "mean")
    )
    was, still = (ratings.sign * (x - cut) <= ROUNDING for x in (start, finish))
    unknown = np.isnan(moved)
    better, worse = moved >= least - ROUNDING, moved <= ROUNDING - least
    category = np.select([unknown, better & was & ~still, better, worse], [4, 0, 1, 3], default=2)
    side = np.select([unknown, was & ~still, was, still], [4, 0, 1, 2], default=3)
    label = BASE_LABELS[base]
    return ClinicalChange(
        frame=_counted(category, CATEGORIES, label, conf_level),
        crossed=_counted(side, CROSSINGS, label, conf_level),
        cut_off=cut,
        threshold=least,
        sd0=sd0,
        n_sd0=n_sd0,
        reliability=r,
        is_given=is_given,
        to=to,
        conf_level=conf_level,
    )


def _counted(
    place: Any, labels: tuple[str, ...], base_label: str, conf_level: float
) -> pd.DataFrame:
    counts = np.bincount(place, minlength=len(labels))
    frame = pd.DataFrame({CHANGE: labels, BASE_LABEL: base_label, N: counts})
    frame = with_shares(frame.assign(**{BASE: len(place)}), conf_level=conf_level)
    return frame[list(CHANGE_CLASSES)]
