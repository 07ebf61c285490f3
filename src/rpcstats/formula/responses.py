"""Columns of a censored response to checked arrays."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.formula.column_kinds import is_real, refuse_lists
from rpcstats.formula.parse import Surv
from rpcstats.formula.tied_times import same_times

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_LARGEST = 1e100
"""Numbers past this, or under its inverse, can't be squared and summed."""


class Causes(NamedTuple):
    """Why each row ended.

    Attributes
    ----------
    codes : ndarray of shape (n,), int
        0 for censored, k for ``labels[k - 1]``.
    labels : tuple of str
        The causes, in declared order; only those that happened.
    """

    codes: IntArray
    labels: tuple[str, ...]


def read_times(frame: pd.DataFrame, response: Surv) -> tuple[FloatArray, FloatArray | None]:
    """Read times of exit and, if there are any, of entry.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows without missing values.
    response : Surv
        Names of the columns.

    Returns
    -------
    time : ndarray of shape (n,)
        Times of exit, 0 or more; those that differ by rounding only are equal (`same_times`).
    entry : ndarray of shape (n,) or None
        Times of entry, each before its exit; None if everybody is seen from time 0.

    Raises
    ------
    DataError
        If a column holds no finite numbers of 0 or more, or an entry is not before its exit.
    """
    time = _durations(frame[response.time], "time")
    if response.entry is None:
        return same_times(time, None)
    entry = _durations(frame[response.entry], "entry")
    late = int((entry >= time).sum())
    if late:
        raise DataError(
            f"Entry must come before exit; it does not in {late} row{'s' * (late > 1)}: "
            "leave out those never at risk, or mend the two columns."
        )
    return same_times(time, entry if entry.any() else None)


def read_event(values: pd.Series) -> NDArray[np.bool_]:
    """Read whether each exit was the event.

    Parameters
    ----------
    values : pandas.Series
        0 and 1, or False and True; none missing.

    Returns
    -------
    ndarray of shape (n,), bool
        True for an event.

    Raises
    ------
    DataError
        If there are other values.
    """
    is_number = is_real(values) or pd.api.types.is_bool_dtype(values.dtype)
    numbers = values.to_numpy(dtype=np.float64) if is_number else np.array([np.nan])
    event: NDArray[np.bool_] = numbers == 1
    if not np.all(event | (numbers == 0)):
        raise DataError(
            "The event column must hold 1 (event) and 0 (censored), or True and False: recode it."
        )
    event.setflags(write=False)
    return event


def read_weights(values: pd.Series) -> FloatArray:
    """Read case weights.

    Parameters
    ----------
    values : pandas.Series
        Numbers, none missing.

    Returns
    -------
    ndarray of shape (n,)
        Finite weights above 0.

    Raises
    ------
    DataError
        If there are other values.
    """
    if not is_real(values):
        raise DataError("The weights column must hold numbers.")
    weights = values.to_numpy(dtype=np.float64)
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise DataError("Weights must be finite and above 0: leave out rows of weight 0.")
    if weights.max() > _LARGEST or weights.min() < 1.0 / _LARGEST:
        raise DataError("A weight is too large or too small to square: divide by their mean.")
    return _frozen(weights)


def read_causes(values: pd.Series, censored: Sequence[str] | None = None) -> Causes:
    """Read why each row ended.

    Parameters
    ----------
    values : pandas.Series
        A categorical, texts, or whole numbers with 0 for censored; none missing.
    censored : sequence of str, optional
        Values that count as censored; if not given, the first declared category, as in R.

    Returns
    -------
    Causes
        Codes and labels.

    Raises
    ------
    DataError
        If it is not clear which value is the censoring, a value named is none of the column's,
        or nothing but censoring happened.
    """
    if is_real(values):
        return _numbered_causes(values.to_numpy(dtype=np.float64), censored)
    refuse_lists(values)
    declared = isinstance(values.dtype, pd.CategoricalDtype)
    coded = values.cat if declared else pd.Series(values.astype("category")).cat
    categories = [str(category) for category in coded.categories]
    if censored is None and not declared:
        raise DataError(
            "The column of causes holds texts: say which mean censored by censored=[...], or "
            "declare an ordered list of categories with the censoring first."
        )
    ends = categories[:1] if censored is None else [str(name) for name in censored]
    strangers = [name for name in ends if name not in categories]
    if strangers:
        raise DataError(
            "censored= names a value that the column of causes does not know: "
            + ", ".join(sorted(strangers))
        )
    return _renumbered(
        np.asarray(coded.codes, dtype=np.int64),
        categories,
        np.array([category in ends for category in categories]),
    )


def declared_ends(
    censored: Sequence[str] | None, frame: pd.DataFrame, surv: Surv
) -> Sequence[str] | None:
    """Say which causes count as censored where only the frame does.

    Parameters
    ----------
    censored : sequence of str, optional
        What the user said.
    frame : pandas.DataFrame
        Columns of the response; ``frame.attrs["censored"]`` may declare the causes.
    surv : Surv
        Names of the columns.

    Returns
    -------
    sequence of str or None
        The user's word, else the declared causes that the column knows; None if there are none.
    """
    declared = frame.attrs.get("censored")
    if censored is not None or declared is None:
        return censored
    if isinstance(frame[surv.event].dtype, pd.CategoricalDtype):
        known = {str(category) for category in frame[surv.event].cat.categories}
    else:
        known = set(frame[surv.event].astype(str))
    return [name for name in declared if name in known] or None


def read_interval(frame: pd.DataFrame, response: Surv) -> tuple[FloatArray, FloatArray]:
    """Read limits between which each event lies.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns of the response; a missing lower limit means from 0, a missing upper one that
        the event has not been seen.
    response : Surv
        Names of the columns.

    Returns
    -------
    lower, upper : ndarray of shape (n,)
        0 <= lower <= upper; equal for a time known exactly, upper infinite for right censoring.

    Raises
    ------
    DataError
        If a limit is no number or negative, or the upper one is below the lower.
    """
    limits = []
    for name, role, absent in ((response.time, "lower", 0.0), (response.event, "upper", np.inf)):
        if not pd.api.types.is_numeric_dtype(frame[name].dtype):
            raise DataError(f"The column of {role} limits must hold numbers.")
        numbers = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        limits.append(np.where(np.isnan(numbers), absent, numbers))
    lower, upper = limits
    faults = {
        "a lower limit that is negative or not finite": (lower < 0) | ~np.isfinite(lower),
        "an upper limit below the lower one": upper < lower,
        "an upper limit of 0": upper == 0,
    }
    found = [f"{int(bad.sum()):,} with {what}" for what, bad in faults.items() if bad.any()]
    if found:
        raise DataError(
            f"Intervals must be in order; there are rows {', '.join(found)}: mend them."
        )
    return _frozen(lower), _frozen(upper)


def _numbered_causes(numbers: FloatArray, censored: Sequence[str] | None) -> Causes:
    if not (np.isfinite(numbers).all() and (numbers == np.round(numbers)).all()):
        raise DataError("A column of causes in numbers must hold whole ones, 0 for censored.")
    found, codes = _distinct(numbers)
    ends = {"0"} if censored is None else {str(name) for name in censored}
    labels = [f"{number:.0f}" for number in found]
    return _renumbered(codes, labels, np.array([label in ends for label in labels]))


def _distinct(numbers: FloatArray) -> tuple[FloatArray, IntArray]:
    """Give the distinct values and each value's place among them; small ones without a sort."""
    if numbers.min() < 0 or numbers.max() > len(numbers):
        found = np.unique(numbers)
        return found, np.searchsorted(found, numbers).astype(np.int64)
    whole = numbers.astype(np.int64)
    is_there = np.bincount(whole) > 0
    return np.flatnonzero(is_there).astype(np.float64), (np.cumsum(is_there) - 1)[whole]


def _renumbered(codes: IntArray, labels: list[str], is_end: NDArray[np.bool_]) -> Causes:
    happened = np.bincount(codes, minlength=len(labels)) > 0
    kept = np.flatnonzero(happened & ~is_end)
    if len(kept) == 0:
        raise DataError("Every row is censored: there is no cause to estimate.")
    number = np.zeros(len(labels), dtype=np.int64)
    number[kept] = np.arange(1, len(kept) + 1)
    renumbered = number[codes]
    renumbered.setflags(write=False)
    return Causes(renumbered, tuple(labels[place] for place in kept))


def _durations(values: pd.Series, role: str) -> FloatArray:
    if not is_real(values) or pd.api.types.is_bool_dtype(values.dtype):
        raise DataError(
            f"The {role} column must hold numbers: count days, weeks or sessions first."
        )
    numbers = values.to_numpy(dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise DataError(f"The {role} column holds infinite values: use a finite {role}.")
    if (numbers < 0).any():
        n = int((numbers < 0).sum())
        raise DataError(
            f"The {role} column is negative in {n} row{'s' * (n > 1)}: "
            "check the two dates it is counted between."
        )
    if numbers.max(initial=0.0) > _LARGEST:
        raise DataError(f"The {role} column holds numbers too large to square: use another unit.")
    return _frozen(numbers)


def _frozen(numbers: FloatArray) -> FloatArray:
    numbers = numbers.copy()
    numbers.setflags(write=False)
    return numbers
