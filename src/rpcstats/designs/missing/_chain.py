"""One chain of data augmentation for the growth model of ratings: arrays in, arrays out."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.designs.missing._effects import Effects, Layout, Variances, draw_effects
from rpcstats.designs.missing._printed_ratings import PrintedRatings, draw_latent
from rpcstats.designs.missing._scale_moves import Residuals, move_scales
from rpcstats.designs.missing._variances import draw_covariance, draw_variance

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_SPREAD: Final = 0.5
"""Standard deviation of the logarithm of starting variances, so that chains start apart."""


class Observed(NamedTuple):
    """Ratings that were made.

    Attributes
    ----------
    value, stage : ndarray of shape (M,)
        Ratings and stages, goal by goal.
    goal : ndarray of int, shape (M,)
        Goal of each.
    printed : PrintedRatings or None
        None if the ratings are taken as they are.
    scale : float
        Scale of the half-t priors of standard deviations, in points.
    """

    value: Floats
    stage: Floats
    goal: Integers
    printed: PrintedRatings | None
    scale: float


class Steps(NamedTuple):
    """How long a chain is.

    Attributes
    ----------
    burn_in : int
        Draws thrown away.
    thin : int
        Draws from one that is kept to the next.
    keep : int
        Draws kept.
    """

    burn_in: int
    thin: int
    keep: int


class Chain(NamedTuple):
    """What a chain leaves behind.

    Attributes
    ----------
    trace : ndarray of shape (thin * keep, P)
        Parameters of every draw after the burn-in.
    beta : ndarray of shape (keep, 2, q)
        Fixed effects of the draws kept.
    line : ndarray of shape (keep, 2, N)
        Start and slope of each parent.
    goal : ndarray of shape (keep, J)
        Deviations of goals.
    rating_sd : ndarray of shape (keep,)
        Standard deviation of a rating.
    """

    trace: Floats
    beta: Floats
    line: Floats
    goal: Floats
    rating_sd: Floats


class _Mixing(NamedTuple):
    parent: Floats
    group: Floats
    goal: float
    rating: float


def run_chain(
    seed: np.random.SeedSequence, layout: Layout, observed: Observed, steps: Steps
) -> Chain:
    """Run a chain.

    Parameters
    ----------
    seed : SeedSequence
        Of this chain.
    layout : Layout
        Design.
    observed : Observed
        Ratings.
    steps : Steps
        Lengths.

    Returns
    -------
    Chain
        Traces and draws.
    """
    rng = np.random.default_rng(seed)
    variances, mixing = _start(rng, layout, observed)
    value, traces, kept = observed.value, [], []
    r0, r1 = _sums(observed, value, len(layout.n))
    for step in range(1, steps.burn_in + steps.thin * steps.keep + 1):
        effects = draw_effects(rng, layout, r0, r1, variances, scale=observed.scale)
        start = effects.line[0, layout.parent] + effects.goal
        mean = start[observed.goal]
        mean += effects.line[1, layout.parent][observed.goal] * observed.stage
        if observed.printed is not None:
            value = draw_latent(rng, observed.printed, mean, np.sqrt(variances.rating))
            r0, r1 = _sums(observed, value, len(layout.n))
        rest = value - mean
        variances, mixing = _draw_variances(rng, effects, float(rest @ rest), observed, mixing)
        residuals = Residuals(*_sums(observed, rest, len(layout.n)))
        weights = (mixing.parent, mixing.goal)
        effects, variances = move_scales(rng, layout, effects, variances, residuals, weights)
        if step > steps.burn_in:
            traces.append(parameters(effects, variances))
            if (step - steps.burn_in) % steps.thin == 0:
                kept.append((effects, np.sqrt(variances.rating)))
    return Chain(
        trace=np.array(traces),
        beta=np.array([effects.beta for effects, _ in kept]),
        line=np.array([effects.line for effects, _ in kept]),
        goal=np.array([effects.goal for effects, _ in kept]),
        rating_sd=np.array([sd for _, sd in kept]),
    )


def _sums(observed: Observed, value: Floats, J: int) -> tuple[Floats, Floats]:
    """Sum ratings, and ratings times stage, over each goal."""
    by_stage = np.bincount(observed.goal, value * observed.stage, J).astype(np.float64)
    return np.bincount(observed.goal, value, J).astype(np.float64), by_stage


def parameters(effects: Effects, variances: Variances) -> Floats:
    """Give the parameters of a draw as one row.

    Parameters
    ----------
    effects : Effects
        Of the draw.
    variances : Variances
        Of the draw.

    Returns
    -------
    ndarray of shape (P,)
        Fixed effects; standard deviations of parents' start, of their slope, and the correlation
        of both, if slopes differ; standard deviations of groups' effects, of goals if they differ,
        and of a rating.
    """
    sd = np.sqrt(np.diag(variances.parent))
    of_parent = [sd[0]]
    if sd[1] > 0.0:
        of_parent += [sd[1], variances.parent[0, 1] / (sd[0] * sd[1])]
    of_goal = [np.sqrt(variances.goal)] if variances.goal > 0.0 else []
    of_group = np.sqrt(np.diag(variances.group))
    return np.array(
        [*effects.beta.ravel(), *of_parent, *of_group, *of_goal, np.sqrt(variances.rating)]
    )


def _start(
    rng: np.random.Generator, layout: Layout, observed: Observed
) -> tuple[Variances, _Mixing]:
    """Split the variance of the ratings into parts, at random."""
    total = max(float(np.var(observed.value)), (0.01 * observed.scale) ** 2)
    Q = len(layout.by_group)
    parts = total * np.exp(_SPREAD * rng.standard_normal(5))
    variances = Variances(
        parent=np.diag([parts[0] / 3.0, parts[1] / 3.0 if layout.has_slope else 0.0]),
        group=np.diag(np.full(Q, parts[2] / 10.0)),
        goal=parts[3] / 4.0 if layout.has_goals else 0.0,
        rating=parts[4] / 3.0,
    )
    far = observed.scale**2
    return variances, _Mixing(np.full(2, far), np.full(Q, far), far, far)


def _draw_variances(
    rng: np.random.Generator, effects: Effects, square: float, observed: Observed, mixing: _Mixing
) -> tuple[Variances, _Mixing]:
    scale = observed.scale
    u, d, w = effects.parent, effects.group, effects.goal
    if u[1].any():
        parent, a_parent = draw_covariance(rng, u @ u.T, u.shape[1], mixing.parent, scale)
    else:
        start, weight = draw_variance(rng, float(u[0] @ u[0]), u.shape[1], mixing.parent[0], scale)
        parent, a_parent = np.diag([start, 0.0]), np.array([weight, mixing.parent[1]])
    group, a_group = effects.omega, mixing.group
    if len(effects.omega) > 1:
        group, a_group = draw_covariance(rng, d.T @ d, len(d), mixing.group, scale)
    goal, a_goal = 0.0, mixing.goal
    if w.any():
        goal, a_goal = draw_variance(rng, float(w @ w), len(w), mixing.goal, scale)
    rating, a_rating = draw_variance(rng, square, len(observed.value), mixing.rating, scale)
    return Variances(parent, group, goal, rating), _Mixing(a_parent, a_group, a_goal, a_rating)
