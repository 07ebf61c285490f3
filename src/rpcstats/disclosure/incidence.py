"""Protection of reasons for leaving: incidence by cause, made of protected counts."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_EVENT,
    N_RISK,
    NOTE,
    STATE,
    STATUS,
    STD_ERROR,
    STRATA,
    TIME,
)
from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._rounding import round_counts
from rpcstats.disclosure.curves import protect_curve
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.protected import (
    WITHHELD,
    Protected,
    unchanged,
    whole_counts,
)
from rpcstats.errors import DisclosureError

OTHER: Final = "other_reasons"
ANY: Final = "any_reason"
TOLERANCE: Final = 1e-8
"""A sum of some thousand products keeps more digits than this."""

NEEDED: Final = (STATE, TIME, N_RISK, N_EVENT, ESTIMATE)
RELEASED_COLUMNS: Final = (
    STRATA,
    STATE,
    TIME,
    N_RISK,
    ESTIMATE,
    CONF_LOW,
    CONF_HIGH,
    STATUS,
    NOTE,
)


def protect_incidence(
    frame: pd.DataFrame,
    policy: DisclosurePolicy,
    *,
    grid: Sequence[float] = (),
    conf_level: float = 0.95,
    design_effect: float = 1.0,
) -> Protected:
    """Protect the cumulative incidence of several causes.

    Parameters
    ----------
    frame : DataFrame
        Columns state (the cause), time, n_risk, n_event (of that cause), estimate, and strata
        if there are several groups.
    policy : DisclosurePolicy
        The rules.
    grid : sequence of float, optional
        Further times at which the number at risk is wanted.
    conf_level : float, default 0.95
        Level of the intervals.
    design_effect : float, default 1.0
        How much clustering inflates variances, 1 or more.

    Returns
    -------
    Protected
        A row per cause and time of the protected curve of all causes together. Causes of few
        events stand together as other reasons.

    Raises
    ------
    DisclosureError
        If counts are not whole, or the estimates do not add up to one minus the Kaplan-Meier
        product of all causes.

    Notes
    -----
    At each time the incidence of a cause is that of all causes, read off the protected curve,
    times the cause's share of the rounded events: each cause is given the same course over
    time. Variances take the curve and the shares as independent.
    """
    if not policy.protects:
        return unchanged(frame)
    lacking = [column for column in NEEDED if column not in frame]
    if lacking:
        raise DisclosureError(f"Incidence needs column(s) {', '.join(lacking)} to be checked.")
    if STRATA not in frame:
        frame = frame.assign(**{STRATA: "all"})
    together = all_causes(frame)
    curve = protect_curve(
        together, policy, grid=grid, conf_level=conf_level, design_effect=design_effect
    )
    z = normal_quantile(conf_level)
    parts = []
    for name, part in curve.frame.groupby(STRATA, sort=False, observed=True):
        own = frame[frame[STRATA].astype(str) == str(name)]
        shares = _shares(own, policy)
        parts += [_of_cause(part, cause, shares, z, design_effect) for cause in shares.index]
    out = pd.concat(parts, ignore_index=True)[list(RELEASED_COLUMNS)]
    return Protected(
        frame=out,
        actions=(*curve.actions, *_actions(frame, out, policy)),
        n_cells=curve.n_cells + frame.groupby([STRATA, STATE], observed=True).ngroups,
        n_withheld=curve.n_withheld,
        n_rounded=curve.n_rounded,
    )


def all_causes(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the curve of staying free of every cause.

    Parameters
    ----------
    frame : DataFrame
        Columns strata, state, time, n_risk, n_event, estimate.

    Returns
    -------
    DataFrame
        Columns strata, time, n_risk, n_event of all causes, and the estimate.

    Raises
    ------
    DisclosureError
        If counts are not whole, or the estimates do not agree with the curve.
    """
    whole_counts(frame[N_EVENT], N_EVENT)
    found = frame.groupby([STRATA, TIME], sort=False, observed=True).agg(
        **{N_RISK: (N_RISK, "first"), N_EVENT: (N_EVENT, "sum"), "left": (ESTIMATE, "sum")}
    )
    found = found.reset_index().sort_values([STRATA, TIME], kind="stable", ignore_index=True)
    found[ESTIMATE] = 1 - found[N_EVENT] / found[N_RISK].clip(lower=1)
    found[ESTIMATE] = found.groupby(STRATA, observed=True)[ESTIMATE].cumprod()
    if not np.allclose(found[ESTIMATE], 1 - found["left"], rtol=0, atol=TOLERANCE):
        raise DisclosureError(
            "The incidences do not add up to one minus the Kaplan-Meier curve of their counts (a"
            " weighted estimate?): hand over the unweighted one."
        )
    return found.drop(columns="left")


def event_parts(own: pd.DataFrame, policy: DisclosurePolicy) -> list[int]:
    """Count the events of the causes that are told apart.

    Parameters
    ----------
    own : DataFrame
        Columns state and n_event, of one group.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    list of int
        True counts; none where all causes stand together.
    """
    named = _shares(own, policy).index
    counts = own.groupby(own[STATE].astype(str), sort=False)[N_EVENT].sum()
    apart = [int(counts[cause]) for cause in named if cause in counts.index]
    rest = [int(counts.sum()) - sum(apart)] if OTHER in named else []
    return [*apart, *rest]


def _shares(own: pd.DataFrame, policy: DisclosurePolicy) -> pd.Series:
    """Give each cause its share of the rounded events, causes of few events together.

    Causes go on being put together until the rounded parts add up to the rounded whole:
    otherwise the whole, which the curve tells, would narrow the parts. Where none is disclosive,
    some always stand together, so that a cause that is not named may have events or none.
    """
    counts = own.groupby(own[STATE].astype(str), sort=False)[N_EVENT].sum()
    fewest, width, rule = policy.fewest_events, policy.round_to, policy.rounding
    whole = round_counts([float(counts.sum())], width, rule)[0]
    kept = counts[counts >= fewest].sort_values(kind="stable")
    together = int(counts[counts < fewest].sum())
    apart = not (policy.zeros_disclosive or (counts < fewest).any())
    while len(kept):
        parts = kept if apart else pd.concat([kept, pd.Series({OTHER: together})])
        rounded = pd.Series(
            round_counts(parts.to_numpy(dtype=np.float64), width, rule), index=parts.index
        )
        if (apart or together >= fewest) and rounded.sum() == whole:
            order = [cause for cause in (*counts.index, OTHER) if cause in rounded.index]
            shares: pd.Series = rounded[order] / whole
            shares.attrs["n_event"] = float(whole)
            return shares
        apart, together, kept = False, together + int(kept.iloc[0]), kept.iloc[1:]
    return pd.Series({ANY: 1.0})


def _of_cause(
    part: pd.DataFrame, cause: str, shares: pd.Series, z: float, design_effect: float
) -> pd.DataFrame:
    share = float(shares[cause])
    left = 1.0 - part[ESTIMATE].to_numpy(dtype=np.float64)
    error = part[STD_ERROR].to_numpy(dtype=np.float64)
    of_share = 0.0
    if len(shares) > 1:
        of_share = design_effect * share * (1 - share) / shares.attrs["n_event"]
    spread: FloatArray = np.sqrt((share * error) ** 2 + left**2 * of_share)
    out = part.copy()
    out[STATE] = cause
    out[ESTIMATE] = left * share
    out[CONF_LOW] = np.clip(left * share - z * spread, 0.0, 1.0)
    out[CONF_HIGH] = np.clip(left * share + z * spread, 0.0, 1.0)
    return out


def _actions(frame: pd.DataFrame, out: pd.DataFrame, policy: DisclosurePolicy) -> tuple[str, ...]:
    said = (
        "The incidence of a cause is that of all causes, from the protected curve, times the"
        " cause's share of the rounded events; all causes are given the same course over time.",
    )
    named = set(frame[STATE].astype(str))
    shown = set(out.loc[out[STATUS] != WITHHELD, STATE])
    hidden = len(named - shown)
    if not hidden:
        return said
    return (
        *said,
        f"Causes of under {policy.fewest_events} events, and any that would give them away, are"
        f" shown together as {(OTHER if OTHER in shown else ANY).replace('_', ' ')}.",
    )
