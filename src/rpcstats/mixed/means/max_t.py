"""The distribution of the largest of correlated t statistics in size."""

from typing import Final, NamedTuple

import numpy as np
from scipy import special

from rpcstats.mixed.inference.tails import f_p, t_p
from rpcstats.mixed.means.chi_scale import scale_nodes
from rpcstats.mixed.structure.model_frame import FloatArray

# Eigenvalues of a correlation matrix below this are rounding.
_RANK_TOLERANCE: Final = 1e-9
_NODES: Final = 64
_STEP: Final = 0.25
_REACH: Final = 9.0
# Scrambled Sobol points on the sphere: eight sets tell how far they are off.
_SETS: Final = 8
_LOG2_POINTS: Final = 13
# The tail is smooth in h(u): worked out at so many values, cubics between them add 1e-8.
_GRID: Final = 512


class Tail(NamedTuple):
    """A probability and how far it may be off.

    Attributes
    ----------
    p : float
        The probability.
    error : float
        Standard error of the quadrature; 0 where it is exact to 10 digits.
    """

    p: float
    error: float


class MaxT:
    """Largest of m correlated t statistics in size, all with one standard error's luck.

    Parameters
    ----------
    correlation : ndarray of shape (m, m)
        Correlation of the statistics.
    seed : int
        Seed of the points on the sphere, where they are needed.

    Notes
    -----
    Written in polar coordinates, u a direction and R a length, the largest statistic is
    R h(u) with h(u) = max |a_i'u|, and R² / r is an F variable; so the tail is the mean over u
    of a closed form. With statistics of rank 2 the mean is an integral over pieces of a circle; if
    the correlation is a product λ_i λ_j, as with one reference (Dunnett 1955), statistics are
    independent given one normal variable. Both are exact to 10 digits. Otherwise the mean is
    taken over randomised quasi-random directions (Genz and Bretz 2009, with Sobol points).
    """

    def __init__(self, correlation: FloatArray, seed: int = 0) -> None:
        values, vectors = np.linalg.eigh(correlation)
        used = values > _RANK_TOLERANCE * values[-1]
        self.m, self.rank = len(correlation), int(used.sum())
        self._loadings = _product_loadings(correlation) if self.rank > 2 else None
        self._reach, self._weights = np.ones(1), np.ones((1, 1))
        rows = vectors[:, used] * np.sqrt(values[used])
        if self.rank == 2:
            self._reach, self._weights = _circle(rows)
        elif self.rank > 2 and self._loadings is None:
            self._reach, self._weights = _sphere(rows, seed)

    @property
    def is_exact(self) -> bool:
        """Whether no random points are used."""
        return len(self._weights) == 1

    def tail(self, size: float, df: float) -> Tail:
        """Give the probability that the largest statistic exceeds a size.

        Parameters
        ----------
        size : float
            The size, 0 or more.
        df : float
            Degrees of freedom; may be infinite.

        Returns
        -------
        Tail
            Never below the probability of one statistic, nor above m times that.
        """
        if np.isnan(size) or np.isnan(df):
            return Tail(np.nan, np.nan)
        one = float(t_p(size, df))
        if self.rank == 1 or np.isinf(size):
            return Tail(one, 0.0)
        if self._loadings is not None:
            p, error = _product_tail(self._loadings, size, df), 0.0
        else:
            length = (size / self._reach) ** 2 / self.rank
            found = self._weights @ f_p(length, float(self.rank), df)
            p = float(found.mean())
            error = float(found.std(ddof=1) / np.sqrt(_SETS)) if len(found) > 1 else 0.0
        return Tail(min(max(p, one), min(1.0, self.m * one)), error)


def _circle(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give h(u) at Gauss-Legendre nodes of the arcs on which one statistic is the largest.

    With their weights, of shape (1, nodes).
    """
    angle = np.sort(np.arctan2(rows[:, 1], rows[:, 0]) % np.pi)
    follows = np.append(angle[1:], angle[0] + np.pi)
    # From a statistic's own direction to halfway to the next, cos falls; the other half mirrors.
    half = 0.5 * (follows - angle)
    x, w = np.polynomial.legendre.leggauss(_NODES)
    at = 0.5 * half[:, None] * (x + 1.0)
    weight = 0.5 * half[:, None] * w
    return np.cos(at).ravel(), weight.reshape(1, -1) / weight.sum()


def _sphere(rows: FloatArray, seed: int) -> tuple[FloatArray, FloatArray]:
    """Give values of h(u) with their weights in each set of scrambled Sobol directions."""
    from scipy.stats import qmc

    rng = np.random.default_rng(seed)
    reach = []
    for _ in range(_SETS):
        points = qmc.Sobol(rows.shape[1], rng=rng).random_base2(_LOG2_POINTS)
        # A coordinate of exactly 0 has no normal quantile.
        normal = special.ndtri(np.clip(points, 1e-16, 1.0 - 1e-16))
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        reach.append(np.abs(normal @ rows.T).max(axis=1))
    low, high = float(np.min(reach)), float(np.max(reach))
    step = (high - low) / (_GRID - 1)
    weights = [_cubic_weights((one - low) / step) for one in reach]
    return np.linspace(low, high, _GRID), np.array(weights)


def _cubic_weights(place: FloatArray) -> FloatArray:
    """Spread points over a grid of unit steps so that cubics keep their mean."""
    first = np.clip(np.floor(place).astype(np.int64), 1, _GRID - 3)
    f = place - first
    shares = (
        -f * (f - 1.0) * (f - 2.0) / 6.0,
        (f + 1.0) * (f - 1.0) * (f - 2.0) / 2.0,
        -(f + 1.0) * f * (f - 2.0) / 2.0,
        (f + 1.0) * f * (f - 1.0) / 6.0,
    )
    total = np.zeros(_GRID)
    for shift, share in enumerate(shares, start=-1):
        total += np.bincount(first + shift, weights=share, minlength=_GRID)
    weights: FloatArray = total / len(place)
    return weights


def _product_loadings(correlation: FloatArray) -> FloatArray | None:
    """Find λ with correlation λ_i λ_j; None if there is none inside (-1, 1)."""
    m = len(correlation)
    apart = ~np.eye(m, dtype=bool)
    loadings = np.zeros(m)
    if np.abs(correlation[apart]).max() > _RANK_TOLERANCE:
        square = correlation[0, 1] * correlation[0, 2]
        if square * correlation[1, 2] <= 0.0:
            return None
        loadings[0] = np.sqrt(square / correlation[1, 2])
        loadings[1:] = correlation[0, 1:] / loadings[0]
    if np.abs(loadings).max() > 1.0 - _RANK_TOLERANCE:
        return None
    differs = np.abs(np.outer(loadings, loadings) - correlation)[apart]
    return loadings if differs.max() < _RANK_TOLERANCE else None


def _product_tail(loadings: FloatArray, size: float, df: float) -> float:
    """Average over the common normal variable and the scale."""
    rest = np.sqrt(1.0 - loadings**2)
    sharpest = float(np.min(rest / np.maximum(np.abs(loadings), 0.1)))
    step = _STEP * min(1.0, 2.0 * sharpest)
    z = np.arange(-_REACH, _REACH + step, step)
    density = np.exp(-0.5 * z * z)
    density /= density.sum()
    s, weights = scale_nodes(df, size)
    bound = (size * s)[:, None, None]
    moved = z[:, None] * loadings
    outside = special.ndtr(-(bound - moved) / rest) + special.ndtr(-(bound + moved) / rest)
    with np.errstate(divide="ignore"):  # a size of 0 is surely exceeded
        union = -np.expm1(np.log1p(-np.minimum(outside, 1.0)).sum(axis=2))
    return float(weights @ (union @ density))
