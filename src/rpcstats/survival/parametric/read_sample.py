"""Formula and frame to the sample of a parametric model, whatever the kind of censoring."""

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.formula import Formula, Surv, parse_formula
from rpcstats.formula.columns import read_columns
from rpcstats.formula.groups import refuse_one_cluster
from rpcstats.survival.structure.build import Special, hazard_frame
from rpcstats.survival.structure.hazard_frame import HazardFrame


class Sample(NamedTuple):
    """A sample of times, exact or censored in any way.

    Attributes
    ----------
    frame : HazardFrame
        Its checked arrays.
    below : ndarray of shape (n,), bool, or None
        Rows without a lower limit; None where times are not given by limits.
    """

    frame: HazardFrame
    below: NDArray[np.bool_] | None

    @property
    def has_strata(self) -> bool:
        """Whether the formula has strata()."""
        return bool(self.frame.design.formula.strata)


def read_sample(
    formula: str | Formula,
    data: Any,
    *,
    weights: str | None,
    allow: Collection[Special] = ("strata", "cluster", "offset"),
    beside: tuple[str, ...] = (),
    intercept: bool = True,
    lazily: bool = False,
) -> Sample:
    """Read and check a sample of times, exact or censored in any way.

    Parameters
    ----------
    formula : str or Formula
        With Surv() on the left side.
    data : frame
        pandas, or any frame narwhals reads.
    weights : str or None
        Column of case weights.
    allow : collection of str
        Special terms the model understands.
    beside : tuple of str
        Columns the model needs beside those of the formula.
    intercept : bool
        Whether the covariates have a column of ones.
    lazily : bool
        Whether the matrix of many covariates is made when it is asked for, as in `hazard_frame`.

    Returns
    -------
    Sample
        The sample.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If the data can't be fitted.
    """
    parsed = formula if isinstance(formula, Formula) else parse_formula(formula)
    surv = parsed.response
    is_interval = isinstance(surv, Surv) and surv.is_interval
    frame = hazard_frame(
        parsed,
        data,
        response="interval" if is_interval else "event",
        allow=allow,
        weights=weights,
        intercept=intercept,
        beside=beside,
        lazily=lazily,
    )
    refuse_one_cluster(frame.clusters, frame.cluster_names)
    if not is_interval or not isinstance(surv, Surv):
        return Sample(frame, None)
    lower = read_columns(data, (surv.time,))[surv.time].to_numpy(dtype=np.float64, na_value=np.nan)
    return Sample(frame, np.isnan(lower[frame.kept]))
