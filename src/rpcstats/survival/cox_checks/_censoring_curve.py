"""How likely a row is still uncensored, and what each row does to that estimate."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._risk_sets import RiskSets, risk_sets

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class CensoringCurve:
    """Kaplan-Meier curve of the time of censoring; at one time events come first.

    Attributes
    ----------
    counts : RiskSets
        Counts at the distinct times.
    position : ndarray of shape (n,), int
        Distinct time of each row, rows as given.
    censored : ndarray of shape (n,), bool
        Whether the row was censored.
    G : ndarray of shape (m,)
        Probability of no censoring up to and including each distinct time.
    before : ndarray of shape (m,)
        The same just before it, G(t-).
    """

    counts: RiskSets
    position: IntArray
    censored: BoolArray
    G: FloatArray
    before: FloatArray

    @classmethod
    def of(
        cls,
        time: FloatArray,
        event: BoolArray,
        *,
        weights: FloatArray | None = None,
        stratum: IntArray | None = None,
        n_stratum: int = 1,
    ) -> Self:
        """Estimate the curve of each stratum.

        Parameters
        ----------
        time : ndarray of shape (n,)
            Times of exit.
        event : ndarray of shape (n,), bool
            Whether the exit was the event, so that it was not censored.
        weights : ndarray of shape (n,), optional
            Case weights.
        stratum : ndarray of shape (n,), int, optional
            Stratum of each row.
        n_stratum : int
            Number of strata.

        Returns
        -------
        CensoringCurve
            The curve.
        """
        counts = risk_sets(time, event, stratum=stratum, n_stratum=n_stratum, weights=weights)
        position = counts.position
        if counts.order is not None:
            position = np.empty_like(counts.position)
            position[counts.order] = counts.position
        exposed = counts.n_risk - counts.n_event
        step = 1.0 - np.divide(
            counts.n_censor, exposed, out=np.zeros(len(exposed)), where=exposed > 0
        )
        G, before = np.empty(len(step)), np.empty(len(step))
        for a, b in pairwise(counts.start):
            np.cumprod(step[a:b], out=G[a:b])
            before[a:b] = np.concatenate([[1.0], G[a : b - 1]])
        return cls(counts, position, ~event, G, before)

    def at(self, times: FloatArray) -> FloatArray:
        """Read the curve of the one stratum.

        Parameters
        ----------
        times : ndarray of shape (k,)
            Times.

        Returns
        -------
        ndarray of shape (k,)
            G(t).
        """
        places = np.searchsorted(self.counts.time, times, side="right")
        read: FloatArray = np.concatenate([[1.0], self.G])[places]
        return read

    def influence(self, slope: FloatArray) -> FloatArray:
        """Give what each row does to a quantity by way of the curve.

        Parameters
        ----------
        slope : ndarray of shape (m,)
            Derivative of the quantity by the logarithm of the curve's factor at each distinct
            time.

        Returns
        -------
        ndarray of shape (n,)
            Derivative of the quantity by the case weight of each row.

        Notes
        -----
        The factor at u is 1 - c / Y, with c censored of the Y at risk after the events at u.
        """
        counts = self.counts
        exposed = counts.n_risk - counts.n_event
        left = exposed - counts.n_censor
        jump = np.divide(slope, left, out=np.zeros(len(left)), where=left > 0)
        share = np.divide(counts.n_censor, exposed, out=np.zeros(len(left)), where=exposed > 0)
        total = np.empty(len(jump))
        for a, b in pairwise(counts.start):
            np.cumsum((jump * share)[a:b], out=total[a:b])
        place = self.position
        # A row with the event has left the set at risk of censoring at its own time.
        passed = np.where(self.censored, total[place], (total - jump * share)[place])
        result: FloatArray = passed - np.where(self.censored, jump[place], 0.0)
        return result
