"""Areas under smooth survival curves."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_LEVELS: Final = 20
_NODES: Final = 12
_CLOSE: Final = 1e-10
_MOST_CUTS: Final = 32
_BLOCK: Final = 32_768
"""Curves times nodes that are evaluated together."""


def area_to(curve: Callable[[FloatArray], FloatArray], tau: float, n_curve: int) -> FloatArray:
    """Integrate curves from 0 to a horizon.

    Parameters
    ----------
    curve : callable
        Times of shape (k,) to the values of curves there, of shape (k, …).
    tau : float
        Horizon, above 0.
    n_curve : int
        About how many curves there are, which sets how many times are asked for together.

    Returns
    -------
    ndarray
        Areas, in the shape of the values at one time.

    Notes
    -----
    Gauss-Legendre on panels that halve towards 0, where curves are smooth in the logarithm of
    time, cut finer until the areas stand still.
    """
    cuts, area = 1, _composite(curve, tau, 1, n_curve)
    while cuts < _MOST_CUTS:
        cuts *= 2
        finer = _composite(curve, tau, cuts, n_curve)
        change = np.abs(finer - area)
        area = finer
        if np.all(change <= _CLOSE * np.maximum(np.abs(area), 1e-3 * tau)):
            break
    return area


def _composite(
    curve: Callable[[FloatArray], FloatArray], tau: float, cuts: int, n_curve: int
) -> FloatArray:
    nodes, weights = _rule(cuts)
    block = max(1, _BLOCK // max(n_curve, 1))
    parts = [
        np.tensordot(weights[a : a + block] * tau, curve(nodes[a : a + block] * tau), axes=1)
        for a in range(0, len(nodes), block)
    ]
    return np.asarray(np.sum(parts, axis=0))


@lru_cache(maxsize=8)
def _rule(cuts: int) -> tuple[FloatArray, FloatArray]:
    """Give nodes and weights on (0, 1)."""
    x, w = np.polynomial.legendre.leggauss(_NODES)
    edges = np.concatenate([[0.0], 2.0 ** -np.arange(_LEVELS, -1, -1.0)])
    fine = np.unique(np.concatenate([np.linspace(a, b, cuts + 1) for a, b in _pairs(edges)]))
    middle, half = (fine[1:] + fine[:-1]) / 2.0, np.diff(fine) / 2.0
    return (middle[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()


def _pairs(edges: FloatArray) -> list[tuple[float, float]]:
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
