"""Mean time lost to each cause: the area under its incidence curve."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_number
from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_EVENT,
    STATE,
    STD_ERROR,
    STRATA,
)
from rpcstats.errors import ParameterError
from rpcstats.survival.competing.cause_contrasts import CauseContrasts
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.competing.incidence_curves import CumulativeIncidence

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class TimeLost(Summarised):
    """Restricted mean time lost to each cause, by group.

    Attributes
    ----------
    strata, causes : tuple of str
        Labels of the g groups and the k causes.
    estimate : ndarray of shape (k, g)
        Mean time lost up to tau; NaN for a group followed for less than tau.
    covariance : ndarray of shape (k, g, g)
        Covariance between groups, cause by cause.
    group_size : ndarray of shape (g,), int
        Rows of each group.
    group_events : ndarray of shape (g, k), int
        Rows of each group that left for each cause.
    tau : float
        Horizon.
    conf_level : float
        Level of the intervals.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader should know.
    """

    strata: tuple[str, ...]
    causes: tuple[str, ...]
    estimate: FloatArray
    covariance: FloatArray
    group_size: IntArray
    group_events: IntArray
    tau: float
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per group and cause.

        Returns
        -------
        pandas.DataFrame
            Columns strata, state (the cause), n_obs, n_event (of that cause), estimate,
            std_error, conf_low, conf_high.
        """
        n_group, n_cause = len(self.strata), len(self.causes)
        error = np.sqrt(self.covariance.diagonal(axis1=1, axis2=2)).T.ravel()
        estimate = self.estimate.T.ravel()
        half = normal_quantile(self.conf_level) * error
        return pd.DataFrame(
            {
                STRATA: np.repeat(np.array(self.strata, dtype=object), n_cause),
                STATE: list(self.causes) * n_group,
                "n_obs": np.repeat(self.group_size, n_cause),
                N_EVENT: self.group_events.ravel(),
                ESTIMATE: estimate,
                STD_ERROR: error,
                CONF_LOW: np.maximum(estimate - half, 0.0),
                CONF_HIGH: np.minimum(estimate + half, self.tau),
            }
        )

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_cause, n_group, n_missing, tau, conf_level.
        """
        row = {
            "n_obs": int(self.group_size.sum()),
            N_EVENT: int(self.group_events.sum()),
            "n_cause": len(self.causes),
            "n_group": len(self.strata),
            "n_missing": self.n_missing,
            "tau": self.tau,
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def difference(self) -> CauseContrasts:
        """Compare the time lost to each cause with that of the first group.

        Returns
        -------
        CauseContrasts
            Difference and ratio for every cause and group but the first.

        Raises
        ------
        ParameterError
            If there is one group.
        """
        return CauseContrasts.against_first(
            self,
            self.estimate.copy(),
            self.covariance.copy(),
            heading=f"Mean time lost up to {self.tau:g}, compared",
            horizon=self.tau,
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        remark = " ".join((f"{self.conf_level:.0%} normal intervals.", *self.remarks))
        return Summary(f"Mean time lost up to {self.tau:g}", (self.tidy(),), remark)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the times lost with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, narrowed to make room for the names; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.survival.competing.plots import dots_by_cause

        value = f"Mean time lost up to {self.tau:g} ({self.conf_level:.0%} interval)"
        return dots_by_cause(self.tidy(), ax=ax, label=STRATA, group=STATE, value_label=value)


def time_lost(fit: "CumulativeIncidence", tau: float) -> TimeLost:
    """Give the mean time lost to each cause up to tau.

    Parameters
    ----------
    fit : CumulativeIncidence
        The curves.
    tau : float
        Horizon, above 0.

    Returns
    -------
    TimeLost
        One value a group and cause.

    Raises
    ------
    ParameterError
        If tau is not above 0, or no group was followed so far.

    Notes
    -----
    The area under each incidence curve from 0 to tau (Andersen 2013); the areas and the
    restricted mean time without an event add up to tau.
    """
    if not 0 < as_number(tau) < np.inf:
        raise ParameterError("tau is out of range", ["give a finite horizon above 0"])
    reached = fit.rows.reaches(tau)
    if not reached.any():
        raise ParameterError(
            f"tau = {tau:g} is beyond the end of follow-up",
            ["give a tau that is reached, such as the number of sessions of the shortest course"],
        )
    scale = np.maximum(tau - fit.time, 0.0)
    sums = [fit.rows.sums(k, scale) for k in range(len(fit.causes))]
    estimate = np.stack([area for area, _ in sums])
    covariance = np.stack([between for _, between in sums])
    estimate[:, ~reached] = np.nan
    covariance[:, ~reached] = np.nan
    covariance[:, :, ~reached] = np.nan
    for values in (estimate, covariance):
        values.setflags(write=False)
    return TimeLost(
        strata=fit.strata,
        causes=fit.causes,
        estimate=estimate,
        covariance=covariance,
        group_size=fit.group_size,
        group_events=fit.group_events,
        tau=float(tau),
        conf_level=fit.conf_level,
        n_missing=fit.n_missing,
        remarks=fit.remarks,
    )
