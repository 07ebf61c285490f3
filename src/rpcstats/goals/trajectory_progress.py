"""The share of starters who would have made progress, had all finished, from a fitted model."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from rpcstats.goals._change_chance import (
    NODES,
    chance_of_normal_change,
    chance_of_ordered_change,
)
from rpcstats.goals.goal_ratings import FloatArray
from rpcstats.goals.population_means import Fit, effect_columns, fixed_columns
from rpcstats.goals.trajectory_rows import ARM, GOAL, GROUPED, SINGLE, TrajectoryRows
from rpcstats.mixed.general_fit import GeneralMixedFit
from rpcstats.mixed.linear_fit import LinearMixedFit
from rpcstats.mixed.measures.variance_sources import parameters_of
from rpcstats.mixed.structure.model_frame import split_theta

COURSE: Final = np.array([0.0, 1.0])
STEP: Final = 1e-4
"""Step of differences by parameters of order one: to about seven digits of a standard error."""

FEWER_NODES: Final = 9
"""Nodes for derivatives, of which a standard error needs three digits."""


class Chance(NamedTuple):
    """A share of the starters with its standard error."""

    estimate: float
    std_error: float


class _Parts(NamedTuple):
    """Fixed parts of patterns at start and end, and covariances of a parent's levels there."""

    level: FloatArray
    effects: FloatArray
    goal_variance: float


def chance_of_progress(fit: Fit, rows: TrajectoryRows, threshold: float) -> Chance:
    """Estimate the share of starters whose mean change reaches a threshold, had all finished.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralMixedFit
        Linear, or cumulative with the probit link.
    rows : TrajectoryRows
        What it was fitted to.
    threshold : float
        Points, better being positive.

    Returns
    -------
    Chance
        The share of printed changes at the threshold or above, averaged over random effects
        (by Gauss-Hermite quadrature for ordered ratings), over the starters' patterns and over
        their numbers of goals; its standard error by the delta method.
    """
    if isinstance(fit, LinearMixedFit):
        theta, theta_cov = parameters_of(fit)
        at = np.concatenate([fit.beta, theta])
        cov = np.zeros((len(at), len(at)))
        p = len(fit.beta)
        cov[:p, :p], cov[p:, p:] = fit.cov, theta_cov
        share = _linear_share(fit, rows, threshold)
        return _delta(share, share, at, cov)
    precise = _ordered_share(fit, rows, threshold, NODES)
    rough = _ordered_share(fit, rows, threshold, FEWER_NODES)
    return _delta(precise, rough, fit.evaluation.parameters, fit.delta_cov)


def _delta(
    value: Callable[[FloatArray], float],
    steps: Callable[[FloatArray], float],
    at: FloatArray,
    cov: FloatArray,
) -> Chance:
    slope = np.zeros(len(at))
    for j in np.flatnonzero(np.diag(cov) > 0.0):
        unit = np.zeros(len(at))
        unit[j] = STEP * max(1.0, abs(at[j]))
        slope[j] = (steps(at + unit) - steps(at - unit)) / (2.0 * unit[j])
    return Chance(value(at), float(np.sqrt(slope @ cov @ slope)))


def _parts(
    fit: Fit, rows: TrajectoryRows, patterns: pd.DataFrame, beta: FloatArray, theta: FloatArray
) -> _Parts:
    m = len(patterns)
    X = fixed_columns(fit.names, rows, patterns, COURSE)
    level = (X @ beta).reshape(2, m).T
    at, grouped = np.repeat(COURSE, m), np.tile(patterns[GROUPED], 2)
    effects, goal_variance = np.zeros((m, 2, 2)), 0.0
    blocks = fit.frame.blocks
    for block, part in zip(blocks, split_theta(blocks, theta), strict=True):
        root = (effect_columns(block, grouped, at) @ block.factor(part)).reshape(2, m, -1)
        if block.group == GOAL:
            goal_variance += float(np.sum(root[0, 0] ** 2))
        else:
            effects += np.einsum("smk,tmk->mst", root, root)
    return _Parts(level, effects, goal_variance)


def _linear_share(
    fit: LinearMixedFit, rows: TrajectoryRows, threshold: float
) -> Callable[[FloatArray], float]:
    patterns, shares = rows.patterns()
    p, sign = len(fit.beta), rows.ratings.sign
    ratio = _residual_ratio(fit, rows, patterns)

    def share(parameters: FloatArray) -> float:
        beta, theta = parameters[:p], parameters[p:-1]
        sigma2 = float(np.exp(2.0 * parameters[-1]))
        parts = _parts(fit, rows, patterns, beta, theta)
        mean = sign * (parts.level[:, 1] - parts.level[:, 0])
        spread = np.einsum("s,mst,t->m", [-1.0, 1.0], parts.effects, [-1.0, 1.0])
        total = 0.0
        for n_goals, weight in rows.goal_shares().items():
            variance = sigma2 * (spread + 2.0 * ratio / n_goals)
            chance = chance_of_normal_change(
                mean,
                variance,
                n_goals=np.full_like(mean, n_goals),
                threshold=threshold,
                grain=rows.grain,
            )
            total += weight * float(shares @ chance)
        return total

    return share


def _residual_ratio(
    fit: LinearMixedFit, rows: TrajectoryRows, patterns: pd.DataFrame
) -> FloatArray:
    """Give the residual variance of each pattern's arm over sigma squared."""
    relative = None if fit.residual is None else fit.residual.relative_variance()
    if relative is None:
        return np.ones(len(patterns))
    of_arm = pd.Series(relative).groupby(rows.rows[ARM].to_numpy()).first()
    arms = np.where(patterns[GROUPED] == 1.0, GROUPED, SINGLE)
    return np.asarray(of_arm.reindex(arms), dtype=np.float64)


def _ordered_share(
    fit: GeneralMixedFit, rows: TrajectoryRows, threshold: float, nodes: int
) -> Callable[[FloatArray], float]:
    patterns, shares = rows.patterns()
    p, k = len(fit.beta), len(fit.theta)
    ordered = fit.response.ordered
    assert ordered is not None, "a trajectory is fitted to ordered ratings"
    points = rows.ratings.sign * np.array([float(name) for name in fit.frame.categories])
    goal_shares = rows.goal_shares()

    def share(parameters: FloatArray) -> float:
        beta, theta = parameters[:p], parameters[p : p + k]
        parts = _parts(fit, rows, patterns, beta, theta)
        chance = chance_of_ordered_change(
            parts.level,
            thresholds=ordered.alpha(parameters[p + k :]),
            points=points,
            effects=parts.effects,
            goal_variance=parts.goal_variance,
            goal_shares=goal_shares,
            threshold=threshold,
            nodes=nodes,
        )
        return float(shares @ chance)

    return share
