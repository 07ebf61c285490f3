"""Cumulative incidence of each cause and its variance: arrays in, arrays out."""

from itertools import pairwise
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._risk_sets import RiskSets
from rpcstats.survival.competing._cause_counts import CauseCounts

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Variance = Literal["delta", "aalen"]

_BLOCK: Final = 16_384
"""Times whose variance is worked out at once; their vectors stay in the cache."""


class Incidence(NamedTuple):
    """Curves of all groups, one after another in time.

    Attributes
    ----------
    F : ndarray of shape (k, m)
        Cumulative incidence of each cause, up to and including each time.
    S : ndarray of shape (m,)
        Probability of no event up to and including each time.
    start : ndarray of shape (g + 1,), int
        Where each group's times begin.
    """

    F: FloatArray
    S: FloatArray
    start: IntArray

    @property
    def S_before(self) -> FloatArray:  # noqa: N802
        """Probability of no event just before each time, of shape (m,)."""
        before = np.empty(len(self.S))
        before[1:] = self.S[:-1]
        before[self.start[:-1]] = 1.0
        return before


def incidence(counts: CauseCounts) -> Incidence:
    """Estimate the cumulative incidence of each cause.

    Parameters
    ----------
    counts : CauseCounts
        Counts at each distinct time.

    Returns
    -------
    Incidence
        The curves; incidences and S sum to 1.

    Notes
    -----
    Aalen and Johansen (1978): F_k(t) sums S(s-) d_k(s) / n(s) over s <= t.
    """
    n, start = counts.sets.n_risk, counts.sets.start
    S = counts.sets.n_event / n
    np.subtract(1.0, S, out=S)
    for a, b in pairwise(start):
        np.cumprod(S[a:b], out=S[a:b])
    found = Incidence(np.empty(counts.by_cause.shape), S, start)
    per_unit = found.S_before
    per_unit /= n
    np.multiply(counts.by_cause, per_unit, out=found.F)
    for a, b in pairwise(start):
        np.cumsum(found.F[:, a:b], axis=-1, out=found.F[:, a:b])
    return found


def functional_variance(
    counts: CauseCounts,
    curves: Incidence,
    cause: int,
    kind: Variance,
    scale: FloatArray | None = None,
) -> FloatArray:
    """Give the variance of a running sum of scaled steps of one incidence curve.

    Parameters
    ----------
    counts : CauseCounts
        Counts at each distinct time.
    curves : Incidence
        The curves.
    cause : int
        Row of the cause.
    kind : {"delta", "aalen"}
        Whether the increments of the causes' hazards are multinomial, or independent with the
        hypergeometric factor for ties.
    scale : ndarray of shape (m,), optional
        Factor of each step; 1 if not given, which is the incidence itself.

    Returns
    -------
    ndarray of shape (m,)
        Variance of the sum up to and including each time.

    Notes
    -----
    The pair (sum, S) is carried forward in time by the delta method, so nothing cancels: with
    G(t) = var(S) / S^2 and H(t) = cov(sum, S) / S, a step at t adds to each what the step's own
    hazards add. "delta" is Greenwood's form (Gaynor and others 1993; equal to the infinitesimal
    jackknife where nobody enters late), "aalen" that of Aalen (1978) used by Gray (1988).
    """
    found, before = np.empty(len(counts.sets.time)), curves.S_before
    for a, b in pairwise(counts.sets.start.tolist()):
        carried = _Carried()
        # A block of times after the other, for each of the vectors is as long as the curve.
        for begin in range(a, b, _BLOCK):
            at = slice(begin, min(begin + _BLOCK, b))
            S = before[at] if scale is None else scale[at] * before[at]
            n = counts.sets.n_risk[at]
            own, total = counts.by_cause[cause][at], counts.sets.n_event[at]
            parts = _multinomial(own, total, n) if kind == "delta" else _independent(own, total, n)
            found[at] = carried.forward(S, S * own / n, *parts)
    return np.maximum(found, 0.0, out=found)


class _Carried:
    """What the variance of a running sum takes from one block of times to the next."""

    def __init__(self) -> None:
        self.G = self.H = self.variance = 0.0

    def forward(
        self,
        S: FloatArray,
        step: FloatArray,
        own_variance: FloatArray,
        own_total: FloatArray,
        growth: FloatArray,
    ) -> FloatArray:
        """Give the variance at each time of a block."""
        G_before, self.G = _running(growth, self.G)
        gained = step * G_before
        H_before, self.H = _running(gained - own_total * S, self.H)
        gained += 2 * H_before
        gained *= step
        gained += own_variance * S**2
        gained[0] += self.variance
        total = np.cumsum(gained)
        self.variance = float(total[-1])
        return total


def _running(steps: FloatArray, before: float) -> tuple[FloatArray, float]:
    """Give running sums just before each time, and that after the last."""
    total = np.empty(len(steps) + 1)
    total[0], total[1:] = before, steps
    np.cumsum(total, out=total)
    return total[:-1], float(total[-1])


def summed(values: FloatArray, start: IntArray) -> FloatArray:
    """Sum from the first time of each group on.

    Parameters
    ----------
    values : ndarray of shape (..., m)
        A value at each time.
    start : ndarray of shape (g + 1,), int
        Where each group's times begin.

    Returns
    -------
    ndarray of shape (..., m)
        Running sums.
    """
    total = np.empty(values.shape)
    for a, b in pairwise(start):
        np.cumsum(values[..., a:b], axis=-1, out=total[..., a:b])
    return total


def greenwood(sets: RiskSets) -> FloatArray:
    """Give the growth of var(log S) at each time.

    Parameters
    ----------
    sets : RiskSets
        Counts at each distinct time.

    Returns
    -------
    ndarray of shape (m,)
        d / (n (n - d)); 0 where everybody fails, for nothing follows.
    """
    n, d = sets.n_risk, sets.n_event
    return _ratio(d / n, n - d)


def _multinomial(
    own: FloatArray, total: FloatArray, n: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give var(a), cov(a, h) / (1 - h) and var(h) / (1 - h)^2 of the hazards a of all h."""
    a = own / n
    each = a / n
    # Where everybody fails nothing follows, so that only the last has to stay finite.
    return each * (1 - a), each, _ratio(total / n, n - total)


def _independent(
    own: FloatArray, total: FloatArray, n: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    own_variance = _with_ties(own, n)
    survive = np.where(n > total, 1 - total / n, 0.0)
    growth = _ratio(_ratio(own_variance + _with_ties(total - own, n), survive), survive)
    return own_variance, _ratio(own_variance, survive), growth


def _with_ties(d: FloatArray, n: FloatArray) -> FloatArray:
    """Give the variance of d / n, less where d of the n fail at once."""
    factor = 1 - _ratio(np.maximum(d - 1, 0), n - 1)
    spread: FloatArray = factor * d / n**2
    return spread


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Divide, with 0 where there is nothing to divide by."""
    result: FloatArray = np.divide(above, below, out=np.zeros(len(below)), where=below > 0)
    return result
