"""Cross-products of the rows of each level of one grouping factor."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from rpcstats.mixed.linear._small_matrices import congruence, multiply
from rpcstats.mixed.linear.rows import Rows
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray

# Two Z'WZ that agree to 44 bits are one: rounding in another order of rows moves the last few,
# and 2^-44 = 6e-14 in Z'WZ moves no digit of the deviance that is quoted.
_BITS_DROPPED = 8


@dataclass(frozen=True, slots=True, eq=False)
class GroupProducts:
    """Cross-products in working coordinates, levels last.

    Attributes
    ----------
    A : ndarray of shape (q, q, G)
        Z'Z of each level.
    B : ndarray of shape (m, q, G)
        Z'[X y] of each level, m = p + 1.
    S : ndarray of shape (m, m)
        [X y]'[X y] of all rows.
    members : scipy.sparse.csr_array of shape (G, n)
        The rows of each level.
    """

    A: FloatArray
    B: FloatArray
    S: FloatArray
    members: sparse.csr_array

    def with_response(self, rows: Rows) -> "GroupProducts":
        """Give the products with another response.

        Parameters
        ----------
        rows : Rows
            The same rows with the new response.

        Returns
        -------
        GroupProducts
            Shares Z'Z.
        """
        B, S = self.B.copy(), self.S.copy()
        B[-1] = response_products(self.members, rows, rows.y)
        S[-1, -1] = rows.y @ rows.y
        return replace(self, B=B, S=S)


def group_products(rows: Rows) -> GroupProducts:
    """Form the cross-products of each level in one pass.

    Parameters
    ----------
    rows : Rows
        Rows of a model with one block of random effects.

    Returns
    -------
    GroupProducts
        Products of the rows of each level.
    """
    Z, p = rows.Z[0], rows.p
    q = Z.shape[1]
    members = level_members(rows.blocks[0].codes, rows.blocks[0].n_level)
    A = np.empty((q, q, members.shape[0]))
    B = np.empty((p + 1, q, members.shape[0]))
    for effect in range(q):
        weighted = _weighted(members, Z[:, effect])
        A[effect] = (weighted @ Z).T
        B[:p, effect] = (weighted @ rows.X).T
        B[p, effect] = weighted @ rows.y
    if rows.Z_maps[0] is not None:
        Z_map = rows.Z_maps[0][..., None]
        A = congruence(Z_map.swapaxes(0, 1), A)
        B = multiply(B, Z_map)
    if rows.X_map is not None:
        B[:p] = (rows.X_map.T @ B[:p].reshape(p, -1)).reshape(p, q, -1)
    for effect in range(q):
        A[effect, effect + 1 :] = A[effect + 1 :, effect]
    S = np.eye(p + 1)
    S[p, p] = rows.y @ rows.y
    return GroupProducts(A=A, B=B, S=S, members=members)


def level_members(codes: IntArray, n_level: int) -> sparse.csr_array:
    """Sort rows by level, rows of a level in the order given.

    Parameters
    ----------
    codes : ndarray of shape (n,), int
        Level of each row.
    n_level : int
        Number of levels, G.

    Returns
    -------
    scipy.sparse.csr_array of shape (G, n)
        One in the rows of each level.
    """
    n = len(codes)
    kind = np.int32 if n < np.iinfo(np.int32).max else np.int64
    ones = np.ones(n)
    if np.all(codes[1:] >= codes[:-1]):
        ends = np.zeros(n_level + 1, dtype=kind)
        np.cumsum(np.bincount(codes, minlength=n_level), out=ends[1:])
        return sparse.csr_array((ones, np.arange(n, dtype=kind), ends), shape=(n_level, n))
    by_row = sparse.csr_array(
        (ones, codes.astype(kind), np.arange(n + 1, dtype=kind)), shape=(n, n_level)
    )
    return sparse.csr_array(by_row.tocsc().T)


def response_products(members: sparse.csr_array, rows: Rows, y: FloatArray) -> FloatArray:
    """Form Z'y of each level for one response or several.

    Parameters
    ----------
    members : scipy.sparse.csr_array of shape (G, n)
        The rows of each level.
    rows : Rows
        Rows of a model with one block of random effects.
    y : ndarray of shape (n,) or (n, b)
        Weighted residuals of the responses.

    Returns
    -------
    ndarray of shape (q, G) or (q, G, b)
        The products.
    """
    products = np.stack([_weighted(members, column) @ y for column in rows.Z[0].T])
    Z_map = rows.Z_maps[0]
    return products if Z_map is None else np.tensordot(Z_map.T, products, axes=1)


def _weighted(members: sparse.csr_array, column: FloatArray) -> sparse.csr_array:
    return sparse.csr_array(
        (column[members.indices], members.indices, members.indptr), shape=members.shape
    )


def equal_levels(A: FloatArray) -> tuple[IntArray, int]:
    """Find levels that share one Z'Z, such as families that attended the same sessions.

    Parameters
    ----------
    A : ndarray of shape (q, q, G)
        Z'Z of each level.

    Returns
    -------
    pattern : ndarray of shape (G,), int
        Number of the pattern of each level.
    n_pattern : int
        Number of different patterns.
    """
    keys = _rounded(A)
    multipliers = np.random.default_rng(20150407).integers(1, 2**62, len(keys), dtype=np.int64)
    mixed = (keys * (2 * multipliers + 1)[:, None]).sum(axis=0)
    pattern, found = pd.factorize(mixed)
    first = np.empty(len(found), dtype=np.int64)
    first[pattern[::-1]] = np.arange(A.shape[2])[::-1]
    if np.array_equal(keys, keys[:, first[pattern]]):
        return pattern.astype(np.int64), len(found)
    return np.arange(A.shape[2]), A.shape[2]


def _rounded(A: FloatArray) -> NDArray[np.int64]:
    """Round each element relative to the diagonal; an element near zero would keep noise."""
    q = len(A)
    size = np.sqrt(A[range(q), range(q)])
    low, high = np.tril_indices(q)
    anchored = np.ascontiguousarray(A[low, high] + 2.0 * size[low] * size[high])
    keys: NDArray[np.int64] = (
        anchored.view(np.int64) + (1 << (_BITS_DROPPED - 1))
    ) >> _BITS_DROPPED
    return keys
