"""Shared curvature of many levels at many event times."""

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.frailties._columns import MixedColumns
from rpcstats.survival.frailties._point import Point

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def shared_by_rows(point: Point, border: IntArray) -> FloatArray:
    """Work out columns of the curvature that levels share, by one pass over the rows.

    Parameters
    ----------
    point : Point
        The partial likelihood.
    border : ndarray of shape (c,), int
        Effects whose columns are wanted.

    Returns
    -------
    ndarray of shape (Q, c)
        Σ A s s' - B (s d' + d s') + C d d' over the event times.
    """
    from rpcstats.survival.frailties._row_kernel import shared_curvature

    columns, order, terms = point.columns, point.columns.order, point.terms
    rows, values = _effects_of_rows(columns)
    first = order.start[order.stratum[order.last]] if order.first is None else order.first
    places = np.full(columns.n_effect, -1)
    places[border] = np.arange(len(border))
    found = np.zeros((columns.n_effect, len(border)))
    shared_curvature(
        rows,
        values,
        places,
        terms.r,
        order.begin.astype(np.int64, copy=False),
        np.argsort(first, kind="stable"),
        np.concatenate([[0], np.cumsum(np.bincount(first, minlength=order.n_time))]),
        order.start,
        order.n_tied,
        terms.A,
        terms.at_every_time(terms.B),
        terms.at_every_time(terms.C),
        found,
    )
    return found


def _effects_of_rows(columns: MixedColumns) -> tuple[IntArray, FloatArray]:
    rows, values, first = [], [], 0
    for part in columns.levels:
        for j in range(part.n_effect):
            rows.append(first + part.codes * part.n_effect + j)
            values.append(np.ones(len(part.codes)) if part.Z is None else part.Z[j])
        first += part.size
    return np.ascontiguousarray(np.array(rows).T), np.ascontiguousarray(np.array(values).T)
