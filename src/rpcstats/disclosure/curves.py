"""Protection of survival curves: pooled steps, and a curve made of protected counts."""

from collections.abc import Sequence
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
from rpcstats.disclosure._pooling import Path
from rpcstats.disclosure._rounding import round_counts
from rpcstats.disclosure.plans import MOST_STEPS, Released, choose_rows, read_path
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.protected import (
    RELEASED,
    WITHHELD,
    Protected,
    label_columns,
    unchanged,
)
from rpcstats.errors import DisclosureError

NEEDED: Final = (TIME, N_RISK, N_EVENT, ESTIMATE)
AT_RISK_ONLY: Final = "number at risk only"
PAST_THE_END: Final = "too few would remain at risk to go on with the curve"


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
        path = read_path(rows)
        released = choose_rows(path, times, policy)
        held += released is None
        part = (
            _withheld_stratum(policy)
            if released is None
            else _stratum(path, times, released, policy, conf_level, design_effect)
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


def _stratum(
    path: Path,
    times: FloatArray,
    released: Released,
    policy: DisclosurePolicy,
    conf_level: float,
    design_effect: float,
) -> pd.DataFrame:
    plan, curve = released.plan, released.curve
    ends = path.time[plan.end]
    error = curve.std_error_cumhaz * np.sqrt(design_effect)
    low, high = survival_interval(curve.S, error, "log-log", conf_level)
    steps = pd.DataFrame(
        {
            TIME: [0.0, *ends],
            N_EVENT: [0.0, *curve.d],
            ESTIMATE: [1.0, *curve.S],
            STD_ERROR: [0.0, *(curve.S * error)],
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
    rounded = round_counts(at_risk, policy.round_to, policy.rounding)
    out[N_RISK] = np.where(out[STATUS] == RELEASED, rounded, np.nan)
    return out.sort_values(TIME, kind="stable", ignore_index=True)


def _at_risk_note(policy: DisclosurePolicy) -> str:
    return f"a group of under {policy.fewest_at_risk} would show"


def _withheld_stratum(policy: DisclosurePolicy) -> pd.DataFrame:
    row: dict[str, object] = dict.fromkeys(
        (N_RISK, N_EVENT, ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH), np.nan
    )
    note = (
        f"a curve needs a step of {policy.fewest_events} events"
        f" with {policy.fewest_at_risk} or more left at risk"
    )
    return pd.DataFrame([{TIME: 0.0, **row, STATUS: WITHHELD, NOTE: note}])


def _summed_up(out: pd.DataFrame, held: int, n_curves: int, policy: DisclosurePolicy) -> Protected:
    actions = [
        f"Event times were pooled into steps of at least {policy.fewest_events} events,"
        f" and at most {MOST_STEPS} steps;"
        f" events, numbers at risk and numbers exposed were rounded to {policy.rounded_how};"
        " survival, standard errors and log-log intervals were"
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
