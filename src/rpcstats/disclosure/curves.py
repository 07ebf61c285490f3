"""Protection of survival curves: pooled steps, and a curve made of protected counts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import survival_interval
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    CURVE,
    ESTIMATE,
    N_EVENT,
    N_RISK,
    NOTE,
    STATUS,
    STD_ERROR,
    STRATA,
    TIME,
)
from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._pooling import Curve, IntArray, Path, pool_steps, protected_curve
from rpcstats.disclosure._rounding import round_counts
from rpcstats.disclosure.balance import Plan
from rpcstats.disclosure.leavers import given_away
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.protected import (
    RELEASED,
    WITHHELD,
    Protected,
    label_columns,
    unchanged,
    whole_counts,
)
from rpcstats.errors import DisclosureError

NEEDED: Final = (TIME, N_RISK, N_EVENT, ESTIMATE)
KAPLAN_MEIER_TOLERANCE: Final = 1e-8
"""A product of some thousand factors keeps more digits than this."""

MOST_STEPS: Final = 100
"""More could not be told apart in a figure, and each costs time to be checked."""

AT_RISK_ONLY: Final = "number at risk only"
PAST_THE_END: Final = "too few would remain at risk to go on with the curve"


@dataclass(frozen=True, slots=True, eq=False)
class _Released:
    """A curve with the plan that it follows."""

    plan: Plan
    curve: Curve


def protect_curve(
    frame: pd.DataFrame,
    policy: DisclosurePolicy,
    *,
    grid: Sequence[float] = (),
    conf_level: float = 0.95,
    design_effect: float = 1.0,
) -> Protected:
    """Protect the tidy frame of an unweighted Kaplan-Meier curve.

    Parameters
    ----------
    frame : DataFrame
        Columns time, n_risk, n_event, estimate, and strata if there are several curves.
    policy : DisclosurePolicy
        The rules.
    grid : sequence of float, optional
        Further times at which the number at risk is wanted.
    conf_level : float, default 0.95
        Level of the recomputed log-log intervals.
    design_effect : float, default 1.0
        How much clustering inflates variances; 1 or more.

    Returns
    -------
    Protected
        A row at time 0, at the end of each pooled step, and at each grid time. `n_risk` is
        the rounded number at risk just before `time`; `n_event` the difference of rounded
        cumulative events; `std_error` is on the scale of the estimate (Greenwood 1926).
        Within a pooled step only the number at risk is told.

    Raises
    ------
    DisclosureError
        If the counts are not whole or the estimate is not their Kaplan-Meier product.

    Notes
    -----
    Times of few events are pooled, as output checkers ask of hazard and survival tables
    (SACRO project, 2023). Within a pooled step those who are censored count as exposed for
    half of it (Cutler and Ederer 1958).
    """
    if not policy.protects:
        return unchanged(frame)
    labels = label_columns(frame, [c for c in CURVE if c != STRATA])
    order = sorted({float(t) for t in grid})
    if not np.isfinite(order).all() or min(order, default=0.0) < 0:
        raise DisclosureError("Times at which the number at risk is wanted have to be 0 or more.")
    times = np.array([t for t in order if t > 0])
    parts, held = [], 0
    for name, rows in by_stratum(frame, labels):
        released = _release(_path(rows), times, policy, design_effect)
        held += released is None
        part = (
            _withheld_stratum(policy)
            if released is None
            else _stratum(_path(rows), times, released, policy, conf_level)
        )
        parts.append(pd.concat([part, _repeated(name, len(part))], axis=1))
    out = pd.concat(parts, ignore_index=True)
    columns = [*labels, TIME, N_RISK, N_EVENT, ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH]
    return _summed_up(out[[*columns, STATUS, NOTE]], held, len(parts), policy)


def by_stratum(
    frame: pd.DataFrame, labels: tuple[str, ...]
) -> list[tuple[dict[str, object], pd.DataFrame]]:
    """Part a frame into its curves.

    Parameters
    ----------
    frame : DataFrame
        Rows of several curves.
    labels : tuple of str
        Columns that tell them apart; none for one curve.

    Returns
    -------
    list of tuple
        Labels and rows of each curve, in the order in which they appear.
    """
    if not labels:
        return [({}, frame)]
    keys = frame[list(labels)].astype(str).agg("\x1f".join, axis=1)
    parts = [frame[keys == key] for key in dict.fromkeys(keys)]
    return [({c: part[c].iloc[0] for c in labels}, part) for part in parts]


def _repeated(name: dict[str, object], times: int) -> pd.DataFrame:
    return pd.DataFrame([name] * times)


def _path(rows: pd.DataFrame) -> Path:
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


def _release(
    path: Path, times: FloatArray, policy: DisclosurePolicy, design_effect: float
) -> _Released | None:
    floor = policy.fewest_at_risk
    fair_share = -(-int(path.n_event.sum()) // MOST_STEPS)
    steps = pool_steps(path, max(policy.survival_threshold, fair_share), floor)
    if path.n_risk[0] < floor:
        return None
    end, is_whole = steps.end, steps.is_whole
    grid = times[path.at_risk(times) >= floor]
    safe: set[bytes] = set()
    first = 0.0
    while end.size:
        curve = protected_curve(path, end, policy.survival_round_to, policy.survival_rounding)
        is_whole = is_whole and curve.d.size == end.size
        end = end[: curve.d.size]
        plan = Plan(end, grid, is_whole)
        if not end.size:
            break
        fault = given_away(path, plan, curve, policy, first=first, safe=safe)
        if fault is None:
            wider = curve.std_error_cumhaz * np.sqrt(design_effect)
            return _Released(plan, replace(curve, std_error_cumhaz=wider))
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


def _stratum(
    path: Path,
    times: FloatArray,
    released: _Released,
    policy: DisclosurePolicy,
    conf_level: float,
) -> pd.DataFrame:
    plan, curve = released.plan, released.curve
    ends = path.time[plan.end]
    low, high = survival_interval(curve.S, curve.std_error_cumhaz, "log-log", conf_level)
    steps = pd.DataFrame(
        {
            TIME: [0.0, *ends],
            N_EVENT: [0.0, *curve.d],
            ESTIMATE: [1.0, *curve.S],
            STD_ERROR: [0.0, *(curve.S * curve.std_error_cumhaz)],
            CONF_LOW: [1.0, *low],
            CONF_HIGH: [1.0, *high],
            STATUS: RELEASED,
            NOTE: "",
        }
    )
    extra = times[~np.isin(times, ends)]
    shown = np.isin(extra, plan.grid)
    inside = extra < ends[-1]
    drawn = shown & plan.is_whole & ~inside
    carried = steps.iloc[np.searchsorted(ends, extra, side="right")].reset_index(drop=True)
    figures = [ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH]
    carried.loc[~drawn, figures] = np.nan
    carried[TIME], carried[N_EVENT] = extra, np.nan
    carried[STATUS] = np.where(shown, RELEASED, WITHHELD)
    carried[NOTE] = np.where(
        ~shown, _at_risk_note(policy), np.where(drawn | inside, AT_RISK_ONLY, PAST_THE_END)
    )
    out = pd.concat([steps, carried], ignore_index=True) if extra.size else steps
    at_risk = path.at_risk(out[TIME].to_numpy())
    rounded = round_counts(at_risk, policy.survival_round_to, policy.survival_rounding)
    out[N_RISK] = np.where(out[STATUS] == RELEASED, rounded, np.nan)
    return out.sort_values(TIME, kind="stable", ignore_index=True)


def _at_risk_note(policy: DisclosurePolicy) -> str:
    return f"a group of under {policy.fewest_at_risk} would show"


def _withheld_stratum(policy: DisclosurePolicy) -> pd.DataFrame:
    row: dict[str, object] = dict.fromkeys(
        (N_RISK, N_EVENT, ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH), np.nan
    )
    note = (
        f"a curve needs a step of {policy.survival_threshold} events"
        f" with {policy.fewest_at_risk} or more left at risk"
    )
    return pd.DataFrame([{TIME: 0.0, **row, STATUS: WITHHELD, NOTE: note}])


def _summed_up(out: pd.DataFrame, held: int, n_curves: int, policy: DisclosurePolicy) -> Protected:
    rule = "the nearest" if policy.survival_rounding == "nearest" else "the middle of classes of"
    actions = [
        f"Event times were pooled into steps of at least {policy.survival_threshold} events,"
        f" and at most {MOST_STEPS} steps;"
        f" events, numbers at risk and numbers exposed were rounded to {rule}"
        f" {policy.survival_round_to}; survival, standard errors and log-log intervals were"
        " worked out from the rounded counts.",
        "Numbers censored were left out; a curve stops where fewer than"
        f" {policy.fewest_at_risk} would remain at risk.",
    ]
    if held:
        actions.append(f"{held} of {n_curves} curves were withheld for too few events or people.")
    numbers = out[[N_RISK, N_EVENT]]
    n_withheld = int(numbers[out[STATUS] == WITHHELD].size)
    return Protected(
        frame=out.reset_index(drop=True),
        actions=tuple(actions),
        n_cells=int(numbers.size),
        n_withheld=n_withheld,
        n_rounded=int(numbers.notna().to_numpy().sum()),
    )
