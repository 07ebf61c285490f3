"""The penalty of Firth: the derivative of the log determinant of the information."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement
from rpcstats.survival.partial.event_terms import EventTerms
from rpcstats.survival.partial.tied_events import event_places

FloatArray = NDArray[np.float64]

_CELLS: Final = 2_000_000
"""Numbers held at once for the second moments of the tied events."""


def log_det_slope(
    order: Arrangement, X: FloatArray, terms: EventTerms, information: FloatArray
) -> FloatArray:
    """Give the derivative of the log determinant of the information in the coefficients.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    X : ndarray of shape (p, r)
        Covariates, arranged.
    terms : EventTerms
        Terms at the linear predictor.
    information : ndarray of shape (p, p)
        The information there.

    Returns
    -------
    ndarray of shape (p,)
        The trace of the inverse information times each of its derivatives.

    Notes
    -----
    Heinze and Schemper (2001). The information is a sum of covariances of the covariates over
    risk sets, so its derivative is one of third central moments: with q = x'Vx, V the inverse, and
    m the mean of a risk set the trace is Cov(x, q) - 2 Cov(x) V m, summed over the tied events.
    """
    p = len(X)
    V = np.asarray(np.linalg.inv(information), dtype=np.float64)
    q = np.einsum("ir,ij,jr->r", X, V, X)
    pairs = np.triu_indices(p)
    lines = [terms.r, terms.r * q, *(terms.r * X), *(terms.r * q * X)]
    lines += [terms.r * X[i] * X[j] for i, j in zip(*pairs, strict=True)]
    at_risk = np.array([order.at_risk(line, careful=terms.is_delicate) for line in lines])
    tied = terms.tied
    of_events = np.zeros_like(at_risk)
    if len(tied):
        at, d = event_places(order, tied), order.n_tied[tied]
        of_events[:, tied] = [np.add.reduceat(line[at], np.cumsum(d) - d) for line in lines]
    slope = np.zeros(p)
    step = max(1, _CELLS // len(lines))
    d = np.ones(order.n_time, dtype=np.int64)
    d[tied] = order.n_tied[tied]
    weight = order.weight_tied / d
    ends = np.cumsum(d)
    for first in range(0, int(ends[-1]), step):
        place = np.arange(first, min(first + step, int(ends[-1])))
        k = np.searchsorted(ends, place, side="right")
        fraction = (place - (ends - d)[k]) / d[k]
        moments = at_risk[:, k] - fraction * of_events[:, k]
        mean: FloatArray = moments / moments[0]
        slope += _third_moments(mean, V, pairs) @ weight[k]
    return slope


def _third_moments(
    mean: FloatArray, V: FloatArray, pairs: tuple[NDArray[np.int64], ...]
) -> FloatArray:
    """Give Cov(x, q) - 2 Cov(x) V m of each set, of shape (p, sets), from raw moments."""
    p = len(V)
    q, m, mq = mean[1], mean[2 : 2 + p], mean[2 + p : 2 + 2 * p]
    second = np.empty((p, p, mean.shape[1]))
    second[pairs] = mean[2 + 2 * p :]
    second[pairs[1], pairs[0]] = mean[2 + 2 * p :]
    Vm = V @ m
    spread = np.einsum("ijk,jk->ik", second, Vm) - m * np.einsum("ik,ik->k", m, Vm)
    moments: FloatArray = mq - m * q - 2.0 * spread
    return moments
