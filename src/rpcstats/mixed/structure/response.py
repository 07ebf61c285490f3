"""The response of a mixed model: numbers, successes of trials, counts or ordered categories."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError, FormulaError
from rpcstats.formula import Formula, Surv
from rpcstats.formula.pieces import called
from rpcstats.formula.plain_columns import code_levels
from rpcstats.mixed.structure.arithmetic import columns_used, evaluate

FloatArray = NDArray[np.float64]
ResponseKind = Literal["gaussian", "binomial", "count", "positive", "unit", "ordinal"]

MAX_CATEGORIES = 100
# Successes computed from a proportion are whole to within this, as in R's glm.
_WHOLE = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """A checked response.

    Attributes
    ----------
    y : ndarray of shape (n,)
        Measured values, successes as a proportion, counts, or category codes from 0.
    weights : ndarray of shape (n,) or None
        Prior weights, or numbers of trials; None if all are 1.
    categories : tuple of str
        Ordered categories of an ordinal response.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    y: FloatArray
    weights: FloatArray | None
    categories: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def response_columns(formula: Formula) -> tuple[str, ...]:
    """List the columns the left side uses.

    Parameters
    ----------
    formula : Formula
        A formula taken apart.

    Returns
    -------
    tuple of str
        Column names.

    Raises
    ------
    FormulaError
        If there is no left side, or it is not one of a mixed model.
    """
    return tuple(name for part in _parts(formula) for name in columns_used(part))


def read_response(
    formula: Formula, frame: pd.DataFrame, kind: ResponseKind, weights: FloatArray | None
) -> Response:
    """Read the response of complete rows.

    Parameters
    ----------
    formula : Formula
        A formula taken apart.
    frame : pandas.DataFrame
        Rows without missing values.
    kind : str
        What the response is.
    weights : ndarray of shape (n,) or None
        Prior weights, or numbers of trials.

    Returns
    -------
    Response
        Checked arrays.

    Raises
    ------
    FormulaError
        If ``cbind()`` stands where one column belongs.
    DataError
        If the values are not of that kind.
    """
    parts = _parts(formula)
    values = [evaluate(part, frame) for part in parts]
    if len(parts) == 2:
        if kind != "binomial":
            raise FormulaError("cbind(successes, failures) is the response of a binomial model.")
        return _trials(values[0], values[1], weights)
    if kind == "binomial":
        return _binomial(values[0], weights)
    if kind == "ordinal":
        return _ordinal(values[0], weights)
    return Response(_measured(values[0], kind), weights)


def read_numbers(values: pd.Series | FloatArray, role: str) -> FloatArray:
    """Read finite numbers.

    Parameters
    ----------
    values : pandas.Series or ndarray
        Numbers, or True and False.
    role : str
        What they are, for the message.

    Returns
    -------
    ndarray of shape (n,)
        The numbers.

    Raises
    ------
    DataError
        If they are no numbers, or not finite.
    """
    is_complex = pd.api.types.is_complex_dtype(values.dtype)
    if is_complex or not pd.api.types.is_numeric_dtype(values.dtype):
        raise DataError(f"The {role} must hold numbers: recode it, or choose another model.")
    numbers = np.asarray(values, dtype=np.float64)
    n_wrong = int((~np.isfinite(numbers)).sum())
    if n_wrong:
        raise DataError(
            f"The {role} is not finite in {n_wrong} row{'s' * (n_wrong > 1)}, as log(0) is not: "
            "leave such rows out or mend them."
        )
    return numbers


def _parts(formula: Formula) -> tuple[str, ...]:
    left = formula.response
    if left is None or isinstance(left, Surv):
        raise FormulaError(
            f"The left side must be the response, as in score ~ session + (1 | group): "
            f"{formula.text}"
        )
    call = called(left)
    if call is None or call[0] != "cbind":
        return (left,)
    if len(call[1]) != 2:
        raise FormulaError("cbind() takes two columns, cbind(successes, failures).")
    return call[1]


_CONDITIONS: dict[str, tuple[Callable[[FloatArray], NDArray[np.bool_]], str]] = {
    "count": (lambda y: (y >= 0) & (y == np.round(y)), "whole numbers from 0 on"),
    "positive": (lambda y: y > 0, "numbers above 0"),
    "unit": (lambda y: (y > 0) & (y < 1), "numbers between 0 and 1, both left out"),
}


def _measured(values: pd.Series | FloatArray, kind: str) -> FloatArray:
    y = read_numbers(values, "response")
    if kind in _CONDITIONS:
        holds, wanted = _CONDITIONS[kind]
        n_wrong = int((~holds(y)).sum())
        if n_wrong:
            raise DataError(
                f"The response must hold {wanted}; it does not in {n_wrong} "
                f"row{'s' * (n_wrong > 1)}: leave them out, or choose another model."
            )
    return y


def _trials(
    successes: pd.Series | FloatArray, failures: pd.Series | FloatArray, weights: FloatArray | None
) -> Response:
    if weights is not None:
        raise DataError("cbind(successes, failures) brings its own trials: leave weights out.")
    won = read_numbers(successes, "first column of cbind()")
    lost = read_numbers(failures, "second column of cbind()")
    for numbers in (won, lost):
        if ((numbers < 0) | (numbers != np.round(numbers))).any():
            raise DataError("cbind() takes numbers of successes and failures, whole and from 0 on.")
    n_empty = int((won + lost == 0).sum())
    if n_empty:
        raise DataError(
            f"{n_empty} row{'s have' if n_empty > 1 else ' has'} neither a success nor a failure:"
            " leave such rows out."
        )
    return _proportion(won / (won + lost), won + lost)


def _binomial(values: pd.Series | FloatArray, weights: FloatArray | None) -> Response:
    if not pd.api.types.is_numeric_dtype(values.dtype):
        return _two_levels(pd.Series(values), weights)
    y = read_numbers(values, "response")
    if ((y < 0) | (y > 1)).any():
        raise DataError(
            "A binomial response holds 0 and 1, two levels, proportions with weights=trials, or "
            "cbind(successes, failures)."
        )
    if weights is None:
        if not np.isin(y, (0.0, 1.0)).all():
            raise DataError("A response of proportions needs the numbers of trials as weights.")
        return Response(y, None)
    return _proportion(y, weights)


def _two_levels(values: pd.Series, weights: FloatArray | None) -> Response:
    codes, levels = code_levels(values)
    if len(levels) > 2:
        raise DataError(
            f"The response has {len(levels)} levels; a binomial response has two: join levels, or "
            "fit an ordinal model."
        )
    remark = "The second level of the response, in declared or sorted order, counts as a success."
    read = _proportion(codes.astype(np.float64), weights)
    return Response(read.y, read.weights, remarks=(remark,))


def _proportion(y: FloatArray, trials: FloatArray | None) -> Response:
    if trials is None or ((trials == 1).all() and np.isin(y, (0.0, 1.0)).all()):
        return Response(y, None)
    successes = y * trials
    for numbers in (trials, successes):
        if (np.abs(numbers - np.round(numbers)) > _WHOLE).any():
            raise DataError(
                "Trials, and proportions times trials, must be whole numbers: check the response "
                "and the weights."
            )
    return Response(y, trials)


def _ordinal(values: pd.Series | FloatArray, weights: FloatArray | None) -> Response:
    series = pd.Series(values)
    if pd.api.types.is_numeric_dtype(series.dtype):
        series = pd.Series(read_numbers(series, "response")) if series.dtype.kind == "f" else series
    codes, levels = code_levels(series)
    if not 2 <= len(levels) <= MAX_CATEGORIES:
        found = f"{len(levels):,} categories" if len(levels) > 1 else "a single category"
        raise DataError(
            f"The response has {found}; an ordinal model takes 2 to "
            f"{MAX_CATEGORIES}: check the response, or fit a linear model."
        )
    remarks: tuple[str, ...] = ()
    if not (
        isinstance(series.dtype, pd.CategoricalDtype) or pd.api.types.is_numeric_dtype(series.dtype)
    ):
        remarks = ("The categories stand in alphabetical order: declare theirs if it is another.",)
    names = tuple(f"{x:.15g}" if isinstance(x, float) else str(x) for x in levels)
    return Response(codes.astype(np.float64), weights, names, remarks)
