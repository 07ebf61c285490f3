"""What a Cox model tells of itself: its account, summary, picture and baseline."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from rpcstats.survival.cox_estimates import CoxEstimates
from rpcstats.tables.summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class CoxAccount(CoxEstimates):
    """Estimates of a Cox model with what they say in words and pictures.

    Attributes
    ----------
    frame : HazardFrame
        Checked arrays of the data.
    beta, cov : ndarray
        Log hazard ratios and their covariance; the others as in `CoxEstimates`.
    """

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole fit.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_strata, n_cluster (the smallest number; missing without
            clusters), log_lik, log_lik_null, statistic, df and p_value of the likelihood-ratio
            test, aic, bic, ties, converged, n_missing.
        """
        from rpcstats.survival.cox_report import glance_of

        return glance_of(self)

    def summary(self, *, exponentiate: bool = True) -> Summary:
        """Give a readable account.

        Parameters
        ----------
        exponentiate : bool
            Whether to show hazard ratios.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        from rpcstats.survival.cox_report import summary_of

        return summary_of(self, exponentiate=exponentiate)

    def plot(self, ax: "Axes | None" = None, *, exponentiate: bool = True) -> "Axes":
        """Draw the coefficients with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, narrowed to make room for the names; a new figure if not given.
        exponentiate : bool
            Whether to show hazard ratios, on a logarithmic scale.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.

        Raises
        ------
        ParameterError
            If there is no coefficient.
        """
        from rpcstats.survival.cox_report import draw_coefficients

        return draw_coefficients(self, ax, exponentiate=exponentiate)

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
