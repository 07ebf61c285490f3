"""Which columns of a design belong to which term, and the products of factors behind them."""

import re
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import FormulaError
from rpcstats.formula import Design
from rpcstats.formula.plain_columns import PlainSpec
from rpcstats.formula.plain_terms import ScopedTerm

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class TermFactor(NamedTuple):
    """A factor of a term.

    Attributes
    ----------
    expression : str
        As written in the formula.
    size : int
        Columns it has by itself.
    coding : ndarray of shape (L, size) or None
        What its columns hold at each level; None for a covariate.
    """

    expression: str
    size: int
    coding: FloatArray | None = None


class TermColumns(NamedTuple):
    """A term of a formula.

    Attributes
    ----------
    term : str
        The term as written; "1" for the intercept.
    columns : ndarray of int
        Positions of its columns in the design.
    products : tuple of tuple of TermFactor
        Products of factors that make them, one run of columns after the other; in a run the
        first factor varies fastest.
    """

    term: str
    columns: IntArray
    products: tuple[tuple[TermFactor, ...], ...]

    @property
    def whole(self) -> tuple[TermFactor, ...]:
        """Every factor of the term once, the longest product there is."""
        return max(self.products, key=len)

    def contained_in(self, other: Self) -> bool:
        """Whether another term has the same covariates and these categories and more.

        Parameters
        ----------
        other : TermColumns
            The other term.

        Returns
        -------
        bool
            True if a test of this term is taken at the mean over the other's categories.
        """
        covariates, categories = _parts(self.whole)
        others, more = _parts(other.whole)
        return covariates == others and categories < more


def _parts(product: tuple[TermFactor, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Give the covariates and the categorical factors of a product."""
    covariates = frozenset(each.expression for each in product if each.coding is None)
    return covariates, frozenset(each.expression for each in product) - covariates


def term_columns(design: Design) -> tuple[TermColumns, ...]:
    """Take the columns of a design apart by terms.

    Parameters
    ----------
    design : Design
        Encoding of the fixed effects.

    Returns
    -------
    tuple of TermColumns
        One a term that has columns, in the order of the columns.

    Raises
    ------
    FormulaError
        If the columns can't be told apart.
    """
    if isinstance(design._spec, PlainSpec):
        named = _plain_products(design._spec)
    else:
        named = _formulaic_products(design._spec)
    result, start = [], 0
    for term, products in named:
        stop = start + sum(_n_column(product) for product in products)
        if stop > start:
            result.append(TermColumns(term, np.arange(start, stop, dtype=np.int64), products))
        start = stop
    if start != len(design.names):
        raise FormulaError(
            "The columns of this formula can't be told apart by terms; write it with fewer "
            "functions inside interactions."
        )
    return tuple(result)


def _n_column(product: tuple[TermFactor, ...]) -> int:
    return int(np.prod([factor.size for factor in product], dtype=np.int64))


Named = list[tuple[str, tuple[tuple[TermFactor, ...], ...]]]


def _plain_products(spec: PlainSpec) -> Named:
    terms = [((), "1"), *zip(spec.terms.terms, spec.terms.written, strict=True)]
    found: dict[str, list[tuple[TermFactor, ...]]] = {name: [] for _, name in terms}
    for run in spec.scoped:
        owner = next(name for factors, name in terms if _makes(spec, factors, run))
        found[owner].append(tuple(_plain_factor(spec, *each) for each in run))
    return [(name, tuple(products)) for name, products in found.items()]


def _makes(spec: PlainSpec, factors: tuple[str, ...], run: ScopedTerm) -> bool:
    """Whether a term makes a run: its covariates all take part, its categories may."""
    used = {name for name, _ in run}
    covariates = {name for name in factors if name not in spec.levels}
    return covariates <= used <= set(factors)


def _plain_factor(spec: PlainSpec, name: str, reduced: bool) -> TermFactor:
    if name not in spec.levels:
        return TermFactor(name, 1)
    n_level = len(spec.levels[name])
    coding = np.eye(n_level)[:, 1:] if reduced else np.eye(n_level)
    return TermFactor(name, coding.shape[1], coding)


def _formulaic_products(spec: Any) -> Named:
    return [
        (
            str(structure.term),
            tuple(
                tuple(_formulaic_factor(spec, scoped, structure.columns) for scoped in run.factors)
                for run in structure.scoped_terms
            )
            if structure.columns
            else (),
        )
        for structure in spec.structure
    ]


def _formulaic_factor(spec: Any, scoped: Any, columns: list[str]) -> TermFactor:
    expression = str(scoped.factor.expr)
    kind, state = spec.encoder_state[expression]
    if kind.value != "categorical":
        pattern = re.escape(expression) + r"(?:\[[^\[\]]*\])?"
        found = {match for column in columns for match in re.findall(pattern, column)}
        return TermFactor(expression, max(len(found), 1))
    contrasts, levels = state["contrasts"].contrasts, list(state["categories"])
    made = contrasts.get_coding_matrix(levels, reduced_rank=bool(scoped.reduced))
    coding = np.asarray(made, dtype=np.float64)
    return TermFactor(expression, coding.shape[1], coding)
