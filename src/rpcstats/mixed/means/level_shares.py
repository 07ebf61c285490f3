"""How often combinations of levels occur in the rows of a fit."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rpcstats.errors import ParameterError
from rpcstats.formula import Design
from rpcstats.formula.pieces import called, plain_name
from rpcstats.mixed.inference.term_columns import TermFactor, term_columns
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray


def level_shares(
    design: Design, values: Mapping[str, Sequence[Any]], cells: Mapping[str, IntArray]
) -> FloatArray:
    """Give the share of the rows in each combination of levels.

    Parameters
    ----------
    design : Design
        Encoding of the fixed effects, with the columns of the rows.
    values : mapping
        Levels of each factor that is averaged over.
    cells : mapping
        For each factor the place, in its levels, of each of the a combinations.

    Returns
    -------
    ndarray of shape (a,)
        Shares, of sum 1.

    Raises
    ------
    ParameterError
        If the design does not tell the level of each row, or no row has such levels.
    """
    size = len(next(iter(cells.values())))
    row_cell = np.zeros(len(design.X), dtype=np.int64)
    cell = np.zeros(size, dtype=np.int64)
    inside = np.ones(len(design.X), dtype=bool)
    for name, chosen in values.items():
        codes = _places(design, name, chosen)
        inside &= codes >= 0
        row_cell = row_cell * len(chosen) + codes
        cell = cell * len(chosen) + cells[name]
    counts = np.bincount(row_cell[inside], minlength=int(cell.max()) + 1)[cell]
    if not counts.any():
        raise ParameterError("No row has the levels of at=", ['give weights="equal"'])
    shares: FloatArray = counts / counts.sum()
    return shares


def reads_column(factor: str, column: str) -> bool:
    """Tell whether a factor reads a column.

    Parameters
    ----------
    factor : str
        A factor as written, such as ``C(year)``.
    column : str
        A column of the data.

    Returns
    -------
    bool
        True for the column itself and for ``C()`` of it.
    """
    if factor == column or plain_name(factor) == column:
        return True
    call = called(factor)
    return (
        call is not None and call[0] == "C" and bool(call[1]) and plain_name(call[1][0]) == column
    )


def _places(design: Design, name: str, chosen: Sequence[Any]) -> IntArray:
    """Find each row's place among the values chosen of a column; -1 if it has none of them."""
    for term in term_columns(design):
        start = int(term.columns[0])
        for run in term.products:
            stop = start + int(np.prod([factor.size for factor in run], dtype=np.int64))
            X = design.X[:, start:stop]
            start = stop
            places = [k for k, factor in enumerate(run) if reads_column(factor.expression, name)]
            if not places:
                continue
            (place,) = places
            if run[place].coding is None and len(run) == 1:
                return _nearest(X[:, 0], np.asarray(chosen, dtype=np.float64))
            codes = _decoded(X, run, place)
            if codes is not None:
                levels = list(design.levels[run[place].expression])
                among = np.array([_index(chosen, level) for level in levels], dtype=np.int64)
                return among[codes]
    raise ParameterError(
        f'The columns of the model don\'t tell the level of "{name}" in each row',
        ['give weights="equal", or add its main effect'],
    )


def _nearest(column: FloatArray, chosen: FloatArray) -> IntArray:
    found = np.full(len(column), -1, dtype=np.int64)
    for place, value in enumerate(chosen):
        found[column == value] = place
    return found


def _index(chosen: Sequence[Any], level: Any) -> int:
    return list(chosen).index(level) if level in chosen else -1


def _decoded(X: FloatArray, run: tuple[TermFactor, ...], place: int) -> IntArray | None:
    """Read the levels of one factor off a product of factors; None if they can't be told."""
    codings = [factor.coding for factor in run if factor.coding is not None]
    if len(codings) < len(run):
        return None
    signs, level = np.ones((1, 1)), np.zeros(1, dtype=np.int64)
    for k, coding in enumerate(codings):
        n_level = len(coding)
        # The first factor's columns run fastest; rows are crossed in the same order.
        signs = (coding[:, None, :, None] * signs[None, :, None, :]).reshape(
            n_level * len(signs), -1
        )
        own = np.arange(n_level) if k == place else np.zeros(n_level, dtype=np.int64)
        level = (own[:, None] + level[None, :]).ravel()
    line = np.random.default_rng(0).normal(size=signs.shape[1])
    key = signs @ line
    order = np.argsort(key, kind="stable")
    key, level = key[order], level[order]
    alike = np.diff(key) < 1e-9 * max(1.0, float(np.abs(key).max()))
    if (alike & (np.diff(level) != 0)).any():
        return None
    where = np.searchsorted(0.5 * (key[1:] + key[:-1]), X @ line)
    codes: IntArray = level[where]
    return codes
