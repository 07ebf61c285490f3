"""Moves of spreads that carry the effects along: arrays in, arrays out.

Drawn given the effects, a small standard deviation moves in small steps, because the effects are
small too. So it is drawn a second time given the effects in units of it (interweaving, Yu and Meng
2011): start and slope of parents, their correlation, and goals. All a move needs of the ratings
are four sums and their products.
"""

from functools import partial
from math import exp, log, sqrt, tanh
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.designs.missing._effects import Effects, Layout, Variances
from rpcstats.designs.missing._slice import slice_draw
from rpcstats.designs.missing._variances import FREEDOM

Floats = NDArray[np.float64]


class Residuals(NamedTuple):
    """What is left of the ratings of each goal.

    Attributes
    ----------
    e0, e1 : ndarray of shape (J,)
        Sum of residuals; of residuals times stage.
    """

    e0: Floats
    e1: Floats


def move_scales(
    rng: np.random.Generator,
    layout: Layout,
    effects: Effects,
    variances: Variances,
    residuals: Residuals,
    mixing: tuple[Floats, float],
) -> tuple[Effects, Variances]:
    """Draw spreads of parents and goals given their effects in units of them.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    layout : Layout
        Design.
    effects : Effects
        Of this draw.
    variances : Variances
        Drawn given the effects.
    residuals : Residuals
        Of this draw.
    mixing : tuple of ndarray and float
        Weights of the priors of the parents' covariance and of the goals' variance.

    Returns
    -------
    effects, variances
        With new spreads, and parents' and goals' effects to match.
    """
    sd_u, sd_v = np.sqrt(np.diag(variances.parent))
    sd_v = sd_v if layout.has_slope else 1.0
    rho = float(variances.parent[0, 1] / (sd_u * sd_v))
    z1 = effects.parent[0] / sd_u
    z2 = (effects.parent[1] / sd_v - rho * z1) / sqrt(1.0 - rho * rho) * layout.has_slope
    has_goals = variances.goal > 0.0
    tau = sqrt(variances.goal) if has_goals else 1.0
    unit = effects.goal / tau
    F, Q = _products(layout, z1, z2, unit, residuals)
    x = [log(sd_u), log(sd_v), float(np.arctanh(rho)), log(tau)]
    origin = _coefficients(x)

    def log_density(value: float, place: int) -> float:
        tried = [*x[:place], value, *x[place + 1 :]]
        d = _coefficients(tried) - origin
        fit = -0.5 * float(d @ Q @ d - 2.0 * (d @ F)) / variances.rating
        return fit + _log_prior(tried, mixing, layout)

    places = (0, *((1, 2) if layout.has_slope else ()), *((3,) if has_goals else ()))
    for place in places:
        x[place] = slice_draw(rng, x[place], partial(log_density, place=place))
    start, along, across, goal = _coefficients(x)
    parent = np.stack([start * z1, along * z1 + across * z2])
    covariance = np.array([[start**2, start * along], [start * along, along**2 + across**2]])
    if not layout.has_slope:
        covariance = np.diag([start**2, 0.0])
    moved = effects._replace(
        parent=parent,
        goal=goal * unit,
        line=effects.line + parent - effects.parent,
    )
    of_goals = goal**2 if has_goals else 0.0
    return moved, variances._replace(parent=covariance, goal=float(of_goals))


def _coefficients(x: list[float]) -> Floats:
    """Turn log spreads and the z of the correlation into factors of unit effects."""
    rho, sd_v = tanh(x[2]), exp(x[1])
    return np.array([exp(x[0]), sd_v * rho, sd_v * sqrt(1.0 - rho * rho), exp(x[3])])


def _products(
    layout: Layout, z1: Floats, z2: Floats, unit: Floats, residuals: Residuals
) -> tuple[Floats, Floats]:
    """Sum residuals times unit effects, (4,), and products of unit effects, (4, 4)."""
    z1, z2 = z1[layout.parent], z2[layout.parent]
    zero = np.zeros_like(unit)
    start, slope = np.stack([z1, zero, zero, unit]), np.stack([zero, z1, z2, zero])
    F = start @ residuals.e0 + slope @ residuals.e1
    half = (start * layout.s1) @ slope.T
    Q = (start * layout.n) @ start.T + half + half.T + (slope * layout.s2) @ slope.T
    return F, Q


def _log_prior(x: list[float], mixing: tuple[Floats, float], layout: Layout) -> float:
    """Log prior density of x given the mixing weights.

    The inverse-Wishart density in logarithms of spreads and the z of the correlation, and the
    inverse-gamma density in the logarithm of a single spread.
    """
    a, b = mixing
    found = _log_prior_of_one(x[3], b) if layout.has_goals else 0.0
    if not layout.has_slope:
        return found + _log_prior_of_one(x[0], float(a[0]))
    free = 1.0 - tanh(x[2]) ** 2
    if free <= 0.0:
        return -np.inf
    pull = (exp(-2.0 * x[0]) / float(a[0]) + exp(-2.0 * x[1]) / float(a[1])) / free
    found -= (FREEDOM + 1.0) * (x[0] + x[1]) + 0.5 * (FREEDOM + 2.0) * log(free) + FREEDOM * pull
    return found


def _log_prior_of_one(x: float, mixing: float) -> float:
    return -FREEDOM * x - FREEDOM * exp(-2.0 * x) / mixing
