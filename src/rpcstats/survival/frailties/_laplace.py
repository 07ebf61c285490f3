"""The integrated likelihood of a Cox regression with normal random effects, by Laplace."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.mixed.general.evaluation import GeneralEvaluation
from rpcstats.mixed.linear._working_columns import scale_block, theta_basis
from rpcstats.mixed.linear.evaluation import Modes as LevelModes
from rpcstats.mixed.structure.model_frame import Block, split_theta
from rpcstats.survival.frailties._columns import MixedColumns
from rpcstats.survival.frailties._curvature import CurvaturePlan
from rpcstats.survival.frailties._factors import CurvatureFactor
from rpcstats.survival.frailties._modes import Modes, find_modes
from rpcstats.survival.frailties._penalties import NormalPenalty
from rpcstats.survival.frailties._point import point_at

FloatArray = NDArray[np.float64]

_PENALTY: Final = NormalPenalty()

_STEP: Final = 1e-3
"""Step of the differences of the log determinant, in units in which effects are of order one."""

_STENCIL: Final = ((1.0, 8.0 / 12.0), (2.0, -1.0 / 12.0))
"""Distances and weights of central differences that are exact up to the fourth power."""

_NARROW: Final = 1e-4
_COSTLY: Final = 1500
"""Effects in a full border from which on a shorter stencil saves time."""


@dataclass(frozen=True, slots=True)
class NoLikelihood:
    """Stands where a general mixed model names its extra parameters: there are none.

    Attributes
    ----------
    extra_names : tuple of str
        Empty.
    """

    extra_names: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class LaplaceProblem:
    """A Cox regression with normal random effects as a function of θ alone.

    β is part of what is maximised at each θ, with the effects, as in coxme.

    Attributes
    ----------
    columns : MixedColumns
        The data.
    blocks : tuple of Block
        Random effects, one block a grouping factor.
    plan : CurvaturePlan
        How the curvature of the effects is worked out.
    theta_scale : ndarray of shape (k,)
        θ times this is free of the units of the covariates.
    scaling : ndarray of shape (k, k)
        The same with the columns of correlated effects made about orthogonal.
    latest : ndarray of shape (p + Q,)
        Where the latest search for the modes ended, from which the next starts.
    """

    columns: MixedColumns
    blocks: tuple[Block, ...]
    plan: CurvaturePlan
    theta_scale: FloatArray
    scaling: FloatArray
    latest: FloatArray
    likelihood: Any = field(default_factory=NoLikelihood)
    p: int = 0

    @property
    def n(self) -> int:
        """Rows at risk at an event."""
        return len(self.columns.order.rows)

    def factors(self, theta: FloatArray) -> list[FloatArray]:
        """Fill Λ of each grouping factor.

        Parameters
        ----------
        theta : ndarray of shape (k,)
            Covariance parameters.

        Returns
        -------
        list of ndarray of shape (q, q)
            Lower triangular.
        """
        parts = split_theta(self.blocks, theta)
        return [block.factor(part) for block, part in zip(self.blocks, parts, strict=True)]

    def find(self, theta: FloatArray) -> Modes:
        """Maximise the penalised partial likelihood over β and the effects.

        Parameters
        ----------
        theta : ndarray of shape (k,)
            Covariance parameters.

        Returns
        -------
        Modes
            The maximum.
        """
        modes = find_modes(self.columns, self.factors(theta), _PENALTY, self.latest)
        if modes.found:
            self.latest = modes.z
        return modes

    def factor(self, modes: Modes) -> CurvatureFactor:
        """Factor the curvature of the effects.

        Parameters
        ----------
        modes : Modes
            Where.

        Returns
        -------
        CurvatureFactor
            Its determinant and inverse.
        """
        return self.plan.factor(modes.point, modes.factors, modes.curvature)

    def evaluate(self, parameters: FloatArray, *, order: int = 1) -> GeneralEvaluation:
        """Evaluate -2 log of the integrated partial likelihood.

        Parameters
        ----------
        parameters : ndarray of shape (k,)
            θ.
        order : int
            0 for the value, 1 or more for the gradient too.

        Returns
        -------
        GeneralEvaluation
            Value and gradient; an infinite value where it can't be had.

        Notes
        -----
        log L = PL(β̂, û) - û'û / 2 - log|H| / 2 with H the curvature of the penalised log
        partial likelihood in u, β held (Ripatti and Palmgren 2000). The gradient is that of the
        first two terms with β̂ and û held, which maximise them, and of log|H| along the way
        β̂ and û move with θ, by differences of fourth order.
        """
        modes = self.find(parameters)
        log_det = self.factor(modes).log_det
        deviance = -2.0 * modes.penalised + log_det
        if not np.isfinite(deviance):
            return GeneralEvaluation(parameters, np.inf, None, None, False)
        gradient = self._gradient(parameters, modes) if order else None
        return GeneralEvaluation(parameters, deviance, gradient, None, modes.found)

    def modes(self, parameters: FloatArray) -> tuple[LevelModes, ...]:
        """Give the conditional modes of each grouping factor with their covariance.

        Parameters
        ----------
        parameters : ndarray of shape (k,)
            θ.

        Returns
        -------
        tuple of Modes
            Modes b̂ = Λ û and their covariance given β and θ.
        """
        modes = self.find(parameters)
        inverses = self.factor(modes).inverse_blocks(self.plan.sizes)
        parts = self.columns.split(modes.u)
        return tuple(
            LevelModes(u @ Lambda.T, Lambda @ inverse @ Lambda.T)
            for u, inverse, Lambda in zip(parts, inverses, modes.factors, strict=True)
        )

    def _gradient(self, theta: FloatArray, modes: Modes) -> FloatArray:
        slope = modes.point.slope
        by_level = [part.sums(slope) for part in self.columns.levels]
        gradient = np.empty(len(theta))
        effects = self.columns.split(modes.u)
        position = 0
        for b, block in enumerate(self.blocks):
            for row, col in zip(block.rows, block.cols, strict=True):
                moved = np.zeros_like(effects[b])
                moved[:, row] = effects[b][:, col]
                direct = self.columns.levels[b].linear(moved)
                right = -self.columns.adjoint(modes.point.times(direct), modes.factors)
                own = np.zeros((len(effects[b]), block.n_effect))
                own[:, col] = by_level[b][:, row]
                first = self.columns.p + sum(part.size for part in self.columns.levels[:b])
                right[first : first + own.size] += own.ravel()
                eta = direct + self.columns.linear(modes.solve(right), modes.factors)
                gradient[position] = -2.0 * float(slope @ direct) + self._change(
                    theta, modes, position, eta
                )
                position += 1
        return gradient

    def _change(self, theta: FloatArray, modes: Modes, position: int, eta: FloatArray) -> float:
        """Differentiate log|H| along θ_j and the linear predictor that goes with it."""
        costly = int((~self.plan.alone).sum()) > _COSTLY and not self.plan.low_rank
        unit = max(float(np.abs(eta).max()), float(self.theta_scale[position]))
        h = (_NARROW if costly else _STEP) / unit
        total = 0.0
        for distance, weight in ((1.0, 0.5),) if costly else _STENCIL:
            move = np.zeros(len(theta))
            move[position] = distance * h
            up, down = (
                self._log_det(
                    theta + sign * move, modes, modes.point.eta + sign * distance * h * eta
                )
                for sign in (1.0, -1.0)
            )
            total += weight * (up - down) / h
        return total

    def _log_det(self, theta: FloatArray, modes: Modes, eta: FloatArray) -> float:
        point = point_at(self.columns, eta)
        return self.plan.factor(point, self.factors(theta), modes.curvature).log_det


def laplace_problem(
    columns: MixedColumns, blocks: tuple[Block, ...], plan: CurvaturePlan
) -> LaplaceProblem:
    """Set up a Cox regression with normal random effects.

    Parameters
    ----------
    columns : MixedColumns
        The data.
    blocks : tuple of Block
        Random effects.
    plan : CurvaturePlan
        How the curvature of the effects is worked out.

    Returns
    -------
    LaplaceProblem
        To be evaluated at θ.
    """
    scaled = [scale_block(block, None, form=False) for block in blocks]
    sizes = [size[block.rows] for block, (_, _, size, _) in zip(blocks, scaled, strict=True)]
    return LaplaceProblem(
        columns=columns,
        blocks=blocks,
        plan=plan,
        theta_scale=np.concatenate(sizes),
        scaling=theta_basis(blocks, [C for _, C, _, _ in scaled]),
        latest=np.zeros(columns.p + columns.n_effect),
    )
