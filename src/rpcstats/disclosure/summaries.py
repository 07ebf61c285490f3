"""Protection of tests, of means, and of figures that are public already."""

from typing import Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    BASE,
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_EVENT,
    NOTE,
    STATUS,
    STD_ERROR,
    N,
)
from rpcstats.disclosure._rounding import possible_counts, round_counts
from rpcstats.disclosure.counts import protect_pairs
from rpcstats.disclosure.glances import (
    N_OBS,
    compared_groups,
    protect_glance,
    protect_p,
)
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
from rpcstats.disclosure.reader import BoolArray
from rpcstats.errors import DisclosureError

OBSERVED: Final = "observed"
SOURCE: Final = "source"
NO_CURVE: Final = "too few left for a protected curve to take a mean from"
DROPPED: Final = (STD_ERROR, "expected")


def protect_mean(
    frame: pd.DataFrame,
    policy: DisclosurePolicy,
    glance: pd.DataFrame | None = None,
    means: pd.DataFrame | None = None,
) -> Protected:
    """Protect means with their numbers of observations and events.

    Parameters
    ----------
    frame : DataFrame
        Labels, n_obs, n_event, estimate, conf_low, conf_high, std_error.
    policy : DisclosurePolicy
        The rules.
    glance : DataFrame, optional
        The one-row summary.
    means : DataFrame, optional
        Estimates and limits read off the protected curves, a row for each of the frame's.

    Returns
    -------
    Protected
        Counts rounded or withheld; the estimates and limits of `means`, where none of the
        counts behind them is withheld and the base is large enough for a percentage.

    Raises
    ------
    DisclosureError
        If a count is missing or not whole, or a column is protected by no rule.
    """
    if not policy.protects:
        return unchanged(frame, glance)
    out, hidden = _protected_groups(frame, policy)
    _write_means(out, means, ~hidden & _large(frame, policy))
    summary = None if glance is None else protect_glance(glance, policy)
    return _sealed(out, hidden, frame, policy, summary)


def protect_test(
    frame: pd.DataFrame,
    policy: DisclosurePolicy,
    glance: pd.DataFrame | None,
    means: pd.DataFrame | None = None,
) -> Protected:
    """Protect a comparison of groups.

    Parameters
    ----------
    frame : DataFrame
        A row per group: labels, n_obs, and n_event or observed.
    policy : DisclosurePolicy
        The rules.
    glance : DataFrame or None
        A row per test: statistic, df, p_value, n_obs, n_event, n_group; labels that the
        frame has too tell which groups a test compares.
    means : DataFrame, optional
        Estimates and limits read off the protected curves, a row for each of the frame's.

    Returns
    -------
    Protected
        Counts rounded or withheld; of each test the side of 0.05 on which p lies, unless a
        group or all events together are too few, or too few residual degrees of freedom
        are left.

    Raises
    ------
    DisclosureError
        If a count is missing or not whole, or a column is protected by no rule.
    """
    if not policy.protects:
        return unchanged(frame, glance)
    if glance is None or N_EVENT not in glance:
        raise DisclosureError("A test needs glance() with n_obs and n_event to be checked.")
    frame = frame.rename(columns={OBSERVED: N_EVENT})
    out, hidden = _protected_groups(frame, policy)
    if ESTIMATE in frame:
        _write_means(out, means, ~hidden & _large(frame, policy))
    summary = protect_glance(glance, policy)
    protect_p(
        summary, glance, [frame.iloc[rows] for rows in compared_groups(frame, glance)], policy
    )
    return _sealed(out, hidden, frame, policy, summary)


def pass_published(frame: pd.DataFrame) -> Protected:
    """Pass figures that are public already, if every row names its source.

    Parameters
    ----------
    frame : DataFrame
        Any figures, with a column source.

    Returns
    -------
    Protected
        The frame as it is.

    Raises
    ------
    DisclosureError
        If a row has no source.
    """
    source = frame[SOURCE].astype("string").fillna("").str.strip() if SOURCE in frame else None
    if source is None or (source == "").any():
        raise DisclosureError(
            "Published figures pass only if every row says where they were published:"
            " fill the column 'source'."
        )
    done = unchanged(frame)
    actions = ("Nothing was changed: every row names its public source or its calculation.",)
    return Protected(
        frame=done.frame, actions=actions, n_cells=done.n_cells, n_withheld=0, n_rounded=0
    )


def _protected_groups(
    frame: pd.DataFrame, policy: DisclosurePolicy
) -> tuple[pd.DataFrame, BoolArray]:
    """Round and withhold n_obs and n_event; tell which rows lost a count."""
    missing = [c for c in (N_OBS, N_EVENT) if c not in frame]
    if missing:
        raise DisclosureError(
            f"Numbers without counts can't be checked: tidy() lacks {', '.join(missing)}."
        )
    numbers = (N_OBS, N_EVENT, ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH, *DROPPED)
    labels = label_columns(frame, numbers)
    group = frame[list(labels)].astype(str).agg("\x1f".join, axis=1) if labels else None
    pairs = pd.DataFrame({N: frame[N_EVENT].to_numpy(), BASE: frame[N_OBS].to_numpy()})
    by = None
    if group is not None:
        by = "group"
        pairs = pairs.assign(block=frame[labels[0]].astype(str).to_numpy(), group=group.to_numpy())
    keys = ("block", "group") if len(labels) > 1 else ("group",) if labels else ()
    n, base, hide_n, hide_base = protect_pairs(pairs, policy, labels=keys, by=by)
    out = frame.loc[:, [c for c in frame.columns if c not in DROPPED]].reset_index(drop=True)
    hidden: BoolArray = hide_n | hide_base
    out[N_OBS], out[N_EVENT] = base, n
    out[STATUS] = np.where(hidden, WITHHELD, RELEASED)
    out[NOTE] = np.where(hidden, withheld_note(policy), "")
    return out, hidden


def withheld_groups(frame: pd.DataFrame, policy: DisclosurePolicy) -> BoolArray:
    """Tell which groups lose a count in a protected table of groups.

    Parameters
    ----------
    frame : DataFrame
        A row per group: labels, n_obs, n_event.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    ndarray of bool
        True where n_obs or n_event is withheld, be it to guard another group.
    """
    return _protected_groups(frame, policy)[1]


def _large(frame: pd.DataFrame, policy: DisclosurePolicy) -> BoolArray:
    """Tell which bases are surely large: one that may be small looks the same when rounded."""
    base = round_counts(whole_counts(frame[N_OBS], N_OBS), policy.round_to, policy.rounding)
    surely, _ = possible_counts(base, policy.round_to, policy.rounding)
    large: BoolArray = surely >= policy.percent_base
    return large


def _write_means(out: pd.DataFrame, means: pd.DataFrame | None, shown: BoolArray) -> None:
    for column in (ESTIMATE, CONF_LOW, CONF_HIGH):
        values = np.nan if means is None else means[column].to_numpy(dtype=np.float64)
        out[column] = np.where(shown, values, np.nan)
    no_curve = shown & out[ESTIMATE].isna().to_numpy()
    out[STATUS] = np.where(no_curve, WITHHELD, out[STATUS])
    out[NOTE] = np.where(no_curve, NO_CURVE, out[NOTE])


def _sealed(
    out: pd.DataFrame,
    hidden: BoolArray,
    frame: pd.DataFrame,
    policy: DisclosurePolicy,
    glance: pd.DataFrame | None,
) -> Protected:
    n_cells = 2 * len(frame)
    n_withheld = int(out[[N_OBS, N_EVENT]].isna().to_numpy().sum())
    actions = [
        f"Counts were rounded to {policy.rounded_how}; means and their limits were read"
        " off protected curves, to one decimal; of a test only the side of 0.05 is told."
    ]
    if hidden.any():
        actions.append(
            f"{n_withheld} of {n_cells} counts were withheld, with the estimates and tests that"
            f" rest on them, because a group of under {policy.threshold} would show."
        )
    return Protected(
        frame=out,
        actions=tuple(actions),
        n_cells=n_cells,
        n_withheld=n_withheld,
        n_rounded=n_cells - n_withheld,
        glance=glance,
    )
