"""Distribution of interval-censored times without a model."""

from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError, FormulaError
from rpcstats.formula import Formula, Groups, make_groups, parse_formula
from rpcstats.formula.censored import told_together
from rpcstats.formula.columns import complete_rows, read_columns
from rpcstats.formula.groups import group_columns
from rpcstats.formula.responses import read_event, read_interval, read_times, read_weights
from rpcstats.formula.specials import censored_response, refuse_specials
from rpcstats.survival.parametric._innermost import Innermost, effective_at_risk, innermost
from rpcstats.survival.parametric._turnbull import OPTIMAL, MassEstimate, estimate_mass
from rpcstats.survival.parametric.turnbull_curves import Turnbull
from rpcstats.survival.structure.remarks import FEW_AT_RISK, missing_remark, warn_of

FloatArray = NDArray[np.float64]

_NAMED: Final = 4
"""Curves that a remark names; it counts the others."""

_ROUNDING: Final = 1e-9
"""Sums of estimated chances are as exact as this."""


class _Sample(NamedTuple):
    lower: FloatArray
    upper: FloatArray
    weights: FloatArray | None
    groups: Groups
    n_missing: int


def turnbull(formula: str | Formula, data: Any, *, weights: str | None = None) -> Turnbull:
    """Estimate the distribution of interval-censored times by nonparametric maximum likelihood.

    Parameters
    ----------
    formula : str or Formula
        ``Surv(lower, upper, type='interval2') ~ 1`` or ``~ columns`` whose combinations are the
        groups. A missing lower limit means from 0, a missing upper one that the event has not
        been seen; equal limits are an exact time. ``Surv(time, event)`` is read too, and gives
        the Kaplan-Meier curve.
    data : frame
        pandas, or any frame narwhals reads.
    weights : str, optional
        Column of case weights above 0: a weight of 2 counts as two rows.

    Returns
    -------
    Turnbull
        The masses, with the check that they are optimal.

    Raises
    ------
    FormulaError
        If the formula can't be read, names a column that is not there, or has late entry.
    DataError
        If limits or weights break their conditions, or no row is an event.

    Warns
    -----
    ConvergenceWarning
        If the masses do not pass that check.

    Notes
    -----
    Turnbull (1976) without truncation; intervals are (lower, upper]. The likelihood says how
    much mass an innermost interval has, not where in it. Censoring has to be independent of the
    time given the groups.
    """
    sample = _read(formula, data, weights)
    parts: list[tuple[Innermost, MassEstimate]] = []
    at_risk: list[FloatArray] = []
    for code in range(len(sample.groups.labels)):
        rows = sample.groups.codes == code
        w = None if sample.weights is None else sample.weights[rows]
        limits = sample.lower[rows], sample.upper[rows]
        cells = innermost(*limits, w)
        found = estimate_mass(cells)
        parts.append((cells, found))
        at_risk.append(effective_at_risk(cells, found.mass, *limits, w))
    excess = np.array([found.excess for _, found in parts])
    unique = np.array([found.is_unique for _, found in parts])
    trouble = _trouble(excess)
    warn_of(trouble)
    thin = _few_at_risk(sample.groups.labels, [cells for cells, _ in parts], at_risk)
    return _result(sample, parts, excess, unique, (*thin, *trouble), is_converged=not trouble)


def _result(
    sample: _Sample,
    parts: list[tuple[Innermost, MassEstimate]],
    excess: FloatArray,
    unique: NDArray[np.bool_],
    remarks: tuple[str, ...],
    *,
    is_converged: bool,
) -> Turnbull:
    codes, n_group = sample.groups.codes, len(parts)
    known = np.isfinite(sample.upper)
    return Turnbull(
        strata=sample.groups.labels,
        start=_frozen(np.cumsum([0, *(len(cells.lower) for cells, _ in parts)])),
        lower=_frozen(np.concatenate([cells.lower for cells, _ in parts])),
        upper=_frozen(np.concatenate([cells.upper for cells, _ in parts])),
        mass=_frozen(np.concatenate([found.mass for _, found in parts])),
        group_size=_frozen(np.bincount(codes, minlength=n_group)),
        group_events=_frozen(np.bincount(codes[known], minlength=n_group)),
        log_lik=_frozen(np.array([found.log_lik for _, found in parts])),
        excess=_frozen(excess),
        unique=_frozen(unique),
        converged=is_converged,
        n_missing=sample.n_missing,
        remarks=(*missing_remark(sample.n_missing), *_not_unique(unique), *remarks),
    )


def _read(formula: str | Formula, data: Any, weights: str | None) -> _Sample:
    parsed = formula if isinstance(formula, Formula) else parse_formula(formula)
    response = censored_response(parsed, is_interval=True)
    refuse_specials(parsed, ())
    if response.entry is not None:
        raise FormulaError(
            "turnbull takes no late entry: use kaplan_meier for times known exactly, or survreg."
        )
    by = group_columns(parsed)
    extra = () if weights is None else (weights,)
    frame = read_columns(data, (*response.columns, *by, *extra))
    limits = list(response.columns) if response.is_interval else []
    complete = complete_rows(frame.drop(columns=limits))
    if limits:
        complete &= frame[limits].notna().any(axis=1).to_numpy()
    n_missing = int(len(frame) - complete.sum())
    frame = frame[complete].reset_index(drop=True)
    if len(frame) == 0:
        raise DataError("Every row has a missing value in a column of the formula.")
    (lower, upper), w = told_together(
        lambda: _limits(frame, response),
        lambda: None if weights is None else read_weights(frame[weights]),
    )
    if not np.isfinite(upper).any():
        raise DataError(
            "None of the rows is an event: nothing can be estimated. Check the column of upper"
            " limits, or follow up longer."
        )
    return _Sample(lower, upper, w, make_groups(frame, by), n_missing)


def _limits(frame: pd.DataFrame, response: Any) -> tuple[FloatArray, FloatArray]:
    if response.is_interval:
        return read_interval(frame, response)
    (time, _), event = told_together(
        lambda: read_times(frame, response), lambda: read_event(frame[response.event])
    )
    return time, np.where(event, time, np.inf)


def _few_at_risk(
    labels: tuple[str, ...], cells: list[Innermost], at_risk: list[FloatArray]
) -> tuple[str, ...]:
    """Say from where on curves rest on few rows."""
    places = []
    for label, one, n in zip(labels, cells, at_risk, strict=True):
        # An interval without an end is where nothing is known in any case; 10.0 may be 9.999...
        few = np.isfinite(one.upper) & (n < FEW_AT_RISK * (1.0 - _ROUNDING))
        if few.any():
            begin = int(np.argmax(few))
            when = f"from {one.lower[begin]:g} on" if begin else "throughout"
            places.append(when if len(labels) == 1 else f"{label}: {when}")
    if not places:
        return ()
    more = f"; and {len(places) - _NAMED} more curves" if len(places) > _NAMED else ""
    return (
        f"Fewer than {FEW_AT_RISK} at risk, where a curve should not be read (rows with an "
        "interval count by the estimated chance that their event is still to come): "
        f"{'; '.join(places[:_NAMED])}{more}.",
    )


def _trouble(excess: FloatArray) -> tuple[str, ...]:
    n = int((excess > OPTIMAL).sum())
    if not n:
        return ()
    return (
        f"In {n} of {len(excess)} groups the masses are not yet those of the largest likelihood:"
        " a derivative exceeds its bound.",
    )


def _not_unique(unique: NDArray[np.bool_]) -> tuple[str, ...]:
    n = int((~unique).sum())
    if not n:
        return ()
    return (
        f"In {n} of {len(unique)} groups other masses have the same likelihood: survival is"
        " unique only where no interval overlaps another.",
    )


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    values.setflags(write=False)
    return values
