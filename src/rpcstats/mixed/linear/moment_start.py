"""Starting values from moments: variances whose expected sums of squares are those observed."""

from typing import NamedTuple

import numpy as np

from rpcstats.mixed.linear.rows import Rows
from rpcstats.mixed.structure.model_frame import FloatArray

# Standard deviations of effects over that of the residuals: a search that begins below the first
# would begin at a saddle, for the deviance is even in θ.
_SMALLEST, _LARGEST = 0.1, 100.0


class Moments(NamedTuple):
    """Sums of squares of products of columns, effects of all blocks in the order of the formula.

    Attributes
    ----------
    products : ndarray of shape (m, m)
        ‖Z_a'PZ_b‖² of two effects, over all their levels.
    observed : ndarray of shape (m,)
        ‖Z_a'e‖², e the residuals of least squares.
    sizes : ndarray of shape (m,)
        ‖PZ_a‖².
    n : float
        Rank of P, which takes off the fixed columns or, for a guess, their mean alone.
    """

    products: FloatArray
    observed: FloatArray
    sizes: FloatArray
    n: float


def moment_start(rows: Rows, moments: Moments) -> FloatArray:
    """Guess θ from sums of squares.

    Parameters
    ----------
    rows : Rows
        Columns in working coordinates.
    moments : Moments
        Sums of squares of their products.

    Returns
    -------
    ndarray of shape (k,)
        θ, effects taken as uncorrelated.

    Notes
    -----
    The sum of squares of Z'e for an effect has expectation Σ τ² ‖Z'PZ_τ‖² + σ² ‖PZ‖², the sum
    over the variances τ² of all effects (Rao, 1972, with a priori weights of zero).
    """
    sizes = moments.sizes
    corner = np.full((1, 1), moments.n)
    matrix = np.block([[moments.products, sizes[:, None]], [sizes[None, :], corner]])
    variances = _solve_positive(matrix, np.append(moments.observed, rows.y @ rows.y))
    residual = max(variances[-1], variances.max() / _LARGEST**2)
    ratio = np.maximum(np.sqrt(variances[:-1] / residual), _SMALLEST)
    parts, first = [], 0
    for block in rows.blocks:
        parts.append(np.where(block.on_diagonal, ratio[first + block.rows], 0.0))
        first += block.n_effect
    return np.asarray(np.linalg.solve(rows.basis, np.concatenate(parts)))


def _solve_positive(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Solve for the variances; those that come out negative are left out and the rest solved."""
    used = np.ones(len(right), dtype=bool)
    result = np.zeros(len(right))
    while True:
        inner = np.flatnonzero(used)
        found = np.linalg.lstsq(matrix[np.ix_(inner, inner)], right[inner], rcond=None)[0]
        negative = found < 0.0
        negative[-1] = False
        result[:] = 0.0
        result[inner] = found
        if not negative.any():
            return np.maximum(result, 0.0)
        used[inner[negative]] = False
