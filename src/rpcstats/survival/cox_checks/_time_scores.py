"""Score and information of coefficients that change with a function of time, at no change."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival.cox_checks._fitted_arrays import FittedArrays
from rpcstats.survival.partial.event_terms import expected_events
from rpcstats.survival.partial.moments import first_moments, score_residuals

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class TimeScores(NamedTuple):
    """Derivatives of the log partial likelihood of beta + theta g(t) at theta = 0.

    Attributes
    ----------
    U : ndarray of shape (p,)
        Score of theta.
    I00, I01, I11 : ndarray of shape (p, p)
        Information of beta, of beta and theta, of theta.
    """

    U: FloatArray
    I00: FloatArray
    I01: FloatArray
    I11: FloatArray


def time_scores(arrays: FittedArrays, g: FloatArray) -> TimeScores:
    """Take the derivatives in O(n p^2).

    Parameters
    ----------
    arrays : FittedArrays
        The fit.
    g : ndarray of shape (m,)
        The function at each event time.

    Returns
    -------
    TimeScores
        Score and information.

    Notes
    -----
    Grambsch and Therneau (1994), with the variance of each event time kept: weighted by g they
    are sums over rows, so that none is ever held by itself.
    """
    order, X, terms = arrays.order, arrays.X, arrays.terms
    S1, D1 = first_moments(order, X, terms)
    events = X[:, order.events] * order.event_weights[order.events]
    sums = np.add.reduceat(events, order.events_start[:-1], axis=-1)
    U = (sums - terms.e0 * S1) @ g + (terms.e1 * D1) @ g[terms.tied]

    def weighted_information(c: FloatArray) -> FloatArray:
        scaled = terms.times(c)
        expected = expected_events(order, scaled)
        mixed = (S1[:, terms.tied] * scaled.B) @ D1.T
        found: FloatArray = (
            (X * expected) @ X.T - (S1 * scaled.A) @ S1.T + mixed + mixed.T - (D1 * scaled.C) @ D1.T
        )
        return found

    I00, I01, I11 = (weighted_information(c) for c in (np.ones_like(g), g, g * g))
    return TimeScores(U, I00, I01, I11)


def score_statistic(scores: TimeScores, chosen: IntArray) -> float:
    """Test some of the thetas against 0.

    Parameters
    ----------
    scores : TimeScores
        Derivatives.
    chosen : ndarray of int
        Columns tested together.

    Returns
    -------
    float
        Chi-square statistic with as many degrees of freedom; NaN if the data can't tell.
    """
    mixed = scores.I01[:, chosen]
    U = scores.U[chosen]
    V = scores.I11[np.ix_(chosen, chosen)] - mixed.T @ _solved(scores.I00, mixed)
    return quadratic(U, V)


def robust_statistic(
    arrays: FittedArrays,
    g: FloatArray,
    scores: TimeScores,
    chosen: IntArray,
    clusters: list[IntArray],
) -> float:
    """Test some of the thetas against 0, rows of one cluster being correlated.

    Parameters
    ----------
    arrays : FittedArrays
        The fit.
    g : ndarray of shape (m,)
        The function at each event time.
    scores : TimeScores
        Derivatives.
    chosen : ndarray of int
        Columns tested together.
    clusters : list of ndarray of shape (n,), int
        Cluster of each row, once a dimension; none if every row stands alone.

    Returns
    -------
    float
        Chi-square statistic; NaN if the data can't tell.

    Notes
    -----
    Rows' parts of the score of theta, free of those of beta, are summed by cluster (Lin and Wei
    1989).
    """
    order, X, terms = arrays.order, arrays.X, arrays.terms
    scaled = terms.times(g)
    moving = score_residuals(order, X, scaled, expected_events(order, scaled))
    events = order.events
    excess = order.event_weights[events] * (g[order.last[events]] - 1.0)
    moving[:, events] += X[:, events] * excess
    steady = score_residuals(order, X, terms, arrays.expected)
    free = moving[chosen] - _solved(scores.I00, scores.I01[:, chosen]).T @ steady
    return quadratic(scores.U[chosen], clustered_covariance(order.put(free.T), clusters))


def quadratic(U: FloatArray, V: FloatArray) -> float:
    """Give U' V^-1 U.

    Parameters
    ----------
    U : ndarray of shape (q,)
        A score.
    V : ndarray of shape (q, q)
        Its covariance.

    Returns
    -------
    float
        The form; NaN if V has no inverse.
    """
    if not (np.diag(V) > 0).all():
        return np.nan
    scale = np.sqrt(np.diag(V))
    try:
        return float((U / scale) @ np.linalg.solve(V / np.outer(scale, scale), U / scale))
    except np.linalg.LinAlgError:
        return np.nan


def _solved(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Solve with a covariance, columns on one scale."""
    diagonal = np.diag(matrix)
    scale = np.sqrt(np.where(diagonal > 0, diagonal, np.nan))
    scaled = np.linalg.solve(matrix / np.outer(scale, scale), right / scale[:, None])
    solution: FloatArray = scaled / scale[:, None]
    return solution
