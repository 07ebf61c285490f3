"""Satisfaction: ordered answers from a latent level, with totals where a source prints them."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from rpcstats.simulate.margins import binary
from rpcstats.simulate.truth import Truth

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


def margin_name(item: str, answer: int) -> str:
    """Name the count of those who gave an answer or a better one.

    Parameters
    ----------
    item : str
        What was asked.
    answer : int
        The answer, from 1.

    Returns
    -------
    str
        Key of a margin.
    """
    return f"{item}_at_least_{answer}"


def draw_satisfaction(
    rng: np.random.Generator, truth: Truth, v: Floats, answered: Booleans,
    totals: Mapping[int, int],
) -> Integers:  # fmt: skip
    """Draw the answers to one item.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters; one answer more than `satisfaction_cuts`.
    v : ndarray of shape (n,)
        Each parent's own deviation of the slope of the goals.
    answered : ndarray of bool, shape (n,)
        Who answers.
    totals : mapping of int to int
        Of an answer, how many give it or a better one; those not named are drawn.

    Returns
    -------
    ndarray of int, shape (n,)
        Answers from 1 up; 0 of those who did not answer.

    Notes
    -----
    The latent level is normal with mean `satisfaction_mean` + `satisfaction_slope` v and unit
    variance, cut at `satisfaction_cuts`. The cuts whose totals are fixed come first, each by
    conditional Bernoulli sampling among those above the one below; the others are drawn within
    what is then left open, which is the same law given the totals.
    """
    level = truth.satisfaction_mean + truth.satisfaction_slope * v
    n, best = len(v), len(truth.satisfaction_cuts) + 1
    # Chance of an answer of at least 0, 1, ..., best + 1.
    above = np.ones((n, best + 2))
    above[:, 2 : best + 1] = ndtr(level[:, None] - np.array(truth.satisfaction_cuts))
    above[:, best + 1] = 0.0
    low, high = np.ones(n, dtype=np.int64), np.full(n, best)
    for cut in sorted(range(2, best + 1), key=lambda answer: (answer not in totals, answer)):
        is_open = answered & (low < cut) & (cut <= high)
        rows = np.flatnonzero(is_open)
        better = above[rows, cut] - above[rows, high[rows] + 1]
        worse = above[rows, low[rows]] - above[rows, cut]
        log_odds = np.full(n, -np.inf)
        with np.errstate(divide="ignore"):
            log_odds[rows] = np.log(better) - np.log(worse)
        is_above = binary(log_odds, totals.get(cut), rng=rng)
        low = np.where(is_above, cut, low)
        high = np.where(is_open & ~is_above, cut - 1, high)
    return np.where(answered, low, 0)
