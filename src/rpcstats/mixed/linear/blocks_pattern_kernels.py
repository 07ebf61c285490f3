"""Compiled kernels that find which levels meet in the rows."""

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.jit import compiled

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]


@compiled()
def parent_levels(codes: Int32Array, coarse: Int32Array, n_level: int) -> Int32Array:
    """Give the one coarse level of each fine level.

    Parameters
    ----------
    codes, coarse : ndarray of shape (n,), int32
        Levels of two factors.
    n_level : int
        Number of fine levels.

    Returns
    -------
    ndarray of shape (n_level,) or (0,), int32
        Empty if a fine level has rows in two coarse ones: not nested.
    """
    parent = np.full(n_level, -1, dtype=np.int32)
    for row in range(len(codes)):
        level = codes[row]
        if parent[level] < 0:
            parent[level] = coarse[row]
        elif parent[level] != coarse[row]:
            return np.zeros(0, dtype=np.int32)
    return parent


@compiled()
def _root(up: Int64Array, node: int) -> int:
    while up[node] != node:
        up[node] = up[up[node]]
        node = up[node]
    return node


@compiled()
def _join(up: Int64Array, left: Int32Array, right: Int32Array, offset: int) -> None:
    for row in range(len(left)):
        a = _root(up, left[row])
        b = _root(up, right[row] + offset)
        if a < b:
            up[b] = a
        elif b < a:
            up[a] = b


def joined_labels(codes: tuple[Int32Array, ...], offsets: Int64Array, n_node: int) -> Int64Array:
    """Label the levels of several factors that rows link.

    Parameters
    ----------
    codes : tuple of ndarray of shape (n,), int32
        Levels of the factors.
    offsets : ndarray of int
        Number of the first level of each factor.
    n_node : int
        Levels of all factors.

    Returns
    -------
    ndarray of shape (n_node,), int
        Equal for levels that rows link, directly or through others.
    """
    up = np.arange(n_node, dtype=np.int64)
    for right, offset in zip(codes[1:], offsets[1:], strict=True):
        _join(up, codes[0], right, offset)
    while True:
        above = up[up]
        if np.array_equal(above, up):
            return up
        up = above


@compiled()
def row_order(codes: Int32Array, n_level: int) -> tuple[Int32Array, Int64Array]:
    """Sort rows by level.

    Parameters
    ----------
    codes : ndarray of shape (n,), int32
        Level of each row.
    n_level : int
        Number of levels.

    Returns
    -------
    order : ndarray of shape (n,), int32
        Rows, those of a level together and in their own order.
    starts : ndarray of shape (n_level + 1,), int
        Where the rows of each level begin.
    """
    starts = np.zeros(n_level + 1, dtype=np.int64)
    for row in range(len(codes)):
        starts[codes[row] + 1] += 1
    for level in range(n_level):
        starts[level + 1] += starts[level]
    cursor = starts[:-1].copy()
    order = np.empty(len(codes), dtype=np.int32)
    for row in range(len(codes)):
        order[cursor[codes[row]]] = row
        cursor[codes[row]] += 1
    return order, starts


@compiled()
def count_columns(
    order: Int32Array, starts: Int64Array, first: Int32Array, size: Int64Array, n_column: int
) -> Int64Array:
    """Count the dense columns each level meets.

    Parameters
    ----------
    order : ndarray of shape (n,), int32
        Rows in the order of the levels.
    starts : ndarray of shape (L + 1,), int
        Where the rows of each level begin.
    first : ndarray of shape (n, r), int32
        First dense column of each row in each block left dense.
    size : ndarray of shape (r,), int
        Effects of each of these blocks.
    n_column : int
        Dense columns.

    Returns
    -------
    ndarray of shape (L + 1,), int
        Where the columns of each level begin, in the list of all.
    """
    ends = np.zeros(len(starts), dtype=np.int64)
    seen = np.full(n_column, -1, dtype=np.int32)
    for level in range(len(starts) - 1):
        count = 0
        for at in range(starts[level], starts[level + 1]):
            for f in range(first.shape[1]):
                column = first[order[at], f]
                if seen[column] != level:
                    seen[column] = level
                    count += size[f]
        ends[level + 1] = ends[level] + count
    return ends


@compiled()
def list_columns(
    order: Int32Array,
    starts: Int64Array,
    first: Int32Array,
    size: Int64Array,
    ends: Int64Array,
    n_column: int,
) -> Int32Array:
    """List the dense columns each level meets, ascending.

    Parameters
    ----------
    order : ndarray of shape (n,), int32
        Rows in the order of the levels.
    starts : ndarray of shape (L + 1,), int
        Where the rows of each level begin.
    first : ndarray of shape (n, r), int32
        First dense column of each row in each block left dense.
    size : ndarray of shape (r,), int
        Effects of each of these blocks.
    ends : ndarray of shape (L + 1,), int
        Where the columns of each level begin, from `count_columns`.
    n_column : int
        Dense columns.

    Returns
    -------
    ndarray of int32
        Columns of level 0, of level 1 and so on.
    """
    columns = np.empty(ends[-1], dtype=np.int32)
    seen = np.full(n_column, -1, dtype=np.int32)
    for level in range(len(starts) - 1):
        into = ends[level]
        for at in range(starts[level], starts[level + 1]):
            for f in range(first.shape[1]):
                column = first[order[at], f]
                if seen[column] != level:
                    seen[column] = level
                    for c in range(size[f]):
                        columns[into] = column + c
                        into += 1
        columns[ends[level] : into].sort()
    return columns


@compiled()
def find_in_parent(
    ends: Int64Array,
    columns: Int32Array,
    parent: Int32Array,
    parent_ends: Int64Array,
    parent_columns: Int32Array,
) -> Int32Array:
    """Find the columns of each level among those of its parent.

    Parameters
    ----------
    ends, columns : ndarray of int
        Columns of the levels.
    parent : ndarray of shape (L,), int32
        Parent of each level.
    parent_ends, parent_columns : ndarray of int
        Columns of the parents.

    Returns
    -------
    ndarray of int32
        Position of each entry of `columns` in `parent_columns`.
    """
    found = np.empty(len(columns), dtype=np.int32)
    for level in range(len(parent)):
        at = parent_ends[parent[level]]
        for x in range(ends[level], ends[level + 1]):
            while parent_columns[at] != columns[x]:
                at += 1
            found[x] = at
    return found
