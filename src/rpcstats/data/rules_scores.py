"""Rules of ratings: range, occasion, and the days on which a goal can have been rated."""

from typing import Final

import numpy as np
import pandas as pd

from rpcstats.data.registries import instruments
from rpcstats.data.rules import Rule, Tables
from rpcstats.data.rules_attendance import planned_sessions

_ITEM: Final = ["subject_id", "instrument", "item", "respondent"]
_FOR_EPISODES: Final = ("episodes.episode_id",)


def _outside_range(tables: Tables) -> "pd.Series[bool]":
    """Compare each rating with the range of its instrument, each total where totals have it."""
    scores = tables["scores"]
    known = instruments()
    low = {key: -np.inf if item.minimum is None else item.minimum for key, item in known.items()}
    high = {key: np.inf if item.maximum is None else item.maximum for key, item in known.items()}
    by_total = [key for key, item in known.items() if item.scored == "total"]
    named = scores["instrument"].astype(object)
    outside = (scores["value"] < pd.to_numeric(named.map(low))) | (
        scores["value"] > pd.to_numeric(named.map(high))
    )
    exempt = named.isin(by_total) & (scores["item"].str.casefold() != "total")
    return outside & ~exempt.fillna(value=False).astype(bool)


def _undated(tables: Tables) -> "pd.Series[bool]":
    scores = tables["scores"]
    return scores["value"].notna() & scores["rated_on"].isna()


def _session_not_named(tables: Tables) -> "pd.Series[bool]":
    scores = tables["scores"]
    during = scores["occasion"] == "session"
    if "session_no" not in scores:
        return during
    return during & scores["session_no"].isna()


def _rated_again(tables: Tables) -> "pd.Series[bool]":
    """Find a second baseline, end form or follow-up that only its session number tells apart."""
    scores = tables["scores"]
    once = scores[scores["value"].notna() & (scores["occasion"] != "session")]
    key = [*_ITEM, "occasion"]
    again = once.duplicated(key) & ~once.duplicated([*key, "session_no"])
    return again.reindex(scores.index)


def _before_baseline(tables: Tables) -> "pd.Series[bool]":
    scores = tables["scores"]
    known = scores["value"].notna() & scores[_ITEM].notna().all(axis=1)
    baselines = scores[known & (scores["occasion"] == "baseline")]
    first = baselines.groupby(_ITEM, observed=True)["rated_on"].min()
    later = scores[known & (scores["occasion"] != "baseline")]
    set_on = first.reindex(pd.MultiIndex.from_frame(later[_ITEM]))
    early = later["rated_on"] < pd.Series(set_on.to_numpy(), index=later.index)
    return early.reindex(scores.index)


def _before_start(tables: Tables) -> "pd.Series[bool]":
    scores = tables["scores"]
    ids = scores["subject_id"]
    started = tables.look_up("episodes", "episode_id", ids, "started_on")
    later = scores["value"].notna() & (scores["occasion"] != "baseline")
    told_already = _before_baseline(tables).eq(other=True)
    return later & (scores["rated_on"] < started) & ~told_already


def _before_referral(tables: Tables) -> "pd.Series[bool]":
    scores = tables["scores"]
    ids = scores["subject_id"]
    referral = tables.look_up("episodes", "episode_id", ids, "referral_id")
    referred = tables.look_up("referrals", "referral_id", referral, "referred_on")
    at_start = scores["value"].notna() & (scores["occasion"] == "baseline")
    return at_start & (scores["rated_on"] < referred)


def _session_beyond(tables: Tables) -> "pd.Series[bool]":
    scores = tables["scores"]
    planned = scores["subject_id"].map(planned_sessions(tables))
    return (scores["occasion"] == "session") & (scores["session_no"] > planned)


SCORE_RULES: Final = (
    Rule(
        "scores.value",
        "outside the range of the instrument",
        "check the scale, and whether the instrument is the right one",
        ("scores.instrument", "scores.item"),
        _outside_range,
    ),
    Rule(
        "scores.rated_on",
        "empty though there is a rating",
        "fill it",
        ("scores.value",),
        _undated,
    ),
    Rule(
        "scores.occasion",
        "`session` without a number of the session",
        "fill session_no",
        (),
        _session_not_named,
    ),
    Rule(
        "scores.occasion",
        "a second baseline, end form or follow-up of the same item",
        "leave one, and call the others `session` with their session_no",
        (*(f"scores.{name}" for name in _ITEM), "scores.value", "scores.session_no"),
        _rated_again,
    ),
    Rule(
        "scores.rated_on",
        "a goal rated before it was set: earlier than its baseline",
        "mend one of the dates, or the occasion",
        (*(f"scores.{name}" for name in _ITEM), "scores.value", "scores.occasion"),
        _before_baseline,
    ),
    Rule(
        "scores.rated_on",
        "rated before the course began",
        "mend the date, started_on, or call it the baseline",
        (*_FOR_EPISODES, "episodes.started_on", *(f"scores.{name}" for name in _ITEM),
         "scores.value", "scores.occasion"),
        _before_start,
    ),
    Rule(
        "scores.rated_on",
        "a baseline earlier than the referral",
        "mend one of the two dates",
        (*_FOR_EPISODES, "episodes.referral_id", "referrals.referral_id", "referrals.referred_on",
         "scores.subject_id", "scores.value", "scores.occasion"),
        _before_referral,
    ),
    Rule(
        "scores.session_no",
        "more than the sessions planned",
        "mend it, or sessions_planned of the group",
        (*_FOR_EPISODES, "episodes.referral_id", "scores.subject_id", "scores.occasion"),
        _session_beyond,
    ),
)  # fmt: skip
