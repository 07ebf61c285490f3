"""Plain terms of a right side: columns, `C(column)`, `:` and `*`.

Terms, their order and their coding are formulaic's own; what is not plain is left to formulaic.
"""

import itertools
import keyword
import re
from collections.abc import Collection
from dataclasses import dataclass

from rpcstats.formula.parse import Formula
from rpcstats.formula.term_counts import Extent, refuse_many_terms

_NAME = r"(?:[^\W\d]\w*|`[^`]+`)"
_ATOM = rf"(?:C\(\s*{_NAME}\s*\)|{_NAME})"
_TERM = re.compile(rf"{_ATOM}(?:\s*[:*]\s*{_ATOM})*")
_PIECE = re.compile(rf"({_ATOM})|([:*])")

ScopedTerm = tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class PlainTerms:
    """A right side made of plain terms only.

    Attributes
    ----------
    intercept : bool
        Whether there is a column of ones.
    terms : tuple of tuple of str
        Factors of each term, in the order of their columns.
    columns : dict
        Column of the frame each factor reads.
    forced : frozenset of str
        Factors written ``C(column)``.
    """

    intercept: bool
    terms: tuple[tuple[str, ...], ...]
    columns: dict[str, str]
    forced: frozenset[str]

    @property
    def written(self) -> tuple[str, ...]:
        """Terms as a formula writes them."""
        return tuple(":".join(map(_written, term)) for term in self.terms)


def read_plain_terms(formula: Formula) -> PlainTerms | None:
    """Take the right side of a formula apart if all its terms are plain.

    Parameters
    ----------
    formula : Formula
        A formula taken apart.

    Returns
    -------
    PlainTerms or None
        None if a term needs formulaic.

    Raises
    ------
    FormulaError
        If there are too many terms, or one has too many factors.
    """
    refuse_many_terms(_plain_extent(formula.terms))
    ones = [signed for signed in formula.terms if signed[2:] in ("0", "1")]
    if len(ones) > 1 or ones == ["- 0"]:
        return None
    products: list[tuple[str, ...]] = []
    columns: dict[str, str] = {}
    for signed in formula.terms:
        if signed in ones:
            continue
        if signed[0] == "-" or not _TERM.fullmatch(signed[2:]):
            return None
        products += _expanded(signed[2:], columns)
    if any(keyword.iskeyword(column) for column in columns.values()):
        return None
    first = {frozenset(product): product for product in reversed(products)}
    ordered = list(dict.fromkeys(first[frozenset(product)] for product in products))
    forced = frozenset(name for name, column in columns.items() if name != column)
    return PlainTerms(ones in ([], ["+ 1"]), tuple(sorted(ordered, key=len)), columns, forced)


def scoped_terms(terms: PlainTerms, categorical: Collection[str]) -> tuple[ScopedTerm, ...]:
    """Choose which factors leave their first level out so that no column is determined by others.

    Parameters
    ----------
    terms : PlainTerms
        The terms.
    categorical : collection of str
        Factors with levels.

    Returns
    -------
    tuple of ScopedTerm
        One run of columns each: the factors, and whether each leaves its first level out.
    """
    spanned: set[frozenset[tuple[str, bool]]] = set()
    scoped: list[ScopedTerm] = []
    for term in (*([()] if terms.intercept else []), *terms.terms):
        choices = [
            [(name, True), None] if name in categorical else [(name, False)] for name in term
        ]
        span = [tuple(pick for pick in picks if pick) for picks in itertools.product(*choices)]
        new = [product for product in span if frozenset(product) not in spanned]
        spanned |= {frozenset(product) for product in new}
        scoped += _simplified(new)
    return tuple(scoped)


def _plain_extent(terms: tuple[str, ...]) -> Extent:
    """Bound what the plain terms among these stand for."""
    distinct = set(terms)
    count, order = len(distinct), 0
    for signed in distinct:
        if ("*" in signed or ":" in signed) and _TERM.fullmatch(signed[2:]):
            pieces = _PIECE.findall(signed[2:])
            count += 2 ** (1 + sum(operator == "*" for _, operator in pieces)) - 2
            order = max(order, len({atom for atom, _ in pieces if atom}))
    return Extent(count, order)


def _written(factor: str) -> str:
    return factor if re.fullmatch(_ATOM, factor) else f"`{factor}`"


def _expanded(text: str, columns: dict[str, str]) -> list[tuple[str, ...]]:
    operands: list[list[str]] = [[]]
    for atom, operator in _PIECE.findall(text):
        if operator == "*":
            operands.append([])
        elif atom:
            called = atom.startswith("C(")
            inside = atom[2:-1].strip() if called else atom
            factor = f"C({inside})" if called else inside.strip("`")
            columns[factor] = inside.strip("`")
            operands[-1].append(factor)
    products: list[tuple[str, ...]] = []
    for operand in operands:
        alone = tuple(dict.fromkeys(operand))
        joined = [tuple(dict.fromkeys((*product, *alone))) for product in products]
        products += [alone, *joined]
    return products


def _simplified(products: list[ScopedTerm]) -> list[ScopedTerm]:
    """Join a:b⁻ and a to a:b, where b⁻ is b without its first level."""
    found: list[ScopedTerm] = []
    for product in sorted(products, key=len):
        for existing in found:
            added = set(product) - set(existing)
            if len(product) - 1 == len(existing) and len(added) == 1:
                name, reduced = added.pop()
                if reduced:
                    joined = tuple((n, r and n != name) for n, r in product)
                    found = _simplified([*(t for t in found if t != existing), joined])
                    break
        else:
            if set(product) not in map(set, found):
                found.append(product)
    return found
