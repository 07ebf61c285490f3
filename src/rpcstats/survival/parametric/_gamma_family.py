"""The gamma family, a generalised gamma whose scale is its shape."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rpcstats.survival.parametric._generalised_gamma import GeneralisedGamma
from rpcstats.survival.parametric._local import Local

FloatArray = NDArray[np.float64]
Extra = tuple[FloatArray, ...]
_PRENTICE = GeneralisedGamma()


@dataclass(frozen=True, slots=True)
class Gamma:
    """Time = e^η times a gamma of shape e^τ and scale 1."""

    on_log: bool = True

    @property
    def extras(self) -> tuple[str, ...]:
        """Names of the parameters beside the log of the scale."""
        return ("Log(shape)",)

    def density(self, y: FloatArray, eta: FloatArray, extra: Extra) -> Local:
        """Give the log density of y.

        Parameters
        ----------
        y, eta : ndarray of shape (m,)
            Log times and log scales.
        extra : tuple of ndarray
            The log shape τ.

        Returns
        -------
        Local
            Log density with its derivatives to η and τ.
        """
        return _by_shape(_PRENTICE.density, y, eta, extra[0])

    def survival(self, y: FloatArray, eta: FloatArray, extra: Extra) -> Local:
        """Give the log survival to y.

        Parameters
        ----------
        y, eta : ndarray of shape (m,)
            Log times and log scales.
        extra : tuple of ndarray
            The log shape τ.

        Returns
        -------
        Local
            Log survival with its derivatives to η and τ.
        """
        return _by_shape(_PRENTICE.survival, y, eta, extra[0])

    def quantile(self, log_survival: FloatArray, eta: FloatArray, extra: Extra) -> FloatArray:
        """Give log time at which the log survival has a value.

        Parameters
        ----------
        log_survival, eta : ndarray of shape (m,)
            Log survival, below 0, and log scales.
        extra : tuple of ndarray
            The log shape τ.

        Returns
        -------
        ndarray of shape (m,)
            Log times.
        """
        tau = np.broadcast_to(extra[0], eta.shape)
        y, level = np.empty_like(eta), np.broadcast_to(log_survival, eta.shape)
        for value in np.unique(tau).tolist():
            rows = tau == value
            prentice = _prentice(value)
            y[rows] = _PRENTICE.quantile(level[rows], eta[rows] + value, prentice)
        return y

    def best_density(self, extra: Extra, y: FloatArray) -> FloatArray:
        """Give the largest log density that a scale can give to a time.

        Parameters
        ----------
        extra : tuple of ndarray
            The log shape τ.
        y : ndarray of shape (m,)
            Log times.

        Returns
        -------
        ndarray of shape (m,)
            Log densities.
        """
        k = np.exp(np.broadcast_to(extra[0], y.shape))
        best: FloatArray = k * np.log(k) - k - special.gammaln(k)
        return best

    def best_location(self, low: FloatArray, high: FloatArray, extra: Extra) -> FloatArray:
        """Give the log scale that makes an interval most likely.

        Parameters
        ----------
        low, high : ndarray of shape (m,)
            Limits, low below high.
        extra : tuple of ndarray
            The log shape τ.

        Returns
        -------
        ndarray of shape (m,)
            Log scales.
        """
        width = high - low
        location: FloatArray = low - np.log(width / np.expm1(width)) - extra[0]
        return location

    def log_mean(self, eta: FloatArray, extra: Extra) -> tuple[FloatArray, FloatArray]:
        """Give the log of the mean time, η + τ.

        Parameters
        ----------
        eta : ndarray of shape (m,)
            Log scales.
        extra : tuple of ndarray
            The log shape τ.

        Returns
        -------
        value : ndarray of shape (m,)
            Log mean.
        first : ndarray of shape (2, m)
            Derivatives.
        """
        return eta + extra[0], np.ones((2, len(eta)))


def _prentice(tau: float) -> Extra:
    return np.array([-tau / 2.0]), np.array([np.exp(-tau / 2.0)])


def _by_shape(
    curve: Callable[[FloatArray, FloatArray, Extra], Local],
    y: FloatArray,
    eta: FloatArray,
    tau: FloatArray,
) -> Local:
    """Evaluate a curve of the generalised gamma, one shape after the other."""
    m = len(y)
    if len(tau) == 1:
        return _chained(curve(y, eta + tau[0], _prentice(float(tau[0]))), float(tau[0]))
    found = Local(np.empty(m), np.empty((2, m)), np.empty((2, 2, m)))
    for value in np.unique(tau).tolist():
        rows = tau == value
        part = _chained(curve(y[rows], eta[rows] + value, _prentice(value)), value)
        found.value[rows], found.first[:, rows] = part.value, part.first
        found.second[:, :, rows] = part.second
    return found


def _chained(part: Local, tau: float) -> Local:
    """Turn derivatives to (μ, log σ, Q) into those to (η, τ): μ = η + τ, σ = Q = e^(−τ/2)."""
    q = np.exp(-tau / 2.0)
    along = np.array([[1.0, 0.0, 0.0], [1.0, -0.5, -0.5 * q]])
    second = np.einsum("aj,jkm,bk->abm", along, part.second, along)
    second[1, 1] += 0.25 * q * part.first[2]
    return Local(part.value, along @ part.first, second)
