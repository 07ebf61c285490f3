"""Kinds of columns that terms can be made of."""

from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

from rpcstats.errors import DataError

_DATES = frozenset({"datetime64", "datetime", "date", "time", "timedelta", "timedelta64", "period"})
_NUMBERS = frozenset({"integer", "floating", "mixed-integer-float", "decimal", "complex"})
_LOOKED_AT = 100
"""Rows of a column of texts that are looked at before all its values are."""
MOST_CODES = 10
"""Numbers written as texts that can still be codes of categories beside a word."""
_SINGLE = frozenset({"string", "boolean"})


def plain_kinds(
    frame: pd.DataFrame, coded: Collection[str], names: Iterable[str] | None = None
) -> pd.DataFrame:
    """Bring columns to numpy's numbers, texts and categories, and refuse all others.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows without missing values.
    coded : collection of str
        Columns used as categories only, whatever they hold.
    names : iterable of str, optional
        The columns wanted; all if not given.

    Returns
    -------
    pandas.DataFrame
        The columns; numbers and texts of extension types changed to those of numpy and pandas.

    Raises
    ------
    DataError
        If a column holds dates, numbers stored as objects, lists, or other things that are
        neither numbers nor categories.
    """
    changed = {}
    for name in frame.columns if names is None else names:
        column = frame[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            continue
        values = _unpacked(column)
        refuse_lists(values)
        if name not in coded:
            _refuse_kind(values, name)
        if values is not column:
            changed[name] = values
    return frame.assign(**changed) if changed else frame


def refuse_lists(values: pd.Series) -> None:
    """Refuse cells that hold more than one value.

    Parameters
    ----------
    values : pandas.Series
        A column.

    Raises
    ------
    DataError
        If a cell is a list or another container.
    """
    if not _is_object(values) or pd.api.types.infer_dtype(values, skipna=True) in _SINGLE:
        return
    if not all(pd.api.types.is_scalar(value) for value in values):
        raise DataError(
            f'"{values.name}" holds lists or other containers: give one number or one category '
            "in each row."
        )


def inferred(values: pd.Series) -> pd.Series:
    """Give numbers and truth values stored as objects their own type.

    Parameters
    ----------
    values : pandas.Series
        A column; a missing value makes objects of truth values, even once it is left out.

    Returns
    -------
    pandas.Series
        The column; the same unless it holds objects.
    """
    return values.infer_objects() if _is_object(values) else values


def is_real(values: pd.Series) -> bool:
    """Tell a column of numbers that are not complex.

    Parameters
    ----------
    values : pandas.Series
        The column.

    Returns
    -------
    bool
        Whether its type is one of real numbers, truth values included.
    """
    dtype = values.dtype
    return bool(pd.api.types.is_numeric_dtype(dtype)) and not pd.api.types.is_complex_dtype(dtype)


def is_text(dtype: object) -> bool:
    """Tell a column of texts.

    Parameters
    ----------
    dtype : numpy or pandas dtype
        Type of the column.

    Returns
    -------
    bool
        Whether it is pandas' text type, of whatever storage.
    """
    return isinstance(dtype, pd.StringDtype)


def _unpacked(values: pd.Series) -> pd.Series:
    dtype = values.dtype
    if isinstance(dtype, np.dtype) or str(dtype) == "str":
        return values
    is_arrow_text = isinstance(dtype, pd.ArrowDtype) and pd.api.types.is_string_dtype(dtype)
    if is_text(dtype) or is_arrow_text:
        return values.astype("str")
    if not pd.api.types.is_numeric_dtype(dtype):
        return values
    if pd.api.types.is_bool_dtype(dtype):
        return values.astype(np.bool_)
    integer = pd.api.types.is_integer_dtype(dtype)
    return values.astype(np.dtype(np.int64) if integer else np.dtype(np.float64))


def _refuse_kind(values: pd.Series, name: str) -> None:
    dtype = values.dtype
    if is_text(dtype):
        _refuse_written_numbers(values, name)
        return
    if isinstance(dtype, np.dtype) and dtype.kind in "iufb":
        return
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in _DATES:
        raise DataError(
            f'"{name}" holds dates or times: count the days or weeks from one date first.'
        )
    if _is_object(values) and kind in _NUMBERS:
        raise DataError(
            f'"{name}" holds numbers stored as objects: convert it first, as with '
            "pandas.to_numeric, or write C() around it for categories."
        )
    if _is_object(values):
        n_text = sum(isinstance(value, str) for value in values)
        if 0 < n_text < len(values):
            raise DataError(
                f'"{name}" holds texts in {n_text} of {len(values)} rows, and other values in the'
                " rest: mend or empty those cells, or write C() around it for categories."
            )
        _refuse_written_numbers(values, name)
    else:
        raise DataError(f'"{name}" holds neither numbers nor categories: turn it into one of them.')


def _refuse_written_numbers(values: pd.Series, name: str) -> None:
    """Refuse texts that were meant as numbers: one text cell makes a whole column text.

    Codes such as "1" to "6" are categories, as they are in R; many numbers with a text among
    them, or with decimals, are not.
    """
    if not pd.to_numeric(values.head(_LOOKED_AT), errors="coerce").notna().any():
        return
    distinct = pd.Series(values.unique())
    numbers = pd.to_numeric(distinct, errors="coerce")
    n_number = int(numbers.notna().sum())
    is_measured = n_number < len(distinct) or bool((numbers % 1 != 0).any())
    if is_measured and n_number > MOST_CODES and 2 * n_number > len(distinct):
        raise DataError(
            f'"{name}" holds numbers written as texts: convert it, as with pandas.to_numeric, and'
            " mend cells that are none, or write C() around it for categories."
        )


def _is_object(values: pd.Series) -> bool:
    return bool(values.dtype == np.dtype(object))
