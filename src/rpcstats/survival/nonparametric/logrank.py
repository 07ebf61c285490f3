"""Log-rank tests and the weighted family."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_number, as_word
from rpcstats._numerics.intervals import chi_square_p
from rpcstats._vocabulary import DF, N_EVENT, P_VALUE, STATISTIC, STRATA, ReleaseKind
from rpcstats.errors import ParameterError
from rpcstats.formula.censored import CensoredSample, censored_sample
from rpcstats.survival.nonparametric._compared import counted_groups, is_negative, robust_scores
from rpcstats.survival.nonparametric._curve_rows import cluster_remarks
from rpcstats.survival.nonparametric._score_test import TimeWeight, quadratic_form, time_weight
from rpcstats.tables.summary import Summary, counted

FloatArray = NDArray[np.float64]

NO_TEST: Final = (
    "The variance over several dimensions of clusters came out negative: there is no test. "
    "Cluster by one dimension."
)
"""Said where a difference of covariances is none."""


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
    weighting : str
        Name of the weight of each time.
    is_weighted, is_robust : bool
        Whether case weights and the robust variance were used.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader should know, in plain sentences.
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
    weighting: TimeWeight = "fleming-harrington"
    is_weighted: bool = False
    is_robust: bool = False
    remarks: tuple[str, ...] = ()

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
        if self.weighting != "fleming-harrington":
            weight = f" ({self.weighting} weight)"
        lost = f"{counted(self.n_missing, 'row')} with missing values left out."
        robust = ("The variance is robust.",) if self.is_robust else ()
        remark = " ".join([lost, *robust, *self.remarks])
        return Summary(f"Log-rank test{weight}", (self.tidy(), self.glance()), remark)


def logrank(
    formula: str,
    data: Any,
    *,
    rho: float = 0.0,
    gamma: float = 0.0,
    weighting: TimeWeight = "fleming-harrington",
    weights: str | None = None,
    robust: bool = False,
) -> LogrankTest:
    """Test whether groups share one hazard.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ mode"``, with ``+ strata(council)`` to compare within councils,
        ``+ cluster(g)`` for a variance robust to dependence within g (``cluster(g, h)`` within
        either), and ``Surv(entry, time, event)`` for late entry.
    data : frame
        pandas, or any frame narwhals reads.
    rho, gamma : float
        Weight S(t-)^rho (1 - S(t-))^gamma, 0 or more: rho stresses early differences, gamma
        late ones; both 0 is the log-rank test.
    weighting : {"fleming-harrington", "gehan", "tarone-ware", "peto-peto"}
        Weight of each time; the others stress early differences and take no rho and gamma.
    weights : str, optional
        Column of case weights above 0: a weight of 2 counts as two rows.
    robust : bool
        Take the robust variance of the scores; right for sampling weights.

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
        If times, events, entries or weights break their conditions.
    ParameterError
        If rho or gamma is negative, or an option is unknown.

    Notes
    -----
    Mantel (1966); Fleming and Harrington (1991), with the left limits of the pooled
    Kaplan-Meier curve of each stratum; Gehan (1965), Tarone and Ware (1977), Peto and Peto
    (1972). The robust variance is that of the score test of Cox's model with Breslow's ties
    (Lin and Wei 1989; Jeong and Jung 2006 for clusters); with two columns of clusters, of
    Cameron, Gelbach and Miller (2011). Proportional hazards are where the unweighted test is
    strongest, not a condition of it.
    """
    check_weighting(weighting, rho, gamma)
    sample = censored_sample(formula, data, weights=weights, allow=("strata", "cluster"))
    return logrank_of(sample, rho=rho, gamma=gamma, weighting=weighting, robust=robust)


def logrank_of(
    sample: CensoredSample,
    *,
    rho: float = 0.0,
    gamma: float = 0.0,
    weighting: TimeWeight = "fleming-harrington",
    robust: bool = False,
) -> LogrankTest:
    """Test a sample that has been read and checked.

    Parameters
    ----------
    sample : CensoredSample
        Groups, strata, weights and clusters included.
    rho, gamma, weighting, robust
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
    risk = counted_groups(sample)
    weight = time_weight(risk.counts, weighting, rho, gamma)
    scores = risk.scores(weight)
    is_robust = robust or bool(sample.clusters)
    remarks = cluster_remarks(sample.clusters, sample.cluster_names)
    if is_robust:
        scores = robust_scores(risk, scores, weight, sample.clusters)
    if len(sample.clusters) > 1 and is_negative(scores.V):
        statistic, df = np.nan, 0
        remarks = (*remarks, NO_TEST)
    else:
        statistic, df = quadratic_form(scores)
    n_obs = np.bincount(sample.groups.codes, minlength=len(sample.groups.labels))
    for values in (n_obs, *scores):
        values.setflags(write=False)
    return LogrankTest(
        strata=sample.groups.labels,
        n_obs=n_obs,
        observed=scores.observed,
        expected=scores.expected,
        V=scores.V,
        statistic=statistic,
        df=df,
        n_event=int(sample.event.sum()),
        rho=rho,
        gamma=gamma,
        weighting=weighting,
        is_weighted=sample.weights is not None,
        is_robust=is_robust,
        n_missing=sample.n_missing,
        remarks=remarks,
    )


def check_weighting(weighting: str, rho: float, gamma: float) -> None:
    """Refuse a weight of times that is none.

    Parameters
    ----------
    weighting : str
        Name of the weight.
    rho, gamma : float
        Its exponents.

    Raises
    ------
    ParameterError
        If the name is unknown or the exponents are negative or not used.
    """
    if not (0 <= as_number(rho) < np.inf and 0 <= as_number(gamma) < np.inf):
        raise ParameterError("rho or gamma is out of range", ["give finite numbers, 0 or more"])
    if as_word(weighting) not in get_args(TimeWeight):
        raise ParameterError(
            "weighting is unknown", [f"choose one of {', '.join(get_args(TimeWeight))}"]
        )
    if weighting != "fleming-harrington" and (rho or gamma):
        raise ParameterError(
            f"The {weighting} weight has no exponents", ["leave out rho and gamma"]
        )
