"""Traces of a model with one grouping factor: sums over its groups."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from rpcstats.mixed.inference.kenward_roger_traces import Traces, with_total, working_block
from rpcstats.mixed.linear.evaluation import Evaluation, LinearProblem

FloatArray = NDArray[np.float64]


def group_traces(problem: LinearProblem, evaluation: Evaluation) -> Traces:
    """Sum products of q × q matrices over the groups.

    Parameters
    ----------
    problem : LinearProblem
        A model with one block.
    evaluation : Evaluation
        The deviance at its minimum.

    Returns
    -------
    Traces
        Products with V⁻¹.

    Notes
    -----
    With A = Z'WZ and B = Z'WX of a group, Z'V⁻¹Z = (I + A Σ)⁻¹ A and Z'V⁻¹X = (I + A Σ)⁻¹ B,
    which holds for a singular Σ or A as well and subtracts nothing.
    """
    (block,) = problem.blocks
    products = problem.cross_products()
    q, n_level, p = block.n_effect, block.n_level, problem.p
    A = diagonal_blocks(products.ZtZ, n_level, q)
    B = products.ZtX.reshape(n_level, q, p)
    working = working_block(block, evaluation.theta, A.sum(axis=0))
    right = np.concatenate([A @ working.inverse, B], axis=2)
    right = working.inverse.T @ right
    solved = np.linalg.solve(np.eye(q) + right[:, :, :q] @ working.Sigma, right)
    S, T = solved[:, :, :q], solved[:, :, q:]
    S = (S + S.transpose(0, 2, 1)) / 2.0
    elements = working.elements
    pooled = S.reshape(n_level, q * q)
    squares = (pooled.T @ pooled).reshape(q, q, q, q)
    moved = elements[:, None] @ T
    turned = S @ moved
    stacked = moved.reshape(block.n_theta, n_level * q, p)
    flat = turned.reshape(block.n_theta, n_level * q, p)
    return with_total(
        problem.n,
        evaluation.XtVX,
        np.einsum("kab,ab->k", elements, S.sum(axis=0)),
        np.einsum("kab,bcda,lcd->kl", elements, squares, elements),
        np.swapaxes(stacked, 1, 2) @ T.reshape(n_level * q, p),
        np.swapaxes(stacked, 1, 2)[:, None] @ flat[None],
        [working.to_formula],
    )


def diagonal_blocks(ZtZ: sparse.csc_array, n_level: int, q: int) -> FloatArray:
    """Take the q × q blocks on the diagonal.

    Parameters
    ----------
    ZtZ : scipy.sparse.csc_array of shape (n_level q, n_level q)
        Products of the columns; nothing outside the blocks.
    n_level : int
        Number of blocks.
    q : int
        Size of a block.

    Returns
    -------
    ndarray of shape (n_level, q, q)
        The blocks.
    """
    held = ZtZ.tocoo()
    blocks = np.zeros((n_level, q, q))
    np.add.at(blocks, (held.row // q, held.row % q, held.col % q), held.data)
    return blocks
