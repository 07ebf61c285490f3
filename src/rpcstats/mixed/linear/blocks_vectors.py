"""Vectors over the levels of all blocks and their products with Z'Z."""

import numpy as np

from rpcstats.mixed.linear.blocks_information_kernels import dense_entries, multiply_products
from rpcstats.mixed.linear.blocks_system import DenseRest, System
from rpcstats.mixed.structure.model_frame import FloatArray


def inner_products(left: list[FloatArray], right: list[FloatArray]) -> FloatArray:
    """Sum the products of two sets of vectors over all levels.

    Parameters
    ----------
    left, right : list of ndarray of shape (L, h, j) and (L, h, k)
        One pair a block.

    Returns
    -------
    ndarray of shape (j, k)
        The sums.
    """
    total = np.zeros((left[0].shape[2], right[0].shape[2]))
    for one, other in zip(left, right, strict=True):
        total += np.tensordot(one, other, axes=((0, 1), (0, 1)))
    return total


def dense_columns(rest: DenseRest, parts: list[FloatArray], k: int) -> FloatArray:
    """Put the values of levels left dense where their columns stand.

    Parameters
    ----------
    rest : DenseRest
        Where columns stand.
    parts : list of ndarray of shape (L, q, k)
        Values for each block left.
    k : int
        Number of vectors.

    Returns
    -------
    ndarray of shape (R, k)
        The values, a row for each column.
    """
    result = np.zeros((len(rest.corner), k))
    for columns, part in zip(rest.first, parts, strict=True):
        result[columns[:, None] + np.arange(part.shape[1])] = part
    return result


def times_products(
    system: System, vectors: list[FloatArray]
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Multiply vectors by Z'Z.

    Parameters
    ----------
    system : System
        The products.
    vectors : list of ndarray of shape (L, q, k)
        Values for each level: blocks in the order of the plan, levels of the eliminated ones in
        theirs.

    Returns
    -------
    stacked : list of ndarray of shape (L, h, k)
        The vectors, with those of the ancestors below.
    products : list of ndarray of shape (L, h, k)
        The products; what the descendants of a level add to its ancestors stands below.
    """
    rest = system.rest
    k = vectors[0].shape[2]
    n_stage = len(system.stages)
    dense = dense_columns(rest, vectors[n_stage:], k)
    dense_out = dense_entries(rest.rows, rest.columns, rest.values, dense)
    above: FloatArray = np.zeros((1, 0, k))
    above_out: FloatArray = np.zeros((1, 0, k))
    stacks: list[FloatArray] = []
    products: list[FloatArray] = []
    for stage, own in reversed(list(zip(system.stages, vectors[:n_stage], strict=True))):
        L, q = own.shape[:2]
        stacked = np.empty((L, q + above.shape[1], k))
        stacked[:, :q] = own
        if above.shape[1]:
            stacked[:, q:] = above[stage.parent]
        out = np.zeros(stacked.shape)
        multiply_products(
            stage.front,
            stage.values,
            stage.ends,
            stage.columns,
            stage.parent,
            stacked,
            dense,
            out,
            above_out,
            dense_out,
        )
        stacks.insert(0, stacked)
        products.insert(0, out)
        above, above_out = stacked, out
    for first, own in zip(rest.first, vectors[n_stage:], strict=True):
        stacks.append(own)
        products.append(dense_out[first[:, None] + np.arange(own.shape[1])])
    return stacks, products
