"""Covariates of parents as columns, with the encoding kept for a reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from rpcstats.errors import DataError, ParameterError

Floats = NDArray[np.float64]

NOT_KNOWN: Final = "not known"


@dataclass(frozen=True, slots=True, eq=False)
class ParentCovariates:
    """Columns of the mean of ratings that differ between parents.

    Attributes
    ----------
    X : ndarray of shape (N, q)
        Ones, then the covariates: numbers less their mean, indicators of every level but the
        most frequent.
    names : tuple of str
        Of the columns.
    levels : mapping of str to tuple of str
        Levels of each categorical column, the most frequent first; none for numbers.
    left_out : tuple of str
        Columns asked for that are the same for everybody.
    """

    X: Floats
    names: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...]

    def at_reference(self, reference: Mapping[str, str]) -> Floats:
        """Give the columns as they would be at reference levels.

        Parameters
        ----------
        reference : mapping of str to str
            A level for each column that is changed; the others stay.

        Returns
        -------
        ndarray of shape (N, q)
            As `X`.

        Raises
        ------
        ParameterError
            If a column is no categorical one of the model, or a level does not occur.
        """
        faults = []
        X = self.X.copy()
        for column, level in reference.items():
            levels = self.levels.get(column)
            if levels is None or level not in levels:
                known = "no categorical column of the model" if levels is None else (
                    f"has the levels {', '.join(levels)}"
                )  # fmt: skip
                faults.append(f"{column}: {known}")
                continue
            for other in levels[1:]:
                X[:, self.names.index(f"{column}={other}")] = float(other == level)
        if faults:
            raise ParameterError("reference is nobody's", faults)
        return X


def parent_covariates(parents: pd.DataFrame, columns: Sequence[str]) -> ParentCovariates:
    """Encode covariates.

    Parameters
    ----------
    parents : DataFrame of N rows
        One row a parent.
    columns : sequence of str
        Names of covariates. A category that is not known is a level of its own.

    Returns
    -------
    ParentCovariates
        Columns and encoding.

    Raises
    ------
    DataError
        If a number is missing or infinite, or columns tell the same.
    """
    parts: list[Floats] = [np.ones(len(parents))]
    names, levels, left_out, faults = ["(Intercept)"], {}, [], []
    for column in columns:
        values = parents[column]
        if is_numeric_dtype(values.dtype) and not is_bool_dtype(values.dtype):
            numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
            if not np.isfinite(numbers).all():
                faults.append(f"{column} is missing for {int((~np.isfinite(numbers)).sum())}"
                              " parents: leave it out, or give it as bands")  # fmt: skip
            elif np.ptp(numbers) == 0.0:
                left_out.append(column)
            else:
                parts.append(numbers - numbers.mean())
                names.append(column)
            continue
        text = _texts(values)
        found = tuple(text.value_counts(sort=True).index)
        if len(found) == 1:
            left_out.append(column)
            continue
        levels[column] = found
        for level in found[1:]:
            parts.append((text == level).to_numpy(dtype=np.float64))
            names.append(f"{column}={level}")
    X = np.column_stack(parts)
    if not faults and np.linalg.matrix_rank(X) < X.shape[1]:
        faults.append(f"the columns {', '.join(columns)} tell the same: leave one out")
    if faults:
        raise DataError("\n".join(["adjust can't be used:", *(f"  - {f}" for f in faults)]))
    return ParentCovariates(X, tuple(names), levels, tuple(left_out))


def _texts(values: pd.Series) -> "pd.Series[Any]":
    known = values.astype(object).where(values.notna(), NOT_KNOWN)
    return known.astype(str)
