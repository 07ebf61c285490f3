"""Products of all columns in the coordinates of the formula."""

import numpy as np
from scipy import sparse

from rpcstats.mixed.linear.evaluation import CrossProducts
from rpcstats.mixed.linear.rows import Rows


def cross_products(rows: Rows) -> CrossProducts:
    """Form the products of the weighted columns of a model.

    Parameters
    ----------
    rows : Rows
        Rows in working coordinates.

    Returns
    -------
    CrossProducts
        Products of the columns of the formula, Z'Z sparse.
    """
    columns = [_sparse_columns(rows, number) for number in range(len(rows.blocks))]
    Z = sparse.hstack(columns, format="csr") if len(columns) > 1 else columns[0]
    X = rows.X @ rows.R if rows.X_map is None else rows.X
    XtX = rows.R.T @ rows.R
    at_zero = rows.R @ rows.beta0
    return CrossProducts(
        ZtZ=sparse.csc_array(Z.T @ Z),
        ZtX=np.asarray(Z.T @ X),
        Zty=np.asarray(Z.T @ (X @ rows.beta0 + rows.y)),
        XtX=XtX,
        Xty=XtX @ rows.beta0,
        yty=float(at_zero @ at_zero + rows.y @ rows.y),
    )


def _sparse_columns(rows: Rows, number: int) -> sparse.csr_array:
    block = rows.blocks[number]
    q = block.n_effect
    values = block.Z if rows.root_weights is None else block.Z * rows.root_weights[:, None]
    indices = (block.codes[:, None] * q + np.arange(q)).ravel()
    ends = np.arange(0, q * rows.n + 1, q)
    return sparse.csr_array((values.ravel(), indices, ends), shape=(rows.n, q * block.n_level))
