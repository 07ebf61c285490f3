"""The tail of the largest of correlated normal statistics in size: arrays in, a number out."""

from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rpcstats.mixed.means.max_t import MaxT

FloatArray = NDArray[np.float64]

_RANK_TOLERANCE: Final = 1e-9
"""Eigenvalues of a correlation matrix below this are rounding."""

_SAME: Final = 1e-9
"""Latitudes and directions nearer than this are one."""

_NODES_ACROSS: Final = 10
_NODES_ALONG: Final = 14
"""Gauss-Legendre points: of each stretch of latitudes, and of each arc of a latitude."""


def largest_tail(size: float, correlation: FloatArray) -> float:
    """Give the probability that the largest of normal statistics exceeds a size.

    Parameters
    ----------
    size : float
        The size, 0 or more.
    correlation : ndarray of shape (m, m)
        Correlation of the statistics; it may be singular.

    Returns
    -------
    float
        The probability, to 6 digits up to rank 3; beyond, by quasi-random points with a fixed
        seed, to about 4.

    Notes
    -----
    In polar coordinates the statistics are R times a_i'u, u a direction and R² chi-square, so
    the tail is the mean over directions of a closed form of h(u) = max |a_i'u|. On a circle
    of latitude h has corners where two of the |a_i'u| are equal, which are known in closed form:
    between them it is smooth.
    """
    values, vectors = np.linalg.eigh(correlation)
    used = values > _RANK_TOLERANCE * values[-1]
    if int(used.sum()) != 3:
        return MaxT(correlation).tail(size, np.inf).p
    return _mean_over_sphere(size, vectors[:, used] * np.sqrt(values[used]))


def _mean_over_sphere(size: float, rows: FloatArray) -> float:
    circles = _equal_sizes(rows)
    nodes, weights = np.polynomial.legendre.leggauss(_NODES_ACROSS)
    edges = _latitudes(circles)
    width = np.diff(edges)[:, None]
    t = (edges[:-1, None] + 0.5 * width * (nodes + 1)).ravel()
    across = (0.5 * width * weights).ravel()
    corners = _corners(circles, t)
    along, w = np.polynomial.legendre.leggauss(_NODES_ALONG)
    length = np.diff(corners, axis=1)
    angle = corners[:, :-1, None] + 0.5 * length[:, :, None] * (along + 1)
    s = np.sqrt(1 - t**2)[:, None, None]
    x, y, z = s * np.cos(angle), s * np.sin(angle), t[:, None, None]
    reach = np.zeros(angle.shape)
    for a, b, c in rows:
        np.maximum(reach, np.abs(a * x + b * y + c * z), out=reach)
    with np.errstate(divide="ignore"):
        tail = special.gammaincc(1.5, 0.5 * (size / reach) ** 2)
    rounds = (0.5 * length * (tail @ w)).sum(axis=1) / (2 * np.pi)
    return float(across @ rounds)


def _equal_sizes(rows: FloatArray) -> FloatArray:
    """Give the normals of the great circles on which two statistics are equal in size."""
    pairs = combinations(rows, 2)
    normals = np.array([first + sign * other for first, other in pairs for sign in (-1.0, 1.0)])
    norms = np.linalg.norm(normals, axis=1)
    found: FloatArray = normals[norms > _SAME] / norms[norms > _SAME, None]
    return found


def _latitudes(circles: FloatArray) -> FloatArray:
    """Give the latitudes at which corners meet or vanish: where circles cross, and their tops."""
    crossings = np.array([np.cross(a, b) for a, b in combinations(circles, 2)])
    norms = np.linalg.norm(crossings, axis=1)
    met = np.abs(crossings[norms > _SAME, 2]) / norms[norms > _SAME]
    tops = np.hypot(circles[:, 0], circles[:, 1])
    edges = np.sort(np.concatenate([[0.0, 1.0], np.linspace(0.1, 0.9, 9), met, tops]))
    edges = np.clip(edges, 0.0, 1.0)
    apart: FloatArray = edges[np.concatenate([[True], np.diff(edges) > _SAME])]
    return apart


def _corners(circles: FloatArray, t: FloatArray) -> FloatArray:
    """Give, on each circle of latitude, the angles where two statistics are equal in size."""
    turn = 2 * np.pi
    found = [np.zeros_like(t), np.full_like(t, turn)]
    s = np.sqrt(1 - t**2)
    for a, b, c in circles:
        with np.errstate(divide="ignore", invalid="ignore"):
            cosine = -c * t / (s * np.hypot(a, b))
        half = np.arccos(np.clip(np.nan_to_num(cosine, nan=1.0), -1.0, 1.0))
        middle = np.arctan2(b, a)
        found += [(middle + half) % turn, (middle - half) % turn]
    return np.sort(np.column_stack(found), axis=1)
