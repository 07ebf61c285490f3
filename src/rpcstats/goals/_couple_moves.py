"""How far the ratings of one couple can move a coefficient: arrays in, array out."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def couple_moves(X: FloatArray, between: float, rating: FloatArray) -> FloatArray:
    """Give how far each coefficient moves at most, per point that a couple's outcomes move.

    Parameters
    ----------
    X : ndarray of shape (2 n, p)
        Columns of the model; the two partners of a couple stand together.
    between : float
        Variance between couples.
    rating : ndarray of shape (2 n,)
        Residual variance of each row.

    Returns
    -------
    ndarray of shape (p,)
        Both partners' outcomes move by one point, each the way that moves the coefficient most,
        in the couple where that is farthest; variances are held fixed. The coefficients are then
        linear in the outcomes, with the weights of generalised least squares.
    """
    pairs = X.reshape(-1, 2, X.shape[1])
    inverse = np.zeros((len(pairs), 2, 2))
    own = rating.reshape(-1, 2)
    for row in (0, 1):
        inverse[:, row, row] = 1.0 / own[:, row]
    shared = 1.0 / own
    shrink = between / (1.0 + between * shared.sum(axis=1))
    inverse -= shrink[:, None, None] * shared[:, :, None] * shared[:, None, :]
    weighted = inverse @ pairs
    information = np.einsum("cij,cik->jk", pairs, weighted)
    weights = weighted @ np.linalg.inv(information)
    return np.asarray(np.abs(weights).sum(axis=1).max(axis=0))
