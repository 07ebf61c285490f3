"""Mean functions of repeated events, one group less another."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.intervals import normal_quantile, two_sided_p
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    P_VALUE,
    STATISTIC,
    STD_ERROR,
    STRATA,
    TERM,
    TIME,
)
from rpcstats.survival._multiway import signed_clusters
from rpcstats.survival.states._mean_function import GroupRows, shared_covariance
from rpcstats.survival.states.group_frames import wanted_times
from rpcstats.survival.states.rate_test import refuse_one_group
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.states.mean_function import MeanCumulative

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class MeanDifference(Summarised):
    """Mean numbers of events less those of the first group.

    Attributes
    ----------
    terms : tuple of str
        Name of each comparison.
    time : tuple of ndarray of shape (m,)
        Times of each comparison.
    estimate, std_error : tuple of ndarray of shape (m,)
        Differences; NaN where one of the two curves is not known.
    conf_level : float
        Level of the limits.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader has to know.
    """

    terms: tuple[str, ...]
    time: tuple[FloatArray, ...]
    estimate: tuple[FloatArray, ...]
    std_error: tuple[FloatArray, ...]
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per comparison and time.

        Returns
        -------
        pandas.DataFrame
            Columns term, time, estimate, std_error, statistic, p_value, conf_low, conf_high;
            each p-value is for its own time alone.
        """
        z = normal_quantile(self.conf_level)
        frames = []
        for term, time, estimate, error in zip(
            self.terms, self.time, self.estimate, self.std_error, strict=True
        ):
            with np.errstate(divide="ignore", invalid="ignore"):
                statistic = estimate / error
            frames.append(
                pd.DataFrame(
                    {
                        TERM: term,
                        TIME: time,
                        ESTIMATE: estimate,
                        STD_ERROR: error,
                        STATISTIC: statistic,
                        P_VALUE: two_sided_p(statistic),
                        CONF_LOW: estimate - z * error,
                        CONF_HIGH: estimate + z * error,
                    }
                )
            )
        return pd.concat(frames, ignore_index=True)

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_comparison, n_missing, conf_level.
        """
        row = {
            "n_comparison": len(self.terms),
            "n_missing": self.n_missing,
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
        rows = self.tidy().dropna(subset=[ESTIMATE]).groupby(TERM, sort=False).tail(1)
        heading = "Difference of mean numbers of events, at the last time both are known"
        return Summary(heading, (rows,), " ".join(self.remarks))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the differences with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.cumulative_hazards import cumulative_hazards

        frame = self.tidy().rename(columns={TERM: STRATA}).dropna(subset=[ESTIMATE])
        axes = cumulative_hazards(frame, ax=ax, xlabel="Time", ylabel="Difference in events")
        axes.set_ylim(auto=True)
        axes.autoscale_view()
        return axes


def mean_difference(fit: "MeanCumulative", times: ArrayLike | None = None) -> MeanDifference:
    """Compare mean functions with that of the first group.

    Parameters
    ----------
    fit : MeanCumulative
        Two groups or more.
    times : array_like, optional
        Times, 0 or more; every time at which one of the two curves rises if not given.

    Returns
    -------
    MeanDifference
        Differences; persons or clusters in both groups are allowed for.

    Raises
    ------
    FormulaError
        If there is one group.
    ParameterError
        If a time is negative or not a number.
    """
    refuse_one_group(fit)
    wanted = None if times is None else wanted_times(times)
    found = [_against_first(fit, group, wanted) for group in range(1, len(fit.strata))]
    for part in found:
        for values in part:
            values.setflags(write=False)
    return MeanDifference(
        terms=tuple(f"{label} against {fit.strata[0]}" for label in fit.strata[1:]),
        time=tuple(part[0] for part in found),
        estimate=tuple(part[1] for part in found),
        std_error=tuple(part[2] for part in found),
        conf_level=fit.conf_level,
        n_missing=fit.n_missing,
        remarks=fit.remarks,
    )


def _against_first(
    fit: "MeanCumulative", group: int, wanted: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    pieces = [slice(int(fit.start[g]), int(fit.start[g + 1])) for g in (0, group)]
    grid = np.union1d(*(fit.time[piece] for piece in pieces))
    own, base = fit.read(group, grid), fit.read(0, grid)
    covariance = np.zeros(len(grid))
    for sign, codes in signed_clusters(fit.sample.clusters):
        if codes is not None and _meet(fit, group, codes):
            rows = [_group_rows(fit, g, codes) for g in (0, group)]
            covariance += sign * shared_covariance(rows[0], rows[1], grid)
    variance = own[1] ** 2 + base[1] ** 2 - 2 * covariance
    estimate, error = own[0] - base[0], np.sqrt(np.maximum(variance, 0.0))
    if wanted is None:
        rises = [fit.time[piece][fit.n_event[piece] > 0] for piece in pieces]
        wanted = np.union1d(*rises)
    place = np.searchsorted(grid, wanted, side="right")
    known = wanted <= min(float(fit.time[piece][-1]) for piece in pieces)
    estimate = np.where(known, np.concatenate([[0.0], estimate])[place], np.nan)
    error = np.where(known, np.concatenate([[0.0], error])[place], np.nan)
    return wanted.copy(), estimate, error


def _meet(fit: "MeanCumulative", group: int, codes: IntArray) -> bool:
    """Tell whether a cluster has rows in both groups."""
    member = fit.sample.groups.codes
    return bool(np.isin(codes[member == group], codes[member == 0]).any())


def _group_rows(fit: "MeanCumulative", group: int, codes: IntArray) -> GroupRows:
    sample = fit.sample
    rows = sample.groups.codes == group
    piece = slice(int(fit.start[group]), int(fit.start[group + 1]))
    n = int(rows.sum())
    n_risk = fit.n_risk[piece]
    return GroupRows(
        entry=np.full(n, -1.0) if sample.entry is None else sample.entry[rows],
        time=sample.time[rows],
        event=sample.event[rows],
        weights=np.ones(n) if sample.weights is None else sample.weights[rows],
        cluster=codes[rows],
        grid=fit.time[piece],
        jump=fit.n_event[piece] / n_risk,
        n_risk=n_risk,
    )
