"""Scores of groups, and the code of a row they are counted by: arrays in, arrays out."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Scores(NamedTuple):
    """Observed and expected weighted events of each group, and the covariance of O - E.

    Attributes
    ----------
    observed, expected : ndarray of shape (k,)
        Weighted events seen, and expected if the hazards were equal.
    V : ndarray of shape (k, k)
        Covariance of observed - expected.
    """

    observed: FloatArray
    expected: FloatArray
    V: FloatArray


def group_ends(group: IntArray, event: NDArray[np.bool_], n_group: int) -> NDArray[Any]:
    """Give a code that tells group and end of each row.

    Parameters
    ----------
    group : ndarray of shape (n,), int
        Group codes 0 to n_group - 1.
    event : ndarray of shape (n,), bool
        Whether the exit was the event.
    n_group : int
        Number of groups.

    Returns
    -------
    ndarray of shape (n,), int
        Twice the group, one more for an event, in few bits.
    """
    ends = group.astype(np.min_scalar_type(2 * n_group))
    ends <<= 1
    ends |= event
    return ends


def with_zero_sums(V: FloatArray) -> FloatArray:
    """Make the rows of a covariance sum to zero, as scores do: 0 for a group compared with none.

    Parameters
    ----------
    V : ndarray of shape (k, k)
        Covariances; the diagonal is put in their place.

    Returns
    -------
    ndarray of shape (k, k)
        The same array.
    """
    np.fill_diagonal(V, 0.0)
    np.fill_diagonal(V, -V.sum(axis=1))
    return V
