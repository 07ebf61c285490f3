"""Rows arranged group by group so that sums over a group run along an axis."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray

LONGEST_COLUMN = 64
"""Rows of a longer group stand in several columns, whose sums are added up."""

CHUNK_ROWS = 16384
"""Rows handled at a time, so that temporaries stay in the processor's cache."""

WORTH_A_CHUNK = 2000
"""Rows of padding that cost about as much time as one more chunk."""


@dataclass(slots=True, eq=False)
class Chunk:
    """Some groups with their rows in an (m, S) array, each column the rows of one group.

    Attributes
    ----------
    groups : ndarray of shape (G,), int
        The groups.
    shape : tuple of int
        m rows a column and S columns.
    owner : ndarray of shape (S,), int, or None
        Position in `groups` of each column's group; None if column g is group g.
    starts : ndarray of shape (G,), int, or None
        First column of each group.
    X : ndarray of shape (p, m S)
        Fixed-effects columns.
    Z : tuple of (ndarray of shape (m, S) or None)
        Covariates of the q effects; None for ones.
    offset : ndarray of shape (m, S) or None
        Known part of the linear predictor.
    rows : tuple of ndarray
        What the likelihood needs to know of the rows.
    count : ndarray of shape (G,)
        Number of groups each group stands for.
    modes : ndarray of shape (q, G)
        Conditional modes on the scale of u last found.
    """

    groups: IntArray
    shape: tuple[int, int]
    owner: IntArray | None
    starts: IntArray | None
    X: FloatArray
    Z: tuple[FloatArray | None, ...]
    offset: FloatArray | None
    rows: Any
    count: FloatArray
    modes: FloatArray

    @property
    def column_groups(self) -> IntArray:
        """Position in `groups` of each column's group."""
        return np.arange(self.shape[1]) if self.owner is None else self.owner

    def sum_rows(self, values: FloatArray) -> FloatArray:
        """Add values up within groups.

        Parameters
        ----------
        values : ndarray of shape (..., m, S)
            One value a row.

        Returns
        -------
        ndarray of shape (..., G)
            Sums.
        """
        return self.sum_columns(np.asarray(np.add.reduce(values, axis=-2)))

    def sum_columns(self, values: FloatArray) -> FloatArray:
        """Add sums of columns up within groups.

        Parameters
        ----------
        values : ndarray of shape (..., S)
            One value a column.

        Returns
        -------
        ndarray of shape (..., G)
            Sums.
        """
        if self.starts is None:
            return values
        return np.asarray(np.add.reduceat(values, self.starts, axis=-1))

    def sum_effect(self, effect: int, values: FloatArray) -> FloatArray:
        """Add values times the covariate of an effect up within groups.

        Parameters
        ----------
        effect : int
            Position of the effect.
        values : ndarray of shape (..., m, S)
            One value a row.

        Returns
        -------
        ndarray of shape (..., G)
            Sums.
        """
        z = self.Z[effect]
        return self.sum_rows(values if z is None else values * z)

    def spread(self, values: FloatArray) -> FloatArray:
        """Give each row the value of its group.

        Parameters
        ----------
        values : ndarray of shape (..., G)
            One value a group.

        Returns
        -------
        ndarray of shape (..., 1, S)
            The values, ready to meet arrays of rows.
        """
        return values[..., None, :] if self.owner is None else values[..., None, self.owner]


@dataclass(frozen=True, slots=True, eq=False)
class SortedRows:
    """Rows with those of a group side by side.

    Attributes
    ----------
    starts : ndarray of shape (G + 1,), int
        First row of each group, and the number of rows.
    X, Z : ndarray of shape (n, p), (n, q)
        Columns of the fixed effects and of the random effects.
    offset : ndarray of shape (n,) or None
        Known part of the linear predictor.
    y, weight : ndarray of shape (n,)
        Response and its weights.
    count : ndarray of shape (G,)
        Number of groups each group stands for.
    """

    starts: IntArray
    X: FloatArray
    Z: FloatArray
    offset: FloatArray | None
    y: FloatArray
    weight: FloatArray
    count: FloatArray


def arrange_chunks(data: SortedRows, likelihood: ResponseLikelihood) -> list[Chunk]:
    """Cut sorted rows into chunks.

    Parameters
    ----------
    data : SortedRows
        The rows.
    likelihood : ResponseLikelihood
        Prepares the rows of each chunk, without their constant.

    Returns
    -------
    list of Chunk
        The chunks; every group is in one of them.
    """
    sizes = np.diff(data.starts)
    unit = tuple(bool(np.all(data.Z[:, a] == 1.0)) for a in range(data.Z.shape[1]))
    chunks = []
    for height, members in _bucket_sizes(sizes):
        columns = -(-sizes[members] // height)
        ends = np.cumsum(columns)
        per_chunk = max(1, CHUNK_ROWS // height)
        first = 0
        while first < len(members):
            before = ends[first - 1] if first else 0
            last = max(first + 1, int(np.searchsorted(ends, before + per_chunk, side="right")))
            part = slice(first, last)
            chunks.append(_fill_chunk(data, likelihood, members[part], columns[part], height, unit))
            first = last
    return chunks


def _column_heights(sizes: IntArray) -> IntArray:
    columns = -(-sizes // LONGEST_COLUMN)
    return -(-sizes // np.maximum(columns, 1))


def _bucket_sizes(sizes: IntArray) -> list[tuple[int, IntArray]]:
    """Give column heights and the groups that fit them with little padding."""
    heights = _column_heights(sizes)
    order = np.argsort(-heights, kind="stable")
    values, first, counts = np.unique(-heights[order], return_index=True, return_counts=True)
    buckets: list[tuple[int, list[IntArray]]] = []
    padding = 0
    columns = -(-sizes // np.maximum(heights, 1))
    for height, start, count in zip(-values, first, counts, strict=True):
        members = order[start : start + count]
        extra = int(columns[members].sum()) * (buckets[-1][0] - int(height)) if buckets else 0
        if buckets and padding + extra <= WORTH_A_CHUNK:
            buckets[-1][1].append(members)
            padding += extra
        else:
            buckets.append((int(height), [members]))
            padding = 0
    return [(height, np.sort(np.concatenate(parts))) for height, parts in buckets]


def _fill_chunk(
    data: SortedRows,
    likelihood: ResponseLikelihood,
    members: IntArray,
    columns: IntArray,
    height: int,
    unit: tuple[bool, ...],
) -> Chunk:
    first, end = data.starts[members], data.starts[members + 1]
    split = bool(np.any(columns > 1))
    owner = np.repeat(np.arange(len(members)), columns)
    starts = np.cumsum(columns) - columns
    within = (np.arange(len(owner)) - starts[owner]) * height
    index = first[owner] + within + np.arange(height)[:, None]
    padded = index >= end[owner]
    np.minimum(index, end[owner] - 1, out=index)
    y, weight = data.y[index], data.weight[index]
    offset = None if data.offset is None else data.offset[index]
    if padded.any():
        if likelihood.silent is not None and np.all(weight == 1.0):
            offset = np.zeros(index.shape) if offset is None else offset
            y[padded], offset[padded] = likelihood.silent
        else:
            weight[padded] = 0.0
    flat = index.ravel()
    return Chunk(
        groups=members,
        shape=(height, len(owner)),
        owner=owner if split else None,
        starts=starts if split else None,
        X=np.ascontiguousarray(data.X[flat].T),
        Z=tuple(None if one else data.Z[index, a] for a, one in enumerate(unit)),
        offset=offset,
        rows=likelihood.rows(y, weight, constant=False),
        count=data.count[members],
        modes=np.zeros((data.Z.shape[1], len(members))),
    )
