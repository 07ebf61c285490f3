"""Exact gradient of the Laplace deviance for any structure of random effects."""

import numpy as np

from rpcstats.mixed.general.block_elimination import Factorised
from rpcstats.mixed.general.crossed_system import CrossedSystem
from rpcstats.mixed.general.evaluation import ExtraTerms, RowTerms
from rpcstats.mixed.structure.model_frame import FloatArray


def laplace_gradient(
    system: CrossedSystem,
    X: FloatArray,
    loading: FloatArray,
    u: FloatArray,
    terms: RowTerms,
    factor: Factorised,
    extra: ExtraTerms | None,
) -> FloatArray:
    """Differentiate -2 [l(η) - u'u/2 - log|H|/2] at the mode by β, θ and φ.

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
        Log-likelihood of the rows at the mode with three derivatives.
    factor : Factorised
        H = I + Λ'Z'WZΛ at the mode, W = -l''.
    extra : ExtraTerms or None
        Derivatives by φ; None if there are none.

    Returns
    -------
    ndarray of shape (p + k + e,)
        Gradient.

    Notes
    -----
    At the mode the deviance depends on u through log|H| only, ∂log|H|/∂u = Λ'Z'a with
    a = -l''' h and the leverages h of the rows; the mode moves by
    H⁻¹ ∂(Λ'Z'l' - u), so one more system, H s = Λ'Z'a, serves all parameters
    (Kristensen, Nielsen, Berg, Skaug & Bell 2016, adjoint form). No term divides by θ.
    """
    d1, d2, d3 = terms.d1, terms.d2, terms.d3
    if d1 is None or d2 is None or d3 is None:
        raise ValueError("the gradient needs three derivatives of the rows")
    cells = system.cells
    first, second = cells.triangle
    covariance = factor.inverse()[system.positions] * np.where(first == second, 1.0, 2.0)
    leverage = cells.spread_pairs(covariance @ cells.pair_map(loading, loading).T)
    a = -d3 * leverage
    adjoint = factor.solve(system.pull(a, loading))
    shift = system.push(adjoint, loading)
    by_eta = -2.0 * d1 + a + d2 * shift

    from_predictor = cells.sums(by_eta).T @ u[system.nodes]
    from_mode = cells.sums(d1).T @ adjoint[system.nodes]
    by_map = cells.products(-d2).T @ covariance
    by_loading = from_predictor + from_mode + cells.map_gradient(by_map, loading)
    by_theta = by_loading[system.theta_places]
    parts = [X.T @ by_eta, by_theta]
    if extra is not None:
        by_extra = -2.0 * extra.l.sum(axis=-1) - extra.d2 @ leverage + extra.d1 @ shift
        parts.append(by_extra)
    return np.concatenate(parts)
