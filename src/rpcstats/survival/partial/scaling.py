"""Columns centred and scaled, one line a covariate, in the order of the rows at risk."""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_CHUNK: Final = 8192

_NEAR: Final = 1 << 18
"""Numbers of a matrix that stays in the cache, so that its columns can be read one by one."""

_ENOUGH: Final = 4_000
"""Rows that tell centre and scale well enough, for they change no estimate."""


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Centre and scale of columns.

    Attributes
    ----------
    centre, scale : ndarray of shape (p,)
        What is taken off a column, and by what the rest is divided.
    """

    centre: FloatArray
    scale: FloatArray

    def taken(self, columns: IntArray) -> "Scaling":
        """Keep some columns.

        Parameters
        ----------
        columns : ndarray of int
            Which.

        Returns
        -------
        Scaling
            Those.
        """
        return Scaling(self.centre[columns], self.scale[columns])


class Lines(Protocol):
    """Columns that can be had one by one."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        ...

    def line(self, j: int) -> FloatArray:
        """Give one column, to be read only.

        Parameters
        ----------
        j : int
            Its place.

        Returns
        -------
        ndarray of shape (n,)
            The column, in the order of the data.
        """
        ...


def scaled_columns(order: Arrangement, X: FloatArray | Lines) -> tuple[FloatArray, Scaling]:
    """Arrange covariates, centred and of standard deviation one.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    X : ndarray of shape (n, p) or Lines
        Covariates in the order of the data.

    Returns
    -------
    X : ndarray of shape (p, r)
        Arranged, one line a covariate.
    Scaling
        Centre and scale.
    """
    scaling = scaling_of(X)
    if not isinstance(X, np.ndarray) or X.size <= _NEAR:
        return _line_by_line(order, X, scaling), scaling
    n_column, n_row = X.shape[1], len(order.rows)
    whole, first = _whole_rows(X)
    arranged = np.empty((n_column, n_row))
    taken = np.empty((min(_CHUNK, n_row), whole.shape[1]))
    factor = (1.0 / scaling.scale)[:, None]
    shift = -scaling.centre[:, None] * factor
    for a in range(0, n_row, _CHUNK):
        rows = order.rows[a : a + _CHUNK]
        chunk = taken[: len(rows)]
        np.take(whole, rows, axis=0, out=chunk, mode="clip")
        out = arranged[:, a : a + len(rows)]
        np.multiply(chunk[:, first : first + n_column].T, factor, out=out)
        out += shift
    return arranged, scaling


def _line_by_line(order: Arrangement, X: FloatArray | Lines, scaling: Scaling) -> FloatArray:
    """Arrange columns one by one."""
    arranged = np.empty((X.shape[1], len(order.rows)))
    factor, rows = 1.0 / scaling.scale, order.rows.astype(np.intp)  # once, not in every line
    for j, out in enumerate(arranged):
        line = X[:, j] if isinstance(X, np.ndarray) else X.line(j)
        np.take(np.ascontiguousarray(line), rows, out=out, mode="clip")
        out *= factor[j]
        out -= scaling.centre[j] * factor[j]
    return arranged


def _whole_rows(X: FloatArray) -> tuple[FloatArray, int]:
    """Give a contiguous matrix that holds X, and its first column there.

    Rows are taken from such a matrix many times faster than from a slice of its columns.
    """
    base = X.base
    if X.flags.c_contiguous or not isinstance(base, np.ndarray):
        return np.ascontiguousarray(X), 0
    if base.ndim != 2 or not base.flags.c_contiguous or base.strides[0] != X.strides[0]:
        return np.ascontiguousarray(X), 0
    first = (X.__array_interface__["data"][0] - base.__array_interface__["data"][0]) // 8
    return (base, first) if first < base.shape[1] else (np.ascontiguousarray(X), 0)


def scaling_of(X: FloatArray | Lines) -> Scaling:
    """Find centre and scale of columns.

    Parameters
    ----------
    X : ndarray of shape (n, p) or Lines
        Columns.

    Returns
    -------
    Scaling
        About means and standard deviations, from part of the rows where they are many; a scale
        of 1 for a constant.
    """
    step = max(1, X.shape[0] // _ENOUGH)
    centre, variance = moments_of(_every(X, step))
    flat = np.flatnonzero(variance == 0.0)
    if step > 1 and len(flat):
        centre[flat], variance[flat] = moments_of(_every(X, 1, flat))
    return Scaling(centre, np.where(variance > 0.0, np.sqrt(variance), 1.0))


def _every(X: FloatArray | Lines, step: int, columns: IntArray | None = None) -> FloatArray:
    """Give every so many-th row of all columns, or of some."""
    if isinstance(X, np.ndarray):
        return X[::step] if columns is None else X[::step, columns]
    places = range(X.shape[1]) if columns is None else columns.tolist()
    taken = [X.line(j)[::step] for j in places]
    return np.column_stack(taken) if taken else np.empty((len(range(0, X.shape[0], step)), 0))


def moments_of(X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give means and sample variances of columns.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Columns.

    Returns
    -------
    mean, variance : ndarray of shape (p,)
        Two passes over the rows.
    """
    n, p = X.shape
    mean, squares = np.zeros(p), np.zeros(p)
    for a in range(0, n, _CHUNK):
        mean += _lines(X[a : a + _CHUNK]).sum(axis=1)
    mean /= n
    for a in range(0, n, _CHUNK):
        rest = _lines(X[a : a + _CHUNK]) - mean[:, None]
        squares += np.einsum("ij,ij->i", rest, rest)
    return mean, squares / max(n - 1, 1)


def _lines(X: FloatArray) -> FloatArray:
    """Give each column a line of its own, for sums along short rows are slow."""
    return np.ascontiguousarray(X.T)


def variances_of(X: FloatArray | Lines) -> FloatArray:
    """Give sample variances of columns.

    Parameters
    ----------
    X : ndarray of shape (n, p) or Lines
        Columns.

    Returns
    -------
    ndarray of shape (p,)
        Over all rows.
    """
    if isinstance(X, np.ndarray):
        return moments_of(X)[1]
    return np.array([moments_of(X.line(j)[:, None])[1][0] for j in range(X.shape[1])])
