"""A formula with `Surv()` and covariates, and a frame, to a `HazardFrame`."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.formula import Design, Formula, Groups, Surv, design, make_groups, parse_formula
from rpcstats.formula.columns import complete_rows, read_columns
from rpcstats.formula.design import fixed_columns
from rpcstats.formula.design_columns import ChosenColumns
from rpcstats.formula.responses import (
    declared_ends,
    read_causes,
    read_event,
    read_interval,
    read_times,
    read_weights,
)
from rpcstats.formula.specials import censored_response, refuse_specials
from rpcstats.mixed.structure.arithmetic import columns_used
from rpcstats.mixed.structure.faults import Faults
from rpcstats.mixed.structure.model_frame import Block
from rpcstats.mixed.structure.random_effects import make_blocks
from rpcstats.mixed.structure.random_terms import read_random_terms
from rpcstats.mixed.structure.rank import find_rank
from rpcstats.survival.structure.hazard_frame import HazardFrame, total_offset
from rpcstats.survival.structure.remarks import dropped_remark, missing_remark
from rpcstats.tables.summary import counted

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
ResponseKind = Literal["event", "cause", "interval"]
Special = Literal["strata", "cluster", "offset", "frailty", "random"]

MANY_ROWS = 50_000
"""From so many rows on, a matrix of covariates is worth waiting with."""

# In fewer rows a category each may be meant.
_FEWEST_ROWS = 10
# Squares of larger numbers, or of those under its inverse, leave the range of floating point.
_LARGEST = 1e100


class _Times(NamedTuple):
    time: FloatArray
    event: NDArray[np.bool_]
    entry: FloatArray | None = None
    upper: FloatArray | None = None
    cause: IntArray | None = None
    causes: tuple[str, ...] = ()


def hazard_frame(
    formula: str | Formula,
    data: Any,
    *,
    response: ResponseKind = "event",
    allow: Collection[Special] = ("strata", "cluster", "offset"),
    weights: str | None = None,
    censored: Sequence[str] | None = None,
    intercept: bool = False,
    beside: tuple[str, ...] = (),
    lazily: bool = False,
) -> HazardFrame:
    """Read and check everything a regression on censored times needs.

    Parameters
    ----------
    formula : str or Formula
        R's notation, ``Surv(time, event) ~ mode + strata(council) + cluster(group_id)``.
    data : frame
        pandas, or any frame narwhals reads; it is not changed.
    response : {"event", "cause", "interval"}
        What the second column of Surv() is: 0 and 1; why each row ended; the upper limit of
        ``Surv(lower, upper, type='interval2')`` (right-censored times are read too).
    allow : collection of {"strata", "cluster", "offset", "frailty", "random"}
        Special terms the model understands; the others are refused.
    weights : str, optional
        Column of case weights.
    censored : sequence of str, optional
        Causes that count as censored; those the frame declares (``data.attrs["censored"]``) or
        the first category if not given.
    intercept : bool
        Whether the model can have an intercept: then it has one unless the formula says
        otherwise. Else it is taken off the design, whatever the formula says, because the
        baseline hazard holds it.
    beside : tuple of str
        Columns the model needs beside those of the formula: rows where one is missing are left
        out too.
    lazily : bool
        Whether the matrix of many covariates is made when it is asked for, as in `design`: the
        caller has to ask for it before control goes back to the user.

    Returns
    -------
    HazardFrame
        Read-only arrays of the rows without missing values, the others counted.

    Raises
    ------
    FormulaError
        If the formula can't be read, has a special term that is not allowed, or names a column
        that is not there.
    DataError
        If the data can't be fitted; every fault found is told.
    """
    parsed = formula if isinstance(formula, Formula) else parse_formula(formula)
    surv = censored_response(parsed, is_interval=response == "interval")
    refuse_specials(parsed, allow)
    terms = read_random_terms(parsed) if parsed.random else ()
    plain = tuple(t for t in parsed.terms if intercept or t[2:] not in ("0", "1"))
    fixed = replace(parsed, terms=plain)
    optional = (surv.time, surv.event) if surv.is_interval else ()
    frame, kept, n_missing = _complete(
        data, _columns(parsed, terms, weights, beside, surv), optional
    )
    ends = declared_ends(censored, frame, surv) if response == "cause" else None

    faults = Faults()
    times = _times(faults, frame, surv, response, ends)
    waits = lazily and len(frame) >= MANY_ROWS
    built = faults.attempt(lambda: design(fixed, frame, lazily=waits, is_read=not optional))
    prior = faults.attempt(lambda: None if weights is None else read_weights(frame[weights]))
    offset = faults.attempt(lambda: total_offset(parsed.offset, frame) if parsed.offset else None)
    blocks = faults.attempt(lambda: make_blocks(terms, frame) if terms else ())
    if built is not None:
        faults.note(_column_faults(built, len(frame)))
    faults.raise_any()
    if times is None or built is None or blocks is None:
        raise AssertionError("a step without a result is a fault")
    return _assembled(
        times, built, frame, parsed, blocks, prior, offset, kept, n_missing, intercept
    )


def _assembled(
    times: _Times,
    built: Design,
    frame: pd.DataFrame,
    parsed: Formula,
    blocks: tuple[Block, ...],
    prior: FloatArray | None,
    offset: FloatArray | None,
    kept: IntArray,
    n_missing: int,
    intercept: bool,
) -> HazardFrame:
    columns, dropped = _independent_columns(built, intercept=intercept)
    frailty = make_groups(frame, parsed.frailty) if parsed.frailty else None
    return HazardFrame(
        design=replace(built, formula=parsed, kept=kept, n_missing=n_missing),
        covariates=ChosenColumns(built.columns, columns),
        names=tuple(built.names[place] for place in columns),
        columns=columns,
        dropped=dropped,
        **times._asdict(),
        strata=make_groups(frame, parsed.strata),
        clusters=tuple(make_groups(frame, (name,)) for name in dict.fromkeys(parsed.cluster)),
        cluster_names=tuple(dict.fromkeys(parsed.cluster)),
        weights=prior,
        offset=offset,
        blocks=blocks,
        frailty=frailty,
        frailty_name=", ".join(parsed.frailty),
        kept=kept,
        n_missing=n_missing,
        remarks=(*missing_remark(n_missing), *dropped_remark(dropped)),
    )


def _columns(
    formula: Formula,
    terms: tuple[Any, ...],
    weights: str | None,
    beside: tuple[str, ...],
    surv: Surv,
) -> list[str]:
    expressions = {term.expression.fixed: term.expression for term in terms}
    return [
        *surv.columns,
        *fixed_columns(formula),
        *formula.strata,
        *formula.cluster,
        *formula.frailty,
        *(name for expression in expressions.values() for name in fixed_columns(expression)),
        *(name for term in terms for name in term.columns),
        *(name for text in formula.offset for name in columns_used(text)),
        *(() if weights is None else (weights,)),
        *beside,
    ]


def _complete(
    data: Any, columns: list[str], optional: tuple[str, ...]
) -> tuple[pd.DataFrame, IntArray, int]:
    """Leave out rows with a gap; of `optional` columns one may be missing, not all."""
    frame = read_columns(data, columns, copy=False)
    complete = complete_rows(frame.drop(columns=list(optional)) if optional else frame)
    if optional:
        complete &= frame[list(optional)].notna().any(axis=1).to_numpy()
    kept = np.flatnonzero(complete).astype(np.int64, copy=False)
    kept.setflags(write=False)
    if len(kept) == 0:
        raise DataError("Every row has a missing value in a column of the formula.")
    n_missing = len(frame) - len(kept)
    if n_missing:
        frame = frame[complete].reset_index(drop=True)
    return frame, kept, n_missing


def _times(
    faults: Faults,
    frame: pd.DataFrame,
    surv: Surv,
    response: ResponseKind,
    censored: Sequence[str] | None,
) -> _Times | None:
    if surv.is_interval:
        limits = faults.attempt(lambda: read_interval(frame, surv))
        return (
            None if limits is None else _Times(limits[0], limits[0] == limits[1], None, limits[1])
        )
    times = faults.attempt(lambda: read_times(frame, surv))
    if response == "cause":
        causes = faults.attempt(lambda: read_causes(frame[surv.event], censored))
        if times is None or causes is None:
            return None
        return _Times(
            times[0], causes.codes > 0, times[1], cause=causes.codes, causes=causes.labels
        )
    event = faults.attempt(lambda: read_event(frame[surv.event]))
    return None if times is None or event is None else _Times(times[0], event, times[1])


def _column_faults(built: Design, n_row: int) -> list[str]:
    largest = built.columns.largest()
    wrong = (largest > _LARGEST) | ((largest > 0.0) & (largest < 1.0 / _LARGEST))
    faults = ["A covariate holds numbers too large or too small to square: take another unit."]
    return faults * bool(wrong.any()) + [
        f'"{term}" has a category for each row, as identifiers have: leave it out.'
        for term, levels in built.levels.items()
        if len(levels) == n_row >= _FEWEST_ROWS
    ]


def _independent_columns(built: Design, *, intercept: bool) -> tuple[IntArray, tuple[str, ...]]:
    """Leave out columns that earlier ones determine, the column of ones first."""
    rank = find_rank(built.columns)
    names = built.names
    independent = rank.kept.tolist()
    columns = [p for p in independent if intercept or names[p] != "Intercept"]
    aliased = sorted(set(range(len(names))) - set(independent))
    places = np.array(columns, dtype=np.int64)
    places.setflags(write=False)
    return places, tuple(names[p] for p in aliased)


def no_groups(n: int) -> Groups:
    """Give one stratum that holds every row.

    Parameters
    ----------
    n : int
        Number of rows.

    Returns
    -------
    Groups
        One group called "all".
    """
    return make_groups(pd.DataFrame(index=pd.RangeIndex(n)), ())


def refuse_empty(frame: HazardFrame) -> None:
    """Refuse a sample that no regression can learn from.

    Parameters
    ----------
    frame : HazardFrame
        The sample.

    Raises
    ------
    DataError
        If it has one row, or no event.
    """
    if frame.n_obs < 2:
        raise DataError("One row can't be compared with itself: give two rows or more.")
    if frame.upper is None and frame.n_event == 0:
        raise DataError(
            f"None of the {counted(frame.n_obs, 'row')} is an event: nothing can be estimated. "
            "Check the event column, or follow up longer."
        )
