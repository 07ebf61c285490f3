"""Protection of effects: ratios and differences between groups, from any model."""

from typing import Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_EVENT,
    NOTE,
    SCALE,
    STATUS,
    TERM,
)
from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure.glances import N_OBS
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.protected import (
    RELEASED,
    WITHHELD,
    Protected,
    label_columns,
    unchanged,
    whole_counts,
    withheld_note,
)
from rpcstats.errors import DisclosureError

SCALES: Final = ("ratio", "difference")
FINEST: Final = 0.05
"""Effects are never told more finely than this, on the scale of logarithms or of shares."""

COARSE: Final = {"ratio": 0.25, "difference": 0.1}
"""From this step on a rounded estimate would mislead: only the interval is told."""

COARSEST: Final = 1.0
"""From this step on nothing would be told, and the effect is withheld."""

NUMBERS: Final = (ESTIMATE, CONF_LOW, CONF_HIGH)
DROPPED: Final = ("std_error", "statistic", "df", "p_value")
TOO_COARSE: Final = "too few behind it to be told even roughly"
ONLY_INTERVAL: Final = "too few behind it for more than an interval"


def protect_effects(
    frame: pd.DataFrame, cells: pd.DataFrame, policy: DisclosurePolicy
) -> Protected:
    """Protect ratios or differences with their limits.

    Parameters
    ----------
    frame : DataFrame
        Columns term, scale ("ratio" or "difference"), estimate, conf_low, conf_high, labels, and
        a note where there is no estimate.
    cells : DataFrame
        Columns term, n_obs, n_event: the people and events of every group that the effect of
        a term compares, the reference too, a row a group.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    Protected
        Estimates on a grid, limits moved outward to it; of a coarse grid only the limits. An
        effect is withheld if in a group behind it the people, those with the event or those
        without are too few to be shown.

    Raises
    ------
    DisclosureError
        If a term has no cells, a scale is unknown, or a column is protected by no rule.

    Notes
    -----
    The grid of a difference of shares is the rounding of counts over the smallest group; that of
    the logarithm of a ratio is the rounding of counts over the smallest number with, or without,
    the event. So an effect tells no more than the rounded counts behind it would.
    """
    if not policy.protects:
        return unchanged(frame)
    _check(frame, cells)
    labels = label_columns(frame, (*NUMBERS, *DROPPED))
    out = frame.loc[:, [c for c in frame.columns if c in {*labels, *NUMBERS}]]
    out = out.reset_index(drop=True)
    said = frame[NOTE].astype(str).to_numpy() if NOTE in frame else np.full(len(frame), "")
    absent = frame[ESTIMATE].isna().to_numpy()
    behind = [cells[cells[TERM].astype(str) == str(term)] for term in out[TERM]]
    is_ratio = (out[SCALE] == "ratio").to_numpy()
    small = np.array([_is_small(part, policy) for part in behind])
    step = np.array(
        [_step(part, policy, bool(ratio)) for part, ratio in zip(behind, is_ratio, strict=True)]
    )
    hidden = small | (step > COARSEST)
    numbers = _gridded(out[list(NUMBERS)].to_numpy(dtype=np.float64), step, is_ratio)
    coarse = step > np.where(is_ratio, COARSE["ratio"], COARSE["difference"])
    numbers[coarse, 0] = np.nan
    for column, values in zip(NUMBERS, numbers.T, strict=True):
        out[column] = np.where(hidden, np.nan, values)
    out[STATUS] = np.where(hidden, WITHHELD, RELEASED)
    told = np.where(coarse & ~absent, ONLY_INTERVAL, said)
    out[NOTE] = np.where(small, withheld_note(policy), np.where(hidden, TOO_COARSE, told))
    return Protected(
        frame=out,
        actions=_actions(hidden, policy),
        n_cells=len(out),
        n_withheld=int(hidden.sum()),
        n_rounded=int((~hidden).sum()),
    )


def _check(frame: pd.DataFrame, cells: pd.DataFrame) -> None:
    lacking = sorted({TERM, SCALE, *NUMBERS} - set(frame.columns))
    lacking += sorted({TERM, N_OBS, N_EVENT} - set(cells.columns))
    if lacking:
        raise DisclosureError(f"Effects need column(s) {', '.join(lacking)} to be checked.")
    if not frame[SCALE].isin(SCALES).all():
        raise DisclosureError("The scale of an effect is 'ratio' or 'difference'.")
    counted = frame[TERM].astype(str).isin(cells[TERM].astype(str))
    if not (counted | frame[ESTIMATE].isna()).all():
        raise DisclosureError(
            "An effect without counts can't be checked: cells() must list the groups of every term."
        )


def _is_small(part: pd.DataFrame, policy: DisclosurePolicy) -> bool:
    """Tell whether a group has too few people, with the event or without; none counts too."""
    people, events = whole_counts(part[N_OBS], N_OBS), whole_counts(part[N_EVENT], N_EVENT)
    fewest = policy.fewest_events
    return bool(
        (people < max(fewest, policy.percent_base)).any()
        or (events < fewest).any()
        or (people - events < fewest).any()
    )


def _step(part: pd.DataFrame, policy: DisclosurePolicy, is_ratio: bool) -> float:
    if not len(part):
        return FINEST
    people, events = whole_counts(part[N_OBS], N_OBS), whole_counts(part[N_EVENT], N_EVENT)
    smallest = min(events.min(), (people - events).min()) if is_ratio else people.min()
    return max(policy.round_to / max(int(smallest), 1), FINEST)


def _gridded(numbers: FloatArray, step: FloatArray, is_ratio: np.ndarray) -> FloatArray:
    """Round estimates to the grid, lower limits down and upper limits up."""
    x = numbers.copy()
    with np.errstate(divide="ignore"):
        x[is_ratio] = np.log(x[is_ratio])
    x /= step[:, None]
    # A number on the grid must stay there, whatever its last digit.
    x = np.round(x, 9)
    x = np.column_stack([np.round(x[:, 0]), np.floor(x[:, 1]), np.ceil(x[:, 2])]) * step[:, None]
    x[is_ratio] = np.exp(x[is_ratio])
    x[~is_ratio] = np.clip(x[~is_ratio], -1.0, 1.0)
    return x


def _actions(hidden: np.ndarray, policy: DisclosurePolicy) -> tuple[str, ...]:
    said = (
        "Effects were rounded as coarsely as a change of"
        f" {policy.round_to} people in the smallest group behind them would move them, their"
        " limits outward; standard errors and test statistics were left out.",
    )
    if not hidden.any():
        return said
    return (
        *said,
        f"{int(hidden.sum())} of {len(hidden)} effects were withheld, because a group behind them"
        " has too few people with or without the event.",
    )
