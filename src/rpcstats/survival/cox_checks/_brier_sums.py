"""Brier scores under censoring: weighted losses and what each row does to their mean."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.cox_checks._censoring_curve import CensoringCurve

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(slots=True, eq=False)
class Losses:
    """Losses at one time, or summed over several.

    Attributes
    ----------
    mean : float
        The score.
    loss : ndarray of shape (n,)
        Loss of each row, 0 for rows censored by then.
    failed : ndarray of shape (n,)
        The same, 0 for rows still in.
    times, still : list of float
        Times, and the weighted sum of the losses of rows still in at each.
    """

    mean: float
    loss: FloatArray
    failed: FloatArray
    times: list[float]
    still: list[float]

    def add(self, other: "Losses", factor: float) -> None:
        """Add a multiple of the losses at a later time.

        Parameters
        ----------
        other : Losses
            Those losses.
        factor : float
            What they are multiplied by.
        """
        self.mean += factor * other.mean
        self.loss += factor * other.loss
        self.failed += factor * other.failed
        self.times += other.times
        self.still += [factor * each for each in other.still]


@dataclass(frozen=True, slots=True, eq=False)
class CensoredLosses:
    """Rows in the order of their times, with the weights that make up for censoring.

    Attributes
    ----------
    time : ndarray of shape (n,)
        Times of exit, never falling.
    event : ndarray of shape (n,), bool
        Whether the exit was the event.
    weights : ndarray of shape (n,) or None
        Case weights.
    before : ndarray of shape (n,)
        Probability of no censoring before each row's exit, G(T-).
    curve : CensoringCurve or None
        The curve these were read from; None if they are taken as known.
    """

    time: FloatArray
    event: BoolArray
    weights: FloatArray | None
    before: FloatArray
    curve: CensoringCurve | None

    @property
    def total(self) -> float:
        """Sum of the case weights."""
        return float(len(self.time) if self.weights is None else self.weights.sum())

    def nothing(self) -> Losses:
        """Give losses of 0, to add to.

        Returns
        -------
        Losses
            Zeros.
        """
        n = len(self.time)
        return Losses(0.0, np.zeros(n), np.zeros(n), [], [])

    def at(self, t: float, S: FloatArray | float, G: FloatArray | float) -> Losses:
        """Score predictions at one time.

        Parameters
        ----------
        t : float
            The time.
        S : ndarray of shape (n,) or float
            Predicted probability of no event by then.
        G : ndarray of shape (n,) or float
            Probability of no censoring by then.

        Returns
        -------
        Losses
            Mean and parts.

        Notes
        -----
        Graf and others (1999); rows censored by t count through the weights of the others,
        1 / G(T-) for events and 1 / G(t) for those still in (Gerds and Schumacher 2006).
        """
        n = len(self.time)
        k = int(np.searchsorted(self.time, t, side="right"))
        S = np.broadcast_to(S, n)
        loss, failed = np.empty(n), np.zeros(n)
        np.divide(S[:k] ** 2, self.before[:k], out=failed[:k], where=self.event[:k])
        loss[:k] = failed[:k]
        loss[k:] = (1.0 - S[k:]) ** 2 / (G[k:] if isinstance(G, np.ndarray) else G)
        w = self.weights
        still = float(loss[k:].sum() if w is None else w[k:] @ loss[k:])
        gone = float(loss[:k].sum() if w is None else w[:k] @ loss[:k])
        return Losses((still + gone) / self.total, loss, failed, [t], [still])

    def influence(self, losses: Losses) -> FloatArray:
        """Give the derivative of a score by the logarithm of each row's weight.

        Parameters
        ----------
        losses : Losses
            From `at`, or a sum of several.

        Returns
        -------
        ndarray of shape (n,)
            Weighted influence.
        """
        found: FloatArray = (losses.loss - losses.mean) / self.total
        if self.curve is not None:
            found += self.curve.influence(self._slope(self.curve, losses))
        return found if self.weights is None else self.weights * found

    def _slope(self, curve: CensoringCurve, losses: Losses) -> FloatArray:
        """Derive the score by the logarithm of each factor of the censoring curve."""
        weighted = losses.failed if self.weights is None else self.weights * losses.failed
        gone = np.bincount(curve.position, weighted, len(curve.G))
        after = np.cumsum(gone[::-1])[::-1] - gone
        passed = np.searchsorted(losses.times, curve.counts.time, side="left")
        still = np.concatenate([np.cumsum(losses.still[::-1])[::-1], [0.0]])
        slope: FloatArray = -(after + still[passed]) / self.total
        return slope
