"""How much wider clustering makes an interval, told so that nobody learns where people left."""

from typing import Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import N_EVENT, N
from rpcstats.disclosure._rounding import possible_counts, round_counts
from rpcstats.disclosure.policy import DisclosurePolicy

LADDER: Final = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""The design effects that may be told: the next one up; beyond the last, doubled."""

ASSUMED: Final = 1.5
"""Told where too few had the event: groups of eleven with an intra-class correlation of 0.05."""

ENOUGH: Final = 2.5
"""Times the threshold that must have had the event, for the design effect to be worked out."""

NO_CLUSTERS: Final = 1e-6
"""A robust variance that is no further than this from the usual one is the usual one."""


def released_design_effect(
    found: float, n_event: int, policy: DisclosurePolicy
) -> tuple[float, tuple[str, ...]]:
    """Give the design effect that may be told, and what was done.

    Parameters
    ----------
    found : float
        Variance under clustering over that of as many independent people (Kish 1965).
    n_event : int
        Events behind it.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    float
        1 without clustering; else a step of a coarse ladder, or an assumption.
    tuple of str
        A sentence for the ledger; none without clustering.

    Notes
    -----
    With few events the ratio tells how many of them fell in one group: seven leavers of whom
    four met in one group have another design effect than seven who did not. With more, every
    group's small count fits every step that is likely.
    """
    if not policy.protects or not np.isfinite(found) or abs(found - 1.0) < NO_CLUSTERS:
        return 1.0, ()
    width, rule = policy.round_to, policy.rounding
    surely, _ = possible_counts(round_counts([n_event], width, rule), width, rule)
    if surely[0] < ENOUGH * policy.fewest_events:
        return ASSUMED, (
            f"Variances were taken {ASSUMED:g} times as large, because people of one group are"
            " alike; with so few events that figure is assumed.",
        )
    told = next_step(found)
    return told, (
        f"Variances were taken {told:g} times as large, because people of one group are alike;"
        " that figure is rounded up to a step of a coarse ladder.",
    )


def events_behind(frame: pd.DataFrame, glance: pd.DataFrame | None) -> int:
    """Count the events on which the design effect of a result rests.

    Parameters
    ----------
    frame : DataFrame
        The result: n_event at each time or of each group, or n of each count.
    glance : DataFrame or None
        Its summary, with n_event in all.

    Returns
    -------
    int
        Events; 0 where they are not known.
    """
    if glance is not None and N_EVENT in glance:
        return int(glance[N_EVENT].max())
    if N_EVENT in frame:
        return int(frame[N_EVENT].sum())
    return int(frame[N].fillna(0).max()) if N in frame and len(frame) else 0


def next_step(ratio: float) -> float:
    """Round a ratio of variances up to the ladder.

    Parameters
    ----------
    ratio : float
        The ratio.

    Returns
    -------
    float
        The next step.
    """
    beyond = LADDER[-1] * 2.0 ** np.ceil(np.log2(max(ratio / LADDER[-1], 1.0)))
    return next((step for step in LADDER if ratio <= step * (1 + NO_CLUSTERS)), float(beyond))
