"""An estimate at many departures: what parents of each kind add is worked out once."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rpcstats.designs.missing._cluster_means import variance_of_sums
from rpcstats.designs.missing.departures import Departure
from rpcstats.designs.missing.imputation_estimands import (
    made_progress,
    within_bounds,
    within_scale,
)
from rpcstats.designs.missing.imputations import Imputations
from rpcstats.designs.missing.rubin import pool
from rpcstats.errors import DataError

Floats = NDArray[np.float64]


class DepartureGrid:
    """Estimates of E5a at pairs of departures.

    Parameters
    ----------
    imputations : Imputations
        Completed data.
    base : Departure
        What holds where both deltas are 0.
    is_share : bool
        Whether the share with progress is estimated, not the mean change.
    threshold : float
        Least change that counts as progress.
    conf_level : float
        Level of the limits.

    Raises
    ------
    DataError
        If fewer than two clusters have a course that is over.
    """

    def __init__(
        self,
        imputations: Imputations,
        base: Departure,
        is_share: bool,
        threshold: float,
        conf_level: float,
    ) -> None:
        ratings = imputations.ratings
        self._imputations, self._base = imputations, base
        self._is_share, self._threshold = is_share, threshold
        self._conf_level = conf_level
        self._due = ratings.is_due
        self._left = ratings.left[self._due]
        self._cluster = np.unique(ratings.cluster[self._due], return_inverse=True)[1]
        self._size = np.bincount(self._cluster).astype(np.float64)
        if len(self._size) < 2:
            raise DataError(
                "An interval needs two clusters (groups, or parents in none) or more whose"
                " course is over."
            )
        self._sums: dict[tuple[bool, float], Floats] = {}

    def row(self, delta_leavers: float, delta_unanswered: float) -> dict[str, float]:
        """Estimate at one pair of departures.

        Parameters
        ----------
        delta_leavers, delta_unanswered : float
            Points of improvement.

        Returns
        -------
        dict
            delta_leavers, delta_unanswered, estimate, std_error, df, conf_low, conf_high.
        """
        sums = self._sums_of(True, delta_leavers) + self._sums_of(False, delta_unanswered)
        n, C = int(self._size.sum()), len(self._size)
        mean = sums.sum(axis=1) / n
        variance = variance_of_sums(sums - self._size * mean[:, None], n, C)
        pooled = pool(mean, variance, df_complete=C - 1.0, conf_level=self._conf_level)
        ratings = self._imputations.ratings
        span = ratings.maximum - ratings.minimum
        pooled = within_bounds(pooled, C) if self._is_share else within_scale(pooled, span)
        names = ("estimate", "std_error", "df", "conf_low", "conf_high")
        deltas = {"delta_leavers": delta_leavers, "delta_unanswered": delta_unanswered}
        return deltas | {name: getattr(pooled, name) for name in names}

    def counts(self) -> tuple[int, int]:
        """Count parents without a rating of their end on some goal.

        Returns
        -------
        left, unanswered : int
            Those who left, and those who stayed.
        """
        ratings = self._imputations.ratings
        seen = np.where(np.isnan(ratings.end), ratings.after, ratings.end)
        unseen = np.maximum.reduceat(np.isnan(seen), ratings.first)[self._due]
        return int((unseen & self._left).sum()), int((unseen & ~self._left).sum())

    def _sums_of(self, leavers: bool, delta: float) -> Floats:
        """Sum over clusters what those who left, or the others, add: shape (m, C)."""
        key = (leavers, delta)
        if key not in self._sums:
            departure = replace(self._base, delta_leavers=delta, delta_unanswered=delta)
            values = self._imputations.changes("E5a", departure)[:, self._due]
            if self._is_share:
                values = made_progress(values, self._threshold)
            for side in (True, False):
                part = np.where(self._left == side, values, 0.0)
                self._sums[side, delta] = np.stack(
                    [np.bincount(self._cluster, row, len(self._size)) for row in part]
                )
        return self._sums[key]
