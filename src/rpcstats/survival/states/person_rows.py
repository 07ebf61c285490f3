"""Rows of a long frame put in order of person and time, with the breaks between them."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.formula.column_kinds import refuse_lists

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


class PersonOrder(NamedTuple):
    """Rows by person and time.

    Attributes
    ----------
    order : ndarray of shape (n,), int, or None
        Rows in that order; None if they stand in it.
    person : ndarray of shape (n,), int
        Code of each row's person in that order, counted from 0 by first appearance.
    first : ndarray of shape (n,), bool
        Whether a row is its person's first.
    """

    order: IntArray | None
    person: IntArray
    first: BoolArray

    def taken(self, values: NDArray[Any]) -> NDArray[Any]:
        """Take values of the rows in order.

        Parameters
        ----------
        values : ndarray of shape (n, ...)
            One for each row of the data.

        Returns
        -------
        ndarray of shape (n, ...)
            By person and time; the array itself where rows stand in that order.
        """
        return values if self.order is None else values[self.order]

    @property
    def n_person(self) -> int:
        """Number of persons."""
        return int(self.first.sum())


def person_order(ids: pd.Series | None, time: FloatArray) -> PersonOrder:
    """Order rows by person and time.

    Parameters
    ----------
    ids : pandas.Series or None
        Identifier of each row, none missing; None if each row is a person.
    time : ndarray of shape (n,)
        Times of exit.

    Returns
    -------
    PersonOrder
        The order.

    Raises
    ------
    DataError
        If an identifier is a list.
    """
    n = len(time)
    kind: Any = np.int32 if n < np.iinfo(np.int32).max else np.int64
    if ids is None:
        return PersonOrder(None, np.arange(n, dtype=kind), np.ones(n, dtype=np.bool_))
    refuse_lists(ids)
    person, order = _numbered(ids, kind), None
    same = person[1:] == person[:-1]
    if ((person[1:] < person[:-1]) | (same & (time[1:] < time[:-1]))).any():
        order = np.lexsort((time, person)).astype(kind)
        person = person[order]
        same = person[1:] == person[:-1]
    return PersonOrder(order, person, np.append(True, ~same)[:n])


def _numbered(ids: pd.Series, kind: Any) -> NDArray[Any]:
    """Give codes by first appearance; whole numbers in order need no table."""
    if isinstance(ids.dtype, np.dtype) and ids.dtype.kind in "iu":
        numbers = ids.to_numpy()
        if (numbers[1:] >= numbers[:-1]).all():
            person = np.zeros(len(numbers), dtype=kind)
            np.cumsum(numbers[1:] != numbers[:-1], out=person[1:])
            return person
    return pd.factorize(ids)[0].astype(kind)


def taken_codes(codes: IntArray, rows: IntArray) -> IntArray:
    """Take the codes of some rows; one code for all takes no memory.

    Parameters
    ----------
    codes : ndarray of shape (n,), int
        Codes.
    rows : ndarray of shape (k,), int
        Rows wanted.

    Returns
    -------
    ndarray of shape (k,), int
        Their codes.
    """
    return codes[: len(rows)] if codes.strides == (0,) else codes[rows]


class Breaks(NamedTuple):
    """How each row stands to the row of the same person before it.

    Attributes
    ----------
    overlaps, follows, gapped : ndarray of shape (n,), bool
        It begins before the other ends, just then, or after a gap; all False for a person's
        first row.
    """

    overlaps: BoolArray
    follows: BoolArray
    gapped: BoolArray


def find_breaks(rows: PersonOrder, entry: FloatArray, time: FloatArray) -> Breaks:
    """Compare the entry of each row with the exit before it.

    Parameters
    ----------
    rows : PersonOrder
        The order.
    entry, time : ndarray of shape (n,)
        Taken in that order.

    Returns
    -------
    Breaks
        What was found.
    """
    n = len(time)
    same = ~rows.first[1:]
    found = [np.zeros(n, dtype=np.bool_) for _ in range(3)]
    for kept, compared in zip(found, (np.less, np.equal, np.greater), strict=True):
        compared(entry[1:], time[:-1], out=kept[1:])
        kept[1:] &= same
    return Breaks(*found)
