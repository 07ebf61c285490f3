"""From the checked arrays of a sub-distribution model to its fit."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.formula import Groups
from rpcstats.formula.design_columns import ChosenColumns, DesignColumns
from rpcstats.formula.groups import refuse_one_cluster
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival._row_places import RowPlaces
from rpcstats.survival.competing._censoring_weights import (
    CensoringSteps,
    Weighting,
    WeightLimits,
    WeightVariance,
)
from rpcstats.survival.competing._plain_order import plain_order
from rpcstats.survival.competing._streamed_scores import can_be_streamed, score_covariance
from rpcstats.survival.competing._subdistribution_estimate import (
    FittedSubdistribution,
    SubdistributionEstimate,
    estimate_subdistribution,
)
from rpcstats.survival.competing._subdistribution_likelihood import (
    ChunkedPoint,
    SubdistributionLikelihood,
)
from rpcstats.survival.competing._subdistribution_order import (
    SubdistributionOrder,
    subdistribution_order,
)
from rpcstats.survival.competing._subdistribution_scores import EventSums, RowInfluence
from rpcstats.survival.competing.cause_sample import find_cause
from rpcstats.survival.competing.fine_gray_fit import FineGrayFit
from rpcstats.survival.competing.fine_gray_remarks import remarks_of, trouble_of
from rpcstats.survival.partial.arrange import arrange
from rpcstats.survival.partial.event_terms import EventTerms
from rpcstats.survival.structure.build import refuse_empty
from rpcstats.survival.structure.hazard_frame import HazardFrame

FloatArray = NDArray[np.float64]


def estimate_fine_gray(
    frame: HazardFrame,
    *,
    cause: str,
    groups: Groups,
    variance: WeightVariance = "fine-gray",
    conf_level: float = 0.95,
) -> FineGrayFit:
    """Fit a sub-distribution model.

    Parameters
    ----------
    frame : HazardFrame
        Checked arrays with causes.
    cause : str
        The cause of interest.
    groups : Groups
        Groups with a censoring distribution each.
    variance : str
        As in `fine_gray`.
    conf_level : float
        As in `fine_gray`.

    Returns
    -------
    FineGrayFit
        The fit. It warns of nothing: what makes it unfit for use is in `trouble`.

    Raises
    ------
    DataError
        If there is one row, a single cluster, or weights can't be estimated.
    ParameterError
        If the cause did not happen.
    """
    refuse_empty(frame)
    refuse_one_cluster(frame.clusters, frame.cluster_names)
    if frame.cause is None:
        raise AssertionError("the frame was read without causes")
    code = find_cause(cause, frame.causes) + 1
    weighting = Weighting(
        time=frame.time,
        codes=frame.cause,
        entry=frame.entry,
        group=groups.codes,
        n_group=len(groups.labels),
        weights=frame.weights,
        variance=variance,
    )
    order, found, middle = _estimated(frame, code, weighting)
    middle *= np.outer(found.scaling.scale, found.scaling.scale)
    cov = found.cov @ middle @ found.cov
    for values in (found.beta, cov, found.cov):
        values.setflags(write=False)
    trouble = trouble_of(found, frame)
    shown = _with_own_columns(_with_columns(frame, found))
    return FineGrayFit(
        frame=shown,
        cause=frame.causes[code - 1],
        beta=found.beta,
        cov=cov,
        cov_model=found.cov,
        log_lik=found.log_lik,
        log_lik_null=found.log_lik_null,
        optimum=found.optimum,
        variance=variance,
        censoring_groups=groups.labels,
        conf_level=conf_level,
        trouble=trouble,
        remarks=(*remarks_of(frame, order, found), *trouble),
        order=order,
        found=FittedSubdistribution.of(found, order, shown.covariates, frame.offset),
        weighting=weighting,
    )


def _estimated(
    frame: HazardFrame, code: int, weighting: Weighting
) -> tuple[SubdistributionOrder, SubdistributionEstimate, FloatArray]:
    """Give order, coefficients and the covariance of the score of the scaled columns."""
    order, steps, given = _arranged(frame, code, weighting)
    covariates = frame.X if frame.covariates.is_made else frame.covariates
    found, point, likelihood = estimate_subdistribution(order, covariates, frame.offset)
    clusters = [groups.codes for groups in frame.clusters]
    if given is None and isinstance(point, ChunkedPoint):
        return order, found, score_covariance(point, steps, weighting, clusters)
    terms = likelihood.terms(found.scaled_beta)
    U = row_scores(likelihood, terms, weighting, limits=given)
    return order, found, clustered_covariance(U, clusters)


def score_influence(
    found: FittedSubdistribution,
    weighting: Weighting,
    g: FloatArray | None = None,
) -> FloatArray:
    """Give the weighted influence of each row on the score.

    Parameters
    ----------
    found : FittedSubdistribution
        The estimates.
    weighting : Weighting
        How the weights enter.
    g : ndarray of shape (m,), optional
        Factor of each event time; 1 if not given, which is the score of the coefficients.

    Returns
    -------
    ndarray of shape (n, q)
        In the order of the data and the units of the covariates.
    """
    given = found.likelihood
    U = row_scores(given, given.terms(found.scaled_beta), weighting, g)
    U *= found.scaling.scale
    return U


def row_scores(
    given: SubdistributionLikelihood,
    terms: EventTerms,
    weighting: Weighting,
    g: FloatArray | None = None,
    *,
    limits: WeightLimits | None = None,
) -> FloatArray:
    """Give the weighted influence of each row on the score of the scaled columns.

    Parameters
    ----------
    given : SubdistributionLikelihood
        Rows and covariates.
    terms : EventTerms
        Terms at the estimates.
    weighting : Weighting
        How the weights enter.
    g : ndarray of shape (m,), optional
        As in `score_influence`.
    limits : WeightLimits, optional
        What the weights are made of; worked out anew if not given.

    Returns
    -------
    ndarray of shape (n, q)
        In the order of the data.
    """
    order = given.order
    factor = np.ones(order.n_time) if g is None else g
    rows = RowInfluence(order, terms.r, terms.e0, weighting, limits)
    U = np.empty((order.n, len(given.X)), order="F")
    for j, x in enumerate(given.X):
        mean = order.at_risk(x * terms.r) / terms.S0
        U[:, j] = rows.on(EventSums(x, factor, factor * mean))
    return U


def _arranged(
    frame: HazardFrame, code: int, weighting: Weighting
) -> tuple[SubdistributionOrder, CensoringSteps, WeightLimits | None]:
    """Give order, censoring steps, and all of the weights' estimates if they are needed."""
    n_stratum, places = len(frame.strata.labels), None
    is_plain = frame.entry is None and frame.weights is None
    if weighting.n_group == n_stratum == 1:
        plain = plain_order(frame.time, weighting.codes, code) if is_plain else None
        if plain is not None:
            return *plain, None
        places = None if is_plain else RowPlaces(frame.time, None, 1)
    limits = weighting.limits(places, by_row=n_stratum > 1)
    base = arrange(
        frame.time,
        weighting.codes == code,
        entry=frame.entry,
        stratum=frame.strata.codes,
        n_stratum=n_stratum,
        weights=frame.weights,
        places=places,
    )
    del places  # which is three times as long as the data
    order = subdistribution_order(
        base,
        weighting.codes,
        code,
        stratum=frame.strata.codes,
        weights=frame.weights,
        group=weighting.group,
        limits=limits,
    )
    if not np.isfinite(order.pool.inverse).all():
        raise DataError(
            "Between two times everybody under observation left, or all had just entered, so that"
            " the weights of earlier competing events can't be estimated: leave out the rows"
            " before that gap, or merge censoring groups."
        )
    steps = CensoringSteps.of(limits.observed.steps, is_whole=frame.weights is None)
    return order, steps, None if can_be_streamed(order) else limits


def _with_columns(frame: HazardFrame, found: SubdistributionEstimate) -> HazardFrame:
    """Leave the columns without an estimate out of the frame."""
    if len(found.kept) == len(frame.names):
        return frame
    columns = frame.columns[found.kept]
    columns.setflags(write=False)
    kept = set(found.kept.tolist())
    lost = tuple(name for j, name in enumerate(frame.names) if j not in kept)
    names = tuple(frame.names[j] for j in found.kept)
    return replace(
        frame,
        covariates=frame.covariates.chosen(found.kept),
        columns=columns,
        names=names,
        dropped=(*frame.dropped, *lost),
    )


def _with_own_columns(frame: HazardFrame) -> HazardFrame:
    """Copy columns that are still the data's, so that the fit does without the data."""
    if frame.covariates.is_made:
        return frame
    lines = np.empty(frame.covariates.shape[::-1])
    for j, line in enumerate(lines):
        line[:] = frame.covariates.line(j)
    lines.setflags(write=False)
    none = np.empty((0, len(frame.design.names)))
    return replace(
        frame,
        covariates=ChosenColumns.of(lines.T),
        design=replace(frame.design, columns=DesignColumns(none)),
    )
