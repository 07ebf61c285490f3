"""The Gompertz family, hazard e^(η + a t)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rpcstats.survival.parametric._local import Local

FloatArray = NDArray[np.float64]
Extra = tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True)
class Gompertz:
    """Time with a hazard that changes by the factor e^a in a unit of time."""

    on_log: bool = False

    @property
    def extras(self) -> tuple[str, ...]:
        """Names of the parameters beside the log rate."""
        return ("shape",)

    def density(self, y: FloatArray, eta: FloatArray, extra: Extra) -> Local:
        """Give the log density of y.

        Parameters
        ----------
        y, eta : ndarray of shape (m,)
            Times and log rates.
        extra : tuple of ndarray
            The shape a.

        Returns
        -------
        Local
            Log density with its derivatives to η and a.
        """
        found = self.survival(y, eta, extra)
        found.value[:] += eta + extra[0] * y
        found.first[0] += 1.0
        found.first[1] += y
        return found

    def survival(self, y: FloatArray, eta: FloatArray, extra: Extra) -> Local:
        """Give the log survival to y, −e^η (e^(a y) − 1) / a.

        Parameters
        ----------
        y, eta : ndarray of shape (m,)
            Times and log rates.
        extra : tuple of ndarray
            The shape a.

        Returns
        -------
        Local
            Log survival with its derivatives to η and a.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            K, K1, K2 = growth(y, np.broadcast_to(extra[0], y.shape))
            rate = -np.exp(eta)
            value, slope, bend = rate * K, rate * K1, rate * K2
        first = np.stack([value, slope])
        second = np.stack([np.stack([value, slope]), np.stack([slope, bend])])
        return Local(value, first, second)

    def quantile(self, log_survival: FloatArray, eta: FloatArray, extra: Extra) -> FloatArray:
        """Give the time at which the log survival has a value.

        Parameters
        ----------
        log_survival, eta : ndarray of shape (m,)
            Log survival, below 0, and log rates.
        extra : tuple of ndarray
            The shape a.

        Returns
        -------
        ndarray of shape (m,)
            Times; infinite where the hazard falls so fast that survival never gets there.
        """
        a = np.broadcast_to(extra[0], eta.shape)
        u = -log_survival * np.exp(-eta)
        x = a * u
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(np.abs(x) < 1e-12, u * (1.0 - x / 2.0), np.log1p(x) / a)
        return np.where(x <= -1.0, np.inf, t)

    def best_density(self, extra: Extra, y: FloatArray) -> FloatArray:
        """Give the largest log density that a rate can give to a time.

        Parameters
        ----------
        extra : tuple of ndarray
            The shape a.
        y : ndarray of shape (m,)
            Times.

        Returns
        -------
        ndarray of shape (m,)
            Log densities.
        """
        a = np.broadcast_to(extra[0], y.shape)
        best: FloatArray = a * y - np.log(growth(y, a)[0]) - 1.0
        return best

    def best_location(self, low: FloatArray, high: FloatArray, extra: Extra) -> FloatArray:
        """Give the log rate that makes an interval most likely.

        Parameters
        ----------
        low, high : ndarray of shape (m,)
            Limits, low below high.
        extra : tuple of ndarray
            The shape a.

        Returns
        -------
        ndarray of shape (m,)
            Log rates.
        """
        a = np.broadcast_to(extra[0], low.shape)
        start = np.log(growth(low, a)[0])
        width = np.log(growth(high, a)[0]) - start
        best: FloatArray = np.log(width / np.expm1(width)) - start
        return best

    def log_mean(self, eta: FloatArray, extra: Extra) -> tuple[FloatArray, FloatArray]:
        """Give the log of the mean time, e^u E₁(u) / a with u = e^η / a.

        Parameters
        ----------
        eta : ndarray of shape (m,)
            Log rates.
        extra : tuple of ndarray
            The shape a.

        Returns
        -------
        value : ndarray of shape (m,)
            Log mean; infinite where a is below 0, since some never have the event.
        first : ndarray of shape (2, m)
            Derivatives.
        """
        a = np.broadcast_to(extra[0], eta.shape)
        safe = np.where(a > 0.0, a, 1.0)
        u = np.exp(eta) / safe
        mills = scaled_integral(u)
        # d/du of e^u E1(u) is e^u E1(u) − 1/u.
        slope = u * (1.0 - 1.0 / (u * mills))
        value = np.log(mills) - np.log(safe)
        known = a > 0.0
        first = np.stack([slope, -(slope + 1.0) / safe])
        return np.where(known, value, np.inf), np.where(known, first, np.nan)


def scaled_integral(u: FloatArray) -> FloatArray:
    """Give e^u E₁(u), the exponential integral without its decay.

    Parameters
    ----------
    u : ndarray of shape (m,)
        Above 0.

    Returns
    -------
    ndarray of shape (m,)
        The function; near 1/u where u is large.
    """
    near = np.minimum(u, 50.0)
    far = np.maximum(u, 50.0)
    tail = far
    # 20 levels of the continued fraction from u = 50 on leave no error that shows.
    for level in range(20, 0, -1):
        tail = far + level / (1.0 + level / tail)
    with np.errstate(over="ignore"):
        return np.where(u < 50.0, np.exp(near) * special.exp1(near), 1.0 / tail)


def growth(t: FloatArray, a: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give ∫₀ᵗ e^(a u) du with its two derivatives to a.

    Parameters
    ----------
    t, a : ndarray of shape (m,)
        Times and shapes.

    Returns
    -------
    tuple of ndarray
        (e^(at) − 1) / a, and ∫ u e^(au) du, ∫ u² e^(au) du from 0 to t.
    """
    x = a * t
    p0, p1, p2 = exponential_moments(x)
    return t * p0, t**2 * p1, t**3 * p2


def exponential_moments(x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give ∫₀¹ uʲ e^(xu) du for j = 0, 1, 2.

    Parameters
    ----------
    x : ndarray of shape (m,)
        Exponents.

    Returns
    -------
    tuple of ndarray
        The three integrals.
    """
    small = np.abs(x) < 1.0
    near = np.where(small, x, 0.0)
    far = np.where(small, 1.0, x)
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(far)
        q0 = np.expm1(far) / far
        q1 = (e - q0) / far
        q2 = (e - 2.0 * q1) / far
    series = [np.zeros_like(near) for _ in range(3)]
    for n in range(18, -1, -1):
        for j, total in enumerate(series):
            total *= near / (n + 1)
            total += 1.0 / (n + 1 + j)
    return (
        np.where(small, series[0], q0),
        np.where(small, series[1], q1),
        np.where(small, series[2], q2),
    )
