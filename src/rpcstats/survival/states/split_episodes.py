"""Rows of follow-up cut at given times."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from rpcstats.errors import DataError, ParameterError
from rpcstats.survival.states.person_rows import find_breaks, person_order
from rpcstats.survival.states.spells import Spells, censored_value, in_pieces, read_spells
from rpcstats.tables.summary import counted, counted_doing

INTERVAL = "interval"


def split_episodes(
    data: Any,
    *,
    at: Sequence[float],
    time: str = "time",
    event: str = "event",
    entry: str | None = None,
    id: str | None = None,
    censored: object | None = None,
) -> pd.DataFrame:
    """Cut each row of follow-up at given times into start-stop rows.

    Parameters
    ----------
    data : frame
        pandas, or any frame narwhals reads; it is not changed. All columns are kept.
    at : sequence of float
        Times at which to cut; those outside a row leave it whole.
    time, event : str
        Columns of the time of exit and of the event.
    entry : str, optional
        Column of the time of entry; if not given everybody enters at 0 and a column "entry" is
        added.
    id : str, optional
        Column that tells the persons: their rows must not overlap. If not given, each row is
        one person.
    censored : object, optional
        What the event column holds where nothing happened; 0, False or the first category if
        not given.

    Returns
    -------
    pandas.DataFrame
        The pieces in the order of the rows, the event in the last piece of each; column
        "interval" numbers the intervals between cuts from 1. A row with a missing time is kept
        whole, its interval missing.

    Raises
    ------
    FormulaError
        If a column is not there.
    DataError
        If times break their conditions, or rows of one id overlap.
    ParameterError
        If a cut is no finite number, or a column "interval" or "entry" is in the way.
    """
    cuts = _cuts(at)
    needed = (event,) if id is None else (event, id)
    spells = read_spells(data, entry=entry, time=time, needed=needed)
    _refuse_columns(spells.frame, entry)
    if id is not None:
        refuse_overlaps(spells, id)
    nothing = censored_value(spells.frame[event], censored)
    known = spells.known
    first = np.where(known, np.searchsorted(cuts, spells.entry, side="right"), 0)
    last = np.where(known, np.searchsorted(cuts, spells.time, side="left"), 0)
    n_piece = np.maximum(last - first, 0) + 1
    row = np.repeat(np.arange(len(n_piece)), n_piece)
    piece = np.arange(len(row)) - np.repeat(np.cumsum(n_piece) - n_piece, n_piece)
    place = first[row] + piece
    edges = np.concatenate([[np.nan], cuts, [np.nan]])
    is_first, is_last = piece == 0, piece == n_piece[row] - 1
    begin = np.where(is_first, spells.entry[row], edges[place])
    end = np.where(is_last, spells.time[row], edges[np.minimum(place + 1, len(edges) - 1)])
    frame = in_pieces(
        spells, row, begin, end, names=(entry or "entry", time, event), nothing=nothing
    )
    if known.all():
        frame[INTERVAL] = place + 1
    else:
        frame[INTERVAL] = pd.array(np.where(known[row], place + 1, 0), dtype="Int64")
        frame.loc[~known[row], INTERVAL] = pd.NA
    return frame


def refuse_overlaps(spells: Spells, id: str) -> None:
    """Refuse rows of one person that overlap.

    Parameters
    ----------
    spells : Spells
        The rows.
    id : str
        Column that tells the persons.

    Raises
    ------
    DataError
        If rows overlap, or an identifier is missing.
    """
    ids = spells.frame[id]
    if ids.isna().any():
        raise DataError(
            f'The column "{id}" is missing in {counted(int(ids.isna().sum()), "row")}: '
            "fill it, or leave those rows out."
        )
    known = spells.known
    time = spells.time[known]
    rows = person_order(ids[known], time)
    n = int(find_breaks(rows, rows.taken(spells.entry[known]), rows.taken(time)).overlaps.sum())
    if n:
        raise DataError(
            f"{counted_doing(n, 'row', 'begin')} before an earlier row of the"
            f" same {id} ends: each person may be in one row at a time."
        )


def _cuts(at: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        cuts = np.unique(np.asarray(at, dtype=np.float64).ravel())
    except (TypeError, ValueError):
        cuts = np.array([np.nan])
    if not np.isfinite(cuts).all():
        raise ParameterError("at holds something that is no time", ["give finite numbers"])
    return cuts


def _refuse_columns(frame: pd.DataFrame, entry: str | None) -> None:
    faults = []
    if INTERVAL in frame.columns:
        faults.append('there is a column "interval" already: rename it')
    if entry is None and "entry" in frame.columns:
        faults.append('there is a column "entry": say entry="entry", or rename it')
    if faults:
        raise ParameterError("The rows can't be cut", faults)
