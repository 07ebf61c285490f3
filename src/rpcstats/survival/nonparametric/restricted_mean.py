"""Restricted means and what compares them: the results, apart from how they are estimated."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import normal_quantile, two_sided_p
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    MEASURE,
    N_EVENT,
    P_VALUE,
    STATISTIC,
    STD_ERROR,
    STRATA,
    TERM,
    ReleaseKind,
)
from rpcstats.tables.summary import Summary, counted

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RestrictedMean:
    """Restricted mean time without the event, by group.

    Attributes
    ----------
    strata : tuple of str
        Group labels.
    n_obs, n_event : ndarray of shape (k,), int
        Rows and events of each group.
    estimate, std_error : ndarray of shape (k,)
        Mean time up to tau; NaN for a group followed for less than tau.
    tau : float
        Horizon.
    conf_level : float
        Level of the intervals.
    n_missing : int
        Rows left out because a value was missing.
    curves : callable
        Gives the tidy frame of the curves the means are areas of.
    """

    release_kind: ClassVar[ReleaseKind] = "mean"

    strata: tuple[str, ...]
    n_obs: IntArray
    n_event: IntArray
    estimate: FloatArray
    std_error: FloatArray
    tau: float
    conf_level: float
    n_missing: int
    curves: Callable[[], pd.DataFrame]

    @classmethod
    def from_areas(
        cls,
        areas: Sequence[tuple[float, float]],
        *,
        strata: tuple[str, ...],
        sizes: IntArray,
        events: IntArray,
        tau: float,
        conf_level: float,
        n_missing: int,
        curves: Callable[[], pd.DataFrame],
    ) -> "RestrictedMean":
        """Gather the areas under curves and their standard errors.

        Parameters
        ----------
        areas : sequence of (float, float)
            Area and standard error of each group.
        strata, sizes, events, tau, conf_level, n_missing, curves
            As the attributes.

        Returns
        -------
        RestrictedMean
            The result.
        """
        pairs = np.array(areas, dtype=np.float64).T.copy()
        pairs.setflags(write=False)
        return cls(
            strata=strata,
            n_obs=sizes,
            n_event=events,
            estimate=pairs[0],
            std_error=pairs[1],
            tau=float(tau),
            conf_level=conf_level,
            n_missing=n_missing,
            curves=curves,
        )

    def tidy(self) -> pd.DataFrame:
        """Give one row per group.

        Returns
        -------
        pandas.DataFrame
            Columns strata, n_obs, n_event, estimate, std_error, conf_low, conf_high.
        """
        half = normal_quantile(self.conf_level) * self.std_error
        return pd.DataFrame(
            {
                STRATA: list(self.strata),
                "n_obs": self.n_obs.copy(),
                N_EVENT: self.n_event.copy(),
                ESTIMATE: self.estimate.copy(),
                STD_ERROR: self.std_error.copy(),
                CONF_LOW: self.estimate - half,
                CONF_HIGH: self.estimate + half,
            }
        )

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_group, n_missing, tau, conf_level.
        """
        return pd.DataFrame(
            {
                "n_obs": [int(self.n_obs.sum())],
                N_EVENT: [int(self.n_event.sum())],
                "n_group": [len(self.strata)],
                "n_missing": [self.n_missing],
                "tau": [self.tau],
                "conf_level": [self.conf_level],
            }
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        remark = (
            f"{self.conf_level:.0%} normal intervals. "
            f"{counted(self.n_missing, 'row')} with missing values left out."
        )
        return Summary(f"Restricted mean up to {self.tau:g}", (self.tidy(),), remark)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RestrictedMeanDifference:
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

    def _difference(self) -> tuple[FloatArray, FloatArray]:
        estimate, se = self.means.estimate, self.means.std_error
        return estimate[1:] - estimate[0], np.hypot(se[1:], se[0])

    def _ratio(self, level: FloatArray) -> tuple[FloatArray, FloatArray]:
        with np.errstate(divide="ignore", invalid="ignore"):
            log_level, relative = np.log(level), self.means.std_error / level
            return log_level[1:] - log_level[0], np.hypot(relative[1:], relative[0])

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
        if measure != "difference":
            limits = [ESTIMATE, CONF_LOW, CONF_HIGH]
            frame[limits] = np.exp(frame[limits])
        return frame
