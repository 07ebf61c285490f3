"""Score and information of one parent, averaged over its intercept and slope: compiled.

Derivatives stand in this order: intercept and slope of the mean, l1, l2, l3, τ, the thresholds
with the outer ones, the sessions, and the three coefficients of the hazard.
"""

from typing import NamedTuple

import numpy as np

from rpcstats._numerics.jit import compiled
from rpcstats.designs.missing._joint_arrays import (
    N_LINE,
    N_SHARED,
    At,
    Cells,
    FloatArray,
    IntArray,
)
from rpcstats.designs.missing._joint_cells import session_end
from rpcstats.designs.missing._joint_goals import N_OWN, GoalWork


class Moments(NamedTuple):
    """Sums at one node of z, D derivatives in all.

    Attributes
    ----------
    y : ndarray of shape (3 + C + 1,)
        Derivatives of all ratings by start, slope, τ and thresholds.
    Y : ndarray of shape (3 + C + 1, 3 + C + 1)
        Second derivatives of their log probability; upper triangle.
    s : ndarray of shape (D,)
        Derivatives of ratings and course.
    H : ndarray of shape (D, D)
        Second derivatives; upper triangle.
    """

    y: FloatArray
    Y: FloatArray
    s: FloatArray
    H: FloatArray


@compiled()
def moments_room(n_edge: int, n_session: int) -> Moments:
    """Make room for the sums.

    Parameters
    ----------
    n_edge : int
        Thresholds with the outer ones.
    n_session : int
        Sessions.

    Returns
    -------
    Moments
        The room.
    """
    P, D = N_OWN + n_edge, N_LINE + n_edge + n_session + N_SHARED
    return Moments(np.empty(P), np.empty((P, P)), np.empty(D), np.empty((D, D)))


@compiled()
def add_goal(cells: Cells, goal: int, work: GoalWork, sums: Moments, order: int) -> None:
    """Add a goal's derivatives to those of the parent's ratings.

    Parameters
    ----------
    cells : Cells
        Ratings.
    goal : int
        The goal.
    work : GoalWork
        Its derivatives.
    sums : Moments
        Where they are added.
    order : int
        2 for second derivatives too.
    """
    first = cells.edge_first[goal]
    n = N_OWN + cells.edge_first[goal + 1] - first
    mean, M = work.mean, work.M
    for a in range(n):
        to = a if a < N_OWN else N_OWN + cells.edge[first + a - N_OWN]
        sums.y[to] += mean[a]
        if order > 1:
            for b in range(a, n):
                other = b if b < N_OWN else N_OWN + cells.edge[first + b - N_OWN]
                sums.Y[to, other] += M[a, b] - mean[a] * mean[b]


@compiled()
def spread_out(sums: Moments, z: FloatArray, n_edge: int, order: int) -> None:
    """Turn derivatives by start and slope into those by the mean and by Λ.

    Parameters
    ----------
    sums : Moments
        Its `s` and `H` are filled from `y` and `Y`.
    z : ndarray of shape (2,)
        The node.
    n_edge : int
        Thresholds with the outer ones.
    order : int
        2 for second derivatives too.
    """
    n = N_LINE + n_edge
    source = np.empty(n, dtype=np.int64)
    factor = np.ones(n)
    source[:N_LINE] = np.array([0, 1, 0, 1, 1, 2])
    factor[2], factor[3], factor[4] = z[0], z[0], z[1]
    for a in range(N_LINE, n):
        source[a] = a - N_LINE + N_OWN
    sums.s[:] = 0.0
    for a in range(n):
        sums.s[a] = factor[a] * sums.y[source[a]]
    if order > 1:
        sums.H[:] = 0.0
        for a in range(n):
            for b in range(a, n):
                i, j = source[a], source[b]
                if i > j:
                    i, j = j, i
                sums.H[a, b] = factor[a] * factor[b] * sums.Y[i, j]


@compiled()
def _hazard_slopes(
    at: At, s: float, z: FloatArray, line: tuple[float, float], n_line: int,
    where: IntArray, slope: FloatArray,
) -> None:  # fmt: skip
    """Give the derivatives of a session's linear predictor; `where[5]` is filled by the caller."""
    by_u, by_v, by_level = at.shared
    last = n_line + at.base.shape[1]
    where[:5] = np.arange(5)
    where[6], where[7], where[8] = last, last + 1, last + 2
    u = at.root[0] * z[0]
    v = at.root[1] * z[0] + at.root[2] * z[1]
    slope[0], slope[1] = by_level, by_level * s
    slope[2] = (by_u + by_level) * z[0]
    slope[3] = (by_v + by_level * s) * z[0]
    slope[4] = (by_v + by_level * s) * z[1]
    slope[5], slope[6], slope[7] = 1.0, u, v
    slope[8] = line[0] + s * line[1]


@compiled()
def _add_bend(H: FloatArray, e: float, s: float, z: FloatArray, last: int) -> None:
    """Add the second derivatives of a linear predictor, times the first by it."""
    H[2, last] += e * z[0]
    H[3, last + 1] += e * z[0]
    H[4, last + 1] += e * z[1]
    H[0, last + 2] += e
    H[1, last + 2] += e * s
    H[2, last + 2] += e * z[0]
    H[3, last + 2] += e * s * z[0]
    H[4, last + 2] += e * s * z[1]


@compiled()
def add_course(
    cells: Cells, at: At, i: int, z: FloatArray, line: tuple[float, float], sums: Moments,
    order: int,
) -> float:  # fmt: skip
    """Add what a parent's course tells.

    Parameters
    ----------
    cells : Cells
        Courses.
    at : At
        Parameters.
    i : int
        The parent.
    z : ndarray of shape (2,)
        The node.
    line : tuple of float
        The parent's intercept and slope there, mean included.
    sums : Moments
        Derivatives are added to `s` and `H`.
    order : int
        0 to 2.

    Returns
    -------
    float
        Log probability of the course.
    """
    n_line = N_LINE + len(at.alpha)
    by_u, by_v, by_level = at.shared
    where, slope, total = np.empty(9, dtype=np.int64), np.empty(9), 0.0
    u, v = line[0] - at.mean[i, 0], line[1] - at.mean[i, 1]
    for k in range(cells.n_risk[i]):
        s = cells.session_stage[i, k]
        eta = at.base[i, k] + by_u * u + by_v * v + by_level * (line[0] + s * line[1])
        log_p, e, curvature = session_end(eta, cells.event[i] == k, at.link)
        total += log_p
        if order == 0:
            continue
        _hazard_slopes(at, s, z, line, n_line, where, slope)
        where[5] = n_line + k
        for a in range(9):
            sums.s[where[a]] += e * slope[a]
            if order > 1:
                for b in range(a, 9):
                    sums.H[where[a], where[b]] -= curvature * slope[a] * slope[b]
        if order > 1:
            _add_bend(sums.H, e, s, z, n_line + at.base.shape[1])
    return total
