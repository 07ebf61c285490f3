"""Approximate Hessian of the Laplace deviance, where a search may begin with."""

import numpy as np

from rpcstats.mixed.general.block_elimination import Factorised
from rpcstats.mixed.general.crossed_system import CrossedSystem
from rpcstats.mixed.general.evaluation import ExtraTerms, RowTerms
from rpcstats.mixed.structure.model_frame import FloatArray

LEAST_CURVATURE = 1e-3
"""Least eigenvalue kept, parameters scaled to unit curvature: a direction flatter than
this is not believed before the search has seen it."""
ROUNDING = 1e-10
_TINY = float(np.finfo(np.float64).tiny)


def average_information(
    system: CrossedSystem,
    X: FloatArray,
    loading: FloatArray,
    u: FloatArray,
    terms: RowTerms,
    factor: Factorised,
    extra: ExtraTerms | None,
) -> FloatArray:
    """Approximate the Hessian of the deviance from first derivatives.

    Parameters
    ----------
    system : CrossedSystem
        Random part.
    X : ndarray of shape (n, p)
        Fixed-effects columns.
    loading : ndarray of shape (D, T)
        Λ, by distinct column.
    u : ndarray of shape (Q,)
        The mode.
    terms : RowTerms
        Log-likelihood of the rows at the mode with two derivatives.
    factor : Factorised
        H = I + Λ'Z'WZΛ at the mode.
    extra : ExtraTerms or None
        Derivatives by φ; None if there are none.

    Returns
    -------
    ndarray of shape (p + k + e, p + k + e)
        Positive definite matrix.

    Notes
    -----
    The average information of Gilmour, Thompson & Cullis (1995), J'V⁻¹J with
    V⁻¹ = W - WZΛ H⁻¹ Λ'Z'W: each parameter moves the linear predictor along a column of J; for θ it
    is ∂V V⁻¹ of the working residuals. For φ, outer products of the rows' derivatives, which are
    multiplied by what makes those by η equal to W: at the mode residuals are too small.
    """
    if terms.d1 is None or terms.d2 is None:
        raise ValueError("the information needs two derivatives of the rows")
    weights = -terms.d2
    columns = [X, *(_move_predictor(system, loading, u, terms.d1))]
    J = np.column_stack(columns)
    weighted = J * weights[:, None]
    inner = J.T @ weighted
    if extra is not None:
        crossed = J.T @ -extra.d1.T
        weighted = np.column_stack([weighted, -extra.d1.T])
        share = float(np.sum(weights)) / max(float(terms.d1 @ terms.d1), _TINY)
        inner = np.block([[inner, crossed], [crossed.T, share * (extra.l @ extra.l.T)]])
    pulled = np.column_stack([system.pull(column, loading) for column in weighted.T])
    solved = np.column_stack([factor.solve(column) for column in pulled.T])
    return _make_definite(2.0 * (inner - pulled.T @ solved), 2.0 * np.diag(inner))


def _move_predictor(
    system: CrossedSystem, loading: FloatArray, u: FloatArray, d1: FloatArray
) -> list[FloatArray]:
    """Give for each θ the column ∂V V⁻¹r = dΛ u + Λ dΛ'r, over the root of 2."""
    result = []
    for row, col in zip(*system.theta_places, strict=True):
        unit = np.zeros_like(loading)
        unit[row, col] = 1.0
        moved = system.push(u, unit) + system.push(system.pull(d1, unit), loading)
        result.append(moved / np.sqrt(2.0))
    return result


def _make_definite(matrix: FloatArray, conditional: FloatArray) -> FloatArray:
    """Lift the eigenvalues; a curvature lost to rounding is that given the random effects."""
    curvature = np.diag(matrix)
    kept = np.where(curvature > ROUNDING * conditional, curvature, conditional)
    scale = np.sqrt(np.where(kept > 0.0, kept, 1.0))
    values, vectors = np.linalg.eigh((matrix + matrix.T) / (2.0 * np.outer(scale, scale)))
    result: FloatArray = (vectors * np.maximum(values, LEAST_CURVATURE)) @ vectors.T
    result *= np.outer(scale, scale)
    return result
