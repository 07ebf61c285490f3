"""Mixtures of rows that never have the event with rows whose times have a distribution."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rpcstats.survival.parametric._censored_rows import Family
from rpcstats.survival.parametric._local import Local, outer

FloatArray = NDArray[np.float64]
Extra = tuple[FloatArray, ...]


@dataclass(frozen=True, slots=True)
class Mixture:
    """A family of which a share c = expit(ζ) never has the event.

    Attributes
    ----------
    latency : Family
        Distribution of the times of the others.
    """

    latency: Family

    @property
    def extras(self) -> tuple[str, ...]:
        """Names of the parameters beside ζ and the location."""
        return self.latency.extras

    def density(self, y: FloatArray, eta: FloatArray, extra: Extra) -> Local:
        """Give the log density of y, log(1 − c) + log f.

        Parameters
        ----------
        y, eta : ndarray of shape (m,)
            Times and ζ, the log odds of never having the event.
        extra : tuple of ndarray
            Location and the other parameters of the times.

        Returns
        -------
        Local
            Log density with its derivatives to ζ and those.
        """
        found = _embedded(self.latency.density(y, extra[0], extra[1:]))
        c = special.expit(eta)
        found.value[:] -= np.logaddexp(0.0, eta)
        found.first[0] = -c
        found.second[0, 0] = -c * (1.0 - c)
        return found

    def survival(self, y: FloatArray, eta: FloatArray, extra: Extra) -> Local:
        """Give the log survival to y, log(c + (1 − c) S).

        Parameters
        ----------
        y, eta : ndarray of shape (m,)
            Times and ζ, the log odds of never having the event.
        extra : tuple of ndarray
            Location and the other parameters of the times.

        Returns
        -------
        Local
            Log survival with its derivatives to ζ and those.
        """
        inner = self.latency.survival(y, extra[0], extra[1:])
        c = special.expit(eta)
        lost = special.expit(-eta) * -np.expm1(inner.value)
        value = np.log1p(-lost)
        r = np.exp(inner.value - np.logaddexp(0.0, eta) - value)
        to_zeta = c * lost / (1.0 - lost)
        k = len(inner.first)
        first = np.concatenate([to_zeta[None, :], r * inner.first])
        second = np.empty((k + 1, k + 1, len(y)))
        second[0, 0] = to_zeta * (1.0 - 2.0 * c - to_zeta)
        second[0, 1:] = second[1:, 0] = -r * (c + to_zeta) * inner.first
        second[1:, 1:] = r * inner.second + r * (1.0 - r) * outer(inner.first)
        return Local(value, first, second)


def _embedded(inner: Local) -> Local:
    k, m = inner.first.shape
    first, second = np.zeros((k + 1, m)), np.zeros((k + 1, k + 1, m))
    first[1:], second[1:, 1:] = inner.first, inner.second
    return Local(inner.value, first, second)
