"""Causes of leaving by session: a formula and a frame to a fit."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import check_conf_level
from rpcstats._numerics.optimise import OptSummary
from rpcstats.errors import FormulaError, ParameterError
from rpcstats.formula import Formula, parse_formula
from rpcstats.survival.discrete._binomial import fit_binomial
from rpcstats.survival.discrete._cells import Cells
from rpcstats.survival.discrete._empty_sessions import Kept, leave_out_empty, put_back, widen
from rpcstats.survival.discrete._links import moments_of
from rpcstats.survival.discrete._multinomial import evaluate, fit_multinomial, sums_by
from rpcstats.survival.discrete._robust import Influence, correction
from rpcstats.survival.discrete.competing_fit import DiscreteCompetingFit
from rpcstats.survival.discrete.estimate import Covariance, centre, cluster_covariance
from rpcstats.survival.discrete.hazard_remarks import (
    FAR,
    causes_without_events,
    cluster_remarks,
    session_remarks,
)
from rpcstats.survival.discrete.sample import DiscreteSample, discrete_sample
from rpcstats.survival.structure.remarks import convergence_remark, few_events_remark, warn_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]
Method = Literal["joint", "separate"]
CompetingErrors = Literal["CR0", "CR1", "CR1S"]


class _Found(NamedTuple):
    """Coefficients of all causes, their covariance, its bread and their scores."""

    beta: FloatArray
    M: FloatArray
    bread: FloatArray
    e: FloatArray
    optimum: OptSummary


def discrete_competing(
    formula: str,
    data: Any,
    *,
    censored: Sequence[str] | None = None,
    method: Method = "joint",
    weights: str | None = None,
    small_sample: CompetingErrors = "CR1S",
    clock: str = "session",
    conf_level: float = 0.95,
) -> DiscreteCompetingFit:
    """Estimate the hazard of leaving for each of several causes at each session.

    Parameters
    ----------
    formula : str
        ``"cause ~ C(session) + mode + cluster(group_id)"`` for person-sessions, where `cause`
        tells how a session ended, or ``"Surv(time, cause) ~ ..."`` for one row a person.
    data : frame
        pandas, or any frame narwhals reads. Rows with a missing value are left out and counted.
    censored : sequence of str, optional
        Causes that mean staying or the end of follow-up, such as ``["open", "completed"]``; those
        the frame declares, or the first category, if not given.
    method : {"joint", "separate"}
        All causes in one likelihood; or a logistic model of each cause against staying, which
        gives up a little precision (Begg and Gray 1984).
    weights : str, optional
        Column of case weights.
    small_sample : {"CR0", "CR1", "CR1S"}
        Factor on cluster-robust covariances: 1, m / (m - 1), or m (n - 1) / ((m - 1)(n - R p)).
    clock : str
        Column that counts the sessions; with `Surv()` the name it has in the formula.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    DiscreteCompetingFit
        Coefficients of each cause with their joint covariance.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If the data break the conditions of the model.
    ParameterError
        If an option is unknown or out of range.

    Warns
    -----
    ConvergenceWarning
        If the covariates tell causes apart completely, or the search did not end well.

    Notes
    -----
    Multinomial logit of the person-sessions (Allison 1982; Tutz and Schmid 2016, chapter 8).
    """
    _check_options(method, small_sample, conf_level)
    parsed = parse_formula(formula)
    _refuse_terms(parsed)
    sample = discrete_sample(
        parsed, data, clock=clock, weights=weights, by_cause=True, censored=censored
    )
    fit = _fit(sample, method, small_sample, conf_level)
    warn_of(fit.trouble)
    return fit


def _fit(
    sample: DiscreteSample, method: Method, small_sample: CompetingErrors, conf_level: float
) -> DiscreteCompetingFit:
    kept = leave_out_empty(sample.cells)
    cells, back = centre(kept.cells)
    found = _joint(cells) if method == "joint" else _separate(cells)
    covariance = _covariance(sample, cells, found, small_sample)
    p = sample.cells.n_column
    wide = np.kron(np.eye(len(sample.rows.causes)), widen(kept, p) @ back)
    beta = put_back(kept, found.beta @ back.T, p)
    trouble = _trouble(kept, sample, cells, found)
    finite = np.zeros(p, dtype=np.bool_)
    finite[kept.columns] = True
    cov, model = wide @ covariance.cov @ wide.T, wide @ found.M @ wide.T
    for array in (beta, cov, model, finite):
        array.setflags(write=False)
    return DiscreteCompetingFit(
        sample=sample,
        method=method,
        beta=beta,
        cov=cov,
        cov_model=model,
        df=float(covariance.df[0]),
        parts=tuple(part._replace(psi=part.psi @ wide.T) for part in covariance.parts),
        errors=covariance.kind,
        log_lik=_log_lik(cells, found.beta),
        optimum=found.optimum,
        conf_level=conf_level,
        remarks=(
            *sample.remarks,
            *trouble,
            *_few_events(sample, kept),
            *session_remarks(sample, kept.sessions),
            *cluster_remarks(covariance.parts, sample.cluster_names, covariance.kind),
            *covariance.remarks,
        ),
        trouble=trouble,
        finite=finite,
    )


def _check_options(method: object, small_sample: object, conf_level: float) -> None:
    faults = []
    if as_word(method) not in get_args(Method):
        faults.append(f"method: choose one of {', '.join(get_args(Method))}")
    if as_word(small_sample) not in get_args(CompetingErrors):
        faults.append(f"small_sample: choose one of {', '.join(get_args(CompetingErrors))}")
    if faults:
        raise ParameterError("An option is unknown", faults)
    check_conf_level(conf_level)


def _refuse_terms(formula: Formula) -> None:
    for name in ("strata", "frailty", "random"):
        if getattr(formula, name):
            what = "random terms" if name == "random" else f"{name}()"
            raise FormulaError(
                f"A model of causes by session takes no {what}: fit each cause with "
                "discrete_hazard, or write cluster(group)."
            )


def _joint(cells: Cells) -> _Found:
    found = fit_multinomial(cells)
    return _Found(found.beta, found.M, found.M, found.terms.e, found.optimum)


def _separate(cells: Cells) -> _Found:
    """Fit each cause against staying; sessions that end by another cause are left out."""
    R, p = len(cells.events), cells.n_column
    copies = np.ones(cells.n_cell) if cells.copies is None else cells.copies
    beta, M = np.empty((R, p)), np.zeros((R * p, R * p))
    e, optima = np.empty((R, cells.n_cell)), []
    for r in range(R):
        others = cells.events.sum(axis=0) - cells.events[r]
        one = replace(cells, copies=copies - others, events=cells.events[r : r + 1])
        found = fit_binomial(one, "logit")
        at = slice(r * p, (r + 1) * p)
        beta[r], M[at, at], e[r] = found.beta, found.M, found.terms.e
        optima.append(found.optimum)
    bread = M.copy()
    _fill_between(cells, copies, beta, M)
    worst = min(optima, key=lambda optimum: optimum.converged)
    return _Found(beta, M, bread, e, worst)


def _fill_between(cells: Cells, copies: FloatArray, beta: FloatArray, M: FloatArray) -> None:
    """Fill in the covariances between causes, which share the sessions that end in staying."""
    R, p = beta.shape
    weight = 1.0 if cells.weight is None else cells.spread(cells.weight)
    staying = (copies - cells.events.sum(axis=0)) * weight
    chance = [moments_of(cells.predictor(row), "logit").mu for row in beta]
    for r in range(R):
        for s in range(r):
            a, b = slice(r * p, (r + 1) * p), slice(s * p, (s + 1) * p)
            M[a, b] = M[a, a] @ cells.information(staying * chance[r] * chance[s]) @ M[b, b]
            M[b, a] = M[a, b].T


def _log_lik(cells: Cells, beta: FloatArray) -> float:
    trials = cells.trials()
    n = np.ones(cells.n_cell) if trials is None else trials
    return evaluate(cells, beta, n, cells.weighted_events()).log_lik


def _covariance(
    sample: DiscreteSample, cells: Cells, found: _Found, kind: CompetingErrors
) -> Covariance:
    size = found.beta.size
    if not sample.clusters:
        return Covariance(found.M, np.full(size, np.inf), (), "model")

    def influence(sign: float, code: IntArray) -> Influence:
        m = int(code.max()) + 1
        factor = correction(kind, m, float(sample.n_obs), size)
        psi = np.sqrt(factor) * sums_by(cells, found.e, code, m) @ found.bread
        return Influence(sign, code, psi, np.full(size, np.inf if kind == "CR0" else m - 1.0))

    codes = tuple(groups.codes for groups in sample.clusters)
    return cluster_covariance(codes, sample.cluster_names, influence, kind)


def _few_events(sample: DiscreteSample, kept: Kept) -> tuple[str, ...]:
    events = sample.life_table()[1].sum(axis=1)
    rarest = int(np.argmin(events))
    found = few_events_remark(int(events[rarest]), len(kept.columns))
    return tuple(f"Of {sample.rows.causes[rarest]}: {remark}" for remark in found)


def _trouble(kept: Kept, sample: DiscreteSample, cells: Cells, found: _Found) -> tuple[str, ...]:
    far = max(float(np.abs(cells.predictor(row)).max()) for row in found.beta)
    if found.optimum.converged and far <= FAR:
        return ()
    names = tuple(sample.names[j] for j in kept.columns)
    told = causes_without_events(kept.cells, names, sample.rows.causes)
    if not told:
        return convergence_remark(found.optimum)
    return (
        "The model has no finite estimate: some causes never happen at levels of the covariates "
        f"(separation): {', '.join(told)}. Merge causes, sessions or levels.",
    )
