"""An estimate that says what it estimates, of whom, and what it assumes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import pandas as pd

from rpcstats._vocabulary import ESTIMAND_MEANINGS, ReleaseKind
from rpcstats.tables.summary import Summarised, Summary, counted

Estimand = Literal["E5a", "E5b", "E5c"]

MEANINGS: Final = ESTIMAND_MEANINGS
"""Whose change each estimand is about."""

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class EstimandResult(Summarised):
    """Change, or the chance of progress, under one estimand by one method.

    Attributes
    ----------
    estimand : {"E5a", "E5b", "E5c"}
        Treatment policy, hypothetical, or descriptive.
    method : str
        How it was estimated, in words.
    assumption : str
        What has to hold for the estimate to mean what it says, in words.
    frame : DataFrame
        Columns `ESTIMANDS`, a row a measure: ``mean change`` in points, ``progress`` as a share.
    n_obs, n_missing : int
        Parents the estimate is about; how many of them have no rating of their end.
    n_group : int
        Clusters.
    conf_level : float
        Level of the limits.
    span : float
        Length of the scale in points, which says how far one parent can move a mean; not a
        number if not told, and then the result can't be released.
    remarks : tuple of str
        What a reader should know of the estimation, in plain sentences.
    """

    release_kind: ClassVar[ReleaseKind] = "estimates"

    estimand: Estimand
    method: str
    assumption: str
    frame: pd.DataFrame
    n_obs: int
    n_missing: int
    n_group: int
    conf_level: float
    span: float = float("nan")
    remarks: tuple[str, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """Give one row per measure.

        Returns
        -------
        pandas.DataFrame
            Columns `ESTIMANDS`: estimand, method, measure, estimate, std_error, df, conf_low,
            conf_high, n_obs, n_missing, assumption.
        """
        return self.frame.copy()

    def glance(self) -> pd.DataFrame:
        """Give one row about the estimate as a whole.

        Returns
        -------
        pandas.DataFrame
            Columns estimand, method, n_obs, n_missing, n_group, conf_level.
        """
        names = ("estimand", "method", "n_obs", "n_missing", "n_group", "conf_level")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        shown = self.frame.drop(columns=["estimand", "method", "assumption"])
        heading = f"{self.estimand}: {MEANINGS[self.estimand]}"
        remark = (
            f"{counted(self.n_obs, 'parent')} in {counted(self.n_group, 'cluster')},"
            f" {self.n_missing} without a rating of their end. {self.method}. {self.assumption}."
        )
        return Summary(heading, (shown,), " ".join([remark, *self.remarks]))

    def plot(
        self, ax: "Axes | None" = None, *, measure: str = "mean change", **options: Any
    ) -> "Axes":
        """Draw one measure with its interval.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.
        measure : {"mean change", "progress"}
            What is drawn.
        **options
            As `rpcstats.figures.estimand_forest.estimand_forest` takes them.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.estimand_forest import estimand_forest

        figure = estimand_forest(self.tidy(), ax=ax, measure=measure, **options)
        return figure.axes[0] if ax is None else ax
