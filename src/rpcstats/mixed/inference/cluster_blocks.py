"""Clusters of equal size side by side, in the few coordinates in which they have structure."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.mixed.structure.model_frame import Block, split_theta

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Rows, or random and fixed effects where these are fewer, up to which the eigenvectors of one
# cluster take a few seconds.
MOST_COORDINATES = 3000

# Numbers held at a time: a hundred megabytes.
_CHUNK = 12_500_000


class ClusterStack(NamedTuple):
    """Clusters of one size.

    Attributes
    ----------
    clusters : ndarray of shape (c,), int
        Which clusters.
    X : ndarray of shape (c, r, p)
        Fixed-effects columns.
    y : ndarray of shape (c, r)
        Response; what lies outside the r coordinates is left out and has no bearing.
    Phi : ndarray of shape (c, r, r)
        Working covariance.
    """

    clusters: IntArray
    X: FloatArray
    y: FloatArray
    Phi: FloatArray

    def information(self) -> FloatArray:
        """Give X'Φ⁻¹X summed over the clusters.

        Returns
        -------
        ndarray of shape (p, p)
            The sum.
        """
        total: FloatArray = (np.swapaxes(self.X, 1, 2) @ np.linalg.solve(self.Phi, self.X)).sum(0)
        return total

    def moments(self) -> FloatArray:
        """Give X'Φ⁻¹y summed over the clusters.

        Returns
        -------
        ndarray of shape (p,)
            The sum.
        """
        solved = np.linalg.solve(self.Phi, self.y[..., None])
        total: FloatArray = (np.swapaxes(self.X, 1, 2) @ solved).sum(0)[:, 0]
        return total


def cluster_stacks(
    X: FloatArray,
    y: FloatArray,
    cluster: IntArray,
    blocks: tuple[Block, ...],
    theta: FloatArray,
    weights: FloatArray | None,
) -> Iterator[ClusterStack]:
    """Cut the data into stacks of clusters of equal size.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns.
    y : ndarray of shape (n,)
        Response.
    cluster : ndarray of shape (n,), int
        Cluster of each row, 0 to m - 1, every level of every block in one cluster.
    blocks : tuple of Block
        Random effects.
    theta : ndarray of shape (k,)
        Covariance parameters.
    weights : ndarray of shape (n,) or None
        Prior weights.

    Yields
    ------
    ClusterStack
        Every cluster once.

    Raises
    ------
    DataError
        If a cluster is too large.
    """
    order = np.argsort(cluster, kind="stable")
    sizes = np.bincount(cluster)
    starts = np.cumsum(sizes) - sizes
    spreads = [
        _place_levels(block, block.factor(part), cluster)
        for block, part in zip(blocks, _parts(blocks, theta), strict=True)
    ]
    widths = np.sum([spread.width for spread in spreads], axis=0, dtype=np.int64)
    widths = np.broadcast_to(widths, sizes.shape)
    shapes, shape_of = np.unique(np.column_stack([sizes, widths]), axis=0, return_inverse=True)
    for shape, (n_row, width) in enumerate(shapes.tolist()):
        most = _stack_size(n_row, width + X.shape[1], weights is not None)
        members = np.flatnonzero(shape_of.ravel() == shape)
        for first in range(0, len(members), most):
            part = members[first : first + most]
            rows = order[starts[part][:, None] + np.arange(n_row)]
            H = np.concatenate(
                [spread.columns(part, rows) for spread in spreads] or [np.zeros((*rows.shape, 0))],
                axis=2,
            )
            yield _stack(part, X[rows], y[rows], H, None if weights is None else weights[rows])


class _Spread(NamedTuple):
    """A block's columns times Λ, and where its levels stand within their clusters."""

    columns_of_rows: FloatArray
    place: IntArray
    width: IntArray

    def columns(self, part: IntArray, rows: IntArray) -> FloatArray:
        q = self.columns_of_rows.shape[1]
        n_place = int(self.width[part].max()) // q
        columns = np.zeros((*rows.shape, n_place, q))
        cluster, row = np.indices(rows.shape)
        columns[cluster, row, self.place[rows]] = self.columns_of_rows[rows]
        return columns.reshape(*rows.shape, n_place * q)


def _parts(blocks: tuple[Block, ...], theta: FloatArray) -> tuple[FloatArray, ...]:
    return split_theta(blocks, theta) if blocks else ()


def _place_levels(block: Block, Lambda: FloatArray, cluster: IntArray) -> _Spread:
    home = np.zeros(block.n_level, dtype=np.int64)
    home[block.codes] = cluster
    order = np.argsort(home, kind="stable")
    counts = np.bincount(home, minlength=int(cluster.max()) + 1)
    place = np.empty(block.n_level, dtype=np.int64)
    place[order] = np.arange(block.n_level) - np.repeat(np.cumsum(counts) - counts, counts)
    return _Spread(block.Z @ Lambda, place[block.codes], counts * block.n_effect)


def _stack_size(n_row: int, n_column: int, weighted: bool) -> int:
    """Give how many clusters to take at a time; refuse one too large for dense algebra."""
    size = n_row if weighted else min(n_row, n_column)
    if size > MOST_COORDINATES:
        what = "rows" if weighted else "rows and random effects"
        raise DataError(
            f"A cluster has {size:,} {what}; a cluster-robust covariance takes "
            f"{MOST_COORDINATES:,} at most: name a column with smaller clusters."
        )
    return max(1, _CHUNK // (n_row * n_column + size * size))


def _stack(
    part: IntArray, X: FloatArray, y: FloatArray, H: FloatArray, weights: FloatArray | None
) -> ClusterStack:
    """Take the clusters to coordinates that hold every column, where these are fewer than rows."""
    n_row, n_effect = H.shape[1:]
    if weights is None and n_effect + X.shape[2] < n_row:
        basis, held = np.linalg.qr(np.concatenate([H, X], axis=2))
        H, X = held[:, :, :n_effect], held[:, :, n_effect:]
        y = np.einsum("crk,cr->ck", basis, y)
    Phi = H @ np.swapaxes(H, 1, 2)
    each = np.arange(Phi.shape[1])
    Phi[:, each, each] += 1.0 if weights is None else 1.0 / weights
    return ClusterStack(part, X, y, Phi)
