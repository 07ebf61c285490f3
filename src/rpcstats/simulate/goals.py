"""Goals: ratings at the start, at sessions and at the end, and who returns the end form."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.simulate._draws import categories, normals
from rpcstats.simulate.margins import binary
from rpcstats.simulate.truth import Truth

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

MOST_GOALS: Final = 3
TOP_RATING: Final = 10

PROGRESS: Final = 1.0
"""Least mean change of a parent's goals that counts as progress, in points."""


@dataclass(frozen=True, slots=True, eq=False)
class Goals:
    """Goals of n parents, had nobody left.

    Attributes
    ----------
    n_goals : ndarray of int, shape (n,)
        1 to 3.
    start : ndarray of shape (n, 3)
        Latent level of each goal at the start.
    slope : ndarray of shape (n,)
        Latent change over the whole course, group and covariates included.
    v : ndarray of shape (n,)
        The parent's own deviation of the slope.
    ratings : ndarray of shape (n, 3, K - 1)
        Printed ratings at the start and at sessions 2 to K - 1.
    """

    n_goals: Integers
    start: Floats
    slope: Floats
    v: Floats
    ratings: Floats


def draw_goals(
    rng: np.random.Generator, truth: Truth, slope_shift: Floats, sessions: int,
    *, couples: bool = False,
) -> Goals:  # fmt: skip
    """Draw the goals of parents and their ratings up to the last session but one.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    slope_shift : ndarray of shape (n,)
        Effects of covariates and group on the slope, in points over the course.
    sessions : int
        Sessions of the course, K.
    couples : bool
        Whether each two parents in a row are a couple, alike in start and in slope.

    Returns
    -------
    Goals
        Of n parents.

    Notes
    -----
    At stage s = (k - 1) / (K - 1) the latent rating of goal j is
    b0 + u + w_j + s (b1 + v + shift) + e, cut at half-integers with open ends. That is a
    cumulative probit mixed model exactly, and very nearly a linear one.
    """
    n = len(slope_shift)
    u, own = normals(rng, n), normals(rng, n)
    if couples:
        u, own = (_alike(rng, truth.corr_couple, values) for values in (u, own))
    v = truth.corr_uv * u + np.sqrt(1.0 - truth.corr_uv**2) * own
    start = truth.b0 + (truth.sd_u * u)[:, None] + truth.sd_w * normals(rng, (n, MOST_GOALS))
    slope = truth.b1 + truth.sd_v * v + slope_shift
    stages = np.arange(sessions - 1) / (sessions - 1)
    latent = start[:, :, None] + slope[:, None, None] * stages
    return Goals(
        n_goals=1 + categories(rng, truth.p_goals, n),
        start=start,
        slope=slope,
        v=truth.sd_v * v,
        ratings=_printed(rng, truth, latent),
    )


def draw_end(rng: np.random.Generator, truth: Truth, goals: Goals, stage: Floats) -> Floats:
    """Draw the ratings of the end form, at the latent level a parent left with.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    goals : Goals
        Of n parents.
    stage : ndarray of shape (n,)
        Share of the course each has had: 1 for those who stayed.

    Returns
    -------
    ndarray of shape (n, 3)
        Printed ratings, whether or not the form is returned.
    """
    return _printed(rng, truth, goals.start + (goals.slope * stage)[:, None])


def draw_followup(rng: np.random.Generator, truth: Truth, goals: Goals, fade: float) -> Floats:
    """Draw ratings some months after the course, of those who stayed.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    goals : Goals
        Of n parents.
    fade : float
        Level less the level at the end, in points.

    Returns
    -------
    ndarray of shape (n, 3)
        Printed ratings, whether or not the form is returned.
    """
    return _printed(rng, truth, goals.start + goals.slope[:, None] + fade)


def mean_change(goals: Goals, end: Floats) -> Floats:
    """Give the mean over a parent's goals of the change from the start to the end.

    Parameters
    ----------
    goals : Goals
        Of n parents.
    end : ndarray of shape (n, 3)
        Ratings of the end form.

    Returns
    -------
    ndarray of shape (n,)
        Points. The ratings are subtracted before they are averaged, so that a mean change
        of exactly one point is exactly 1.
    """
    return mean_rating(goals, end - goals.ratings[:, :, 0])


def mean_rating(goals: Goals, ratings: Floats) -> Floats:
    """Give the mean over a parent's goals.

    Parameters
    ----------
    goals : Goals
        Of n parents.
    ratings : ndarray of shape (n, 3)
        Printed ratings.

    Returns
    -------
    ndarray of shape (n,)
        Points.
    """
    is_set = np.arange(MOST_GOALS) < goals.n_goals[:, None]
    return np.asarray((ratings * is_set).sum(axis=1) / goals.n_goals)


def draw_answers(
    rng: np.random.Generator, truth: Truth, change: Floats, completed: Booleans, ended: Booleans,
    *, answered: int | None = None,
) -> Booleans:  # fmt: skip
    """Draw who returns the end form.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    change : ndarray of shape (n,)
        Change the form would show.
    completed, ended : ndarray of bool, shape (n,)
        Who completed; whose course is over (the others have no form yet).
    answered : int or None
        Number of completers who answer; nobody else answers then.

    Returns
    -------
    ndarray of bool, shape (n,)
        Forms returned.
    """
    level = np.where(completed, truth.rho0, truth.rho0_left)
    may_answer = ended if answered is None else completed
    log_odds = level + truth.rho1 * (change - truth.rho1_centre)
    return binary(np.where(may_answer, log_odds, -np.inf), answered, rng=rng)


def _alike(rng: np.random.Generator, correlation: float, values: Floats) -> Floats:
    """Give each two values in a row a part in common; variances stay one."""
    common = np.repeat(normals(rng, len(values) // 2), 2)
    return np.asarray(np.sqrt(correlation) * common + np.sqrt(1.0 - correlation) * values)


def _printed(rng: np.random.Generator, truth: Truth, latent: Floats) -> Floats:
    noisy = latent + truth.sd_e * normals(rng, latent.shape)
    return np.asarray(np.clip(np.floor(noisy + 0.5), 0.0, TOP_RATING))
