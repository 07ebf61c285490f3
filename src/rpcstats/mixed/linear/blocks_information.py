"""Average information of the covariance parameters, from forward elimination alone."""

import numpy as np

from rpcstats.mixed.linear.blocks_dense import components, symmetric_product
from rpcstats.mixed.linear.blocks_information_kernels import eliminate_vectors
from rpcstats.mixed.linear.blocks_pass import Pass
from rpcstats.mixed.linear.blocks_vectors import (
    dense_columns,
    inner_products,
    times_products,
)
from rpcstats.mixed.structure.model_frame import Block, FloatArray

# A diagonal of Λ so small that θ² times a product of columns is lost beside one.
_TINY = 1e-9


def average_information(
    done: Pass, blocks: tuple[Block, ...], T: list[FloatArray], v: FloatArray
) -> FloatArray:
    """Give y'P V_j P V_k P y for the elements of the working θ.

    Parameters
    ----------
    done : Pass
        After elimination, with the dense inverse, and back-substitution.
    blocks : tuple of Block
        Random effects.
    T : list of ndarray of shape (L, q, p + 1)
        Z'V₀⁻¹[X̃ ỹ] of each block, levels in the order of the plan.
    v : ndarray of shape (p + 1,)
        (-β, 1).

    Returns
    -------
    ndarray of shape (k, k)
        The information, times σ².

    Notes
    -----
    Gilmour, Thompson and Cullis (1995). The working vectors V_j P y = Z dG_j Z'P y enter as
    further right-hand sides of the elimination; P projects on what X leaves.
    """
    vectors = _directions(done, blocks, T, v)
    stacked, products = times_products(done.system, vectors)
    information = inner_products(stacked, products) - _explained(done, products)
    p = len(v) - 1
    fixed = inner_products([t[:, :, :p] for t in T], vectors)
    information -= fixed.T @ np.linalg.solve(done.fixed[:p, :p], fixed)
    return np.asarray((information + information.T) / 2.0)


def curvature(blocks: tuple[Block, ...], slopes: list[FloatArray]) -> FloatArray:
    """Give the part of the Hessian that stems from the curvature of G = ΛΛ'.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    slopes : list of ndarray of shape (q, q)
        Derivative of the deviance by the G of each block.

    Returns
    -------
    ndarray of shape (k, k)
        Positive semidefinite: where the deviance falls as G grows, the derivative is taken
        with the opposite sign, which keeps a Newton step from a small θ short.
    """
    parts = []
    for block, slope in zip(blocks, slopes, strict=True):
        values, vectors = np.linalg.eigh(slope)
        size = (vectors * np.abs(values)) @ vectors.T
        same = block.cols[:, None] == block.cols[None, :]
        parts.append(np.where(same, 2.0 * size[np.ix_(block.rows, block.rows)], 0.0))
    ends = np.cumsum([0, *(len(part) for part in parts)])
    result = np.zeros((ends[-1], ends[-1]))
    for part, start, end in zip(parts, ends[:-1], ends[1:], strict=True):
        result[start:end, start:end] = part
    return result


def slope_by_cov(half: FloatArray, Lambda: FloatArray, at_zero: FloatArray) -> FloatArray:
    """Give the derivative by G from that by Λ.

    Parameters
    ----------
    half : ndarray of shape (q, q)
        Derivative by G, times Λ.
    Lambda : ndarray of shape (q, q)
        Λ.
    at_zero : ndarray of shape (q, q)
        The derivative by G where Λ is zero.

    Returns
    -------
    ndarray of shape (q, q)
        Symmetric; for a singular Λ the least squares one.
    """
    if np.abs(Lambda).max() < _TINY:
        return at_zero
    full = half @ np.linalg.pinv(Lambda, rcond=_TINY)
    return np.asarray((full + full.T) / 2.0)


def _directions(
    done: Pass, blocks: tuple[Block, ...], T: list[FloatArray], v: FloatArray
) -> list[FloatArray]:
    """Give dG_j Z'Py for every element of θ, zero outside its block; in the order of T."""
    ends = np.cumsum([0, *(block.n_theta for block in blocks)])
    result = []
    order = (*done.system.plan.chain, *done.system.plan.rest)
    for b, t in zip(order, T, strict=True):
        block, Lambda = blocks[b], done.factors[b]
        effects = t @ v
        out = np.zeros((*effects.shape, ends[-1]))
        for j, (row, col) in enumerate(zip(block.rows, block.cols, strict=True), start=ends[b]):
            out[:, row, j] += effects @ Lambda[:, col]
            out[:, :, j] += effects[:, row, None] * Lambda[:, col]
        result.append(out)
    return result


def _explained(done: Pass, products: list[FloatArray]) -> FloatArray:
    """Eliminate the vectors and give what is explained of their products."""
    system, rest = done.system, done.system.rest
    n_stage = len(system.stages)
    k = products[0].shape[2]
    dense = dense_columns(rest, products[n_stage:], k)
    own = [part.copy() for part in products[:n_stage]]
    total = np.zeros((k, k))
    for number, (stage, part) in enumerate(zip(system.stages, done.stages, strict=True)):
        above = own[number + 1] if number + 1 < n_stage else np.zeros((1, 0, k))
        eliminate_vectors(
            part.front,
            part.values,
            stage.ends,
            stage.columns,
            stage.parent,
            part.M,
            own[number],
            above,
            dense,
            total,
        )
    for low, high, H, _ in components(rest, done.A, done.A):
        total += dense[low:high].T @ symmetric_product(H, dense[low:high])
    return total
