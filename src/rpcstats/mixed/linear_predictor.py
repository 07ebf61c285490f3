"""The linear predictor of a mixed model for rows old and new, and the error of predicting it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from rpcstats.mixed.structure.model_frame import (
    Block,
    FloatArray,
    IntArray,
    ModelFrame,
    split_theta,
)

# Rows whose sparse systems are solved together: 64 columns stay in cache for 1e5 effects.
_CHUNK = 64


@dataclass(frozen=True, slots=True, eq=False)
class PredictionRows:
    """Rows for which something is predicted.

    Attributes
    ----------
    X : ndarray of shape (m, p)
        Fixed-effects columns.
    offset : ndarray of shape (m,) or None
        Known part of the linear predictor.
    Z : tuple of ndarray of shape (m, q)
        Covariates of each block's effects.
    codes : tuple of ndarray of shape (m,), int
        Levels; -1 for one the fit has not seen.
    """

    X: FloatArray
    offset: FloatArray | None
    Z: tuple[FloatArray, ...]
    codes: tuple[IntArray, ...]

    @property
    def n(self) -> int:
        """Number of rows, m."""
        return len(self.X)


def fitted_rows(frame: ModelFrame) -> PredictionRows:
    """Give the rows of the fit itself.

    Parameters
    ----------
    frame : ModelFrame
        The model frame.

    Returns
    -------
    PredictionRows
        Its rows, nothing copied.
    """
    return PredictionRows(
        X=frame.X,
        offset=frame.offset,
        Z=tuple(block.Z for block in frame.blocks),
        codes=tuple(block.codes for block in frame.blocks),
    )


def marginal_predictor(rows: PredictionRows, beta: FloatArray) -> FloatArray:
    """Give the linear predictor with every random effect 0.

    Parameters
    ----------
    rows : PredictionRows
        The rows.
    beta : ndarray of shape (p,)
        Fixed effects.

    Returns
    -------
    ndarray of shape (m,)
        Offset and fixed effects.
    """
    eta: FloatArray = rows.X @ beta
    return eta if rows.offset is None else eta + rows.offset


def random_part(rows: PredictionRows, effects: Sequence[FloatArray]) -> FloatArray:
    """Give what random effects add to the linear predictor; 0 for levels not seen.

    Parameters
    ----------
    rows : PredictionRows
        The rows.
    effects : sequence of ndarray of shape (L, q)
        Effects of each block.

    Returns
    -------
    ndarray of shape (m,)
        The sum over blocks.
    """
    total = np.zeros(rows.n)
    for Z, codes, b in zip(rows.Z, rows.codes, effects, strict=True):
        padded = np.vstack([b, np.zeros((1, b.shape[1]))])
        total += np.einsum("mq,mq->m", Z, padded[codes])
    return total


def random_variance(
    blocks: tuple[Block, ...],
    theta: FloatArray,
    rows: PredictionRows,
    where: Sequence[FloatArray] | None = None,
) -> FloatArray:
    """Give the variance of the random part at new levels.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    theta : ndarray of shape (k,)
        Covariance parameters.
    rows : PredictionRows
        The rows.
    where : sequence of ndarray of shape (m,), optional
        For each block, 1 where its effects count and 0 elsewhere; everywhere if not given.

    Returns
    -------
    ndarray of shape (m,)
        Σ z'ΛΛ'z over blocks; in a linear model relative to σ².
    """
    total = np.zeros(rows.n)
    parts = split_theta(blocks, theta)
    for k, (block, part) in enumerate(zip(blocks, parts, strict=True)):
        size: FloatArray = ((rows.Z[k] @ block.factor(part)) ** 2).sum(axis=1)
        total += size if where is None else size * where[k]
    return total


def prediction_error(
    blocks: tuple[Block, ...],
    theta: FloatArray,
    WX: FloatArray,
    weights: FloatArray | None,
    rows: PredictionRows,
) -> tuple[FloatArray, FloatArray]:
    """Give the parts of the error variance of x'β̂ + z'b̂ about x'β + z'b.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects of the fit.
    theta : ndarray of shape (k,)
        Covariance parameters, taken as known.
    WX : ndarray of shape (n, c)
        Weighted columns of the fit: by how much each parameter moves the score of a row.
    weights : ndarray of shape (n,) or None
        Weights of its rows: prior weights, or the curvature of the log-likelihood.
    rows : PredictionRows
        Rows predicted; effects of levels not seen count with their whole variance.

    Returns
    -------
    variance : ndarray of shape (m,)
        z'Mz, the variance given the other parameters.
    carried : ndarray of shape (m, c)
        A'z, by how much z'b̂ falls as each parameter rises.

    Notes
    -----
    The inverse of Henderson's mixed-model equations (Henderson 1975), by parts: the variance is
    z'Mz + (x - A'z)'Cov(β̂)(x - A'z), with M = Λ(Λ'Z'WZΛ + I)⁻¹Λ' and A = M Z'WX.
    """
    solve = _one_factor if len(blocks) == 1 else _several_factors
    variance, carried = solve(blocks, theta, WX, weights, rows)
    unseen = [np.asarray(codes < 0, dtype=np.float64) for codes in rows.codes]
    return variance + random_variance(blocks, theta, rows, unseen), carried


def quadratic(rows: FloatArray, matrix: FloatArray) -> FloatArray:
    """Give x'Mx of each row.

    Parameters
    ----------
    rows : ndarray of shape (m, c)
        Rows x.
    matrix : ndarray of shape (c, c)
        M.

    Returns
    -------
    ndarray of shape (m,)
        The values.
    """
    result: FloatArray = ((rows @ matrix) * rows).sum(axis=1)
    return result


def _one_factor(
    blocks: tuple[Block, ...],
    theta: FloatArray,
    WX: FloatArray,
    weights: FloatArray | None,
    rows: PredictionRows,
) -> tuple[FloatArray, FloatArray]:
    """Work level by level: with one factor they are independent given the parameters."""
    (block,) = blocks
    Lambda, L, q = block.factor(theta), block.n_level, block.n_effect
    U = block.Z @ Lambda
    WU = U if weights is None else U * weights[:, None]
    K = np.empty((L, q, q))
    UX = np.empty((L, q, WX.shape[1]))
    for a in range(q):
        for b in range(a + 1):
            K[:, a, b] = K[:, b, a] = np.bincount(block.codes, WU[:, a] * U[:, b], L)
        for j in range(WX.shape[1]):
            UX[:, a, j] = np.bincount(block.codes, U[:, a] * WX[:, j], L)
    inverse = np.linalg.inv(K + np.eye(q))
    seen = rows.codes[0] >= 0
    codes = np.where(seen, rows.codes[0], 0)
    u = rows.Z[0] @ Lambda * seen[:, None]
    solved = np.einsum("mab,mb->ma", inverse[codes], u)
    return (u * solved).sum(axis=1), np.einsum("ma,map->mp", solved, UX[codes])


def _several_factors(
    blocks: tuple[Block, ...],
    theta: FloatArray,
    WX: FloatArray,
    weights: FloatArray | None,
    rows: PredictionRows,
) -> tuple[FloatArray, FloatArray]:
    """Factorise the sparse system of all effects once and solve for each row."""
    from scipy.sparse.linalg import splu

    Lambdas = [b.factor(t) for b, t in zip(blocks, split_theta(blocks, theta), strict=True)]
    U = _sparse_columns(blocks, [b.Z for b in blocks], [b.codes for b in blocks], Lambdas)
    WU = U if weights is None else sparse.csr_array(U.multiply(weights[:, None]))
    K = sparse.csc_array(WU.T @ U + sparse.eye_array(U.shape[1]))
    UX = np.asarray(U.T @ WX)
    factor = splu(
        K,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    V = _sparse_columns(blocks, rows.Z, rows.codes, Lambdas)
    variance, carried = np.empty(rows.n), np.empty((rows.n, WX.shape[1]))
    for start in range(0, rows.n, _CHUNK):
        part = V[start : start + _CHUNK].toarray()
        solved = factor.solve(np.ascontiguousarray(part.T)).T
        variance[start : start + _CHUNK] = (part * solved).sum(axis=1)
        carried[start : start + _CHUNK] = solved @ UX
    return variance, carried


def _sparse_columns(
    blocks: tuple[Block, ...],
    Z: Sequence[FloatArray],
    codes: Sequence[IntArray],
    Lambdas: Sequence[FloatArray],
) -> sparse.csr_array:
    """Give ZΛ with a column for each effect of each level; rows of levels not seen are 0."""
    values, columns, start = [], [], 0
    for block, z, code, Lambda in zip(blocks, Z, codes, Lambdas, strict=True):
        q, seen = block.n_effect, code >= 0
        values.append(z @ Lambda * seen[:, None])
        columns.append(start + q * np.where(seen, code, 0)[:, None] + np.arange(q))
        start += q * block.n_level
    data, indices = np.hstack(values), np.hstack(columns)
    pointers = np.arange(len(data) + 1) * data.shape[1]
    return sparse.csr_array((data.ravel(), indices.ravel(), pointers), shape=(len(data), start))
