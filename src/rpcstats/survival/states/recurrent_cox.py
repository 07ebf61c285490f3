"""Hazard ratios of repeated events, on the clock since entry or since the last event."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats.errors import DataError, ParameterError
from rpcstats.formula import Formula, Surv, parse_formula
from rpcstats.formula.censored import told_together
from rpcstats.formula.column_kinds import refuse_lists
from rpcstats.formula.columns import complete_rows, read_columns
from rpcstats.formula.design import fixed_columns
from rpcstats.formula.responses import read_event, read_times
from rpcstats.formula.specials import censored_response, refuse_specials
from rpcstats.mixed.structure.arithmetic import columns_used
from rpcstats.survival.states.person_rows import PersonOrder, find_breaks, person_order
from rpcstats.survival.states.plain_cox import SmoothTies, check_cox_options, plain_cox
from rpcstats.survival.structure.remarks import missing_remark, warn_of
from rpcstats.tables.summary import counted, counted_doing

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
RecurrentModel = Literal["andersen-gill", "pwp-total", "pwp-gap", "wlw"]

EVENT_NUMBER: Final = "event_number"
_ENTRY: Final = "clock_entry"
_TIME: Final = "clock_time"
_EVENT: Final = "clock_event"

_READING: Final = {
    "andersen-gill": (
        "Andersen-Gill: ratios of the rate of all events on the clock since entry, whatever came "
        "before (marginal rates of Lin, Wei, Yang and Ying); robust errors by person."
    ),
    "pwp-total": (
        "Prentice-Williams-Peterson, total time: ratios among those who have had as many events "
        "before, on the clock since entry; later events rest on fewer and selected persons."
    ),
    "pwp-gap": (
        "Prentice-Williams-Peterson, gap time: ratios among those who have had as many events "
        "before, on the clock since the last; later events rest on fewer and selected persons."
    ),
    "wlw": (
        "Wei-Lin-Weissfeld: ratios of the time from the start to each event, everybody counted "
        "at risk of each from the start; effects on later events hold those on earlier ones."
    ),
}


def recurrent_cox(
    formula: str | Formula,
    data: Any,
    *,
    id: str,
    model: RecurrentModel = "andersen-gill",
    most_events: int | None = None,
    ties: SmoothTies = "efron",
    weights: str | None = None,
    conf_level: float = 0.95,
) -> "CoxFit":
    """Estimate hazard ratios of events that may happen to a person more than once.

    Parameters
    ----------
    formula : str
        ``"Surv(entry, time, event) ~ mode + age"``, a row for each stretch between events;
        strata() and offset() as in `cox`. Errors are robust by person, or by the column inside
        cluster().
    data : frame
        pandas, or any frame narwhals reads.
    id : str
        Column that tells the persons.
    model : {"andersen-gill", "pwp-total", "pwp-gap", "wlw"}
        What the risk sets are; see Notes.
    most_events : int, optional
        Leave out what follows this many events of a person: late risk sets are small. All are
        used if not given.
    ties : {"efron", "breslow"}
        How events at the same time are treated.
    weights : str, optional
        Column of case weights above 0.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    CoxFit
        As `cox` gives; the models that tell first events from later ones have strata
        "event_number".

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, events or weights break their conditions, rows of one person overlap, or
        covariates change within a person under "wlw".
    ParameterError
        If an option is out of range.

    Warns
    -----
    ConvergenceWarning
        If the likelihood has no maximum, or the search for it failed.

    Notes
    -----
    Andersen and Gill (1982) with the robust errors of Lin, Wei, Yang and Ying (2000): ratios of
    mean rates, and so of mean cumulative functions, whatever the dependence of a person's
    events. Prentice, Williams and Peterson (1981): hazards given the number of events so far,
    strata by that number. Wei, Lin and Weissfeld (1989): marginal hazards of the first, second
    and further events. For effects of a stratum's own, write ``mode:C(event_number)``.
    """
    check_cox_options(ties, conf_level)
    _check(model, most_events)
    parsed = formula if isinstance(formula, Formula) else parse_formula(formula)
    surv = censored_response(parsed)
    refuse_specials(parsed, ("strata", "cluster", "offset"))
    frame, n_missing = _read(parsed, surv, data, id, weights)
    clock = _Clock(frame, surv, id)
    if model == "wlw":
        table = _marginal_rows(clock, parsed, most_events)
    else:
        table = _conditional_rows(clock, model, most_events)
    strata = parsed.strata if model == "andersen-gill" else (*parsed.strata, EVENT_NUMBER)
    wanted = replace(
        parsed,
        response=Surv(_TIME, _EVENT, _ENTRY),
        strata=strata,
        cluster=parsed.cluster or (id,),
    )
    fit = plain_cox(wanted, table, ties=ties, weights=weights, conf_level=conf_level)
    warn_of(fit.trouble)
    remarks = (*missing_remark(n_missing), _READING[model], *fit.remarks)
    return replace(fit, remarks=remarks, frame=replace(fit.frame, n_missing=n_missing))


def _check(model: str, most_events: int | None) -> None:
    faults = []
    if as_word(model) not in get_args(RecurrentModel):
        faults.append(f"model is one of {', '.join(get_args(RecurrentModel))}")
    if most_events is not None and (not isinstance(most_events, int) or most_events < 1):
        faults.append("most_events is a whole number of 1 or more")
    if faults:
        raise ParameterError("recurrent_cox() can't do what was asked", faults)


def _read(
    parsed: Formula, surv: Surv, data: Any, id: str, weights: str | None
) -> tuple[pd.DataFrame, int]:
    covariates = [name for name in fixed_columns(parsed) if name != EVENT_NUMBER]
    offsets = [name for text in parsed.offset for name in columns_used(text)]
    extra = () if weights is None else (weights,)
    columns = (*surv.columns, id, *covariates, *parsed.strata, *parsed.cluster, *offsets, *extra)
    frame = read_columns(data, columns)
    taken = {EVENT_NUMBER, _ENTRY, _TIME, _EVENT} & set(frame.columns)
    if taken:
        raise ParameterError(
            "A column is in the way", [f'rename "{name}"' for name in sorted(taken)]
        )
    complete = complete_rows(frame)
    n_missing = int(len(frame) - complete.sum())
    if n_missing == len(frame):
        raise DataError("Every row has a missing value in a column of the formula.")
    return (frame[complete].reset_index(drop=True) if n_missing else frame), n_missing


class _Clock:
    """Rows in order of person and time, with the number of events before each."""

    def __init__(self, frame: pd.DataFrame, surv: Surv, id: str) -> None:
        (time, entry), event = told_together(
            lambda: read_times(frame, surv), lambda: read_event(frame[surv.event])
        )
        self.id = id
        self.rows: PersonOrder = person_order(frame[id], time)
        self.time: FloatArray = self.rows.taken(time)
        self.entry: FloatArray = np.zeros(len(time)) if entry is None else self.rows.taken(entry)
        self.event: BoolArray = self.rows.taken(event)
        self.frame = frame if self.rows.order is None else frame.iloc[self.rows.order]
        self.frame = self.frame.reset_index(drop=True)
        overlaps = int(find_breaks(self.rows, self.entry, self.time).overlaps.sum())
        if overlaps:
            raise DataError(
                f"{counted_doing(overlaps, 'row', 'begin')} before an earlier row of the same id"
                " ends: each person may be in one row at a time; with several rows a person, "
                "Surv() needs its entry column."
            )
        earlier: IntArray = np.cumsum(self.event) - self.event
        first = self.rows.first
        self.earlier: IntArray = earlier - earlier[first][np.cumsum(first) - 1]


def _conditional_rows(clock: _Clock, model: str, most_events: int | None) -> pd.DataFrame:
    """Give the rows as they stand, on the wanted clock."""
    origin = np.zeros(len(clock.time))
    if model == "pwp-gap":
        n = len(origin)
        begins = clock.rows.first.copy()
        begins[1:] |= clock.event[:-1]
        origin = clock.entry[np.maximum.accumulate(np.where(begins, np.arange(n), 0))]
    table = clock.frame.copy()
    table[_ENTRY], table[_TIME] = clock.entry - origin, clock.time - origin
    table[_EVENT], table[EVENT_NUMBER] = clock.event, clock.earlier + 1
    return table if most_events is None else table.loc[clock.earlier < most_events]


def _marginal_rows(clock: _Clock, parsed: Formula, most_events: int | None) -> pd.DataFrame:
    """Give each person one row for each event, from the start to it or to the last time seen."""
    _refuse_changes(clock, parsed)
    first = clock.rows.first
    starts = np.flatnonzero(first)
    last = np.append(starts[1:], len(first)) - 1
    # Without an event there is still the first one to wait for, and the model says what is wrong.
    seen = max(int((clock.earlier + clock.event).max()), 1)
    most = seen if most_events is None else most_events
    person = clock.rows.person
    parts = []
    for number in range(1, most + 1):
        end, happened = clock.time[last].copy(), np.zeros(len(starts), dtype=np.bool_)
        own = np.flatnonzero(clock.event & (clock.earlier == number - 1))
        end[person[own]] = clock.time[own]
        happened[person[own]] = True
        part = clock.frame.iloc[starts].copy()
        part[_ENTRY], part[_TIME] = clock.entry[starts], end
        part[_EVENT], part[EVENT_NUMBER] = happened, number
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _refuse_changes(clock: _Clock, parsed: Formula) -> None:
    same = ~clock.rows.first
    changing = []
    for name in dict.fromkeys((*fixed_columns(parsed), *parsed.strata, *parsed.cluster)):
        if name not in clock.frame.columns:
            continue
        refuse_lists(clock.frame[name])
        codes = pd.factorize(clock.frame[name])[0]
        if (same[1:] & (codes[1:] != codes[:-1])).any():
            changing.append(name)
    gaps = find_breaks(clock.rows, clock.entry, clock.time).gapped
    faults = [f'"{name}" changes within a person' for name in changing]
    if gaps.any():
        faults.append(f"follow-up has {counted(int(gaps.sum()), 'gap')}")
    if faults:
        raise DataError(
            'model="wlw" counts the time from the start to each event, which needs one value a '
            f"person and no gaps: {'; '.join(faults)}. Take another model, or first values."
        )
