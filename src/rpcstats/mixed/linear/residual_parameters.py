"""Parameters of a residual structure: unconstrained for the search, natural for the reader."""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rpcstats.mixed.linear.residual_structure import ResidualRows
from rpcstats.mixed.linear.residual_whitening import Whitening, make_whitening
from rpcstats.mixed.structure.model_frame import FloatArray

# Bounds of the unconstrained parameters: a ratio of 2e5, a correlation 6e-6 or 2e-7 from one.
_LIMIT = 12.0
_ATANH_LIMIT = 8.0

# Autocorrelations of neighbours at which a search starts.
_STARTS = (0.0, 0.3, 0.6, 0.9)
_NEGATIVE_STARTS = (-0.6, -0.3)
_POSITIVE_STARTS = (0.02, 0.1, 0.3, 0.6, 0.9)

# A parameter this near its bound is on it.
_NEAR = 1e-6


def correlation_starts(rows: ResidualRows) -> FloatArray:
    """Give first guesses of the parameter of the autocorrelation.

    Parameters
    ----------
    rows : ResidualRows
        The structure.

    Returns
    -------
    ndarray
        Guesses, increasing; the first is no correlation where it can't be negative.
    """
    if rows.may_be_negative:
        return np.arctanh([*_NEGATIVE_STARTS, *_STARTS])
    return np.append(-_LIMIT, special.logit(_POSITIVE_STARTS))


def autocorrelation(rows: ResidualRows, u: FloatArray) -> float:
    """Give the correlation at distance 1.

    Parameters
    ----------
    rows : ResidualRows
        The structure.
    u : ndarray of shape (m,)
        Its parameters: atanh φ, or the logit of the correlation at the usual gap where it
        can't be negative.

    Returns
    -------
    float
        φ; 0 if the structure has no correlation, or it is at its bound.
    """
    if rows.correlation is None:
        return 0.0
    if rows.may_be_negative:
        return float(np.tanh(u[0]))
    if u[0] <= -_LIMIT + _NEAR:
        return 0.0
    return float(np.exp(special.log_expit(u[0]) / rows.usual_gap))


def level_ratios(rows: ResidualRows, u: FloatArray) -> FloatArray:
    """Give the standard deviation of each level over that of the first.

    Parameters
    ----------
    rows : ResidualRows
        The structure.
    u : ndarray of shape (m,)
        Its parameters; the logarithms of the ratios come last.

    Returns
    -------
    ndarray of shape (L,)
        Ratios; [1] if there are no levels.
    """
    return np.append(1.0, np.exp(u[len(u) - rows.n_ratio :]))


def make_map(rows: ResidualRows, u: FloatArray, weights: FloatArray | None) -> Whitening:
    """Make the map that takes the structure out.

    Parameters
    ----------
    rows : ResidualRows
        The structure.
    u : ndarray of shape (m,)
        Its parameters.
    weights : ndarray of shape (n,) or None
        Prior weights.

    Returns
    -------
    Whitening
        The map.
    """
    return make_whitening(rows, level_ratios(rows, u), autocorrelation(rows, u), weights)


def bounds_of(rows: ResidualRows) -> FloatArray:
    """Give the size up to which a search lets each parameter grow.

    Parameters
    ----------
    rows : ResidualRows
        The structure.

    Returns
    -------
    ndarray of shape (m,)
        Bounds, the same on both sides of 0.
    """
    bound = np.full(rows.n_parameter, _LIMIT)
    if rows.may_be_negative:
        bound[0] = _ATANH_LIMIT
    return bound


def is_edge(rows: ResidualRows, u: FloatArray) -> NDArray[np.bool_]:
    """Tell which parameters are at a bound of the search.

    Parameters
    ----------
    rows : ResidualRows
        The structure.
    u : ndarray of shape (m,)
        Its parameters.

    Returns
    -------
    ndarray of shape (m,), bool
        True at a bound.
    """
    edge: NDArray[np.bool_] = np.abs(u) >= bounds_of(rows) - _NEAR
    return edge
