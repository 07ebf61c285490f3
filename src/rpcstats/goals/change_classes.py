"""Parents, or couples, counted by how far their goals moved."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from rpcstats._vocabulary import BASE, BASE_LABEL, ReleaseKind
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class ChangeClasses(Summarised):
    """Counts of classes of change that share one base.

    Attributes
    ----------
    frame : DataFrame
        Columns `CHANGE_CLASSES`, a row a class; the classes add up to the base.
    heading : str
        What is counted.
    remark : str
        What a reader has to know.
    conf_level : float
        Level of the limits.
    """

    release_kind: ClassVar[ReleaseKind] = "counts"

    frame: pd.DataFrame
    heading: str
    remark: str
    conf_level: float

    def tidy(self) -> pd.DataFrame:
        """Give one row per class.

        Returns
        -------
        DataFrame
            Columns change, base_label, n, base, estimate, conf_low, conf_high.
        """
        return self.frame.copy()

    def glance(self) -> pd.DataFrame:
        """Give one row about all classes.

        Returns
        -------
        DataFrame
            Columns base_label, n_obs, conf_level.
        """
        first = self.frame.iloc[0]
        row = {
            "base_label": first[BASE_LABEL],
            "n_obs": int(first[BASE]),
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            The counts.
        """
        return Summary(self.heading, (self.frame,), self.remark)

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Draw the classes as bars.

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
