"""Where the weights of a sub-distribution hazard come from: arrays in, arrays out."""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._row_places import RowPlaces
from rpcstats.survival.competing._censoring import (
    Censoring,
    Entering,
    LimitSteps,
    censoring,
    entering,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
WeightVariance = Literal["fine-gray", "jackknife", "known-weights"]


class WeightLimits(NamedTuple):
    """Product-limit estimates that the weights are made of.

    Attributes
    ----------
    observed : Censoring
        Chances of not being censored.
    entered : Entering or None
        Chances of having entered; None without late entry.
    """

    observed: Censoring
    entered: Entering | None


class CensoringSteps(NamedTuple):
    """Steps of the chance of not being censored.

    Attributes
    ----------
    time, n_risk, n_event : ndarray of shape (q,)
        When, with what weight at risk and leaving; whole numbers in 32 bits.
    """

    time: FloatArray
    n_risk: NDArray[Any]
    n_event: NDArray[Any]

    @classmethod
    def of(cls, steps: LimitSteps, *, is_whole: bool) -> "CensoringSteps":
        """Keep what the covariance needs of a product-limit estimate.

        Parameters
        ----------
        steps : LimitSteps
            The estimate.
        is_whole : bool
            Whether rows are counted, not weighed.

        Returns
        -------
        CensoringSteps
            Its steps.
        """
        is_short = is_whole and steps.n_risk.max(initial=0.0) <= np.iinfo(np.int32).max
        kind = np.int32 if is_short else np.float64
        return cls(steps.time, steps.n_risk.astype(kind), steps.n_event.astype(kind))


@dataclass(frozen=True, slots=True, eq=False)
class Weighting:
    """What the weights are estimated from and how that enters variances.

    Attributes
    ----------
    time : ndarray of shape (n,)
        Times of exit.
    codes : ndarray of shape (n,), int
        Why each row ended, 0 for censored.
    entry : ndarray of shape (n,) or None
        Times of entry.
    group : ndarray of shape (n,), int
        Groups with a censoring distribution each.
    n_group : int
        Number of groups.
    weights : ndarray of shape (n,) or None
        Case weights.
    variance : {"fine-gray", "jackknife", "known-weights"}
        As in `fine_gray`.
    """

    time: FloatArray
    codes: IntArray
    entry: FloatArray | None
    group: IntArray
    n_group: int
    weights: FloatArray | None
    variance: WeightVariance

    @property
    def is_exact(self) -> bool:
        """Whether the influence of rows on the weights is that of the infinitesimal jackknife."""
        return self.variance == "jackknife"

    def is_censored(self, rows: NDArray[np.integer[Any]] | slice = slice(None)) -> BoolArray:
        """Tell whether rows were censored.

        Parameters
        ----------
        rows : ndarray of int or slice
            Places in the data; all if not given.

        Returns
        -------
        ndarray of shape (k,), bool
            True for the censored.
        """
        return np.asarray(self.codes[rows] == 0)

    def limits(self, places: RowPlaces | None = None, *, by_row: bool = True) -> WeightLimits:
        """Estimate the chances of being under observation.

        Parameters
        ----------
        places : RowPlaces, optional
            Where the rows stand among the times of their groups, if somebody else needs it too.
        by_row : bool
            Whether the steps that each row has passed are asked for.

        Returns
        -------
        WeightLimits
            The estimates; made anew.
        """
        observed = censoring(
            self.time,
            self.is_censored(),
            self.group,
            self.n_group,
            self.entry,
            self.weights,
            places=places,
            by_row=by_row,
        )
        entered = None
        if self.entry is not None and self.entry.any():
            entered = entering(self.time, self.entry, self.group, self.n_group, self.weights)
        return WeightLimits(observed, entered)
