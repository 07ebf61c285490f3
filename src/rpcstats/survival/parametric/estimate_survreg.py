"""Maximum likelihood of a parametric regression on arrays already read."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.parametric._censored_rows import kind_order, ordered_rows
from rpcstats.survival.parametric._covariance import covariances
from rpcstats.survival.parametric._newton import Optimum, climb
from rpcstats.survival.parametric._predictor import LevelPredictor, Predictor, standardised
from rpcstats.survival.parametric._regression_model import RegressionModel
from rpcstats.survival.parametric._starting_values import starting_values
from rpcstats.survival.parametric.families import FAMILIES, Distribution, TimesFamily
from rpcstats.survival.parametric.parameters import inner_names, reported
from rpcstats.survival.parametric.survreg_fit import Parameterisation, SurvregFit
from rpcstats.survival.parametric.timed_rows import (
    TimedRows,
    censoring_kinds,
    refuse_uninformative,
    timed_rows,
)
from rpcstats.survival.parametric.wording import fit_remarks, trouble_of
from rpcstats.survival.partial.scaling import Lines
from rpcstats.survival.structure.hazard_frame import HazardFrame

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Found(NamedTuple):
    """A model with its optimum.

    Attributes
    ----------
    model : RegressionModel
        The log-likelihood, in standardised columns.
    optimum : Optimum
        Where it is largest.
    to_natural : ndarray of shape (P, P)
        Matrix from its coefficients to those in the units of the data.
    shift : ndarray of shape (P,)
        Added after that.
    centre : ndarray of shape (p,)
        Means taken off the location's columns, 0 for an intercept or without one.
    log_lik : float
        Log-likelihood of the times.
    """

    model: RegressionModel
    optimum: Optimum
    to_natural: FloatArray
    shift: FloatArray
    centre: FloatArray
    log_lik: float

    @property
    def theta(self) -> FloatArray:
        """Coefficients in the units of the data."""
        theta: FloatArray = self.to_natural @ self.optimum.theta + self.shift
        return theta

    @property
    def to_centred(self) -> FloatArray:
        """As `to_natural`, for columns taken from the centre."""
        matrix = self.to_natural.copy()
        if np.any(self.centre):
            matrix[0, 1 : len(self.centre)] = 0.0
        return matrix


def fit_survreg(
    frame: HazardFrame,
    *,
    dist: Distribution,
    parameterisation: Parameterisation = "aft",
    robust: bool = False,
    conf_level: float = 0.95,
    below: NDArray[np.bool_] | None = None,
) -> SurvregFit:
    """Fit a parametric regression to arrays already read.

    Parameters
    ----------
    frame : HazardFrame
        The sample.
    dist : str
        The distribution.
    parameterisation : {"aft", "ph"}
        Coefficients of log time or of the log hazard.
    robust : bool
        Whether to take the sandwich covariance with each row a cluster.
    conf_level : float
        Level of the intervals.
    below : ndarray of shape (n,), bool, optional
        Rows without a lower limit, which for a distribution of time itself is not the same as
        a lower limit of 0.

    Returns
    -------
    SurvregFit
        The fit; nothing is warned of.
    """
    described = FAMILIES[dist]
    can_be_negative = described.effect == "difference in time"
    kind = censoring_kinds(frame, below if can_be_negative else None)
    refuse_uninformative(frame, kind)
    timed = timed_rows(frame, described.family, kind)
    found = find_optimum(frame, described.family, timed)
    clusters = [groups.codes for groups in frame.clusters] if frame.clusters or robust else None
    cov = covariances(
        found.model, found.optimum.theta, found.optimum.evaluation.information, clusters
    )
    shown = reported(frame, described, found.theta, is_ph=parameterisation == "ph")
    to_shown = shown.jacobian @ found.to_natural
    trouble = trouble_of(found.optimum, inner_names(frame, described.family))
    used = to_shown @ cov.used @ to_shown.T
    n_event = int((kind != 0).sum())
    return SurvregFit(
        frame=frame,
        names=shown.names,
        measures=shown.measures,
        coef=_frozen(shown.coef),
        cov=_frozen(used),
        cov_model=_frozen(to_shown @ cov.model @ to_shown.T),
        log_lik=found.log_lik,
        n_event=n_event,
        optimum=found.optimum.summary,
        remarks=(*fit_remarks(frame, n_event, used, robust=robust), *trouble),
        trouble=trouble,
        conf_level=conf_level,
        is_robust=clusters is not None,
        dist=dist,
        parameterisation=parameterisation,
        kind=_frozen(kind),
        theta=_frozen(found.theta),
        theta_cov=_frozen(found.to_natural @ cov.used @ found.to_natural.T),
        centre=_frozen(found.centre),
        centred_cov=_frozen(found.to_centred @ cov.used @ found.to_centred.T),
    )


def find_optimum(
    frame: HazardFrame, family: TimesFamily, timed: TimedRows, *, covariates: bool = True
) -> Found:
    """Search for the maximum likelihood estimates.

    Parameters
    ----------
    frame : HazardFrame
        The sample.
    family : TimesFamily
        The distribution.
    timed : TimedRows
        Its times.
    covariates : bool
        Whether the model has those of the formula; else an intercept alone.

    Returns
    -------
    Found
        The optimum.
    """
    X: FloatArray | Lines = np.ones((frame.n_obs, 1))
    names: tuple[str, ...] = ("Intercept",)
    if covariates:
        names = frame.names
        X = frame.X if frame.covariates.is_made else frame.covariates
    order = kind_order(timed.rows)
    predictors = survreg_predictors(frame, family, X, names, timed.unit, order)
    model = RegressionModel(
        family,
        ordered_rows(timed.rows, order),
        predictors,
        frame.weights if frame.weights is None or order is None else frame.weights[order],
        order,
    )
    start = starting_values(model)
    optimum = climb(model, start)
    to_natural, shift = model.restore(), np.zeros(model.n_parameter)
    location = len(names)
    if not family.on_log and family.extras == ("shape",):
        to_natural[location:] /= timed.unit
    elif not family.on_log:
        to_natural[:location] *= timed.unit
        shift[location:] = np.log(timed.unit)
    log_lik = optimum.evaluation.value + timed.constant
    return Found(model, optimum, to_natural, shift, predictors[0].mean, log_lik)


def null_log_lik(fit: SurvregFit) -> float:
    """Give the log-likelihood of a model without covariates.

    Parameters
    ----------
    fit : SurvregFit
        The model with them.

    Returns
    -------
    float
        Log-likelihood with an intercept, and the scales of the strata, alone.
    """
    family = fit.described.family
    timed = timed_rows(fit.frame, family, fit.kind)
    return find_optimum(fit.frame, family, timed, covariates=False).log_lik


def survreg_predictors(
    frame: HazardFrame,
    family: TimesFamily,
    X: FloatArray | Lines,
    names: tuple[str, ...],
    unit: float,
    order: IntArray | None,
) -> tuple[Predictor, *tuple[LevelPredictor, ...]]:
    """Make the predictors of location, scale and shape.

    Parameters
    ----------
    frame : HazardFrame
        The sample.
    family : TimesFamily
        The distribution.
    X : ndarray of shape (n, p) or Lines
        Covariates of the location.
    names : tuple of str
        Their names.
    unit : float
        Unit of the times.
    order : ndarray of shape (n,), int, or None
        Order in which the rows are wanted.

    Returns
    -------
    tuple of Predictor or LevelPredictor
        One for each parameter of the family.
    """
    is_rate = family.extras == ("shape",)
    offset = frame.offset
    if offset is not None and not family.on_log and not is_rate:
        offset = offset / unit
    shift = float(np.log(unit)) if is_rate else 0.0
    location = standardised(X, names, offset, order=order, shift=shift)
    n_strata = len(frame.strata.labels)
    extras: list[LevelPredictor] = []
    for place in range(len(family.extras)):
        shared = place > 0 or n_strata == 1
        codes = None if shared else frame.strata.codes
        if codes is not None and order is not None:
            codes = codes[order]
        extras.append(LevelPredictor(codes, 1 if shared else n_strata))
    return location, *extras


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    values.setflags(write=False)
    return values
