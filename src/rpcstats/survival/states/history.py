"""A long frame of states and a formula to checked arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.formula import Formula, Groups, make_groups, parse_formula
from rpcstats.formula.columns import complete_rows, read_columns
from rpcstats.formula.groups import group_columns
from rpcstats.formula.responses import read_times, read_weights
from rpcstats.formula.specials import censored_response, refuse_specials
from rpcstats.survival.states._state_counts import Graph, Stays
from rpcstats.survival.states.person_rows import (
    Breaks,
    PersonOrder,
    find_breaks,
    person_order,
    taken_codes,
)
from rpcstats.survival.states.state_labels import read_states, states_held
from rpcstats.survival.structure.remarks import missing_remark
from rpcstats.tables.summary import counted, counted_doing

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

BEFORE = -1.0
"""Entry of those seen from the start, so that what happens at time 0 counts."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StateHistory:
    """Checked stretches of time in one state, by person and time.

    Attributes
    ----------
    states : tuple of str
        Names of the states.
    start : int or None
        State in which the curves begin; None to take the shares of those first seen.
    graph : Graph
        Transitions seen.
    stays : Stays
        Rows of one person that only continue each other are joined.
    row : ndarray of shape (n,), int
        Row of `frame` where each begins.
    groups : Groups
        Group of each row.
    frame : pandas.DataFrame
        Columns used, complete rows; none where the right side names groups.
    n_obs, n_person, n_missing : int
        Rows used, persons, rows left out because the person had a missing value.
    cluster_names : tuple of str
        Columns inside cluster().
    remarks : tuple of str
        What a reader has to know.
    """

    states: tuple[str, ...]
    start: int | None
    graph: Graph
    stays: Stays
    row: IntArray
    groups: Groups
    frame: pd.DataFrame
    n_obs: int
    n_person: int
    n_missing: int
    cluster_names: tuple[str, ...]
    remarks: tuple[str, ...]


def state_history(
    formula: str | Formula,
    data: Any,
    *,
    id: str | None,
    start: str | None,
    state_from: str | None = None,
    censored: Sequence[str] | None = None,
    weights: str | None = None,
    covariates: tuple[str, ...] | None = None,
) -> StateHistory:
    """Read and check a long frame of states.

    Parameters
    ----------
    formula : str or Formula
        ``"Surv(entry, time, state) ~ sex + cluster(group_id)"``.
    data : frame
        pandas, or any frame narwhals reads.
    id : str or None
        Column that tells the persons; None if each row is one.
    start : str, optional
        State in which the curves begin; without `state_from` everybody's, "start" if not given.
    state_from : str, optional
        Column with the state in which each row begins.
    censored : sequence of str, optional
        Values of the state column that mean no transition; the first category if not given.
    weights : str, optional
        Column of case weights.
    covariates : tuple of str, optional
        Columns that the right side needs where it is a model: they may change from row to row
        and be missing, and rows are not joined. If not given the right side names groups.

    Returns
    -------
    StateHistory
        The arrays.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, states or weights break their conditions; every fault between rows is told.
    """
    parsed = formula if isinstance(formula, Formula) else parse_formula(formula)
    surv = censored_response(parsed)
    by = group_columns(parsed) if covariates is None else ()
    refuse_specials(parsed, ("cluster",) if covariates is None else ("cluster", "strata", "offset"))
    loose = covariates or ()
    named = [name for name in (id, state_from, weights) if name is not None]
    columns = (*surv.columns, *by, *parsed.cluster, *named, *loose)
    read = read_columns(data, columns, copy=covariates is not None)  # else nothing of it is kept
    frame, n_missing, n_partly = _complete(read, id, loose)
    begun = None if state_from is None else frame[state_from]
    found = read_states(frame[surv.event], begun, start=start, censored=censored)
    time, entry = read_times(frame, surv)
    entry = np.full(len(time), BEFORE) if entry is None else entry
    rows = person_order(None if id is None else frame[id], time)
    entry, time = rows.taken(entry), rows.taken(time)
    breaks = find_breaks(rows, entry, time)
    target = rows.taken(found.target)
    given = None if found.given is None else rows.taken(found.given)
    origin = states_held(
        target, given, found.start, rows.first | (breaks.gapped & (given is not None))
    )
    refuse_faults(breaks, _teleports(breaks, given, origin))
    groups = make_groups(frame, by)
    clusters = tuple(make_groups(frame, (name,)).codes for name in dict.fromkeys(parsed.cluster))
    w = None if weights is None else read_weights(frame[weights])
    spells = _Spells(rows, breaks, entry, time, origin, target)
    return _joined(
        spells,
        (found.states, found.start),
        groups,
        tuple(rows.taken(codes) for codes in clusters),
        None if w is None else rows.taken(w),
        frame,
        n_missing,
        tuple(dict.fromkeys(parsed.cluster)),
        _remarks(n_missing, n_partly, breaks, origin, target),
        may_join=covariates is None,
    )


class _Spells(NamedTuple):
    rows: PersonOrder
    breaks: Breaks
    entry: FloatArray
    time: FloatArray
    origin: IntArray
    target: IntArray


def _complete(
    frame: pd.DataFrame, id: str | None, loose: tuple[str, ...]
) -> tuple[pd.DataFrame, int, int]:
    """Leave out persons with a gap in a column: what they did then is not known."""
    needed = [name for name in frame.columns if name not in loose]
    complete = complete_rows(frame[needed])
    n_partly = 0
    if not complete.all() and id is not None:
        spoiled = frame[id].isin(frame.loc[~complete, id].dropna()).to_numpy()
        n_partly = int((spoiled & complete).sum())
        complete &= ~spoiled
    n_missing = int(len(frame) - complete.sum())
    if n_missing == len(frame):
        raise DataError("Every row has a missing value in a column of the formula.")
    if n_missing:
        frame = frame[complete].reset_index(drop=True)
    return frame, n_missing, n_partly


def _teleports(breaks: Breaks, given: IntArray | None, origin: IntArray) -> BoolArray:
    if given is None:
        return np.zeros(len(origin), dtype=np.bool_)
    changed: BoolArray = (given != origin) & (breaks.follows | breaks.overlaps)
    return changed


def refuse_faults(breaks: Breaks, teleports: BoolArray) -> None:
    """Refuse rows of one person that contradict each other.

    Parameters
    ----------
    breaks : Breaks
        How rows stand to those before them.
    teleports : ndarray of shape (n,), bool
        Rows that begin in another state than the one reached.

    Raises
    ------
    DataError
        If there are any; both kinds are told.
    """
    faults = []
    n_overlap, n_teleport = int(breaks.overlaps.sum()), int(teleports.sum())
    if n_overlap:
        faults.append(
            f"{counted_doing(n_overlap, 'row', 'begin')} before the row of the same id before"
            " ends: mend the times, or give an id to each person (without an entry column each"
            " person has one row)"
        )
    if n_teleport:
        faults.append(
            f"{counted_doing(n_teleport, 'row', 'begin')} in another state than the one just"
            " reached: add the transition, or mend the column of states"
        )
    if faults:
        listed = "\n".join(f"  - {fault}" for fault in faults)
        raise DataError(f"The histories contradict themselves (check_spells lists it):\n{listed}")


def _remarks(
    n_missing: int, n_partly: int, breaks: Breaks, origin: IntArray, target: IntArray
) -> tuple[str, ...]:
    remarks = list(missing_remark(n_missing))
    if n_partly:
        remarks.append(
            f"{counted(n_partly, 'complete row')} of them belong to somebody with a missing value "
            "in another row."
        )
    n_gap, n_visit = int(breaks.gapped.sum()), int(((target == origin) & (target >= 0)).sum())
    if n_gap:
        remarks.append(f"{counted(n_gap, 'gap')} in follow-up: nobody is at risk inside a gap.")
    if n_visit:
        remarks.append(f"{counted(n_visit, 'record')} of a state already held: no transition.")
    return tuple(remarks)


def _joined(
    spells: _Spells,
    named: tuple[tuple[str, ...], int | None],
    groups: Groups,
    clusters: tuple[IntArray, ...],
    weights: FloatArray | None,
    frame: pd.DataFrame,
    n_missing: int,
    cluster_names: tuple[str, ...],
    remarks: tuple[str, ...],
    *,
    may_join: bool,
) -> StateHistory:
    """Join rows that only continue each other, and number the transitions."""
    rows, target = spells.rows, np.where(spells.target == spells.origin, -1, spells.target)
    group = rows.taken(groups.codes)
    carries_on = np.append(spells.breaks.follows[1:], False) & (target < 0)
    joins = carries_on & may_join
    for column in (group, *clusters, *(() if weights is None else (weights,))):
        joins[:-1] &= column[1:] == column[:-1]
    ends = np.flatnonzero(~joins).astype(rows.person.dtype)
    begins = ends if len(ends) == len(joins) else np.append(np.zeros(1, ends.dtype), ends[:-1] + 1)
    states, start = named
    s = len(states)
    pair = np.where(target >= 0, spells.origin * s + target, target)[ends]
    seen = np.unique(pair[pair >= 0]).astype(np.int64)
    whose = rows.person[begins]
    stays = Stays(
        entry=spells.entry[begins],
        time=spells.time[ends],
        origin=spells.origin[begins],
        move=np.where(pair >= 0, np.searchsorted(seen, pair).astype(pair.dtype), pair),
        leaves=(pair < 0) & ~(carries_on & np.append(group[1:] == group[:-1], True))[ends],
        person=whose,
        clusters=tuple(codes[begins] for codes in clusters) or (whose,),
        weights=None if weights is None else weights[begins],
    )
    return StateHistory(
        states=states,
        start=start,
        graph=Graph(s, seen // s, seen % s),
        stays=stays,
        row=begins if rows.order is None else rows.order[begins],
        groups=Groups(taken_codes(group, begins), groups.labels, groups.levels),
        frame=frame[[]] if may_join else frame,
        n_obs=len(frame),
        n_person=rows.n_person,
        n_missing=n_missing,
        cluster_names=cluster_names,
        remarks=remarks,
    )
