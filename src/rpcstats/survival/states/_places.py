"""Where times fall among the rows of the same person: arrays in, arrays out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


class Keys(NamedTuple):
    """Numbers that order person and time together.

    Attributes
    ----------
    times : ndarray of shape (k,)
        Every time that may be asked for, sorted.
    """

    times: FloatArray

    def of(self, person: IntArray, time: FloatArray) -> IntArray:
        """Give a number to each pair of person and time, equal where both are."""
        found: IntArray = np.asarray(person, dtype=np.int64) * (len(self.times) + 1)
        found += np.searchsorted(self.times, time)
        return found


def keys_for(*times: FloatArray) -> Keys:
    """Prepare to order persons and times.

    Parameters
    ----------
    *times : ndarray
        All times that will be asked for.

    Returns
    -------
    Keys
        To be asked with `of`.
    """
    return Keys(np.unique(np.concatenate(times)))


def latest(key: IntArray, person: IntArray, wanted: IntArray, of: IntArray) -> IntArray:
    """Give the last entry of the same person at or before each wanted key.

    Parameters
    ----------
    key, person : ndarray of shape (n,), int
        Sorted keys and their persons.
    wanted, of : ndarray of shape (k,), int
        Keys asked for and their persons.

    Returns
    -------
    ndarray of shape (k,), int
        Index into `key`; -1 if there is none.
    """
    return _own(np.searchsorted(key, wanted, side="right") - 1, person, of)


def soonest(key: IntArray, person: IntArray, wanted: IntArray, of: IntArray) -> IntArray:
    """Give the first entry of the same person at or after each wanted key.

    Parameters
    ----------
    key, person : ndarray of shape (n,), int
        Sorted keys and their persons.
    wanted, of : ndarray of shape (k,), int
        Keys asked for and their persons.

    Returns
    -------
    ndarray of shape (k,), int
        Index into `key`; -1 if there is none.
    """
    return _own(np.searchsorted(key, wanted, side="left"), person, of)


def _own(place: IntArray, person: IntArray, of: IntArray) -> IntArray:
    if len(person) == 0:
        return np.full(len(place), -1, dtype=np.int64)
    there = (place >= 0) & (place < len(person))
    safe = np.where(there, place, 0)
    return np.where(there & (person[safe] == of), place, -1).astype(np.int64)
