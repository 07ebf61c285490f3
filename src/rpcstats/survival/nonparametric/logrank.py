"""Log-rank tests and the weighted family."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import chi_square_p
from rpcstats._vocabulary import DF, N_EVENT, P_VALUE, STATISTIC, STRATA, ReleaseKind
from rpcstats.errors import FormulaError, ParameterError
from rpcstats.formula.censored import CensoredSample, censored_sample
from rpcstats.survival.nonparametric._score_test import log_rank_scores, quadratic_form
from rpcstats.tables.summary import Summary, counted

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LogrankTest:
    """Test of equal hazards in two groups or more.

    Attributes
    ----------
    strata : tuple of str
        Labels of the groups compared.
    n_obs : ndarray of shape (k,), int
        Rows of each group.
    observed, expected : ndarray of shape (k,)
        Weighted events seen, and expected if the hazards were equal.
    V : ndarray of shape (k, k)
        Covariance of observed - expected.
    statistic : float
        Chi-square statistic; NaN if no event could tell the groups apart.
    df : int
        Its degrees of freedom.
    n_event : int
        Events in all groups.
    rho, gamma : float
        Exponents of the Fleming-Harrington weight.
    n_missing : int
        Rows left out because a value was missing.
    """

    release_kind: ClassVar[ReleaseKind] = "test"

    strata: tuple[str, ...]
    n_obs: NDArray[np.int64]
    observed: FloatArray
    expected: FloatArray
    V: FloatArray
    statistic: float
    df: int
    n_event: int
    rho: float
    gamma: float
    n_missing: int

    @property
    def p_value(self) -> float:
        """Upper tail of the chi-square distribution; NaN without degrees of freedom."""
        return float(chi_square_p(self.statistic, self.df)) if self.df else np.nan

    def tidy(self) -> pd.DataFrame:
        """Give one row per group.

        Returns
        -------
        pandas.DataFrame
            Columns strata, n_obs, observed, expected.
        """
        return pd.DataFrame(
            {
                STRATA: list(self.strata),
                "n_obs": self.n_obs.copy(),
                "observed": self.observed.copy(),
                "expected": self.expected.copy(),
            }
        )

    def glance(self) -> pd.DataFrame:
        """Give the test in one row.

        Returns
        -------
        pandas.DataFrame
            Columns statistic, df, p_value, n_obs, n_event, n_group, n_missing.
        """
        return pd.DataFrame(
            {
                STATISTIC: [self.statistic],
                DF: [self.df],
                P_VALUE: [self.p_value],
                "n_obs": [int(self.n_obs.sum())],
                N_EVENT: [self.n_event],
                "n_group": [len(self.strata)],
                "n_missing": [self.n_missing],
            }
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        weight = f" (rho {self.rho:g}, gamma {self.gamma:g})" if self.rho or self.gamma else ""
        remark = f"{counted(self.n_missing, 'row')} with missing values left out."
        return Summary(f"Log-rank test{weight}", (self.tidy(), self.glance()), remark)


def logrank(formula: str, data: Any, *, rho: float = 0.0, gamma: float = 0.0) -> LogrankTest:
    """Test whether groups share one hazard.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ mode"``, with ``+ strata(council)`` to compare within councils,
        and ``Surv(entry, time, event)`` for late entry.
    data : frame
        pandas, or any frame narwhals reads.
    rho, gamma : float
        Weight S(t-)^rho (1 - S(t-))^gamma, 0 or more: rho stresses early differences, gamma
        late ones; both 0 is the log-rank test.

    Returns
    -------
    LogrankTest
        Observed and expected events by group, and the test.

    Raises
    ------
    FormulaError
        If the formula can't be read, names a column that is not there, or fewer than two
        groups have rows.
    DataError
        If times, events or entries break their conditions.
    ParameterError
        If rho or gamma is negative.

    Notes
    -----
    Mantel (1966); Fleming and Harrington (1991), with the left limits of the pooled
    Kaplan-Meier curve of each stratum. Proportional hazards are where the unweighted test is
    strongest, not a condition of it.
    """
    if not (0 <= rho < np.inf and 0 <= gamma < np.inf):
        raise ParameterError("rho or gamma is out of range", ["give finite numbers, 0 or more"])
    return logrank_of(censored_sample(formula, data, allow=("strata",)), rho=rho, gamma=gamma)


def logrank_of(sample: CensoredSample, *, rho: float = 0.0, gamma: float = 0.0) -> LogrankTest:
    """Test a sample that has been read and checked.

    Parameters
    ----------
    sample : CensoredSample
        Groups and strata included.
    rho, gamma : float
        As in `logrank`.

    Returns
    -------
    LogrankTest
        The test.

    Raises
    ------
    FormulaError
        If fewer than two groups have rows.
    """
    groups, strata = sample.groups, sample.strata
    n_group, n_stratum = len(groups.labels), len(strata.labels)
    if n_group < 2:
        raise FormulaError(
            "A comparison needs two groups or more: name a column with at least two levels "
            "after the ~"
        )
    scores = log_rank_scores(
        sample.time,
        sample.event,
        groups.codes,
        n_group,
        stratum=strata.codes if n_stratum > 1 else None,
        n_stratum=n_stratum,
        entry=sample.entry,
        rho=rho,
        gamma=gamma,
    )
    statistic, df = quadratic_form(scores)
    n_obs = np.bincount(groups.codes, minlength=n_group)
    for values in (n_obs, *scores):
        values.setflags(write=False)
    return LogrankTest(
        strata=groups.labels,
        n_obs=n_obs,
        observed=scores.observed,
        expected=scores.expected,
        V=scores.V,
        statistic=statistic,
        df=df,
        n_event=int(sample.event.sum()),
        rho=rho,
        gamma=gamma,
        n_missing=sample.n_missing,
    )
