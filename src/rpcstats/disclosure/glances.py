"""Protection of one-row summaries: totals, statistics, p-values."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._vocabulary import DF, N_EVENT, NOTE, P_VALUE, STATISTIC, STATUS
from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._rounding import round_counts
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.protected import RELEASED, WITHHELD, whole_counts, withheld_note
from rpcstats.disclosure.suppression import BoolArray, is_small

IntArray = NDArray[np.int64]

N_OBS: Final = "n_obs"
N_GROUP: Final = "n_group"
N_MISSING: Final = "n_missing"
P_ADJUSTED: Final = "p_adjusted"
SETTINGS: Final = ("tau", "conf_level")

ESTIMATE_DIGITS: Final = 1
P_FLOOR: Final = 0.001
P_BAND: Final = 0.05
HOLM_TOLERANCE: Final = 1e-9
"""A Holm-adjusted p-value is a small whole multiple of its own; more digits than noise."""


def compared_groups(frame: pd.DataFrame, glance: pd.DataFrame) -> list[IntArray]:
    """Give, for each test, the positions of the groups it compares.

    Parameters
    ----------
    frame : DataFrame
        A row per group.
    glance : DataFrame
        A row per test.

    Returns
    -------
    list of ndarray of int
        All rows, or those that share the test's labels.
    """
    shared = [c for c in frame.columns if c in glance and c not in (N_OBS, N_EVENT, NOTE, STATUS)]
    if not shared:
        return [np.arange(len(frame))] * len(glance)
    own = frame[shared].astype(str).agg("\x1f".join, axis=1)
    tests = glance[shared].astype(str).agg("\x1f".join, axis=1)
    return [np.flatnonzero(own == test) for test in tests]


def protect_glance(glance: pd.DataFrame, policy: DisclosurePolicy) -> pd.DataFrame:
    """Round and withhold the totals of a summary, and keep its labels and settings.

    Parameters
    ----------
    glance : DataFrame
        Columns n_obs, n_event, and n_group, n_missing where known.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    DataFrame
        The protected totals with status and note; other numbers are left out.
    """
    kept = [c for c in glance.columns if c in SETTINGS or _is_words(glance[c])]
    out = glance[kept].reset_index(drop=True)
    n_obs = whole_counts(glance[N_OBS], N_OBS)
    n_event = whole_counts(glance[N_EVENT], N_EVENT)
    gone = is_small(n_obs, policy)
    out[N_OBS] = _rounded(n_obs, gone, policy)
    gone = gone | is_small(n_event, policy) | is_small(n_obs - n_event, policy)
    out[N_EVENT] = _rounded(n_event, gone, policy)
    if N_GROUP in glance:
        out[N_GROUP] = glance[N_GROUP].to_numpy()
    if N_MISSING in glance:
        n_missing = whole_counts(glance[N_MISSING], N_MISSING)
        out[N_MISSING] = _rounded(n_missing, is_small(n_missing, policy), policy)
    out[STATUS] = np.where(gone, WITHHELD, RELEASED)
    said = glance[NOTE].astype(str).to_numpy() if NOTE in glance else np.full(len(glance), "")
    out[NOTE] = np.where(gone, withheld_note(policy), said)
    return out


def _rounded(count: IntArray, gone: BoolArray, policy: DisclosurePolicy) -> FloatArray:
    return np.where(gone, np.nan, round_counts(count, policy.round_to, policy.rounding))


def _is_words(column: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(column.dtype) and column.name != NOTE


def protect_p(
    out: pd.DataFrame,
    glance: pd.DataFrame,
    groups: Sequence[pd.DataFrame],
    policy: DisclosurePolicy,
) -> None:
    """Write statistic, df and p-values as far as the groups behind each test allow.

    Parameters
    ----------
    out : DataFrame
        The protected summary, a row per test; written to.
    glance : DataFrame
        The true summary.
    groups : sequence of DataFrame
        For each test, the true n_obs and n_event of the groups it compares.
    policy : DisclosurePolicy
        The rules.
    """
    p = glance[P_VALUE].to_numpy(dtype=np.float64)
    statistic = glance[STATISTIC].to_numpy(dtype=np.float64)
    refused = np.array([_is_refused(part, policy) for part in groups])
    banded = np.array([_has_small_events(part, policy) for part in groups]) & ~refused
    shown = ~refused & ~banded
    out[STATISTIC] = np.where(shown, np.round(statistic, ESTIMATE_DIGITS), np.nan)
    if DF in glance:
        out[DF] = glance[DF].to_numpy()
    out[P_VALUE] = np.where(shown, _coarse(p), np.nan)
    if P_ADJUSTED in glance:
        adjusted = glance[P_ADJUSTED].to_numpy(dtype=np.float64)
        out[P_ADJUSTED] = np.where(shown & _own_multiple(adjusted, p), _coarse(adjusted), np.nan)
    tested = ~np.isnan(p)
    out[STATUS] = np.where(tested & ~shown, WITHHELD, out[STATUS])
    bands = np.where(p < P_BAND, f"p under {P_BAND}", f"p {P_BAND} or more")
    out[NOTE] = np.where(
        tested & refused, withheld_note(policy), np.where(tested & banded, bands, out[NOTE])
    )


def _is_refused(groups: pd.DataFrame, policy: DisclosurePolicy) -> bool:
    n_obs = groups[N_OBS].to_numpy(dtype=np.float64)
    events = groups[N_EVENT].to_numpy(dtype=np.float64)
    spare = n_obs.sum() - len(groups)
    few = (n_obs < policy.threshold).any() or events.sum() < policy.threshold
    return bool(few or spare < policy.residual_df)


def _has_small_events(groups: pd.DataFrame, policy: DisclosurePolicy) -> bool:
    n_obs, events = (whole_counts(groups[c], c) for c in (N_OBS, N_EVENT))
    return bool((is_small(events, policy) | is_small(n_obs - events, policy)).any())


def _coarse(p: FloatArray) -> FloatArray:
    rounded = [float(f"{x:.2g}") if np.isfinite(x) else np.nan for x in p]
    return np.maximum(np.array(rounded, dtype=np.float64), P_FLOOR)


def _own_multiple(adjusted: FloatArray, p: FloatArray) -> BoolArray:
    """Tell which adjusted p-values say nothing about the p-value of another test."""
    with np.errstate(divide="ignore", invalid="ignore"):
        multiple = adjusted / p
    own: BoolArray = (adjusted >= 1) | (np.abs(multiple - np.round(multiple)) < HOLM_TOLERANCE)
    return own
