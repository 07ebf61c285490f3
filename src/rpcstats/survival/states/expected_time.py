"""Mean time spent in each state up to a horizon."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_number
from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STATE, STD_ERROR, STRATA
from rpcstats.errors import ParameterError
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival.states._functionals import row_influence, worth_of_time
from rpcstats.survival.states._occupation import occupation_steps
from rpcstats.survival.states._state_counts import Graph, Stays, count_states
from rpcstats.survival.states.state_curves import StateCurve, is_one_cluster
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.states.state_occupation import MultiState

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class ExpectedTime(Summarised):
    """Mean time in each state up to tau, by group.

    Attributes
    ----------
    states, strata : tuple of str
        Names of the s states and labels of the g groups.
    estimate : ndarray of shape (g, s)
        Means; NaN for a group followed for less than tau.
    covariance : tuple of ndarray of shape (s, s)
        Of the means of each group.
    tau : float
        Horizon.
    conf_level : float
        Level of the intervals.
    n_missing : int
        Rows left out because the person had a missing value.
    remarks : tuple of str
        What a reader has to know.
    """

    states: tuple[str, ...]
    strata: tuple[str, ...]
    estimate: FloatArray
    covariance: tuple[FloatArray, ...]
    tau: float
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per group and state.

        Returns
        -------
        pandas.DataFrame
            Columns strata, state, estimate, std_error, conf_low, conf_high; limits are kept
            between 0 and tau.
        """
        variance = np.array([np.diagonal(V) for V in self.covariance])
        error = np.sqrt(np.maximum(variance, 0.0)).ravel()
        estimate = self.estimate.ravel()
        half = normal_quantile(self.conf_level) * error
        return pd.DataFrame(
            {
                STRATA: np.repeat(np.array(self.strata, dtype=object), len(self.states)),
                STATE: np.tile(np.array(self.states, dtype=object), len(self.strata)),
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
            Columns n_state, n_group, n_missing, tau, conf_level.
        """
        row = {
            "n_state": len(self.states),
            "n_group": len(self.strata),
            "n_missing": self.n_missing,
            "tau": self.tau,
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
        note = f"{self.conf_level:.0%} normal intervals, jackknife errors."
        heading = f"Mean time in each state up to {self.tau:g}"
        return Summary(heading, (self.tidy(),), " ".join((note, *self.remarks)))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the means with their intervals.

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

        frame = self.tidy()
        return forest_axes(
            frame,
            ax=ax,
            label=STATE,
            group=STRATA if len(self.strata) > 1 else None,
            percent=False,
            value_label=f"Mean time up to {self.tau:g} ({self.conf_level:.0%} interval)",
        )


def expected_time(fit: "MultiState", tau: float) -> ExpectedTime:
    """Estimate the mean time in each state up to tau.

    Parameters
    ----------
    fit : MultiState
        Estimated occupation.
    tau : float
        Horizon, above 0, in the unit of time.

    Returns
    -------
    ExpectedTime
        Areas under the occupation curves; infinitesimal-jackknife errors.

    Raises
    ------
    ParameterError
        If tau is out of range, or no group was followed so long.
    """
    if not (np.isfinite(as_number(tau)) and tau > 0):
        raise ParameterError("tau is out of range", ["give a finite horizon above 0"])
    areas = [
        _one_group(curve, fit.stays_of(group), fit.history.graph, float(tau))
        for group, curve in enumerate(fit.curves)
    ]
    means = np.array([mean for mean, _ in areas])
    if np.isnan(means).all():
        raise ParameterError(
            f"tau = {tau:g} is beyond the end of follow-up",
            ["give a tau that is reached in one group at least"],
        )
    means.setflags(write=False)
    return ExpectedTime(
        states=fit.states,
        strata=fit.strata,
        estimate=means,
        covariance=tuple(V for _, V in areas),
        tau=float(tau),
        conf_level=fit.conf_level,
        n_missing=fit.n_missing,
        remarks=fit.remarks,
    )


def _one_group(
    curve: StateCurve, stays: Stays, graph: Graph, tau: float
) -> tuple[FloatArray, FloatArray]:
    s = graph.n_state
    if not curve.known(np.array([tau]))[0]:
        return np.full(s, np.nan), np.full((s, s), np.nan)
    counts = count_states(stays, graph)
    steps = occupation_steps(counts, graph, curve.at_start)
    worth = worth_of_time(counts.time[steps.is_event], steps, tau)
    influence = row_influence(
        stays,
        counts,
        steps,
        graph,
        worth,
        is_p0_estimated=bool((curve.at_start_error != 0).any()),
    )
    V = clustered_covariance(influence, stays.clusters)
    if is_one_cluster(stays.clusters):
        V[:] = np.nan
    V.setflags(write=False)
    return curve.at_start @ worth.at_start, V
