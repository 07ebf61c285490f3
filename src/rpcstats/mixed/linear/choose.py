"""Which engine a linear mixed model is handed to."""

import numpy as np

from rpcstats.mixed.linear.dense import DenseProblem
from rpcstats.mixed.linear.evaluation import LinearProblem
from rpcstats.mixed.structure.model_frame import Block, FloatArray

# Levels times effects up to which one dense factor is used: a fit then takes 0.1 s at most, less
# than a fresh process needs to load the compiled kernels of block elimination (0.35 s), which is
# the quicker from 60 columns on once they are there.
MAX_DENSE_COLUMNS = 300


def linear_problem(
    X: FloatArray,
    y: FloatArray,
    blocks: tuple[Block, ...],
    weights: FloatArray | None = None,
) -> LinearProblem:
    """Choose the engine for a linear mixed model.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns of full rank; p may be 0.
    y : ndarray of shape (n,)
        Response, the offset taken off.
    blocks : tuple of Block
        Random effects, one block at least.
    weights : ndarray of shape (n,), optional
        Prior weights, all positive: Var(e_i) = σ² / w_i.

    Returns
    -------
    LinearProblem
        One grouping factor: products pooled over equal designs. Several: dense while they are
        small, else block elimination. The engines differ by rounding only.
    """
    X = np.asarray(X, dtype=np.float64)
    y = np.asarray(y, dtype=np.float64)
    if len(blocks) == 1:
        from rpcstats.mixed.linear.one_factor import OneFactorProblem

        return OneFactorProblem.from_columns(X, y, blocks, weights)
    if sum(block.n_level * block.n_effect for block in blocks) <= MAX_DENSE_COLUMNS:
        return DenseProblem.from_columns(X, y, blocks, weights)
    from rpcstats.mixed.linear.blocks_problem import BlockProblem

    return BlockProblem.from_columns(X, y, blocks, weights)
