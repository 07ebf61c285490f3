"""A quantity of each cause compared between groups."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

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
    STATE,
    STATISTIC,
    STD_ERROR,
    TERM,
)
from rpcstats.errors import ParameterError
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Grouped(Protocol):
    """What a comparison takes over from the result it compares."""

    @property
    def strata(self) -> tuple[str, ...]:
        """Labels of the groups."""
        ...

    @property
    def causes(self) -> tuple[str, ...]:
        """Labels of the causes."""
        ...

    @property
    def group_size(self) -> IntArray:
        """Rows of each group."""
        ...

    @property
    def group_events(self) -> IntArray:
        """Rows of each group that left for each cause."""
        ...

    @property
    def conf_level(self) -> float:
        """Level of the intervals."""
        ...

    @property
    def n_missing(self) -> int:
        """Rows left out."""
        ...

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader should know."""
        ...


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class CauseContrasts(Summarised):
    """Groups compared with the first, cause by cause.

    Attributes
    ----------
    strata, causes : tuple of str
        Labels of the g groups and the k causes.
    estimate : ndarray of shape (k, g)
        What is compared.
    covariance : ndarray of shape (k, g, g)
        Its covariance between groups, cause by cause.
    group_size : ndarray of shape (g,), int
        Rows of each group.
    group_events : ndarray of shape (g, k), int
        Rows of each group that left for each cause.
    heading : str
        What was compared.
    horizon : float
        The time, or the horizon.
    conf_level : float
        Level of the intervals.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader should know.
    """

    strata: tuple[str, ...]
    causes: tuple[str, ...]
    estimate: FloatArray
    covariance: FloatArray
    group_size: IntArray
    group_events: IntArray
    heading: str
    horizon: float
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]

    @classmethod
    def against_first(
        cls,
        source: Grouped,
        estimate: FloatArray,
        covariance: FloatArray,
        *,
        heading: str,
        horizon: float,
    ) -> "CauseContrasts":
        """Gather what is compared.

        Parameters
        ----------
        source : Grouped
            The result compared.
        estimate : ndarray of shape (k, g)
            Quantities by cause and group.
        covariance : ndarray of shape (k, g, g)
            Their covariance between groups.
        heading : str
            What was compared.
        horizon : float
            The time, or the horizon.

        Returns
        -------
        CauseContrasts
            The comparison.

        Raises
        ------
        ParameterError
            If there is one group.
        """
        if len(source.strata) < 2:
            raise ParameterError(
                "A comparison needs two groups or more",
                ["name a column with at least two levels after the ~"],
            )
        for values in (estimate, covariance):
            values.setflags(write=False)
        return cls(
            strata=source.strata,
            causes=source.causes,
            estimate=estimate,
            covariance=covariance,
            group_size=source.group_size,
            group_events=source.group_events,
            heading=heading,
            horizon=horizon,
            conf_level=source.conf_level,
            n_missing=source.n_missing,
            remarks=source.remarks,
        )

    def tidy(self) -> pd.DataFrame:
        """Give two rows for each cause and each group but the first.

        Returns
        -------
        pandas.DataFrame
            Columns term, state (the cause), measure ("difference", "ratio"), estimate,
            std_error, statistic, p_value, conf_low, conf_high. The standard error of a ratio is
            that of its logarithm.

        Notes
        -----
        Normal for the difference, log-normal for the ratio, by the delta method.
        """
        parts = [
            self._rows(k, measure)
            for k in range(len(self.causes))
            for measure in ("difference", "ratio")
        ]
        frame = pd.concat(parts)
        return frame.sort_index(kind="stable").reset_index(drop=True)

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_cause, n_group, n_missing, horizon, conf_level.
        """
        row = {
            "n_obs": int(self.group_size.sum()),
            N_EVENT: int(self.group_events.sum()),
            "n_cause": len(self.causes),
            "n_group": len(self.strata),
            "n_missing": self.n_missing,
            "horizon": self.horizon,
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
        return Summary(self.heading, (self.tidy(),), " ".join(self.remarks))

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
        from rpcstats.survival.competing.plots import dots_by_cause

        frame = self.tidy()
        shown = frame[frame[MEASURE] == "difference"]
        return dots_by_cause(
            shown,
            ax=ax,
            label=TERM,
            group=STATE,
            value_label=f"Difference ({self.conf_level:.0%} interval)",
            reference=0.0,
        )

    def _rows(self, k: int, measure: str) -> pd.DataFrame:
        names = [f"{label} against {self.strata[0]}" for label in self.strata[1:]]
        level, V = self.estimate[k], self.covariance[k]
        with np.errstate(divide="ignore", invalid="ignore"):
            if measure == "ratio":
                level, V = np.log(level), V / np.outer(level, level)
            estimate = level[1:] - level[0]
            spread = V.diagonal()[1:] + V[0, 0] - 2 * V[0, 1:]
            error = np.sqrt(np.maximum(spread, 0.0))
            z = estimate / error
        half = normal_quantile(self.conf_level) * error
        low, high = estimate - half, estimate + half
        if measure == "ratio":
            estimate, low, high = np.exp(estimate), np.exp(low), np.exp(high)
        return pd.DataFrame(
            {
                TERM: names,
                STATE: self.causes[k],
                MEASURE: measure,
                ESTIMATE: estimate,
                STD_ERROR: error,
                STATISTIC: z,
                P_VALUE: two_sided_p(z),
                CONF_LOW: low,
                CONF_HIGH: high,
            }
        )
