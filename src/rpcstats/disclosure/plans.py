"""Which rows of a curve may be shown: steps of enough events, and numbers at risk between."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import ESTIMATE, N_EVENT, N_RISK, TIME
from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._pooling import Curve, IntArray, Path, pool_steps, protected_curve
from rpcstats.disclosure.balance import Plan
from rpcstats.disclosure.leavers import given_away
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.protected import whole_counts
from rpcstats.errors import DisclosureError

KAPLAN_MEIER_TOLERANCE: Final = 1e-8
"""A product of some thousand factors keeps more digits than this."""

MOST_STEPS: Final = 100
"""More could not be told apart in a figure, and each costs time to be checked."""


@dataclass(frozen=True, slots=True, eq=False)
class Released:
    """The rows of a curve that may be shown, and its protected counts."""

    plan: Plan
    curve: Curve


def read_path(rows: pd.DataFrame) -> Path:
    """Read one Kaplan-Meier curve.

    Parameters
    ----------
    rows : DataFrame
        Columns time, n_risk, n_event, estimate.

    Returns
    -------
    Path
        The curve, in order of time.

    Raises
    ------
    DisclosureError
        If the counts are not whole or the estimate is not their Kaplan-Meier product.
    """
    rows = rows.sort_values(TIME, kind="stable")
    time, S = (rows[c].to_numpy(dtype=np.float64) for c in (TIME, ESTIMATE))
    n_risk, n_event = whole_counts(rows[N_RISK], N_RISK), whole_counts(rows[N_EVENT], N_EVENT)
    if (n_event > n_risk).any() or (time < 0).any() or (np.diff(time) <= 0).any():
        raise DisclosureError(
            "A curve needs distinct times of 0 or more, and no more events than at risk."
        )
    product = np.cumprod(1 - n_event / np.maximum(n_risk, 1))
    if not np.allclose(product, S, rtol=0, atol=KAPLAN_MEIER_TOLERANCE):
        raise DisclosureError(
            "The estimate is not the Kaplan-Meier product of its counts (a weighted or"
            " smoothed curve?): hand over the unweighted Kaplan-Meier curve."
        )
    return Path(time, n_risk, n_event, S)


def choose_rows(path: Path, times: FloatArray, policy: DisclosurePolicy) -> Released | None:
    """Choose what may be shown of a curve: as much as gives no small group away.

    Parameters
    ----------
    path : Path
        The true curve.
    times : ndarray
        Times, above 0, at which the number at risk is wanted.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    Released or None
        Rows and protected counts; None if nothing may be shown.
    """
    floor = policy.fewest_at_risk
    fair_share = -(-int(path.n_event.sum()) // MOST_STEPS)
    steps = pool_steps(path, max(policy.fewest_events, fair_share), floor)
    if path.n_risk[0] < floor:
        return None
    end, is_whole = steps.end, steps.is_whole
    grid = times[path.at_risk(times) >= floor]
    safe: set[bytes] = set()
    first = 0.0
    while end.size:
        curve = protected_curve(path, end, policy.round_to, policy.rounding)
        is_whole = is_whole and curve.d.size == end.size
        end = end[: curve.d.size]
        plan = Plan(end, grid, is_whole)
        if not end.size:
            break
        fault = given_away(path, plan, curve, policy, first=first, safe=safe)
        if fault is None:
            return Released(plan, curve)
        end, grid = _coarser(path, end, grid, fault)
        first = fault
    return None


def _coarser(
    path: Path, end: IntArray, grid: FloatArray, fault: float
) -> tuple[IntArray, FloatArray]:
    """Show less around a time: the nearest number at risk goes first, then two steps are one."""
    ends = path.time[end]
    extra = np.flatnonzero(~np.isin(grid, ends))
    step = min(int(np.searchsorted(ends, fault)), end.size - 1)
    since = ends[step - 1] if step else 0.0
    near = extra[(grid[extra] > since) & (grid[extra] <= ends[step])]
    if ends[-1] < fault or near.size:
        choice = near if near.size else extra
        closest = choice[np.argmin(np.abs(grid[choice] - fault))]
        return end, np.delete(grid, closest)
    return np.delete(end, step if step < end.size - 1 else max(step - 1, 0)), grid
