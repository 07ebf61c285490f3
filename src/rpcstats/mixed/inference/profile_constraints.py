"""Parametrisations of a mixed model in which one parameter is held and the others are free."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rpcstats.mixed.general.ordinal_rows import OrdinalRows
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray


class Constraint(Protocol):
    """All parameters ψ as a function of the free ones x and of the held coordinate u."""

    @property
    def free(self) -> IntArray:
        """Position in ψ, of each x, of the parameter it is or moves."""

    @property
    def logs(self) -> IntArray:
        """Positions in x of logarithms."""

    def start(self, psi: FloatArray) -> FloatArray:
        """Give the free coordinates of a point.

        Parameters
        ----------
        psi : ndarray of shape (d,)
            All parameters ψ.

        Returns
        -------
        ndarray of shape (m,)
            x; with the u of that point, `full` gives ψ back.
        """

    def full(self, x: FloatArray, u: float) -> FloatArray:
        """Give all parameters.

        Parameters
        ----------
        x, u : ndarray of shape (m,) and float
            Free coordinates, and the held one.

        Returns
        -------
        ndarray of shape (d,)
            ψ.
        """

    def jacobian(self, x: FloatArray, u: float) -> FloatArray:
        """Give dψ/dx.

        Parameters
        ----------
        x, u : ndarray of shape (m,) and float
            Free coordinates, and the held one.

        Returns
        -------
        ndarray of shape (d, m)
            One column for each free coordinate.
        """

    def along(self, x: FloatArray, u: float) -> FloatArray:
        """Give dψ/du.

        Parameters
        ----------
        x, u : ndarray of shape (m,) and float
            Free coordinates, and the held one.

        Returns
        -------
        ndarray of shape (d,)
            How ψ moves with the held coordinate, the free ones as they are.
        """

    def bend(self, x: FloatArray, u: float, gradient: FloatArray) -> FloatArray:
        """Give Σ gradient_i d²ψ_i/dx².

        Parameters
        ----------
        x, u : ndarray of shape (m,) and float
            Free coordinates, and the held one.
        gradient : ndarray of shape (d,)
            Gradient of the deviance by ψ.

        Returns
        -------
        ndarray of shape (m, m)
            What the bend of ψ adds to the Hessian of the deviance by x.
        """


_NONE = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Eliminated:
    """One element of ψ is worked out from u and the others, which are free.

    Attributes
    ----------
    index : int
        Position of the element.
    size : int
        Length of ψ.
    """

    index: int
    size: int

    @property
    def free(self) -> IntArray:
        """Positions in ψ of the free parameters."""
        return np.delete(np.arange(self.size), self.index)

    @property
    def logs(self) -> IntArray:
        """Positions in x of logarithms; none."""
        return _NONE

    def start(self, psi: FloatArray) -> FloatArray:
        """Give x of ψ."""
        return np.delete(psi, self.index)

    def full(self, x: FloatArray, u: float) -> FloatArray:
        """Give ψ."""
        psi: FloatArray = np.insert(x, self.index, 0.0)
        psi[self.index] = self._element(psi, u)
        return psi

    def jacobian(self, x: FloatArray, u: float) -> FloatArray:
        """Give dψ/dx."""
        J = np.delete(np.eye(self.size), self.index, axis=1)
        J[self.index] = np.delete(self._slopes(self.full(x, u)), self.index)
        return J

    def along(self, x: FloatArray, u: float) -> FloatArray:
        """Give dψ/du."""
        direction = np.zeros(self.size)
        direction[self.index] = self._rate(self.full(x, u))
        return direction

    def bend(self, x: FloatArray, u: float, gradient: FloatArray) -> FloatArray:
        """Give Σ gradient_i d²ψ_i/dx²."""
        curve = self._curve(self.full(x, u)) * gradient[self.index]
        return np.diag(np.delete(curve, self.index))

    def _element(self, psi: FloatArray, u: float) -> float:  # noqa: ARG002
        return u

    def _slopes(self, psi: FloatArray) -> FloatArray:  # noqa: ARG002
        return np.zeros(self.size)

    def _rate(self, psi: FloatArray) -> float:  # noqa: ARG002
        return 1.0

    def _curve(self, psi: FloatArray) -> FloatArray:  # noqa: ARG002
        return np.zeros(self.size)


class HeldElement(_Eliminated):
    """One element of ψ is held: ψ[index] = u."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class HeldStdDev(_Eliminated):
    """A standard deviation σθ of a linear model is held: θ = u / σ.

    Attributes
    ----------
    index : int
        Position of θ, alone in its row of Λ.
    size : int
        Length of ψ, whose last element is log σ.
    """

    def _element(self, psi: FloatArray, u: float) -> float:
        return u * float(np.exp(-psi[-1]))

    def _slopes(self, psi: FloatArray) -> FloatArray:
        slopes = np.zeros(self.size)
        slopes[-1] = -psi[self.index]
        return slopes

    def _rate(self, psi: FloatArray) -> float:
        return float(np.exp(-psi[-1]))

    def _curve(self, psi: FloatArray) -> FloatArray:
        curve = np.zeros(self.size)
        curve[-1] = psi[self.index]
        return curve


@dataclass(frozen=True, slots=True, eq=False)
class HeldThreshold(_Eliminated):
    """A threshold is held: the first extra parameter is u less the steps up to it.

    Attributes
    ----------
    index : int
        Position of the first extra parameter; the others follow it.
    size : int
        Length of ψ.
    likelihood : OrdinalRows
        Structure of the thresholds.
    threshold : int
        Which of them is held.
    """

    likelihood: OrdinalRows
    threshold: int

    def _element(self, psi: FloatArray, u: float) -> float:
        extra = psi[self.index :]
        return u - float(self.likelihood.alpha(extra)[self.threshold] - extra[0])

    def _slopes(self, psi: FloatArray) -> FloatArray:
        slopes = np.zeros(self.size)
        slopes[self.index :] = -self.likelihood.alpha_jacobian(psi[self.index :])[self.threshold]
        return slopes

    def _curve(self, psi: FloatArray) -> FloatArray:
        return self._slopes(psi)


@dataclass(frozen=True, slots=True, eq=False)
class HeldCorrelation:
    """The correlation of the first two effects of a block is held: ρ = sin u.

    With rows (a, 0) and (s sin u, s cos u) of Λ, log a and log s are free, so that neither
    changes its sign, which would turn the sign of the correlation.

    Attributes
    ----------
    first, slope, second : int
        Positions in ψ of a, of s sin u and of s cos u.
    size : int
        Length of ψ.
    """

    first: int
    slope: int
    second: int
    size: int

    @property
    def free(self) -> IntArray:
        """Positions in ψ; s stands where s sin u does."""
        return np.delete(np.arange(self.size), self.second)

    @property
    def logs(self) -> IntArray:
        """Positions in x of log a and log s."""
        return np.flatnonzero(np.isin(self.free, (self.first, self.slope)))

    def start(self, psi: FloatArray) -> FloatArray:
        """Give x of ψ."""
        x = psi.copy()
        x[self.first] = np.log(psi[self.first])
        x[self.slope] = np.log(np.hypot(psi[self.slope], psi[self.second]))
        return np.delete(x, self.second)

    def full(self, x: FloatArray, u: float) -> FloatArray:
        """Give ψ."""
        psi: FloatArray = np.insert(x, self.second, 0.0)
        size = np.exp(psi[self.slope])
        psi[self.first] = np.exp(psi[self.first])
        psi[self.slope], psi[self.second] = size * np.sin(u), size * np.cos(u)
        return psi

    def jacobian(self, x: FloatArray, u: float) -> FloatArray:
        """Give dψ/dx."""
        psi = self.full(x, u)
        J = np.eye(self.size)
        J[self.first, self.first] = psi[self.first]
        J[self.slope, self.slope] = psi[self.slope]
        J[self.second, self.slope] = psi[self.second]
        return np.delete(J, self.second, axis=1)

    def along(self, x: FloatArray, u: float) -> FloatArray:
        """Give dψ/du."""
        psi, direction = self.full(x, u), np.zeros(self.size)
        direction[self.slope], direction[self.second] = psi[self.second], -psi[self.slope]
        return direction

    def bend(self, x: FloatArray, u: float, gradient: FloatArray) -> FloatArray:
        """Give Σ gradient_i d²ψ_i/dx²."""
        psi, curve = self.full(x, u), np.zeros(self.size)
        curve[self.first] = gradient[self.first] * psi[self.first]
        curve[self.slope] = (
            gradient[self.slope] * psi[self.slope] + gradient[self.second] * psi[self.second]
        )
        return np.diag(np.delete(curve, self.second))
