"""Faults between the rows of a long frame of states, all at once."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._vocabulary import SPELL_FAULTS
from rpcstats.errors import DataError, ParameterError
from rpcstats.formula import Formula, parse_formula
from rpcstats.formula.columns import complete_rows, read_columns
from rpcstats.formula.specials import censored_response
from rpcstats.survival.states.person_rows import PersonOrder, find_breaks, person_order
from rpcstats.survival.states.spells import numbers
from rpcstats.survival.states.state_labels import StateCodes, read_states, states_held

BoolArray = NDArray[np.bool_]

_MENDING: Final = {
    "missing": "rows without an id, a time or a state: their persons are left out",
    "backwards": "rows that end at or before they begin: mend the times",
    "overlap": "rows that begin before the row before them ends: mend the times",
    "gap": "rows that begin after the row before them ends: nobody is at risk in between",
    "jump": "rows after a gap that begin in another state than the one left: allowed with "
    "state_from, when the transition was not seen",
    "teleport": "rows that begin in another state than the one just reached: add the transition",
    "same state": "records of a state already held: they count as no transition",
}


def check_spells(
    data: Any,
    formula: str | Formula = "Surv(entry, time, state)",
    *,
    id: str = "id",
    start: str | None = None,
    state_from: str | None = None,
    censored: Sequence[str] | None = None,
    allowed: Iterable[tuple[str, str]] | None = None,
) -> pd.DataFrame:
    """List what is wrong or odd between the rows of each person.

    Parameters
    ----------
    data : frame
        pandas, or any frame narwhals reads.
    formula : str
        The columns, ``"Surv(entry, time, state)"``.
    id : str
        Column that tells the persons.
    start : str, optional
        State in which everybody begins, "start" if not given.
    state_from : str, optional
        Column with the state in which each row begins.
    censored : sequence of str, optional
        Values of the state column that mean no transition; the first category if not given.
    allowed : iterable of (str, str), optional
        Transitions that can happen; others are listed. All can if not given.

    Returns
    -------
    pandas.DataFrame
        Columns fault, n (rows), n_id (persons), note (how to mend it); empty if all is well.
        Overlaps, backward rows, teleports and forbidden transitions are errors to `multistate`
        or to anybody who reads its result; the rest is for information.

    Raises
    ------
    FormulaError
        If a column is not there.
    DataError
        If times are no numbers, or no value of the states means no transition.
    ParameterError
        If `allowed` holds anything but pairs of states.
    """
    parsed = formula if isinstance(formula, Formula) else parse_formula(formula)
    surv = censored_response(parsed)
    extra = () if state_from is None else (state_from,)
    whole = read_columns(data, (*surv.columns, id, *extra))
    complete = complete_rows(whole)
    if not complete.any():
        raise DataError("Every row has a missing value in a column of the formula.")
    frame = whole[complete].reset_index(drop=True)
    time = numbers(frame[surv.time], surv.time)
    entry = np.zeros(len(time)) if surv.entry is None else numbers(frame[surv.entry], surv.entry)
    begun = None if state_from is None else frame[state_from]
    found = read_states(frame[surv.event], begun, start=start, censored=censored)
    rows = person_order(frame[id], time)
    rows_found = _between_rows(rows, rows.taken(entry), rows.taken(time), found)
    table = [("missing", int((~complete).sum()), _persons_missing(whole, complete, id))]
    table += [
        (name, int(wrong.sum()), len(np.unique(rows.person[wrong])))
        for name, wrong in rows_found.items()
    ]
    listed = [(name, n, n_id, _MENDING[name]) for name, n, n_id in table if n]
    if allowed is not None:
        listed += _forbidden(rows, found, rows_found, _pairs(allowed))
    return pd.DataFrame(listed, columns=list(SPELL_FAULTS))


def _pairs(allowed: object) -> set[tuple[str, str]]:
    """Read the transitions that can happen."""
    pairs: list[Any] = list(allowed) if isinstance(allowed, Iterable) else [None]
    if all(
        isinstance(pair, tuple | list)
        and len(pair) == 2
        and all(isinstance(state, str) for state in pair)
        for pair in pairs
    ):
        return {(pair[0], pair[1]) for pair in pairs}
    raise ParameterError(
        "allowed is no list of transitions", ['give pairs of states, as in [("well", "ill")]']
    )


def _persons_missing(whole: pd.DataFrame, complete: BoolArray, id: str) -> int:
    return int(whole.loc[~complete, id].nunique())


def _between_rows(
    rows: PersonOrder,
    entry: NDArray[np.float64],
    time: NDArray[np.float64],
    found: StateCodes,
) -> dict[str, BoolArray]:
    breaks = find_breaks(rows, entry, time)
    target = rows.taken(found.target)
    given = None if found.given is None else rows.taken(found.given)
    held = states_held(target, given, found.start, rows.first)
    differs = np.zeros(len(held), dtype=np.bool_) if given is None else given != held
    actual = held if given is None else given
    return {
        "backwards": entry >= time,
        "overlap": breaks.overlaps,
        "gap": breaks.gapped & ~differs,
        "jump": breaks.gapped & differs,
        "teleport": breaks.follows & differs,
        "same state": (target >= 0) & (target == actual),
    }


def _forbidden(
    rows: PersonOrder,
    found: StateCodes,
    between: dict[str, BoolArray],
    allowed: set[tuple[str, str]],
) -> list[tuple[str, int, int, str]]:
    target = rows.taken(found.target)
    given = None if found.given is None else rows.taken(found.given)
    held = given if given is not None else states_held(target, None, found.start, rows.first)
    moved = (target >= 0) & ~between["same state"]
    s = len(found.states)
    pair = held * s + target
    listed = []
    for code in np.unique(pair[moved]).tolist():
        ends = found.states[code // s], found.states[code % s]
        if ends in allowed:
            continue
        wrong = moved & (pair == code)
        note = "a transition that was said not to happen: mend the states, or allow it"
        n_id = len(np.unique(rows.person[wrong]))
        listed.append((f"{ends[0]} to {ends[1]}", int(wrong.sum()), n_id, note))
    return listed
