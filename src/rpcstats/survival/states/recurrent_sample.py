"""Repeated events of persons: a formula and a frame to checked arrays."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.formula import Formula, Groups, Surv, make_groups, parse_formula
from rpcstats.formula.censored import told_together
from rpcstats.formula.columns import complete_rows, read_columns
from rpcstats.formula.groups import group_columns
from rpcstats.formula.responses import read_event, read_times, read_weights
from rpcstats.formula.specials import censored_response, refuse_specials
from rpcstats.survival.states.person_rows import PersonOrder, find_breaks, person_order, taken_codes
from rpcstats.tables.summary import counted_doing

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RecurrentSample:
    """Stretches of time between events, by person and time.

    Attributes
    ----------
    time : ndarray of shape (n,)
        End of each.
    event : ndarray of shape (n,), bool
        Whether an event ends it.
    entry : ndarray of shape (n,) or None
        Beginning; None if all begin at 0.
    weights : ndarray of shape (n,) or None
        Case weights.
    groups : Groups
        Group of each row.
    clusters : tuple of ndarray of shape (n,), int
        The person, or what cluster() names.
    cluster_names : tuple of str
        Columns inside cluster().
    person : ndarray of shape (n,), int
        Person of each row.
    n_obs, n_person, n_missing : int
        Rows used, persons, rows left out.
    """

    time: FloatArray
    event: NDArray[np.bool_]
    entry: FloatArray | None
    weights: FloatArray | None
    groups: Groups
    clusters: tuple[IntArray, ...]
    cluster_names: tuple[str, ...]
    person: IntArray
    n_obs: int
    n_person: int
    n_missing: int


def recurrent_sample(
    formula: str | Formula, data: Any, *, id: str | None, weights: str | None
) -> RecurrentSample:
    """Read and check repeated events; rows that only continue each other are joined.

    Parameters
    ----------
    formula : str or Formula
        ``"Surv(entry, time, event) ~ mode + cluster(group_id)"``.
    data : frame
        pandas, or any frame narwhals reads.
    id : str or None
        Column that tells the persons; None if each row is one.
    weights : str or None
        Column of case weights.

    Returns
    -------
    RecurrentSample
        The arrays.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, events or weights break their conditions, or rows of one person overlap.
    """
    parsed = formula if isinstance(formula, Formula) else parse_formula(formula)
    surv = censored_response(parsed)
    refuse_specials(parsed, ("cluster",))
    by = group_columns(parsed)
    named = [name for name in (id, weights) if name is not None]
    wanted = (*surv.columns, *by, *parsed.cluster, *named)
    frame = read_columns(data, wanted, copy=False)  # every array that is kept is made from these
    complete = complete_rows(frame)
    n_missing = int(len(frame) - complete.sum())
    if n_missing == len(frame):
        raise DataError("Every row has a missing value in a column of the formula.")
    frame = frame[complete].reset_index(drop=True) if n_missing else frame
    return _joined(
        _ordered(frame, parsed, surv, by, id, weights),
        n_missing,
        len(frame),
        has_entry=surv.entry is not None,
    )


class _Rows(NamedTuple):
    rows: PersonOrder
    entry: FloatArray | None
    time: FloatArray
    event: NDArray[np.bool_]
    groups: Groups
    clusters: tuple[IntArray, ...]
    cluster_names: tuple[str, ...]
    weights: FloatArray | None


def _ordered(
    frame: pd.DataFrame,
    parsed: Formula,
    surv: Surv,
    by: tuple[str, ...],
    id: str | None,
    weights: str | None,
) -> _Rows:
    """Read the columns, by person and time."""
    (time, entry), event, w = told_together(
        lambda: read_times(frame, surv),
        lambda: read_event(frame[surv.event]),
        lambda: None if weights is None else read_weights(frame[weights]),
    )
    rows = person_order(None if id is None else frame[id], time)
    groups = make_groups(frame, by)
    names = tuple(dict.fromkeys(parsed.cluster))
    clusters = tuple(rows.taken(make_groups(frame, (name,)).codes) for name in names)
    return _Rows(
        rows=rows,
        entry=None if entry is None else rows.taken(entry),
        time=rows.taken(time),
        event=rows.taken(event),
        groups=Groups(rows.taken(groups.codes), groups.labels, groups.levels),
        clusters=clusters,
        cluster_names=names,
        weights=None if w is None else rows.taken(w),
    )


def _joined(found: _Rows, n_missing: int, n_obs: int, *, has_entry: bool) -> RecurrentSample:
    """Join rows that only continue each other."""
    rows, w, group = found.rows, found.weights, found.groups.codes
    begin = np.zeros(n_obs) if found.entry is None else found.entry
    breaks = find_breaks(rows, begin, found.time)
    _refuse_overlaps(int(breaks.overlaps.sum()), not has_entry)
    joins = np.append(breaks.follows[1:], False) & ~found.event
    for column in (group, *found.clusters, *(() if w is None else (w,))):
        joins[:-1] &= column[1:] == column[:-1]
    begins: slice | IntArray = slice(None)
    ends: slice | IntArray = begins
    if joins.any():
        ends = np.flatnonzero(~joins)
        begins = np.append(np.zeros(1, np.int64), ends[:-1] + 1)
    person = rows.person[begins]
    codes = group if isinstance(begins, slice) else taken_codes(group, begins)
    return RecurrentSample(
        time=found.time[ends],
        event=found.event[ends],
        entry=None if found.entry is None else begin[begins],
        weights=None if w is None else w[begins],
        groups=Groups(codes, found.groups.labels, found.groups.levels),
        clusters=tuple(codes[begins] for codes in found.clusters) or (person,),
        cluster_names=found.cluster_names,
        person=person,
        n_obs=n_obs,
        n_person=rows.n_person,
        n_missing=n_missing,
    )


def _refuse_overlaps(n: int, is_entry_missing: bool) -> None:
    if not n:
        return
    how = (
        "give an entry column, Surv(entry, time, event), that says where each row begins"
        if is_entry_missing
        else "each person may be in one row at a time"
    )
    raise DataError(
        f"{counted_doing(n, 'row', 'begin')} before an earlier row of the same id ends: {how}."
    )
