"""Cumulative incidence that a sub-distribution regression predicts for given covariates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_numbers
from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STATE, STD_ERROR, STRATA, TIME
from rpcstats.errors import ParameterError
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival.competing._subdistribution_likelihood import risk_sums
from rpcstats.survival.competing._subdistribution_scores import EventSums, RowInfluence
from rpcstats.survival.prediction.new_rows import NewRows, encode_rows
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.competing.fine_gray_fit import FineGrayFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

MOST_TIMES: Final = 100
"""Event times at which curves are predicted unless times are given."""

ROW: Final = "row"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class PredictedIncidence(Summarised):
    """Predicted incidence, one curve for each new row (and stratum) and cause.

    Attributes
    ----------
    row : ndarray of shape (c,), int
        Row of the new data that each curve belongs to, from 0.
    strata : tuple of str
        Stratum of each curve.
    causes : tuple of str
        Cause of each curve.
    times : ndarray of shape (q,)
        Times.
    estimate, std_error, conf_low, conf_high : ndarray of shape (c, q)
        Cumulative incidence, its standard error and pointwise limits.
    conf_level : float
        Level of the limits.
    n_missing : int
        Rows left out of the fit.
    remarks : tuple of str
        What a reader should know.
    """

    row: IntArray
    strata: tuple[str, ...]
    causes: tuple[str, ...]
    times: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per curve and time.

        Returns
        -------
        pandas.DataFrame
            Columns row, strata, state (the cause), time, estimate, std_error, conf_low,
            conf_high.
        """
        n_time = len(self.times)
        return pd.DataFrame(
            {
                ROW: np.repeat(self.row, n_time),
                STRATA: np.repeat(np.array(self.strata, dtype=object), n_time),
                STATE: np.repeat(np.array(self.causes, dtype=object), n_time),
                TIME: np.tile(self.times, len(self.row)),
                ESTIMATE: self.estimate.ravel(),
                STD_ERROR: self.std_error.ravel(),
                CONF_LOW: self.conf_low.ravel(),
                CONF_HIGH: self.conf_high.ravel(),
            }
        )

    def glance(self) -> pd.DataFrame:
        """Give the settings in one row.

        Returns
        -------
        pandas.DataFrame
            Columns n_curve, n_time, conf_level.
        """
        row = {
            "n_curve": len(self.row),
            "n_time": len(self.times),
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account: each curve at its last time.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        last = self.tidy().groupby([ROW, STRATA, STATE], sort=False, observed=True).tail(1)
        return Summary(
            "Predicted cumulative incidence",
            (last.reset_index(drop=True),),
            " ".join((f"{self.conf_level:.0%} intervals.", *self.remarks)),
        )

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
        from rpcstats.figures.incidence import incidence_curves

        frame = self.tidy()
        several = len(set(self.strata)) > 1
        names = frame[ROW].map(lambda place: f"row {place + 1}")
        frame[STRATA] = names + ", " + frame[STRATA] if several else names
        return incidence_curves(frame, ax=ax, xlabel="Time")


def predict_incidence(
    fit: "FineGrayFit",
    newdata: Any,
    times: Sequence[float] | None = None,
    *,
    conf_level: float | None = None,
) -> PredictedIncidence:
    """Predict cumulative incidence curves from a sub-distribution regression.

    Parameters
    ----------
    fit : FineGrayFit
        The fit.
    newdata : frame
        Covariates, a row a curve.
    times : sequence of float, optional
        Times, 0 or more; the event times if not given, at most 100 of them.
    conf_level : float, optional
        Level of the intervals; that of the fit if not given.

    Returns
    -------
    PredictedIncidence
        The curves.

    Raises
    ------
    DataError
        If a value is missing, or a category was not among those of the fit.
    ParameterError
        If a time is negative or not a number.

    Notes
    -----
    F(t | x) = 1 - exp(-Λ(t) exp(x' beta)) with Breslow's Λ (Fine and Gray 1999). Standard errors
    by the infinitesimal jackknife, with the variance of the fit: coefficients, baseline and
    estimated weights together, clusters respected. Limits are normal for the log of the
    cumulative sub-distribution hazard, so that they stay between 0 and 1.
    """
    rows = encode_rows(fit.frame, newdata)
    at = prediction_times(times, fit.order.time, fit.order.n_tied)
    level = fit.conf_level if conf_level is None else conf_level
    z = normal_quantile(level)
    hazard, error = _hazards(fit, rows, at)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.exp(z * np.where(hazard > 0, error / hazard, 0.0))
    arrays = {
        "row": rows.row,
        "times": at,
        "estimate": -np.expm1(-hazard),
        "std_error": np.exp(-hazard) * error,
        "conf_low": -np.expm1(-hazard / factor),
        "conf_high": -np.expm1(-hazard * factor),
    }
    for values in arrays.values():
        values.setflags(write=False)
    labels = fit.frame.strata.labels
    return PredictedIncidence(
        **arrays,
        strata=tuple(labels[k] for k in rows.stratum),
        causes=(fit.cause,) * len(rows.row),
        conf_level=level,
        n_missing=fit.n_missing,
        remarks=fit.remarks,
    )


def prediction_times(
    times: Sequence[float] | None, event_times: FloatArray, counts: IntArray
) -> FloatArray:
    """Give the times at which curves are predicted.

    Parameters
    ----------
    times : sequence of float or None
        Times asked for.
    event_times : ndarray of shape (m,)
        Event times, stratum by stratum.
    counts : ndarray of shape (m,), int
        Events at each.

    Returns
    -------
    ndarray of shape (q,)
        Those asked for, or the distinct event times, evenly many events apart if there are
        more than 100.

    Raises
    ------
    ParameterError
        If a time is negative or not a number.
    """
    if times is not None:
        wanted = np.atleast_1d(as_numbers(times))
        if not (np.isfinite(wanted) & (wanted >= 0)).all():
            raise ParameterError("A time to predict at is not one", ["use numbers from 0 up"])
        return wanted.copy()
    distinct, place = np.unique(event_times, return_inverse=True)
    if len(distinct) <= MOST_TIMES:
        return distinct
    share = np.cumsum(np.bincount(place, weights=counts)) / counts.sum()
    picks = np.searchsorted(share, np.linspace(1 / MOST_TIMES, 1, MOST_TIMES) - 1e-12)
    chosen: FloatArray = distinct[np.unique(np.minimum(picks, len(distinct) - 1))]
    return chosen


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # rows far from those of the fit
def _hazards(fit: "FineGrayFit", rows: NewRows, times: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the cumulative sub-distribution hazard of each curve at each time, and its error."""
    found, order = fit.found, fit.order
    given = found.likelihood
    terms = given.terms(found.scaled_beta)
    x = (rows.X - found.scaling.centre) / found.scaling.scale
    scores = np.exp(x @ found.scaled_beta + rows.offset)
    shift, e0 = terms.shift, terms.e0
    means = risk_sums(given, terms) / terms.S0
    phi = fit.score_rows @ (found.cov * found.scaling.scale)
    influence = RowInfluence(order, terms.r, e0, fit.weighting)
    hazard = np.zeros((len(x), len(times)))
    error = np.zeros((len(x), len(times)))
    for s in np.unique(rows.stratum):
        mine = rows.stratum == s
        unit = scores[mine] * (1.0 if shift is None else np.exp(-shift[s]))
        a, b = int(order.start[s]), int(order.start[s + 1])
        for q, t in enumerate(times):
            stop = a + int(np.searchsorted(order.time[a:b], t, side="right"))
            if stop == a:
                continue
            level = float(e0[a:stop].sum())
            h = level * x[mine] - means[:, a:stop] @ e0[a:stop]
            hazard[mine, q] = unit * level
            beta = np.zeros(order.n_time)
            beta[a:stop] = -1.0 / terms.S0[a:stop]
            own = influence.on(EventSums(None, beta, beta))
            error[mine, q] = unit * np.sqrt(_spread(fit, own, phi, h))
    return hazard, error


def _spread(fit: "FineGrayFit", own: FloatArray, phi: FloatArray, h: FloatArray) -> FloatArray:
    """Give the variance of a cumulative hazard in units of its own score, for each curve."""
    columns = np.column_stack([own, phi])
    clusters = [groups.codes for groups in fit.frame.clusters]
    V = clustered_covariance(columns, clusters)
    total = V[0, 0] + 2 * h @ V[0, 1:] + np.einsum("ij,jk,ik->i", h, V[1:, 1:], h)
    return np.where(total < 0, np.nan if len(clusters) > 1 else 0.0, total)
