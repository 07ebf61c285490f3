"""What is worth knowing of a sub-distribution model, in plain sentences."""

import numpy as np

from rpcstats.survival.competing._subdistribution_estimate import SubdistributionEstimate
from rpcstats.survival.competing._subdistribution_order import SubdistributionOrder
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.survival.structure.remarks import (
    convergence_remark,
    empty_strata_remark,
    few_clusters_remark,
    few_events_remark,
)


def trouble_of(found: SubdistributionEstimate, frame: HazardFrame) -> tuple[str, ...]:
    """Say what makes a sub-distribution model unfit for use.

    Parameters
    ----------
    found : SubdistributionEstimate
        The estimates.
    frame : HazardFrame
        What was fitted.

    Returns
    -------
    tuple of str
        Plain sentences.
    """
    endless = found.endless
    if not len(endless):
        return convergence_remark(found.optimum)
    names = ", ".join(frame.names[found.kept[j]] for j in endless)
    has = "has no finite estimate" if len(endless) == 1 else "have no finite estimates"
    return (
        "The covariates tell apart who has the event and who is left (monotone likelihood):"
        f" {names} {has}, and the numbers shown depend on where the search stopped. Leave out or"
        " merge what separates.",
    )


def remarks_of(
    frame: HazardFrame, order: SubdistributionOrder, found: SubdistributionEstimate
) -> tuple[str, ...]:
    """Say what a reader should know of a sub-distribution model.

    Parameters
    ----------
    frame : HazardFrame
        What was fitted.
    order : SubdistributionOrder
        The rows arranged.
    found : SubdistributionEstimate
        The estimates.

    Returns
    -------
    tuple of str
        Plain sentences.
    """
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
