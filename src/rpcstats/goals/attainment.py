"""Goal attainment scaling: goals of any kind on one T-score (Kiresuk and Sherman 1968)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from rpcstats._numerics.arguments import as_number
from rpcstats._numerics.intervals import check_conf_level
from rpcstats._vocabulary import BASE, BASE_LABEL, CHANGE, CHANGE_CLASSES, N
from rpcstats._wording import number
from rpcstats.errors import DataError, ParameterError
from rpcstats.goals.bases import BASE_LABELS, Base, in_base, with_shares
from rpcstats.goals.change import check_to, first_and_finish
from rpcstats.goals.change_classes import ChangeClasses
from rpcstats.goals.goal_ratings import FLAGS, FloatArray, IntArray, To, read_goals
from rpcstats.goals.parent_change import FINISH_WORDS, NOT_KNOWN, ROUNDING
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOWEST, HIGHEST = -2.0, 2.0
EXPECTED: Final = 50.0
ATTAINED: Final = ("Better than expected", "As expected", "Less than expected")
COLUMNS: Final = ("episode_id", "cluster_id", "n_goals", "start", "finish", "change", *FLAGS)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class AttainmentScores(Summarised):
    """T-score of every parent.

    Attributes
    ----------
    frame : DataFrame
        A row a parent: episode_id, cluster_id, n_goals (rated at the finish), T-scores start
        and finish, change (of the goals rated both times), is_due, completed, answered.
    rho : float
        Correlation between the goals of a parent that was taken for true.
    to : {"end", "last"}
        What the finish is.
    """

    frame: pd.DataFrame
    rho: float
    to: To

    def tidy(self) -> pd.DataFrame:
        """Give one row per parent.

        Returns
        -------
        DataFrame
            As `frame`. About single parents: never for release.
        """
        return self.frame.copy()

    def glance(self) -> pd.DataFrame:
        """Give one row about all parents whose course was due to end.

        Returns
        -------
        DataFrame
            Columns n_obs (starters due), n_rated, mean, sd, rho, to.
        """
        due = self.frame[self.frame["is_due"]]
        row = {
            "n_obs": len(due),
            "n_rated": int(due["finish"].notna().sum()),
            "mean": due["finish"].mean(),
            "sd": due["finish"].std(),
            "rho": self.rho,
            "to": self.to,
        }
        return pd.DataFrame([row])

    def classes(self, *, base: Base = "starters", conf_level: float = 0.95) -> ChangeClasses:
        """Count parents by whether their goals were reached as expected.

        Parameters
        ----------
        base : {"answered", "completers", "starters"}
            Whom to count.
        conf_level : float
            Level of the limits.

        Returns
        -------
        ChangeClasses
            Better than expected, as expected, less, and not rated since the start.

        Raises
        ------
        ParameterError
            If an option is unknown or out of range.
        """
        check_conf_level(conf_level)
        people = self.frame[in_base(self.frame, base)]
        T = people["finish"].to_numpy(dtype=np.float64)
        place = np.select(
            [np.isnan(T), T > EXPECTED + ROUNDING, T >= EXPECTED - ROUNDING], [3, 0, 1], default=2
        )
        labels = [*ATTAINED, NOT_KNOWN.capitalize()]
        counts = np.bincount(place, minlength=4)
        frame = pd.DataFrame({CHANGE: labels, BASE_LABEL: BASE_LABELS[base], N: counts})
        frame = with_shares(frame.assign(**{BASE: len(people)}), conf_level=conf_level)
        return ChangeClasses(
            frame=frame[list(CHANGE_CLASSES)],
            heading="Parents by goal attainment",
            remark=f"T-scores over, at and under 50, at {FINISH_WORDS[self.to]}.",
            conf_level=conf_level,
        )

    def summary(self) -> Summary:
        """Give a readable account, of no single parent.

        Returns
        -------
        Summary
            The classes of attainment and what a T-score is.
        """
        row = self.glance().iloc[0]
        remark = (
            f"Mean T {number(row['mean'])} (standard deviation {number(row['sd'])}) of"
            f" {row['n_rated']:,} of {counted(int(row['n_obs']), 'starter')}, at"
            f" {FINISH_WORDS[self.to]}. 50 means as expected on the whole; a correlation of"
            f" {number(self.rho)} between a parent's goals was taken for true."
        )
        return Summary("Goal attainment scaling", (self.classes().tidy(),), remark)

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Draw how many parents reached their goals as expected.

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
        return self.classes().plot(ax, **options)


def gas_t_score(goals: Any, *, rho: float = 0.3, to: To = "last") -> AttainmentScores:
    """Give each parent's goal attainment as a T-score.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES` of ratings from -2 (much less than expected) to 2 (much more), with
        `weight`, the weight of a goal; a missing weight is 1.
    rho : float
        Correlation between the goals of one parent, from 0 to 1.
    to : {"end", "last"}
        What the finish is, as in `goal_change`.

    Returns
    -------
    AttainmentScores
        T-scores at the start and at the finish.

    Raises
    ------
    DataError
        If the frame breaks a condition, its ratings are no attainment levels, or a weight is
        not above 0.
    ParameterError
        If an option is unknown or out of range.

    Notes
    -----
    Kiresuk and Sherman (1968): T = 50 + 10 Σ w x / sqrt((1 - rho) Σ w² + rho (Σ w)²).
    """
    check_to(to)
    if not 0.0 <= as_number(rho) <= 1.0:
        raise ParameterError("rho is out of range", ["give a correlation from 0 to 1"])
    ratings = read_goals(goals, caller="gas_t_score")
    weight = _weights(goals, ratings.goal, len(ratings.owner))
    levels = ratings.score[~np.isnan(ratings.score)]
    if not ((levels >= LOWEST) & (levels <= HIGHEST) & (levels == np.round(levels))).all():
        raise DataError(
            "gas_t_score needs whole attainment levels from -2 to 2; some scores are not, so this"
            " is another instrument: use goal_change, or rescale it by the scale's own rules."
        )
    start, finish = first_and_finish(ratings, to)
    owner, n = ratings.owner, len(ratings.people)
    both = ~np.isnan(start) & ~np.isnan(finish)
    T = [
        t_scores(ratings.sign * level, weight, owner, used, n, rho)
        for level, used in (
            (start, ~np.isnan(start)),
            (finish, ~np.isnan(finish)),
            (start, both),
            (finish, both),
        )
    ]
    columns = {
        "n_goals": np.bincount(owner[~np.isnan(finish)], minlength=n),
        "start": T[0],
        "finish": T[1],
        "change": T[3] - T[2],
    }
    frame = ratings.people.assign(**columns)
    return AttainmentScores(frame=frame[list(COLUMNS)], rho=float(rho), to=to)


def t_scores(
    level: FloatArray, weight: FloatArray, owner: IntArray, used: Any, n: int, rho: float
) -> FloatArray:
    """Combine the attainment levels of each parent's goals.

    Parameters
    ----------
    level : ndarray of shape (m,)
        Attainment of each goal, better positive.
    weight : ndarray of shape (m,)
        Weight of each goal, above 0.
    owner : ndarray of int, shape (m,)
        Parent of each goal.
    used : ndarray of bool, shape (m,)
        Which goals count.
    n : int
        Number of parents.
    rho : float
        Correlation between goals.

    Returns
    -------
    ndarray of shape (n,)
        T-scores; NaN for parents without a goal that counts.
    """
    w, of, x = weight[used], owner[used], level[used]
    total = np.bincount(of, weights=w, minlength=n)
    squares = np.bincount(of, weights=w**2, minlength=n)
    scored = np.bincount(of, weights=w * x, minlength=n)
    scale = np.sqrt((1.0 - rho) * squares + rho * total**2)
    T: FloatArray = EXPECTED + 10.0 * np.divide(
        scored, scale, out=np.full(n, np.nan), where=total > 0
    )
    return T


def _weights(goals: pd.DataFrame, goal: IntArray, m: int) -> FloatArray:
    """Give the weight of each goal; 1 where none is told."""
    weight = np.ones(m)
    if "weight" not in goals:
        return weight
    given = pd.to_numeric(goals["weight"], errors="coerce").fillna(1.0).to_numpy(dtype=np.float64)
    weight[goal] = given
    if not (given > 0).all() or (given != weight[goal]).any():
        raise DataError(
            "gas_t_score needs one weight above 0 for each goal: correct the column weight, or"
            " leave the goal out."
        )
    return weight
