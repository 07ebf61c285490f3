"""Independent starters, followed to the end: the population behind the true values."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.simulate.covariates import Covariates, slope_predictor
from rpcstats.simulate.goals import (
    MOST_GOALS,
    PROGRESS,
    Goals,
    draw_answers,
    draw_end,
    draw_goals,
    mean_change,
)
from rpcstats.simulate.people import draw_covariates
from rpcstats.simulate.retention import Course, draw_courses, draw_group_effects
from rpcstats.simulate.truth import Truth

Booleans = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

RELIABLE: Final = 2.45
"""Mean change beyond measurement error, in points: quoted for goal-based outcomes, unconfirmed."""


@dataclass(frozen=True, slots=True, eq=False)
class Starters:
    """A population of n starters, nobody waiting and nobody censored.

    Attributes
    ----------
    x : Covariates
        Known at referral.
    course : Course
        Sessions.
    goals : Goals
        Ratings up to the last session but one.
    end : ndarray of shape (n, 3)
        Ratings of the end form, had everyone returned it.
    change : ndarray of shape (n,)
        Mean change of a parent's goals, to the latent level at leaving.
    completed, answered : ndarray of bool, shape (n,)
        Met the programme's rule; returned the form.
    """

    x: Covariates
    course: Course
    goals: Goals
    end: Floats
    change: Floats
    completed: Booleans
    answered: Booleans


def draw_starters(truth: Truth, *, n: int, seed: int, minimum_attended: int) -> Starters:
    """Draw independent starters, each in a group and with a facilitator of their own.

    Parameters
    ----------
    truth : Truth
        True parameters.
    n : int
        Number of starters.
    seed : int
        Seed.
    minimum_attended : int
        Sessions a person must attend to complete.

    Returns
    -------
    Starters
        A sample of the population that the true values describe.
    """
    rng = np.random.default_rng(seed)
    x = draw_covariates(rng, truth, n, {})
    return follow_starters(rng, truth, x, np.arange(n), minimum_attended=minimum_attended)


def draw_grouped_starters(
    truth: Truth, *, n: int, seed: int, minimum_attended: int, group_size: int
) -> tuple[Starters, Integers]:
    """Draw starters in groups, nobody waiting or censored.

    Parameters
    ----------
    truth : Truth
        True parameters.
    n : int
        Number of starters.
    seed : int
        Seed.
    minimum_attended : int
        Sessions a person must attend to complete.
    group_size : int
        Parents in a group; a group is online or in person as a whole, with a facilitator of
        its own.

    Returns
    -------
    tuple of (Starters, ndarray of int)
        The starters, and the number of each one's group, from 0.
    """
    rng = np.random.default_rng(seed)
    group = np.arange(n) // group_size
    is_online = rng.random(int(group[-1]) + 1) < truth.p_online
    x = replace(draw_covariates(rng, truth, n, {}), online=is_online[group])
    return follow_starters(rng, truth, x, group, minimum_attended=minimum_attended), group


def follow_starters(
    rng: np.random.Generator, truth: Truth, x: Covariates, group: Integers, *,
    minimum_attended: int,
) -> Starters:  # fmt: skip
    """Draw what becomes of starters whose covariates and groups are known.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    x : Covariates
        Of n starters.
    group : ndarray of int, shape (n,)
        Group of each, numbered from 0 without a gap; each has a facilitator of its own.
    minimum_attended : int
        Sessions a person must attend to complete.

    Returns
    -------
    Starters
        With nobody censored.
    """
    n, K = len(group), len(truth.hazards) + 1
    n_groups = int(group.max()) + 1
    effect, slope = draw_group_effects(rng, truth, n_groups, np.arange(n_groups))
    goals = draw_goals(rng, truth, slope_predictor(truth, x) + slope[group], K)
    course = draw_courses(rng, truth, x, effect[group], goals, np.full(n, K))
    assert course is not None, "only a draw with a total can fail"
    stage = np.where(course.dropped, (course.last - 1) / (K - 1), 1.0)
    end = draw_end(rng, truth, goals, stage)
    change = mean_change(goals, end)
    completed = ~course.dropped & (course.n_attended >= minimum_attended)
    answered = draw_answers(rng, truth, change, completed, np.ones(n, dtype=np.bool_))
    return Starters(x, course, goals, end, change, completed, answered)


def progress_values(starters: Starters) -> dict[str, float]:
    """Compute the shares with goal progress under several definitions and bases.

    Parameters
    ----------
    starters : Starters
        A large sample.

    Returns
    -------
    dict of str to float
        Mean change of at least 1 among completers who answered, completers, and starters;
        any goal up by at least 1, and mean change of at least 2.45 points (a reliable
        change), among completers; mean change of completers who answered, in points.
    """
    completed, answered = starters.completed, starters.completed & starters.answered
    progress = starters.change >= PROGRESS
    is_set = np.arange(MOST_GOALS) < starters.goals.n_goals[:, None]
    up = starters.end - starters.goals.ratings[:, :, 0] >= PROGRESS
    return {
        "progress_completers_who_answered": float(progress[answered].mean()),
        "progress_completers": float(progress[completed].mean()),
        "progress_starters_last_level": float(progress.mean()),
        "any_goal_up_completers": float(
            np.any(up & is_set, axis=1, where=completed[:, None]).sum() / completed.sum()
        ),
        "reliable_change_completers": float((starters.change >= RELIABLE)[completed].mean()),
        "goal_change_completers_who_answered": float(starters.change[answered].mean()),
    }
