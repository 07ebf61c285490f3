"""Directions in which the partial likelihood rises without end."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_GAP: Final = 1e-7
"""A direction may miss by this share of the spread of its values; Newton's steps come nearer
with every step, and a maximum so far out is none in practice."""
_SLACK: Final = 1e-6
"""Ten times the feasibility tolerance of the linear program, for columns of standard deviation
one."""
_MOST_PAIRS: Final = 300_000
"""Pairs of an event and a row at risk with it up to which the linear program takes seconds."""


def recession(
    order: Arrangement,
    X: FloatArray,
    direction: FloatArray,
    *,
    gap: float = _GAP,
    is_exact: bool = False,
) -> FloatArray | None:
    """Tell whether the likelihood never falls along a direction.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    X : ndarray of shape (p, r)
        Covariates, arranged.
    direction : ndarray of shape (p,)
        A direction of the coefficients.
    gap : float
        Share of the spread of values by which it may miss.
    is_exact : bool
        Whether ties are exact, so that the events at a time need only be ahead of the others at
        risk, not level with each other.

    Returns
    -------
    ndarray of shape (p,) or None
        The direction, of length one, if at each event time no row at risk is further along it
        than the events are, and one is not so far; else None.

    Notes
    -----
    Along such a direction the likelihood rises towards a bound and has no maximum (Bryson and
    Johnson 1981; Jacobsen 1989 for the condition).
    """
    length = float(np.linalg.norm(direction))
    if not np.isfinite(length) or length == 0.0:
        return None
    v = (direction / length) @ X
    spread = float(np.ptp(v))
    if spread == 0.0:
        return None
    furthest = risk_set_max(order, v, without_tied=is_exact)
    nearest = -risk_set_max(order, -v, without_tied=is_exact)
    own = v[order.events]
    if float((np.repeat(furthest, order.n_tied) - own).max()) > gap * spread:
        return None
    lead = own - np.repeat(nearest, order.n_tied)
    if float(lead.max()) <= 10.0 * gap * spread:
        return None
    return direction / length


def any_recession(
    order: Arrangement, X: FloatArray, *, is_exact: bool = False
) -> FloatArray | None:
    """Look for a direction in which the likelihood rises without end.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    X : ndarray of shape (p, r)
        Covariates, arranged, of standard deviation about one.
    is_exact : bool
        Whether ties are exact.

    Returns
    -------
    ndarray of shape (p,) or None
        One of length one; None if there is none, or there are too many rows to look.

    Notes
    -----
    A linear program makes the events' lead over those at risk with them as large as it can while
    none is behind, as Konis (2007) does for logistic regression.
    """
    from scipy.optimize import linprog

    event, other = _pairs(order, is_exact=is_exact)
    if not len(event):
        return None
    lead = (X[:, event] - X[:, other]).T
    found = linprog(
        -lead.sum(axis=0), A_ub=-lead, b_ub=np.zeros(len(lead)), bounds=(-1.0, 1.0), method="highs"
    )
    direction = np.zeros(len(X)) if found.status != 0 else np.asarray(found.x)
    if float((lead @ direction).max()) <= _SLACK:
        return None
    return np.asarray(direction / np.linalg.norm(direction))


def _pairs(order: Arrangement, *, is_exact: bool) -> tuple[IntArray, IntArray]:
    """List each event with each row it has to be ahead of; nothing if there are too many."""
    at_risk = order.at_risk(np.ones(len(order.rows)))
    none = np.empty(0, dtype=np.int64)
    if at_risk @ order.n_tied > _MOST_PAIRS:
        return none, none
    events, others = [none], [none]
    for k in range(order.n_time):
        later = np.arange(order.begin[k], order.begin[order.start[order.stratum[k] + 1]])
        if order.first is not None:
            later = later[order.first[later] <= k]
        own = np.arange(order.begin[k], order.begin[k] + order.n_tied[k])
        if is_exact:
            later = later[later >= order.begin[k] + order.n_tied[k]]
        events.append(np.repeat(own, len(later)))
        others.append(np.tile(later, len(own)))
    return np.concatenate(events), np.concatenate(others)


def needed_columns(
    order: Arrangement, X: FloatArray, direction: FloatArray, *, is_exact: bool = False
) -> IntArray:
    """Find the coefficients that a direction in which the likelihood rises can't do without.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    X : ndarray of shape (p, r)
        Covariates, arranged.
    direction : ndarray of shape (p,)
        A direction that `recession` has found.
    is_exact : bool
        Whether ties are exact.

    Returns
    -------
    ndarray of int
        Columns, the smallest parts of the direction left out first.
    """
    left = direction.copy()
    for j in np.argsort(np.abs(direction)):
        part = left[j]
        left[j] = 0.0
        if recession(order, X, left, gap=_SLACK, is_exact=is_exact) is None:
            left[j] = part
    return np.flatnonzero(left)


def risk_set_max(order: Arrangement, v: FloatArray, *, without_tied: bool = False) -> FloatArray:
    """Give the largest value over the rows at risk at each event time.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    v : ndarray of shape (r,)
        Values, arranged.
    without_tied : bool
        Whether to leave out the rows whose event it is.

    Returns
    -------
    ndarray of shape (m,)
        Maxima; minus infinity where no row is left.
    """
    first, last = order.spans
    if not without_tied:
        return _max_over(first, last, v, order.n_time)
    last = last - order.is_event
    there = last >= first
    if not there.any():
        return np.full(order.n_time, -np.inf)
    return _max_over(first[there], last[there], v[there], order.n_time)


def _max_over(first: IntArray, last: IntArray, v: FloatArray, m: int) -> FloatArray:
    """Give the maximum, at each of m places, of the values whose range covers it.

    Each range is covered by two of length 2^j, kept at level j by where they begin; then each
    level is handed down to the one below, whose ranges are half as long.
    """
    level = np.frexp((last - first + 1).astype(np.float64))[1] - 1
    best = np.full(m, -np.inf)
    for j in range(int(level.max()), -1, -1):
        reach = 2**j
        if reach < m:
            handed = best.copy()
            handed[reach:] = np.maximum(handed[reach:], best[:-reach])
            best = handed
        at = level == j
        np.maximum.at(best, first[at], v[at])
        np.maximum.at(best, last[at] - reach + 1, v[at])
    return best
