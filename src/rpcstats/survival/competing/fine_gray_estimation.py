"""From the checked arrays of a sub-distribution model to its fit."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.optimise import OptSummary
from rpcstats.errors import DataError
from rpcstats.formula import Groups
from rpcstats.formula.groups import refuse_one_cluster
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival._row_places import RowPlaces
from rpcstats.survival.competing._censoring import Entering, censoring, entering
from rpcstats.survival.competing._subdistribution_likelihood import (
    SubdistributionEstimate,
    estimate_subdistribution,
)
from rpcstats.survival.competing._subdistribution_order import (
    SubdistributionOrder,
    subdistribution_order,
)
from rpcstats.survival.competing._subdistribution_scores import (
    EventSums,
    RowInfluence,
    Weighting,
    WeightVariance,
)
from rpcstats.survival.competing.cause_sample import find_cause
from rpcstats.survival.competing.fine_gray_fit import FineGrayFit
from rpcstats.survival.structure.build import refuse_empty
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.survival.structure.remarks import (
    convergence_remark,
    empty_strata_remark,
    few_clusters_remark,
    few_events_remark,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


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
    variance, conf_level
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
    order, weighting = _arranged(frame, frame.cause, code, groups, variance)
    covariates = frame.X if frame.covariates.is_made else frame.covariates
    found = estimate_subdistribution(order, covariates, frame.offset)
    U = score_influence(order, found, weighting)
    cov = found.cov @ clustered_covariance(U, [g.codes for g in frame.clusters]) @ found.cov
    del U
    for values in (found.beta, cov, found.cov):
        values.setflags(write=False)
    trouble = _trouble(found, frame)
    return FineGrayFit(
        frame=_with_columns(frame, found),
        cause=frame.causes[code - 1],
        beta=found.beta,
        cov=cov,
        cov_model=found.cov,
        log_lik=found.maximum.log_lik,
        log_lik_null=found.maximum.start_log_lik,
        optimum=_optimum(found),
        variance=variance,
        censoring_groups=groups.labels,
        conf_level=conf_level,
        trouble=trouble,
        remarks=(*_remarks(frame, order, found), *trouble),
        order=order,
        found=found,
        weighting=weighting,
    )


def score_influence(
    order: SubdistributionOrder,
    found: SubdistributionEstimate,
    weighting: Weighting,
    g: FloatArray | None = None,
) -> FloatArray:
    """Give the weighted influence of each row on the score.

    Parameters
    ----------
    order : SubdistributionOrder
        The rows arranged.
    found : SubdistributionEstimate
        The estimates.
    weighting : Weighting
        The weights and how they enter.
    g : ndarray of shape (m,), optional
        Factor of each event time; 1 if not given, which is the score of the coefficients.

    Returns
    -------
    ndarray of shape (n, q)
        In the order of the data and the units of the covariates.
    """
    terms, given = found.terms, found.likelihood
    factor = np.ones(order.n_time) if g is None else g
    rows = RowInfluence(order, terms.r, terms.e0, weighting)
    U = np.empty((order.n, len(given.X)), order="F")
    for j, x in enumerate(given.X):
        mean = order.at_risk(x * terms.r) / terms.S0
        U[:, j] = rows.on(EventSums(x, factor, factor * mean))
        U[:, j] *= found.scaling.scale[j]
    return U


def _arranged(
    frame: HazardFrame, codes: IntArray, code: int, groups: Groups, variance: WeightVariance
) -> tuple[SubdistributionOrder, Weighting]:
    n_group = len(groups.labels)
    places = None
    if n_group == len(frame.strata.labels) == 1:
        places = RowPlaces(frame.time, None, 1)
    observed = censoring(
        frame.time,
        codes == 0,
        groups.codes,
        n_group,
        frame.entry,
        frame.weights,
        places=places,
    )
    entered: Entering | None = None
    if frame.entry is not None and frame.entry.any():
        entered = entering(frame.time, frame.entry, groups.codes, n_group, frame.weights)
    order = subdistribution_order(
        frame.time,
        codes,
        code,
        entry=frame.entry,
        stratum=frame.strata.codes,
        n_stratum=len(frame.strata.labels),
        weights=frame.weights,
        group=groups.codes,
        observed=observed,
        entered=entered,
        places=places,
    )
    if not np.isfinite(order.pool.inverse).all():
        raise DataError(
            "Between two times everybody under observation left, or all had just entered, so that"
            " the weights of earlier competing events can't be estimated: leave out the rows"
            " before that gap, or merge censoring groups."
        )
    weighting = Weighting(observed, entered, frame.time, codes == 0, frame.weights, variance)
    return order, weighting


def _optimum(found: SubdistributionEstimate) -> OptSummary:
    best = found.maximum
    return OptSummary(
        method="Newton",
        start=np.zeros(len(found.beta)),
        end=found.beta,
        value=-best.value,
        gradient_norm=best.gradient_norm,
        n_evaluation=best.n_evaluation,
        converged=best.converged,
        status=best.status,
        log=tuple(-value for value in best.log),
    )


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


def _trouble(found: SubdistributionEstimate, frame: HazardFrame) -> tuple[str, ...]:
    endless = found.endless
    if not len(endless):
        return convergence_remark(_optimum(found))
    names = ", ".join(frame.names[found.kept[j]] for j in endless)
    has = "has no finite estimate" if len(endless) == 1 else "have no finite estimates"
    return (
        "The covariates tell apart who has the event and who is left (monotone likelihood):"
        f" {names} {has}, and the numbers shown depend on where the search stopped. Leave out or"
        " merge what separates.",
    )


def _remarks(
    frame: HazardFrame, order: SubdistributionOrder, found: SubdistributionEstimate
) -> tuple[str, ...]:
    kept = set(found.kept.tolist())
    lost = [name for j, name in enumerate(frame.names) if j not in kept]
    events = np.diff(np.append(0, np.cumsum(order.n_tied))[order.start])
    remarks = [*frame.remarks]
    if lost:
        remarks.append(
            "Left out, because constant or determined by the other covariates among those at"
            f" risk together: {', '.join(lost)}."
        )
    remarks += few_events_remark(int(order.n_tied.sum()), len(found.kept))
    remarks += empty_strata_remark(events)
    for name, groups in zip(frame.cluster_names, frame.clusters, strict=True):
        remarks += few_clusters_remark(len(groups.labels), name)
    if len(frame.causes) == 1:
        remarks.append("No other cause competes: the sub-distribution hazard is the hazard.")
    return tuple(remarks)
