"""Hypotheses of the terms of a formula: type III, free of the coding, and type I, in order."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.formula import Design
from rpcstats.mixed.inference.indicator_coding import indicator_coding
from rpcstats.mixed.inference.term_columns import TermColumns, term_columns

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
TestType = Literal["III", "I"]

# Combinations of rows below this, relatively, are zero but for rounding.
_NOT_ESTIMABLE = 1e-8


class Hypothesis(NamedTuple):
    """What is tested of one term.

    Attributes
    ----------
    term : str
        The term, such as "session:mode".
    L : ndarray of shape (r, p)
        Rows that are zero if the term plays no part; no row if the data can't tell.
    """

    term: str
    L: FloatArray


def term_hypotheses(
    design: Design, names: tuple[str, ...], test_type: TestType = "III"
) -> tuple[Hypothesis, ...]:
    """Give the hypothesis of each term but the intercept, in formula order.

    Parameters
    ----------
    design : Design
        Encoding of the fixed effects.
    names : tuple of str
        Names of the columns kept in the model, some of those of `design`, in order.
    test_type : {"III", "I"}, default "III"
        Each term given all others, or given those before it.

    Returns
    -------
    tuple of Hypothesis
        One a term.

    Notes
    -----
    Goodnight (1978). Type III does not depend on the contrasts chosen: of the functions of
    the indicators of all levels that the data determine, those are tested that involve the
    term and the terms that contain it (the same covariates, its categories and more) and are
    orthogonal to those of the containing terms alone. Main effects are then taken at the mean
    of the other factors' levels, covariates where they are 0. With empty cells the tests
    depend on which are empty. Type I takes the terms out of the rows' cross-products one after
    the other.
    """
    kept = np.array([design.names.index(name) for name in names], dtype=np.int64)
    terms = term_columns(design)
    held = [term for term in terms if np.isin(term.columns, kept).any()]
    tested = [term for term in terms if term.term != "1"]
    if not held:
        return tuple(Hypothesis(each.term, np.zeros((0, 0))) for each in tested)
    if test_type == "I":
        rows = _sequential_rows(design, kept)
        return tuple(Hypothesis(each.term, rows[np.isin(kept, each.columns)]) for each in tested)
    columns = np.concatenate([term.columns for term in held])
    indicators = indicator_coding(held)
    over = _estimable_space(design, columns, kept) @ indicators.rows
    first_level = indicators.first_level[np.isin(columns, kept)]
    result = []
    for each in tested:
        own = first_level[np.isin(kept, each.columns)]
        L = _third_type(each, held, over, own, indicators.term)
        result.append(Hypothesis(each.term, L))
    return tuple(result)


def _sequential_rows(design: Design, kept: IntArray) -> FloatArray:
    """Give the unit upper triangle of the cross-products, one row a column kept."""
    upper = np.linalg.qr(design.X[:, kept], mode="r")
    rows: FloatArray = upper / np.diag(upper)[:, None]
    return rows


def _estimable_space(design: Design, held: IntArray, kept: IntArray) -> FloatArray:
    """Give rows that span the functions of the held columns' coefficients the data determine."""
    is_kept = np.isin(held, kept)
    space = np.zeros((len(kept), len(held)))
    space[:, is_kept] = np.eye(len(kept))
    if not is_kept.all():
        dropped = design.X[:, held[~is_kept]]
        space[:, ~is_kept] = np.linalg.lstsq(design.X[:, kept], dropped, rcond=None)[0]
    return space


def _third_type(
    term: TermColumns,
    terms: Sequence[TermColumns],
    over: FloatArray,
    first_level: FloatArray,
    owner: NDArray[np.str_],
) -> FloatArray:
    """Give the functions that involve a term and its containing terms, free of the latter.

    The rows that span them are the term's own coefficients against first levels, cleared of
    the containing terms; the choice matters to denominators that go along principal axes.
    """
    containing = [each.term for each in terms if term.contained_in(each)]
    own = owner == term.term
    outside = ~(own | np.isin(owner, containing))
    allowed = _left_null(over[:, outside]) @ over
    others = _row_basis(_left_null(allowed[:, own]) @ allowed)
    free = _row_basis(allowed - allowed @ others.T @ others)
    if not len(free):
        return np.zeros((0, len(over)))
    spanning = first_level @ free.T @ free
    if _row_basis(spanning).shape != free.shape:
        spanning = free
    rows = np.linalg.lstsq(over.T, spanning.T, rcond=None)[0].T
    rows[np.abs(rows) < _NOT_ESTIMABLE] = 0.0
    return np.asarray(rows, dtype=np.float64)


def _left_null(matrix: FloatArray) -> FloatArray:
    """Give orthonormal combinations of the rows that vanish."""
    if not matrix.shape[1]:
        return np.eye(len(matrix))
    left, values = np.linalg.svd(matrix)[:2]
    rank = int(np.sum(values > _NOT_ESTIMABLE * max(1.0, float(np.max(values, initial=0.0)))))
    null: FloatArray = left[:, rank:].T
    return null


def _row_basis(matrix: FloatArray) -> FloatArray:
    """Give orthonormal rows that span the rows."""
    if not len(matrix):
        return matrix
    values, right = np.linalg.svd(matrix, full_matrices=False)[1:]
    basis: FloatArray = right[values > _NOT_ESTIMABLE]
    return basis
