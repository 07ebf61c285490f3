"""The columns of a formula rewritten with an indicator for every level."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import FormulaError
from rpcstats.mixed.inference.term_columns import TermColumns, TermFactor

FloatArray = NDArray[np.float64]

# Made-up cells a column at first: nearly always every product of levels occurs.
_CELLS_A_COLUMN = 12
_MOST_DRAWS = 4

# Entries of the rows are ratios of small whole numbers; anything smaller is rounding.
_ROUNDING = 1e-10


class Indicators(NamedTuple):
    """Coefficients of a design as functions of those of all m indicator columns.

    Attributes
    ----------
    rows : ndarray of shape (p, m)
        One row a coefficient of the design, whatever its coding.
    first_level : ndarray of shape (p, m)
        The same, had the categories been compared with their first level.
    term : ndarray of shape (m,), str
        Term of each indicator column.
    """

    rows: FloatArray
    first_level: FloatArray
    term: NDArray[np.str_]


def indicator_coding(terms: Sequence[TermColumns]) -> Indicators:
    """Rewrite the columns of a design.

    Parameters
    ----------
    terms : sequence of TermColumns
        Every term, in the order of the columns.

    Returns
    -------
    Indicators
        Rows R such that X R are the columns of indicators.

    Raises
    ------
    FormulaError
        If the terms do not determine each other's columns.

    Notes
    -----
    The identity holds for any data, so it is solved on made-up cells: levels and covariates
    drawn at random, each expression of covariates a variable of its own.
    """
    rng = np.random.default_rng(0)
    n_column = sum(len(term.columns) for term in terms)
    n_cell = _CELLS_A_COLUMN * n_column + 60
    for _ in range(_MOST_DRAWS):
        cells = _draw_cells(terms, n_cell, rng)
        every = [_columns(term.whole, cells, _every_level) for term in terms]
        together = np.hstack(every)
        rows = _rows(terms, cells, together, _own_coding)
        first_level = _rows(terms, cells, together, _from_first_level)
        if rows is not None and first_level is not None:
            names = [
                np.full(part.shape[1], term.term) for term, part in zip(terms, every, strict=True)
            ]
            return Indicators(rows, first_level, np.concatenate(names))
        n_cell *= 4
    raise FormulaError(
        "The terms of this formula overlap, which tests of type III do not allow; ask for "
        "type I, or write main effects before interactions."
    )


def _rows(
    terms: Sequence[TermColumns],
    cells: dict[str, FloatArray],
    indicators: FloatArray,
    coding: Callable[[TermFactor], FloatArray],
) -> FloatArray | None:
    """Solve for the rows; None if the cells drawn do not determine them."""
    own = np.hstack(
        [_columns(product, cells, coding) for term in terms for product in term.products]
    )
    rows, _, rank, _ = np.linalg.lstsq(own, indicators, rcond=None)
    if rank < own.shape[1]:
        return None
    rows[np.abs(rows) < _ROUNDING] = 0.0
    return np.asarray(rows, dtype=np.float64)


def _draw_cells(
    terms: Sequence[TermColumns], n_cell: int, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Draw an indicator of the level, or values of the covariate, for each expression."""
    cells: dict[str, FloatArray] = {}
    for factor in (factor for term in terms for factor in term.whole):
        if factor.expression in cells:
            continue
        if factor.coding is None:
            cells[factor.expression] = rng.normal(size=(n_cell, factor.size))
        else:
            n_level = len(factor.coding)
            cells[factor.expression] = np.eye(n_level)[rng.integers(n_level, size=n_cell)]
    return cells


def _columns(
    product: tuple[TermFactor, ...],
    cells: dict[str, FloatArray],
    coding: Callable[[TermFactor], FloatArray],
) -> FloatArray:
    """Multiply the factors of a product out, the first running fastest."""
    columns = np.ones((len(next(iter(cells.values()), np.ones((1, 1)))), 1))
    for factor in product:
        values = cells[factor.expression]
        if factor.coding is not None:
            values = values @ coding(factor)
        columns = (values[:, :, None] * columns[:, None, :]).reshape(len(values), -1)
    return columns


def _own_coding(factor: TermFactor) -> FloatArray:
    assert factor.coding is not None
    return factor.coding


def _every_level(factor: TermFactor) -> FloatArray:
    assert factor.coding is not None
    return np.eye(len(factor.coding))


def _from_first_level(factor: TermFactor) -> FloatArray:
    n_level = len(_own_coding(factor))
    return np.eye(n_level)[:, n_level - factor.size :]
