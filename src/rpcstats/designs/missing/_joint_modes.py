"""Where the density of a parent's own effects peaks, given ratings and course: compiled."""

from math import sqrt
from typing import Final

import numpy as np

from rpcstats._numerics.jit import compiled
from rpcstats.designs.missing._joint_arrays import At, Cells, FloatArray, IntArray
from rpcstats.designs.missing._joint_cells import category, session_end

STEPS: Final = 60
LONGEST: Final = 2.0
SETTLED: Final = 1e-7
"""Newton's steps: most of them, the longest one in standard deviations, and how small a step is
that ends the search. The mode only places the nodes."""


@compiled()
def goal_sums(
    alpha: FloatArray, ratings: tuple[IntArray, FloatArray], span: tuple[int, int],
    line: tuple[float, float],
) -> tuple[float, float, float, float, float]:  # fmt: skip
    """Sum up derivatives of a goal's log probability by its linear predictors.

    Parameters
    ----------
    alpha : ndarray of shape (C + 1,)
        Thresholds.
    ratings : tuple of ndarray
        Category and stage of each rating.
    span : tuple of int
        The goal's ratings: the first, and the one after the last.
    line : tuple of float
        Linear predictor at stage 0, and its slope.

    Returns
    -------
    tuple of float
        Sums of the first derivative and of that times the stage, and of minus the second
        derivative, times the stage, times its square.
    """
    category_of, stage = ratings
    e0, e1, c0, c1, c2 = 0.0, 0.0, 0.0, 0.0, 0.0
    for t in range(span[0], span[1]):
        s, c = stage[t], category_of[t]
        eta = line[0] + s * line[1]
        x, y = alpha[c + 1] - eta, alpha[c] - eta
        p, above, below = category(x, y)
        first = (below - above) / p
        curvature = (x * above - y * below) / p + first * first
        e0 += first
        e1 += s * first
        c0 += curvature
        c1 += s * curvature
        c2 += s * s * curvature
    return e0, e1, c0, c1, c2


@compiled()
def hazard_sums(
    cells: Cells, at: At, i: int, u: float, v: float, g: FloatArray, A: FloatArray
) -> None:
    """Add the derivatives of dropout by intercept u and slope v.

    Parameters
    ----------
    cells : Cells
        Courses.
    at : At
        Parameters.
    i : int
        The parent.
    u, v : float
        Its own intercept and slope.
    g : ndarray of shape (2,)
        The first derivatives are added here.
    A : ndarray of shape (3,)
        Minus the second ones, 11, 12, 22, are added here.
    """
    by_u, by_v, by_level = at.shared
    for k in range(cells.n_risk[i]):
        s = cells.session_stage[i, k]
        eta = at.base[i, k] + by_u * u + by_v * v
        eta += by_level * (at.mean[i, 0] + u + s * (at.mean[i, 1] + v))
        _, first, curvature = session_end(eta, cells.event[i] == k, at.link)
        a, b = by_u + by_level, by_v + by_level * s
        g[0] += a * first
        g[1] += b * first
        A[0] += a * a * curvature
        A[1] += a * b * curvature
        A[2] += b * b * curvature


@compiled()
def _add_goal(
    sums: tuple[float, float, float, float, float], root: FloatArray, w: float, g: FloatArray,
    S: FloatArray, own: FloatArray,
) -> None:  # fmt: skip
    """Eliminate a goal's own effect w; keep its score, curvature and cross terms in `own`."""
    l1, l2, l3, tau = root
    own[0] = tau * sums[0] - w
    own[1] = 1.0 + tau * tau * sums[2]
    own[2] = tau * (l1 * sums[2] + l2 * sums[3])
    own[3] = tau * l3 * sums[3]
    g[0] += l1 * sums[0] + l2 * sums[1] - own[2] * own[0] / own[1]
    g[1] += l3 * sums[1] - own[3] * own[0] / own[1]
    S[0] += l1 * l1 * sums[2] + 2.0 * l1 * l2 * sums[3] + l2 * l2 * sums[4]
    S[1] += l3 * (l1 * sums[3] + l2 * sums[4])
    S[2] += l3 * l3 * sums[4]
    S[0] -= own[2] * own[2] / own[1]
    S[1] -= own[2] * own[3] / own[1]
    S[2] -= own[3] * own[3] / own[1]


@compiled()
def _derivatives(
    cells: Cells, at: At, i: int, z: FloatArray, w: FloatArray, own: FloatArray,
    g: FloatArray, S: FloatArray,
) -> None:  # fmt: skip
    """Give score and curvature of z once the goals' effects are eliminated."""
    l1, l2, l3, tau = at.root
    u, v = l1 * z[0], l2 * z[0] + l3 * z[1]
    line, A = np.zeros(2), np.zeros(3)
    hazard_sums(cells, at, i, u, v, line, A)
    g[0] = l1 * line[0] + l2 * line[1] - z[0]
    g[1] = l3 * line[1] - z[1]
    S[0] = 1.0 + l1 * l1 * A[0] + 2.0 * l1 * l2 * A[1] + l2 * l2 * A[2]
    S[1] = l3 * (l1 * A[1] + l2 * A[2])
    S[2] = 1.0 + l3 * l3 * A[2]
    first = cells.goal_first[i]
    for goal in range(first, cells.goal_first[i + 1]):
        j = goal - first
        span = (cells.rating_first[goal], cells.rating_first[goal + 1])
        own_line = (at.mean[i, 0] + u + tau * w[j], at.mean[i, 1] + v)
        sums = goal_sums(at.alpha, (cells.category, cells.stage), span, own_line)
        _add_goal(sums, at.root, w[j], g, S, own[j])


@compiled()
def find_mode(
    cells: Cells, at: At, i: int, z: FloatArray, w: FloatArray, own: FloatArray, L: FloatArray
) -> None:
    """Find the mode of a parent's effects, and the spread of z there.

    Parameters
    ----------
    cells : Cells
        Ratings and courses.
    at : At
        Parameters.
    i : int
        The parent.
    z : ndarray of shape (2,)
        Filled with the mode of z; Λz are intercept and slope.
    w : ndarray of shape (G or more,)
        Filled with the modes of the goals' effects, in units of τ.
    own : ndarray of shape (G or more, 4)
        Filled with score and curvature of each w, and its cross terms with z.
    L : ndarray of shape (3,)
        Filled with the Cholesky root of z's covariance: elements 11, 21, 22.

    Notes
    -----
    Newton's method; a goal's effect enters its own ratings only, so that it is eliminated. The
    log density is concave for both links and for probit thresholds, so there is one mode.
    """
    g, S = np.empty(2), np.empty(3)
    n_goal = cells.goal_first[i + 1] - cells.goal_first[i]
    z[:] = 0.0
    w[:] = 0.0
    for _ in range(STEPS):
        _derivatives(cells, at, i, z, w, own, g, S)
        determinant = S[0] * S[2] - S[1] * S[1]
        d0 = (S[2] * g[0] - S[1] * g[1]) / determinant
        d1 = (S[0] * g[1] - S[1] * g[0]) / determinant
        size = d0 * d0 + d1 * d1
        for j in range(n_goal):
            own[j, 0] = (own[j, 0] - own[j, 2] * d0 - own[j, 3] * d1) / own[j, 1]
            size += own[j, 0] ** 2
        size = sqrt(size)
        share = min(1.0, LONGEST / max(size, LONGEST))
        z[0] += share * d0
        z[1] += share * d1
        for j in range(n_goal):
            w[j] += share * own[j, 0]
        if not size > SETTLED:
            break
    determinant = S[0] * S[2] - S[1] * S[1]
    L[0] = sqrt(S[2] / determinant)
    L[1] = -S[1] / determinant / L[0]
    L[2] = sqrt(1.0 / S[2])
