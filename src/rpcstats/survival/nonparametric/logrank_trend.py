"""Test of a trend in hazards over ordered groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_numbers
from rpcstats._numerics.intervals import two_sided_p
from rpcstats._vocabulary import N_EVENT, P_VALUE, STATISTIC
from rpcstats.errors import ParameterError
from rpcstats.formula.censored import CensoredSample, censored_sample
from rpcstats.survival.nonparametric._score_test import TimeWeight
from rpcstats.survival.nonparametric.logrank import check_weighting, logrank_of
from rpcstats.survival.nonparametric.logrank_result import LogrankTest
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class LogrankTrend(Summarised):
    """Test of no trend in hazards over ordered groups.

    Attributes
    ----------
    test : LogrankTest
        The scores of the groups and their covariance.
    scores : ndarray of shape (k,)
        Place of each group on the scale of the trend.
    statistic : float
        Standard normal statistic, above 0 if hazards rise with the scores; NaN if no event
        could tell the groups apart.
    """

    test: LogrankTest
    scores: FloatArray
    statistic: float

    @property
    def n_missing(self) -> int:
        """Rows left out because a value was missing."""
        return self.test.n_missing

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader should know, in plain sentences."""
        return self.test.remarks

    @property
    def p_value(self) -> float:
        """Both tails of the normal distribution."""
        return float(two_sided_p(self.statistic))

    def tidy(self) -> pd.DataFrame:
        """Give one row per group.

        Returns
        -------
        pandas.DataFrame
            Columns strata, score, n_obs, observed, expected.
        """
        frame = self.test.tidy()
        frame.insert(1, "score", self.scores.copy())
        return frame

    def glance(self) -> pd.DataFrame:
        """Give the test in one row.

        Returns
        -------
        pandas.DataFrame
            Columns statistic, p_value, n_obs, n_event, n_group, n_missing.
        """
        frame = self.test.glance()[["n_obs", N_EVENT, "n_group", "n_missing"]]
        frame.insert(0, STATISTIC, self.statistic)
        frame.insert(1, P_VALUE, self.p_value)
        return frame

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        remark = self.test.summary().remark
        return Summary("Log-rank test of a trend", (self.tidy(), self.glance()), remark)

    def plot(self, ax: "Axes | None" = None, *, conf_level: float = 0.95) -> "Axes":
        """Draw observed less expected events, the groups in the order of their scores.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, narrowed to make room for the words; a new figure if not given.
        conf_level : float
            Level of the intervals.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.survival.nonparametric.score_pictures import draw_excess

        order = np.argsort(self.scores, kind="stable")
        return draw_excess(self.test.excess(conf_level).iloc[order], ax, conf_level)


def logrank_trend(
    formula: str,
    data: Any,
    *,
    scores: Sequence[float] | Mapping[str, float] | None = None,
    rho: float = 0.0,
    gamma: float = 0.0,
    weighting: TimeWeight = "fleming-harrington",
    weights: str | None = None,
    robust: bool = False,
) -> LogrankTrend:
    """Test whether hazards rise or fall over ordered groups.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ band"``; strata() and cluster() as in `logrank`.
    data : frame
        pandas, or any frame narwhals reads.
    scores : sequence of float or mapping of str to float, optional
        Place of each group on the scale of the trend: in the order of the levels, or by level.
        1, 2, … if not given.
    rho, gamma : float
        As in `logrank`.
    weighting : str
        As in `logrank`.
    weights : str, optional
        As in `logrank`.
    robust : bool
        As in `logrank`.

    Returns
    -------
    LogrankTrend
        The test, with one degree of freedom.

    Raises
    ------
    FormulaError
        If the formula can't be read, names a column that is not there, or fewer than two
        groups have rows.
    DataError
        If times, events, entries or weights break their conditions.
    ParameterError
        If the scores don't fit the groups, or an option is out of range.

    Notes
    -----
    Tarone (1975): the scores of the groups, weighed by their place, over the standard error of
    that sum. The unit and the origin of the places do not matter.
    """
    check_weighting(weighting, rho, gamma)
    sample = censored_sample(formula, data, weights=weights, allow=("strata", "cluster"))
    test = logrank_of(sample, rho=rho, gamma=gamma, weighting=weighting, robust=robust)
    places = _places(scores, sample)
    centred = places - places.mean()
    variance = float(centred @ test.V @ centred)
    scale = float(np.abs(test.V).max()) * float(centred @ centred)
    statistic = np.nan
    if test.df and variance > 1e-14 * scale:
        statistic = float(centred @ (test.observed - test.expected)) / np.sqrt(variance)
    places.setflags(write=False)
    return LogrankTrend(test=test, scores=places, statistic=statistic)


def _places(
    scores: Sequence[float] | Mapping[str, float] | None, sample: CensoredSample
) -> FloatArray:
    n_group = len(sample.groups.labels)
    if scores is None:
        return np.arange(1.0, n_group + 1)
    if isinstance(scores, Mapping):
        names = [", ".join(levels) for levels in sample.groups.levels]
        absent = [name for name in names if name not in scores]
        if absent:
            raise ParameterError(
                "scores leaves groups out", [f"give a number for {name}" for name in absent]
            )
        scores = [scores[name] for name in names]
    places = as_numbers(scores).copy()
    if places.shape != (n_group,) or not np.isfinite(places).all():
        raise ParameterError(
            "scores do not fit the groups",
            [f"give {n_group} finite numbers, in the order of {', '.join(sample.groups.labels)}"],
        )
    if np.ptp(places) == 0:
        raise ParameterError("scores tell no order", ["give numbers that differ"])
    return places
