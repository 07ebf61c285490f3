"""Levels of an exposure, and data in which everybody has one of them."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rpcstats._numerics.arguments import as_numbers, as_word
from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.formula import Formula
from rpcstats.formula.design import fixed_columns


class Level(NamedTuple):
    """A level of an exposure.

    Attributes
    ----------
    value : object
        As the column holds it.
    label : str
        As it is printed.
    """

    value: Any
    label: str


def exposure_levels(
    rows: pd.DataFrame, exposure: str, formula: Formula, levels: Sequence[object] | None
) -> tuple[Level, ...]:
    """Give the levels to compare, the reference first.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of the fit.
    exposure : str
        Column of the exposure.
    formula : Formula
        The formula of the fit.
    levels : sequence or None
        Those asked for.

    Returns
    -------
    tuple of Level
        Two or more.

    Raises
    ------
    FormulaError
        If the exposure is no column of the formula.
    ParameterError
        If fewer than two levels are left, or numbers come without `levels`.
    DataError
        If a level is none of the exposure's.
    """
    if as_word(exposure) not in fixed_columns(formula):
        raise FormulaError(f'"{exposure}" is no covariate of {formula.text}')
    column = rows[exposure]
    numbers = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column)
    if numbers:
        if levels is None:
            raise ParameterError(
                f"{exposure} holds numbers", ["name the values to compare by levels=[...]"]
            )
        chosen: list[Any] = np.atleast_1d(as_numbers(levels)).tolist()
        if not np.isfinite(chosen).all():
            raise ParameterError(
                f"levels of {exposure} are no numbers",
                ["give finite numbers, such as levels=[0, 1]"],
            )
    else:
        known = _known(column)
        chosen = _listed(known if levels is None else levels)
        strange = sum(level not in known for level in chosen)
        if strange:
            raise DataError(f"{strange} of the levels asked for is no level of {exposure}.")
    if len(dict.fromkeys(chosen)) < 2:
        raise ParameterError(
            "A contrast needs two levels", [f"{exposure} has one in the rows of the fit"]
        )
    return tuple(
        Level(value, f"{value:g}" if isinstance(value, float) else str(value))
        for value in dict.fromkeys(chosen)
    )


def set_level(rows: pd.DataFrame, exposure: str, level: Level) -> pd.DataFrame:
    """Give everybody one level.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of the fit.
    exposure : str
        Column of the exposure.
    level : Level
        The level.

    Returns
    -------
    pandas.DataFrame
        A copy.
    """
    column = rows[exposure]
    if isinstance(column.dtype, pd.CategoricalDtype):
        filled: Any = pd.Categorical.from_codes(
            np.full(len(rows), column.cat.categories.get_loc(level.value)), dtype=column.dtype
        )
    else:
        filled = pd.Series([level.value] * len(rows), dtype=column.dtype, index=rows.index)
    return rows.assign(**{exposure: filled})


def _listed(levels: object) -> list[Any]:
    if isinstance(levels, str) or not isinstance(levels, Iterable):
        raise ParameterError("levels is no list", ["name two levels or more, as in levels=[...]"])
    return list(levels)


def _known(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        present = set(column.cat.codes)
        return [c for k, c in enumerate(column.cat.categories) if k in present]
    known = column.unique().tolist()
    try:
        return sorted(known)
    except TypeError:
        return sorted(known, key=str)
