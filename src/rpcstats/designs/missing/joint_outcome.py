"""Law of a parent's change given ratings and course: its mean, and the chance of progress."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from rpcstats.designs.missing._joint_dropout import hermite
from rpcstats.designs.missing.joint_likelihood import State, z_moments
from rpcstats.designs.missing.joint_parameters import Model, unpack

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

ROUNDING: Final = 1.0 / 12.0
"""Variance that rounding to whole points adds (Sheppard 1898)."""

CHUNK: Final = 1000


class Outcomes(NamedTuple):
    """What is known and wanted of the change of J goals of n parents, higher being better.

    Attributes
    ----------
    parent : ndarray of shape (J,), int
        Position of the parent among those of the model.
    counts : ndarray of shape (J,), bool
        Whether the goal is part of the parent's mean change.
    start, end : ndarray of shape (J,)
        Ratings, NaN where there is none.
    sums : ndarray of shape (3, J)
        Sums over the goal's ratings of 1, stage and rating less the model's centre.
    stage : ndarray of shape (n,)
        Stage at which the change is wanted.
    low, high : float
        Ends of the scale; infinite where it has none.
    sign : float
        -1 where a lower rating is better.
    is_whole : bool
        Whether ratings are whole points.
    threshold : float
        Mean change that counts as progress.
    """

    parent: IntArray
    counts: NDArray[np.bool_]
    start: FloatArray
    end: FloatArray
    sums: FloatArray
    stage: FloatArray
    low: float
    high: float
    sign: float
    is_whole: bool
    threshold: float


def expected_change(
    model: Model, theta: FloatArray, state: State, outcomes: Outcomes
) -> FloatArray:
    """Give each parent's mean change: seen, or expected given ratings and course.

    Parameters
    ----------
    model : Model
        The model.
    theta : ndarray of shape (P,)
        Its parameters.
    state : State
        What they tell of the parents, with nodes.
    outcomes : Outcomes
        What is wanted.

    Returns
    -------
    ndarray of shape (n,)
        Points, higher being better.
    """
    l1, l2, l3, _, _ = unpack(model, theta).spread
    z, _ = z_moments(state)
    line = state.mean + np.stack([l1 * z[0], l2 * z[0] + l3 * z[1]])
    of_goal = line[:, outcomes.parent]
    at = of_goal[0] + outcomes.stage[outcomes.parent] * of_goal[1]
    at = at + _own(model, theta, outcomes, of_goal) + model.data.centre
    change = outcomes.end - outcomes.start
    change = np.where(np.isnan(change), at - outcomes.start, change)
    blind = outcomes.stage[outcomes.parent] * of_goal[1]
    change = outcomes.sign * np.where(np.isnan(change), blind, change)
    return _means(outcomes, change)


def _own(model: Model, theta: FloatArray, outcomes: Outcomes, line: FloatArray) -> FloatArray:
    """Give what each goal is expected to lie above its parent's line."""
    spread = unpack(model, theta).spread
    N, S, Y = outcomes.sums
    kappa = spread.tau**2 / (spread.sigma**2 + N * spread.tau**2)
    return np.asarray(kappa * (Y - N * line[0] - S * line[1]))


def _means(outcomes: Outcomes, values: FloatArray) -> FloatArray:
    n = len(outcomes.stage)
    kept = outcomes.counts
    total = np.bincount(outcomes.parent[kept], values[kept], minlength=n)
    return np.asarray(total / np.bincount(outcomes.parent[kept], minlength=n))


def chance_of_progress(
    model: Model, theta: FloatArray, state: State, outcomes: Outcomes, n_rest: int
) -> FloatArray:
    """Give each parent's chance that the mean change reaches the threshold.

    Parameters
    ----------
    model : Model
        The model.
    theta : ndarray of shape (P,)
        Its parameters.
    state : State
        What they tell of the parents, with nodes.
    outcomes : Outcomes
        What is wanted.
    n_rest : int
        Nodes for what dropout does not depend on.

    Returns
    -------
    ndarray of shape (n,)
        1 or 0 where every goal's change was seen, else the chance given ratings and course.

    Notes
    -----
    Given a parent's line the printed ratings of the goals are independent, so that their sum has
    a law by convolution; it is averaged over the nodes of the quadrature and, across them, over
    what dropout does not depend on. A printed rating is the latent one with its noise, rounded
    to whole points and held to the scale; the noise of the model, which was fitted to printed
    ratings, is cleared of what rounding adds. A change whose start was never rated is taken as
    normal.
    """
    line, weights = _lines(model, theta, state, n_rest)
    total: FloatArray = np.zeros(len(outcomes.stage))
    unseen = outcomes.counts & np.isnan(outcomes.end - outcomes.start)
    seen = outcomes.counts & ~unseen
    n = len(total)
    count = np.bincount(outcomes.parent[outcomes.counts], minlength=n)
    change = outcomes.sign * (outcomes.end - outcomes.start)
    done = np.bincount(outcomes.parent[seen], change[seen], minlength=n)
    need = np.asarray(outcomes.threshold * count - done, dtype=np.float64)
    n_unseen = np.bincount(outcomes.parent[unseen], minlength=n)
    total[n_unseen == 0] = need[n_unseen == 0] <= 1e-9
    table = _goals_of(outcomes.parent, unseen, n)
    for size in np.unique(n_unseen[n_unseen > 0]):
        rows = np.flatnonzero(n_unseen == size)
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            goals = table[part, :size]
            p = _reach(model, theta, outcomes, goals, line[:, :, part], need[part])
            total[part] = (weights[:, part] * p).sum(axis=0)
    return np.clip(total, 0.0, 1.0)


def _goals_of(parent: IntArray, which: NDArray[np.bool_], n: int) -> IntArray:
    """List the chosen goals of each parent in a row, -1 where there are no more."""
    chosen = np.flatnonzero(which)
    chosen = chosen[np.argsort(parent[chosen], kind="stable")]
    count = np.bincount(parent[chosen], minlength=n)
    place = np.arange(len(chosen)) - np.repeat(np.cumsum(count) - count, count)
    table = np.full((n, int(count.max(initial=1))), -1)
    table[parent[chosen], place] = chosen
    return table


def _lines(
    model: Model, theta: FloatArray, state: State, n_rest: int
) -> tuple[FloatArray, FloatArray]:
    """Give nodes of intercept and slope, shape (2, Q, n), with their probabilities."""
    l1, l2, l3, _, _ = unpack(model, theta).spread
    nodes, weights = state.dropout.nodes, state.dropout.weights
    z = state.ratings.mode[:, None] + np.einsum("adn,qdn->aqn", state.to_z, nodes)
    if model.n_dim == 1:
        G = state.to_z[:, 0]
        rest = np.sqrt(np.maximum(state.ratings.V[[0, 2]] - G**2, 0.0))
        rest[1] *= np.sign(state.ratings.V[1] - G[0] * G[1])
        x, w = hermite(n_rest, 1)
        z = z[:, :, None] + rest[:, None, None] * x
        z = z.reshape(2, -1, z.shape[-1])
        weights = (weights[:, None] * w[:, None]).reshape(-1, weights.shape[-1])
    line = np.stack([l1 * z[0], l2 * z[0] + l3 * z[1]]) + state.mean[:, None]
    return line, weights


def _reach(
    model: Model,
    theta: FloatArray,
    outcomes: Outcomes,
    goals: IntArray,
    line: FloatArray,
    need: FloatArray,
) -> FloatArray:
    """Give the chance at each node that the unseen changes add up to what is needed."""
    spread = unpack(model, theta).spread
    stage = outcomes.stage[outcomes.parent[goals[:, 0]]]
    noise = spread.sigma**2
    latent = max(noise - ROUNDING, 0.1 * noise) if outcomes.is_whole else noise
    law = _Sum(outcomes, line.shape[1], len(goals))
    for j in goals.T:
        N, S, Y = outcomes.sums[:, j]
        kappa = spread.tau**2 / (noise + N * spread.tau**2)
        mean = line[0] * (1.0 - kappa * N) + line[1] * (stage - kappa * S) + kappa * Y
        variance = spread.tau**2 * (1.0 - kappa * N) + latent
        start = outcomes.start[j]
        blind = np.isnan(start)
        mean = np.where(blind, stage * line[1], mean + model.data.centre)
        variance = np.where(blind, latent + noise, variance)
        law.add(mean, variance, start)
    return law.reaches(need)


class _Sum:
    """Law of a sum of changes of unseen goals, goal by goal."""

    def __init__(self, outcomes: Outcomes, n_node: int, n: int) -> None:
        self.o = outcomes
        width = outcomes.high - outcomes.low
        self.exact = outcomes.is_whole and width <= 20
        self.mean, self.variance = np.zeros((n_node, n)), np.zeros(n)
        self.start = np.zeros(n)
        self.blind = np.zeros(n, dtype=np.bool_)
        self.law = np.ones((1, n_node, n))

    def add(self, mean: FloatArray, variance: FloatArray, start: FloatArray) -> None:
        """Add the end of a goal, or its change where its start is not known."""
        blind = np.isnan(start)
        self.blind |= blind
        self.start += np.where(blind, 0.0, start)
        self.mean += self.o.sign * mean
        self.variance += variance
        if not self.exact:
            return
        cuts = np.arange(self.o.low, self.o.high) + 0.5
        sd = np.sqrt(variance)
        below = ndtr((cuts[:, None, None] - mean) / sd)
        p = np.diff(below, axis=0, prepend=0.0, append=1.0)
        p = p if self.o.sign > 0 else p[::-1]
        law = np.zeros((len(self.law) + len(p) - 1, *p.shape[1:]))
        for k, share in enumerate(p):
            law[k : k + len(self.law)] += share * self.law
        self.law = law

    def reaches(self, need: FloatArray) -> FloatArray:
        """Give the chance at each node that the changes add up to `need`."""
        target = need + self.o.sign * self.start
        half = 0.5 if self.o.is_whole else 0.0
        edge = np.ceil(target - 1e-9) if self.o.is_whole else target
        found = np.asarray(ndtr((self.mean - (edge - half)) / np.sqrt(self.variance)))
        if not self.exact or self.blind.all():
            return found
        n_goal = (len(self.law) - 1) / (self.o.high - self.o.low)
        lowest = n_goal * (self.o.low if self.o.sign > 0 else -self.o.high)
        place = np.clip(np.ceil(target - lowest - 1e-9), 0, len(self.law)).astype(np.int64)
        tails = np.cumsum(self.law[::-1], axis=0)[::-1]
        tails = np.concatenate([tails, np.zeros((1, *tails.shape[1:]))])
        exact = np.moveaxis(tails[place, :, np.arange(len(place))], 0, 1)
        return np.where(self.blind, found, exact)
