"""Traces of a model with several grouping factors: dense algebra over the random effects."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.mixed.inference.kenward_roger_traces import (
    Traces,
    WorkingBlock,
    with_total,
    working_block,
)
from rpcstats.mixed.linear.evaluation import Evaluation, LinearProblem
from rpcstats.mixed.structure.model_frame import split_theta

FloatArray = NDArray[np.float64]

# Random effects for which dense algebra takes some fifteen seconds and under a gigabyte.
MOST_EFFECTS = 5000


def dense_traces(problem: LinearProblem, evaluation: Evaluation) -> Traces:
    """Take the products from a dense Z'V⁻¹Z.

    Parameters
    ----------
    problem : LinearProblem
        A model with any number of blocks.
    evaluation : Evaluation
        The deviance at its minimum.

    Returns
    -------
    Traces
        Products with V⁻¹.

    Raises
    ------
    DataError
        If the random effects are too many.
    """
    sizes = [block.n_level * block.n_effect for block in problem.blocks]
    if sum(sizes) > MOST_EFFECTS:
        raise DataError(
            f"Kenward-Roger with several grouping factors takes {MOST_EFFECTS:,} random effects "
            f"at most and this model has {sum(sizes):,}; choose Satterthwaite's df."
        )
    blocks, S, T = _solve_products(problem, evaluation.theta)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    spans = [slice(a, b) for a, b in pairwise(starts)]
    elements = [block.elements for block in blocks]
    moved = [_apply_elements(each, T[span]) for each, span in zip(elements, spans, strict=True)]
    firsts, slopes = [], []
    for each, span, turned in zip(elements, spans, moved, strict=True):
        firsts.append(np.einsum("kab,ab->k", each, _diagonal_sum(S[span, span], each.shape[1])))
        slopes.append(np.swapaxes(turned, 1, 2) @ T[span])
    pairs = [
        [
            _pair_products(S[rows, cols], elements[b], elements[c], moved[b], moved[c])
            for c, cols in enumerate(spans)
        ]
        for b, rows in enumerate(spans)
    ]
    products = np.block([[pair[0] for pair in row] for row in pairs])
    curvatures = np.concatenate(
        [np.concatenate([pair[1] for pair in row], axis=1) for row in pairs], axis=0
    )
    return with_total(
        problem.n,
        evaluation.XtVX,
        np.concatenate(firsts),
        products,
        np.concatenate(slopes),
        curvatures,
        [block.to_formula for block in blocks],
    )


def _solve_products(
    problem: LinearProblem, theta: FloatArray
) -> tuple[list[WorkingBlock], FloatArray, FloatArray]:
    """Give the blocks, Z'V⁻¹Z and Z'V⁻¹X, all in working coordinates."""
    held = problem.cross_products()
    right = np.hstack([held.ZtZ.toarray(), held.ZtX])
    n_effect = len(right)
    blocks, start = [], 0
    for block, part in zip(problem.blocks, split_theta(problem.blocks, theta), strict=True):
        stop = start + block.n_level * block.n_effect
        span = slice(start, stop)
        pooled = _diagonal_sum(right[span, span], block.n_effect)
        working = working_block(block, part, pooled)
        right[:, span] = _times(right[:, span], working.inverse)
        right[span] = _times(right[span].T, working.inverse).T
        blocks.append(working)
        start = stop
    system = np.empty((n_effect, n_effect))
    start = 0
    for block, working in zip(problem.blocks, blocks, strict=True):
        span = slice(start, start + block.n_level * block.n_effect)
        system[:, span] = _times(right[:, span], working.Sigma)
        start = span.stop
    system[np.diag_indices_from(system)] += 1.0
    solved = np.linalg.solve(system, right)
    S = solved[:, :n_effect]
    return blocks, (S + S.T) / 2.0, solved[:, n_effect:]


def _times(columns: FloatArray, matrix: FloatArray) -> FloatArray:
    """Multiply the columns of every level by a matrix."""
    return (columns.reshape(-1, len(matrix)) @ matrix).reshape(columns.shape)


def _apply_elements(elements: FloatArray, T: FloatArray) -> FloatArray:
    """Multiply the rows of every level by each element, shape (k, L q, p)."""
    k, q = elements.shape[:2]
    rows = T.reshape(-1, q, T.shape[1])
    return (elements[:, None] @ rows).reshape(k, *T.shape)


def _diagonal_sum(S: FloatArray, q: int) -> FloatArray:
    n_level = len(S) // q
    each = np.arange(n_level)
    total: FloatArray = S.reshape(n_level, q, n_level, q)[each, :, each, :].sum(axis=0)
    return total


def _pair_products(
    S: FloatArray,
    elements: FloatArray,
    others: FloatArray,
    moved: FloatArray,
    moved_others: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Give the products and the curvatures of two blocks' elements."""
    q, r = elements.shape[1], others.shape[1]
    rows, cols = len(S) // q, len(S[0]) // r
    flat = S.reshape(rows, q, cols, r).transpose(1, 3, 0, 2).reshape(q * r, rows * cols)
    squares = (flat @ flat.T).reshape(q, r, q, r)
    products = np.einsum("kba,acbd,lcd->kl", elements, squares, others)
    turned = S @ moved_others
    curvatures = np.swapaxes(moved, 1, 2)[:, None] @ turned[None]
    return products, curvatures
