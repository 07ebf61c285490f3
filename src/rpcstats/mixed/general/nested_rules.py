"""Nested quadrature rules for the normal density: each keeps the nodes of the one before."""

from fractions import Fraction
from functools import lru_cache

import numpy as np
from scipy import special

EXACT_DEGREES = (1, 5, 15, 29, 51)
"""Degrees of the polynomials that the rules of 1, 3, 9, 19 and 35 nodes integrate exactly."""

_ADDED_PAIRS = (1, 3, 5, 8)
_CHECKING_NODES = 60


def nested_rule(degree: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Give the smallest rule that is exact for a degree.

    Parameters
    ----------
    degree : int
        Degree of polynomials, at most 51.

    Returns
    -------
    nodes : tuple of float
        Nodes; those that two rules share are the same numbers.
    weights : tuple of float
        Weights, which add up to one.

    Notes
    -----
    Nodes are added as Kronrod did: the zeros of the even polynomial E for which the product GE,
    with G the polynomial of the nodes so far, is orthogonal to the odd powers of lower degree
    (Genz and Keister 1996). Its coefficients are found in rational numbers.
    """
    size = next(i for i, exact in enumerate(EXACT_DEGREES) if exact >= degree)
    return _rules()[size]


@lru_cache(maxsize=1)
def _rules() -> tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]:
    polynomial = [Fraction(0), Fraction(1)]
    nodes = [0.0]
    rules: list[tuple[tuple[float, ...], tuple[float, ...]]] = [((0.0,), (1.0,))]
    for pairs in _ADDED_PAIRS:
        even = _extend(polynomial, pairs)
        squares = np.roots([1.0, *(float(c) for c in reversed(even))]).real
        nodes += [sign * float(np.sqrt(square)) for square in np.sort(squares) for sign in (-1, 1)]
        factor = [Fraction(0)] * (2 * pairs + 1)
        factor[:-1:2], factor[-1] = even, Fraction(1)
        polynomial = _multiply(polynomial, factor)
        rules.append((tuple(nodes), _weigh(nodes)))
    return tuple(rules)


def _moment(power: int) -> Fraction:
    """Give the moment of a standard normal variable."""
    if power % 2:
        return Fraction(0)
    return Fraction(int(special.factorial2(power - 1, exact=True)) if power else 1)


def _extend(G: list[Fraction], pairs: int) -> list[Fraction]:
    """Give the coefficients of 1, x², x⁴, ... in E, whose leading one is 1."""

    def meet(i: int, k: int) -> Fraction:
        return sum((g * _moment(j + 2 * i + k) for j, g in enumerate(G)), Fraction(0))

    powers = range(1, 2 * pairs, 2)
    table = [[*(meet(i, k) for i in range(pairs)), -meet(pairs, k)] for k in powers]
    for i in range(pairs):
        pivot = next(r for r in range(i, pairs) if table[r][i] != 0)
        table[i], table[pivot] = table[pivot], table[i]
        table[i] = [x / table[i][i] for x in table[i]]
        for r in range(pairs):
            if r != i:
                table[r] = [x - table[r][i] * y for x, y in zip(table[r], table[i], strict=True)]
    return [row[-1] for row in table]


def _multiply(a: list[Fraction], b: list[Fraction]) -> list[Fraction]:
    result = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            result[i + j] += x * y
    return result


def _weigh(nodes: list[float]) -> tuple[float, ...]:
    """Integrate the Lagrange polynomials of the nodes."""
    x, w = special.roots_hermitenorm(_CHECKING_NODES)
    w = w / w.sum()
    weights = []
    for i, node in enumerate(nodes):
        others = np.array(nodes[:i] + nodes[i + 1 :])
        lagrange = np.prod((x[:, None] - others) / (node - others), axis=1)
        weights.append(float(w @ lagrange))
    return tuple(weights)
