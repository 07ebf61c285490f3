"""Cumulative incidence of each cause and its variance: arrays in, arrays out."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._risk_sets import RiskSets
from rpcstats.survival.competing._cause_counts import CauseCounts

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Variance = Literal["delta", "aalen"]
Steps = tuple[FloatArray, FloatArray, FloatArray]

_BLOCK: Final = 1 << 12
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
    causes: Sequence[int],
    kind: Variance,
    scale: FloatArray | None = None,
) -> FloatArray:
    """Give the variance of running sums of scaled steps of incidence curves.

    Parameters
    ----------
    counts : CauseCounts
        Counts at each distinct time.
    curves : Incidence
        The curves.
    causes : sequence of int
        Rows of the causes.
    kind : {"delta", "aalen"}
        Whether the increments of the causes' hazards are multinomial, or independent with the
        hypergeometric factor for ties.
    scale : ndarray of shape (m,), optional
        Factor of each step; 1 if not given, which is the incidence itself.

    Returns
    -------
    ndarray of shape (q, m)
        Variance of the sum of each of those causes up to and including each time.

    Notes
    -----
    The pair (sum, S) is carried forward in time by the delta method, so nothing cancels: with
    G(t) = var(S) / S^2 and H(t) = cov(sum, S) / S, a step at t adds to each what the step's own
    hazards add. "delta" is Greenwood's form (Gaynor and others 1993; equal to the infinitesimal
    jackknife where nobody enters late), "aalen" that of Aalen (1978) used by Gray (1988).
    """
    found, before = np.empty((len(causes), len(counts.sets.time))), curves.S_before
    for a, b in pairwise(counts.sets.start.tolist()):
        carried, shared = [_Carried() for _ in causes], _Running()
        # A block of times after the other, for each of the vectors is as long as the curve.
        for begin in range(a, b, _BLOCK):
            at = slice(begin, min(begin + _BLOCK, b))
            S = before[at] if scale is None else scale[at] * before[at]
            n, total = counts.sets.n_risk[at], counts.sets.n_event[at]
            G = shared.before(_growth(total, n)) if kind == "delta" else None
            for place, cause in enumerate(causes):
                own, so_far = counts.by_cause[cause, at], carried[place]
                if G is not None:
                    so_far.forward(*_multinomial(own, n, S), G, out=found[place, at])
                    continue
                steps, growth = _independent(own, total, n, S)
                so_far.forward(*steps, so_far.G.before(growth), out=found[place, at])
    return np.maximum(found, 0.0, out=found)


class _Running:
    """Running sums, carried from one block of times to the next."""

    def __init__(self) -> None:
        self.total = 0.0

    def before(self, steps: FloatArray) -> FloatArray:
        """Give the sums just before each time of the next block."""
        total = np.empty(len(steps) + 1)
        total[0], total[1:] = self.total, steps
        np.cumsum(total, out=total)
        self.total = float(total[-1])
        return total[:-1]


class _Carried:
    """What the variance of a running sum takes from one block of times to the next."""

    def __init__(self) -> None:
        self.G, self.H, self.variance = _Running(), _Running(), 0.0

    def forward(
        self,
        step: FloatArray,
        cross: FloatArray,
        spread: FloatArray,
        G: FloatArray,
        out: FloatArray,
    ) -> None:
        """Put the variance at each time of a block in `out`."""
        gained = step * G
        H = self.H.before(gained - cross)
        H *= 2
        gained += H
        gained *= step
        gained += spread
        gained[0] += self.variance
        np.cumsum(gained, out=out)
        self.variance = float(out[-1])


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
    return _growth(sets.n_event, sets.n_risk)


def _growth(d: FloatArray, n: FloatArray) -> FloatArray:
    """Give d / (n (n - d)); 0 where everybody fails, for nothing follows."""
    left = n - d
    left[left <= 0] = np.inf
    return d / n / left


def _multinomial(own: FloatArray, n: FloatArray, S: FloatArray) -> Steps:
    """Give S a, S cov(a, h) / (1 - h) and S^2 var(a) of the hazards a of a cause, h of all."""
    step = own / n
    step *= S
    each = step / n
    return step, each, each * (S - step)


def _independent(
    own: FloatArray, total: FloatArray, n: FloatArray, S: FloatArray
) -> tuple[Steps, FloatArray]:
    """Give the same, and var(h) / (1 - h)^2."""
    own_variance = _with_ties(own, n)
    survive = np.where(n > total, 1 - total / n, 0.0)
    growth = _ratio(_ratio(own_variance + _with_ties(total - own, n), survive), survive)
    return (S * own / n, S * _ratio(own_variance, survive), S**2 * own_variance), growth


def _with_ties(d: FloatArray, n: FloatArray) -> FloatArray:
    """Give the variance of d / n, less where d of the n fail at once."""
    factor = 1 - _ratio(np.maximum(d - 1, 0), n - 1)
    spread: FloatArray = factor * d / n**2
    return spread


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Divide, with 0 where there is nothing to divide by."""
    result: FloatArray = np.divide(above, below, out=np.zeros(len(below)), where=below > 0)
    return result
