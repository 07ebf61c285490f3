"""The deviance of a mixed model as a function of all its parameters but those profiled out."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from rpcstats.mixed.general.evaluation import GeneralProblem
from rpcstats.mixed.linear.evaluation import Evaluation, LinearProblem
from rpcstats.mixed.structure.model_frame import Block, FloatArray

# log σ is kept within what can be raised to a power.
_LARGEST_LOG = 300.0

# A scaled standard deviation on the scale of the link beyond this is beyond all data.
_LARGEST_SCALED = 1e3


class Slope(NamedTuple):
    """The deviance at one ψ.

    Attributes
    ----------
    value : float
        -2 log-likelihood; infinite where it can't be worked out.
    gradient : ndarray of shape (d,)
        Gradient.
    hessian : ndarray of shape (d, d) or None
        Hessian, or a model of it where `exact` is false; None if there is none.
    """

    value: float
    gradient: FloatArray
    hessian: FloatArray | None


class Deviance(Protocol):
    """The deviance as a function of ψ."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Random effects."""

    @property
    def first(self) -> int:
        """Position of θ in ψ."""

    @property
    def scale(self) -> FloatArray:
        """Scale of ψ, of shape (d,): ψ times this is free of units."""

    @property
    def exact(self) -> bool:
        """Whether the Hessian comes with the gradient."""

    def at(self, psi: FloatArray) -> Slope:
        """Evaluate the deviance.

        Parameters
        ----------
        psi : ndarray of shape (d,)
            All parameters but those profiled out.

        Returns
        -------
        Slope
            The deviance and its derivatives; infinite where it can't be worked out.
        """


@dataclass(frozen=True, slots=True, eq=False)
class LinearDeviance:
    """ML deviance of a linear mixed model in ψ = (θ, log σ), the fixed effects profiled out.

    Attributes
    ----------
    problem : LinearProblem
        The engine.
    """

    problem: LinearProblem

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Random effects."""
        return self.problem.blocks

    @property
    def first(self) -> int:
        """Position of θ in ψ."""
        return 0

    @property
    def scale(self) -> FloatArray:
        """Scale of ψ, of shape (k + 1,): ψ times this is free of units."""
        return np.append(self.problem.theta_scale, 1.0)

    @property
    def exact(self) -> bool:
        """Whether the Hessian comes with the gradient."""
        return self.problem.cheap_hessian

    def at(self, psi: FloatArray) -> Slope:
        """Evaluate the deviance.

        Parameters
        ----------
        psi : ndarray of shape (k + 1,)
            θ and log σ.

        Returns
        -------
        Slope
            The deviance and its derivatives.
        """
        d, order = len(psi), 2 if self.exact else 1
        try:
            found = self.problem.evaluate(psi[:-1], reml=False, order=order)
        except np.linalg.LinAlgError:
            return Slope(np.inf, np.zeros(d), None)
        if not (np.isfinite(found.r2) and found.r2 > 0.0) or abs(psi[-1]) > _LARGEST_LOG:
            return Slope(np.inf, np.zeros(d), None)
        share = np.exp(-2.0 * psi[-1])
        assert found.d_criterion is not None
        assert found.d_r2 is not None
        gradient = np.append(
            found.d_criterion + found.d_r2 * share, 2.0 * (found.df - found.r2 * share)
        )
        value = found.criterion + found.df * (np.log(2.0 * np.pi) + 2.0 * psi[-1])
        return Slope(float(value + found.r2 * share), gradient, _linear_hessian(found, share))


def _linear_hessian(found: Evaluation, share: float) -> FloatArray | None:
    """Give the Hessian by θ and log σ; from the average information where there is no exact one.

    The information is a model of the Hessian of the deviance with σ profiled out, which is the
    Schur complement of the one wanted.
    """
    assert found.d_r2 is not None
    cross, corner = -2.0 * share * found.d_r2, 4.0 * share * found.r2
    if found.d2_criterion is not None and found.d2_r2 is not None:
        inner = found.d2_criterion + share * found.d2_r2
    elif found.information is not None:
        inner = found.information + np.outer(cross, cross) / corner
    else:
        return None
    return np.block([[inner, cross[:, None]], [cross[None, :], np.array([[corner]])]])


@dataclass(frozen=True, slots=True, eq=False)
class GeneralDeviance:
    """Deviance of a generalised or cumulative link mixed model in ψ = (β, θ, φ).

    Attributes
    ----------
    problem : GeneralProblem
        The engine.
    """

    problem: GeneralProblem

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Random effects."""
        return self.problem.blocks

    @property
    def first(self) -> int:
        """Position of θ in ψ."""
        return self.problem.p

    @property
    def scale(self) -> FloatArray:
        """Scale of ψ, of shape (d,): ψ times this is free of units; fixed effects as they are."""
        extra = np.ones(len(self.problem.likelihood.extra_names))
        return np.concatenate([np.ones(self.problem.p), self.problem.theta_scale, extra])

    @property
    def exact(self) -> bool:
        """Whether the Hessian comes with the gradient; it does not."""
        return False

    def at(self, psi: FloatArray) -> Slope:
        """Evaluate the deviance.

        Parameters
        ----------
        psi : ndarray of shape (d,)
            β, θ and φ.

        Returns
        -------
        Slope
            The deviance and its gradient.
        """
        theta = psi[self.first :][: len(self.problem.theta_scale)] * self.problem.theta_scale
        if np.abs(theta).max(initial=0.0) > _LARGEST_SCALED:
            return Slope(np.inf, np.zeros(len(psi)), None)
        # A trial step far out may overflow on the way to a value that refuses it.
        with np.errstate(over="ignore", invalid="ignore"):
            found = self.problem.evaluate(psi, order=1)
        if found.gradient is None or not np.isfinite(found.deviance):
            return Slope(np.inf, np.zeros(len(psi)), None)
        if not np.isfinite(found.gradient).all():
            return Slope(np.inf, np.zeros(len(psi)), None)
        return Slope(found.deviance, found.gradient, None)
