"""How many terms a right side stands for, found before `*` and powers are written out."""

from math import comb
from typing import Any, NamedTuple

from rpcstats.errors import FormulaError

# A term has a column at least, and more columns than this can't be fitted.
MAX_TERMS = 2_000
# The coding of a product of k factors looks at 2^k products of them.
MAX_ORDER = 8
_MAX_POWER = 20
# Products formed to write a power out, of which many are alike.
_MAX_PRODUCTS = 100_000


class Extent(NamedTuple):
    """Bounds on what a right side stands for.

    Attributes
    ----------
    terms : int
        Number of terms.
    order : int
        Number of factors of the longest term.
    """

    terms: int
    order: int


def refuse_many_terms(found: Extent) -> None:
    """Refuse a right side too long to be written out.

    Parameters
    ----------
    found : Extent
        What it stands for.

    Raises
    ------
    FormulaError
        If there are more than `MAX_TERMS` terms, or one joins more than `MAX_ORDER` factors.
    """
    if found.terms > MAX_TERMS:
        n = f"{found.terms:,}" if found.terms < 10**9 else "more than a billion"
        raise FormulaError(
            f"The right side stands for {n} terms; at most {MAX_TERMS:,} can be fitted: name "
            "fewer columns, or join them with + in place of *."
        )
    if found.order > MAX_ORDER:
        raise FormulaError(
            f"An interaction joins at most {MAX_ORDER} columns; one here joins up to "
            f"{found.order}: write those wanted with : and + in place of *."
        )


def expanded_extent(root: Any) -> Extent:
    """Bound what formulaic's tree of operators stands for.

    Parameters
    ----------
    root : formulaic ASTNode or Token
        The tree, not written out.

    Returns
    -------
    Extent
        Bounds on the terms.

    Raises
    ------
    FormulaError
        If an operator joins no terms, such as ``|``.
    """
    nodes, waiting = [], [root]
    while waiting:
        node = waiting.pop()
        if hasattr(node, "operator"):
            nodes.append(node)
            waiting += node.args
    found: dict[int, Extent] = {}
    for node in reversed(nodes):
        parts = [found.get(id(part), Extent(1, 1)) for part in node.args]
        found[id(node)] = _joined(node.operator.symbol, parts, node.args)
    return found.get(id(root), Extent(1, 1))


def _joined(symbol: str, parts: list[Extent], written: Any) -> Extent:
    if len(parts) == 1 and symbol in "+-":
        return parts[0]
    if len(parts) != 2 or symbol not in ("+", "-", "*", ":", "/", "in", "**", "^"):
        raise FormulaError(
            "The right side can't be read: terms are joined with + - * / : and ** only."
        )
    left, right = parts
    if symbol in "+-":
        terms = left.terms + (right.terms if symbol == "+" else 0)
        return Extent(terms, max(left.order, right.order))
    if symbol in ("**", "^"):
        return _power(left, str(written[1]))
    product = left.terms * right.terms
    terms = {"*": left.terms + right.terms + product, ":": product}.get(
        symbol, left.terms + right.terms
    )
    return Extent(terms, left.order + right.order)


def _power(base: Extent, exponent: str) -> Extent:
    if not exponent.isdecimal() or not 1 <= int(exponent[:9]) <= _MAX_POWER:
        raise FormulaError(f"A power of terms is a whole number from 1 to {_MAX_POWER}.")
    k = int(exponent)
    if base.terms**k > _MAX_PRODUCTS:
        return Extent(base.terms**k, base.order)
    terms = sum(comb(base.terms, size) for size in range(1, k + 1))
    return Extent(terms, base.order * min(k, base.terms))
