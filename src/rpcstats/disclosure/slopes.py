"""Protection of the coefficients of a model of couples."""

from typing import Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, NOTE, STATUS, TERM
from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._rounding import round_counts
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
from rpcstats.disclosure.reader import is_small
from rpcstats.errors import DisclosureError

N_COUPLE: Final = "n_couple"
MOST_MOVED: Final = "most_moved"
LADDER: Final = (0.05, 0.1, 0.2, 0.5)
"""Steps a coefficient may be told in, in points per point."""

NUMBERS: Final = (ESTIMATE, CONF_LOW, CONF_HIGH)
DROPPED: Final = ("std_error", "statistic", "df", "p_value", MOST_MOVED)
COUNTS: Final = (N_COUPLE, "n_single", "n_unrated")
TOO_COARSE: Final = "too few couples behind it to be told even roughly"
_SLACK: Final = 1e-9


def protect_slopes(
    frame: pd.DataFrame, policy: DisclosurePolicy, glance: pd.DataFrame | None = None
) -> Protected:
    """Protect coefficients with their limits.

    Parameters
    ----------
    frame : DataFrame
        Columns term, estimate, conf_low, conf_high, n_couple, and most_moved: how far the outcomes
        of one couple can move the estimate.
    policy : DisclosurePolicy
        The rules.
    glance : DataFrame, optional
        The one-row summary: n_couple, n_single, n_unrated are told, rounded, and what is in words.

    Returns
    -------
    Protected
        Estimates in steps no finer than one couple can move them, limits moved outward evenly
        about them. An estimate is withheld unless the couples reach the base of a percentage, and
        where that step would be over half a point per point. Standard errors, statistics and
        p-values are left out.

    Raises
    ------
    DisclosureError
        If a column is missing, or covered by no rule.

    Notes
    -----
    Who knows the ratings of all other couples, and those of the last one at the start, learns of
    its outcomes, at most, on which side of one value a weighted sum of them lies. Steps are taken
    from a ladder of four, so that the step tells little of how the ratings at the start spread. A
    coefficient of a group of few couples is moved far by one of them, and so is withheld by the
    same rule.
    """
    if not policy.protects:
        return unchanged(frame, glance)
    _check(frame)
    labels = label_columns(frame, (*NUMBERS, *DROPPED, N_COUPLE))
    couples = whole_counts(frame[N_COUPLE], N_COUPLE)
    step = _steps(frame[MOST_MOVED].to_numpy(dtype=np.float64))
    few = couples < max(policy.fewest_events, policy.percent_base)
    hidden = few | np.isnan(step)
    out = frame[[c for c in frame.columns if c in {*labels, *NUMBERS, N_COUPLE}]]
    out = out.reset_index(drop=True)
    for name, values in zip(NUMBERS, _gridded(frame, step).T, strict=True):
        out[name] = np.where(hidden, np.nan, values)
    out[N_COUPLE] = _safe_count(couples, policy)
    out[STATUS] = np.where(hidden, WITHHELD, RELEASED)
    out[NOTE] = np.where(few, withheld_note(policy), np.where(hidden, TOO_COARSE, ""))
    return Protected(
        frame=out,
        actions=_actions(int(hidden.sum()), len(out), policy),
        n_cells=len(out),
        n_withheld=int(hidden.sum()),
        n_rounded=int((~hidden).sum()),
        glance=None if glance is None else _safe_glance(glance, policy),
    )


def _check(frame: pd.DataFrame) -> None:
    needed = (TERM, *NUMBERS, N_COUPLE, MOST_MOVED)
    missing = [name for name in needed if name not in frame]
    if missing:
        raise DisclosureError(f"Coefficients need column(s) {', '.join(missing)} to be checked.")
    moved = frame[MOST_MOVED].to_numpy(dtype=np.float64)
    if not (np.isfinite(moved) & (moved >= 0.0)).all():
        raise DisclosureError(
            "Coefficients can be released only if the result tells how far one couple moves each."
        )


def _steps(moved: FloatArray) -> FloatArray:
    """Take the first step of the ladder that one couple can't exceed; NaN if there is none."""
    ladder = np.array([*LADDER, np.nan])
    return ladder[np.searchsorted(np.array(LADDER), moved - _SLACK)]


def _gridded(frame: pd.DataFrame, step: FloatArray) -> FloatArray:
    estimate, low, high = frame[list(NUMBERS)].to_numpy(dtype=np.float64).T
    middle = np.round(estimate / step) * step
    reach = np.ceil(np.maximum(middle - low, high - middle) / step - _SLACK) * step
    return np.asarray(np.round(np.column_stack([middle, middle - reach, middle + reach]), 9))


def _safe_count(count: np.ndarray, policy: DisclosurePolicy) -> FloatArray:
    rounded = round_counts(count, policy.round_to, policy.rounding)
    return np.where(is_small(count, policy), np.nan, rounded)


def _safe_glance(glance: pd.DataFrame, policy: DisclosurePolicy) -> pd.DataFrame:
    words = [c for c in glance.columns if not pd.api.types.is_numeric_dtype(glance[c].dtype)]
    out = glance[words].reset_index(drop=True)
    hidden = np.zeros(len(out), dtype=np.bool_)
    for name in COUNTS:
        if name in glance:
            out[name] = _safe_count(whole_counts(glance[name], name), policy)
            hidden |= out[name].isna().to_numpy()
    out[STATUS] = np.where(hidden, WITHHELD, RELEASED)
    out[NOTE] = np.where(hidden, withheld_note(policy), "")
    return out


def _actions(n_hidden: int, n: int, policy: DisclosurePolicy) -> tuple[str, ...]:
    actions = [
        "Coefficients were rounded to steps no finer than one couple can move them, limits evenly"
        f" about them; counts to {policy.rounded_how}; standard errors and test statistics were"
        " left out."
    ]
    if n_hidden:
        actions.append(
            f"{n_hidden} of {n} coefficients were withheld: too few couples are behind them."
        )
    return tuple(actions)
