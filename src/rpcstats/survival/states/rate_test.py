"""A test of equal rates of repeated events."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import chi_square_p
from rpcstats._vocabulary import DF, N_EVENT, P_VALUE, STATISTIC, STRATA
from rpcstats.errors import FormulaError
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival._risk_sets import risk_sets
from rpcstats.survival.states._mean_function import robust_scores
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.states.mean_function import MeanCumulative

FloatArray = NDArray[np.float64]

_EPSILON: Final = float(np.finfo(np.float64).eps)

_ROUNDING: Final = 1e3 * _EPSILON
"""A score known to this share of the events is 0: groups never at risk together give such."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class RateTest(Summarised):
    """Robust log-rank test of repeated events.

    Attributes
    ----------
    strata : tuple of str
        Groups.
    observed, expected : ndarray of shape (k,)
        Events (or weights), and expected if the rates were equal.
    V : ndarray of shape (k, k)
        Robust covariance of observed - expected.
    statistic : float
        Chi-square statistic; NaN if no event could tell the groups apart.
    df : int
        Its degrees of freedom.
    p_value : float
        Its p-value.
    conf_level : float
        Level of the curves tested.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader has to know.
    """

    strata: tuple[str, ...]
    observed: FloatArray
    expected: FloatArray
    V: FloatArray
    statistic: float
    df: int
    p_value: float
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per group.

        Returns
        -------
        pandas.DataFrame
            Columns strata, observed, expected.
        """
        return pd.DataFrame(
            {
                STRATA: list(self.strata),
                "observed": self.observed.copy(),
                "expected": self.expected.copy(),
            }
        )

    def glance(self) -> pd.DataFrame:
        """Give the test in one row.

        Returns
        -------
        pandas.DataFrame
            Columns statistic, df, p_value, n_event, n_group, n_missing.
        """
        row = {
            STATISTIC: self.statistic,
            DF: self.df,
            P_VALUE: self.p_value,
            N_EVENT: float(self.observed.sum()),
            "n_group": len(self.strata),
            "n_missing": self.n_missing,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        heading = "Robust log-rank test of repeated events"
        return Summary(heading, (self.tidy(), self.glance()), " ".join(self.remarks))

    def plot(self, ax: "Axes | None" = None, *, conf_level: float | None = None) -> "Axes":
        """Draw observed less expected events of each group, with intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, narrowed to make room for the words; a new figure if not given.
        conf_level : float, optional
            Level of the intervals; that of the curves if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.survival.nonparametric.score_pictures import draw_excess, excess_rows

        level = self.conf_level if conf_level is None else conf_level
        excess = self.observed - self.expected
        rows = excess_rows(self.strata, self.observed, excess, np.diag(self.V), level)
        return draw_excess(rows, ax, level, under="all groups had one rate")


def rate_test(fit: "MeanCumulative") -> RateTest:
    """Test whether all groups have events at the same rate.

    Parameters
    ----------
    fit : MeanCumulative
        Two groups or more.

    Returns
    -------
    RateTest
        The test.

    Raises
    ------
    FormulaError
        If there is one group.

    Notes
    -----
    Observed less expected events with a covariance summed over persons or clusters (Lawless
    and Nadeau 1995): the robust score test of an Andersen-Gill model with Breslow's ties.
    """
    refuse_one_group(fit)
    sample = fit.sample
    counts = risk_sets(sample.time, sample.event, entry=sample.entry, weights=sample.weights)
    k = len(fit.strata)
    scores = robust_scores(counts, sample.event, sample.weights, sample.groups.codes, k)
    clusters = [counts.arranged(codes) for codes in sample.clusters]
    V = clustered_covariance(scores, clusters)
    weights = np.ones(len(sample.time)) if sample.weights is None else sample.weights
    observed = np.bincount(sample.groups.codes, weights * sample.event, k).astype(np.float64)
    U = scores.sum(axis=0)
    statistic, df = _chi_square(U[1:], V[1:, 1:], float(observed.sum()))
    for values in (observed, V):
        values.setflags(write=False)
    return RateTest(
        strata=fit.strata,
        observed=observed,
        expected=observed - U,
        V=V,
        statistic=statistic,
        df=df,
        p_value=float(chi_square_p(statistic, df)) if df else np.nan,
        conf_level=fit.conf_level,
        n_missing=fit.n_missing,
        remarks=fit.remarks,
    )


def _chi_square(U: FloatArray, V: FloatArray, n_event: float) -> tuple[float, int]:
    """Give the statistic on the rank of V; NaN and 0 where nothing was compared."""
    values, vectors = np.linalg.eigh(V)
    used = values > max(len(U) * _EPSILON * values[-1], (_ROUNDING * n_event) ** 2)
    if not used.any():
        return np.nan, 0
    return float(((vectors[:, used].T @ U) ** 2 / values[used]).sum()), int(used.sum())


def refuse_one_group(fit: "MeanCumulative") -> None:
    """Refuse to compare where there is one group.

    Parameters
    ----------
    fit : MeanCumulative
        The curves.

    Raises
    ------
    FormulaError
        If there is one.
    """
    if len(fit.strata) < 2:
        raise FormulaError(
            "A comparison needs two groups or more: name a column with at least two levels "
            "after the ~"
        )
