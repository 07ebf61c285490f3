"""Protection of one-row summaries: totals, statistics, p-values."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._vocabulary import N_EVENT, NOTE, P_VALUE, STATUS
from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._rounding import round_counts
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.protected import RELEASED, WITHHELD, whole_counts, withheld_note
from rpcstats.disclosure.reader import BoolArray, is_small

IntArray = NDArray[np.int64]

N_OBS: Final = "n_obs"
N_GROUP: Final = "n_group"
N_MISSING: Final = "n_missing"
P_ADJUSTED: Final = "p_adjusted"
SETTINGS: Final = ("tau", "conf_level")

RESULT: Final = "result"
P_BAND: Final = 0.05


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
    events = round_counts(n_event, policy.round_to, policy.rounding)
    out[N_EVENT] = np.where(gone, np.nan, events)
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
    """Say on which side of 0.05 each test lies, if the groups behind it are large enough.

    Parameters
    ----------
    out : DataFrame
        The protected summary, a row per test; its `result` and `status` are written.
    glance : DataFrame
        The true summary.
    groups : sequence of DataFrame
        For each test, the true n_obs and n_event of the groups it compares.
    policy : DisclosurePolicy
        The rules.

    Notes
    -----
    A statistic or a p-value, even to two digits, together with rounded counts leaves few
    tables that could have given it, so neither is released. Even the side would tell how many
    of a small group had the event: four of six make p small where three do not. Nor is it told
    why there is no test, unless there is one group only.
    """
    refused = np.array([_is_refused(part, policy) for part in groups])
    several = np.array([len(part) > 1 for part in groups])
    refused &= several | glance[P_VALUE].notna().to_numpy()
    out[RESULT] = np.where(refused, WITHHELD, _results(glance, exact=False))
    out[STATUS] = np.where(refused, WITHHELD, out[STATUS])
    out[NOTE] = np.where(refused, withheld_note(policy), out[NOTE])


def with_p_values(glance: pd.DataFrame | None) -> pd.DataFrame | None:
    """Add the p-value of each test in words, where nothing has to be protected.

    Parameters
    ----------
    glance : DataFrame or None
        A row per test: p_value, and p_adjusted and note where there are any.

    Returns
    -------
    DataFrame
        The summary with a column `result`; as it is where there is no test.
    """
    if glance is None or P_VALUE not in glance:
        return glance
    return glance.assign(**{RESULT: _results(glance, exact=True)})


def _results(glance: pd.DataFrame, *, exact: bool) -> list[str]:
    adjusted = P_ADJUSTED in glance
    p = glance[P_ADJUSTED if adjusted else P_VALUE].to_numpy(dtype=np.float64)
    notes = glance[NOTE].astype(str) if NOTE in glance else pd.Series("", index=glance.index)
    after = ", adjusted" if adjusted else ""
    words = [f"p = {x:.2g}{after}" if exact else _side(x) + after for x in p]
    return [note if np.isnan(x) else said for x, note, said in zip(p, notes, words, strict=True)]


def _side(p: float) -> str:
    return f"p under {P_BAND}" if p < P_BAND else f"p {P_BAND} or more"


def _is_refused(groups: pd.DataFrame, policy: DisclosurePolicy) -> bool:
    n_obs = groups[N_OBS].to_numpy(dtype=np.float64)
    events = groups[N_EVENT].to_numpy(dtype=np.float64)
    spare = n_obs.sum() - len(groups)
    few = (n_obs < policy.threshold).any() or events.sum() < policy.threshold
    for count in (events, n_obs - events):
        few = few or is_small(count.astype(np.int64), policy).any()
    return bool(few or spare < policy.residual_df)
