"""Columns for what a mean is adjusted for, centred so that the mean is that of the starters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from rpcstats._wording import words
from rpcstats.goals.goal_ratings import BoolArray, FloatArray, IntArray
from rpcstats.tables.summary import counted

FEWEST: Final = 5
"""Parents rated after their start that a level needs, to have a slope of its own."""

NOT_KNOWN: Final = "not known"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Adjusters:
    """Columns that differ between parents.

    Attributes
    ----------
    columns : tuple of str
        Names fit for a formula.
    words : tuple of str
        What each stands for.
    values : ndarray of shape (n, q)
        A row a parent, each column with mean 0 over the starters whose course is over.
    remarks : tuple of str
        What was left out or put together.
    """

    columns: tuple[str, ...]
    words: tuple[str, ...]
    values: FloatArray
    remarks: tuple[str, ...]


def centred_columns(
    people: pd.DataFrame, names: Sequence[str], *, due: BoolArray, rated: IntArray
) -> Adjusters:
    """Encode covariates of parents.

    Parameters
    ----------
    people : DataFrame of n rows
        A row a parent.
    names : sequence of str
        Columns to adjust for; numbers stay numbers, anything else becomes an indicator of each
        level but the commonest.
    due : ndarray of bool, shape (n,)
        Starters whose course is over, over whom columns are centred.
    rated : ndarray of int
        Positions of parents who were rated after their start.

    Returns
    -------
    Adjusters
        The columns. A value that is not known is a level of its own, or for a number the mean of
        the others. A level with fewer than `FEWEST` parents rated after their start joins the
        commonest, and a column that is the same for everybody is left out; the remarks say so.

    Notes
    -----
    Covariates known at the start serve precision and the missing-at-random assumption, so that
    a missing one may be given any fixed value (White and Thompson 2005).
    """
    values: list[FloatArray] = []
    said: list[str] = []
    remarks: list[str] = []
    for name in dict.fromkeys(names):
        column = people[name]
        if pd.api.types.is_numeric_dtype(column.dtype) and not _is_flag(column):
            found = [(words(name), _number(column, due, name, remarks))]
        else:
            found = _levels(column, rated, name, remarks)
        found = [(text, x - x[due].mean()) for text, x in found]
        found = [(text, x) for text, x in found if np.ptp(x[rated]) > 0.0]
        if not found:
            remarks.append(f"{words(name)} is not adjusted for: too few parents differ in it.")
        said += [text for text, _ in found]
        values += [x for _, x in found]
    return Adjusters(
        columns=tuple(f"x{j}" for j in range(len(values))),
        words=tuple(said),
        values=np.column_stack(values) if values else np.zeros((len(people), 0)),
        remarks=tuple(remarks),
    )


def _is_flag(column: "pd.Series[Any]") -> bool:
    return bool(pd.api.types.is_bool_dtype(column.dtype))


def _number(column: "pd.Series[Any]", due: BoolArray, name: str, remarks: list[str]) -> FloatArray:
    x = column.to_numpy(dtype=np.float64, na_value=np.nan)
    gone = ~np.isfinite(x)
    if gone.any():
        remarks.append(
            f"{words(name)} is not known of {counted(int(gone.sum()), 'parent')}, who take the mean"
            " of the others."
        )
        known = x[due & ~gone]
        x = np.where(gone, known.mean() if len(known) else 0.0, x)
    return x


def _levels(
    column: "pd.Series[Any]", rated: IntArray, name: str, remarks: list[str]
) -> list[tuple[str, FloatArray]]:
    text = column.astype(object).where(column.notna(), NOT_KNOWN).astype(str)
    counts = text.iloc[rated].value_counts()
    ranked = sorted(counts.index, key=lambda level: (-counts[level], level))
    kept = [level for level in ranked[1:] if counts[level] >= FEWEST]
    n_joined = text.nunique() - min(len(ranked), 1) - len(kept)
    if n_joined and kept:
        remarks.append(
            f"{words(name)}: {counted(n_joined, 'level')} with fewer than {FEWEST} parents rated"
            " after their start put with the commonest."
        )
    return [(words(f"{name}={level}"), (text == level).to_numpy(np.float64)) for level in kept]
