"""How well predicted risks agree with what was seen, and how that is read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import chi_square_p, normal_quantile, survival_interval
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    DF,
    ESTIMATE,
    GROUP,
    MEASURE,
    N_EVENT,
    P_VALUE,
    STATISTIC,
    STD_ERROR,
)
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_CURVE = 101


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Calibration(Summarised):
    """Predicted risk by a time beside the risk seen, by groups and smoothly.

    Attributes
    ----------
    time : float
        The time.
    group_size, group_events : ndarray of shape (g,), int
        Rows of each group of similar predictions, and their events by that time.
    predicted, observed, observed_error : ndarray of shape (g,)
        Mean predicted risk, 1 less the Kaplan-Meier curve of the group, its standard error; NaN
        where the group is not followed so long.
    risk, smoothed : ndarray of shape (n,)
        Predicted risk of each row, and the risk seen at such predictions, by a spline.
    weights : ndarray of shape (n,)
        Case weights.
    slope, slope_error : float
        Log hazard ratio of the linear predictor, 1 where it is on the right scale, and its
        standard error.
    ratio, ratio_error : float
        Risk seen in all rows over the mean predicted.
    n_obs, n_event, n_missing : int
        Rows, events at any time, rows left out because a value was missing.
    conf_level : float
        Level of the intervals.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    time: float
    group_size: IntArray
    group_events: IntArray
    predicted: FloatArray
    observed: FloatArray
    observed_error: FloatArray
    risk: FloatArray
    smoothed: FloatArray
    weights: FloatArray
    slope: float
    slope_error: float
    ratio: float
    ratio_error: float
    n_obs: int
    n_event: int
    n_missing: int
    conf_level: float
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row a group, those of lowest predicted risk first.

        Returns
        -------
        pandas.DataFrame
            Columns group, n_obs, n_event (by the time), predicted, estimate (risk seen),
            std_error, conf_low, conf_high (on the log-log scale of survival).
        """
        S = 1.0 - self.observed
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = survival_interval(S, self.observed_error / S, "log-log", self.conf_level)
        return pd.DataFrame(
            {
                GROUP: np.arange(1, len(S) + 1),
                "n_obs": self.group_size.copy(),
                N_EVENT: self.group_events.copy(),
                "predicted": self.predicted.copy(),
                ESTIMATE: self.observed.copy(),
                STD_ERROR: self.observed_error.copy(),
                CONF_LOW: 1.0 - high,
                CONF_HIGH: 1.0 - low,
            }
        )

    def curve(self) -> pd.DataFrame:
        """Give the smoothed risk seen along the predicted risk.

        Returns
        -------
        pandas.DataFrame
            Columns predicted, estimate: 101 places, evenly from the lowest prediction to the
            highest.
        """
        distinct, first = np.unique(self.risk, return_index=True)
        places = np.linspace(distinct[0], distinct[-1], _CURVE)
        read = np.interp(places, distinct, self.smoothed[first])
        return pd.DataFrame({"predicted": places, ESTIMATE: read})

    def errors(self) -> dict[str, float]:
        """Measure how far the smoothed risk is from the predicted one.

        Returns
        -------
        dict
            `ici`, the mean distance over rows (integrated calibration index), `e50` and `e90`,
            its median and ninth decile, `e_max`, the largest.
        """
        gap = np.abs(self.smoothed - self.risk)
        e50, e90 = np.quantile(gap, [0.5, 0.9])
        ici = float(np.average(gap, weights=self.weights))
        return {"ici": ici, "e50": float(e50), "e90": float(e90), "e_max": float(gap.max())}

    def test(self) -> tuple[float, int]:
        """Compare predicted and observed risk of the groups.

        Returns
        -------
        statistic : float
            Sum over groups of squared differences over Greenwood's variance; groups without
            events, or not followed so long, are left out.
        df : int
            Groups counted, less 1.

        Notes
        -----
        Greenwood, Nam and D'Agostino's test (Demler, Paynter and Cook 2015).
        """
        kept = np.isfinite(self.observed_error) & (self.observed_error > 0)
        gap = self.observed[kept] - self.predicted[kept]
        return float(np.sum((gap / self.observed_error[kept]) ** 2)), int(kept.sum()) - 1

    def glance(self) -> pd.DataFrame:
        """Give the calibration in one row.

        Returns
        -------
        pandas.DataFrame
            Columns time, ici, e50, e90, e_max, slope, ratio (seen over predicted), statistic, df
            and p_value of the test over groups, n_obs, n_event, n_missing.
        """
        statistic, df = self.test()
        row = {
            "time": self.time,
            **self.errors(),
            "slope": self.slope,
            "ratio": self.ratio,
            STATISTIC: statistic if df > 0 else np.nan,
            DF: df,
            P_VALUE: float(chi_square_p(statistic, df)) if df > 0 else np.nan,
            "n_obs": self.n_obs,
            N_EVENT: self.n_event,
            "n_missing": self.n_missing,
        }
        return pd.DataFrame([row])

    def measures(self) -> pd.DataFrame:
        """Give slope and ratio with their intervals.

        Returns
        -------
        pandas.DataFrame
            Columns measure (slope, ratio), estimate, std_error, conf_low, conf_high.
        """
        estimate = np.array([self.slope, self.ratio])
        error = np.array([self.slope_error, self.ratio_error])
        half = normal_quantile(self.conf_level) * error
        columns = (["slope", "ratio"], estimate, error, estimate - half, estimate + half)
        names = (MEASURE, ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH)
        return pd.DataFrame(dict(zip(names, columns, strict=True)))

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        heading = f"Calibration of predicted risk by time {self.time:g}"
        frames = (self.tidy(), self.measures(), self.glance())
        return Summary(heading, frames, " ".join(self.remarks))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the risk seen against the risk predicted, by groups and smoothly.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            The axes.
        """
        from rpcstats.figures.prediction_checks import calibration_curve

        return calibration_curve(self.tidy(), self.curve(), ax=ax)
