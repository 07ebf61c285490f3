"""In which order levels are eliminated, and which later levels each of them touches."""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from rpcstats.mixed.structure.model_frame import IntArray


class LevelOrder(NamedTuple):
    """Levels of all factors in order of elimination.

    Attributes
    ----------
    ranks : list of ndarray of shape (L_b,), int
        Place in the order of each level of each factor.
    stage_sizes : list of int
        Levels of each factor that is eliminated level by level; they come first.
    pieces : ndarray of int
        Of each level left, the connected piece of the design it is in; ascending.
    touched : list of tuple of ndarray
        Of each stage the pairs (level, later level that it touches once earlier stages are
        eliminated), sorted.
    """

    ranks: list[IntArray]
    stage_sizes: list[int]
    pieces: IntArray
    touched: list[tuple[IntArray, IntArray]]


def order_levels(codes: IntArray, n_level: tuple[int, ...], *, dense: bool) -> LevelOrder:
    """Order the levels of nested and crossed factors for elimination.

    The factor with most levels goes first: its levels never occur together, so its part of the
    matrix is block diagonal. Another follows while all before it are nested in it, for its part
    then stays block diagonal. What is left falls into the connected pieces of the design.

    Parameters
    ----------
    codes : ndarray of shape (m, B), int
        Combinations of levels that occur together.
    n_level : tuple of int
        Levels of each factor.
    dense : bool
        Whether no factor is eliminated level by level.

    Returns
    -------
    LevelOrder
        The order.
    """
    chain = [] if dense else _choose_chain(codes, n_level)
    ranks, stage_sizes, pieces = _number_levels(codes, n_level, chain)
    level_codes = np.column_stack([rank[codes[:, b]] for b, rank in enumerate(ranks)])
    touched = _list_later_levels(level_codes, chain, sum(n_level))
    return LevelOrder(ranks, stage_sizes, pieces, touched)


def _choose_chain(codes: IntArray, n_level: tuple[int, ...]) -> list[int]:
    order = sorted(range(len(n_level)), key=lambda b: -n_level[b])
    chain = [order[0]]
    for b in order[1:]:
        if all(_is_nested(codes[:, inner], codes[:, b], n_level[inner]) for inner in chain):
            chain.append(b)
    return chain


def _is_nested(inner: IntArray, outer: IntArray, n_inner: int) -> bool:
    parent = np.zeros(n_inner, dtype=np.int64)
    parent[inner] = outer
    return bool(np.array_equal(parent[inner], outer))


def _number_levels(
    codes: IntArray, n_level: tuple[int, ...], chain: list[int]
) -> tuple[list[IntArray], list[int], IntArray]:
    """Rank all levels in order of elimination; sizes of stages, piece of each level left."""
    starts = np.concatenate([[0], np.cumsum(n_level)])
    rest = [b for b in range(len(n_level)) if b not in chain]
    piece = _find_pieces(codes + starts[:-1], int(starts[-1]))
    ranks = [np.empty(size, dtype=np.int64) for size in n_level]
    done = 0
    for b in chain:
        ranks[b] = done + np.arange(n_level[b])
        done += n_level[b]
    left = [piece[starts[b] : starts[b + 1]] for b in rest]
    joined = np.concatenate(left) if left else np.empty(0, dtype=np.int64)
    order = np.argsort(joined, kind="stable")
    rank = np.empty_like(order)
    rank[order] = done + np.arange(len(order))
    cuts = np.cumsum([len(part) for part in left])[:-1]
    for b, part in zip(rest, np.split(rank, cuts) if left else [], strict=True):
        ranks[b] = part
    return ranks, [n_level[b] for b in chain], joined[order]


def _find_pieces(nodes: IntArray, n_node: int) -> IntArray:
    first = np.repeat(nodes[:, 0], nodes.shape[1])
    links = sparse.coo_array(
        (np.ones(len(first), dtype=np.int8), (first, nodes.ravel())), shape=(n_node, n_node)
    )
    labels = sparse.csgraph.connected_components(links, directed=False)[1]
    result: IntArray = labels.astype(np.int64)
    return result


def _list_later_levels(
    level_codes: IntArray, chain: list[int], n_level: int
) -> list[tuple[IntArray, IntArray]]:
    """Pairs (level, later level it touches after earlier stages) of each stage, sorted."""
    touched: list[tuple[IntArray, IntArray]] = []
    for stage, b in enumerate(chain):
        if stage == 0:
            others = np.delete(level_codes, b, axis=1)
            keys = (level_codes[:, b, None] * n_level + others).ravel()
        else:
            owner, later = touched[-1]
            is_first = np.r_[True, owner[1:] != owner[:-1]]
            parent = later[is_first][np.cumsum(is_first) - 1]
            keys = (parent * n_level + later)[~is_first]
        owner, later = np.divmod(np.unique(keys), n_level)
        touched.append((owner, later))
    return touched
