"""Mean ratings of the starters along the course, from a fitted mixed model, in points."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import ndtr

from rpcstats._vocabulary import STAGE
from rpcstats.goals.goal_ratings import FloatArray
from rpcstats.goals.trajectory_rows import GROUPED, SINGLE, TrajectoryRows
from rpcstats.mixed.general_fit import GeneralMixedFit
from rpcstats.mixed.inference.satterthwaite import satterthwaite_df
from rpcstats.mixed.linear_fit import LinearMixedFit
from rpcstats.mixed.linear_predictor import PredictionRows, quadratic
from rpcstats.mixed.prediction_gradient import spread_gradient
from rpcstats.mixed.structure.model_frame import Block

Fit = LinearMixedFit | GeneralMixedFit
_DENSITY: Final = 1.0 / np.sqrt(2.0 * np.pi)


@dataclass(frozen=True, slots=True, eq=False)
class PopulationMeans:
    """Linear functions of mean ratings, with their error.

    Attributes
    ----------
    estimate, std_error, df : ndarray of shape (m,)
        Points; degrees of freedom are infinite where the estimate is taken as normal.
    """

    estimate: FloatArray
    std_error: FloatArray
    df: FloatArray


def population_means(
    fit: Fit,
    rows: TrajectoryRows,
    stages: FloatArray,
    functions: FloatArray | None = None,
    *,
    linear: LinearMixedFit,
) -> PopulationMeans:
    """Estimate the mean rating of the starters, had all been in the course at each stage.

    Parameters
    ----------
    fit : LinearMixedFit or GeneralMixedFit
        Linear, or cumulative with the probit link.
    rows : TrajectoryRows
        What it was fitted to.
    stages : ndarray of shape (s,)
        Shares of the course.
    functions : ndarray of shape (m, s), optional
        Linear functions of the means at the stages; the means themselves if not given.
    linear : LinearMixedFit
        Linear model of the same rows and effects, one residual variance for all: what degrees
        of freedom are taken from.

    Returns
    -------
    PopulationMeans
        Estimates; standard errors by the delta method, to which the spread of the starters
        themselves is added, summed by cluster.

    Notes
    -----
    Degrees of freedom are Satterthwaite's of the linear model with the same effects: with few
    groups the error of an ordered model is no better known than that of a linear one.

    An ordered rating Y with thresholds a_j and latent mean η has P(Y > j) = Φ((η - a_j) / r)
    once its normal random effects, of standard deviation s, are integrated out, with
    r² = 1 + s² (Zeger, Liang and Albert 1988). That is exact, so no quadrature is needed.
    """
    patterns, shares = rows.patterns()
    L = np.eye(len(stages)) if functions is None else functions
    value, gradient = _values(fit, rows, patterns, stages)
    s, m = len(stages), len(patterns)
    own = L @ value.reshape(s, m)
    slopes = L @ np.einsum("p,spd->sd", shares, gradient.reshape(s, m, -1))
    cov = fit.cov if isinstance(fit, LinearMixedFit) else fit.delta_cov
    variance = quadratic(slopes, cov) + _starters_variance(own, rows, patterns)
    return PopulationMeans(own @ shares, np.sqrt(variance), _df(linear, rows, stages, L))


def mean_coefficients(
    fit: LinearMixedFit, rows: TrajectoryRows, stages: FloatArray, functions: FloatArray
) -> FloatArray:
    """Give linear functions of mean ratings as coefficients of the fixed effects.

    Parameters
    ----------
    fit : LinearMixedFit
        The fit.
    rows : TrajectoryRows
        What it was fitted to.
    stages : ndarray of shape (s,)
        Shares of the course.
    functions : ndarray of shape (m, s)
        Weights of the stages.

    Returns
    -------
    ndarray of shape (m, p)
        Coefficients.
    """
    patterns, shares = rows.patterns()
    X = fixed_columns(fit.names, rows, patterns, stages).reshape(len(stages), len(patterns), -1)
    return np.asarray(functions @ np.einsum("p,spd->sd", shares, X))


def effect_columns(block: Block, grouped: FloatArray, stage: FloatArray) -> FloatArray:
    """Give the covariates of a block's effects.

    Parameters
    ----------
    block : Block
        Random effects of one factor.
    grouped : ndarray of shape (m,)
        1 for parents in a group, 0 for those in none.
    stage : ndarray of shape (m,)
        Share of the course.

    Returns
    -------
    ndarray of shape (m, q)
        A column an effect.
    """
    known = {
        "Intercept": np.ones_like(stage),
        STAGE: stage,
        GROUPED: grouped,
        f"{GROUPED}_stage": grouped * stage,
        SINGLE: 1.0 - grouped,
        f"{SINGLE}_stage": (1.0 - grouped) * stage,
    }
    return np.column_stack([known[name] for name in block.effects])


def fixed_columns(
    names: tuple[str, ...], rows: TrajectoryRows, patterns: pd.DataFrame, stages: FloatArray
) -> FloatArray:
    """Give the fixed-effects columns of patterns of starters at stages.

    Parameters
    ----------
    names : tuple of str
        Fixed effects of the fit.
    rows : TrajectoryRows
        What it was fitted to.
    patterns : DataFrame of m rows
        Distinct starters.
    stages : ndarray of shape (s,)
        Shares of the course.

    Returns
    -------
    ndarray of shape (s m, p)
        A row a pattern and stage, stages slowest.
    """
    at = np.repeat(stages, len(patterns))
    tiled = {name: np.tile(patterns[name].to_numpy(), len(stages)) for name in rows.columns}
    known = {"Intercept": np.ones_like(at), STAGE: at, **tiled}
    known |= {f"{STAGE}:{name}": at * x for name, x in tiled.items()}
    return np.column_stack([known[name] for name in names])


def _values(
    fit: Fit, rows: TrajectoryRows, patterns: pd.DataFrame, stages: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give the means of patterns at stages (stages slowest) and their gradient."""
    X = fixed_columns(fit.names, rows, patterns, stages)
    if isinstance(fit, LinearMixedFit):
        return X @ fit.beta, X
    at, grouped = np.repeat(stages, len(patterns)), np.tile(patterns[GROUPED], len(stages))
    Z = tuple(effect_columns(block, grouped, at) for block in fit.frame.blocks)
    new = tuple(np.full(len(X), -1) for _ in Z)
    spread, d_spread = spread_gradient(fit.frame.blocks, fit.theta, PredictionRows(X, None, Z, new))
    return _expected(fit, X, spread, d_spread)


def _expected(
    fit: GeneralMixedFit, X: FloatArray, spread: FloatArray, d_spread: FloatArray
) -> tuple[FloatArray, FloatArray]:
    ordered = fit.response.ordered
    assert ordered is not None, "a trajectory is fitted to ordered ratings"
    points = np.array([float(name) for name in fit.frame.categories])
    steps = np.diff(points)
    size = np.sqrt(1.0 + spread**2)
    z = ((X @ fit.beta)[:, None] - fit.thresholds) / size[:, None]
    value = points[0] + ndtr(z) @ steps
    dense = _DENSITY * np.exp(-0.5 * z**2) * steps / size[:, None]
    by_eta = dense.sum(axis=1)
    by_spread = -(dense * z).sum(axis=1) * spread / size
    gradient = np.hstack(
        [
            by_eta[:, None] * X,
            by_spread[:, None] * d_spread,
            -dense @ ordered.alpha_jacobian(fit.extra),
        ]
    )
    return value, gradient


def _starters_variance(own: FloatArray, rows: TrajectoryRows, patterns: pd.DataFrame) -> FloatArray:
    """Give the variance of the mean over starters of what their patterns give, by cluster."""
    keys = [GROUPED, *rows.columns]
    place = patterns.assign(place=np.arange(len(patterns)))
    at = rows.starters[keys].merge(place, on=keys, how="left")["place"].to_numpy()
    code, n_cluster = pd.factorize(rows.starters["cluster"])[0], rows.n_clusters
    if n_cluster < 2:
        return np.zeros(len(own))
    centred = own[:, at] - own[:, at].mean(axis=1, keepdims=True)
    sums = np.stack([np.bincount(code, row, n_cluster) for row in centred])
    found: FloatArray = (sums**2).sum(axis=1) * n_cluster / (n_cluster - 1.0) / len(at) ** 2
    return found


def _df(
    linear: LinearMixedFit, rows: TrajectoryRows, stages: FloatArray, functions: FloatArray
) -> FloatArray:
    L = mean_coefficients(linear, rows, stages, functions)
    df = satterthwaite_df(linear.curved_evaluation(), L)
    return np.where(np.isfinite(df) & (df > 0.0), df, np.inf)
