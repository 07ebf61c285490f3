"""Columns of a censored response to checked arrays."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.formula.cause_codes import Causes, coded_causes, known_ends, numbered_causes
from rpcstats.formula.column_kinds import inferred, is_real, refuse_lists
from rpcstats.formula.parse import Surv
from rpcstats.formula.tied_times import same_times

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_LARGEST = 1e100
"""Numbers past this, or under its inverse, can't be squared and summed."""


def read_times(
    frame: pd.DataFrame | Mapping[str, pd.Series], response: Surv, *, tied: bool = True
) -> tuple[FloatArray, FloatArray | None]:
    """Read times of exit and, if there are any, of entry.

    Parameters
    ----------
    frame : pandas.DataFrame or mapping of str to pandas.Series
        Rows without missing values.
    response : Surv
        Names of the columns.
    tied : bool
        Whether to make times equal that differ by rounding only (`same_times`). If not, and there
        are no entries, times are those of the frame as they stand, only to be read.

    Returns
    -------
    time : ndarray of shape (n,)
        Times of exit, 0 or more.
    entry : ndarray of shape (n,) or None
        Times of entry, each before its exit; None if everybody is seen from time 0.

    Raises
    ------
    DataError
        If a column holds no finite numbers of 0 or more, or an entry is not before its exit.
    """
    time = read_durations(frame[response.time], "time")
    if response.entry is None:
        return own_times(same_times(time, None)[0]) if tied else time, None
    entry = read_durations(frame[response.entry], "entry")
    late = int((entry >= time).sum())
    if late:
        raise DataError(
            f"Entry must come before exit; it does not in {late} row{'s' * (late > 1)}: "
            "leave out those never at risk, or mend the two columns."
        )
    exits, entries = same_times(time, entry if entry.any() else None)
    return own_times(exits), None if entries is None else own_times(entries)


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
    values = inferred(values)
    is_number = is_real(values) or pd.api.types.is_bool_dtype(values.dtype)
    numbers = _numbers(values) if is_number else np.array([np.nan])
    event: NDArray[np.bool_] = numbers == 1
    if numbers.dtype.kind == "f":
        is_known = bool((event | (numbers == 0)).all())
    else:
        is_known = numbers.dtype.kind == "b" or bool(numbers.min() >= 0 and numbers.max() <= 1)
    if not is_known:
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
    values = inferred(values)
    if not is_real(values):
        raise DataError("The weights column must hold numbers: convert it, or name another.")
    weights = values.to_numpy(dtype=np.float64)
    n_wrong = int((~(np.isfinite(weights) & (weights > 0))).sum())
    if n_wrong:
        raise DataError(
            f"Weights must be finite and above 0; they are not in {n_wrong:,} "
            f"row{'s' * (n_wrong > 1)}: leave out rows of weight 0, mend the others."
        )
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
    ParameterError
        If `censored` is no list.
    """
    values = inferred(values)
    if is_real(values):
        return numbered_causes(_numbers(values), censored)
    refuse_lists(values)
    declared = isinstance(values.dtype, pd.CategoricalDtype)
    coded = values.cat if declared else pd.Series(values.astype("category")).cat
    categories = [str(category) for category in coded.categories]
    if censored is None and not declared:
        raise DataError(
            "The column of causes holds texts: say which mean censored by censored=[...], or "
            "declare an ordered list of categories with the censoring first."
        )
    ends = categories[:1] if censored is None else censored
    return coded_causes(np.asarray(coded.codes, dtype=np.int64), categories, ends)


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
    return known_ends(censored, frame.attrs.get("censored"), frame[surv.event])


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


def read_durations(values: pd.Series, role: str) -> FloatArray:
    """Read times as they stand in a frame, which are only to be read.

    Parameters
    ----------
    values : pandas.Series
        Numbers, none missing.
    role : str
        What an error calls them.

    Returns
    -------
    ndarray of shape (n,)
        Finite numbers of 0 or more.

    Raises
    ------
    DataError
        If there are other values.
    """
    values = inferred(values)
    if not is_real(values) or pd.api.types.is_bool_dtype(values.dtype):
        raise DataError(
            f"The {role} column must hold numbers: count days, weeks or sessions first."
        )
    numbers = values.to_numpy(dtype=np.float64)
    low, high = float(numbers.min(initial=0.0)), float(numbers.max(initial=0.0))
    if not (isfinite(low) and isfinite(high)):
        raise DataError(f"The {role} column holds infinite values: use a finite {role}.")
    if low < 0:
        n = int((numbers < 0).sum())
        raise DataError(
            f"The {role} column is negative in {n} row{'s' * (n > 1)}: "
            "check the two dates it is counted between."
        )
    if high > _LARGEST:
        raise DataError(f"The {role} column holds numbers too large to square: use another unit.")
    return numbers


def own_times(times: FloatArray) -> FloatArray:
    """Give times that no frame can change.

    Parameters
    ----------
    times : ndarray of shape (n,)
        From `same_times`, which gives what it was given if nothing had to be changed.

    Returns
    -------
    ndarray of shape (n,)
        Read-only; a copy if they were not.
    """
    return times if times.flags.owndata and not times.flags.writeable else _frozen(times)


def _numbers(values: pd.Series) -> NDArray[Any]:
    """Take numbers as they stand: whole ones need no copy to be looked at."""
    is_whole = isinstance(values.dtype, np.dtype) and values.dtype.kind in "iub"
    return values.to_numpy() if is_whole else values.to_numpy(dtype=np.float64)


def _frozen(numbers: FloatArray) -> FloatArray:
    numbers = numbers.copy()
    numbers.setflags(write=False)
    return numbers
