"""Where the search for the ordinal joint model starts."""

import numpy as np
from numpy.typing import NDArray

from rpcstats.designs.missing.joint_data import JointData
from rpcstats.designs.missing.joint_ordered_data import OrderedRatings

FloatArray = NDArray[np.float64]


def ordinal_start(data: JointData, ordered: OrderedRatings, linear: FloatArray) -> FloatArray:
    """Turn parameters of the linear model, without association, into those of the ordinal one.

    Parameters
    ----------
    data : JointData
        The arrays.
    ordered : OrderedRatings
        The categories.
    linear : ndarray of shape (P',)
        Parameters of the linear model.

    Returns
    -------
    ndarray of shape (P,)
        Thresholds half-way between categories, in standard deviations of a rating from the mean
        start; all that is in points divided by that standard deviation.
    """
    p = data.Z.shape[1]
    n_spread = 4 if data.has_goals else 3
    line, rest = linear[: 2 * p + n_spread], linear[2 * p + n_spread :]
    sigma = float(np.exp(rest[0]))
    middle = (ordered.values[1:] + ordered.values[:-1]) / 2.0 - data.centre
    return np.concatenate([(middle - line[0]) / sigma, line[1:] / sigma, rest[1:]])
