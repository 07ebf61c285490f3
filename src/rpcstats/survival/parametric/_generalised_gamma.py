"""The generalised gamma family in Prentice's parameters, and the gamma as a part of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rpcstats.survival.parametric._gamma_density import ShapedCurve, gamma_density
from rpcstats.survival.parametric._local import Local
from rpcstats.survival.parametric._tail_table import tail_table

FloatArray = NDArray[np.float64]
Extra = tuple[FloatArray, ...]

_STEP: Final = 4.0
"""Tables end at multiples of this, so that a step of the search finds a table made before."""
LARGEST_Q: Final = 20.0
"""Shapes beyond have no likelihood: none is told from a time that is all but certain."""
_NEARLY_NORMAL: Final = 1e-3
_POLISH: Final = 60


@dataclass(frozen=True, slots=True)
class GeneralisedGamma:
    """Log time = μ + σw with Prentice's (1974) shape Q."""

    on_log: bool = True

    @property
    def extras(self) -> tuple[str, ...]:
        """Names of the parameters beside the location."""
        return ("Log(scale)", "Q")

    def density(self, y: FloatArray, eta: FloatArray, extra: Extra) -> Local:
        """Give the log density of y.

        Parameters
        ----------
        y, eta : ndarray of shape (m,)
            Log times and locations μ.
        extra : tuple of ndarray
            Log scale and Q.

        Returns
        -------
        Local
            Log density with its derivatives to μ, log σ and Q.
        """
        w, scale = _residual(y, eta, extra)
        found = _to_local(gamma_density(w, float(extra[1][0])), w, scale)
        found.value[:] -= extra[0]
        found.first[1] -= 1.0
        return found

    def survival(self, y: FloatArray, eta: FloatArray, extra: Extra) -> Local:
        """Give the log survival to y.

        Parameters
        ----------
        y, eta : ndarray of shape (m,)
            Log times and locations μ.
        extra : tuple of ndarray
            Log scale and Q.

        Returns
        -------
        Local
            Log survival with its derivatives to μ, log σ and Q.
        """
        w, scale = _residual(y, eta, extra)
        return _to_local(gamma_survival(w, float(extra[1][0])), w, scale)

    def quantile(self, log_survival: FloatArray, eta: FloatArray, extra: Extra) -> FloatArray:
        """Give log time at which the log survival has a value.

        Parameters
        ----------
        log_survival, eta : ndarray of shape (m,)
            Log survival, below 0, and locations μ.
        extra : tuple of ndarray
            Log scale and Q.

        Returns
        -------
        ndarray of shape (m,)
            Log times.
        """
        w = gamma_quantile(np.broadcast_to(log_survival, eta.shape), float(extra[1][0]))
        y: FloatArray = eta + np.exp(extra[0]) * w
        return y

    def best_density(self, extra: Extra, y: FloatArray) -> FloatArray:
        """Give the largest log density that a location can give to a time.

        Parameters
        ----------
        extra : tuple of ndarray
            Log scale and Q.
        y : ndarray of shape (m,)
            Log times.

        Returns
        -------
        ndarray of shape (m,)
            Log densities.
        """
        top = gamma_density(np.zeros(1), float(extra[1][0])).value[0]
        return np.asarray(top - extra[0] + np.zeros(len(y)))

    def best_location(self, low: FloatArray, high: FloatArray, extra: Extra) -> FloatArray:
        """Give the location that makes an interval most likely.

        Parameters
        ----------
        low, high : ndarray of shape (m,)
            Limits, low below high.
        extra : tuple of ndarray
            Log scale and Q.

        Returns
        -------
        ndarray of shape (m,)
            Locations μ.
        """
        scale, q = np.exp(extra[0]), float(extra[1][0])
        if abs(q) < 1e-8:
            return (low + high) / 2.0
        width = q * (high - low) / scale
        location: FloatArray = low - scale / q * np.log(width / np.expm1(width))
        return location

    def log_mean(self, eta: FloatArray, extra: Extra) -> tuple[FloatArray, FloatArray]:
        """Give the log of the mean time.

        Parameters
        ----------
        eta : ndarray of shape (m,)
            Locations μ.
        extra : tuple of ndarray
            Log scale and Q.

        Returns
        -------
        value : ndarray of shape (m,)
            Log mean, infinite where the mean is.
        first : ndarray of shape (3, m)
            Derivatives.
        """
        scale = np.broadcast_to(np.exp(extra[0]), eta.shape)
        value, to_s, to_q = _log_moment(scale, float(extra[1][0]))
        return eta + value, np.stack([np.ones_like(eta), to_s, to_q])


def gamma_survival(w: FloatArray, q: float) -> ShapedCurve:
    """Give the log survival of w.

    Parameters
    ----------
    w : ndarray of shape (m,)
        Residuals.
    q : float
        Shape Q.

    Returns
    -------
    ShapedCurve
        Log survival, with its relative accuracy kept in both tails.
    """
    found = ShapedCurve(*(np.zeros(len(w)) for _ in range(6)))
    high = w >= 0.0
    for rows, part in (
        (high, _upper(w[high], q)),
        (~high, _complement(_reflected(_upper(-w[~high], -q)))),
    ):
        for target, values in zip(found, part, strict=True):
            target[rows] = values
    return found


def gamma_quantile(log_survival: FloatArray, q: float) -> FloatArray:
    """Give w at which the log survival has a value.

    Parameters
    ----------
    log_survival : ndarray of shape (m,)
        Log survival, below 0.
    q : float
        Shape Q.

    Returns
    -------
    ndarray of shape (m,)
        Residuals, by Newton steps on log(−log S) from those of the normal.
    """
    w: FloatArray = np.asarray(-special.ndtri_exp(log_survival), dtype=np.float64)
    target = np.log(-log_survival)
    for _ in range(_POLISH):
        at = gamma_survival(w, q)
        step = (target - np.log(-at.value)) * at.value / at.w
        w = w + np.clip(step, -1.0, 1.0)
        if np.all(np.abs(step) <= 1e-14 * (1.0 + np.abs(w))):
            break
    return w


def _upper(w: FloatArray, q: float) -> ShapedCurve:
    """Give log S for w of 0 and more."""
    if not len(w):
        return ShapedCurve(*(w for _ in range(6)))
    if not abs(q) <= LARGEST_Q:
        return ShapedCurve(*(np.full(len(w), np.nan) for _ in range(6)))
    reach = _STEP * np.ceil((float(w.max()) + 1e-9) / _STEP)
    table = tail_table(q, float(reach))
    inside = np.minimum(w, table.edges[-1])
    log_s, score, spread = table.read(inside)
    a = gamma_density(inside, q)
    hazard = np.exp(a.value - log_s)
    # Beyond the table nothing is left: the value says so, the derivatives stay finite.
    log_s = np.where(w > inside, -np.inf, log_s)
    return ShapedCurve(
        value=log_s,
        w=-hazard,
        ww=-hazard * (a.w + hazard),
        q=score,
        wq=-hazard * (a.q - score),
        qq=spread - score**2,
    )


def _reflected(g: ShapedCurve) -> ShapedCurve:
    """Give log F(w; Q) from log S(−w; −Q)."""
    return ShapedCurve(g.value, -g.w, g.ww, -g.q, g.wq, g.qq)


def _complement(g: ShapedCurve) -> ShapedCurve:
    """Give log(1 − F) from log F."""
    F = np.exp(g.value)
    odds = F / (1.0 - F)
    w, q = -odds * g.w, -odds * g.q
    return ShapedCurve(
        value=np.log1p(-F),
        w=w,
        ww=-odds * (g.ww + g.w**2) - w * w,
        q=q,
        wq=-odds * (g.wq + g.w * g.q) - w * q,
        qq=-odds * (g.qq + g.q**2) - q * q,
    )


def _residual(y: FloatArray, eta: FloatArray, extra: Extra) -> tuple[FloatArray, FloatArray]:
    scale = np.exp(extra[0])
    return (y - eta) / scale, scale


def _to_local(c: ShapedCurve, w: FloatArray, scale: FloatArray) -> Local:
    m = len(w)
    first, second = np.empty((3, m)), np.empty((3, 3, m))
    up = c.w + w * c.ww
    first[0], first[1], first[2] = -c.w / scale, -w * c.w, c.q
    second[0, 0] = c.ww / (scale * scale)
    second[0, 1] = second[1, 0] = up / scale
    second[1, 1] = w * up
    second[0, 2] = second[2, 0] = -c.wq / scale
    second[1, 2] = second[2, 1] = -w * c.wq
    second[2, 2] = c.qq
    return Local(np.array(c.value), first, second)


def _log_moment(scale: FloatArray, q: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give log E exp(σw) with derivatives to log σ and Q."""
    if abs(q) < _NEARLY_NORMAL:
        return _nearly_normal_moment(scale, q)
    k, c = 1.0 / q**2, scale / q
    known = k + c > 0.0
    c = np.where(known, c, 0.0)
    log_q2, psi = np.log(q * q), special.digamma(k + c)
    value = c * log_q2 + special.gammaln(k + c) - special.gammaln(k)
    to_s = c * (log_q2 + psi)
    to_q = c * (2.0 - log_q2) / q - psi * (2.0 * k + c) / q + 2.0 * k * special.digamma(k) / q
    return (
        np.where(known, value, np.inf),
        np.where(known, to_s, np.nan),
        np.where(known, to_q, np.nan),
    )


def _nearly_normal_moment(s: FloatArray, q: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give the same from the cumulants −Q/2, 1 + Q²/2, −Q and 2Q² of w."""
    odd, even = s / 2.0 + s**3 / 6.0, s**2 / 4.0 + s**4 / 12.0
    value = s**2 / 2.0 - q * odd + q * q * even
    to_s = s**2 - q * (s / 2.0 + s**3 / 2.0) + q * q * (s**2 / 2.0 + s**4 / 3.0)
    return value, to_s, 2.0 * q * even - odd
