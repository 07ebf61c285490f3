"""Families of log time (or time) = η + e^s × error, the error without parameters."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rpcstats.survival.parametric._local import Local
from rpcstats.survival.parametric._standard import STANDARD, Curve, StandardName

FloatArray = NDArray[np.float64]
Extra = tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True)
class LocationScale:
    """Time, or its logarithm, with a location η and a log scale s.

    Attributes
    ----------
    error : {"extreme", "logistic", "normal"}
        Distribution of the error.
    on_log : bool
        Whether the logarithm of time has that error.
    has_scale : bool
        Whether the scale is estimated; else it is 1.
    """

    error: StandardName
    on_log: bool = True
    has_scale: bool = True

    @property
    def extras(self) -> tuple[str, ...]:
        """Names of the parameters beside the location."""
        return ("Log(scale)",) if self.has_scale else ()

    def density(self, y: FloatArray, eta: FloatArray, extra: Extra) -> Local:
        """Give the log density of y.

        Parameters
        ----------
        y, eta : ndarray of shape (m,)
            Times, or their logarithms, and locations.
        extra : tuple of ndarray
            The log scale, if there is one.

        Returns
        -------
        Local
            Log density with its derivatives to η and s.
        """
        z, scale = self._residual(y, eta, extra)
        found = to_location(STANDARD[self.error].density(z), z, scale)
        if scale is None:
            return found
        found.value[:] -= extra[0]
        found.first[1] -= 1.0
        return found

    def survival(self, y: FloatArray, eta: FloatArray, extra: Extra) -> Local:
        """Give the log survival to y.

        Parameters
        ----------
        y, eta : ndarray of shape (m,)
            Times, or their logarithms, and locations.
        extra : tuple of ndarray
            The log scale, if there is one.

        Returns
        -------
        Local
            Log survival with its derivatives to η and s.
        """
        z, scale = self._residual(y, eta, extra)
        return to_location(STANDARD[self.error].survival(z), z, scale)

    def quantile(self, log_survival: FloatArray, eta: FloatArray, extra: Extra) -> FloatArray:
        """Give y at which the log survival has a value.

        Parameters
        ----------
        log_survival, eta : ndarray of shape (m,)
            Log survival, below 0, and locations.
        extra : tuple of ndarray
            The log scale, if there is one.

        Returns
        -------
        ndarray of shape (m,)
            Times, or their logarithms.
        """
        z = STANDARD[self.error].quantile(log_survival)
        y: FloatArray = eta + (z * np.exp(extra[0]) if self.has_scale else z)
        return y

    def best_density(self, extra: Extra, y: FloatArray) -> FloatArray:
        """Give the largest log density that a location can give to a time.

        Parameters
        ----------
        extra : tuple of ndarray
            The log scale, if there is one.
        y : ndarray of shape (m,)
            Times, or their logarithms.

        Returns
        -------
        ndarray of shape (m,)
            Log densities.
        """
        top = np.full(len(y), STANDARD[self.error].mode_density)
        return top - extra[0] if self.has_scale else top

    def best_location(self, low: FloatArray, high: FloatArray, extra: Extra) -> FloatArray:
        """Give the location that makes an interval most likely.

        Parameters
        ----------
        low, high : ndarray of shape (m,)
            Limits, low below high.
        extra : tuple of ndarray
            The log scale, if there is one.

        Returns
        -------
        ndarray of shape (m,)
            Locations.
        """
        if self.error != "extreme":
            return (low + high) / 2.0
        scale = np.exp(extra[0]) if self.has_scale else 1.0
        width = (high - low) / scale
        location: FloatArray = low - scale * np.log(width / np.expm1(width))
        return location

    def log_mean(self, eta: FloatArray, extra: Extra) -> tuple[FloatArray, FloatArray]:
        """Give the log of the mean of exp(y), or the mean of y where time itself is modelled.

        Parameters
        ----------
        eta : ndarray of shape (m,)
            Locations.
        extra : tuple of ndarray
            The log scale, if there is one.

        Returns
        -------
        value : ndarray of shape (m,)
            Log mean, infinite where the mean is.
        first : ndarray of shape (k, m)
            Derivatives.
        """
        one = np.ones_like(eta)
        s = np.broadcast_to(extra[0], eta.shape) if self.has_scale else np.zeros_like(eta)
        if not self.on_log:
            return eta, np.stack([one, 0.0 * one])
        beyond, slope = _LOG_MEANS[self.error](np.exp(s))
        first = np.stack([one, slope]) if self.has_scale else one[None, :]
        return eta + beyond, first

    def _residual(
        self, y: FloatArray, eta: FloatArray, extra: Extra
    ) -> tuple[FloatArray, FloatArray | None]:
        if not self.has_scale:
            return y - eta, None
        scale = np.exp(extra[0])
        return (y - eta) / scale, scale


def to_location(curve: Curve, z: FloatArray, scale: FloatArray | None) -> Local:
    """Turn derivatives to z into those to η and s of z = (y − η) / e^s.

    Parameters
    ----------
    curve : tuple of ndarray
        A function of z with its first and second derivative.
    z : ndarray of shape (m,)
        Residuals.
    scale : ndarray or None
        e^s, of shape (m,) or (1,); None if it is 1 and not estimated.

    Returns
    -------
    Local
        The function of η and s, or of η alone.
    """
    value, d, dd = curve
    if scale is None:
        return Local(np.array(value), -d[None, :], np.array(dd)[None, None, :])
    m = len(z)
    first, second = np.empty((2, m)), np.empty((2, 2, m))
    up = d + z * dd
    np.divide(d, -scale, out=first[0])
    np.multiply(z, -d, out=first[1])
    np.divide(dd, scale * scale, out=second[0, 0])
    np.divide(up, scale, out=second[0, 1])
    second[1, 0] = second[0, 1]
    np.multiply(z, up, out=second[1, 1])
    return Local(np.array(value), first, second)


def _extreme_mean(scale: FloatArray) -> tuple[FloatArray, FloatArray]:
    return special.gammaln(1.0 + scale), scale * special.digamma(1.0 + scale)


def _normal_mean(scale: FloatArray) -> tuple[FloatArray, FloatArray]:
    return scale**2 / 2.0, scale**2


def _logistic_mean(scale: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give log(πσ / sin πσ); there is no mean from σ = 1 on."""
    angle = np.pi * np.minimum(scale, 0.5)
    angle = np.where(scale < 1.0, np.pi * scale, angle)
    value = np.log(angle) - np.log(np.sin(angle))
    slope = 1.0 - angle / np.tan(angle)
    return np.where(scale < 1.0, value, np.inf), np.where(scale < 1.0, slope, np.nan)


_LOG_MEANS: Final = {
    "extreme": _extreme_mean,
    "normal": _normal_mean,
    "logistic": _logistic_mean,
}
