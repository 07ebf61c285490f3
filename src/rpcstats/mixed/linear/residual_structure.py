"""Residual structures of a linear mixed model: what was asked for, and the rows it applies to."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpcstats.errors import DataError, FormulaError
from rpcstats.mixed.structure.grouping import Factor, code_column, make_factor
from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray
from rpcstats.mixed.structure.response import read_numbers

_NAME = r"(?:[^\W\d]\w*|`[^`]+`)"
_TERM = re.compile(rf"\s*(ar1|car1)\s*\(\s*({_NAME})\s*\|\s*({_NAME}(?:\s*:\s*{_NAME})*)\s*\)\s*")

# Whole numbers as differences of which no digit is lost.
_LARGEST_POSITION = 2.0**52


@dataclass(frozen=True, slots=True)
class CorrelationTerm:
    """A correlation of residuals along series, as asked for.

    Attributes
    ----------
    kind : str
        "ar1", with whole-number positions; or "car1", with any.
    position : str
        Column of the positions.
    series : tuple of str
        Columns whose combinations are the series.
    """

    kind: str
    position: str
    series: tuple[str, ...]

    @property
    def text(self) -> str:
        """The term as a reader writes it."""
        return f"{self.kind}({self.position} | {':'.join(self.series)})"


@dataclass(frozen=True, slots=True, eq=False)
class ResidualRows:
    """Rows of a fit as a residual structure sees them.

    Attributes
    ----------
    variance : str or None
        Column whose levels have residual standard deviations of their own.
    levels : tuple of str
        Its levels; empty if there is no such column.
    codes : ndarray of shape (n,), int
        Level of each row; 0 everywhere if there is no such column.
    factor : Factor or None
        How to encode new rows.
    correlation : CorrelationTerm or None
        Correlation along series.
    order : ndarray of shape (n,), int
        Rows series by series, in order of position.
    gap : ndarray of shape (n,)
        Of the rows in that order, distance from the row before; 0 for the first of a series.
    """

    variance: str | None
    levels: tuple[str, ...]
    codes: IntArray
    factor: Factor | None
    correlation: CorrelationTerm | None
    order: IntArray
    gap: FloatArray

    @property
    def n_ratio(self) -> int:
        """Number of standard deviation ratios, one less than the levels."""
        return max(len(self.levels) - 1, 0)

    @property
    def n_parameter(self) -> int:
        """Number of parameters of the structure."""
        return self.n_ratio + (self.correlation is not None)

    @property
    def may_be_negative(self) -> bool:
        """Whether a negative autocorrelation has a meaning: whole positions, some gap odd."""
        if self.correlation is None or self.correlation.kind != "ar1":
            return False
        return bool((self.gap % 2.0 == 1.0).any())

    @property
    def usual_gap(self) -> float:
        """Median distance of neighbours."""
        return float(np.median(self.gap[self.gap > 0.0]))


def read_correlation(text: str) -> CorrelationTerm:
    """Read a correlation term.

    Parameters
    ----------
    text : str
        ``"ar1(session | family)"`` or ``"car1(time | family)"``; series may be combinations,
        ``council:family``.

    Returns
    -------
    CorrelationTerm
        Its parts.

    Raises
    ------
    FormulaError
        If it can't be read.
    """
    found = _TERM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise FormulaError(
            "correlation can't be read: write ar1(position | series), or car1(time | series) for "
            "times that are not whole numbers."
        )
    kind, position, series = found.groups()
    columns = tuple(dict.fromkeys(name.strip().strip("`") for name in series.split(":")))
    return CorrelationTerm(kind, position.strip("`"), columns)


def residual_columns(variance: str | None, correlation: CorrelationTerm | None) -> tuple[str, ...]:
    """Name the columns a structure needs.

    Parameters
    ----------
    variance : str or None
        Column of the levels with standard deviations of their own.
    correlation : CorrelationTerm or None
        Correlation along series.

    Returns
    -------
    tuple of str
        Columns.
    """
    named = () if variance is None else (variance,)
    return named if correlation is None else (*named, correlation.position, *correlation.series)


def read_residual_rows(
    columns: pd.DataFrame,
    blocks: tuple[Block, ...],
    variance: str | None,
    correlation: CorrelationTerm | None,
) -> ResidualRows:
    """Read and check what a residual structure needs of the rows.

    Parameters
    ----------
    columns : pandas.DataFrame
        The columns named, of the rows used, without missing values.
    blocks : tuple of Block
        Random effects.
    variance : str or None
        Column of the levels with standard deviations of their own.
    correlation : CorrelationTerm or None
        Correlation along series.

    Returns
    -------
    ResidualRows
        Checked arrays, read-only.

    Raises
    ------
    DataError
        If the data don't bear the structure.
    """
    n = len(columns)
    codes, factor = np.zeros(n, dtype=np.int64), None
    levels: tuple[str, ...] = ()
    if variance is not None:
        factor, codes = make_factor((variance,), {variance: code_column(columns[variance])})
        levels = factor.levels()
        _check_levels(variance, np.bincount(codes))
    order, gap = np.arange(n, dtype=np.int64), np.zeros(n)
    if correlation is not None:
        order, gap = _read_series(columns, blocks, correlation)
    for values in (codes, order, gap):
        values.setflags(write=False)
    return ResidualRows(variance, levels, codes, factor, correlation, order, gap)


def _check_levels(variance: str, counts: IntArray) -> None:
    if len(counts) < 2:
        raise DataError(
            f'"{variance}" has a single level in the rows used, so that there is one residual '
            "standard deviation: leave residual_variance out."
        )
    n_single = int((counts < 2).sum())
    if n_single:
        have = "levels have" if n_single > 1 else "level has"
        raise DataError(
            f'{n_single} {have} a single row in "{variance}", too little for a residual standard '
            "deviation of its own: join levels."
        )


def _read_series(
    columns: pd.DataFrame, blocks: tuple[Block, ...], term: CorrelationTerm
) -> tuple[IntArray, FloatArray]:
    """Put the rows in order and give the distances between neighbours."""
    coded = {name: code_column(columns[name]) for name in term.series}
    series = make_factor(term.series, coded)[1]
    position = _read_positions(columns, term)
    _check_nesting(series, blocks, term)
    order = np.lexsort((position, series)).astype(np.int64, copy=False)
    gap = np.diff(position[order], prepend=0.0)
    first = np.diff(series[order], prepend=-1) != 0
    n_double = int((~first & (gap == 0.0)).sum())
    if n_double:
        share = "rows share" if n_double > 1 else "row shares"
        raise DataError(
            f'{n_double} {share} the position in "{term.position}" with another row of the same '
            "series: neighbours are then unknown; make positions unique, or name a finer series."
        )
    if first.all():
        raise DataError(
            f"No series of {term.text} has two rows, so that there is nothing to correlate: name "
            "a coarser series."
        )
    gap[first] = 0.0
    return order, gap


def _read_positions(columns: pd.DataFrame, term: CorrelationTerm) -> FloatArray:
    position = read_numbers(columns[term.position], f'column of positions "{term.position}"')
    if term.kind == "ar1":
        n_broken = int((position != np.rint(position)).sum())
        if n_broken or np.abs(position).max() > _LARGEST_POSITION:
            raise DataError(
                f'{n_broken} positions in "{term.position}" are not whole numbers, which ar1() '
                "needs: write car1() instead."
            )
    return position


def _check_nesting(series: IntArray, blocks: tuple[Block, ...], term: CorrelationTerm) -> None:
    """Refuse a series whose rows belong to two levels of a grouping factor."""
    n_series = int(series.max()) + 1
    for block in blocks:
        low = np.full(n_series, block.n_level, dtype=np.int64)
        high = np.full(n_series, -1, dtype=np.int64)
        np.minimum.at(low, series, block.codes)
        np.maximum.at(high, series, block.codes)
        n_torn = int((low != high).sum())
        if n_torn:
            has = "series have" if n_torn > 1 else "series has"
            raise DataError(
                f'{n_torn} {has} rows in more than one level of "{block.group}": the series of '
                f"{term.text} must lie inside the levels of every grouping factor; name a finer "
                f"series, such as {':'.join(term.series)}:{block.group}."
            )
