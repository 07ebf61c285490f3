"""Sessions without an event that have a column of their own: their hazard is estimated as 0.

Such a session tells nothing of the other coefficients: the likelihood rises without end as its
own coefficient falls, and its person-sessions drop out.
"""

from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.discrete._cells import Cells

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]

NOBODY: Final = -40.0
"""Log-odds of a hazard that is 0 to every digit shown."""


class Kept(NamedTuple):
    """Cells of the sessions that tell something.

    Attributes
    ----------
    cells : Cells
        Their cells and columns.
    columns : ndarray of int
        Which columns those are.
    alone : ndarray of int
        Columns of the sessions left out, to be put at `NOBODY`.
    sessions : ndarray of int
        Sessions left out.
    """

    cells: Cells
    columns: IntArray
    alone: IntArray
    sessions: IntArray


def all_columns(cells: Cells) -> Kept:
    """Leave nothing out.

    Parameters
    ----------
    cells : Cells
        All sessions.

    Returns
    -------
    Kept
        The same.
    """
    none = np.zeros(0, dtype=np.int64)
    return Kept(cells, np.arange(cells.n_column), none, none)


def leave_out_empty(cells: Cells) -> Kept:
    """Leave out the sessions without an event that have a column of their own.

    Parameters
    ----------
    cells : Cells
        All sessions.

    Returns
    -------
    Kept
        The others.
    """
    total = [float(cells.events[:, at].sum()) for _, at, _ in cells.blocks()]
    is_one = np.asarray((cells.Z == 1.0).all(axis=0))[cells.part]
    alone = {
        int(np.flatnonzero(cells.S[:, j])[0]): int(j)
        for j in np.flatnonzero(((cells.S != 0.0).sum(axis=0) == 1) & is_one)
    }
    empty = [k for k, events in enumerate(total) if events == 0.0 and k in alone]
    if not empty or len(cells.S) == 1:
        return all_columns(cells)
    left = np.setdiff1d(np.arange(len(cells.S)), empty)
    columns = np.flatnonzero((cells.S[left] != 0.0).any(axis=0))
    spans = [slice(int(cells.start[k]), int(cells.start[k + 1])) for k in left]
    start = np.cumsum([0, *(span.stop - span.start for span in spans)])
    kept = replace(
        cells,
        S=cells.S[np.ix_(left, columns)],
        part=cells.part[columns],
        units=tuple(cells.units[k] for k in left),
        start=start.astype(np.int64),
        copies=None if cells.copies is None else np.concatenate([cells.copies[s] for s in spans]),
        events=np.concatenate([cells.events[:, s] for s in spans], axis=1),
    )
    return Kept(kept, columns, np.array([alone[k] for k in empty]), np.array(empty, dtype=np.int64))


def put_back(kept: Kept, beta: FloatArray, n_column: int) -> FloatArray:
    """Give coefficients of all columns.

    Parameters
    ----------
    kept : Kept
        What was left out.
    beta : ndarray of shape (..., p)
        Coefficients of the columns kept.
    n_column : int
        Columns of all sessions.

    Returns
    -------
    ndarray of shape (..., n_column)
        Those of the sessions left out are `NOBODY`.
    """
    found = np.zeros((*beta.shape[:-1], n_column))
    found[..., kept.columns] = beta
    found[..., kept.alone] = NOBODY
    return found


def widen(kept: Kept, n_column: int) -> FloatArray:
    """Give the matrix that puts zeros in the place of the columns left out.

    Parameters
    ----------
    kept : Kept
        What was left out.
    n_column : int
        Columns of all sessions.

    Returns
    -------
    ndarray of shape (n_column, p)
        Takes p coefficients to n_column ones.
    """
    found: FloatArray = np.eye(n_column)[:, kept.columns]
    return found
