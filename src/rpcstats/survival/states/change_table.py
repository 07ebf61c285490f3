"""A long table of measurements, set beside the stretches of time it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_number
from rpcstats.errors import DataError, ParameterError
from rpcstats.formula.column_kinds import refuse_lists
from rpcstats.formula.columns import read_columns
from rpcstats.survival.states._places import Keys, keys_for, latest, soonest
from rpcstats.survival.states.person_rows import person_order
from rpcstats.survival.states.spells import Spells, numbers, read_spells
from rpcstats.survival.states.split_episodes import refuse_overlaps

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ChangeTable:
    """Changes of the persons of a frame, in order of person and time.

    Attributes
    ----------
    spells : Spells
        Stretches of time by person and end; rows without times left out.
    person : ndarray of shape (n,), int
        Person of each stretch.
    of : ndarray of shape (k,), int
        Person of each change, -1 for one that is in no stretch.
    when : ndarray of shape (k,)
        Time of each change.
    values : pandas.DataFrame
        Columns of the changes.
    keys : Keys
        Order of person and time.
    """

    spells: Spells
    person: IntArray
    of: IntArray
    when: FloatArray
    values: pd.DataFrame
    keys: Keys


def change_table(
    spells: Any,
    changes: Any,
    *,
    id: str,
    changed_at: str,
    columns: Sequence[str],
    entry: str | None,
    time: str,
    event: str | None,
    delay: float = 0.0,
) -> ChangeTable:
    """Read both tables and check them.

    Parameters
    ----------
    spells, changes : frame
        Stretches of time; measurements with their times.
    id : str
        Column of both that tells the persons.
    changed_at : str
        Column of `changes` with the time of each measurement.
    columns : sequence of str
        Columns of `changes` that are measured.
    entry : str or None
        Column of `spells` with the beginnings; None if all begin at 0.
    time, event : str
        Columns of `spells`.
    delay : float
        Added to the time of each change after the person's first entry.

    Returns
    -------
    ChangeTable
        Both, in order.

    Raises
    ------
    FormulaError
        If a column is not there.
    DataError
        If times break their conditions, rows of one id overlap, or an id is missing.
    ParameterError
        If no column is named, or one twice, or the delay is negative.
    """
    _check_columns(columns, delay)
    found = read_spells(spells, entry=entry, time=time, needed=(id, *([event] if event else [])))
    refuse_overlaps(found, id)
    table = read_columns(changes, (id, changed_at, *columns))
    refuse_lists(table[id])
    if table[id].isna().any():
        raise DataError(f'The column "{id}" of the changes has gaps: fill it, or drop those rows.')
    at = numbers(table[changed_at], changed_at)
    kept = np.flatnonzero(found.known)
    rows = person_order(found.frame[id].iloc[kept], found.time[kept])
    kept = rows.taken(kept)
    ordered = Spells(
        found.frame.iloc[kept].reset_index(drop=True),
        found.entry[kept],
        found.time[kept],
        found.known[kept],
    )
    persons = pd.Index(ordered.frame[id][rows.first])
    of = persons.get_indexer(pd.Index(table[id])).astype(np.int64)
    if delay > 0:
        begin = ordered.entry[rows.first][np.maximum(of, 0)]
        at = np.where(at > begin, at + delay, at)
    order = np.lexsort((at, of))
    at = at[order]
    return ChangeTable(
        spells=ordered,
        person=rows.person,
        of=of[order],
        when=at,
        values=table.iloc[order].reset_index(drop=True),
        keys=keys_for(ordered.entry, ordered.time, at[~np.isnan(at)]),
    )


def _check_columns(columns: Sequence[str], delay: float) -> None:
    faults = []
    if isinstance(columns, str) or not len(columns):
        faults.append('give a list of columns of the changes, as in ["score"]')
    elif len(set(columns)) < len(columns):
        faults.append("name each column once")
    if not (np.isfinite(as_number(delay)) and delay >= 0):
        faults.append("delay must be a finite number of 0 or more")
    if faults:
        raise ParameterError("The changes can't be merged", faults)


def count_changes(
    spells: Any,
    changes: Any,
    *,
    id: str,
    changed_at: str,
    columns: Sequence[str],
    entry: str | None = None,
    time: str = "time",
) -> pd.DataFrame:
    """Count where measurements fall in the follow-up of their persons.

    Parameters
    ----------
    spells, changes : frame
        As for `merge_covariates`.
    id : str
        Column of both that tells the persons.
    changed_at : str
        Column of `changes` with the time of each measurement.
    columns : sequence of str
        Columns of `changes` to count; gaps are passed over.
    entry : str, optional
        Column of `spells` with the beginnings; all begin at 0 if not given.
    time : str
        Column of `spells` with the ends.

    Returns
    -------
    pandas.DataFrame
        A row a column: term, early (before the person's first entry), late (after the last
        exit), gap (between two stretches), within (inside one), boundary (where two meet),
        leading (at the beginning of one that follows none), trailing (at the end of one that
        none follows), tied (beyond the first at one time), unknown_id, missing. Look at it
        before trusting a merge: many early or late ones point to a wrong clock.

    Raises
    ------
    FormulaError
        If a column is not there.
    DataError
        If times break their conditions, rows of one id overlap, or an id is missing.
    ParameterError
        If no column is named, or one twice.
    """
    table = change_table(
        spells,
        changes,
        id=id,
        changed_at=changed_at,
        columns=columns,
        entry=entry,
        time=time,
        event=None,
    )
    return pd.DataFrame([{"term": name, **_placed(table, name)} for name in columns])


def _placed(table: ChangeTable, name: str) -> dict[str, int]:
    there = table.values[name].notna().to_numpy() & ~np.isnan(table.when)
    known = there & (table.of >= 0)
    of, at = table.of[known], table.when[known]
    wanted = table.keys.of(of, at)
    entry, end, person = table.spells.entry, table.spells.time, table.person
    prior = latest(table.keys.of(person, entry), person, wanted, of)
    after = soonest(table.keys.of(person, end), person, wanted, of)
    both = (prior >= 0) & (after >= 0)
    at_edge = both & (after <= prior) & ((at == entry[prior]) | (at == end[after]))
    meets = at_edge & (prior == after + 1)
    leads = at_edge & ~meets & (at == entry[prior])
    return {
        "early": int((prior < 0).sum()),
        "late": int(((prior >= 0) & (after < 0)).sum()),
        "gap": int((both & (after > prior)).sum()),
        "within": int((both & (after <= prior) & ~at_edge).sum()),
        "boundary": int(meets.sum()),
        "leading": int(leads.sum()),
        "trailing": int((at_edge & ~meets & ~leads).sum()),
        "tied": int((wanted[1:] == wanted[:-1]).sum()),
        "unknown_id": int((there & (table.of < 0)).sum()),
        "missing": int((~there).sum()),
    }
