"""Gray's test, cause by cause: the result."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import chi_square_p
from rpcstats._vocabulary import CAUSE, DF, N_EVENT, P_VALUE, STATISTIC, STRATA
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class GrayTest(Summarised):
    """Gray's test, for one cause after another.

    Attributes
    ----------
    strata : tuple of str
        Labels of the g groups compared.
    causes : tuple of str
        The k causes tested.
    n_obs : ndarray of shape (g,), int
        Rows of each group.
    n_event : ndarray of shape (k, g), int
        Events by cause and group.
    scores : ndarray of shape (k, g)
        Weighted events less those expected under one incidence curve.
    V : ndarray of shape (k, g, g)
        Covariance of the scores.
    statistic : ndarray of shape (k,)
        Chi-square statistics; NaN where nothing could be compared.
    df : ndarray of shape (k,), int
        Degrees of freedom.
    rho : float
        Exponent of the weight.
    n_missing : int
        Rows left out because a value was missing.
    conf_level : None
        A test has no intervals.
    remarks : tuple of str
        What a reader should know.
    """

    strata: tuple[str, ...]
    causes: tuple[str, ...]
    n_obs: IntArray
    n_event: IntArray
    scores: FloatArray
    V: FloatArray
    statistic: FloatArray
    df: IntArray
    rho: float
    n_missing: int
    remarks: tuple[str, ...]
    conf_level: None = None

    @property
    def p_value(self) -> FloatArray:
        """Upper tail of the chi-square distribution, cause by cause."""
        p = chi_square_p(self.statistic, np.maximum(self.df, 1))
        return np.where(self.df > 0, p, np.nan)

    def tidy(self) -> pd.DataFrame:
        """Give one row per cause.

        Returns
        -------
        pandas.DataFrame
            Columns cause, n_event, statistic, df, p_value.
        """
        return pd.DataFrame(
            {
                CAUSE: list(self.causes),
                N_EVENT: self.n_event.sum(axis=1),
                STATISTIC: self.statistic.copy(),
                DF: self.df.copy(),
                P_VALUE: self.p_value,
            }
        )

    def groups(self) -> pd.DataFrame:
        """Give one row per cause and group.

        Returns
        -------
        pandas.DataFrame
            Columns cause, strata, n_obs, n_event, score: above 0, more events than expected.
        """
        n_cause, n_group = len(self.causes), len(self.strata)
        return pd.DataFrame(
            {
                CAUSE: np.repeat(np.array(self.causes, dtype=object), n_group),
                STRATA: list(self.strata) * n_cause,
                "n_obs": np.tile(self.n_obs, n_cause),
                N_EVENT: self.n_event.ravel(),
                "score": self.scores.ravel(),
            }
        )

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_cause, n_group, n_missing, rho.
        """
        row = {
            "n_obs": int(self.n_obs.sum()),
            N_EVENT: int(self.n_event.sum()),
            "n_cause": len(self.causes),
            "n_group": len(self.strata),
            "n_missing": self.n_missing,
            "rho": self.rho,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        weight = f" (rho {self.rho:g})" if self.rho else ""
        return Summary(f"Gray's test{weight}", (self.tidy(), self.groups()), " ".join(self.remarks))

    def plot(self, ax: "Axes | None" = None, *, conf_level: float = 0.95) -> "Axes":
        """Draw weighted events less those expected, by cause and group, with intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, narrowed to make room for the words; a new figure if not given.
        conf_level : float
            Level of the intervals.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.survival.nonparametric.score_pictures import draw_excess, excess_rows

        parts = [
            excess_rows(self.strata, n_event, scores, np.diag(V), conf_level).assign(
                **{CAUSE: cause}
            )
            for cause, n_event, scores, V in zip(
                self.causes, self.n_event, self.scores, self.V, strict=True
            )
        ]
        # The scores are weighted, so that events less the score are no expected number.
        rows = pd.concat(parts, ignore_index=True).drop(columns="expected")
        under = "all groups had one cumulative incidence curve"
        return draw_excess(rows, ax, conf_level, group=CAUSE, under=under)
