"""Protection of an estimate under departures from its assumptions."""

from typing import Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, NOTE, STATUS
from rpcstats.disclosure._rounding import round_counts
from rpcstats.disclosure.estimates import DROPPED, protect_estimates
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.protected import RELEASED, WITHHELD, Protected, unchanged, withheld_note
from rpcstats.disclosure.reader import is_small
from rpcstats.disclosure.slopes import MOST_MOVED, protect_slopes
from rpcstats.errors import DisclosureError

LEAVERS: Final = "delta_leavers"
UNANSWERED: Final = "delta_unanswered"
COUNTS: Final = ("n_left", "n_unanswered")
"""Who is moved by each departure."""


def protect_model_estimates(
    frame: pd.DataFrame,
    policy: DisclosurePolicy,
    glance: pd.DataFrame | None = None,
    *,
    span: float,
) -> Protected:
    """Protect estimates of a model, under departures from its assumptions if the frame has any.

    Parameters
    ----------
    frame : DataFrame
        As `protect_departures`, `protect_slopes` or `protect_estimates` takes it.
    policy : DisclosurePolicy
        The rules.
    glance : DataFrame, optional
        The one-row summary of estimates without departures.
    span : float
        Length of the scale in points.

    Returns
    -------
    Protected
        What may be released.

    Raises
    ------
    DisclosureError
        If a column is missing or covered by no rule.
    """
    if LEAVERS in frame:
        return protect_departures(frame, policy, span=span)
    if MOST_MOVED in frame:
        return protect_slopes(frame, policy, glance)
    return protect_estimates(frame, policy, glance, span=span)


def protect_departures(frame: pd.DataFrame, policy: DisclosurePolicy, *, span: float) -> Protected:
    """Protect a mean of all who started under departures of those who were not seen.

    Parameters
    ----------
    frame : DataFrame
        Columns estimand, measure, delta_leavers, delta_unanswered, estimate, conf_low, conf_high,
        n_obs, n_missing, n_left, n_unanswered; one row has both departures 0.
    policy : DisclosurePolicy
        The rules.
    span : float
        Length of the scale in points.

    Returns
    -------
    Protected
        The protected estimate without departures, moved by each departure times the rounded
        share of those it moves. Withheld if that estimate is, or if either of them is small.

    Raises
    ------
    DisclosureError
        If a column is missing, or no row is without departures.

    Notes
    -----
    The slope of the true estimate in a departure is the share of those who left, to every digit,
    and steps of a rounded grid would tell it nearly as well. So only rounded counts are used.
    """
    if not policy.protects:
        return unchanged(frame, None)
    origin = _origin(frame)
    safe = protect_estimates(origin.drop(columns=[LEAVERS, UNANSWERED, *COUNTS]), policy, span=span)
    counts = origin[["n_obs", *COUNTS]].to_numpy(dtype=np.int64)[0]
    rounded = round_counts(counts, policy.round_to, policy.rounding)
    hidden = bool(is_small(counts[1:], policy).any()) or safe.frame[STATUS].iloc[0] == WITHHELD
    out = frame.drop(columns=[name for name in (*DROPPED, *COUNTS) if name in frame])
    out = out.reset_index(drop=True)
    deltas = frame[[LEAVERS, UNANSWERED]].to_numpy(dtype=np.float64)
    moved = deltas @ rounded[1:] / max(float(rounded[0]), 1.0)
    for name in (ESTIMATE, CONF_LOW, CONF_HIGH):
        middle = np.nan if hidden else float(safe.frame[name].iloc[0])
        out[name] = np.round(middle + moved, 9)
    for name in ("n_obs", "n_missing"):
        out[name] = np.nan if hidden else float(safe.frame[name].iloc[0])
    out[STATUS] = WITHHELD if hidden else RELEASED
    out[NOTE] = (str(safe.frame[NOTE].iloc[0]) or withheld_note(policy)) if hidden else ""
    action = "Departures move the protected estimate by shares of the rounded counts."
    return Protected(
        frame=out,
        actions=(*safe.actions, action),
        n_cells=len(out),
        n_withheld=len(out) if hidden else 0,
        n_rounded=0 if hidden else len(out),
    )


def _origin(frame: pd.DataFrame) -> pd.DataFrame:
    needed = (LEAVERS, UNANSWERED, ESTIMATE, CONF_LOW, CONF_HIGH, "n_obs", "n_missing", *COUNTS)
    missing = [name for name in needed if name not in frame]
    if missing:
        raise DisclosureError(f"Departures need column(s) {', '.join(missing)} to be checked.")
    plain = frame[(frame[LEAVERS] == 0.0) & (frame[UNANSWERED] == 0.0)]
    if len(plain) != 1:
        raise DisclosureError("Departures need one row in which both are 0, to be checked.")
    return plain
