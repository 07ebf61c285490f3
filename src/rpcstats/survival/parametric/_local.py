"""Row terms of a log-likelihood with their derivatives to a few parameters of each row."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Local(NamedTuple):
    """A function of k parameters of each row, with its derivatives.

    Attributes
    ----------
    value : ndarray of shape (m,)
        The function.
    first : ndarray of shape (k, m)
        First derivatives.
    second : ndarray of shape (k, k, m)
        Second derivatives, both triangles.
    """

    value: FloatArray
    first: FloatArray
    second: FloatArray

    def at(self, rows: NDArray[np.bool_] | IntArray) -> "Local":
        """Take some of the rows.

        Parameters
        ----------
        rows : ndarray
            Mask or positions.

        Returns
        -------
        Local
            The function at those rows.
        """
        return Local(self.value[rows], self.first[:, rows], self.second[:, :, rows])


def zero_local(k: int, m: int) -> Local:
    """Give the function that is 0 everywhere.

    Parameters
    ----------
    k, m : int
        Parameters and rows.

    Returns
    -------
    Local
        Zeros.
    """
    return Local(np.zeros(m), np.zeros((k, m)), np.zeros((k, k, m)))


def scaled_local(part: Local, factor: float) -> Local:
    """Multiply a function by a number.

    Parameters
    ----------
    part : Local
        The function.
    factor : float
        The number.

    Returns
    -------
    Local
        The product.
    """
    return Local(factor * part.value, factor * part.first, factor * part.second)


def outer(first: FloatArray) -> FloatArray:
    """Give the products of first derivatives.

    Parameters
    ----------
    first : ndarray of shape (k, m)
        First derivatives.

    Returns
    -------
    ndarray of shape (k, k, m)
        Their outer product, row by row.
    """
    product: FloatArray = first[:, None, :] * first[None, :, :]
    return product


def log_between(lower: Local, upper: Local) -> Local:
    """Give log(S(l) − S(u)) from log S at both ends of each interval.

    Parameters
    ----------
    lower, upper : Local
        Log survival at the lower and at the upper limit, accurate where it is near 0 too.

    Returns
    -------
    Local
        Log probability of the interval.
    """
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        value = lower.value + np.log(-np.expm1(upper.value - lower.value))
        r, s = np.exp(lower.value - value), np.exp(upper.value - value)
        first = r * lower.first - s * upper.first
        second = r * (lower.second + outer(lower.first)) - s * (upper.second + outer(upper.first))
        second -= outer(first)
    return Local(value, first, second)


def log_before(upper: Local) -> Local:
    """Give log(1 − S(u)) from log S.

    Parameters
    ----------
    upper : Local
        Log survival, accurate where it is near 0 too.

    Returns
    -------
    Local
        Log probability of an event by that time.
    """
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        value = np.log(-np.expm1(upper.value))
        odds = np.exp(upper.value - value)
        first = -odds * upper.first
        second = -odds * (upper.second + outer(upper.first)) - outer(first)
    return Local(value, first, second)
