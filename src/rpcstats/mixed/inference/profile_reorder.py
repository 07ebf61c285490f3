"""Blocks with their effects in another order, so that a parameter stands alone in its row."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from rpcstats.mixed.inference.profile_parameters import free_covariances
from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray, split_theta

# Step of central differences where coordinates change; the second derivatives they carry over
# only start a search.
_DIFFERENCE: Final = 1e-5


def lead_order(block: Block, effects: Sequence[int]) -> list[int]:
    """Give the order in which effects come first among those they may correlate with.

    Parameters
    ----------
    block : Block
        Random effects.
    effects : sequence of int
        Effects to move, which all may correlate with each other.

    Returns
    -------
    list of int
        Old position of the effect at each new position.
    """
    together = np.flatnonzero(free_covariances(block)[effects[0]]).tolist()
    moved = [*effects, *(i for i in together if i not in effects)]
    order = list(range(block.n_effect))
    for place, effect in zip(together, moved, strict=True):
        order[place] = effect
    return order


def reorder_block(block: Block, order: Sequence[int]) -> Block:
    """Put the effects of a block in another order.

    Parameters
    ----------
    block : Block
        Random effects.
    order : sequence of int
        Old position of the effect at each new position.

    Returns
    -------
    Block
        The same model.
    """
    places = list(order)
    rows, cols = _template(block, places)
    return replace(
        block,
        Z=np.ascontiguousarray(block.Z[:, places]),
        effects=tuple(block.effects[i] for i in places),
        rows=rows,
        cols=cols,
        encoding=None,
    )


def reorder_theta(block: Block, theta: FloatArray, order: Sequence[int]) -> FloatArray:
    """Give the covariance parameters of a block in another order.

    Parameters
    ----------
    block : Block
        Random effects, in the old order.
    theta : ndarray of shape (k,)
        Their parameters; the covariance may be singular.
    order : sequence of int
        Old position of the effect at each new position.

    Returns
    -------
    ndarray of shape (k,)
        Parameters of the reordered block, diagonals 0 or more.
    """
    turned = np.linalg.qr(block.factor(theta)[list(order)].T, mode="r")
    signs = np.where(np.diag(turned) < 0.0, -1.0, 1.0)
    Lambda: FloatArray = (signs[:, None] * turned).T
    return np.asarray(Lambda[_template(block, list(order))])


def reorder_one(
    blocks: tuple[Block, ...], theta: FloatArray, number: int, order: list[int]
) -> tuple[FloatArray, tuple[Block, ...]]:
    """Reorder the effects of one block.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    theta : ndarray of shape (k,)
        Their parameters.
    number : int
        Which block.
    order : list of int
        Old position of the effect at each new position.

    Returns
    -------
    theta : ndarray of shape (k,)
        Parameters of the reordered blocks.
    blocks : tuple of Block
        The reordered blocks.
    """
    parts = list(split_theta(blocks, theta))
    parts[number] = reorder_theta(blocks[number], parts[number], order)
    moved = tuple(
        reorder_block(block, order) if place == number else block
        for place, block in enumerate(blocks)
    )
    return np.concatenate(parts), moved


def order_jacobian(
    blocks: tuple[Block, ...], theta: FloatArray, number: int, order: list[int]
) -> FloatArray:
    """Differentiate θ in another order by θ.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    theta : ndarray of shape (k,)
        Their parameters.
    number : int
        Which block is reordered.
    order : list of int
        Old position of the effect at each new position.

    Returns
    -------
    ndarray of shape (k, k)
        Central differences.
    """
    k = len(theta)
    plain = [replace(block, Z=block.Z[:0]) for block in blocks]
    T = np.zeros((k, k))
    for j in range(k):
        step = np.zeros(k)
        step[j] = _DIFFERENCE * max(abs(theta[j]), 1e-3)
        up, down = (
            reorder_one(tuple(plain), theta + sign * step, number, order)[0] for sign in (1, -1)
        )
        T[:, j] = (up - down) / (2.0 * step[j])
    return T


def lead_places(
    blocks: tuple[Block, ...], number: int, effects: tuple[int, ...], order: list[int]
) -> tuple[list[int], list[int]]:
    """Give the positions in θ of the elements that effects depend on, as is and reordered.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    number : int
        Which block is reordered.
    effects : tuple of int
        One effect, whose diagonal is wanted; or two, whose lower triangle is.
    order : list of int
        Old position of the effect at each new position; the effects come first.

    Returns
    -------
    tuple of list of int
        Positions before and after.
    """
    first = sum(block.n_theta for block in blocks[:number])
    bare = replace(blocks[number], Z=blocks[number].Z[:0])
    found = []
    for block, at in (
        (bare, effects),
        (reorder_block(bare, order), tuple(order.index(i) for i in effects)),
    ):
        a, b = at[0], at[-1]
        wanted = [(a, a)] if a == b else [(a, a), (b, a), (b, b)]
        pairs = list(zip(block.rows.tolist(), block.cols.tolist(), strict=True))
        found.append([first + pairs.index(pair) for pair in wanted])
    return found[0], found[1]


def _template(block: Block, places: list[int]) -> tuple[IntArray, IntArray]:
    """Give rows and columns of the free elements of Λ, column by column."""
    free = np.tril(free_covariances(block)[np.ix_(places, places)])
    cols, rows = np.nonzero(free.T)
    return rows.astype(np.int64), cols.astype(np.int64)
