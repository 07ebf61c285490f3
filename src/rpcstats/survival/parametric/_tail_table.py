"""Tail probabilities of the generalised gamma with derivatives to its shape, by a table."""

import math
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.parametric._gamma_density import gamma_density

FloatArray = NDArray[np.float64]

_NODES: Final = 16
_WIDEST: Final = 0.75
_STEEP: Final = 3.0
"""Fall of the log density over a panel that 16 nodes follow to the last digits."""
_BENT: Final = 0.6
_STRAIGHT: Final = 1e-18
"""Second derivative below which the log density is a straight line to the last digit."""
_SPENT: Final = 40.0
"""Fall of the log density past the table's end after which nothing is left to add."""
_DEEPEST: Final = -720.0
_MOST_PANELS: Final = 20_000


class TailTable(NamedTuple):
    """Polynomials of the upper tail, panel by panel, from w = 0 up.

    Attributes
    ----------
    edges : ndarray of shape (K + 1,)
        Limits of the panels.
    coefficients : ndarray of shape (K, N, 3)
        Chebyshev coefficients of log S, E(a_Q) and E(a_QQ + a_Q²) beyond w, a the log density.
    """

    edges: FloatArray
    coefficients: FloatArray

    def read(self, w: FloatArray) -> FloatArray:
        """Read the table.

        Parameters
        ----------
        w : ndarray of shape (m,)
            Places from 0 to the last edge.

        Returns
        -------
        ndarray of shape (3, m)
            Log S and the two means beyond w.
        """
        panel = np.clip(np.searchsorted(self.edges, w, side="right") - 1, 0, len(self.edges) - 2)
        start, end = self.edges[panel], self.edges[panel + 1]
        x = (2.0 * w - start - end) / (end - start)
        b1 = np.zeros((len(w), 3))
        b2 = b1
        twice = 2.0 * x[:, None]
        for n in range(_NODES - 1, 0, -1):
            b1, b2 = self.coefficients[panel, n] + twice * b1 - b2, b1
        found: FloatArray = (self.coefficients[panel, 0] + x[:, None] * b1 - b2).T
        return found


@lru_cache(maxsize=16)
def tail_table(q: float, reach: float) -> TailTable:
    """Tabulate the upper tail.

    Parameters
    ----------
    q : float
        Shape Q.
    reach : float
        Where the table may end; it ends earlier where survival is below the smallest number.

    Returns
    -------
    TailTable
        The table.

    Notes
    -----
    The derivatives of log S to Q are means of derivatives of the log density over the tail, so
    that integrals over panels, added from the far end, keep their relative accuracy.
    """
    edges, last = _panels(q, reach)
    nodes, to_coefficients, integrals = _chebyshev()
    middle, half = (edges[1:] + edges[:-1]) / 2.0, np.diff(edges) / 2.0
    at = middle[:, None] + half[:, None] * nodes
    a = gamma_density(at.ravel(), q)
    value, score, bend = (part.reshape(at.shape) for part in (a.value, a.q, a.qq + a.q**2))
    top = value.max(axis=1)
    f = np.exp(value - top[:, None])
    parts = np.stack([f, f * score, f * bend], axis=2)
    # Row 0 integrates from the panel's start, the others from each node, up to its end.
    rest = np.einsum("rn,knj->krj", integrals, parts) * half[:, None, None]
    log_mass, means = _add_from_the_end(top, rest)
    coefficients = np.einsum("cn,knj->kcj", to_coefficients, _values(top, rest, log_mass, means))
    return TailTable(edges[: last + 1], np.ascontiguousarray(coefficients[:last]))


def _panels(q: float, reach: float) -> tuple[FloatArray, int]:
    """Cut the tail into panels; the table proper ends with panel `last`."""
    edges, last, target = [0.0], 0, -np.inf
    w = 0.0
    while len(edges) < _MOST_PANELS:
        log_f, slope, bend = _shape_at(w, q)
        if not last and (w >= reach or log_f < _DEEPEST):
            last, target = max(len(edges) - 1, 1), log_f - _SPENT
        if last and log_f < target:
            break
        width = _STEEP / (slope + math.sqrt(bend) + 1e-9)
        if bend > _STRAIGHT:
            width = min(_WIDEST, width, _BENT / max(abs(q), 0.1))
        w += width
        edges.append(w)
    return np.array(edges), last or len(edges) - 1


def _shape_at(w: float, q: float) -> tuple[float, float, float]:
    """Give about the log density at w, its fall and its bend."""
    x = min(q * w, 690.0)
    bend = math.exp(x)
    if abs(x) < 1e-4:
        return -w * w * (0.5 + x / 6.0), w * (1.0 + x / 2.0), bend
    return -(math.expm1(x) - x) / (q * q), math.expm1(x) / q, bend


def _add_from_the_end(top: FloatArray, rest: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give log mass and means beyond the end of each panel."""
    K = len(top)
    log_mass, means = np.full(K, -np.inf), np.zeros((K, 2))
    with np.errstate(divide="ignore"):
        within = top + np.log(rest[:, 0, 0])
    inside = rest[:, 0, 1:] / rest[:, 0, :1]
    for k in range(K - 1, 0, -1):
        log_mass[k - 1] = np.logaddexp(within[k], log_mass[k])
        share = np.exp(within[k] - log_mass[k - 1])
        means[k - 1] = share * inside[k] + (1.0 - share) * means[k]
    return log_mass, means


def _values(
    top: FloatArray, rest: FloatArray, log_mass: FloatArray, means: FloatArray
) -> FloatArray:
    """Give log S and the means at the nodes of each panel."""
    beyond = np.exp(log_mass - top)[:, None]
    mass = rest[:, 1:, 0] + beyond
    found = np.empty((*mass.shape, 3))
    found[..., 0] = np.log(mass) + top[:, None]
    for j in (1, 2):
        found[..., j] = (rest[:, 1:, j] + beyond * means[:, None, j - 1]) / mass
    return found


@lru_cache(maxsize=1)
def _chebyshev() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give nodes in (−1, 1), the map to coefficients, and integrals up to 1."""
    N = _NODES
    angles = (np.arange(N) + 0.5) * np.pi / N
    nodes = np.cos(angles)
    to_coefficients = 2.0 / N * np.cos(np.outer(np.arange(N), angles))
    to_coefficients[0] /= 2.0
    points = np.concatenate([[-1.0], nodes])
    theta = np.arccos(points)
    antiderivative = np.empty((N, N + 1))
    for n in range(N):
        antiderivative[n] = _integral_to_one(n, points, theta)
    return nodes, to_coefficients, antiderivative.T @ to_coefficients


def _integral_to_one(n: int, x: FloatArray, theta: FloatArray) -> FloatArray:
    """Give ∫ Tₙ from x to 1."""
    if n == 0:
        return 1.0 - x
    if n == 1:
        return (1.0 - x * x) / 2.0
    up = (1.0 - np.cos((n + 1) * theta)) / (2.0 * (n + 1))
    down = (1.0 - np.cos((n - 1) * theta)) / (2.0 * (n - 1))
    found: FloatArray = up - down
    return found
