"""Which causes count as censored, and numbers from 1 up for the others."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from numbers import Real
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError, ParameterError

IntArray = NDArray[np.int64]

_LARGEST_CODE: Final = 1_000
"""Causes up to this number are counted in cells, larger ones are looked up."""


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


def known_ends(
    censored: Sequence[str] | None, declared: Sequence[str] | None, values: pd.Series
) -> Sequence[str] | None:
    """Say which causes count as censored where only the frame does.

    Parameters
    ----------
    censored : sequence of str, optional
        What the user said.
    declared : sequence of str, optional
        What the frame declares.
    values : pandas.Series
        The column of causes.

    Returns
    -------
    sequence of str or None
        The user's word, else the declared causes that the column knows; None if there are none.
    """
    if censored is not None or declared is None:
        return censored
    if isinstance(values.dtype, pd.CategoricalDtype):
        known = {str(category) for category in values.cat.categories}
    else:
        known = set(values.astype(str))
    return [name for name in declared if name in known] or None


def marked_ends(
    censored: object, labels: Sequence[str], *, may_lack: str | None = None
) -> NDArray[np.bool_]:
    """Mark the causes that count as censored.

    Parameters
    ----------
    censored : object
        One cause or a list of causes, as texts or numbers.
    labels : sequence of str
        Every cause of the column.
    may_lack : str, optional
        A cause that need not be there.

    Returns
    -------
    ndarray of shape (k,), bool
        Whether each of the labels counts as censored.

    Raises
    ------
    ParameterError
        If `censored` is no list.
    DataError
        If one of them is none of the labels.
    """
    given = [censored] if isinstance(censored, str | Real) else censored
    if not isinstance(given, Iterable) or isinstance(given, bytes | Mapping):
        raise ParameterError(
            "censored is no list of causes", ['give a list, as in censored=["open"]']
        )
    names = [_plain(name) for name in given]
    strangers = [name for name in names if name not in labels and name != may_lack]
    if strangers:
        raise DataError(
            "censored= names a value that the column of causes does not know: "
            + ", ".join(sorted(strangers))
        )
    return np.array([label in names for label in labels])


def _plain(name: object) -> str:
    return f"{name:.0f}" if isinstance(name, Real) and float(name).is_integer() else str(name)


def coded_causes(codes: IntArray, labels: Sequence[str], censored: object) -> Causes:
    """Give numbers from 1 up to causes that are categories.

    Parameters
    ----------
    codes : ndarray of shape (n,), int
        Place of each row's cause among the labels.
    labels : sequence of str
        Every cause.
    censored : object
        Those that count as censored, as in `marked_ends`.

    Returns
    -------
    Causes
        Codes and labels.

    Raises
    ------
    ParameterError
        If `censored` is no list.
    DataError
        If a value named is none of the labels, or nothing but censoring happened.
    """
    return renumbered(codes, labels, marked_ends(censored, labels))


def numbered_causes(numbers: NDArray[Any], censored: Sequence[str] | None) -> Causes:
    """Give numbers from 1 up to causes that are whole numbers.

    Parameters
    ----------
    numbers : ndarray of shape (n,)
        Whole numbers, 0 for censored if `censored` is not given.
    censored : sequence of str or None
        Those that count as censored.

    Returns
    -------
    Causes
        Codes and labels.

    Raises
    ------
    DataError
        If they are not whole, one below 0 does not count as censored, a value named is none of
        the column's, or nothing but censoring happened.
    ParameterError
        If `censored` is no list.
    """
    if numbers.dtype.kind == "f" and not (numbers == np.rint(numbers)).all():
        raise DataError("A column of causes in numbers must hold whole ones, 0 for censored.")
    low, high = float(numbers.min()), float(numbers.max())
    if not (isfinite(low) and isfinite(high)):
        raise DataError("A column of causes in numbers must hold whole ones, 0 for censored.")
    if low < 0 or high > _LARGEST_CODE:
        found = np.unique(numbers.astype(np.float64))
        codes = np.searchsorted(found, numbers).astype(np.int64)
        labels = [f"{number:.0f}" for number in found]
    else:
        codes = numbers.astype(np.int64, copy=False)
        present = np.flatnonzero(np.bincount(codes))
        labels = list(map(str, present.tolist()))
        if len(present) <= high:
            place = np.zeros(int(high) + 1, dtype=np.int64)
            place[present] = np.arange(len(present))
            codes = place[codes]
    is_end = marked_ends(["0"] if censored is None else censored, labels, may_lack="0")
    if low < 0 and not is_end[: int((found < 0).sum())].all():
        raise DataError(
            "Causes in numbers are 0 or more, and some are negative: leave those rows out if they"
            " mean not known, or name them in censored=[...]."
        )
    return renumbered(codes, labels, is_end, np.ones(len(labels), dtype=np.bool_))


def renumbered(
    codes: IntArray,
    labels: Sequence[str],
    is_end: NDArray[np.bool_],
    happened: NDArray[np.bool_] | None = None,
) -> Causes:
    """Give numbers from 1 up to the causes that happened.

    Parameters
    ----------
    codes : ndarray of shape (n,), int
        Place of each row's cause among the labels.
    labels : sequence of str
        Causes, censoring among them; some may have no rows.
    is_end : ndarray of shape (k,), bool
        Whether each counts as censored.
    happened : ndarray of shape (k,), bool, optional
        Whether each has rows, if that is known.

    Returns
    -------
    Causes
        Codes of the caller's own, read-only, and labels.

    Raises
    ------
    DataError
        If nothing but censoring happened.
    """
    if happened is None:
        happened = np.bincount(codes, minlength=len(labels)) > 0
    kept = np.flatnonzero(happened & ~is_end)
    if len(kept) == 0:
        raise DataError("Every row is censored: there is no cause to estimate.")
    number = np.zeros(len(labels), dtype=np.int64)
    number[kept] = np.arange(1, len(kept) + 1)
    # Where the numbers are the codes already, to copy them is faster than to look them up.
    is_same = np.array_equal(number[happened], np.flatnonzero(happened))
    found: IntArray = codes.copy() if is_same else number[codes]
    found.setflags(write=False)
    return Causes(found, tuple(labels[place] for place in kept.tolist()))
