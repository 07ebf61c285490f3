"""Rows counted by session or interval, with hazards and survival: arrays in, a frame out."""

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.arguments import as_numbers
from rpcstats._numerics.intervals import ConfType, survival_interval, wilson
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_CENSOR,
    N_EVENT,
    N_RISK,
    STD_ERROR,
    TIME,
)
from rpcstats.errors import DataError, ParameterError
from rpcstats.formula.censored import CensoredSample
from rpcstats.survival._risk_sets import same_weight, still_in, yet_to_enter

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_MOST_SESSIONS: Final = 10_000


class Cells(NamedTuple):
    """Sessions, and where each row enters and leaves.

    Attributes
    ----------
    ends : ndarray of shape (J,)
        Session numbers, or ends of intervals.
    leave, enter : ndarray of shape (n,), int
        Place of the session in which each row leaves, and of the first at which it is at risk;
        J or more if after the last.
    inside : ndarray of shape (n,), bool
        Whether a row enters inside an interval rather than at its start.
    """

    ends: FloatArray
    leave: IntArray
    enter: IntArray
    inside: NDArray[np.bool_]


def session_cells(sample: CensoredSample, breaks: ArrayLike | None) -> Cells:
    """Find the session in which each row enters and leaves.

    Parameters
    ----------
    sample : CensoredSample
        Checked arrays.
    breaks : array_like or None
        Ends of intervals; every session from the first to the last if None.

    Returns
    -------
    Cells
        Sessions and places.

    Raises
    ------
    DataError
        If times are not session numbers and there are no breaks.
    ParameterError
        If the breaks are no intervals, or rows leave before the first.
    """
    n = len(sample.time)
    entry = np.full(n, -np.inf) if sample.entry is None else sample.entry
    if breaks is None:
        _require_sessions(sample)
        ends = np.arange(min(1.0, float(sample.time.min())), float(sample.time.max()) + 1)
        inside = np.zeros(n, dtype=np.bool_)
    else:
        edges = _checked_breaks(breaks, sample)
        ends = edges[1:]
        inside = ~np.isin(entry, edges) & (entry > edges[0])
    leave = np.searchsorted(ends, sample.time, side="left")
    return Cells(ends, leave, np.searchsorted(ends, entry, side="right"), inside)


def session_counts(sample: CensoredSample, cells: Cells) -> dict[str, FloatArray]:
    """Count who is at risk, fails and leaves in each session of each group.

    Parameters
    ----------
    sample : CensoredSample
        Checked arrays.
    cells : Cells
        Where each row enters and leaves.

    Returns
    -------
    dict
        n_risk, n_event, n_censor and n_entering (inside the interval), each of shape (k J,) by
        group, then session. Counts, or sums of weights.
    """
    leave, enter, J = cells.leave, cells.enter, len(cells.ends)
    start = np.arange(len(sample.groups.labels) + 1) * J
    last = np.full_like(leave, J - 1)
    seen = leave < J
    total = _sums(sample, leave, seen, start)
    n_risk = remaining = still_in(total + _sums(sample, last, ~seen, start), start)
    if sample.entry is not None:
        n_risk = remaining - yet_to_enter(_sums(sample, enter, enter < J, start), start)
        n_risk -= still_in(_sums(sample, last, enter >= J, start), start)
    n_event = _sums(sample, leave, seen & sample.event, start)
    entering = _sums(sample, enter, cells.inside & (enter < J), start)
    if sample.weights is not None:
        n_risk = same_weight(n_risk, n_event, remaining)
        total = same_weight(total, n_event)
    return {
        N_RISK: n_risk,
        N_EVENT: n_event,
        N_CENSOR: total - n_event,
        "n_entering": entering,
    }


def rows_at_risk(sample: CensoredSample, cells: Cells) -> FloatArray:
    """Count rows at risk in each session of each group, whatever their weights.

    Parameters
    ----------
    sample : CensoredSample
        Checked arrays.
    cells : Cells
        Where each row enters and leaves.

    Returns
    -------
    ndarray of shape (k J,)
        By group, then session.
    """
    return session_counts(replace(sample, weights=None), cells)[N_RISK]


def session_rows(
    counts: dict[str, FloatArray],
    ends: FloatArray,
    *,
    actuarial: bool,
    conf_type: ConfType,
    conf_level: float,
) -> pd.DataFrame:
    """Work out hazards and survival.

    Parameters
    ----------
    counts : dict
        From `session_counts`.
    ends : ndarray of shape (J,)
        Session numbers, or ends of intervals.
    actuarial : bool
        Whether those censored or entering in a session count as half at risk.
    conf_type, conf_level
        Scale and level of the limits.

    Returns
    -------
    pandas.DataFrame
        One row a group and session.
    """
    d, base = counts[N_EVENT], counts[N_RISK]
    if actuarial:
        base = base - 0.5 * (counts[N_CENSOR] + counts["n_entering"])
    # Half of those who enter inside may be fewer than fail: nobody is left then.
    failed = np.minimum(d, base)
    with np.errstate(divide="ignore", invalid="ignore"):
        q = np.where(base > 0, failed / base, 0.0)
        q_error = np.sqrt(q * (1 - q) / base)
        growth = np.where(base > 0, q / (base - failed), 0.0)
    low, high = wilson(failed, base, conf_level=conf_level)
    shape = (len(d) // len(ends), len(ends))
    S = np.cumprod((1 - q).reshape(shape), axis=1).ravel()
    spread = np.sqrt(np.cumsum(growth.reshape(shape), axis=1).ravel())
    conf_low, conf_high = survival_interval(S, spread, conf_type, conf_level)
    with np.errstate(invalid="ignore"):
        std_error = S * spread
    return pd.DataFrame(
        {
            TIME: np.tile(ends, shape[0]),
            N_RISK: counts[N_RISK],
            N_EVENT: d,
            N_CENSOR: counts[N_CENSOR],
            "hazard": q,
            "hazard_std_error": q_error,
            "hazard_low": low,
            "hazard_high": high,
            ESTIMATE: S,
            STD_ERROR: std_error,
            CONF_LOW: conf_low,
            CONF_HIGH: conf_high,
        }
    )


def _require_sessions(sample: CensoredSample) -> None:
    times = [sample.time] if sample.entry is None else [sample.time, sample.entry]
    if any((values != np.floor(values)).any() for values in times):
        raise DataError(
            "A life table of sessions needs whole numbers: give breaks= for times on a clock."
        )
    if sample.time.max() > _MOST_SESSIONS:
        raise DataError(
            f"The table would have over {_MOST_SESSIONS:,} sessions: give breaks=, or mend times."
        )


def _checked_breaks(breaks: ArrayLike, sample: CensoredSample) -> FloatArray:
    edges = as_numbers(breaks)
    rising = edges.ndim == 1 and len(edges) > 1 and bool((np.diff(edges) > 0).all())
    if not rising or edges[0] < 0:
        raise ParameterError(
            "breaks are no intervals", ["give two or more rising numbers from 0 up"]
        )
    if sample.time.min() <= edges[0]:
        raise ParameterError(
            "A row leaves before the first interval",
            ["start breaks earlier; rows that leave at 0 are in no interval (0, b]"],
        )
    return edges


def _sums(
    sample: CensoredSample, cell: IntArray, chosen: NDArray[np.bool_], start: IntArray
) -> FloatArray:
    """Sum the weights of chosen rows by group and session."""
    where = sample.groups.codes[chosen] * int(start[1]) + cell[chosen]
    w = None if sample.weights is None else sample.weights[chosen]
    return np.bincount(where, weights=w, minlength=int(start[-1])).astype(np.float64)
