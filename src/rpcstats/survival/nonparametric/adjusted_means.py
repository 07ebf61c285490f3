"""Restricted means as if every group had the covariates of all: the results."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    MEASURE,
    N_EVENT,
    STD_ERROR,
    STRATA,
    TERM,
)
from rpcstats.survival.nonparametric.restricted_mean import RestrictedMean
from rpcstats.survival.nonparametric.restricted_mean_difference import RestrictedMeanDifference
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
Adjustment = Literal["pseudo", "weighting"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class AdjustedMeans(Summarised):
    """Restricted means of each level of an exposure, standardised to everybody's covariates.

    Attributes
    ----------
    levels : tuple of str
        Levels of the exposure; the first is the reference.
    estimate : ndarray of shape (k,)
        Standardised restricted means.
    cov : ndarray of shape (k, k)
        Their robust covariance.
    n_obs, n_event : ndarray of shape (k,), int
        Rows and events of each level.
    effective : ndarray of shape (k,) or None
        Rows without weights that would tell as much; None without weighting.
    tau : float
        Horizon.
    method : str
        "pseudo" or "weighting".
    conf_level : float
        Level of the intervals.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    levels: tuple[str, ...]
    estimate: FloatArray
    cov: FloatArray
    n_obs: NDArray[np.int64]
    n_event: NDArray[np.int64]
    effective: FloatArray | None
    tau: float
    method: Adjustment
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give three rows for each level but the first.

        Returns
        -------
        pandas.DataFrame
            Columns term, measure ("difference", "ratio", "ratio of time lost"), estimate,
            std_error, statistic, p_value, conf_low, conf_high. The standard error of a ratio
            is that of its logarithm.
        """
        means = RestrictedMean(
            strata=self.levels,
            n_obs=self.n_obs,
            n_event=self.n_event,
            estimate=self.estimate,
            std_error=np.sqrt(np.diag(self.cov)),
            cov=self.cov,
            tau=self.tau,
            conf_level=self.conf_level,
            n_missing=self.n_missing,
            curves=pd.DataFrame,
        )
        return RestrictedMeanDifference(means=means).tidy()

    def means(self) -> pd.DataFrame:
        """Give one row per level.

        Returns
        -------
        pandas.DataFrame
            Columns strata, n_obs, n_event, estimate, std_error, conf_low, conf_high; with
            weighting also effective.
        """
        std_error = np.sqrt(np.diag(self.cov))
        half = normal_quantile(self.conf_level) * std_error
        frame = pd.DataFrame(
            {
                STRATA: list(self.levels),
                "n_obs": self.n_obs.copy(),
                N_EVENT: self.n_event.copy(),
                ESTIMATE: self.estimate.copy(),
                STD_ERROR: std_error,
                CONF_LOW: self.estimate - half,
                CONF_HIGH: self.estimate + half,
            }
        )
        return frame if self.effective is None else frame.assign(effective=self.effective)

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_group, n_missing, tau, method, conf_level.
        """
        row = {
            "n_obs": int(self.n_obs.sum()),
            N_EVENT: int(self.n_event.sum()),
            "n_group": len(self.levels),
            "n_missing": self.n_missing,
            "tau": self.tau,
            "method": self.method,
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        how = "regression on pseudo-values" if self.method == "pseudo" else "weighting"
        heading = f"Restricted means up to {self.tau:g}, adjusted by {how}"
        lost = f"{counted(self.n_missing, 'row')} with missing values left out."
        others = [remark for remark in self.remarks if remark != lost]
        remark = " ".join(["Robust standard errors.", lost, *others])
        return Summary(heading, (self.means(), self.tidy()), remark)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the adjusted differences with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, narrowed to make room for the names; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.forest import forest_axes

        frame = self.tidy().query(f"{MEASURE} == 'difference'")
        head = f"Difference ({self.conf_level:.0%} interval)"
        return forest_axes(frame, ax=ax, label=TERM, percent=False, reference=0.0, value_label=head)
