"""Product-limit curves, their area and their crossings: arrays in, arrays out."""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._risk_sets import RiskSets

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_SAME_HEIGHT = float(np.sqrt(np.finfo(np.float64).eps))
"""Curve heights this near to a quantile are on it: products of fractions round."""


BLOCK: Final = 1 << 12
"""Times worked out at once, whose vectors stay in the cache."""


class Portion(NamedTuple):
    """Counts at some of the distinct times of a curve, one after another.

    Attributes
    ----------
    at : slice
        Their places.
    is_start : bool
        Whether the first is the curve's first.
    n, d : ndarray of shape (q,)
        At risk and failing.
    """

    at: slice
    is_start: bool
    n: FloatArray
    d: FloatArray


def product_limit(counts: RiskSets) -> tuple[FloatArray, FloatArray]:
    """Give the survival curve of each stratum and the Greenwood variance of its log.

    Parameters
    ----------
    counts : RiskSets
        Counts at each distinct time.

    Returns
    -------
    tuple of ndarray of shape (m,)
        S(t) and var(log S(t)); the variance is infinite once S is 0.

    Notes
    -----
    Kaplan and Meier (1958); Greenwood (1926).
    """
    return curves_of(len(counts.time), _portions(counts))


def curves_of(m: int, portions: Iterable[Portion]) -> tuple[FloatArray, FloatArray]:
    """Give survival curves and the Greenwood variance of their logs, portion by portion.

    Parameters
    ----------
    m : int
        Distinct times.
    portions : iterable of Portion
        Counts, in the order of the times.

    Returns
    -------
    tuple of ndarray of shape (m,)
        As `product_limit`.
    """
    S, variance = np.empty(m), np.empty(m)
    with np.errstate(divide="ignore", invalid="ignore"):
        for at, is_start, n, d in portions:
            step, growth = d / n, n - d
            np.divide(step, growth, out=growth)
            np.subtract(1.0, step, out=step)
            if not is_start:
                step[0] *= S[at.start - 1]
                growth[0] += variance[at.start - 1]
            np.cumprod(step, out=S[at])
            np.cumsum(growth, out=variance[at])
    return S, variance


def _portions(counts: RiskSets) -> Iterator[Portion]:
    for a, b in pairwise(counts.start.tolist()):
        for begin in range(a, b, BLOCK):
            at = slice(begin, min(begin + BLOCK, b))
            yield Portion(at, begin == a, counts.n_risk[at], counts.n_event[at])


def restricted_area(
    time: FloatArray, S: FloatArray, variance: FloatArray, tau: float
) -> tuple[float, float]:
    """Give the area under one curve up to tau and its standard error.

    Parameters
    ----------
    time, S, variance : ndarray of shape (m,)
        Distinct times, the curve, and the variance of its log.
    tau : float
        Horizon.

    Returns
    -------
    tuple of float
        Restricted mean and standard error; NaN where follow-up ends before tau with S above 0.

    Notes
    -----
    The variance sums, over event times, the squared area still ahead times the Greenwood
    increment (Klein and Moeschberger 2003, section 4.5), without a small-sample factor.
    """
    if tau > time[-1] and S[-1] > 0:
        return np.nan, np.nan
    inside = time <= tau
    edges = np.concatenate([[0.0], time[inside], [tau]])
    heights = np.concatenate([[1.0], S[inside]])
    ahead = np.cumsum((np.diff(edges) * heights)[::-1])[::-1]
    with np.errstate(invalid="ignore"):  # infinite from where S is 0
        growth = np.diff(variance[inside], prepend=0.0)
    # Once S is 0 nothing lies ahead, so the infinite increment has no share.
    share = np.zeros(len(growth))
    np.multiply(ahead[1:] ** 2, growth, out=share, where=ahead[1:] > 0)
    return float(ahead[0]), float(np.sqrt(share.sum()))


def areas_ahead(counts: RiskSets, S: FloatArray, tau: float) -> FloatArray:
    """Give the area under each curve between each of its times and a horizon.

    Parameters
    ----------
    counts : RiskSets
        Distinct times of each stratum.
    S : ndarray of shape (m,)
        The curves.
    tau : float
        Horizon.

    Returns
    -------
    ndarray of shape (m,)
        0 from the horizon on.
    """
    ahead = np.empty(len(S))
    for a, b in pairwise(counts.start):
        widths = np.diff(np.minimum(counts.time[a:b], tau), append=tau)
        ahead[a:b] = np.cumsum((widths * S[a:b])[::-1])[::-1]
    ahead[counts.time >= tau] = 0.0
    return ahead


def crossing(time: FloatArray, curve: FloatArray, height: float) -> float:
    """Give the time at which a falling step curve reaches a height.

    Parameters
    ----------
    time, curve : ndarray of shape (m,)
        Distinct times and heights; NaN heights are passed over.
    height : float
        Height in (0, 1).

    Returns
    -------
    float
        The first time at or below the height; the middle of the step if the curve runs
        exactly at it; NaN if it is never reached.
    """
    known = ~np.isnan(curve)
    time, curve = time[known], curve[known]
    reached = np.flatnonzero(curve <= height + _SAME_HEIGHT)
    if len(reached) == 0:
        return np.nan
    first = reached[0]
    if curve[first] < height - _SAME_HEIGHT:
        return float(time[first])
    below = np.flatnonzero(curve < height - _SAME_HEIGHT)
    last = below[0] if len(below) else -1
    return float((time[first] + time[last]) / 2)
