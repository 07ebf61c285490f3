"""Penalties that stand for the distribution of the random effects."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Penalty(Protocol):
    """Minus the log density of the random effects, up to a constant, effect by effect."""

    def value(self, u: FloatArray) -> float:
        """Give the penalty."""
        ...

    def gradient(self, u: FloatArray) -> FloatArray:
        """Give its derivative by each effect."""
        ...

    def curvature(self, u: FloatArray) -> FloatArray:
        """Give its second derivative by each effect."""
        ...


@dataclass(frozen=True, slots=True)
class NormalPenalty:
    """Standard normal effects u."""

    def value(self, u: FloatArray) -> float:
        """Give u'u / 2.

        Parameters
        ----------
        u : ndarray of shape (Q,)
            Spherical random effects.

        Returns
        -------
        float
            The penalty.
        """
        return 0.5 * float(u @ u)

    def gradient(self, u: FloatArray) -> FloatArray:
        """Give u.

        Parameters
        ----------
        u : ndarray of shape (Q,)
            Spherical random effects.

        Returns
        -------
        ndarray of shape (Q,)
            The derivative.
        """
        return u

    def curvature(self, u: FloatArray) -> FloatArray:
        """Give ones.

        Parameters
        ----------
        u : ndarray of shape (Q,)
            Spherical random effects.

        Returns
        -------
        ndarray of shape (Q,)
            The second derivative.
        """
        return np.ones_like(u)


@dataclass(frozen=True, slots=True)
class GammaPenalty:
    """Logs ω of gamma frailties of mean 1 and variance 1/ν.

    Attributes
    ----------
    nu : float
        ν, one over the variance.
    """

    nu: float

    def value(self, u: FloatArray) -> float:
        """Give ν Σ (e^ω - 1 - ω), which is 0 where every frailty is 1.

        Parameters
        ----------
        u : ndarray of shape (Q,)
            ω.

        Returns
        -------
        float
            The penalty.
        """
        return self.nu * float((np.expm1(u) - u).sum())

    def gradient(self, u: FloatArray) -> FloatArray:
        """Give ν (e^ω - 1).

        Parameters
        ----------
        u : ndarray of shape (Q,)
            ω.

        Returns
        -------
        ndarray of shape (Q,)
            The derivative.
        """
        slope: FloatArray = self.nu * np.expm1(u)
        return slope

    def curvature(self, u: FloatArray) -> FloatArray:
        """Give ν e^ω.

        Parameters
        ----------
        u : ndarray of shape (Q,)
            ω.

        Returns
        -------
        ndarray of shape (Q,)
            The second derivative.
        """
        curve: FloatArray = self.nu * np.exp(u)
        return curve
