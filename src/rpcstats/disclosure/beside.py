"""Curves that are printed beside a funnel: what both together tell of the same people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpcstats._vocabulary import BASE, STAGE, STATE, STRATA
from rpcstats.disclosure._feasible import FloatArray, Knowledge
from rpcstats.disclosure._pooling import Path
from rpcstats.disclosure.balance import EVENTS_AT, Balance, shown_times
from rpcstats.disclosure.incidence import all_causes, event_parts
from rpcstats.disclosure.leavers import what_rows_tell
from rpcstats.disclosure.plans import Released, choose_rows, read_path
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.reader import is_small, released_range
from rpcstats.errors import DisclosureError


@dataclass(frozen=True, slots=True, eq=False)
class CurveBeside:
    """One curve as a reader could write it down.

    Attributes
    ----------
    known : Knowledge
        Its unknown whole numbers, p of them.
    groups : tuple of ndarray of shape (p,)
        Groups of those who left.
    start, events : ndarray of shape (p,)
        Those at the start, and all who had the event.
    stayed : ndarray of shape (p,) or None
        Those at risk at the last time shown who had no event; None if none is shown.
    n_start, n_event, n_stayed : int
        How many these are in truth.
    """

    known: Knowledge
    groups: tuple[FloatArray, ...]
    start: FloatArray
    events: FloatArray
    stayed: FloatArray | None
    n_start: int
    n_event: int
    n_stayed: int


def curves_beside(
    results: Sequence[Any],
    policy: DisclosurePolicy,
    grid: Sequence[float],
    frame: pd.DataFrame,
) -> tuple[CurveBeside, ...]:
    """Read the curves that will be printed beside a funnel.

    Parameters
    ----------
    results : sequence of result
        Kaplan-Meier curves, or incidences by cause, of all people.
    policy : DisclosurePolicy
        The rules.
    grid : sequence of float
        Times at which their numbers at risk are wanted.
    frame : DataFrame
        The funnel.

    Returns
    -------
    tuple of CurveBeside
        What a reader will know of each; none where the rules change nothing.

    Raises
    ------
    DisclosureError
        If a result is no curve, or one of groups, or the frame is no funnel.
    """
    if results and not {STAGE, BASE} <= set(frame.columns):
        raise DisclosureError("beside= goes with a funnel: stages, each with n and base.")
    if not policy.protects:
        return ()
    for result in results:
        if getattr(result, "release_kind", None) not in ("curve", "incidence"):
            raise DisclosureError(
                f"beside= takes curves and incidences by cause, not a {type(result).__name__}."
            )
    return tuple(curve_beside(result.tidy(), policy, grid) for result in results)


def curve_beside(
    frame: pd.DataFrame, policy: DisclosurePolicy, grid: Sequence[float]
) -> CurveBeside:
    """Work out what a reader will know of a curve.

    Parameters
    ----------
    frame : DataFrame
        Tidy frame of one Kaplan-Meier curve, or of the incidence of several causes.
    policy : DisclosurePolicy
        The rules.
    grid : sequence of float
        Times at which its number at risk is wanted.

    Returns
    -------
    CurveBeside
        Its bookkeeping, the groups that left, and its totals.

    Raises
    ------
    DisclosureError
        If there are several curves, or the estimate is not that of the counts.
    """
    if STRATA in frame and len(frame[STRATA].unique()) > 1:
        raise DisclosureError(
            "beside= takes the curve of all people, not curves of groups: fit it with '~ 1'."
        )
    parts: Sequence[int] = ()
    if STATE in frame:
        frame = frame.assign(**{STRATA: "all"})
        frame, parts = all_causes(frame), event_parts(frame, policy)
    times = np.array(sorted({float(t) for t in grid if t > 0}), dtype=np.float64)
    return path_beside(read_path(frame), times, policy, parts)


def path_beside(
    path: Path, times: FloatArray, policy: DisclosurePolicy, parts: Sequence[int] = ()
) -> CurveBeside:
    """Work out what a reader will know of a curve already read.

    Parameters
    ----------
    path : Path
        The curve.
    times : ndarray
        Times, above 0 and ascending, at which its number at risk is wanted.
    policy : DisclosurePolicy
        The rules.
    parts : sequence of int
        True events of the causes that are told apart.

    Returns
    -------
    CurveBeside
        Its bookkeeping, its small groups and its totals.
    """
    found = choose_rows(path, times, policy)
    n_event = int(path.n_event.sum())
    low, high = _events_told(n_event, parts, policy)
    if found is None:
        alone = Knowledge(
            np.array([0.0, low]),
            np.array([10.0 * (path.n_risk[0] + policy.threshold), high]),
            np.zeros((0, 2)),
            np.zeros(0),
            np.zeros(0),
        )
        start, events = np.eye(2)
        return CurveBeside(alone, (), start, events, None, int(path.n_risk[0]), n_event, 0)
    return _written_down(path, found, policy, (low, high))


def _events_told(
    n_event: int, parts: Sequence[int], policy: DisclosurePolicy
) -> tuple[float, float]:
    """Bound all events by their rounded number, and by those of the causes that are named."""
    if is_small(np.array([n_event]), policy)[0]:
        return 0.0, policy.threshold - 1.0
    low, high = released_range(np.array([n_event]), policy)
    if not parts:
        return float(low[0]), float(high[0])
    each_low, each_high = released_range(np.array(parts), policy)
    return max(float(low[0]), each_low.sum()), min(float(high[0]), each_high.sum())


def _written_down(
    path: Path,
    found: Released,
    policy: DisclosurePolicy,
    told: tuple[float, float],
) -> CurveBeside:
    n_row = shown_times(path, found.plan).size
    balance = Balance(path, found.plan, slice(0, n_row))
    known = what_rows_tell(balance, found.curve, policy)
    later = 0.0 if found.plan.is_whole else float(known.high.max())
    events = np.append(balance.E[-1] + balance.one(n_row - 1, EVENTS_AT), 1.0)
    stayed = np.append(balance.Y[-1] - balance.one(n_row - 1, EVENTS_AT), -1.0)
    n_event = int(path.n_event.sum())
    return CurveBeside(
        known=Knowledge(
            np.append(known.low, 0.0),
            np.append(known.high, later),
            np.vstack([np.pad(known.A, ((0, 0), (0, 1))), events]),
            np.append(known.A_low, told[0]),
            np.append(known.A_high, told[1]),
        ),
        groups=tuple(
            np.append(weights, 0.0) for i in range(1, n_row) for weights in balance.groups(i)
        ),
        start=np.append(balance.Y[0], 0.0),
        events=events,
        stayed=stayed,
        n_start=int(path.n_risk[0]),
        n_event=n_event,
        n_stayed=int(balance.at_risk[-1]) - n_event + int(balance.events[-1]),
    )
