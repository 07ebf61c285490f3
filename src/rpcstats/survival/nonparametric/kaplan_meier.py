"""The product-limit estimator: a formula and a frame to Kaplan-Meier curves."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.intervals import ConfType, survival_interval
from rpcstats.formula.censored import CensoredSample, censored_sample
from rpcstats.formula.parse import Formula
from rpcstats.survival._product_limit import product_limit
from rpcstats.survival._risk_sets import RiskSets, risk_sets
from rpcstats.survival.nonparametric._jackknife import robust_variance
from rpcstats.survival.nonparametric.curves import KaplanMeier

FloatArray = NDArray[np.float64]


def kaplan_meier(
    formula: str | Formula,
    data: Any,
    *,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    weights: str | None = None,
    robust: bool = False,
) -> KaplanMeier:
    """Estimate survival curves by the product-limit method.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ mode"``, ``"Surv(entry, time, event) ~ 1"``; several columns
        joined by ``+`` make one curve per combination. ``cluster(g)`` makes the variance
        robust to dependence within g.
    data : frame
        pandas, or any frame narwhals reads. Times are numbers of 0 or more, the event is 0/1
        or boolean. Rows with a missing value are left out and counted in `glance`.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale on which the limits are symmetric.
    conf_level : float
        Level of the pointwise intervals.
    weights : str, optional
        Column of case weights above 0: a weight of 2 counts as two rows.
    robust : bool
        Take the infinitesimal-jackknife variance; right for sampling weights.

    Returns
    -------
    KaplanMeier
        The curves.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, events, entries or weights break their conditions.
    ParameterError
        If an option is out of range.

    Notes
    -----
    Kaplan and Meier (1958), variance by Greenwood (1926). At t the risk set holds the rows
    with entry < t <= time. Limits are NaN where their scale has no finite standard error:
    where S is 0, and on the log-log, logit and arcsine scales where S is 1. Censoring has to
    be independent of the event given the groups.
    """
    sample = censored_sample(formula, data, weights=weights, allow=("cluster",))
    n_group = len(sample.groups.labels)
    counts = risk_sets(
        sample.time,
        sample.event,
        stratum=sample.groups.codes if n_group > 1 else None,
        n_stratum=n_group,
        entry=sample.entry,
        weights=sample.weights,
    )
    is_robust = robust or sample.cluster is not None
    S, variance = product_limit(counts)
    if is_robust:
        variance = _robust(counts, sample)
    std_error_log = np.sqrt(variance)
    low, high = survival_interval(S, std_error_log, conf_type, conf_level)
    return KaplanMeier(
        strata=sample.groups.labels,
        start=_frozen(counts.start),
        time=_frozen(counts.time),
        n_risk=_frozen(counts.n_risk),
        n_event=_frozen(counts.n_event),
        n_censor=_frozen(counts.n_censor),
        estimate=_frozen(S),
        std_error_log=_frozen(std_error_log),
        conf_low=_frozen(low),
        conf_high=_frozen(high),
        group_size=_frozen(np.bincount(sample.groups.codes, minlength=n_group)),
        group_events=_frozen(np.bincount(sample.groups.codes[sample.event], minlength=n_group)),
        conf_type=conf_type,
        conf_level=conf_level,
        is_weighted=weights is not None,
        is_robust=is_robust,
        n_missing=sample.n_missing,
    )


def _robust(counts: RiskSets, sample: CensoredSample) -> FloatArray:
    n = len(sample.time)
    w = np.ones(n) if sample.weights is None else sample.weights
    cluster = np.arange(n) if sample.cluster is None else sample.cluster
    return robust_variance(counts, sample.event, w, cluster)


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    values.setflags(write=False)
    return values
