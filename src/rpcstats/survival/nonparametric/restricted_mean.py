"""Restricted means and what compares them: the results, apart from how they are estimated."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_EVENT,
    STD_ERROR,
    STRATA,
    ReleaseKind,
)
from rpcstats.survival._multiway import variance_or_nan
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_NAMED: Final = 4
"""Groups that a remark names; it counts the others."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class RestrictedMean(Summarised):
    """Restricted mean time without the event, by group.

    Attributes
    ----------
    strata : tuple of str
        Group labels.
    n_obs, n_event : ndarray of shape (k,), int
        Rows and events of each group.
    estimate, std_error : ndarray of shape (k,)
        Mean time up to tau; NaN for a group followed for less than tau.
    cov : ndarray of shape (k, k)
        Covariance of the estimates; off the diagonal 0 unless clusters reach across groups.
    tau, conf_level : float
        Horizon; level of the intervals.
    n_missing : int
        Rows left out because a value was missing.
    curves : callable
        Gives the tidy frame of the curves the means are areas of.
    design_effect : float
        How much clustering inflates the variance of those curves.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    release_kind: ClassVar[ReleaseKind] = "mean"

    strata: tuple[str, ...]
    n_obs: IntArray
    n_event: IntArray
    estimate: FloatArray
    std_error: FloatArray
    cov: FloatArray
    tau: float
    conf_level: float
    n_missing: int
    curves: Callable[[], pd.DataFrame]
    design_effect: float = 1.0
    remarks: tuple[str, ...] = ()

    @classmethod
    def from_areas(
        cls,
        areas: Sequence[tuple[float, float]],
        robust: FloatArray | None = None,
        *,
        strata: tuple[str, ...],
        sizes: IntArray,
        events: IntArray,
        tau: float,
        conf_level: float,
        n_missing: int,
        curves: Callable[[], pd.DataFrame],
        design_effect: float = 1.0,
        remarks: tuple[str, ...] = (),
    ) -> "RestrictedMean":
        """Gather the areas under curves and their standard errors.

        Parameters
        ----------
        areas : sequence of (float, float)
            Area and standard error of each group.
        robust : ndarray of shape (k, k), optional
            Covariance to be used in place of those errors.
        strata : tuple of str
            Group labels.
        sizes, events : ndarray of shape (k,), int
            Rows and events of each group.
        tau, conf_level : float
            Horizon; level of the intervals.
        n_missing : int
            Rows left out because a value was missing.
        curves : callable
            Gives the tidy frame of the curves.
        design_effect : float
            How much clustering inflates the variance of those curves.
        remarks : tuple of str
            What a reader should know; the result adds what its errors call for.

        Returns
        -------
        RestrictedMean
            The result.
        """
        estimate, std_error = np.array(areas, dtype=np.float64).T.copy()
        cov = np.diag(std_error**2)
        if robust is not None:
            unknown = np.isnan(estimate)
            cov = np.where(unknown | unknown[:, None], np.nan, robust)
            std_error = np.sqrt(variance_or_nan(np.diag(cov), np.abs(std_error) ** 2))
        for values in (estimate, std_error, cov):
            values.setflags(write=False)
        return cls(
            strata=strata,
            n_obs=sizes,
            n_event=events,
            estimate=estimate,
            std_error=std_error,
            cov=cov,
            tau=float(tau),
            conf_level=conf_level,
            n_missing=n_missing,
            curves=curves,
            design_effect=design_effect,
            remarks=(*remarks, *_unsure(strata, estimate, std_error, tau)),
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
        row = {
            "n_obs": int(self.n_obs.sum()),
            N_EVENT: int(self.n_event.sum()),
            "n_group": len(self.strata),
            "n_missing": self.n_missing,
            "tau": self.tau,
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        lost = f"{counted(self.n_missing, 'row')} with missing values left out."
        remark = " ".join([f"{self.conf_level:.0%} normal intervals.", lost, *self.remarks])
        return Summary(f"Restricted mean up to {self.tau:g}", (self.tidy(),), remark)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the means with their intervals.

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

        head = f"Mean up to {self.tau:g} ({self.conf_level:.0%} interval)"
        return forest_axes(self.tidy(), ax=ax, label=STRATA, percent=False, value_label=head)


def _unsure(
    strata: Sequence[str], estimate: FloatArray, std_error: FloatArray, tau: float
) -> Iterator[str]:
    """Say which means can't be had, or vary in nothing."""
    for wrong, what in (
        (np.isnan(estimate), f"Not followed up to {tau:g}, so that there is no mean, in"),
        (std_error == 0.0, f"No event before {tau:g}, so that the mean has no error, in"),
    ):
        named = [label for label, bad in zip(strata, wrong, strict=True) if bad]
        if named:
            more = f"; and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
            yield f"{what}: {'; '.join(named[:_NAMED])}{more}."
