"""Sums over the event times of squared shares of each level in the risk set, in linear time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.frailties._columns import sum_by
from rpcstats.survival.frailties._point import Point
from rpcstats.survival.partial.arrange import Arrangement
from rpcstats.survival.partial.tied_events import event_places

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LevelSteps:
    """Where the risk scores of each level change: a step function of the event times.

    A cell is a level and an event time from which on the level's sum is another.

    Attributes
    ----------
    order : Arrangement
        The rows arranged.
    n_level : int
        Levels.
    level, begin, end : ndarray of shape (c,), int
        Level of each cell, its first event time and the one after its last.
    entering, leaving : ndarray of shape (r,), int
        Cell from which each row is counted, and that from which it is no more.
    """

    order: Arrangement
    n_level: int
    level: IntArray
    begin: IntArray
    end: IntArray
    entering: IntArray
    leaving: IntArray

    def squared_shares(self, point: Point) -> FloatArray:
        """Sum the squared shares of each level.

        Parameters
        ----------
        point : Point
            The partial likelihood.

        Returns
        -------
        ndarray of shape (L,)
            The sum over tied events of ((s_g - f d_g) / φ)², with s_g the level's risk scores at
            risk and d_g those of its tied events, times the mean weight of the events.
        """
        terms = point.terms
        n = len(self.level)
        s = sum_by(self.entering, terms.r, n)
        s -= sum_by(self.leaving, terms.r, n)
        s = np.cumsum(s)
        sums = self.order.segments.forward(terms.A)
        before = np.concatenate([[0.0], sums[:-1]])
        before[self.order.start[:-1][np.diff(self.order.start) > 0]] = 0.0
        inside = self.end > self.begin
        at = np.minimum(self.begin, len(sums) - 1)
        held = np.where(inside, sums[self.end - 1] - before[at], 0.0)
        squares = sum_by(self.level, s * s * held, self.n_level)
        if len(terms.tied):
            squares += self._tied_part(point, s)
        return squares

    def _tied_part(self, point: Point, s: FloatArray) -> FloatArray:
        order, terms = self.order, point.terms
        places = event_places(order, terms.tied)
        width = order.n_time + 1
        level = self.level[self.leaving[places]]
        pairs, place = np.unique(level * width + order.last[places], return_inverse=True)
        d = sum_by(place, terms.r[places], len(pairs))
        cell = np.searchsorted(self.level * width + self.begin, pairs, side="right") - 1
        k = np.searchsorted(terms.tied, pairs % width)
        parts = d * (terms.C[k] * d - 2.0 * terms.B[k] * s[cell])
        return sum_by(pairs // width, parts, self.n_level)


def level_steps(order: Arrangement, codes: IntArray, n_level: int) -> LevelSteps:
    """Find where the sums of each level change.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    codes : ndarray of shape (r,), int
        Level of each arranged row.
    n_level : int
        Levels.

    Returns
    -------
    LevelSteps
        The cells, by level and event time.
    """
    width = order.n_time + 1
    first = order.start[order.stratum[order.last]] if order.first is None else order.first
    keys = np.concatenate([codes * width + first, codes * width + order.last + 1])
    cells, place = np.unique(keys, return_inverse=True)
    level, begin = cells // width, cells % width
    end = np.concatenate([begin[1:], [0]])
    last_of_level = np.concatenate([level[1:] != level[:-1], [True]])
    end[last_of_level] = begin[last_of_level]
    return LevelSteps(
        order=order,
        n_level=n_level,
        level=level,
        begin=begin,
        end=end,
        entering=place[: len(codes)],
        leaving=place[len(codes) :],
    )
