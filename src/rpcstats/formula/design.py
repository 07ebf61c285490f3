"""Fixed-effects design matrices that remember their encoding."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.formula.column_kinds import plain_kinds
from rpcstats.formula.columns import complete_rows, read_columns
from rpcstats.formula.design_columns import DesignColumns
from rpcstats.formula.formulaic_terms import (
    coded_columns,
    encode_formulaic_terms,
    fit_formulaic_terms,
    read_formulaic_terms,
    term_variables,
    written_terms,
)
from rpcstats.formula.parse import Formula, parse_formula
from rpcstats.formula.plain_columns import PlainSpec, fit_plain_terms
from rpcstats.formula.plain_recipe import PlainRecipe
from rpcstats.formula.plain_terms import PlainTerms, read_plain_terms

_NOT_FINITE = "A term of the formula gives values that are not finite, such as log(0)."


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A design matrix and the encoding that made it.

    Attributes
    ----------
    formula : Formula
        The formula taken apart.
    columns : DesignColumns
        The matrix, or what makes its columns.
    names : tuple of str
        Their names, such as "mode[T.online]".
    kept : ndarray of shape (n,), int
        Positions, in the data given, of the rows without missing values.
    n_missing : int
        Rows left out.
    levels : dict
        Categories of each categorical term, in order.
    """

    formula: Formula
    columns: DesignColumns
    names: tuple[str, ...]
    kept: NDArray[np.int64]
    n_missing: int
    levels: dict[str, tuple[object, ...]]
    _spec: Any

    @property
    def X(self) -> NDArray[np.float64]:  # noqa: N802
        """Columns of the fixed effects, of shape (n, p), row-major; read-only."""
        return self.columns.matrix()

    def encode(self, data: Any) -> NDArray[np.float64]:
        """Encode new rows exactly as the rows of the fit.

        Parameters
        ----------
        data : frame
            pandas, or any frame narwhals reads.

        Returns
        -------
        ndarray of shape (m, p)
            Design of the new rows, read-only.

        Raises
        ------
        DataError
            If a value is missing, a column is of another kind, or a category was not among
            those of the fit.
        """
        frame = _frame_for(self._spec, data)
        if not complete_rows(frame).all():
            raise DataError("New rows must have every column of the formula filled in.")
        frame = plain_kinds(frame, _coded(self._spec))
        if isinstance(self._spec, PlainSpec):
            return _checked(self._spec.encode(frame))
        return _checked(encode_formulaic_terms(self._spec, frame))


def design(
    formula: str | Formula, data: Any, *, lazily: bool = False, is_read: bool = False
) -> Design:
    """Build the fixed-effects design matrix of a formula.

    Parameters
    ----------
    formula : str or Formula
        The right side, without the special terms, means what it means to formulaic; only columns
        of `data` and a closed list of functions can be named, and no other Python is run.
    data : frame
        pandas, or any frame narwhals reads.
    lazily : bool
        Whether the columns of plain terms are made when they are asked for. Until then the
        design reads `data`, so that the matrix has to be asked for before control goes back to
        whoever gave them.
    is_read : bool
        Whether `data` are from `read_columns`, with a value in every cell the formula uses.

    Returns
    -------
    Design
        Matrix, names and encoding; rows with a missing value are left out and counted.

    Raises
    ------
    FormulaError
        If the formula can't be read, holds anything but columns and functions of the list, or
        names a column that is not there.
    DataError
        If no complete row is left, a column holds neither numbers nor categories, a term gives
        values that are not finite, or there would be too many columns.
    """
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    right = _right_side(parsed)
    as_it_is = is_read and isinstance(right, PlainTerms)
    read = data if as_it_is else _frame_for(right, data)
    frame, kept = (read, np.arange(len(read))) if as_it_is else _complete(read)
    kept.setflags(write=False)
    n_missing = len(read) - len(kept)
    frame = plain_kinds(frame, _coded(right), sorted(_variables(right)))
    if isinstance(right, PlainTerms):
        plain = fit_plain_terms(right, frame)
        if plain is not None:
            columns, spec = _planned(plain[0], lazily=lazily), plain[1]
            return Design(parsed, columns, spec.names, kept, n_missing, spec.levels, spec)
        right, frame = read_formulaic_terms(parsed), frame.copy()
    X, state = fit_formulaic_terms(right, frame)
    levels = {
        term: tuple(found["categories"])
        for term, (_, found) in state.encoder_state.items()
        if "categories" in found
    }
    columns, names = DesignColumns(_checked(X)), tuple(state.column_names)
    return Design(parsed, columns, names, kept, n_missing, levels, state)


def _complete(frame: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Leave out rows with a missing value; tell which are kept."""
    complete = complete_rows(frame)
    if not complete.any():
        raise DataError("Every row has a missing value in a column of the formula.")
    kept = np.flatnonzero(complete).astype(np.int64, copy=False)
    return (frame if len(kept) == len(frame) else frame[complete]), kept


def fixed_columns(formula: Formula) -> tuple[str, ...]:
    """List the columns the right side of a formula uses.

    Parameters
    ----------
    formula : Formula
        A formula taken apart; its special terms are left aside.

    Returns
    -------
    tuple of str
        Column names, sorted.

    Raises
    ------
    FormulaError
        If the right side can't be read.
    """
    return tuple(sorted(_variables(_right_side(formula))))


def fixed_terms(formula: Formula) -> tuple[bool, tuple[str, ...]]:
    """List the terms the right side of a formula stands for, `*` and the like written out.

    Parameters
    ----------
    formula : Formula
        A formula taken apart; its special terms are left aside.

    Returns
    -------
    intercept : bool
        Whether there is a column of ones.
    terms : tuple of str
        The other terms as a formula writes them, lower orders first.

    Raises
    ------
    FormulaError
        If the right side can't be read.
    """
    right = _right_side(formula)
    if isinstance(right, PlainTerms):
        return right.intercept, right.written
    written = written_terms(right)
    return "1" in written, tuple(term for term in written if term != "1")


def _right_side(formula: Formula) -> Any:
    plain = read_plain_terms(formula)
    return read_formulaic_terms(formula) if plain is None else plain


def _frame_for(source: Any, data: Any) -> pd.DataFrame:
    variables = _variables(source)
    if variables:
        # Plain terms make columns of their own; formulaic gets no frame it could write to.
        is_plain = isinstance(source, (PlainTerms, PlainSpec))
        return read_columns(data, sorted(variables), copy=not is_plain)
    try:
        return pd.DataFrame(index=pd.RangeIndex(len(data)))
    except TypeError:
        raise DataError("The data must be a frame.") from None


def _variables(source: Any) -> set[str]:
    if isinstance(source, PlainSpec):
        source = source.terms
    if isinstance(source, PlainTerms):
        return set(source.columns.values())
    return term_variables(source)


def _coded(source: Any) -> set[str]:
    """List the columns used as categories only, whatever they hold."""
    if isinstance(source, PlainSpec):
        return {source.terms.columns[factor] for factor in source.levels}
    if isinstance(source, PlainTerms):
        as_they_are = set(source.columns.values() & source.columns.keys())
        return {source.columns[factor] for factor in source.forced} - as_they_are
    return coded_columns(source)


def _planned(recipe: PlainRecipe, *, lazily: bool) -> DesignColumns:
    """Make the matrix, or look at each column and make it later."""
    if not lazily:
        return DesignColumns(_checked(recipe.rows(slice(None))))
    if not all(np.isfinite(recipe.line(j)).all() for j in range(recipe.shape[1])):
        raise DataError(_NOT_FINITE)
    return DesignColumns(None, recipe)


def _checked(X: NDArray[np.float64]) -> NDArray[np.float64]:
    if not np.isfinite(X).all():
        raise DataError(_NOT_FINITE)
    X = np.ascontiguousarray(X)
    X.setflags(write=False)
    return X
