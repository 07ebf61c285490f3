"""Maximum likelihood of a mixture cure model on arrays already read."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rpcstats.survival._product_limit import product_limit
from rpcstats.survival._risk_sets import risk_sets
from rpcstats.survival.parametric._censored_rows import RIGHT, kind_order, ordered_rows
from rpcstats.survival.parametric._covariance import covariances
from rpcstats.survival.parametric._mixture import Mixture
from rpcstats.survival.parametric._newton import Optimum, climb
from rpcstats.survival.parametric._predictor import LevelPredictor, Predictor, standardised
from rpcstats.survival.parametric._regression_model import RegressionModel
from rpcstats.survival.parametric._starting_values import starting_values
from rpcstats.survival.parametric.cure_fit import CureFit
from rpcstats.survival.parametric.estimate_survreg import survreg_predictors
from rpcstats.survival.parametric.families import FAMILIES, Described, Distribution, TimesFamily
from rpcstats.survival.parametric.follow_up import SUFFICIENT, FollowUp, follow_up
from rpcstats.survival.parametric.parameters import reported
from rpcstats.survival.parametric.timed_rows import (
    TimedRows,
    censoring_kinds,
    refuse_uninformative,
    timed_rows,
)
from rpcstats.survival.parametric.wording import fit_remarks, trouble_of
from rpcstats.survival.structure.hazard_frame import HazardFrame

if TYPE_CHECKING:
    from rpcstats.survival.parametric.cure_model import Incidence

FloatArray = NDArray[np.float64]

_SHARES: Final = (1.0, 0.5)
"""Starts at these shares of the plateau of the curve, and at a small cured fraction."""
_SMALL: Final = 0.05
_NONE: Final = 1e-4
"""A cured fraction below this, with the likelihood rising towards 0, is 0."""


def estimate_cure(
    frame: HazardFrame,
    incidence: "Incidence",
    dist: Distribution,
    *,
    robust: bool,
    conf_level: float,
) -> CureFit:
    """Fit a mixture cure model to arrays already read.

    Parameters
    ----------
    frame : HazardFrame
        The sample.
    incidence : Incidence
        Covariates of the cured fraction.
    dist : str
        Distribution of the times.
    robust : bool
        Whether to take the sandwich covariance with each row a cluster.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    CureFit
        The fit; nothing is warned of.
    """
    kind = censoring_kinds(frame)
    refuse_uninformative(frame, kind)
    described = FAMILIES[dist]
    timed = timed_rows(frame, described.family, kind)
    latency = _latency(frame, described.family, timed)
    model = _with_cured(latency, incidence)
    optimum = _best(model, latency, frame)
    back = model.restore()
    clusters = [groups.codes for groups in frame.clusters] if frame.clusters or robust else None
    cov = covariances(model, optimum.theta, optimum.evaluation.information, clusters)
    theta = back @ optimum.theta
    names, measures = _named(frame, described, incidence.names, theta)
    is_boundary = _is_boundary(model, optimum)
    checked = follow_up(frame.time, frame.event) if frame.upper is None else None
    trouble = _boundary_remark() if is_boundary else trouble_of(optimum, names)
    used, n_event = back @ cov.used @ back.T, int((kind != RIGHT).sum())
    remarks = fit_remarks(frame, n_event, used, robust=robust)
    return CureFit(
        frame=frame,
        names=names,
        measures=measures,
        coef=_frozen(theta),
        cov=_frozen(used),
        cov_model=_frozen(back @ cov.model @ back.T),
        log_lik=optimum.evaluation.value + timed.constant,
        n_event=n_event,
        optimum=optimum.summary,
        remarks=(*remarks, *_follow_up_remark(checked), *trouble),
        trouble=trouble,
        conf_level=conf_level,
        is_robust=clusters is not None,
        dist=dist,
        incidence=incidence.design,
        Z=_frozen(incidence.Z),
        incidence_names=incidence.names,
        incidence_columns=_frozen(incidence.columns),
        kind=_frozen(kind),
        follow_up=checked,
        is_boundary=is_boundary,
    )


def _named(
    frame: HazardFrame, described: Described, incidence: tuple[str, ...], theta: FloatArray
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Name the parameters of both parts and say what each is."""
    shown = reported(frame, described, theta[len(incidence) :], is_ph=False)
    odds = ("log odds" if name == "Intercept" else "log odds ratio" for name in incidence)
    names = (*(f"cure: {name}" for name in incidence), *shown.names)
    return names, (*odds, *shown.measures)


def _latency(frame: HazardFrame, family: TimesFamily, timed: TimedRows) -> RegressionModel:
    order, weights = kind_order(timed.rows), frame.weights
    return RegressionModel(
        family,
        ordered_rows(timed.rows, order),
        survreg_predictors(frame, family, frame.X, frame.names, timed.unit, order),
        weights if weights is None or order is None else weights[order],
        order,
    )


def _with_cured(latency: RegressionModel, incidence: "Incidence") -> RegressionModel:
    share = standardised(incidence.Z, incidence.names, order=latency.order)
    predictors = (share, *latency.predictors)
    return replace(latency, family=Mixture(latency.family), predictors=predictors)


def _best(model: RegressionModel, latency: RegressionModel, frame: HazardFrame) -> Optimum:
    """Search from several cured fractions and keep the best end."""
    plateau, uncured = _plateau(frame)
    weights = uncured if frame.weights is None else uncured * frame.weights
    weighted = replace(latency, weights=weights if model.order is None else weights[model.order])
    inner = climb(weighted, starting_values(weighted)).theta
    share, ends = _share(model), []
    for fraction in dict.fromkeys([*(plateau * share for share in _SHARES), _SMALL]):
        start = np.concatenate([np.zeros(share.width), inner])
        if share.has_intercept:
            start[0] = special.logit(fraction)
        ends.append(climb(model, start))
    return max(ends, key=lambda end: end.evaluation.value + (1e-6 if end.drift is None else 0.0))


def _plateau(frame: HazardFrame) -> tuple[float, FloatArray]:
    """Give where the curve ends, and each row's share of still having the event to come."""
    if frame.upper is not None:
        bounded = np.isfinite(frame.upper)
        share = 1.0 - float(np.average(bounded, weights=frame.weights))
        return float(np.clip(share, 0.02, 0.95)), np.where(bounded, 1.0, 0.3)
    counts = risk_sets(frame.time, frame.event, entry=frame.entry, weights=frame.weights)
    S = product_limit(counts)[0]
    end = float(np.clip(S[-1], 0.02, 0.95))
    here = S[np.searchsorted(counts.time, frame.time)]
    later = np.clip((here - end) / np.maximum(here, 1e-12), 1e-3, 1.0)
    return end, np.where(frame.event, 1.0, later)


def _is_boundary(model: RegressionModel, optimum: Optimum) -> bool:
    """Tell whether the likelihood rises as the cured fraction falls to 0 everywhere."""
    if optimum.drift is None:
        return False
    share = _share(model)
    zeta = share.value(optimum.theta[: share.width], 0, model.n_obs)
    return bool(special.expit(zeta).max() < _NONE)


def _share(model: RegressionModel) -> Predictor:
    share = model.predictors[0]
    if isinstance(share, LevelPredictor):
        raise AssertionError("the cured fraction has covariates")
    return share


def _boundary_remark() -> tuple[str, ...]:
    return (
        "The cured fraction is estimated as 0: nothing in the data tells people who never have"
        " the event from people who have it late. Take survreg, whose likelihood is the same.",
    )


def _follow_up_remark(checked: FollowUp | None) -> tuple[str, ...]:
    if checked is None:
        return ("Whether the follow-up was long enough is not checked for intervals.",)
    if checked.is_sufficient:
        return ()
    return (
        f"The follow-up may be too short to tell a cured fraction: {checked.n_late:,} events lie"
        f" in the last stretch as long as the plateau, which would be so with chance"
        f" {checked.alpha:.2f} if more events were still to come (Maller and Zhou's check wants"
        f" under {SUFFICIENT}). The cured fraction then leans on the distribution chosen.",
    )


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    values.setflags(write=False)
    return values
