"""From the checked arrays of a Cox model to its fit."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.optimise import OptSummary
from rpcstats.formula.design_columns import ChosenColumns
from rpcstats.formula.groups import refuse_one_cluster
from rpcstats.survival.cox_fit import CoxFit
from rpcstats.survival.partial.arrange import Arrangement, arrange
from rpcstats.survival.partial.estimate import LARGE, Columns, Estimate, estimate
from rpcstats.survival.partial.event_terms import Ties, event_terms
from rpcstats.survival.partial.likelihood import TieMethod
from rpcstats.survival.partial.robust import sandwich_middle
from rpcstats.survival.structure.build import refuse_empty
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.survival.structure.remarks import (
    convergence_remark,
    empty_strata_remark,
    few_clusters_remark,
    few_events_remark,
)

FloatArray = NDArray[np.float64]


# Far out, where the likelihood has no maximum, numbers overflow: the search then says so.
@np.errstate(over="ignore", invalid="ignore")
def estimate_cox(
    frame: HazardFrame,
    *,
    ties: TieMethod = "efron",
    robust: bool = False,
    penalty: float = 0.0,
    scale_penalty: bool = True,
    firth: bool = False,
    conf_level: float = 0.95,
) -> CoxFit:
    """Fit a Cox model without random effects.

    Parameters
    ----------
    frame : HazardFrame
        Checked arrays; clusters make the errors robust.
    ties : {"efron", "breslow", "exact"}
        How tied events are treated.
    robust : bool
        Whether each row is a cluster of its own.
    penalty : float
        Ridge penalty on the coefficients, 0 or more.
    scale_penalty : bool
        Whether the penalty is on coefficients of columns of spread 1.
    firth : bool
        Whether to add Firth's penalty.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    CoxFit
        The fit. It warns of nothing: what makes it unfit for use is in `trouble`.

    Raises
    ------
    DataError
        If there is one row, no event, or a single cluster.
    """
    refuse_empty(frame)
    refuse_one_cluster(frame.clusters, frame.cluster_names)
    order = arrange(
        frame.time,
        frame.event,
        entry=frame.entry,
        stratum=frame.strata.codes,
        n_stratum=len(frame.strata.labels),
        weights=frame.weights,
    )
    # A search among few rows begins at 0, which saves this; one among many does not.
    null = None
    if ties != "exact" and len(order.rows) >= LARGE:
        null = _null(order, frame.offset, ties)
    given = Columns(_covariates(frame), frame.offset, ties, penalty, scale_penalty, firth)
    found = estimate(order, given)
    cov_model, cov = found.cov, found.cov
    if robust or frame.clusters:
        cov = _robust_covariance(frame, found)
    trouble = _trouble(found, frame)
    for values in (found.beta, cov, cov_model, found.information):
        values.setflags(write=False)
    return CoxFit(
        frame=_with_columns(frame, found),
        beta=found.beta,
        cov=cov,
        cov_model=cov_model,
        information=found.information,
        log_lik=found.maximum.log_lik,
        log_lik_null=found.maximum.start_log_lik if null is None else null,
        optimum=_optimum(found),
        ties=ties,
        penalty=penalty,
        scale_penalty=scale_penalty,
        is_firth=firth,
        is_robust=robust or bool(frame.clusters),
        conf_level=conf_level,
        trouble=trouble,
        remarks=(*_remarks(frame, order, found, cov, robust), *trouble),
    )


def _covariates(frame: HazardFrame) -> FloatArray | ChosenColumns:
    return frame.X if frame.covariates.is_made else frame.covariates


def _robust_covariance(frame: HazardFrame, found: Estimate) -> FloatArray:
    middle = sandwich_middle(found.maximum.point, [g.codes for g in frame.clusters])
    scale = found.scaling.scale
    bread = found.cov * scale
    return np.asarray(bread @ middle @ bread.T)


def _null(order: Arrangement, offset: FloatArray | None, ties: Ties) -> float:
    """Give the log partial likelihood of coefficients 0."""
    eta = np.zeros(len(order.rows)) if offset is None else order.take(offset)
    return event_terms(order, eta, ties).log_lik


def _optimum(found: Estimate) -> OptSummary:
    best = found.maximum
    # Firth's determinant is that of the scaled columns until their scale is put back.
    shift = float(np.log(found.scaling.scale).sum()) if found.likelihood.is_firth else 0.0
    return OptSummary(
        method="Newton",
        start=found.start / found.scaling.scale,
        end=found.beta,
        value=-best.value - shift,
        gradient_norm=best.gradient_norm,
        n_evaluation=best.n_evaluation,
        converged=best.converged,
        status=best.status,
        log=tuple(-value - shift for value in best.log),
    )


def _with_columns(frame: HazardFrame, found: Estimate) -> HazardFrame:
    """Leave the columns without an estimate out of the frame."""
    if len(found.kept) == len(frame.names):
        return frame
    columns = frame.columns[found.kept]
    columns.setflags(write=False)
    dropped = tuple(n for j, n in enumerate(frame.names) if j not in set(found.kept.tolist()))
    return replace(
        frame,
        covariates=frame.covariates.chosen(found.kept),
        columns=columns,
        names=tuple(frame.names[j] for j in found.kept),
        dropped=(*frame.dropped, *dropped),
    )


_WAY_OUT: Final = "Use firth=True, or leave out or merge what separates."
_WAY_OUT_EXACT: Final = (
    'Leave out or merge what separates, or use firth=True, which needs ties="efron".'
)


def _trouble(found: Estimate, frame: HazardFrame) -> tuple[str, ...]:
    endless = found.endless
    if not len(endless):
        return convergence_remark(_optimum(found))
    names = ", ".join(frame.names[found.kept[j]] for j in endless)
    has = "has no finite estimate" if len(endless) == 1 else "have no finite estimates"
    return (
        "The covariates tell apart who has the event and who is left (monotone likelihood):"
        f" {names} {has}, and the numbers shown depend on where the search stopped."
        f" {_WAY_OUT_EXACT if found.likelihood.ties == 'exact' else _WAY_OUT}",
    )


def _remarks(
    frame: HazardFrame, order: Arrangement, found: Estimate, cov: FloatArray, robust: bool
) -> tuple[str, ...]:
    dropped = [n for j, n in enumerate(frame.names) if j not in set(found.kept.tolist())]
    remarks = [*frame.remarks]
    if dropped:
        remarks.append(
            "Left out, because constant or determined by the other covariates among those at"
            f" risk together: {', '.join(dropped)}."
        )
    remarks += few_events_remark(frame.n_event, len(found.kept))
    remarks += empty_strata_remark(np.diff(order.start))
    for name, groups in zip(frame.cluster_names, frame.clusters, strict=True):
        remarks += few_clusters_remark(len(groups.labels), name)
    return (*remarks, *_error_remarks(frame, cov, robust))


def _error_remarks(frame: HazardFrame, cov: FloatArray, robust: bool) -> tuple[str, ...]:
    """Say what standard errors rest on where that may be other than was meant."""
    remarks = []
    is_robust = robust or bool(frame.clusters)
    if len(frame.clusters) == 2 and len(cov) and np.linalg.eigvalsh(cov)[0] <= 0.0:
        remarks.append(
            "The two-way robust covariance is not positive definite: cluster by one column."
        )
    for name, groups in zip(frame.cluster_names, frame.clusters, strict=True):
        if len(groups.labels) <= len(cov):
            remarks.append(
                f"{name} has no more clusters than there are coefficients: robust tests of all of"
                " them together can't be had."
            )
    if robust and not frame.clusters and frame.entry is not None:
        remarks.append(
            "Robust errors take each row as a person: where persons have several rows, name them"
            " in cluster()."
        )
    if frame.weights is not None and not is_robust and np.any(frame.weights % 1.0 != 0.0):
        remarks.append(
            "Weights are not whole numbers, but standard errors count them as people: for"
            " sampling or inverse-probability weights use robust=True."
        )
    return tuple(remarks)
