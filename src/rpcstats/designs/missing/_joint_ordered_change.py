"""Law of a parent's change in printed points, given ordered ratings and course: compiled."""

from math import erfc, exp, sqrt
from typing import Final, NamedTuple

import numpy as np

from rpcstats._numerics.jit import compiled
from rpcstats.designs.missing._joint_arrays import (
    At,
    Cells,
    FloatArray,
    IntArray,
    Rule,
)
from rpcstats.designs.missing._joint_goals import goal_terms, goal_work
from rpcstats.designs.missing._joint_modes import find_mode
from rpcstats.designs.missing._joint_moments import add_course, moments_room
from rpcstats.designs.missing._joint_nested import guess_effects

SEEN: Final = 0
NO_END: Final = 1
NO_START: Final = 2
"""What is not known of a goal's change: nothing; its end; its start too."""

CLOSE: Final = 1e-9
"""Sums of whole points that differ by less are equal."""

_ROOT_HALF: Final = sqrt(0.5)


class Wanted(NamedTuple):
    """What is wanted of the change of J goals of n parents, in the order of `Cells`.

    Attributes
    ----------
    kind : ndarray of shape (J,), int
        `SEEN` (or not counted), `NO_END` or `NO_START`.
    start : ndarray of shape (J,), int
        Points at the start; 0 where not known.
    stage : ndarray of shape (n,)
        Stage of the end.
    need : ndarray of shape (n,)
        What the unknown changes of a parent must add up to.
    points : ndarray of shape (C,), int
        Points of the categories.
    sign : int
        -1 where a lower rating is better.
    """

    kind: IntArray
    start: IntArray
    stage: FloatArray
    need: FloatArray
    points: IntArray
    sign: int


@compiled()
def _category_law(alpha: FloatArray, eta: float, p: FloatArray) -> None:
    below = 0.0
    for c in range(len(p)):
        upto = 0.5 * erfc((eta - alpha[c + 1]) * _ROOT_HALF)
        p[c] = upto - below
        below = upto


@compiled()
def _change_law(
    at: At, wanted: Wanted, goal: int, line: tuple[float, float], stage: float,
    nodes: tuple[FloatArray, FloatArray], law: FloatArray,
) -> None:  # fmt: skip
    """Fill the law of a goal's change, from minus the width of the scale to the width."""
    points, sign, middle = wanted.points, wanted.sign, len(law) // 2
    end, start = np.empty(len(points)), np.empty(len(points))
    law[:] = 0.0
    for k in range(len(nodes[0])):
        level, weight = line[0] + at.root[3] * nodes[0][k], nodes[1][k]
        _category_law(at.alpha, level + stage * line[1], end)
        if wanted.kind[goal] == NO_END:
            for c in range(len(points)):
                law[middle + sign * (points[c] - wanted.start[goal])] += weight * end[c]
            continue
        _category_law(at.alpha, level, start)
        for c in range(len(points)):
            for b in range(len(points)):
                place = middle + sign * (points[c] - points[b])
                law[place] += weight * end[c] * start[b]


@compiled()
def _add_law(total: FloatArray, n: int, law: FloatArray, room: FloatArray) -> int:
    """Convolve the first n places of `total` with a law; give how many places it takes then."""
    m = len(law)
    room[: n + m - 1] = 0.0
    for a in range(n):
        for b in range(m):
            room[a + b] += total[a] * law[b]
    total[: n + m - 1] = room[: n + m - 1]
    return n + m - 1


@compiled()
def _summary(total: FloatArray, n: int, need: float) -> tuple[float, float]:
    """Give the mean of a sum of changes, and the chance that it is what is needed, or more."""
    mean, chance = 0.0, 0.0
    for d in range(n):
        value = d - n // 2
        mean += value * total[d]
        if value >= need - CLOSE:
            chance += total[d]
    return mean, chance


@compiled()
def changes(
    cells: Cells, at: At, rule: Rule, wanted: Wanted, mean: FloatArray, chance: FloatArray
) -> None:
    """Give the expected sum of each parent's unknown changes, and the chance that it suffices.

    Parameters
    ----------
    cells : Cells
        Ratings and courses.
    at : At
        Parameters.
    rule : Rule
        Nodes.
    wanted : Wanted
        What is wanted.
    mean, chance : ndarray of shape (n,)
        Filled for parents with unknown changes.

    Notes
    -----
    Given a parent's line the goals are independent, so that the law of the sum is a convolution;
    it is averaged over the nodes of z, that of each goal over those of the goal's effect.
    """
    n_goal = int(np.diff(cells.goal_first).max())
    width = int(wanted.points.max() - wanted.points.min())
    z, mode, L = np.empty(2), np.empty(2), np.empty(3)
    w, guess, own = np.zeros(n_goal), np.zeros(n_goal), np.ones((n_goal, 4))
    law = np.empty(2 * width + 1)
    total, room = np.empty(2 * width * n_goal + 1), np.empty(2 * width * n_goal + 1)
    work = goal_work(len(rule.inner), max(int(np.diff(cells.edge_first).max()), 1))
    sums = moments_room(len(at.alpha), at.base.shape[1])
    for i in range(len(mean)):
        first, last = cells.goal_first[i], cells.goal_first[i + 1]
        if not (wanted.kind[first:last] != SEEN).any():
            continue
        find_mode(cells, at, i, mode, w, own, L)
        weights, top, mean[i], chance[i] = 0.0, 0.0, 0.0, 0.0
        for q in range(len(rule.outer)):
            x = rule.outer[q]
            z[0] = mode[0] + L[0] * x[0]
            z[1] = mode[1] + L[1] * x[0] + L[2] * x[1]
            guess_effects(w, own, z, mode, guess)
            v = at.root[1] * z[0] + at.root[2] * z[1]
            line = (at.mean[i, 0] + at.root[0] * z[0], at.mean[i, 1] + v)
            value = add_course(cells, at, i, z, line, sums, 0) + rule.outer_weight[q]
            value += 0.5 * (x[0] ** 2 + x[1] ** 2 - z[0] ** 2 - z[1] ** 2)
            total[0], n = 1.0, 1
            for goal in range(first, last):
                value += goal_terms(cells, at, goal, line, guess[goal - first], rule, work, 0)
                if wanted.kind[goal] != SEEN:
                    nodes = (work.w, work.weight)
                    _change_law(at, wanted, goal, line, wanted.stage[i], nodes, law)
                    n = _add_law(total, n, law, room)
            if q == 0:
                top = value
            weight = exp(value - top)
            weights += weight
            expected, reached = _summary(total, n, wanted.need[i])
            mean[i] += weight * expected
            chance[i] += weight * reached
        mean[i] /= weights
        chance[i] /= weights
