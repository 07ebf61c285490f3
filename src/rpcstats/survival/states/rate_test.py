"""A test of equal rates of repeated events."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import chi_square_p
from rpcstats._vocabulary import DF, N_EVENT, P_VALUE, STATISTIC, STRATA
from rpcstats.errors import FormulaError
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival._risk_sets import risk_sets
from rpcstats.survival.states._mean_function import robust_scores
from rpcstats.tables.summary import Summary

if TYPE_CHECKING:
    from rpcstats.survival.states.mean_function import MeanCumulative

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RateTest:
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
    df = int(np.linalg.matrix_rank(V[1:, 1:], hermitian=True))
    statistic = float(U[1:] @ np.linalg.pinv(V[1:, 1:], hermitian=True) @ U[1:]) if df else np.nan
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
