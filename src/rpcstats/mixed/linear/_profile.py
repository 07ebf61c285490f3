"""From sums over levels to the profiled deviance and its exact derivatives."""

from dataclasses import dataclass

import numpy as np

from rpcstats.mixed.linear._level_sums import FirstSums, LevelSums, SecondSums
from rpcstats.mixed.structure.model_frame import Block, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Parts of the profiled deviance in working coordinates, for one response or a batch.

    Attributes
    ----------
    criterion, r2 : ndarray of shape (...)
        Log-determinants (that of X'V₀⁻¹X under REML) and the residual sum of squares.
    beta : ndarray of shape (..., p)
        Coefficients.
    S_XX : ndarray of shape (..., p, p)
        X'V₀⁻¹X.
    d_criterion, d_r2 : ndarray of shape (..., k) or None
        First derivatives.
    d2_criterion, d2_r2 : ndarray of shape (..., k, k) or None
        Second derivatives.
    d_S_XX : ndarray of shape (..., k, p, p) or None
        Derivative of X'V₀⁻¹X.
    """

    criterion: FloatArray
    r2: FloatArray
    beta: FloatArray
    S_XX: FloatArray
    d_criterion: FloatArray | None = None
    d_r2: FloatArray | None = None
    d2_criterion: FloatArray | None = None
    d2_r2: FloatArray | None = None
    d_S_XX: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Slopes:
    """First derivatives of the sums."""

    dG: FloatArray
    dS: FloatArray
    v: FloatArray
    dS_v: FloatArray


def profile(
    levels: LevelSums, block: Block, theta: FloatArray, *, reml: bool, order: int
) -> Profile:
    """Profile β and σ out of the deviance of a model with one grouping factor.

    Parameters
    ----------
    levels : LevelSums
        Sums over levels.
    block : Block
        Says where θ stands in Λ.
    theta : ndarray of shape (..., k)
        Elements of Λ̃, one row for each response of a batch.
    reml : bool
        Whether the criterion is the restricted one.
    order : int
        Highest derivative wanted: 0, 1 or 2.

    Returns
    -------
    Profile
        Deviance and derivatives in parts.

    Raises
    ------
    numpy.linalg.LinAlgError
        If θ is so large that X'V₀⁻¹X is singular to working precision.

    Notes
    -----
    With G = ΛΛ', H = (I + AG)⁻¹, C = HB and N = HA: d log|I + AG| = tr(N dG),
    dS = -Σ C'dG C, d²S = Σ C'(dG₁ N dG₂ + dG₂ N dG₁)C - Σ C'd²G C. Bates et al. (2015) give
    the deviance; the derivatives follow from dH = -H A dG H.
    """
    Lambda = block.factor(theta)
    sums = levels.first(np.moveaxis(Lambda, (-2, -1), (0, 1)), derivatives=order > 0)
    S_XX, S_Xy = sums.S[..., :-1, :-1], sums.S[..., :-1, -1]
    root = np.linalg.cholesky(S_XX)
    half = np.linalg.inv(root)
    V = half.swapaxes(-1, -2) @ half
    beta = (V @ S_Xy[..., None])[..., 0]
    r2 = sums.S[..., -1, -1] - (beta * S_Xy).sum(axis=-1)
    criterion = sums.log_det
    if reml:
        diagonal = np.diagonal(root, axis1=-2, axis2=-1)
        criterion = criterion + 2.0 * np.log(diagonal).sum(axis=-1)
    if order == 0:
        return Profile(criterion, r2, beta, S_XX)
    slopes = _slopes(sums, block, Lambda, beta)
    d_criterion = _contract(slopes.dG, sums.N)
    if reml:
        d_criterion = d_criterion + _contract(slopes.dS[..., :-1, :-1], V)
    d_r2 = (slopes.dS_v * slopes.v[..., None, :]).sum(axis=-1)
    if order == 1:
        return Profile(criterion, r2, beta, S_XX, d_criterion, d_r2)
    d2 = _second(levels, sums, slopes, block, V if reml else V[..., :0, :0])
    X_part = slopes.dS_v[..., :-1]
    d2_r2 = d2[1] - 2.0 * X_part @ V @ X_part.swapaxes(-1, -2)
    d_S_XX = slopes.dS[..., :-1, :-1]
    return Profile(criterion, r2, beta, S_XX, d_criterion, d_r2, d2[0], d2_r2, d_S_XX)


def _contract(stack: FloatArray, weight: FloatArray) -> FloatArray:
    """Sum each matrix of a stack against a weight of the same shape."""
    flat = stack.reshape(*stack.shape[:-2], -1)
    return np.asarray((flat @ weight.reshape(*weight.shape[:-2], -1, 1))[..., 0])


def _slopes(sums: FirstSums, block: Block, Lambda: FloatArray, beta: FloatArray) -> _Slopes:
    k, q, m = block.n_theta, block.n_effect, sums.S.shape[-1]
    dG = np.zeros((*beta.shape[:-1], k, q, q))
    for number, (row, column) in enumerate(zip(block.rows, block.cols, strict=True)):
        dG[..., number, row, :] += Lambda[..., :, column]
        dG[..., number, :, row] += Lambda[..., :, column]
    dS = -(dG.reshape(*dG.shape[:-2], q * q) @ sums.E).reshape(*dG.shape[:-2], m, m)
    v = np.concatenate([-beta, np.ones((*beta.shape[:-1], 1))], axis=-1)
    return _Slopes(dG, dS, v, (dS @ v[..., None, :, None])[..., 0])


def _second(
    levels: LevelSums, sums: FirstSums, slopes: _Slopes, block: Block, V: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Give the second derivatives of the criterion, and of v'Sv with v held."""
    q, m = block.n_effect, sums.S.shape[-1]
    second: SecondSums = levels.second(sums, slopes.v, V)
    E = sums.E.reshape(*sums.E.shape[:-2], q, q, m, m)
    d2_criterion = _curvature(sums.N, block) - _chain(second.NN, slopes.dG)
    vv = slopes.v[..., :, None] * slopes.v[..., None, :]
    d2_r2 = 2.0 * _chain(second.residual, slopes.dG) - _curvature(_weigh(E, vv), block)
    if V.size:
        fixed = _weigh(E[..., :-1, :-1], V)
        d2_criterion += 2.0 * _chain(second.fixed, slopes.dG) - _curvature(fixed, block)
        turned = V[..., None, :, :] @ slopes.dS[..., :-1, :-1]
        flat = turned.reshape(*turned.shape[:-2], -1)
        flipped = turned.swapaxes(-1, -2).reshape(*turned.shape[:-2], -1)
        d2_criterion -= flat @ flipped.swapaxes(-1, -2)
    return d2_criterion, d2_r2


def _weigh(E: FloatArray, weight: FloatArray) -> FloatArray:
    """Sum E over its last two axes with a weight."""
    weighed: FloatArray = np.einsum("...abmn,...mn->...ab", E, weight)
    return weighed


def _chain(pairs: FloatArray, dG: FloatArray) -> FloatArray:
    """Give Σ tr(Y dG₁ N dG₂) for every pair from Σ Y (x) N."""
    q = dG.shape[-1]
    batch, k = dG.shape[:-3], dG.shape[-3]
    turned = np.einsum("...abcd->...bcda", pairs.reshape(*batch, q, q, q, q))
    flat = dG.reshape(*batch, k, q * q)
    return np.asarray(flat @ turned.reshape(*batch, q * q, q * q) @ flat.swapaxes(-1, -2))


def _curvature(weight: FloatArray, block: Block) -> FloatArray:
    """Give tr(weight d²G) for every pair; d²G does not depend on θ."""
    same_column = block.cols[:, None] == block.cols[None, :]
    at = weight[..., block.rows[:, None], block.rows[None, :]]
    return np.where(same_column, at + at.swapaxes(-1, -2), 0.0)
