"""Mean cumulative functions: what was estimated and how it is read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_CENSOR,
    N_EVENT,
    N_RISK,
    STD_ERROR,
    STRATA,
    TIME,
)
from rpcstats.survival.states.group_frames import wanted_times
from rpcstats.survival.states.mean_curves import MeanCurves
from rpcstats.survival.states.recurrent_sample import RecurrentSample
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.states.mean_difference import MeanDifference
    from rpcstats.survival.states.rate_test import RateTest

FloatArray = NDArray[np.float64]
MeanConfType = Literal["log", "plain"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class MeanCumulative(MeanCurves, Summarised):
    """Mean number of events of a person by each time, by group.

    Attributes
    ----------
    strata : tuple of str
        Label of each group; "all" if there is one curve. Times and counts are those of
        `MeanCurves`.
    sample : RecurrentSample
        The rows.
    conf_type, conf_level : str, float
        Scale and level of the limits.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader has to know.
    """

    strata: tuple[str, ...]
    sample: RecurrentSample
    conf_type: MeanConfType
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per group and distinct time.

        Returns
        -------
        pandas.DataFrame
            Columns strata, time, n_risk, n_event, n_censor, estimate, std_error, conf_low,
            conf_high. `n_censor` counts rows that no event ends, among them the last of each
            person.
        """
        kind = np.int64 if self.sample.weights is None else np.float64
        estimate = self.estimate
        low, high = self._limits(estimate, self.std_error)
        return pd.DataFrame(
            {
                STRATA: np.repeat(np.array(self.strata, dtype=object), np.diff(self.start)),
                TIME: self.time.copy(),
                N_RISK: self.at_risk.astype(kind),
                N_EVENT: self.happened.astype(kind),
                N_CENSOR: self.left.astype(kind),
                ESTIMATE: estimate.copy(),
                STD_ERROR: self.std_error.copy(),
                CONF_LOW: low,
                CONF_HIGH: high,
            }
        )

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_id, n_event, n_group, n_missing, conf_level.
        """
        row = {
            "n_obs": self.sample.n_obs,
            "n_id": self.sample.n_person,
            N_EVENT: int(self.group_events.sum()),
            "n_group": len(self.strata),
            "n_missing": self.n_missing,
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Read the curves at given times.

        Parameters
        ----------
        times : array_like
            Times, 0 or more.

        Returns
        -------
        pandas.DataFrame
            Columns strata, time, n_risk, estimate, std_error, conf_low, conf_high; NaN after
            the last time of a group, for nothing is known there.

        Raises
        ------
        ParameterError
            If a time is negative or not a number.
        """
        wanted = wanted_times(times)
        frames = []
        for group, label in enumerate(self.strata):
            estimate, error = self.read(group, wanted)
            low, high = self._limits(estimate, error)
            a, b = int(self.start[group]), int(self.start[group + 1])
            following = np.searchsorted(self.time[a:b], wanted, side="left")
            frames.append(
                pd.DataFrame(
                    {
                        STRATA: label,
                        TIME: wanted,
                        N_RISK: np.append(self.at_risk[a:b], 0.0)[following],
                        ESTIMATE: estimate,
                        STD_ERROR: error,
                        CONF_LOW: low,
                        CONF_HIGH: high,
                    }
                )
            )
        return pd.concat(frames, ignore_index=True)

    def difference(self, times: ArrayLike | None = None) -> "MeanDifference":
        """Compare the means with those of the first group.

        Parameters
        ----------
        times : array_like, optional
            Times, 0 or more; every time at which one of the two curves rises if not given.

        Returns
        -------
        MeanDifference
            Differences with standard errors, at each time.

        Raises
        ------
        FormulaError
            If there is one group.
        ParameterError
            If a time is negative or not a number.
        """
        from rpcstats.survival.states.mean_difference import mean_difference

        return mean_difference(self, times)

    def test(self) -> "RateTest":
        """Test whether all groups have events at the same rate.

        Returns
        -------
        RateTest
            Observed and expected events, and a robust log-rank test.

        Raises
        ------
        FormulaError
            If there is one group.
        """
        from rpcstats.survival.states.rate_test import rate_test

        return rate_test(self)

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        last = self.start[1:] - 1
        estimate = self.estimate[last]
        low, high = self._limits(estimate, self.std_error[last])
        frame = pd.DataFrame(
            {
                STRATA: list(self.strata),
                "n_id": self.group_persons,
                N_EVENT: self.group_events,
                TIME: self.time[last],
                ESTIMATE: estimate,
                STD_ERROR: self.std_error[last],
                CONF_LOW: low,
                CONF_HIGH: high,
            }
        )
        note = f"Events a person by the last time, {self.conf_level:.0%} intervals."
        return Summary("Mean cumulative function", (frame,), " ".join((note, *self.remarks)))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the curves with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.cumulative_hazards import cumulative_hazards

        return cumulative_hazards(self.tidy(), ax=ax, xlabel="Time", ylabel="Events a person")

    def _limits(self, estimate: FloatArray, error: FloatArray) -> tuple[FloatArray, FloatArray]:
        half = normal_quantile(self.conf_level) * error
        if self.conf_type == "plain":
            return np.maximum(estimate - half, 0.0), estimate + half
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.exp(half / estimate)
            return estimate / ratio, estimate * ratio
