"""Differences and ratios of restricted means."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import normal_quantile, two_sided_p
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    MEASURE,
    P_VALUE,
    STATISTIC,
    STD_ERROR,
    TERM,
)
from rpcstats.survival._multiway import variance_or_nan
from rpcstats.survival.nonparametric.restricted_mean import RestrictedMean
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class RestrictedMeanDifference(Summarised):
    """Restricted means compared with those of the first group.

    Attributes
    ----------
    means : RestrictedMean
        What is compared; the first group is the reference.

    Notes
    -----
    It has no release kind: a contrast shows a group that its own row does not count. Release
    the restricted means, or `compare_groups`.
    """

    means: RestrictedMean

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader should know, in plain sentences."""
        return self.means.remarks

    @property
    def conf_level(self) -> float:
        """Level of the intervals."""
        return self.means.conf_level

    def tidy(self) -> pd.DataFrame:
        """Give three rows for each group but the first.

        Returns
        -------
        pandas.DataFrame
            Columns term, measure ("difference", "ratio", "ratio of time lost"), estimate,
            std_error, statistic, p_value, conf_low, conf_high. The standard error of a ratio
            is that of its logarithm.

        Notes
        -----
        Normal for the difference, log-normal for the ratios, by the delta method
        (Uno et al. 2014).
        """
        names = [f"{label} against {self.means.strata[0]}" for label in self.means.strata[1:]]
        parts = (
            ("difference", *self._difference()),
            ("ratio", *self._ratio(self.means.estimate)),
            ("ratio of time lost", *self._ratio(self.means.tau - self.means.estimate)),
        )
        frames = [self._rows(names, *part) for part in parts]
        return pd.concat(frames).sort_index(kind="stable").reset_index(drop=True)

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            As `RestrictedMean.glance`.
        """
        return self.means.glance()

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        heading = f"Restricted means up to {self.means.tau:g}, compared"
        return Summary(heading, (self.means.tidy(), self.tidy()), self.means.summary().remark)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the differences with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, narrowed to make room for the names; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.forest import forest_axes

        frame = self.tidy().query(f"{MEASURE} == 'difference'")
        head = f"Difference ({self.means.conf_level:.0%} interval)"
        return forest_axes(frame, ax=ax, label=TERM, percent=False, reference=0.0, value_label=head)

    def _difference(self) -> tuple[FloatArray, FloatArray]:
        estimate = self.means.estimate
        return estimate[1:] - estimate[0], self._error_of_difference(self.means.cov)

    def _ratio(self, level: FloatArray) -> tuple[FloatArray, FloatArray]:
        with np.errstate(divide="ignore", invalid="ignore"):
            log_level, cov = np.log(level), self.means.cov / np.outer(level, level)
            return log_level[1:] - log_level[0], self._error_of_difference(cov)

    def _error_of_difference(self, cov: FloatArray) -> FloatArray:
        parts = np.diag(cov)[1:] + cov[0, 0]
        with np.errstate(invalid="ignore"):
            return np.sqrt(variance_or_nan(parts - 2 * cov[0, 1:], parts))

    def _rows(
        self, names: list[str], measure: str, estimate: FloatArray, se: FloatArray
    ) -> pd.DataFrame:
        half = normal_quantile(self.means.conf_level) * se
        with np.errstate(divide="ignore", invalid="ignore"):
            z = estimate / se
        frame = pd.DataFrame(
            {
                TERM: names,
                MEASURE: measure,
                ESTIMATE: estimate,
                STD_ERROR: se,
                STATISTIC: z,
                P_VALUE: two_sided_p(z),
                CONF_LOW: estimate - half,
                CONF_HIGH: estimate + half,
            }
        )
        limits = [ESTIMATE, CONF_LOW, CONF_HIGH]
        if measure != "difference":
            frame[limits] = np.exp(frame[limits])
        return frame
