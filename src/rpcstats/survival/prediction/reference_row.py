"""The row of covariates that linear predictors and baseline hazards are relative to."""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rpcstats.survival.structure.hazard_frame import HazardFrame

FloatArray = NDArray[np.float64]

_INDICATOR: Final = (-1.0, 0.0, 1.0)
"""Values of a column that stands for a category: its mean is nobody's."""


def reference_row(frame: "HazardFrame") -> FloatArray:
    """Give the covariates of the row that stands for the sample.

    Parameters
    ----------
    frame : HazardFrame
        The rows of a fit.

    Returns
    -------
    ndarray of shape (p,)
        The mean of each column by the case weights; 0 for a column that holds no other values
        than -1, 0 and 1, as in R's survival package.
    """
    if not frame.X.shape[1]:
        return np.zeros(0)
    row = np.asarray(np.average(frame.X, axis=0, weights=frame.weights), dtype=np.float64)
    row[np.isin(frame.X, _INDICATOR).all(axis=0)] = 0.0
    return row
