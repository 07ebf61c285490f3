"""Design columns of plain terms, exactly as formulaic makes them."""

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.formula.column_kinds import is_text, refuse_lists
from rpcstats.formula.plain_recipe import CodeArray, PlainRecipe, picks_of
from rpcstats.formula.plain_terms import PlainTerms, ScopedTerm, scoped_terms

FloatArray = NDArray[np.float64]

MAX_COLUMNS = 2_000
MAX_CELLS = 500_000_000


@dataclass(frozen=True, slots=True, eq=False)
class PlainSpec:
    """The encoding of plain terms, as a fit left it.

    Attributes
    ----------
    terms : PlainTerms
        What was asked for.
    scoped : tuple of ScopedTerm
        Factors of each run of columns, and whether each leaves its first level out.
    levels : dict
        Levels of each categorical factor, in order.
    names : tuple of str
        Column names.
    """

    terms: PlainTerms
    scoped: tuple[ScopedTerm, ...]
    levels: dict[str, tuple[object, ...]]
    names: tuple[str, ...]

    def encode(self, frame: pd.DataFrame) -> FloatArray:
        """Encode new rows exactly as the rows of the fit.

        Parameters
        ----------
        frame : pandas.DataFrame
            New rows, with every column of the terms and no missing value.

        Returns
        -------
        ndarray of shape (m, p)
            Design of the new rows.

        Raises
        ------
        DataError
            If a category was not among those of the fit, or a column of numbers is text now.
        """
        codes, numbers = {}, {}
        for factor, column in self.terms.columns.items():
            if factor in self.levels:
                codes[factor] = _known_codes(frame[column], self.levels[factor])
            elif _is_number(frame[column].dtype):
                numbers[factor] = frame[column].to_numpy()
            else:
                raise DataError(f'"{column}" held numbers in the fit; give numbers in new rows.')
        return PlainRecipe(self.scoped, self.levels, codes, numbers, len(frame)).rows(slice(None))


def fit_plain_terms(terms: PlainTerms, frame: pd.DataFrame) -> tuple[PlainRecipe, PlainSpec] | None:
    """Find what the design columns of plain terms are made from.

    Parameters
    ----------
    terms : PlainTerms
        What to build.
    frame : pandas.DataFrame
        Rows without missing values.

    Returns
    -------
    tuple or None
        What makes the design, and its encoding; None if a column is of a kind left to formulaic.

    Raises
    ------
    DataError
        If a term asks for more columns than can be fitted.
    """
    codes, numbers, levels = {}, {}, {}
    for factor, column in terms.columns.items():
        values = frame[column]
        if not _is_plain(values.dtype):
            return None
        if factor in terms.forced or not _is_number(values.dtype):
            codes[factor], levels[factor] = code_levels(values)
        else:
            numbers[factor] = values.to_numpy()
    sizes = {factor: len(found) for factor, found in levels.items()}
    scoped = scoped_terms(terms, sizes)
    counts = {
        ":".join(name for name, _ in term) or "1": int(
            np.prod([sizes.get(name, 1) - reduced for name, reduced in term], dtype=np.float64)
        )
        for term in scoped
    }
    refuse_many_columns(counts, len(frame))
    names = tuple(name for term in scoped for name in _names(term, levels))
    spec = PlainSpec(terms, scoped, levels, names)
    return PlainRecipe(scoped, levels, codes, numbers, len(frame)), spec


def refuse_many_columns(counts: dict[str, int], n_row: int) -> None:
    """Refuse a design too wide to be fitted, before it is built.

    Parameters
    ----------
    counts : dict
        Number of columns of each term.
    n_row : int
        Number of rows.

    Raises
    ------
    DataError
        If there are more than `MAX_COLUMNS` columns or `MAX_CELLS` values (4 GB).
    """
    if not counts:
        return
    widest, most = max(counts.items(), key=lambda item: item[1])
    total = sum(counts.values())
    if total > MAX_COLUMNS or total * n_row > MAX_CELLS:
        raise DataError(
            f'The terms would have {total:,} columns, {most:,} of them from "{widest}": '
            "join levels, or make a factor with many levels the group of a random term, "
            "as in (1 | group)."
        )


def code_levels(values: pd.Series) -> tuple[CodeArray, tuple[object, ...]]:
    """Give the levels of a column numbers.

    Parameters
    ----------
    values : pandas.Series
        Values without gaps.

    Returns
    -------
    tuple
        Code of each row, and the levels that have rows: in the declared order of a categorical
        column, sorted otherwise.

    Raises
    ------
    DataError
        If a cell is a list.
    """
    refuse_lists(values)
    coded = values if isinstance(values.dtype, pd.CategoricalDtype) else values.astype("category")
    codes = np.asarray(coded.cat.codes)
    levels = tuple(coded.cat.categories)
    used = np.bincount(codes, minlength=len(levels)) > 0
    if used.all():
        return codes, levels
    return (np.cumsum(used) - 1)[codes], tuple(itertools.compress(levels, used))


def _names(term: ScopedTerm, levels: dict[str, tuple[object, ...]]) -> list[str]:
    return [
        ":".join(
            f"{name}[{'T.' * reduced}{levels[name][pick]}]" if name in levels else name
            for (name, reduced), pick in zip(term, picks, strict=True)
        )
        or "Intercept"
        for picks in picks_of(term, levels)
    ]


def _known_codes(values: pd.Series, levels: tuple[object, ...]) -> CodeArray:
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    codes = pd.Index(levels).get_indexer(pd.Index(values))
    if (codes < 0).any():
        raise DataError(
            "A column holds categories the fit has not seen: leave those rows out, or refit."
        )
    return np.asarray(codes)


def _is_number(dtype: object) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "iufb"


def _is_plain(dtype: object) -> bool:
    is_category = isinstance(dtype, pd.CategoricalDtype) or is_text(dtype)
    return _is_number(dtype) or is_category or dtype == "object"
