"""Influence of rows through the risk sets and through the estimated weights: arrays only."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.competing._censoring import LimitSteps
from rpcstats.survival.competing._censoring_weights import Weighting, WeightLimits
from rpcstats.survival.competing._subdistribution_order import SubdistributionOrder
from rpcstats.survival.nonparametric._jackknife import log_steps

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class EventSums:
    """A sum over events of (alpha x - beta), and what rows at risk take off it.

    Attributes
    ----------
    x : ndarray of shape (r,) or None
        A covariate, arranged; None where the sum has none.
    alpha : ndarray of shape (m,)
        Factor of the covariate at each event time.
    beta : ndarray of shape (m,)
        What is taken off at each event time.
    """

    x: FloatArray | None
    alpha: FloatArray
    beta: FloatArray


class RowInfluence:
    """Gives the weighted influence of each row on sums over events.

    Parameters
    ----------
    order : SubdistributionOrder
        The rows arranged.
    r : ndarray of shape (r,)
        Weighted risk scores.
    hazard : ndarray of shape (m,)
        Increments of the baseline sub-distribution hazard.
    weighting : Weighting
        How the weights enter.
    limits : WeightLimits, optional
        Their estimates; worked out anew if not given.

    Notes
    -----
    Fine and Gray (1999): eta, from the row's own event and its share in risk sets, plus psi, by
    which the row moves the weights of others. Both cost a few running sums; what does not depend
    on the covariate is worked out once.
    """

    def __init__(
        self,
        order: SubdistributionOrder,
        r: FloatArray,
        hazard: FloatArray,
        weighting: Weighting,
        limits: WeightLimits | None = None,
    ) -> None:
        self._order, self._r, self._hazard, self._weighting = order, r, hazard, weighting
        self._alpha: FloatArray | None = None
        self._paths: list[_Path] = []
        if weighting.variance == "known-weights" or not len(order.pool.places):
            return
        self._pooled = order.pooled(r)
        self._pool_r = r[order.pool.places]
        exits = weighting.time[order.rows[order.pool.places]]
        limits = weighting.limits() if limits is None else limits
        is_exact = weighting.is_exact
        side: Literal["left", "right"] = "right" if is_exact else "left"
        queries = _Queries(limits.observed.steps, weighting.is_censored(), is_exact, side)
        self._paths.append(_Path(order, exits, queries, 1.0))
        if limits.entered is not None:
            everybody = np.ones(order.n, dtype=np.bool_)
            queries = _Queries(limits.entered.steps, everybody, is_exact, "right")
            self._paths.append(_Path(order, exits, queries, -1.0))

    def on(self, sums: EventSums) -> FloatArray:
        """Give the influence on a sum over events less its compensator.

        Parameters
        ----------
        sums : EventSums
            The sum.

        Returns
        -------
        ndarray of shape (n,)
            In the order of the data; they add up to the sum's excess over its expectation.
        """
        order, x = self._order, sums.x
        found = order.so_far(sums.beta * self._hazard)
        if x is not None:
            found -= x * self._so_far(sums.alpha)
        found *= self._r
        events = order.events
        at = np.repeat(-sums.beta, order.n_tied)
        if x is not None:
            at += x[events] * np.repeat(sums.alpha, order.n_tied)
        found[events] += order.event_weights[events] * at
        placed = order.put(found)
        del found, at
        if not self._paths:
            return placed
        moved = self._through_weights(sums)
        if self._weighting.weights is not None:
            moved *= self._weighting.weights
        placed += moved
        return placed

    def _so_far(self, alpha: FloatArray) -> FloatArray:
        if self._alpha is not alpha:
            self._alpha = alpha
            self._rows_so_far = self._order.so_far(alpha * self._hazard)
            if self._paths:
                self._pool_so_far = self._order.pool_so_far(alpha * self._hazard)
        return self._rows_so_far

    def _through_weights(self, sums: EventSums) -> FloatArray:
        """Give psi: what rows bring to and take from the sum through the weights of the pool.

        A row of the pool brings, at its exit, all it will take off the sum; each event time
        takes its part away again. What is still to come at a time is what a change of the
        weights after it would change.
        """
        order = self._order
        brought = -order.pool_so_far(sums.beta * self._hazard)
        gone = -sums.beta * self._pooled
        if sums.x is not None:
            brought += sums.x[order.pool.places] * self._pool_so_far
            gone += sums.alpha * order.pooled(self._r * sums.x)
        brought *= self._pool_r
        gone *= order.pool.level * self._hazard
        moved = self._paths[0].moved(brought, gone)
        for path in self._paths[1:]:
            moved += path.moved(brought, gone)
        return moved


class _Queries:
    """Where a product-limit estimate steps, and which steps each row had a part in."""

    def __init__(
        self,
        steps: LimitSteps,
        leaves: BoolArray,
        is_exact: bool,
        side: Literal["left", "right"],
    ) -> None:
        self.times, self.side, self.group = steps.time, side, steps.group
        if is_exact:
            self.growth, self.own = log_steps(steps.n_risk, steps.n_event)
        else:
            self.own = 1.0 / steps.n_risk
            self.growth = steps.n_event * self.own**2
        self.stop, self.first = steps.stop, steps.first
        self.gone = np.flatnonzero(leaves)
        self.step = self.stop[self.gone] - 1

    def moved(self, q: FloatArray) -> FloatArray:
        """Give how rows move the log of the estimate, times `q`, with the sign turned."""
        A = np.concatenate([[0.0], np.cumsum(self.growth * q)])
        found: FloatArray = -A[self.stop]
        if self.first is not None:
            found += A[self.first]
        found[self.gone] += (self.own * q)[self.step]
        return found


class _Path:
    """The way from the pool to the steps of a product-limit estimate, group by group."""

    def __init__(
        self, order: SubdistributionOrder, exits: FloatArray, queries: _Queries, sign: float
    ) -> None:
        self._queries, self._sign = queries, sign
        self._groups = []
        for g in range(len(order.pool.level)):
            own = np.flatnonzero(order.pool.group == g)
            times = np.concatenate([exits[own], order.time])
            by_time = np.argsort(times, kind="stable")
            asked = np.flatnonzero(queries.group == g)
            cut = np.searchsorted(times[by_time], queries.times[asked], side=queries.side)
            self._groups.append((own, by_time, asked, cut))

    def moved(self, brought: FloatArray, gone: FloatArray) -> FloatArray:
        """Give how rows move the sum through the estimate."""
        q = np.empty(len(self._queries.times))
        for g, (own, by_time, asked, cut) in enumerate(self._groups):
            amounts = np.concatenate([brought[own], -gone[g]])[by_time]
            q[asked] = np.concatenate([[0.0], np.cumsum(amounts)])[cut]
        return self._sign * self._queries.moved(q)
