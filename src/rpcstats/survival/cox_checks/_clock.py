"""Functions of time along which a hazard ratio may drift."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._product_limit import product_limit
from rpcstats.survival._risk_sets import risk_sets

FloatArray = NDArray[np.float64]

TRANSFORMS: Final = ("km", "rank", "identity", "log")


def clock(
    transform: str, time: FloatArray, event: NDArray[np.bool_], entry: FloatArray | None
) -> FloatArray:
    """Give the function of time that a name stands for.

    Parameters
    ----------
    transform : {"km", "rank", "identity", "log"}
        1 - S(t-) of the pooled Kaplan-Meier curve, mean ranks, time, its logarithm.
    time : ndarray of shape (n,)
        Times of exit.
    event : ndarray of shape (n,), bool
        Whether the exit was the event.
    entry : ndarray of shape (n,) or None
        Times of entry.

    Returns
    -------
    ndarray of shape (n,)
        The function at each row's exit.
    """
    if transform == "identity":
        return time
    if transform == "log":
        with np.errstate(divide="ignore"):
            logs: FloatArray = np.log(time)
        return logs
    if transform == "rank":
        _, place, count = np.unique(time, return_inverse=True, return_counts=True)
        ranks: FloatArray = (np.cumsum(count) - (count - 1) / 2)[place]
        return ranks
    return _failed_before(time, event, entry)


def _failed_before(
    time: FloatArray, event: NDArray[np.bool_], entry: FloatArray | None
) -> FloatArray:
    counts = risk_sets(time, event, entry=entry)
    S, _ = product_limit(counts)
    before = 1.0 - np.concatenate([[1.0], S[:-1]])
    failed = np.empty(len(time))
    failed[slice(None) if counts.order is None else counts.order] = before[counts.position]
    return failed
