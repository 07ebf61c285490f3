"""Linear predictors, relative risks and expected events of a proportional-hazards fit."""

from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STD_ERROR
from rpcstats.errors import ParameterError
from rpcstats.formula import read_columns
from rpcstats.formula.parse import Surv
from rpcstats.formula.responses import read_times
from rpcstats.survival.partial.event_terms import expected_events
from rpcstats.survival.prediction._hazard_steps import ratio_of
from rpcstats.survival.prediction.curves import hazard_steps
from rpcstats.survival.prediction.new_rows import NewRows, encode_rows
from rpcstats.survival.prediction.reference_row import reference_row

if TYPE_CHECKING:
    from rpcstats.survival.cox_prediction import CoxPrediction

FloatArray = NDArray[np.float64]
PredictionKind = Literal["lp", "risk", "expected", "survival"]
Reference = Literal["sample", "strata", "zero"]


def predict(
    fit: "CoxPrediction",
    newdata: Any = None,
    *,
    kind: PredictionKind = "lp",
    reference: Reference = "sample",
    conf_level: float | None = None,
) -> pd.DataFrame:
    """Predict for new rows, or for those of the fit.

    Parameters
    ----------
    fit : CoxPrediction
        A Cox model.
    newdata : frame, optional
        New rows; for ``kind="expected"`` and ``"survival"`` with the columns of the response too.
    kind : {"lp", "risk", "expected", "survival"}
        Linear predictor; its exponential, the hazard ratio against the reference; number of
        events expected between entry and time; probability of no event by then.
    reference : {"sample", "strata", "zero"}
        What "lp" and "risk" are relative to: the mean of the covariates over the rows of the fit,
        columns of no other values than -1, 0 and 1 at 0 (as in R); the mean of all of them in
        the row's stratum, if there are strata; or covariates of 0. An offset is taken against
        its mean over the rows of the fit, unless the reference is "zero". Without an event time
        in common, strata can't be compared except through the covariates.
    conf_level : float, optional
        Level of the intervals; that of the fit if not given.

    Returns
    -------
    pandas.DataFrame
        Columns estimate, std_error, conf_low, conf_high, a row each; the standard error of a risk
        is that of its logarithm, those of "expected" and "survival" are left out where only the
        estimate is defined. Rows keep the order of `newdata`, or of the rows used in the fit.

    Raises
    ------
    ParameterError
        If an option is unknown.
    DataError
        If a value is missing, or a category or stratum was not among those of the fit.
    """
    if as_word(kind) not in get_args(PredictionKind) or as_word(reference) not in get_args(
        Reference
    ):
        raise ParameterError(
            "predict has no such option",
            [
                f"kind is one of {', '.join(get_args(PredictionKind))}",
                f"reference is one of {', '.join(get_args(Reference))}",
            ],
        )
    rows = _own_rows(fit) if newdata is None else encode_rows(fit.frame, newdata)
    z = normal_quantile(fit.conf_level if conf_level is None else conf_level)
    if kind in ("expected", "survival"):
        return _expected(fit, rows, newdata, kind, z)
    x = rows.X - _reference(fit, rows, reference)
    lp = x @ fit.beta + rows.offset - _reference_offset(fit, reference)
    error = np.sqrt(np.einsum("ip,pq,iq->i", x, fit.cov, x))
    low, high = lp - z * error, lp + z * error
    if kind == "risk":
        # Without a finite estimate (separation) a ratio may be infinite.
        with np.errstate(over="ignore"):
            lp, low, high = np.exp(lp), np.exp(low), np.exp(high)
    return pd.DataFrame({ESTIMATE: lp, STD_ERROR: error, CONF_LOW: low, CONF_HIGH: high})


def _own_rows(fit: "CoxPrediction") -> NewRows:
    frame = fit.frame
    return NewRows(
        X=frame.X,
        offset=np.zeros(frame.n_obs) if frame.offset is None else frame.offset,
        stratum=frame.strata.codes,
        row=np.arange(frame.n_obs),
    )


def _reference(fit: "CoxPrediction", rows: NewRows, reference: Reference) -> FloatArray:
    X, weights = fit.frame.X, fit.frame.weights
    if reference == "zero" or not X.shape[1]:
        return np.zeros(X.shape[1])
    if reference == "sample" or not fit.frame.design.formula.strata:
        return reference_row(fit.frame)
    codes, n_stratum = fit.frame.strata.codes, len(fit.frame.strata.labels)
    total = np.bincount(codes, weights=weights, minlength=n_stratum)
    sums = [
        np.bincount(codes, weights=x if weights is None else x * weights, minlength=n_stratum)
        for x in X.T
    ]
    means: FloatArray = (np.array(sums) / total).T
    return means[rows.stratum]


def _reference_offset(fit: "CoxPrediction", reference: Reference) -> float:
    if reference == "zero" or fit.frame.offset is None:
        return 0.0
    return float(fit.frame.offset.mean())


def _expected(
    fit: "CoxPrediction", rows: NewRows, newdata: Any, kind: PredictionKind, z: float
) -> pd.DataFrame:
    steps = hazard_steps(fit)
    entry, time = _times(fit, newdata, rows)
    low_place = np.empty(len(time), dtype=np.int64)
    high_place = np.empty(len(time), dtype=np.int64)
    for stratum in np.unique(rows.stratum):
        of = np.flatnonzero(rows.stratum == stratum)
        high_place[of] = steps.places(int(stratum), time[of])
        low_place[of] = steps.places(int(stratum), entry[of])
    risk = ratio_of((rows.X - steps.centre) @ fit.beta + rows.offset)
    expected = risk * (steps.hazard(high_place) - steps.hazard(low_place))
    if newdata is None:
        # Among tied events Efron's method expects less of each than of a new row.
        own = steps.order.put(expected_events(steps.order, steps.terms))
        expected = own if fit.frame.weights is None else own / fit.frame.weights
    variance = steps.between(low_place, high_place, rows.X, fit.cov)
    error = risk * np.sqrt(variance)
    low, high = np.maximum(expected - z * error, 0.0), expected + z * error
    if kind == "survival":
        S = np.exp(-expected)
        return pd.DataFrame(
            {
                ESTIMATE: S,
                STD_ERROR: S * error,
                CONF_LOW: np.exp(-high),
                CONF_HIGH: np.exp(-low),
            }
        )
    return pd.DataFrame({ESTIMATE: expected, STD_ERROR: error, CONF_LOW: low, CONF_HIGH: high})


def _times(fit: "CoxPrediction", newdata: Any, rows: NewRows) -> tuple[FloatArray, FloatArray]:
    if newdata is None:
        entry, time = fit.frame.entry, fit.frame.time
    else:
        response = fit.frame.design.formula.response
        assert isinstance(response, Surv)
        names = [response.time] + ([response.entry] if response.entry else [])
        time, entry = read_times(read_columns(newdata, names), response)
        time, entry = time[rows.row], None if entry is None else entry[rows.row]
    return np.zeros(len(time)) if entry is None else entry, time
