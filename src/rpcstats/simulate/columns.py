"""Pieces the columns of tables are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
Columns = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a cohort was drawn, and what was recorded.

    Attributes
    ----------
    area_id : str
        The council.
    start : date
        First day of the period; days count from it.
    last_day : int
        Data cut, in days from the start.
    tool_used, milestones : bool
        Whether the screening tool was used; whether milestones are recorded.
    """

    area_id: str
    start: date
    last_day: int
    tool_used: bool
    milestones: bool

    def dates(self, days: Integers, known: Booleans | None = None) -> Any:
        """Turn days into dates.

        Parameters
        ----------
        days : ndarray of int, shape (n,)
            Days from the start of the period.
        known : ndarray of bool, shape (n,), optional
            Which of them are known; all if not given.

        Returns
        -------
        ndarray of datetime64, shape (n,)
            Dates to the second, at midnight; NaT where a day is not known.
        """
        start = np.datetime64(self.start, "D")
        dates = (start + days.astype("timedelta64[D]")).astype("datetime64[s]")
        return dates if known is None else np.where(known, dates, np.datetime64("NaT", "s"))


def same(value: object, n: int) -> NDArray[np.object_]:
    """Repeat a value.

    Parameters
    ----------
    value : object
        The value; None is missing.
    n : int
        How often.

    Returns
    -------
    ndarray of shape (n,)
        The column.
    """
    return np.full(n, value, dtype=np.object_)


def either(is_so: Booleans, yes: str, no: str) -> NDArray[np.object_]:
    """Name the one or the other of two codes.

    Parameters
    ----------
    is_so : ndarray of bool, shape (n,)
        Which of them.
    yes, no : str
        The codes.

    Returns
    -------
    ndarray of str, shape (n,)
        The column.
    """
    return np.array([no, yes], dtype=np.object_)[is_so.astype(np.int64)]


def named(names: Sequence[str] | NDArray[np.object_], positions: Integers) -> NDArray[np.object_]:
    """Give the names at some positions.

    Parameters
    ----------
    names : sequence of str
        Names, in order.
    positions : ndarray of int, shape (n,)
        Positions in `names`; -1 is missing.

    Returns
    -------
    ndarray of str, shape (n,)
        The column.
    """
    return np.array([*names, None], dtype=np.object_)[positions]
