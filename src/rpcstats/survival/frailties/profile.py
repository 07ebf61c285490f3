"""Profile-likelihood intervals of the standard deviations of random effects."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, TERM
from rpcstats.errors import ParameterError
from rpcstats.mixed.general.evaluation import GeneralEvaluation
from rpcstats.mixed.general.scaled_problem import ScaledProblem
from rpcstats.mixed.general.trust_region import descend
from rpcstats.mixed.structure.model_frame import Block
from rpcstats.survival.frailties._columns import mixed_columns
from rpcstats.survival.frailties._gamma import gamma_problem
from rpcstats.survival.frailties._gaussian_fit import gaussian_problem
from rpcstats.survival.frailties._laplace import LaplaceProblem, NoLikelihood

if TYPE_CHECKING:
    from rpcstats.survival.frailties.cox_mixed_fit import CoxMixedFit

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_DIGITS: Final = 1e-6
_GAIN: Final = 1e-8
"""Decrease of the deviance not worth another step of the other parameters."""

_GROW: Final = 1.6
_FARTHEST: Final = 60
"""Widenings of the bracket by which an upper limit is found, if there is one."""


def variance_intervals(fit: "CoxMixedFit", conf_level: float) -> pd.DataFrame:
    """Find where the profiled likelihood falls to its limit.

    Parameters
    ----------
    fit : CoxMixedFit
        The model.
    conf_level : float
        Level.

    Returns
    -------
    pandas.DataFrame
        Columns term, estimate, conf_low, conf_high. A lower limit of 0 is on the boundary;
        an infinite upper limit was not found.

    Raises
    ------
    ParameterError
        If the level is outside (0, 1), the variance was given or the fit has not converged.

    Notes
    -----
    The deviance profiled over the other parameters may rise by the quantile of a chi-square with
    one degree of freedom (Venzon and Moolgavkar 1988).
    """
    rise = normal_quantile(conf_level) ** 2
    faults = []
    if fit.is_theta_given:
        faults.append("the variance was given: fit without theta")
    if not fit.converged:
        faults.append("a profile needs a fit that has converged")
    if faults:
        raise ParameterError("There is no interval of the variance", faults)
    rows = [_gamma_limits(fit, rise)] if fit.distribution == "gamma" else _normal_limits(fit, rise)
    return pd.DataFrame(rows, columns=[TERM, ESTIMATE, CONF_LOW, CONF_HIGH])


def _gamma_limits(fit: "CoxMixedFit", rise: float) -> tuple[str, float, float, float]:
    problem = gamma_problem(fit.estimation.columns)
    problem.latest = fit.estimation.modes.z.copy()

    def deviance(theta: float) -> float:
        if theta == 0.0:
            return -2.0 * fit.log_lik_plain
        return -2.0 * problem.at(theta).log_lik

    theta = float(fit.theta[0])
    low, high = _limits(deviance, theta, -2.0 * fit.log_lik, rise, 0.1)
    return f"variance|{fit.blocks[0].group}", theta, low, high


def _normal_limits(fit: "CoxMixedFit", rise: float) -> list[tuple[str, float, float, float]]:
    rows = []
    Lambdas = fit.factors()
    for b, block in enumerate(fit.blocks):
        sd = np.sqrt((Lambdas[b] ** 2).sum(axis=1))
        for j, name in enumerate(block.effects):
            problem, theta, held = _with_effect_first(fit, b, j)
            deviance = _Held(problem, held, theta)
            unit = 0.1 / float(problem.theta_scale[held])
            low, high = _limits(deviance, float(sd[j]), -2.0 * fit.log_lik, rise, unit)
            rows.append((f"sd_{name}|{block.group}", float(sd[j]), low, high))
    return rows


def _limits(
    deviance: Callable[[float], float], best: float, lowest: float, rise: float, unit: float
) -> tuple[float, float]:
    """Find the sizes on both sides of the estimate at which the deviance has risen so far.

    The signed root of the rise is about a straight line, so that few evaluations are needed.
    """
    from scipy.optimize import brentq

    z = float(np.sqrt(rise))

    def above(x: float) -> float:
        return float(np.sqrt(max(deviance(x) - lowest, 0.0))) - z

    low = 0.0
    if best > 0.0 and above(0.0) > 0.0:
        low = float(brentq(above, 0.0, best, xtol=_DIGITS * best, rtol=_DIGITS))
    step = max(best, unit)
    inside, outside = best, best + step
    for _ in range(_FARTHEST):
        value = above(outside)
        if not np.isfinite(value):
            return low, np.inf
        if value > 0.0:
            found = brentq(above, inside, outside, xtol=_DIGITS * outside, rtol=_DIGITS)
            return low, float(found)
        step *= _GROW
        inside, outside = outside, outside + step
    return low, np.inf


def _with_effect_first(
    fit: "CoxMixedFit", b: int, j: int
) -> tuple[LaplaceProblem, FloatArray, int]:
    """Write the model so that the standard deviation of one effect is an element of θ.

    The first effect of a triangle has its standard deviation as the first element; another is
    brought there by taking the effects of its triangle in another order.
    """
    block = fit.blocks[b]
    order = _order(block, j)
    moved = replace(block, Z=block.Z[:, order], effects=tuple(block.effects[i] for i in order))
    blocks = tuple(moved if i == b else other for i, other in enumerate(fit.blocks))
    columns = mixed_columns(fit.frame, fit.ties, blocks)
    beta = fit.estimation.modes.beta
    problem = gaussian_problem(columns, blocks, beta, full=fit.curvature == "full")
    Lambda = fit.factors()[b]
    Sigma = (Lambda @ Lambda.T)[np.ix_(order, order)]
    parts = [block_theta(other, G) for other, G in zip(fit.blocks, fit.factors(), strict=True)]
    parts[b] = block_theta(moved, _lower_root(Sigma))
    before = sum(other.n_theta for other in fit.blocks[:b])
    place = order.index(j)
    at = np.flatnonzero((moved.rows == place) & (moved.cols == place))[0]
    return problem, np.concatenate(parts), before + int(at)


def _order(block: Block, j: int) -> list[int]:
    """Bring an effect to the front of those it is correlated with."""
    template = block.factor(np.ones(block.n_theta))
    linked = np.flatnonzero((template @ template.T)[j])
    order = list(range(block.n_effect))
    order.remove(j)
    order.insert(int(linked[0]), j)
    return order


def block_theta(block: Block, Lambda: FloatArray) -> FloatArray:
    """Read the covariance parameters off a factor.

    Parameters
    ----------
    block : Block
        Random effects of one grouping factor.
    Lambda : ndarray of shape (q, q)
        Lower triangular.

    Returns
    -------
    ndarray of shape (k,)
        θ of the block.
    """
    return np.asarray(Lambda[block.rows, block.cols])


def _lower_root(Sigma: FloatArray) -> FloatArray:
    """Give lower triangular Λ, ΛΛ' = Σ, where Σ may be singular."""
    values, vectors = np.linalg.eigh(Sigma)
    root = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    R = np.asarray(linalg.qr(root, mode="r")[0])
    signs = np.where(np.diag(R) < 0.0, -1.0, 1.0)
    return np.asarray((R * signs[:, None]).T)


@dataclass(frozen=True, slots=True, eq=False)
class _Positions:
    """Covariance parameters that are free, as a block tells of its own."""

    n_theta: int
    on_diagonal: BoolArray
    cols: NDArray[np.int64]


class _Held:
    """The deviance with one covariance parameter held and the others at their best."""

    def __init__(self, problem: LaplaceProblem, held: int, theta: FloatArray) -> None:
        self.problem, self.held = problem, held
        self.latest = theta
        self.model: FloatArray | None = None
        self.free = np.arange(len(theta)) != held
        self.likelihood: Any = NoLikelihood()
        self.p, self.n = 0, problem.n
        self.theta_scale = problem.theta_scale[self.free]
        parts, first = [], 0
        for block in problem.blocks:
            kept = self.free[first : first + block.n_theta]
            parts.append(_Positions(int(kept.sum()), block.on_diagonal[kept], block.cols[kept]))
            first += block.n_theta
        self.blocks = tuple(part for part in parts if part.n_theta)

    def __call__(self, size: float) -> float:
        self.size = size
        if not self.free.any():
            return self.problem.evaluate(np.array([size]), order=0).deviance
        scaled = ScaledProblem(self)  # type: ignore[arg-type]
        v = scaled.inward(self._start())
        at = scaled.evaluate(v)
        if not np.isfinite(at.deviance):
            return np.inf
        if self.model is None:
            self.model = scaled.hessian(v)
        values, vectors = np.linalg.eigh(self.model)
        B = np.asarray((vectors * np.abs(values)) @ vectors.T)
        v, at = descend(scaled, v, at, B, [], _GAIN)
        self.latest = self._whole(scaled.outward(v))
        return at.deviance

    def _start(self) -> FloatArray:
        start: FloatArray = self.latest[self.free]
        small = np.concatenate([part.on_diagonal for part in self.blocks])
        small &= np.abs(start * self.theta_scale) < 0.05
        return np.asarray(np.where(small, 0.1 / self.theta_scale, start))

    def _whole(self, free: FloatArray) -> FloatArray:
        theta = np.empty(len(self.free))
        theta[self.free], theta[self.held] = free, self.size
        return theta

    def evaluate(self, parameters: FloatArray, *, order: int = 1) -> GeneralEvaluation:
        at = self.problem.evaluate(self._whole(parameters), order=order)
        gradient = None if at.gradient is None else at.gradient[self.free]
        return replace(at, parameters=parameters, gradient=gradient)
