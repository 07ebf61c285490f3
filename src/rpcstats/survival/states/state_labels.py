"""The column of states, and the state in which each row begins."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

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
    # Pairs of states are numbered in the same kind.
    kind: Any = np.int16 if len(states) ** 2 <= np.iinfo(np.int16).max else np.int64
    number = np.array([-1, *(states.index(label) for label in labels)], dtype=kind)
    given = None
    if texts is not None:
        place = {name: i for i, name in enumerate(states)}
        given = np.asarray(texts.map(place), dtype=kind)
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
    kind: Any = np.int32 if n < np.iinfo(np.int32).max else np.int64
    if given is None and start is None:
        raise AssertionError("without a column of states everybody begins in one")
    first, moved = np.zeros(n, dtype=kind), np.full(n, -1, dtype=kind)
    each = np.arange(n, dtype=kind)
    np.copyto(first, each, where=begins)
    np.maximum.accumulate(first, out=first)
    np.copyto(moved[1:], each[:-1], where=target[:-1] >= 0)
    np.maximum.accumulate(moved, out=moved)
    held = np.full(n, start, dtype=target.dtype) if given is None else given[first]
    np.copyto(held, target[moved], where=moved >= first)
    return held
