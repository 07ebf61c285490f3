"""Derivatives by θ of log|V₀| and of [X y]'V₀⁻¹[X y] from products of the dense problem."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rpcstats.mixed.linear.dense_profile import Products
from rpcstats.mixed.structure.model_frame import Block, FloatArray


class _Parameter(NamedTuple):
    """One element of θ: its block, its place in Λ, and the derivative of ΛΛ' by it."""

    block: int
    row: int
    col: int
    d_cov: FloatArray


def first_products(
    products: Products,
    blocks: tuple[Block, ...],
    factors: list[FloatArray],
    diagonal: list[FloatArray],
    ZtVW: FloatArray,
    basis: FloatArray,
) -> Products:
    """Add the first derivatives.

    Parameters
    ----------
    products : Products
        Without derivatives.
    blocks : tuple of Block
        Random effects.
    factors : list of ndarray of shape (q, q)
        Λ of one level of each block.
    diagonal : list of ndarray of shape (q, q)
        Diagonal blocks of Z'V₀⁻¹Z summed over the levels of each block.
    ZtVW : ndarray of shape (Q, p + 1)
        Z'V₀⁻¹[X y].
    basis : ndarray of shape (k, k)
        Derivative of the working θ by that of the formula.

    Returns
    -------
    Products
        With `d_log_det` and `d_fixed`.

    Notes
    -----
    d log|V₀| = tr(Z'V₀⁻¹Z dG) and d S = -S_ZW' dG S_ZW with G = ΛΛ'.
    """
    levels = _by_level(blocks, ZtVW)
    parameters = list(_parameters(blocks, factors))
    m = ZtVW.shape[1]
    d_log_det = np.empty(len(parameters))
    d_fixed = np.empty((len(parameters), m, m))
    for j, (b, _, _, d_cov) in enumerate(parameters):
        d_log_det[j] = np.sum(diagonal[b] * d_cov)
        flat = levels[b].reshape(-1, m)
        d_fixed[j] = -flat.T @ (d_cov @ levels[b]).reshape(-1, m)
    return replace(
        products,
        d_log_det=basis.T @ d_log_det,
        d_fixed=np.tensordot(basis, d_fixed, axes=(0, 0)),
    )


def second_products(
    products: Products,
    blocks: tuple[Block, ...],
    factors: list[FloatArray],
    ZtVZ: FloatArray,
    ZtVW: FloatArray,
    basis: FloatArray,
) -> Products:
    """Add the first and second derivatives.

    Parameters
    ----------
    products : Products
        Without derivatives.
    blocks : tuple of Block
        Random effects.
    factors : list of ndarray of shape (q, q)
        Λ of one level of each block.
    ZtVZ : ndarray of shape (Q, Q)
        Z'V₀⁻¹Z.
    ZtVW : ndarray of shape (Q, p + 1)
        Z'V₀⁻¹[X y].
    basis : ndarray of shape (k, k)
        Derivative of the working θ by that of the formula.

    Returns
    -------
    Products
        With every derivative.

    Notes
    -----
    d²log|V₀| = tr(N d²G) - tr(N dG N dG) with N = Z'V₀⁻¹Z, and d²S likewise.
    """
    diagonal = _summed_diagonals(blocks, ZtVZ)
    result = first_products(products, blocks, factors, diagonal, ZtVW, basis)
    parameters = list(_parameters(blocks, factors))
    levels = _by_level(blocks, ZtVW)
    d2_log_det = -_trace_pairs(blocks, parameters, ZtVZ)
    d2_fixed = _crossed_products(blocks, parameters, levels, ZtVZ)
    for j, one in enumerate(parameters):
        for k, other in enumerate(parameters):
            if one.block == other.block and one.col == other.col:
                left, right = levels[one.block][:, one.row], levels[one.block][:, other.row]
                outer = left.T @ right
                d2_fixed[j, k] -= outer + outer.T
                d2_log_det[j, k] += 2.0 * diagonal[one.block][one.row, other.row]
    return replace(
        result,
        d2_log_det=basis.T @ d2_log_det @ basis,
        d2_fixed=np.einsum("ja,kb,jkxz->abxz", basis, basis, d2_fixed, optimize=True),
    )


def _parameters(blocks: tuple[Block, ...], factors: list[FloatArray]) -> Iterator[_Parameter]:
    for b, (block, Lambda) in enumerate(zip(blocks, factors, strict=True)):
        for row, col in zip(block.rows, block.cols, strict=True):
            d_cov = np.zeros(Lambda.shape)
            d_cov[row] += Lambda[:, col]
            d_cov[:, row] += Lambda[:, col]
            yield _Parameter(b, int(row), int(col), d_cov)


def _by_level(blocks: tuple[Block, ...], matrix: FloatArray) -> list[FloatArray]:
    """Cut the rows of a matrix into (L, q, m) for each block."""
    sizes = [block.n_level * block.n_effect for block in blocks]
    parts = np.split(matrix, np.cumsum(sizes)[:-1])
    return [
        part.reshape(block.n_level, block.n_effect, -1)
        for block, part in zip(blocks, parts, strict=True)
    ]


def _summed_diagonals(blocks: tuple[Block, ...], ZtVZ: FloatArray) -> list[FloatArray]:
    result, start = [], 0
    for block in blocks:
        L, q = block.n_level, block.n_effect
        inner = ZtVZ[start : start + L * q, start : start + L * q].reshape(L, q, L, q)
        result.append(np.einsum("iaib->ab", inner))
        start += L * q
    return result


def _trace_pairs(
    blocks: tuple[Block, ...], parameters: list[_Parameter], ZtVZ: FloatArray
) -> FloatArray:
    """Give tr(N dG_j N dG_k) from sums of products of the level-by-level blocks of N."""
    ends = np.cumsum([block.n_level * block.n_effect for block in blocks])
    pairs: dict[tuple[int, int], FloatArray] = {}
    for b, one in enumerate(blocks):
        for c in range(b + 1):
            other = blocks[c]
            part = ZtVZ[
                ends[b] - one.n_level * one.n_effect : ends[b],
                ends[c] - other.n_level * other.n_effect : ends[c],
            ].reshape(one.n_level, one.n_effect, other.n_level, other.n_effect)
            flat = part.transpose(0, 2, 1, 3).reshape(-1, one.n_effect * other.n_effect)
            shape = (one.n_effect, other.n_effect, one.n_effect, other.n_effect)
            pairs[b, c] = (flat.T @ flat).reshape(shape)
            pairs[c, b] = pairs[b, c].transpose(1, 0, 3, 2)
    result = np.empty((len(parameters), len(parameters)))
    for j, left in enumerate(parameters):
        for k, right in enumerate(parameters):
            together = pairs[left.block, right.block]
            turned = np.tensordot(together, right.d_cov, axes=([1, 3], [0, 1]))
            result[j, k] = np.sum(turned * left.d_cov)
    return result


def _crossed_products(
    blocks: tuple[Block, ...],
    parameters: list[_Parameter],
    levels: list[FloatArray],
    ZtVZ: FloatArray,
) -> FloatArray:
    """Give C'dG_j N dG_k C + C'dG_k N dG_j C, with C = Z'V₀⁻¹[X y]."""
    starts = np.cumsum([0] + [block.n_level * block.n_effect for block in blocks])
    m = levels[0].shape[2]
    moved = [(one.d_cov @ levels[one.block]).reshape(-1, m) for one in parameters]
    spans = [slice(starts[one.block], starts[one.block + 1]) for one in parameters]
    k = len(parameters)
    result = np.empty((k, k, m, m))
    for j in range(k):
        through = ZtVZ[:, spans[j]] @ moved[j]
        for i in range(k):
            result[i, j] = moved[i].T @ through[spans[i]]
    swapped: FloatArray = result + result.transpose(1, 0, 3, 2)
    return swapped
