"""Search for the variance of a gamma frailty."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from rpcstats._numerics.optimise import OptSummary
from rpcstats.survival.frailties._gamma import GammaPoint, GammaProblem

START: Final = 0.3
"""Variance the search starts from."""

LEAST: Final = 1e-7
LARGEST: Final = 1e4
"""Variances outside are taken as 0 and as infinite."""

GRID: Final = (0.05, 0.3, 1.5)
"""Variances tried where the likelihood falls at 0, for a maximum further on."""

_FACTOR: Final = 4.0
_DIGITS: Final = 1e-11
_GOOD: Final = 1e-6

_KEPT: Final = 2
"""Points kept: Brent's method ends at the flattest, or one that differs from it by rounding."""


class _Slope(NamedTuple):
    slope: float
    log_lik: float


@dataclass(slots=True, eq=False)
class _Slopes:
    """Slopes of the integrated likelihood by log θ, kept as they are found.

    Of the points themselves, which hold vectors as long as the data, those next to 0 are kept.
    """

    problem: GammaProblem
    found: dict[float, _Slope] = field(default_factory=dict)
    flattest: dict[float, GammaPoint] = field(default_factory=dict)
    log: list[float] = field(default_factory=list)

    def __call__(self, x: float) -> float:
        if x not in self.found:
            point = self.problem.at(float(np.exp(x)))
            self.found[x] = _Slope(point.slope, point.log_lik)
            self.log.append(point.log_lik)
            self.flattest[x] = point
            if len(self.flattest) > _KEPT:
                del self.flattest[max(self.flattest, key=lambda y: abs(self.found[y].slope))]
        return self.found[x].slope

    def point(self, x: float) -> GammaPoint:
        """Give a point again, worked out anew if it was not kept."""
        kept = self.flattest.get(x)
        return self.problem.at(float(np.exp(x))) if kept is None else kept

    @property
    def best(self) -> float:
        return max(self.found, key=lambda x: self.found[x].log_lik)


@dataclass(frozen=True, slots=True, eq=False)
class GammaOptimum:
    """The maximum of the integrated likelihood over the variance.

    Attributes
    ----------
    point : GammaPoint or None
        The maximum; None where it is at a variance of 0.
    curvature : float
        Minus the second derivative by log θ there; NaN at 0.
    optimum : OptSummary
        How it was searched for.
    """

    point: GammaPoint | None
    curvature: float
    optimum: OptSummary


def search_gamma(problem: GammaProblem, log_lik_zero: float, score_zero: float) -> GammaOptimum:
    """Maximise the integrated likelihood.

    Parameters
    ----------
    problem : GammaProblem
        The model.
    log_lik_zero : float
        Log-likelihood at a variance of 0.
    score_zero : float
        Slope by the variance there.

    Returns
    -------
    GammaOptimum
        The maximum, at 0 where the likelihood is highest there.

    Notes
    -----
    As coefficients and frailties maximise the penalised likelihood, the slope by θ is that with
    these held (Therneau, Grambsch and Pankratz 2003): its zero is bracketed, then found by
    Brent's method.
    """
    slopes = _Slopes(problem)
    start = np.log(START)
    if score_zero <= 0.0:
        for theta in GRID:
            slopes(float(np.log(theta)))
        start = slopes.best
        if slopes.found[start].log_lik <= log_lik_zero and slopes(start) <= 0.0:
            return _at_zero(problem, slopes, log_lik_zero)
    bracket = _bracket(slopes, float(start))
    if bracket is None:
        if np.exp(min(slopes.found)) <= 10.0 * LEAST:
            return _at_zero(problem, slopes, log_lik_zero)
        return _endless(problem, slopes)
    x = _root(slopes, *bracket)
    if slopes.found[x].log_lik < log_lik_zero - 1e-10 * (1.0 + abs(log_lik_zero)):
        return _at_zero(problem, slopes, log_lik_zero)
    return _report(problem, slopes, x)


def _bracket(slopes: _Slopes, x: float) -> tuple[float, float] | None:
    """Find log variances between which the slope falls through 0."""
    step = np.log(_FACTOR)
    if slopes(x) > 0.0:
        while slopes(x) > 0.0:
            if x > np.log(LARGEST):
                return None
            low, x = x, x + step
            step *= 1.5
        return low, x
    while slopes(x) <= 0.0:
        if x < np.log(LEAST):
            return None
        high, x = x, x - step
        step *= 1.5
    return x, high


def _root(slopes: Callable[[float], float], low: float, high: float) -> float:
    from scipy.optimize import brentq

    found, _ = brentq(slopes, low, high, xtol=_DIGITS, rtol=4.0 * _DIGITS, full_output=True)
    slopes(float(found))
    return float(found)


def _report(problem: GammaProblem, slopes: _Slopes, x: float) -> GammaOptimum:
    point, step = slopes.point(x), 1e-3
    up, down = (problem.at(float(np.exp(x + move))).slope for move in (step, -step))
    problem.latest = point.modes.z
    curvature = (down - up) / (2.0 * step)
    norm = abs(point.slope) / np.sqrt(curvature) if curvature > 0.0 else np.inf
    converged = point.modes.found and norm < _GOOD
    status = "the slope by the variance is zero and falls" if converged else "no zero of the slope"
    return GammaOptimum(
        point,
        curvature,
        _summary(problem, slopes, point.theta, point.log_lik, norm, converged, status),
    )


def _at_zero(problem: GammaProblem, slopes: _Slopes, log_lik: float) -> GammaOptimum:
    status = "the likelihood is highest at a variance of zero"
    return GammaOptimum(None, np.nan, _summary(problem, slopes, 0.0, log_lik, 0.0, True, status))


def _endless(problem: GammaProblem, slopes: _Slopes) -> GammaOptimum:
    point = slopes.point(max(slopes.found))
    status = "the likelihood goes on rising while the variance of the frailty grows without end"
    optimum = _summary(problem, slopes, point.theta, point.log_lik, np.inf, False, status)
    return GammaOptimum(point, np.nan, optimum)


def _summary(
    problem: GammaProblem,
    slopes: _Slopes,
    theta: float,
    log_lik: float,
    norm: float,
    converged: bool,
    status: str,
) -> OptSummary:
    return OptSummary(
        method="Newton by conjugate gradients inside, Brent's method on the slope by the variance",
        start=np.array([START]),
        end=np.array([theta]),
        value=-2.0 * log_lik,
        gradient_norm=float(norm),
        n_evaluation=problem.n_evaluation,
        converged=converged,
        status=status,
        log=tuple(-2.0 * value for value in slopes.log),
    )
