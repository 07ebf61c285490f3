"""What the change of every parent's goals tells: one row each, and classes to publish."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import check_conf_level
from rpcstats._vocabulary import BASE, BASE_LABEL, CHANGE, CHANGE_CLASSES, N
from rpcstats._wording import decimals_for, number, sentence_case
from rpcstats.errors import ParameterError
from rpcstats.goals.bases import BASE_LABELS, Base, in_base, with_shares
from rpcstats.goals.change_classes import ChangeClasses
from rpcstats.goals.goal_ratings import FloatArray, To
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROUNDING: Final = 1e-9
"""A mean of thirds may miss a threshold by the last digit."""

FINISH_WORDS: Final[dict[To, str]] = {
    "end": "the end form",
    "last": "the end form, or the last rating seen where none was returned",
}
NOT_KNOWN: Final = "not rated since the start"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class GoalChange(Summarised):
    """Change of every parent, in points, better positive.

    Attributes
    ----------
    frame : DataFrame
        Columns `PARENT_CHANGES`, a row a parent.
    to : {"end", "last"}
        What the change runs to.
    instrument : str
        Key of the instrument.
    """

    frame: pd.DataFrame
    to: To
    instrument: str

    def tidy(self) -> pd.DataFrame:
        """Give one row per parent.

        Returns
        -------
        DataFrame
            episode_id, cluster_id; n_goals set and n_rated at both ends; start and finish, the
            parent's mean score over the goals rated at both ends (over all goals set if there
            is none, and finish missing then); mean, best and worst change of a goal; is_due,
            completed, answered. About single parents: never for release.
        """
        return self.frame.copy()

    def glance(self) -> pd.DataFrame:
        """Give one row about all parents whose course was due to end.

        Returns
        -------
        DataFrame
            Columns instrument, to, n_obs (starters due), n_rated (with a change), n_not_due,
            mean and sd of the parents' mean change.
        """
        due = self.frame[self.frame["is_due"]]
        row = {
            "instrument": self.instrument,
            "to": self.to,
            "n_obs": len(due),
            "n_rated": int(due["mean"].notna().sum()),
            "n_not_due": len(self.frame) - len(due),
            "mean": due["mean"].mean(),
            "sd": due["mean"].std(),
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account, of no single parent.

        Returns
        -------
        Summary
            The classes of change of all starters.
        """
        row = self.glance().iloc[0]
        remark = (
            f"Points, better positive, from the first rating to {FINISH_WORDS[self.to]}."
            f" {row['n_rated']:,} of {counted(int(row['n_obs']), 'starter')} have a change;"
            f" {row['n_not_due']:,} more were still on the course and are not counted."
        )
        return Summary("Change of goals, mean over each parent's", (self.classes().tidy(),), remark)

    def classes(
        self,
        *,
        base: Base = "starters",
        breaks: tuple[float, ...] = (-1.0, 1.0, 2.0, 3.0),
        conf_level: float = 0.95,
    ) -> ChangeClasses:
        """Count parents by how far their goals moved.

        Parameters
        ----------
        base : {"answered", "completers", "starters"}
            Whom to count.
        breaks : tuple of float
            Ends of the classes, in points, rising. A break below 0 belongs to the class
            under it, one above 0 to the class over it.
        conf_level : float
            Level of the limits.

        Returns
        -------
        ChangeClasses
            Counts, with those not rated since the start as a class of their own.

        Raises
        ------
        ParameterError
            If an option is unknown or out of range.
        """
        check_conf_level(conf_level)
        if not len(breaks) or not np.all(np.diff(breaks) > 0):
            raise ParameterError("breaks do not rise", ["give rising numbers, such as (-1, 1, 2)"])
        people = self.frame[in_base(self.frame, base)]
        labels = _class_labels(breaks)
        place = _class_of(people["mean"].to_numpy(dtype=np.float64), breaks)
        counts = np.bincount(place, minlength=len(labels))
        frame = pd.DataFrame({CHANGE: labels, BASE_LABEL: BASE_LABELS[base], N: counts})
        frame = with_shares(frame.assign(**{BASE: len(people)}), conf_level=conf_level)
        return ChangeClasses(
            frame=frame[list(CHANGE_CLASSES)],
            heading="Parents by the mean change of their goals",
            remark=f"From the first rating to {FINISH_WORDS[self.to]}.",
            conf_level=conf_level,
        )

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Draw how many parents changed how far.

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


def _class_of(mean: FloatArray, breaks: tuple[float, ...]) -> Any:
    ends = np.array([b + ROUNDING if b < 0 else b - ROUNDING for b in breaks])
    return np.where(np.isnan(mean), len(breaks) + 1, np.searchsorted(ends, mean))


def _class_labels(breaks: tuple[float, ...]) -> list[str]:
    ends = (-np.inf, *breaks, np.inf)
    labels = [_class_words(low, high) for low, high in pairwise(ends)]
    return [*map(sentence_case, labels), sentence_case(NOT_KNOWN)]


def _class_words(low: float, high: float) -> str:
    """Name the scores from `low` (in, unless below 0) to `high` (out, unless below 0)."""
    if low == 0 or high == 0:
        return _words_at_zero(low, high)
    if low > 0:
        return f"up {_points(low)} or more" if high == np.inf else f"up {_span(low, high)}"
    if high < 0:
        return f"down {_points(-high)} or more" if low == -np.inf else f"down {_span(-high, -low)}"
    if -low == high:
        return f"moved by less than {_points(high)}"
    down = "down" if low == -np.inf else f"down by less than {_points(-low)}"
    up = "up" if high == np.inf else f"up by less than {_points(high)}"
    return f"{down}, the same, or {up}"


def _words_at_zero(low: float, high: float) -> str:
    """Name a class that ends at no change, which belongs to the class over it."""
    if high == 0:
        return "down" if low == -np.inf else f"down by less than {_points(-low)}"
    return "the same, or up" + ("" if high == np.inf else f" by less than {_points(high)}")


def _span(low: float, high: float) -> str:
    return f"{_points(low)} to under {_points(high)}"


def _points(value: float) -> str:
    return number(value, decimals=decimals_for([value]))
