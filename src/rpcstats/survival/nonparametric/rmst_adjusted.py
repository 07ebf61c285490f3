"""Restricted means compared after adjusting for covariates."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_number, as_word
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.formula import Groups, design, make_groups, parse_formula
from rpcstats.formula.columns import read_columns
from rpcstats.formula.design import fixed_columns, fixed_terms
from rpcstats.mixed.structure.rank import find_rank
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival._product_limit import areas_ahead, product_limit
from rpcstats.survival._risk_sets import risk_sets
from rpcstats.survival.nonparametric._curve_rows import CurveRows, cluster_remarks
from rpcstats.survival.nonparametric._mean_model import LINKS, MeanFit
from rpcstats.survival.nonparametric._propensity import fit_propensity
from rpcstats.survival.nonparametric.adjusted_means import AdjustedMeans, Adjustment
from rpcstats.survival.nonparametric.pseudo_regression import check_link, not_solved, regress
from rpcstats.survival.nonparametric.pseudo_values import checked_times, pseudo_of
from rpcstats.survival.structure.build import hazard_frame
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.survival.structure.remarks import few_events_remark, warn_of

FloatArray = NDArray[np.float64]
MeanScale = Literal["identity", "log"]

_MOST_LEVELS: Final = 20
_RARE: Final = 0.01
"""Propensities this near to 0 or 1 make weights that few rows carry."""


class _Standardised(NamedTuple):
    estimate: FloatArray
    influence: FloatArray
    effective: FloatArray | None = None
    remarks: tuple[str, ...] = ()


def rmst_adjusted(
    formula: str,
    data: Any,
    *,
    tau: float,
    exposure: str,
    method: Adjustment = "pseudo",
    link: MeanScale = "identity",
    conf_level: float = 0.95,
) -> AdjustedMeans:
    """Compare restricted means between levels of an exposure, adjusted for covariates.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ mode + age + sex"``: the exposure and what to adjust for, with
        ``cluster(g)`` for errors robust to dependence within g (``cluster(g, h)`` within
        either) and, for "pseudo", ``strata(g)`` to take pseudo-values within g.
    data : frame
        pandas, or any frame narwhals reads.
    tau : float
        Horizon, above 0, in the unit of time.
    exposure : str
        Column whose levels are compared; the first is the reference.
    method : {"pseudo", "weighting"}
        A model of the restricted mean given exposure and covariates, averaged over everybody's
        covariates; or a logistic model of the exposure, whose inverse probabilities weigh the
        curves (two levels).
    link : {"identity", "log"}
        Scale of the model of the mean, for "pseudo".
    conf_level : float
        Level of the intervals.

    Returns
    -------
    AdjustedMeans
        Standardised means, differences, ratios and ratios of time lost.

    Raises
    ------
    FormulaError
        If the formula can't be read, names a column that is not there, or lacks the exposure.
    DataError
        If the data can't be fitted, or covariates tell for certain who is exposed.
    ParameterError
        If an option is out of range, or tau is beyond the follow-up of a level.

    Notes
    -----
    Andersen, Hansen and Klein (2004) for pseudo-values, which need censoring independent of
    covariates; with the identity link and no interaction the difference is the coefficient. Conner
    and others (2019) for weighting, which needs censoring independent of the covariates within a
    level. The errors are those of the stacked estimating equations: of the means over covariates
    and the coefficients, or of the curves and the estimated propensities (Stefanski and Boos
    2002).
    """
    _check(tau, method, link)
    check_conf_level(conf_level)
    frame = hazard_frame(formula, data, allow=("strata", "cluster"))
    table, groups = _exposed(frame, data, exposure)
    if method == "pseudo":
        found = _by_pseudo_values(frame, table, groups, exposure, tau, link)
    else:
        found = _by_weighting(frame, table, groups, exposure, tau)
    clusters = [one.codes for one in frame.clusters]
    k = len(groups.labels)
    arrays = (
        found.estimate,
        clustered_covariance(found.influence, clusters),
        np.bincount(groups.codes, minlength=k),
        np.bincount(groups.codes[frame.event], minlength=k),
    )
    for values in arrays:
        values.setflags(write=False)
    return AdjustedMeans(
        levels=groups.labels,
        estimate=arrays[0],
        cov=arrays[1],
        n_obs=arrays[2],
        n_event=arrays[3],
        effective=found.effective,
        tau=float(tau),
        method=method,
        conf_level=conf_level,
        n_missing=frame.n_missing,
        remarks=(
            *frame.remarks,
            *few_events_remark(int(frame.event[frame.time <= tau].sum()), len(frame.names)),
            *found.remarks,
            *_certain_remark(arrays[1], tau),
            *cluster_remarks(clusters, frame.cluster_names),
        ),
    )


def _check(tau: float, method: str, link: str) -> None:
    faults = []
    if not 0 < as_number(tau) < np.inf:
        faults.append("tau is out of range: give a finite horizon above 0")
    if as_word(method) not in get_args(Adjustment):
        faults.append(f"method is unknown: choose one of {', '.join(get_args(Adjustment))}")
    elif method == "weighting" and link != "identity":
        faults.append('link= belongs to method="pseudo": leave it out')
    if faults:
        raise ParameterError("Restricted means can't be adjusted", faults)
    check_link("rmst", link)


def _exposed(frame: HazardFrame, data: Any, exposure: str) -> tuple[pd.DataFrame, Groups]:
    """Read the columns of the model and the levels of the exposure."""
    columns = fixed_columns(frame.design.formula)
    if as_word(exposure) not in columns:
        raise FormulaError(f"The exposure {exposure} is not among the terms of the formula.")
    table = read_columns(data, columns).iloc[frame.kept].reset_index(drop=True)
    groups = make_groups(table[[exposure]], (exposure,))
    if not 2 <= len(groups.labels) <= _MOST_LEVELS:
        raise DataError(
            f"The exposure {exposure} needs 2 to {_MOST_LEVELS} levels: compare groups, or cut it "
            "into bands."
        )
    return table, groups


def _by_pseudo_values(
    frame: HazardFrame,
    table: pd.DataFrame,
    groups: Groups,
    exposure: str,
    tau: float,
    link: MeanScale,
) -> _Standardised:
    Y = pseudo_of(frame, checked_times(tau), of="rmst")
    fit = regress(frame.X, Y, "rmst", link)
    warn_of(not_solved(fit), stacklevel=4)
    firsts = [int(np.flatnonzero(groups.codes == g)[0]) for g in range(len(groups.labels))]
    columns = []
    for first in firsts:
        same = table[exposure].take(np.full(len(table), first)).reset_index(drop=True)
        columns.append(_standardised(frame.encode(table.assign(**{exposure: same})), fit, link))
    means, influence = zip(*columns, strict=True)
    return _Standardised(np.array(means), np.column_stack(influence), remarks=not_solved(fit))


def _standardised(X: FloatArray, fit: MeanFit, link: MeanScale) -> tuple[float, FloatArray]:
    """Give the mean of the predictions over rows, and the influence of each row on it."""
    functions = LINKS[link]
    X = np.column_stack([np.ones(len(X)), X])
    eta = X @ fit.beta
    predicted = functions.mean(eta)
    mean = float(predicted.mean())
    gradient = (functions.slope(eta)[:, None] * X).mean(axis=0)
    return mean, (predicted - mean) / len(X) + fit.influence @ gradient


def _by_weighting(
    frame: HazardFrame, table: pd.DataFrame, groups: Groups, exposure: str, tau: float
) -> _Standardised:
    if len(groups.labels) != 2:
        raise DataError(
            f'Weighting compares two levels of {exposure}: leave rows out, or use method="pseudo".'
        )
    if len(frame.strata.labels) > 1:
        raise FormulaError('strata() belongs to method="pseudo": adjust for it as a covariate.')
    # Columns of one length at right angles: the propensities are the same in any unit.
    Z = np.sqrt(len(frame.time)) * np.linalg.qr(_confounders(frame, table, exposure))[0]
    exposed = groups.codes == 1
    propensity = fit_propensity(Z, exposed.astype(np.float64))
    chance = np.where(exposed, propensity.p, 1 - propensity.p)
    w = np.where(exposed, exposed.mean(), 1 - exposed.mean()) / chance
    counts = risk_sets(
        frame.time, frame.event, stratum=groups.codes, n_stratum=2, entry=frame.entry, weights=w
    )
    S, _ = product_limit(counts)
    _refuse_unreached(counts.time[counts.start[1:] - 1], S[counts.start[1:] - 1], tau)
    firsts = np.minimum(counts.time[counts.start[:-1]], tau)
    estimate = firsts + areas_ahead(counts, S, tau)[counts.start[:-1]]
    rows = CurveRows(counts, frame.event, w, groups.codes, ())
    influence = rows.area_influence(S, tau) * w
    # A row's weight falls with its linear predictor by w (1 - chance), rises for the unexposed.
    slope = influence * (1 - chance) * np.where(exposed, -1.0, 1.0)
    members = (~exposed, exposed)
    columns = [
        np.where(own, influence, 0.0) + propensity.influence @ (Z[own].T @ slope[own])
        for own in members
    ]
    effective = np.array([w[own].sum() ** 2 / (w[own] ** 2).sum() for own in members])
    remarks = _rare_remark(propensity.p)
    return _Standardised(estimate, np.column_stack(columns), effective, remarks)


def _confounders(frame: HazardFrame, table: pd.DataFrame, exposure: str) -> FloatArray:
    """Give the columns of the formula's terms without the exposure, and one of ones."""
    formula = frame.design.formula
    _, terms = fixed_terms(formula)
    others: Sequence[str] = [
        f"+ {term}" for term in terms if exposure not in fixed_columns(parse_formula(f"~ {term}"))
    ]
    built = design(replace(formula, terms=tuple(others)), table)
    kept = find_rank(built.X).kept
    chosen: FloatArray = built.X[:, np.sort(kept)]
    return chosen


def _refuse_unreached(last: FloatArray, S: FloatArray, tau: float) -> None:
    if ((last < tau) & (S > 0)).any():
        raise ParameterError(
            f"tau = {tau:g} is beyond the follow-up of a level", ["give a tau that each reaches"]
        )


def _rare_remark(p: FloatArray) -> tuple[str, ...]:
    n_rare = int((np.minimum(p, 1 - p) < _RARE).sum())
    if not n_rare:
        return ()
    return (
        f"{n_rare:,} of {len(p):,} rows had a chance of exposure under {_RARE:.0%} or over "
        f"{1 - _RARE:.0%}: their weights are unsteady, and the comparison leans on the model.",
    )


def _certain_remark(cov: FloatArray, tau: float) -> tuple[str, ...]:
    if (np.diag(cov) > 0.0).all():
        return ()
    return (f"A level has no event before {tau:g}: its mean has no error, and ratios no test.",)
