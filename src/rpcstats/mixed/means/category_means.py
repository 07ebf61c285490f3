"""Probabilities and means of ordered categories over a grid."""

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CATEGORY
from rpcstats.mixed.general_estimates import GeneralEstimates
from rpcstats.mixed.means.basis import fixed_basis, normal_basis
from rpcstats.mixed.means.linear_functions import LinearFunctions
from rpcstats.mixed.means.reference_grid import ReferenceGrid
from rpcstats.mixed.structure.model_frame import FloatArray


def category_probabilities(
    fit: GeneralEstimates, grid: ReferenceGrid
) -> tuple[pd.DataFrame, LinearFunctions]:
    """Average the probability of each category over a grid.

    Parameters
    ----------
    fit : GeneralEstimates
        Fit of an ordered response.
    grid : ReferenceGrid
        The grid.

    Returns
    -------
    cells : pandas.DataFrame
        Category, which varies fastest, and the variables of interest.
    functions : LinearFunctions
        The probabilities.
    """
    values, moves = _averages(fit, grid)
    m, n_category = values.shape
    cells = grid.cells.loc[np.repeat(np.arange(m), n_category)].reset_index(drop=True)
    names = np.tile(np.array(fit.frame.categories, dtype=object), m)
    cells[CATEGORY] = pd.Series(names)
    flat = moves.reshape(m * n_category, -1)
    return cells, _functions(fit, grid, values.ravel(), flat, n_category)


def category_means(fit: GeneralEstimates, grid: ReferenceGrid) -> LinearFunctions:
    """Average the mean category number, counted from 1, over a grid.

    Parameters
    ----------
    fit : GeneralEstimates
        Fit of an ordered response.
    grid : ReferenceGrid
        The grid.

    Returns
    -------
    LinearFunctions
        The means.
    """
    values, moves = _averages(fit, grid)
    number = np.arange(1.0, values.shape[1] + 1.0)
    return _functions(fit, grid, values @ number, np.einsum("mjd,j->md", moves, number), 1)


def _averages(fit: GeneralEstimates, grid: ReferenceGrid) -> tuple[FloatArray, FloatArray]:
    """Give the probabilities, of shape (m, J), and their gradients by all parameters."""
    ordered = fit.response.ordered
    assert ordered is not None
    kept = [fit.frame.design.names.index(name) for name in fit.names]
    X = grid.X[..., kept]
    at = ordered.alpha(fit.extra) - (X @ fit.beta + grid.offset)[..., None]
    m, _, n_cut = at.shape
    below = np.einsum("a,maj->mj", grid.weights, ordered.link.inverse(at))
    slope = ordered.link.derivative(at) * grid.weights[:, None]
    moves = np.zeros((m, n_cut, fit.n_parameter))
    moves[..., : len(kept)] = -np.einsum("maj,map->mjp", slope, X)
    first = len(kept) + fit.frame.n_theta
    jacobian = ordered.alpha_jacobian(fit.extra)
    moves[..., first:] = slope.sum(axis=1)[..., None] * jacobian
    edge = np.zeros((m, 1))
    values = np.diff(np.hstack([edge, below, edge + 1.0]), axis=1)
    none = np.zeros((m, 1, fit.n_parameter))
    return values, np.diff(np.concatenate([none, moves, none], axis=1), axis=1)


def _functions(
    fit: GeneralEstimates,
    grid: ReferenceGrid,
    values: FloatArray,
    moves: FloatArray,
    n_value: int,
) -> LinearFunctions:
    """Take values as coefficients; those that rest on cells without data are void."""
    m, a, f = grid.X.shape
    rows = np.hstack([grid.X.reshape(m * a, f), np.zeros((m * a, 1))])
    cells = LinearFunctions(fixed_basis(fit, None), rows, np.zeros(m * a)).is_estimable
    counts = (cells.reshape(m, a) | (grid.weights == 0.0)).all(axis=1)
    unit = np.eye(len(values))
    void = unit[:, ~np.repeat(counts, n_value)]
    places = np.arange(len(values), dtype=np.int64)
    basis = normal_basis(values, moves @ fit.delta_cov @ moves.T, places, void)
    return LinearFunctions(basis, unit, np.zeros(len(values)))
