"""Nodes and weights of Gauss-Hermite quadrature in one and several dimensions."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import comb

import numpy as np
from scipy import special

from rpcstats.errors import ParameterError
from rpcstats.mixed.general.nested_rules import EXACT_DEGREES, nested_rule
from rpcstats.mixed.structure.model_frame import FloatArray

MAX_NODES = 200_000
"""Nodes a group; more would not be held in memory."""

_VANISHING = 1e-17


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Nodes t and weights w for the mean of f(t), t standard normal: Σ w f(t).

    Attributes
    ----------
    nodes : ndarray of shape (K, q)
        Nodes.
    log_weight : ndarray of shape (K,)
        log |w| + t't / 2, the log-weight with the normal density divided out.
    sign : ndarray of shape (K,)
        Sign of w; a sparse grid has negative weights.
    """

    nodes: FloatArray
    log_weight: FloatArray
    sign: FloatArray


@lru_cache(maxsize=64)
def quadrature_grid(q: int, n: int, kind: str = "product") -> Grid:
    """Give a grid for q dimensions.

    Parameters
    ----------
    q : int
        Dimensions.
    n : int
        Nodes an axis of a product grid; level of a sparse grid, exact for polynomials of total
        degree 2 n - 1.
    kind : str
        "product" or "sparse".

    Returns
    -------
    Grid
        The grid; n = 1 has the one node 0, whose quadrature is Laplace's approximation.

    Raises
    ------
    ParameterError
        If `kind` is unknown, n is not positive or the grid has too many nodes.

    Notes
    -----
    The sparse grid is Smolyak's (Heiss and Winschel 2008) with the nested rules of Genz and
    Keister (1996); with the same exactness it has fewer nodes than the product grid from three
    dimensions on.
    """
    if not isinstance(kind, str) or kind not in ("product", "sparse"):
        raise ParameterError(f"unknown grid {kind!r}; known: product, sparse")
    if n < 1:
        raise ParameterError("quadrature needs at least one node")
    if kind == "product" or q == 1:
        if n**q > MAX_NODES:
            raise ParameterError(f"{n} nodes in each of {q} dimensions are too many; take fewer")
        return _make_grid(*_multiply_rules([n] * q))
    return _make_sparse(q, n)


def _rule(n: int) -> tuple[FloatArray, FloatArray]:
    nodes, weights = special.roots_hermitenorm(n)
    nodes = (nodes - nodes[::-1]) / 2.0
    weights = (weights + weights[::-1]) / 2.0
    return nodes, weights / weights.sum()


def _multiply_rules(sizes: list[int]) -> tuple[FloatArray, FloatArray]:
    rules = [_rule(size) for size in sizes]
    nodes = np.array(list(product(*(rule[0] for rule in rules))), dtype=np.float64)
    weights = np.array([np.prod(w) for w in product(*(rule[1] for rule in rules))])
    return nodes, weights


def _make_grid(nodes: FloatArray, weights: FloatArray) -> Grid:
    used = weights != 0.0
    nodes, weights = nodes[used], weights[used]
    log_weight = np.log(np.abs(weights)) + 0.5 * (nodes * nodes).sum(axis=1)
    grid = Grid(nodes, log_weight, np.sign(weights))
    for array in (grid.nodes, grid.log_weight, grid.sign):
        array.setflags(write=False)
    return grid


def _make_sparse(q: int, level: int) -> Grid:
    if level > EXACT_DEGREES[-1] // 2 + 1:
        raise ParameterError(f"a sparse grid has a level of at most {EXACT_DEGREES[-1] // 2 + 1}")
    total: dict[tuple[float, ...], float] = {}
    for sizes in product(range(1, level + 1), repeat=q):
        left = level - 1 - (sum(sizes) - q)
        if not 0 <= left <= q - 1:
            continue
        factor = (-1) ** left * comb(q - 1, left)
        rules = [nested_rule(2 * size - 1) for size in sizes]
        for node, weight in zip(
            product(*(rule[0] for rule in rules)),
            product(*(rule[1] for rule in rules)),
            strict=True,
        ):
            total[node] = total.get(node, 0.0) + factor * float(np.prod(weight))
    kept = {node: weight for node, weight in total.items() if abs(weight) > _VANISHING}
    return _make_grid(np.array(list(kept), dtype=np.float64), np.array(list(kept.values())))
