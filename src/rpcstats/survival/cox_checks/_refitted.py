"""A Cox model of the same rows with other covariates, to check the first one."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rpcstats.formula.design_columns import ChosenColumns
from rpcstats.survival.cox_checks.evaluation_sample import EvaluationSample
from rpcstats.survival.structure.build import no_groups

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit
    from rpcstats.survival.structure.hazard_frame import HazardFrame

FloatArray = NDArray[np.float64]


def refitted(
    frame: "HazardFrame",
    sample: EvaluationSample,
    X: FloatArray,
    *,
    time: FloatArray | None = None,
    event: NDArray[np.bool_] | None = None,
    is_comparable: bool = False,
) -> "CoxFit":
    """Fit covariates to the times of rows.

    Parameters
    ----------
    frame : HazardFrame
        Of the model that is checked.
    sample : EvaluationSample
        The rows.
    X : ndarray of shape (n, k)
        Covariates.
    time : ndarray of shape (n,), optional
        Times in place of those of the rows.
    event : ndarray of shape (n,), bool, optional
        Events likewise.
    is_comparable : bool
        Whether the fit keeps the strata and clusters of the rows.

    Returns
    -------
    CoxFit
        The fit, with Efron's ties.

    Raises
    ------
    DataError
        If there is one row, or no event.
    """
    from rpcstats.survival.cox_estimation import estimate_cox

    n, k = X.shape
    places = np.arange(k)
    clusters = sample.clusters if is_comparable else ()
    return estimate_cox(
        replace(
            frame,
            covariates=ChosenColumns.of(X),
            names=tuple(f"x{place}" for place in places),
            columns=places,
            time=sample.time if time is None else time,
            event=sample.event if event is None else event,
            entry=None,
            strata=sample.strata if is_comparable else no_groups(n),
            clusters=clusters,
            cluster_names=tuple(f"cluster {place}" for place in range(len(clusters))),
            weights=sample.weights,
            offset=None,
            kept=np.arange(n),
        )
    )
