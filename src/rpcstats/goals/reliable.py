"""Reliable change: more than the noise of two ratings would give (Jacobson and Truax 1991)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from rpcstats._numerics.arguments import as_number
from rpcstats._numerics.intervals import check_conf_level
from rpcstats._vocabulary import BASE, BASE_LABEL, CHANGE, CHANGE_CLASSES, N, ReleaseKind
from rpcstats._wording import number
from rpcstats.errors import DataError, ParameterError
from rpcstats.goals.bases import BASE_LABELS, Base, design_effect, in_base, with_shares
from rpcstats.goals.change import change_of, check_to, first_and_finish
from rpcstats.goals.goal_ratings import GoalRatings, To, read_goals
from rpcstats.goals.parent_change import FINISH_WORDS, ROUNDING
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CRITICAL: Final = 1.96
"""Jacobson and Truax print 1.96, and published thresholds follow from it."""

CATEGORIES: Final = ("Improved", "Unchanged", "Worse", "Not rated since the start")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class ReliableChange(Summarised):
    """Parents counted as improved, unchanged or worse.

    Attributes
    ----------
    frame : DataFrame
        Columns `CHANGE_CLASSES`; the rows add up to the base.
    threshold : float
        Least change, in points, that counts.
    sd0 : float
        Standard deviation of the parents' mean score at the start.
    n_sd0 : int
        Parents it was worked out from.
    reliability : float
        Reliability of that score, as given.
    is_given : bool
        Whether the threshold was given rather than worked out from sd0 and the reliability.
    design_effect : float
        By which the limits allow for clusters.
    to : {"end", "last"}
        What the change runs to.
    conf_level : float
        Level of the limits.
    """

    release_kind: ClassVar[ReleaseKind] = "counts"

    frame: pd.DataFrame
    threshold: float
    sd0: float
    n_sd0: int
    reliability: float
    is_given: bool
    design_effect: float
    to: To
    conf_level: float

    def tidy(self) -> pd.DataFrame:
        """Give one row per outcome.

        Returns
        -------
        DataFrame
            Columns change, base_label, n, base, estimate, conf_low, conf_high.
        """
        return self.frame.copy()

    def glance(self) -> pd.DataFrame:
        """Give one row about the threshold.

        Returns
        -------
        DataFrame
            Columns base_label, n_obs, threshold, is_given, sd0, n_sd0, reliability,
            design_effect, conf_level.
        """
        names = ("threshold", "is_given", "sd0", "n_sd0", "reliability", "design_effect")
        row = {name: getattr(self, name) for name in (*names, "conf_level")}
        first = self.frame.iloc[0]
        return pd.DataFrame([{BASE_LABEL: first[BASE_LABEL], "n_obs": int(first[BASE]), **row}])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            The counts, the threshold and what it was worked out from.
        """
        source = "given" if self.is_given else "1.96 times the standard error of a difference"
        remark = (
            f"A change counts from {number(self.threshold)} points ({source}). Standard deviation"
            f" at the start {number(self.sd0)} ({self.n_sd0:,} parents), reliability"
            f" {number(self.reliability)} (assumed, not estimated). The change runs to"
            f" {FINISH_WORDS[self.to]}."
        )
        return Summary("Reliable change (Jacobson and Truax 1991)", (self.frame,), remark)

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Draw the outcomes as bars.

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


def reliable_change(
    goals: Any,
    *,
    reliability: float = 0.8,
    threshold: float | None = None,
    to: To = "last",
    base: Base = "starters",
    conf_level: float = 0.95,
) -> ReliableChange:
    """Count parents whose goals improved, or worsened, by more than noise would explain.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as `goal_scores` gives them.
    reliability : float
        Reliability of a parent's mean score, from 0 to under 1; an assumption, always printed.
    threshold : float, optional
        Least change in points; by default it is worked out.
    to : {"end", "last"}
        What the change runs to, as in `goal_change`.
    base : {"answered", "completers", "starters"}
        Whom to count, of those whose course was due to end.
    conf_level : float
        Level of the limits.

    Returns
    -------
    ReliableChange
        Rows improved, unchanged, worse, and not rated since the start.

    Raises
    ------
    DataError
        If the frame breaks a condition, or the scores at the start do not vary.
    ParameterError
        If an option is unknown or out of range.

    Notes
    -----
    Jacobson and Truax (1991): RC = 1.96 sqrt(2) sd0 sqrt(1 - r), with sd0 over all parents
    rated at the start. A change of exactly the threshold counts. Limits: Wilson (1927) with
    counts divided by the design effect of improvement.
    """
    check_to(to)
    check_conf_level(conf_level)
    ratings = read_goals(goals, caller="reliable_change")
    change = change_of(ratings, to)
    sd0, n_sd0 = start_spread(ratings)
    used = reliable_threshold(sd0, reliability) if threshold is None else as_number(threshold)
    if not used > 0:
        raise ParameterError("threshold is out of range", ["give points above 0"])
    people = change.frame[in_base(change.frame, base)]
    mean = people["mean"].to_numpy(dtype=np.float64)
    outcome = np.select(
        [np.isnan(mean), mean >= used - ROUNDING, mean <= ROUNDING - used], [3, 0, 2], default=1
    )
    effect = design_effect(outcome == 0, people["cluster_id"])
    frame = pd.DataFrame(
        {CHANGE: CATEGORIES, BASE_LABEL: BASE_LABELS[base], N: np.bincount(outcome, minlength=4)}
    )
    frame = with_shares(frame.assign(**{BASE: len(people)}), conf_level=conf_level, effect=effect)
    return ReliableChange(
        frame=frame[list(CHANGE_CLASSES)],
        threshold=used,
        sd0=sd0,
        n_sd0=n_sd0,
        reliability=float(reliability),
        is_given=threshold is not None,
        design_effect=effect,
        to=to,
        conf_level=conf_level,
    )


def reliable_threshold(sd0: float, reliability: float) -> float:
    """Give the least change that is more than noise.

    Parameters
    ----------
    sd0 : float
        Standard deviation of scores at the start, in points.
    reliability : float
        Reliability of the score, from 0 to under 1.

    Returns
    -------
    float
        1.96 sqrt(2) sd0 sqrt(1 - r), in points (Jacobson and Truax 1991).

    Raises
    ------
    ParameterError
        If the reliability is out of range.
    DataError
        If sd0 is not above 0.
    """
    r = as_number(reliability)
    if not 0.0 <= r < 1.0:
        raise ParameterError("reliability is out of range", ["give a number from 0 to under 1"])
    if not sd0 > 0.0:
        raise DataError(
            "Scores at the start do not vary between parents, or fewer than two parents have one:"
            " give the threshold of a published study with threshold= (reliable= in progress)."
        )
    return CRITICAL * float(np.sqrt(2.0 * (1.0 - r))) * sd0


def start_spread(ratings: GoalRatings) -> tuple[float, int]:
    """Give the standard deviation of the parents' mean score at the start.

    Parameters
    ----------
    ratings : GoalRatings
        Checked ratings; every goal set counts, rated again or not.

    Returns
    -------
    tuple of float and int
        The standard deviation (divisor n - 1; NaN of fewer than two) and the number of parents.
    """
    start, _ = first_and_finish(ratings, "end")
    known = ~np.isnan(start)
    of_parent = pd.Series(start[known]).groupby(ratings.owner[known]).mean()
    return float(of_parent.std()), len(of_parent)
