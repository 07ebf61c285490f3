"""Couples of whom both parents take part: one row a couple, one row a parent with a partner."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from rpcstats._numerics.arguments import as_number
from rpcstats._numerics.intervals import check_conf_level
from rpcstats._vocabulary import BASE, BASE_LABEL, CHANGE, CHANGE_CLASSES, N
from rpcstats.errors import DataError, ParameterError
from rpcstats.goals.bases import with_shares
from rpcstats.goals.change import change_of, check_to
from rpcstats.goals.change_classes import ChangeClasses
from rpcstats.goals.goal_ratings import To, read_goals
from rpcstats.goals.parent_change import ROUNDING
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BASE_WORDS: Final = "couples both of whom started"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class CoupleChange(Summarised):
    """Change of both partners of every couple.

    Attributes
    ----------
    frame : DataFrame
        A row a couple: couple_id, first and second (mean change of each partner's goals).
    n_single : int
        Parents due whose partner is not in the programme, or has not started or is not due.
    threshold : float
        Mean change that counts as progress.
    conf_level : float
        Level of the limits.
    """

    never_released: ClassVar[str] = (
        "It holds a row a couple and stays in the office: disclose what its classes() gives."
    )

    frame: pd.DataFrame
    n_single: int
    threshold: float
    conf_level: float

    def tidy(self) -> pd.DataFrame:
        """Give one row per couple.

        Returns
        -------
        DataFrame
            Columns couple_id, first, second: by sex where a couple has one of each, else in the
            order of the frame. About single families: never for release.
        """
        return self.frame.copy()

    def glance(self) -> pd.DataFrame:
        """Give one row about all couples.

        Returns
        -------
        DataFrame
            Columns n_obs (couples), n_both_rated, n_single, threshold, correlation of the two
            changes (Pearson).
        """
        both = self.frame.dropna()
        spread = len(both) > 2 and both[["first", "second"]].std().min() > 0
        row = {
            "n_obs": len(self.frame),
            "n_both_rated": len(both),
            "n_single": self.n_single,
            "threshold": self.threshold,
            "correlation": both["first"].corr(both["second"]) if spread else np.nan,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account, of no single couple.

        Returns
        -------
        Summary
            How many couples made progress together.
        """
        remark = f"{self.n_single:,} parents without a partner in the programme are not counted."
        return Summary("Progress of couples", (self.classes().tidy(),), remark)

    def classes(self) -> ChangeClasses:
        """Count couples by which of the two made progress.

        Returns
        -------
        ChangeClasses
            Both, one of the two, neither, and not both rated.
        """
        pair = self.frame[["first", "second"]].to_numpy(dtype=np.float64)
        n_up = (pair >= self.threshold - ROUNDING).sum(axis=1)
        place = np.where(np.isnan(pair).any(axis=1), 3, 2 - n_up)
        up = f"up {self.threshold:g} or more"
        labels = [f"Both {up}", f"One of the two {up}", "Neither", "Not both rated since the start"]
        counts = np.bincount(place, minlength=4)
        frame = pd.DataFrame({CHANGE: labels, BASE_LABEL: BASE_WORDS, N: counts})
        frame = with_shares(frame.assign(**{BASE: len(pair)}), conf_level=self.conf_level)
        return ChangeClasses(
            frame=frame[list(CHANGE_CLASSES)],
            heading="Couples by progress of the two",
            remark="Mean change of each parent's goals.",
            conf_level=self.conf_level,
        )

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Draw one dot a couple, for those who may see the records.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.
        **options
            As `figures.couples.couple_dots` takes them; `classes` has a picture for release.

        Returns
        -------
        matplotlib.axes.Axes
            The axes; ``.figure`` is the picture.
        """
        from rpcstats.figures.couples import couple_dots

        return couple_dots(self.frame.dropna(), ax=ax, threshold=self.threshold, **options)


def couple_change(
    goals: Any, *, threshold: float = 1.0, to: To = "last", conf_level: float = 0.95
) -> CoupleChange:
    """Set the change of the two partners of each couple side by side.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as `goal_scores` gives them.
    threshold : float
        Mean change of a parent's goals that counts as progress, in points.
    to : {"end", "last"}
        What the change runs to, as in `goal_change`.
    conf_level : float
        Level of the limits.

    Returns
    -------
    CoupleChange
        A row a couple both of whom started and were due to end.

    Raises
    ------
    DataError
        If the frame breaks a condition, a couple has more than two parents, or there is none.
    ParameterError
        If an option is unknown or out of range.
    """
    check_conf_level(conf_level)
    if not as_number(threshold) > 0:
        raise ParameterError("threshold is out of range", ["give points above 0"])
    parents, n_single = paired_parents(goals, to=to, caller="couple_change")
    first, second = (parents.iloc[place::2].reset_index(drop=True) for place in (0, 1))
    frame = pd.DataFrame(
        {"couple_id": first["couple_id"], "first": first["mean"], "second": second["mean"]}
    )
    return CoupleChange(
        frame=frame, n_single=n_single, threshold=float(threshold), conf_level=conf_level
    )


def paired_parents(
    goals: Any, *, to: To, caller: str, further: tuple[str, ...] = ()
) -> tuple[pd.DataFrame, int]:
    """Give the parents due of couples both of whom are due, two rows a couple.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`.
    to : {"end", "last"}
        What a change runs to.
    caller : str
        Name of the public function, for messages.
    further : tuple of str
        Further columns wanted, which tell one thing of a parent.

    Returns
    -------
    frame : DataFrame
        Columns of `goal_change`, couple_id, sex and `further`; the two rows of a couple follow
        each other, women first where a couple has a man and a woman.
    n_single : int
        Parents due without such a partner.

    Raises
    ------
    DataError
        If the frame breaks a condition, a couple has more than two parents, or there is none.
    """
    check_to(to)
    wanted = tuple(dict.fromkeys(("couple_id", "sex", *further)))
    ratings = read_goals(goals, caller=caller, further=wanted)
    frame = change_of(ratings, to).frame
    frame = frame.assign(**{name: ratings.people[name] for name in wanted})
    due = frame[frame["is_due"]]
    sizes = due.groupby("couple_id", observed=True)["episode_id"].transform("size")
    if (sizes > 2).any():
        n_large = due.loc[sizes > 2, "couple_id"].nunique()
        raise DataError(
            f"{caller} found {n_large:,} couples of more than two parents (or courses): give each"
            " couple an id of its own, and each parent one course."
        )
    pairs = due[sizes == 2]
    if not len(pairs):
        raise DataError(
            f"{caller} found no couple both of whom started and were due to end: of"
            f" {len(due):,} parents {int(due['couple_id'].notna().sum()):,} have a couple_id. A"
            " couple with one parent on the programme tells nothing of the two together."
        )
    place = pairs.assign(
        _couple=pd.factorize(pairs["couple_id"])[0],
        _second=pairs["sex"].astype(object).ne("female"),
    ).sort_values(["_couple", "_second"], kind="stable")
    rows = place.drop(columns=["_couple", "_second"]).reset_index(drop=True)
    return rows, len(due) - len(pairs)
