"""Log-rank test of groups: the result."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import chi_square_p
from rpcstats._vocabulary import DF, N_EVENT, P_VALUE, STATISTIC, STRATA, ReleaseKind
from rpcstats.survival.nonparametric._score_test import (
    TimeWeight,
)
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class LogrankTest(Summarised):
    """Test of equal hazards in two groups or more.

    Attributes
    ----------
    strata : tuple of str
        Labels of the groups compared.
    n_obs : ndarray of shape (k,), int
        Rows of each group.
    observed, expected : ndarray of shape (k,)
        Weighted events seen, and expected if the hazards were equal.
    V : ndarray of shape (k, k)
        Covariance of observed - expected.
    statistic : float
        Chi-square statistic; NaN if no event could tell the groups apart.
    df : int
        Its degrees of freedom.
    n_event : int
        Events in all groups.
    rho, gamma : float
        Exponents of the Fleming-Harrington weight.
    weighting : str
        Name of the weight of each time.
    is_weighted, is_robust : bool
        Whether case weights and the robust variance were used.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    release_kind: ClassVar[ReleaseKind] = "test"

    strata: tuple[str, ...]
    n_obs: NDArray[np.int64]
    observed: FloatArray
    expected: FloatArray
    V: FloatArray
    statistic: float
    df: int
    n_event: int
    rho: float
    gamma: float
    n_missing: int
    weighting: TimeWeight = "fleming-harrington"
    is_weighted: bool = False
    is_robust: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def p_value(self) -> float:
        """Upper tail of the chi-square distribution; NaN without degrees of freedom."""
        return float(chi_square_p(self.statistic, self.df)) if self.df else np.nan

    def tidy(self) -> pd.DataFrame:
        """Give one row per group.

        Returns
        -------
        pandas.DataFrame
            Columns strata, n_obs, observed, expected.
        """
        return pd.DataFrame(
            {
                STRATA: list(self.strata),
                "n_obs": self.n_obs.copy(),
                "observed": self.observed.copy(),
                "expected": self.expected.copy(),
            }
        )

    def glance(self) -> pd.DataFrame:
        """Give the test in one row.

        Returns
        -------
        pandas.DataFrame
            Columns statistic, df, p_value, n_obs, n_event, n_group, n_missing.
        """
        return pd.DataFrame(
            {
                STATISTIC: [self.statistic],
                DF: [self.df],
                P_VALUE: [self.p_value],
                "n_obs": [int(self.n_obs.sum())],
                N_EVENT: [self.n_event],
                "n_group": [len(self.strata)],
                "n_missing": [self.n_missing],
            }
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        weight = f" (rho {self.rho:g}, gamma {self.gamma:g})" if self.rho or self.gamma else ""
        if self.weighting != "fleming-harrington":
            weight = f" ({self.weighting} weight)"
        lost = f"{counted(self.n_missing, 'row')} with missing values left out."
        robust = ("The variance is robust.",) if self.is_robust else ()
        remark = " ".join([lost, *robust, *self.remarks])
        return Summary(f"Log-rank test{weight}", (self.tidy(), self.glance()), remark)

    def plot(self, ax: "Axes | None" = None, *, conf_level: float = 0.95) -> "Axes":
        """Draw observed less expected events of each group, with intervals.

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
        from rpcstats.survival.nonparametric.score_pictures import draw_excess

        return draw_excess(self.excess(conf_level), ax, conf_level)

    def excess(self, conf_level: float = 0.95) -> pd.DataFrame:
        """Give observed less expected events with intervals of each group by itself.

        Parameters
        ----------
        conf_level : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            Columns strata, observed, expected, estimate, conf_low, conf_high.
        """
        from rpcstats.survival.nonparametric.score_pictures import excess_rows

        excess = self.observed - self.expected
        return excess_rows(self.strata, self.observed, excess, np.diag(self.V), conf_level)
