"""Log-rank tests and the weighted family."""

from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_number, as_word, check_flags
from rpcstats.errors import ParameterError
from rpcstats.formula.censored import CensoredSample, censored_sample
from rpcstats.survival.nonparametric._chi_square import quadratic_form
from rpcstats.survival.nonparametric._compared import (
    counted_groups,
    is_negative,
    plain_scores,
    robust_scores,
    strata_remark,
    untested_remark,
)
from rpcstats.survival.nonparametric._curve_rows import cluster_remarks
from rpcstats.survival.nonparametric._score_test import (
    TimeWeight,
    time_weight,
)
from rpcstats.survival.nonparametric._scores import Scores
from rpcstats.survival.nonparametric.logrank_result import LogrankTest
from rpcstats.survival.structure.remarks import lone_groups_remark

FloatArray = NDArray[np.float64]

NO_TEST: Final = (
    "The variance over several dimensions of clusters came out negative: there is no test. "
    "Cluster by one dimension."
)
"""Said where a difference of covariances is none."""


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
    is_plain = robust is False and weights is None and _is_plain(weighting, rho, gamma)
    allow = ("strata", "cluster")
    sample = censored_sample(formula, data, weights=weights, allow=allow, tied=not is_plain)
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
    rho, gamma : float
        As in `logrank`.
    weighting : str
        As in `logrank`.
    robust : bool
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
    check_flags(robust=robust)
    is_robust = robust or bool(sample.clusters)
    found = None
    if _is_plain(weighting, rho, gamma) and not is_robust:
        found = plain_scores(sample)
    if found is None:
        risk = counted_groups(sample)
        weight = time_weight(risk.counts, weighting, rho, gamma)
        found = risk.scores(weight)
    scores, plain = found, found.V
    if is_robust:
        scores = robust_scores(risk, scores, weight, sample.clusters)
    scores, obstacle = _unless_unknown(scores, sample)
    statistic, df = (np.nan, 0) if obstacle else quadratic_form(scores, plain)
    clusters = cluster_remarks(sample.clusters, sample.cluster_names)
    remarks = (*strata_remark(sample), *clusters, *(obstacle or untested_remark(statistic)))
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


def _is_plain(weighting: TimeWeight, rho: float, gamma: float) -> bool:
    """Tell whether every time weighs the same."""
    return weighting == "fleming-harrington" and rho == 0 and gamma == 0


def _unless_unknown(scores: Scores, sample: CensoredSample) -> tuple[Scores, tuple[str, ...]]:
    """Say what stands in the way of a covariance over clusters, if anything does."""
    if any(not codes.any() for codes in sample.clusters):
        pair = " and ".join(sample.groups.labels)
        remark = lone_groups_remark([pair], np.array([True]))
        return scores._replace(V=np.full_like(scores.V, np.nan)), remark
    is_unknown = len(sample.clusters) > 1 and is_negative(scores.V)
    return scores, (NO_TEST,) if is_unknown else ()


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
