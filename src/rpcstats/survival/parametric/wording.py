"""What a parametric fit says of itself in plain words."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.parametric._generalised_gamma import LARGEST_Q
from rpcstats.survival.parametric._newton import Optimum
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.survival.structure.remarks import (
    convergence_remark,
    few_clusters_remark,
    few_events_remark,
)

FloatArray = NDArray[np.float64]

_SHARE = 0.1
"""A parameter takes part in a drift if it moves at least this share of the one that moves most."""
_EDGE: Final = 0.9
_RUNS_OFF: Final = (
    "The likelihood rises without end as {} runs off: the covariates tell the times almost without"
    " error, or too few events are left to estimate it. Leave covariates out, or take another"
    " distribution."
)


def trouble_of(optimum: Optimum, names: tuple[str, ...]) -> tuple[str, ...]:
    """Say why estimates are not to be relied on, if so.

    Parameters
    ----------
    optimum : Optimum
        Where the search ended.
    names : tuple of str
        Names of the parameters.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    if optimum.drift is None:
        at_edge = "Q" in names and abs(optimum.theta[names.index("Q")]) > _EDGE * LARGEST_Q
        if at_edge and not optimum.summary.converged:
            return (_RUNS_OFF.format("Q"),)
        return convergence_remark(optimum.summary)
    size = np.abs(optimum.drift)
    moving = [name for name, s in zip(names, size, strict=True) if s >= _SHARE * size.max()]
    scales = [name for name in moving if name.startswith(("Log(scale)", "Log(shape)", "Q"))]
    baseline = [name for name in moving if name == "Intercept" or name.startswith("gamma")]
    named = [name for name in moving if name not in (*baseline, *scales)] or scales
    listed = ", ".join(named or moving)
    if named == scales and scales:
        return (_RUNS_OFF.format(listed),)
    has = "has no finite estimate" if len(named or moving) == 1 else "have no finite estimates"
    return (
        f"The likelihood rises without end along {listed}, which {has}: some group of rows has no"
        " event, or only events. The numbers shown depend on where the search stopped; leave out"
        " or merge what separates.",
    )


def fit_remarks(
    frame: HazardFrame, n_event: int, cov: FloatArray, *, robust: bool
) -> tuple[str, ...]:
    """Say what a reader should know of a fit.

    Parameters
    ----------
    frame : HazardFrame
        The sample.
    n_event : int
        Rows whose event is known to have happened.
    cov : ndarray of shape (P, P)
        Covariance of the estimates.
    robust : bool
        Whether each row was taken as a cluster.

    Returns
    -------
    tuple of str
        The remarks.
    """
    covariates = [name for name in frame.names if name != "Intercept"]
    remarks = [*frame.remarks, *few_events_remark(n_event, len(covariates))]
    for name, groups in zip(frame.cluster_names, frame.clusters, strict=True):
        remarks += few_clusters_remark(len(groups.labels), name)
    is_known = bool(np.isfinite(cov).all())
    if len(frame.clusters) == 2 and is_known and np.linalg.eigvalsh(cov)[0] <= 0.0:
        remarks.append(
            "The two-way robust covariance is not positive definite: cluster by one column."
        )
    is_robust = robust or bool(frame.clusters)
    if frame.weights is not None and not is_robust and np.any(frame.weights % 1.0 != 0.0):
        remarks.append(
            "Weights are not whole numbers, but standard errors count them as people: for"
            " sampling or inverse-probability weights use robust=True."
        )
    return tuple(remarks)
