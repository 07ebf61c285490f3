"""The column of states, and the state in which each row begins."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import ParameterError
from rpcstats.formula.responses import read_causes

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

START: Final = "start"
"""Name of the state in which everybody begins, if none is given."""


class StateCodes(NamedTuple):
    """States by number.

    Attributes
    ----------
    states : tuple of str
        Names; those that no category declares come before the declared ones.
    target : ndarray of shape (n,), int
        State entered at the end of each row, -1 for none.
    given : ndarray of shape (n,), int, or None
        State in which each row begins, where a column says so.
    start : int or None
        State in which the curves begin; None to take the shares of those first seen.
    """

    states: tuple[str, ...]
    target: IntArray
    given: IntArray | None
    start: int | None


def read_states(
    entered: pd.Series,
    begun: pd.Series | None,
    *,
    start: str | None,
    censored: Sequence[str] | None,
) -> StateCodes:
    """Give numbers to states.

    Parameters
    ----------
    entered : pandas.Series
        State at the end of each row, none missing.
    begun : pandas.Series or None
        State at its beginning.
    start : str, optional
        State in which the curves begin; without `begun` everybody's, "start" if not given.
    censored : sequence of str, optional
        Values that mean no transition.

    Returns
    -------
    StateCodes
        The states.

    Raises
    ------
    DataError
        If it is not clear which value means no transition, or nothing else is there.
    ParameterError
        If `start` is no name.
    """
    codes, labels = read_causes(entered, censored)
    declared = _declared(entered, labels)
    if start is not None and (not isinstance(start, str) or not start):
        raise ParameterError("start is not the name of a state", ["give a text, as in 'referred'"])
    if begun is None:
        start = START if start is None else start
    begins = [] if start is None else [start]
    texts = None if begun is None else begun.astype(str)
    if begun is not None and texts is not None:
        seen = _declared(begun, tuple(sorted(texts.unique())))
        begins += [name for name in seen if (texts == name).any() and name != start]
    known = {*begins, *labels}
    states = [name for name in begins if name not in declared]
    states += [name for name in declared if name in known]
    number = np.array([-1, *(states.index(label) for label in labels)], dtype=np.int64)
    given = None
    if texts is not None:
        place = {name: i for i, name in enumerate(states)}
        given = np.asarray(texts.map(place), dtype=np.int64)
    begin = None if start is None else states.index(start)
    return StateCodes(tuple(states), number[codes], given, begin)


def _declared(values: pd.Series, labels: tuple[str, ...]) -> list[str]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return [str(category) for category in values.cat.categories]
    return list(labels)


def states_held(
    target: IntArray, given: IntArray | None, start: int | None, begins: BoolArray
) -> IntArray:
    """Carry each person's latest state forward.

    Parameters
    ----------
    target : ndarray of shape (n,), int
        State entered at the end of each row, -1 for none; by person and time.
    given : ndarray of shape (n,), int, or None
        State in which each row is said to begin.
    start : int or None
        State in which everybody begins, where nothing is said.
    begins : ndarray of shape (n,), bool
        Rows at which nothing is carried on.

    Returns
    -------
    ndarray of shape (n,), int
        State held during each row.
    """
    n = len(target)
    first = np.maximum.accumulate(np.where(begins, np.arange(n), 0))
    moved = np.maximum.accumulate(np.where(target >= 0, np.arange(n), -1))
    latest = np.concatenate([[-1], moved[:-1]])
    if given is None and start is None:
        raise AssertionError("without a column of states everybody begins in one")
    initial = np.full(n, start) if given is None else given[first]
    return np.where(latest >= first, target[latest], initial).astype(np.int64)
