"""Survival curves that a proportional-hazards fit predicts for given covariates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_numbers, as_word
from rpcstats._numerics.intervals import (
    CONF_TYPES,
    ConfType,
    check_conf_level,
    survival_interval,
)
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STD_ERROR, STRATA, TIME
from rpcstats.errors import ParameterError
from rpcstats.survival.partial.arrange import arrange
from rpcstats.survival.prediction._hazard_steps import HazardSteps, ratio_of
from rpcstats.survival.prediction.new_rows import NewRows, encode_rows
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.cox_prediction import CoxPrediction

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

CURVE: str = "curve"
ROW: str = "row"
CUMULATIVE_HAZARD: str = "cumulative_hazard"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class PredictedCurves(Summarised):
    """Predicted survival, one curve for each new row (and stratum).

    Attributes
    ----------
    row : ndarray of shape (c,), int
        Row of the new data that each curve belongs to, from 0.
    strata : tuple of str
        Stratum of each curve.
    times : tuple of ndarray
        Times of each curve.
    cumulative_hazard, std_error : tuple of ndarray
        Cumulative hazard and its standard error, which is that of log S.
    conf_type : str
        Scale of the limits.
    conf_level : float
        Their level.
    """

    row: IntArray
    strata: tuple[str, ...]
    times: tuple[FloatArray, ...]
    cumulative_hazard: tuple[FloatArray, ...]
    std_error: tuple[FloatArray, ...]
    conf_type: ConfType
    conf_level: float

    def tidy(self) -> pd.DataFrame:
        """Give one row per curve and time.

        Returns
        -------
        pandas.DataFrame
            Columns row, strata, time, estimate (survival), std_error, conf_low, conf_high,
            cumulative_hazard. The standard error is that of the survival probability.
        """
        return pd.concat([self._frame(k) for k in range(len(self.row))], ignore_index=True)

    def glance(self) -> pd.DataFrame:
        """Give the settings in one row.

        Returns
        -------
        pandas.DataFrame
            Columns n_curve, conf_type, conf_level.
        """
        return pd.DataFrame(
            {
                "n_curve": [len(self.row)],
                "conf_type": [self.conf_type],
                "conf_level": [self.conf_level],
            }
        )

    def summary(self) -> Summary:
        """Give a readable account: each curve at its last time.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        last = self.tidy().groupby([ROW, STRATA], sort=False, observed=True).tail(1)
        remark = f"{self.conf_level:.0%} intervals on the {self.conf_type} scale."
        return Summary("Predicted survival", (last.reset_index(drop=True),), remark)

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
        from rpcstats.figures import step_curve

        frame = self.tidy()
        several = len(set(self.strata)) > 1
        names = frame[ROW].map(lambda place: f"row {place + 1}")
        frame[STRATA] = names + ", " + frame[STRATA] if several else names
        return step_curve(frame, ax=ax, at_risk=False, xlabel="Time", ylabel="No event yet")

    def _frame(self, k: int) -> pd.DataFrame:
        S = np.exp(-self.cumulative_hazard[k])
        low, high = survival_interval(S, self.std_error[k], self.conf_type, self.conf_level)
        known = self.std_error[k] > 0
        return pd.DataFrame(
            {
                ROW: self.row[k],
                STRATA: self.strata[k],
                TIME: self.times[k],
                ESTIMATE: S,
                STD_ERROR: S * self.std_error[k],
                CONF_LOW: np.where(known, low, S),
                CONF_HIGH: np.where(known, high, S),
                CUMULATIVE_HAZARD: self.cumulative_hazard[k],
            }
        )


def survival_curves(
    fit: "CoxPrediction",
    newdata: Any,
    *,
    times: Sequence[float] | None = None,
    conf_type: ConfType = "log",
    conf_level: float | None = None,
) -> PredictedCurves:
    """Predict survival curves for new rows.

    Parameters
    ----------
    fit : CoxPrediction
        A Cox model, ties by Efron's or Breslow's method.
    newdata : frame
        The columns of the covariates; without those of strata() there is one curve for each
        stratum.
    times : sequence of float, optional
        Times wanted; the event times of each stratum if not given.
    conf_type : {"log", "log-log", "plain", "logit", "arcsine"}
        Scale on which the limits are symmetric.
    conf_level : float, optional
        Level of the intervals; that of the fit if not given.

    Returns
    -------
    PredictedCurves
        S(t | x) = exp(-Λ₀(t) exp(x'β)), with the steps of Λ₀ that belong to the fit's treatment
        of ties. After the last time seen in a stratum the curve is NaN, unless it is 0.

    Raises
    ------
    DataError
        If a value is missing, or a category or a stratum was not among those of the fit.
    ParameterError
        If an option is unknown, a time is negative, or the fit has exact ties.

    Notes
    -----
    Variance of Tsiatis (1981) and Link (1984), with the covariance of β that the fit reports
    (robust if it is); the baseline's own part is not made robust, as in R's survival package.
    """
    level = fit.conf_level if conf_level is None else conf_level
    check_conf_level(level)
    if as_word(conf_type) not in CONF_TYPES:
        raise ParameterError("conf_type is unknown", [f"choose one of {', '.join(CONF_TYPES)}"])
    steps = hazard_steps(fit)
    rows = encode_rows(fit.frame, newdata)
    wanted = None if times is None else checked_times(times)
    curves = [_one_curve(fit, steps, rows, k, wanted) for k in range(len(rows.row))]
    return PredictedCurves(
        row=rows.row,
        strata=tuple(fit.frame.strata.labels[s] for s in rows.stratum),
        times=tuple(curve[0] for curve in curves),
        cumulative_hazard=tuple(curve[1] for curve in curves),
        std_error=tuple(curve[2] for curve in curves),
        conf_type=conf_type,
        conf_level=level,
    )


def hazard_steps(fit: "CoxPrediction") -> HazardSteps:
    """Sum the steps of the baseline hazard of a fit.

    Parameters
    ----------
    fit : CoxPrediction
        A Cox model.

    Returns
    -------
    HazardSteps
        Running sums.

    Raises
    ------
    ParameterError
        If the fit has exact ties, whose likelihood has no baseline hazard.
    """
    if fit.ties == "exact":
        raise ParameterError(
            "The exact partial likelihood has no baseline hazard in continuous time",
            ['predict from a fit with ties="efron", or fit a discrete hazard'],
        )
    frame = fit.frame
    order = arrange(
        frame.time,
        frame.event,
        entry=frame.entry,
        stratum=frame.strata.codes,
        n_stratum=len(frame.strata.labels),
        weights=frame.weights,
    )
    return HazardSteps.from_fit(
        order, frame.X, fit.beta, fit.ties, offset=frame.offset, weights=frame.weights
    )


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # rows far from those of the fit
def _one_curve(
    fit: "CoxPrediction", steps: HazardSteps, rows: NewRows, k: int, times: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    stratum = int(rows.stratum[k])
    a, b = steps.order.start[stratum], steps.order.start[stratum + 1]
    own = steps.order.time[a:b] if times is None else times
    places = steps.places(stratum, own)
    risk = float(ratio_of((rows.X[k] - steps.centre) @ fit.beta + rows.offset[k]))
    hazard = risk * steps.hazard(places)
    error = risk * np.sqrt(steps.variance(places, rows.X[k], fit.cov))
    if times is not None:
        seen = fit.frame.time[fit.frame.strata.codes == stratum].max(initial=0.0)
        gone = own > seen
        hazard, error = np.where(gone, np.nan, hazard), np.where(gone, np.nan, error)
    return own, hazard, error


def checked_times(times: Sequence[float]) -> FloatArray:
    """Refuse times that are negative or not finite.

    Parameters
    ----------
    times : sequence of float
        Times asked for.

    Returns
    -------
    ndarray of shape (t,)
        The same.

    Raises
    ------
    ParameterError
        If there is none, or one is out of range.
    """
    wanted = as_numbers(times)
    if wanted.ndim != 1 or not len(wanted) or not (np.isfinite(wanted) & (wanted >= 0)).all():
        raise ParameterError("times is out of range", ["give finite times of 0 or more"])
    return wanted
