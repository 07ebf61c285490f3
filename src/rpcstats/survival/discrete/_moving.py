"""The unit parts of the columns that vary with the session, ready for sums."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]
Span = slice | IntArray

_BLOCK = 8192
"""Units whose rows stay in cache."""

_FEW = 8
"""Where fewer than one unit in so many is at risk, their rows are copied out."""


class MovingParts:
    """Unit parts of the varying columns.

    Parameters
    ----------
    Z : ndarray of shape (U, q)
        Parts of units.
    part : ndarray of shape (p,), int
        Which column of Z each column of the design takes.
    varying : ndarray of int
        Columns whose session part is not 1 everywhere.
    """

    def __init__(self, Z: FloatArray, part: IntArray, varying: IntArray) -> None:
        self._Z = Z
        self._used = np.unique(part[varying])
        self._columns = Z[:, self._used]
        self._place = np.searchsorted(self._used, part)
        self._varying = varying
        self.ones = bool((self._columns == 1.0).all())

    def place_of(self, columns: IntArray) -> IntArray:
        """Tell which unit part varying columns take.

        Parameters
        ----------
        columns : ndarray of int
            Varying columns.

        Returns
        -------
        ndarray of int
            Places in what `products` gives.
        """
        return self._place[columns]

    def sums(self, e: FloatArray, units: Span) -> FloatArray:
        """Sum the unit part of each varying column times e.

        Parameters
        ----------
        e : ndarray of shape (c,)
            A value of each unit at risk.
        units : slice or ndarray of int
            Those units.

        Returns
        -------
        ndarray of shape (v,)
            The sums.
        """
        if self.ones:
            return np.full(len(self._varying), e.sum())
        total: FloatArray = self._columns[units].T @ e
        return total[self._place[self._varying]]

    def products(self, w: FloatArray, units: Span) -> FloatArray:
        """Sum the products of all unit parts with the varying ones, times w.

        Parameters
        ----------
        w : ndarray of shape (c,)
            A weight of each unit at risk.
        units : slice or ndarray of int
            Those units.

        Returns
        -------
        ndarray of shape (q, v)
            The sums.
        """
        Z, columns = self._Z, self._columns
        if not isinstance(units, slice) and self.ones and len(w) * _FEW > len(Z):
            full = np.zeros(len(Z))
            full[units] = w
            return np.outer(Z.T @ full, np.ones(len(self._used)))
        Z, columns = Z[units], columns[units]
        if self.ones:
            return np.outer(Z.T @ w, np.ones(len(self._used)))
        found: FloatArray = Z.T @ (columns * w[:, None])
        return found


def nested_products(
    Z: FloatArray, w: FloatArray, start: IntArray, sizes: list[int]
) -> tuple[FloatArray, FloatArray]:
    """Sum weighted products of unit parts where the units at risk are always the first ones.

    Parameters
    ----------
    Z : ndarray of shape (U, q)
        Parts of units.
    w : ndarray of shape (C,)
        A weight of each cell, session by session.
    start : ndarray of shape (K + 1,), int
        Where the cells of each session begin.
    sizes : list of int
        Units at risk at each session.

    Returns
    -------
    inner : ndarray of shape (q, q)
        Z'WZ over all sessions.
    sums : ndarray of shape (K, q)
        Z'w of each session.
    """
    q, K = Z.shape[1], len(sizes)
    inner, sums = np.zeros((q, q)), np.zeros((K, q))
    for first in range(0, len(Z), _BLOCK):
        part = Z[first : first + _BLOCK]
        W = np.zeros((K, len(part)))
        for k, size in enumerate(sizes):
            n = min(size - first, len(part))
            if n > 0:
                W[k, :n] = w[start[k] + first : start[k] + first + n]
        sums += W @ part
        inner += (part * W.sum(axis=0)[:, None]).T @ part
    return inner, sums
