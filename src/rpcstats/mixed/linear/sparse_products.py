"""Products of the random-effects columns, each row of which is nearly all zero."""

import numpy as np
from scipy import sparse

from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray


def sparse_columns(codes: IntArray, Z: FloatArray, n_level: int) -> sparse.csr_array:
    """Spread the covariates of a block over the columns of its levels.

    Parameters
    ----------
    codes : ndarray of shape (n,), int
        Level of each row.
    Z : ndarray of shape (n, q)
        Covariates of the effects.
    n_level : int
        Number of levels, L.

    Returns
    -------
    scipy.sparse.csr_array of shape (n, L q)
        Column i q + a holds effect a of level i.
    """
    n, q = Z.shape
    columns = codes[:, None] * q + np.arange(q)
    starts = np.arange(0, n * q + 1, q)
    return sparse.csr_array((Z.ravel(), columns.ravel(), starts), shape=(n, n_level * q))


def all_columns(blocks: tuple[Block, ...], covariates: tuple[FloatArray, ...]) -> sparse.csr_array:
    """Put the columns of several blocks side by side.

    Parameters
    ----------
    blocks : tuple of Block
        Their codes and numbers of levels are used.
    covariates : tuple of ndarray of shape (n, q)
        Covariates of the effects of each block.

    Returns
    -------
    scipy.sparse.csr_array of shape (n, Q)
        Z, one block after the other.
    """
    parts = [
        sparse_columns(block.codes, Z, block.n_level)
        for block, Z in zip(blocks, covariates, strict=True)
    ]
    return sparse.csr_array(sparse.hstack(parts, format="csr"))
