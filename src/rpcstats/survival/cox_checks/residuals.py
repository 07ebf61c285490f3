"""Residuals of a Cox model, each in the form and with the tie convention of R's survival."""

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word, check_flags
from rpcstats._vocabulary import STRATA, TIME
from rpcstats.errors import ParameterError
from rpcstats.mixed.inference.term_columns import term_columns
from rpcstats.survival.cox_checks._fitted_arrays import FittedArrays, fitted_arrays, refuse_exact
from rpcstats.survival.partial.moments import event_means, score_residuals
from rpcstats.survival.prediction.reference_row import reference_row

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
ResidualKind = Literal[
    "martingale",
    "deviance",
    "score",
    "schoenfeld",
    "scaled_schoenfeld",
    "dfbeta",
    "dfbetas",
    "partial",
]

KINDS: Final = (
    "martingale",
    "deviance",
    "score",
    "schoenfeld",
    "scaled_schoenfeld",
    "dfbeta",
    "dfbetas",
    "partial",
)
_OF_EVENTS: Final = ("schoenfeld", "scaled_schoenfeld")
_OF_ROWS: Final = ("martingale", "deviance", "partial")


def cox_residuals(
    fit: "CoxFit", kind: ResidualKind = "martingale", *, by_cluster: bool = False
) -> pd.DataFrame:
    """Compute residuals of a Cox model.

    Parameters
    ----------
    fit : CoxFit
        The model.
    kind : str
        "martingale", events less those expected; "deviance", the same made more symmetric;
        "score", each row's part of the score; "schoenfeld", covariates of each event less their
        mean at risk; "scaled_schoenfeld", the same on the scale of the coefficients, these
        added; "dfbeta", how the coefficients would change without the row, to first order, and
        "dfbetas" in standard errors; "partial", martingale residuals with the effect of each
        term added.
    by_cluster : bool
        Whether to sum over the clusters of ``cluster()``, so that a family with several rows has
        one residual.

    Returns
    -------
    pandas.DataFrame
        A row each row used, named by its place `row` in the data given; with `by_cluster` a row
        each cluster, named in column `cluster`; of Schoenfeld residuals a row each event, in the
        order of strata and times, with columns strata and time. Values are in column `residual`
        or in one column a coefficient or term.

    Raises
    ------
    ParameterError
        If the kind is unknown, or can't be had of this fit.

    Notes
    -----
    Therneau, Grambsch and Fleming (1990) for martingale and deviance residuals, Schoenfeld
    (1982), Grambsch and Therneau (1994), Cain and Lange (1984) for dfbeta. Under Efron's method
    tied events thin each other's risk sets, in every kind. Case weights multiply dfbeta and
    dfbetas only. Scaled residuals use the model-based covariance.
    """
    check_flags(by_cluster=by_cluster)
    if as_word(kind) not in KINDS:
        raise ParameterError("kind is unknown", [f"choose {', '.join(KINDS)}"])
    if kind not in _OF_ROWS:
        refuse_exact(fit, f"A {kind} residual")
    if by_cluster and (kind in _OF_EVENTS or kind == "partial"):
        raise ParameterError(f"{kind} residuals can't be summed", ["leave by_cluster out"])
    if by_cluster and len(fit.frame.clusters) != 1:
        raise ParameterError(
            "by_cluster needs one column of clusters", ["put cluster(column) in the formula"]
        )
    arrays = fitted_arrays(fit)
    if kind in _OF_EVENTS:
        return _event_frame(fit, arrays, is_scaled=kind == "scaled_schoenfeld")
    if kind == "deviance":
        values = deviance_residuals(*_summed(fit, by_cluster, _martingale(fit, arrays)))
        return _row_frame(fit, {"residual": values}, by_cluster)
    if kind == "martingale":
        values, _ = _summed(fit, by_cluster, _martingale(fit, arrays))
        return _row_frame(fit, {"residual": values}, by_cluster)
    if kind == "partial":
        return _row_frame(fit, _partial(fit, arrays), by_cluster=False)
    columns = score_like(fit, arrays, kind)
    if by_cluster:
        codes = fit.frame.clusters[0].codes
        columns = np.column_stack([np.bincount(codes, weights=column) for column in columns.T])
    return _row_frame(fit, dict(zip(fit.names, columns.T, strict=True)), by_cluster)


def augment_cox(fit: "CoxFit") -> pd.DataFrame:
    """Put predictions and residuals beside the rows that were used.

    Parameters
    ----------
    fit : CoxFit
        The model.

    Returns
    -------
    pandas.DataFrame
        Columns row (place in the data given), time, event, linear_predictor (that of
        `reference_row` is 0), expected (events expected of the row, its cumulative hazard),
        martingale, deviance.
    """
    arrays = fitted_arrays(fit)
    martingale, event = _martingale(fit, arrays)
    frame = fit.frame
    eta = frame.X @ fit.beta - float(reference_row(frame) @ fit.beta)
    return pd.DataFrame(
        {
            "row": frame.kept.copy(),
            TIME: frame.time.copy(),
            "event": frame.event.astype(np.int64),
            "linear_predictor": eta if frame.offset is None else eta + frame.offset,
            "expected": np.maximum(event - martingale, 0.0),
            "martingale": martingale,
            "deviance": deviance_residuals(martingale, event),
        }
    )


def deviance_residuals(martingale: FloatArray, event: FloatArray) -> FloatArray:
    """Make martingale residuals more symmetric.

    Parameters
    ----------
    martingale : ndarray of shape (n,)
        Events less those expected.
    event : ndarray of shape (n,)
        Events of each row or cluster.

    Returns
    -------
    ndarray of shape (n,)
        Signed roots of each row's part of the deviance.

    Notes
    -----
    R leaves out that a cluster may have several events, and then gives other numbers or NaN.
    """
    expected = event - martingale
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(event > 0, event * np.log(expected / event), 0.0)
    inside = -2.0 * (martingale + logs)
    return np.sign(martingale) * np.sqrt(np.maximum(inside, 0.0))


def score_like(
    fit: "CoxFit", arrays: FittedArrays, kind: Literal["score", "dfbeta", "dfbetas"] | str
) -> FloatArray:
    """Compute score residuals or their products with the covariance.

    Parameters
    ----------
    fit : CoxFit
        The model.
    arrays : FittedArrays
        Its arrays.
    kind : {"score", "dfbeta", "dfbetas"}
        Which.

    Returns
    -------
    ndarray of shape (n, p)
        In the order of the rows used; score residuals without case weights, the others with.
    """
    order = arrays.order
    weighted = score_residuals(order, arrays.X, arrays.terms, arrays.expected)
    if kind == "score":
        return order.put((weighted if order.weights is None else weighted / order.weights).T)
    change = weighted.T @ fit.cov_model
    if kind == "dfbetas":
        change /= np.sqrt(np.diag(fit.cov_model))
    return order.put(change)


def schoenfeld_residuals(arrays: FittedArrays) -> tuple[IntArray, FloatArray]:
    """Take the mean at risk from the covariates of each event.

    Parameters
    ----------
    arrays : FittedArrays
        Arrays of the fit.

    Returns
    -------
    events : ndarray of shape (d,), int
        Arranged places of the events, by stratum, time and place in the data.
    residuals : ndarray of shape (d, p)
        Theirs, without case weights.
    """
    order = arrays.order
    means = event_means(order, arrays.X, arrays.terms)
    events = order.events[np.lexsort((order.rows[order.events], order.last[order.events]))]
    return events, (arrays.X[:, events] - means[:, order.last[events]]).T


def _martingale(fit: "CoxFit", arrays: FittedArrays) -> tuple[FloatArray, FloatArray]:
    order = arrays.order
    expected = arrays.expected if order.weights is None else arrays.expected / order.weights
    event = fit.frame.event.astype(np.float64)
    return event - order.put(expected), event


def _summed(
    fit: "CoxFit", by_cluster: bool, values: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    if not by_cluster:
        return values
    codes = fit.frame.clusters[0].codes
    martingale, event = (np.bincount(codes, weights=each).astype(float) for each in values)
    return martingale, event


def _partial(fit: "CoxFit", arrays: FittedArrays) -> dict[str, FloatArray]:
    martingale, _ = _martingale(fit, arrays)
    frame = fit.frame
    centre = reference_row(frame)
    found = {}
    for term in term_columns(frame.design):
        mine = np.flatnonzero(np.isin(frame.columns, term.columns))
        if len(mine):
            effect = (frame.X[:, mine] - centre[mine]) @ fit.beta[mine]
            found[term.term] = martingale + effect
    return found


def _event_frame(fit: "CoxFit", arrays: FittedArrays, *, is_scaled: bool) -> pd.DataFrame:
    order = arrays.order
    events, residual = schoenfeld_residuals(arrays)
    if is_scaled:
        residual = len(residual) * residual @ fit.cov_model + fit.beta
    at = order.last[events]
    labels = np.array(fit.frame.strata.labels, dtype=object)
    return pd.DataFrame(
        {
            "row": fit.frame.kept[order.rows[events]],
            STRATA: labels[order.stratum[at]],
            TIME: order.time[at],
            **dict(zip(fit.names, residual.T, strict=True)),
        }
    )


def _row_frame(fit: "CoxFit", columns: dict[str, FloatArray], by_cluster: bool) -> pd.DataFrame:
    if by_cluster:
        levels = [level[0] for level in fit.frame.clusters[0].levels]
        return pd.DataFrame({"cluster": levels, **columns})
    return pd.DataFrame({"row": fit.frame.kept.copy(), **columns})
