"""Rules of referrals and episodes."""

from typing import Final

import pandas as pd

from rpcstats.data.rules import Rule, Tables, latest_of

SAME_REFERRAL_DAYS: Final = 28
_AFTER_START: Final = ("completed", "not_completed", "dropped_out")


def _screened_early(tables: Tables) -> "pd.Series[bool]":
    frame = tables["referrals"]
    return frame["screened_on"] < frame["referred_on"]


def _reason_without_refusal(tables: Tables) -> "pd.Series[bool]":
    frame = tables["referrals"]
    return frame["decision_reason"].notna() & frame["decision"].isin(["appropriate", "pending"])


def _crowded_couple(tables: Tables) -> "pd.Series[bool]":
    frame = tables["referrals"]
    persons = frame.groupby("couple_id")["person_id"].transform("nunique")
    return persons > 2


def _referred_again(tables: Tables) -> "pd.Series[bool]":
    frame = tables["referrals"].dropna(subset=["person_id", "referred_on"])
    ordered = frame.sort_values(["person_id", "referred_on"], kind="stable")
    gap = ordered.groupby("person_id")["referred_on"].diff()
    soon = gap <= pd.Timedelta(days=SAME_REFERRAL_DAYS)
    return soon.reindex(tables["referrals"].index)


def _outside_period(tables: Tables) -> "pd.Series[bool]":
    referred = tables["referrals"]["referred_on"]
    start = pd.Timestamp(tables.council.period_start)
    end = pd.Timestamp(tables.council.period_end)
    return (referred < start) | (referred > end)


def _pathway(tables: Tables) -> pd.DataFrame:
    """Put the dates of a referral beside those of its episodes."""
    frame = tables["episodes"].copy()
    if tables.has("referrals.referral_id"):
        for name in ("referred_on", "screened_on"):
            if tables.has(f"referrals.{name}"):
                ids = frame["referral_id"]
                frame[name] = tables.look_up("referrals", "referral_id", ids, name)
    return frame


def _enrolled_early(tables: Tables) -> "pd.Series[bool]":
    frame = _pathway(tables)
    return frame["enrolled_on"] < latest_of(frame, ["referred_on", "screened_on"])


def _started_early(tables: Tables) -> "pd.Series[bool]":
    frame = _pathway(tables)
    earlier = ["referred_on", "screened_on", "enrolled_on"]
    return frame["started_on"] < latest_of(frame, earlier)


def _ended_early(tables: Tables) -> "pd.Series[bool]":
    frame = _pathway(tables)
    earlier = ["referred_on", "screened_on", "enrolled_on", "started_on"]
    return frame["ended_on"] < latest_of(frame, earlier)


def _open_but_ended(tables: Tables) -> "pd.Series[bool]":
    frame = tables["episodes"]
    return (frame["outcome"] == "open") & frame["ended_on"].notna()


def _ended_without_day(tables: Tables) -> "pd.Series[bool]":
    frame = tables["episodes"]
    return frame["outcome"].notna() & (frame["outcome"] != "open") & frame["ended_on"].isna()


def _started_or_not(tables: Tables) -> "pd.Series[bool]":
    frame = tables["episodes"]
    never = (frame["outcome"] == "not_started") & frame["started_on"].notna()
    return never | (frame["outcome"].isin(_AFTER_START) & frame["started_on"].isna())


def _reason_without_dropout(tables: Tables) -> "pd.Series[bool]":
    frame = tables["episodes"]
    return frame["reason"].notna() & frame["outcome"].notna() & (frame["outcome"] != "dropped_out")


def _not_appropriate(tables: Tables) -> "pd.Series[bool]":
    ids = tables["episodes"]["referral_id"]
    decision = tables.look_up("referrals", "referral_id", ids, "decision")
    return decision.notna() & (decision != "appropriate")


PATHWAY_RULES: Final = (
    Rule(
        "referrals.screened_on",
        "earlier than referred_on",
        "mend one of the two dates",
        ("referrals.referred_on",),
        _screened_early,
    ),
    Rule(
        "referrals.decision_reason",
        "a reason though the referral was not found inappropriate",
        "empty the reason, or mend the decision",
        ("referrals.decision",),
        _reason_without_refusal,
    ),
    Rule(
        "referrals.couple_id",
        "a couple of more than two persons",
        "give each couple an id of its own",
        ("referrals.person_id",),
        _crowded_couple,
    ),
    Rule(
        "referrals.person_id",
        f"referred again within {SAME_REFERRAL_DAYS} days",
        "check whether it is one referral, entered twice",
        ("referrals.referred_on",),
        _referred_again,
        "warning",
    ),
    Rule(
        "referrals.referred_on",
        "outside the period",
        "check `period` in council.yml, or leave the rows out",
        (),
        _outside_period,
        "warning",
    ),
    Rule(
        "episodes.enrolled_on",
        "earlier than the referral or the screening",
        "mend one of the dates",
        ("referrals.referral_id", "episodes.referral_id"),
        _enrolled_early,
    ),
    Rule(
        "episodes.started_on",
        "earlier than the referral, the screening or the enrolment",
        "mend one of the dates",
        ("episodes.referral_id",),
        _started_early,
    ),
    Rule(
        "episodes.ended_on",
        "earlier than the referral, the screening, the enrolment or the start",
        "mend one of the dates",
        ("episodes.referral_id",),
        _ended_early,
    ),
    Rule(
        "episodes.outcome",
        "`open` though the episode has ended",
        "empty ended_on, or mend the outcome",
        ("episodes.ended_on",),
        _open_but_ended,
    ),
    Rule(
        "episodes.ended_on",
        "empty though the outcome is not `open`",
        "fill ended_on, or mend the outcome",
        ("episodes.outcome",),
        _ended_without_day,
    ),
    Rule(
        "episodes.started_on",
        "does not agree with the outcome",
        "fill it where the person started, empty it where the outcome is `not_started`",
        ("episodes.outcome",),
        _started_or_not,
    ),
    Rule(
        "episodes.reason",
        "a reason though the outcome is not `dropped_out`",
        "empty the reason, or mend the outcome",
        ("episodes.outcome",),
        _reason_without_dropout,
    ),
    Rule(
        "episodes.referral_id",
        "the referral was not found appropriate",
        "check the decision of the referral",
        ("referrals.referral_id", "referrals.decision"),
        _not_appropriate,
        "warning",
    ),
)
