"""Hazards by session: a formula and a frame to a fit."""

from typing import Any, get_args

import numpy as np

from rpcstats._numerics.arguments import as_number, as_word, check_flags
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import FormulaError, ParameterError
from rpcstats.formula import Formula, Surv, parse_formula
from rpcstats.formula.columns import column_names
from rpcstats.survival.discrete._links import LinkName
from rpcstats.survival.discrete.estimate import SmallSample, estimate
from rpcstats.survival.discrete.hazard_fit import DiscreteHazardFit
from rpcstats.survival.discrete.hazard_remarks import cluster_remarks, event_remarks, trouble_of
from rpcstats.survival.discrete.sample import DiscreteSample, discrete_sample
from rpcstats.survival.structure.remarks import warn_of

EPISODE = "episode_id"
"""Who a person-session belongs to, in the frames of `person_period`."""


def discrete_hazard(
    formula: str,
    data: Any,
    *,
    link: LinkName = "logit",
    weights: str | None = None,
    small_sample: SmallSample = "auto",
    firth: bool = False,
    nagq: int = 1,
    clock: str = "session",
    id: str | None = None,
    conf_level: float = 0.95,
) -> DiscreteHazardFit:
    """Estimate the hazard of leaving at each session, given covariates.

    Parameters
    ----------
    formula : str
        ``"event ~ C(session) + mode + cluster(group_id)"`` for person-sessions, as
        `person_period` makes them, or ``"Surv(time, event) ~ C(session) + mode"`` for one row a
        person, whose sessions 1 to `time` are counted here; ``Surv(entry, time, event)`` for late
        entry. ``(1 | group_id) + (1 | facilitator)`` adds random effects; ``offset(x)`` a known
        part; two columns inside cluster() give two-way clustered errors.
    data : frame
        pandas, or any frame narwhals reads. Rows with a missing value are left out and counted.
    link : {"logit", "cloglog"}
        Log-odds of the hazard; or its complementary log-log, with coefficients that are those of
        proportional hazards in continuous time, seen from session to session.
    weights : str, optional
        Column of case weights.
    small_sample : {"auto", "CR0", "CR1", "CR1S", "CR2"}
        Cluster-robust errors: without a correction; times m / (m - 1); times m (n - 1) /
        ((m - 1)(n - p)) for m clusters; or bias-reduced, with Satterthwaite's degrees of freedom.
        "auto" is CR2 below 500 clusters as long as none is too large for it, CR1S otherwise;
        `glance` and `summary` tell which it was.
    firth : bool
        Whether to take the first-order bias off the score (Firth 1993), which gives finite
        estimates where sessions or levels have no event.
    nagq : int
        With one grouping factor the nodes of adaptive Gauss-Hermite quadrature; 1 is the Laplace
        approximation.
    clock : str
        Column that counts the sessions; with `Surv()` the name it has in the formula.
    id : str, optional
        Column of persons, over whom `standardise` averages; by default ``episode_id`` where
        person-sessions have it.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    DiscreteHazardFit
        The fit.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If the data break the conditions of the model.
    ParameterError
        If an option is unknown or out of range, or options don't go together.

    Warns
    -----
    ConvergenceWarning
        If the covariates tell outcomes apart completely, or the search did not end well.

    Notes
    -----
    Binomial likelihood of the person-sessions (Cox 1972; Prentice and Gloeckler 1978; Allison
    1982). Person-sessions with equal covariates are counted, not repeated. Robust errors: Liang
    and Zeger (1986), Bell and McCaffrey (2002), Cameron, Gelbach and Miller (2011).
    """
    _check_options(link, small_sample, conf_level)
    check_flags(firth=firth)
    parsed = parse_formula(formula)
    _refuse_terms(parsed)
    who = _persons(parsed, data, id)
    if parsed.random:
        from rpcstats.survival.discrete.mixed_hazard import fit_mixed_hazard

        _refuse_options(weights, firth=firth)
        fit = fit_mixed_hazard(
            parsed, data, link=link, nagq=nagq, clock=clock, id=who, conf_level=conf_level
        )
    elif as_number(nagq) != 1:
        raise ParameterError("nagq needs a random term", ["write one, as in (1 | group_id)"])
    else:
        sample = discrete_sample(parsed, data, clock=clock, weights=weights, id=who)
        fit = _fit_fixed(
            sample, link, firth=firth, small_sample=small_sample, conf_level=conf_level
        )
    warn_of(fit.trouble)
    return fit


def _fit_fixed(
    sample: DiscreteSample,
    link: LinkName,
    *,
    firth: bool,
    small_sample: SmallSample,
    conf_level: float,
) -> DiscreteHazardFit:
    found = estimate(sample, link, firth=firth, small_sample=small_sample)
    kept, covariance = found.kept, found.covariance
    M = found.model_cov[np.ix_(kept.columns, kept.columns)]
    trouble = trouble_of(kept.cells, sample, kept.columns, found.eta, M, found.optimum, firth=firth)
    finite = np.zeros(len(found.beta), dtype=np.bool_)
    finite[kept.columns] = True
    for array in (found.beta, found.model_cov, covariance.cov, covariance.df, finite):
        array.setflags(write=False)
    return DiscreteHazardFit(
        sample=sample,
        link=link,
        beta=found.beta,
        cov=covariance.cov,
        cov_model=found.model_cov,
        df=covariance.df,
        parts=covariance.parts,
        errors=covariance.kind,
        log_lik=found.terms.log_lik,
        optimum=found.optimum,
        firth=firth,
        conf_level=conf_level,
        remarks=(
            *sample.remarks,
            *trouble,
            *event_remarks(sample, kept.sessions),
            *cluster_remarks(covariance.parts, sample.cluster_names, covariance.kind),
            *covariance.remarks,
        ),
        trouble=trouble,
        finite=finite,
    )


def _check_options(link: object, small_sample: object, conf_level: float) -> None:
    faults = []
    if as_word(link) not in get_args(LinkName):
        faults.append(f"link: choose one of {', '.join(get_args(LinkName))}")
    if as_word(small_sample) not in get_args(SmallSample):
        faults.append(f"small_sample: choose one of {', '.join(get_args(SmallSample))}")
    if faults:
        raise ParameterError("An option is unknown", faults)
    check_conf_level(conf_level)


def _refuse_terms(formula: Formula) -> None:
    if formula.strata:
        raise FormulaError(
            "A hazard by session takes no strata(): write an interaction with the clock, as in "
            "C(session):council."
        )
    if formula.frailty:
        raise FormulaError("A hazard by session takes (1 | group) in place of frailty(group).")
    if formula.random and formula.cluster:
        raise FormulaError(
            "Random terms and cluster() answer to the same dependence: keep one of them."
        )


def _refuse_options(weights: str | None, *, firth: bool) -> None:
    faults = []
    if weights is not None:
        faults.append("weights: leave them out, or take cluster() in place of the random terms")
    if firth:
        faults.append("firth: leave it out, or take cluster() in place of the random terms")
    if faults:
        raise ParameterError("Options don't go with random terms", faults)


def _persons(formula: Formula, data: Any, id: str | None) -> str | None:
    """Tell which column names the persons."""
    if id is not None or isinstance(formula.response, Surv):
        return id
    return EPISODE if EPISODE in column_names(data) else None
