"""Every exclusion on the way to the follow-up is counted."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpcstats._vocabulary import FLOW
from rpcstats.data.flow import flow
from rpcstats.data.followup import followup
from rpcstats.errors import SchemaError


def excluded(frame):
    return dict(zip(frame["stage"], frame["n_excluded"], strict=True))


def test_by_hand_at_an_early_cut(hand_made):
    frame = flow(hand_made, data_cut="2024-02-28", observed_from="2024-01-20")
    assert tuple(frame.columns) == FLOW
    assert excluded(frame) == {
        "in_extract": 0,
        "referred_after_cut": 1,  # r19
        "duplicate": 1,  # r18 repeats r17
        "inappropriate": 1,  # r15
        "pending": 1,  # r16
        "not_enrolled": 1,  # r17
        "not_started": 1,  # r12
        "started_after_cut": 1,  # r11
        "open": 1,  # r14
        "no_session_record": 0,  # e13 began before observation and is shown at session 2
        "left_before_observation": 3,  # e03, e04, e13
        "followed_up": 0,
    }
    assert frame["n"].iloc[[0, -1]].tolist() == [19, 8]


def test_by_hand_at_the_end(hand_made):
    found = excluded(flow(hand_made))
    assert found["not_enrolled"] == 2  # r17 and r19
    assert found["no_session_record"] == 1  # e13 is not shown at session 1
    assert found["started_after_cut"] == found["referred_after_cut"] == 0
    assert "left_before_observation" not in found


def test_steps_that_are_not_recorded_are_left_out(hand_made):
    referrals = hand_made.table("referrals").drop(columns="decision")
    bare = hand_made.changed(referrals=referrals, sessions=None)
    assert not {"inappropriate", "pending", "no_session_record"} & set(flow(bare)["stage"])


@pytest.mark.parametrize(
    ("days", "first_has_course", "second_has_course", "n_duplicates"),
    [
        (28, False, False, 1),  # the first stays
        (29, False, False, 0),  # too far apart to be a repeat
        (28, False, True, 1),  # the one with a course stays
        (28, True, True, 0),  # two courses are two referrals
    ],
)
def test_what_a_duplicate_is(hand_made, days, first_has_course, second_has_course, n_duplicates):
    referrals = hand_made.table("referrals").iloc[:2].copy()
    referrals["person_id"] = "p01"
    referrals["referred_on"] = pd.to_datetime(["2023-12-01", "2023-12-01"])
    referrals["screened_on"] = referrals["referred_on"]
    referrals.loc[1, "referred_on"] += pd.Timedelta(days=days)
    keep = [first_has_course, second_has_course]
    small = hand_made.changed(
        referrals=referrals, episodes=hand_made.table("episodes").iloc[:2][keep]
    )
    assert excluded(flow(small))["duplicate"] == n_duplicates
    assert len(followup(small)) == sum(keep)


def test_two_courses_of_one_referral_both_count(hand_made):
    episodes = hand_made.table("episodes")
    episodes.loc[episodes["episode_id"] == "e11", "referral_id"] = "r01"
    doubled = hand_made.changed(episodes=episodes)
    frame = flow(doubled)
    assert frame["n"].iloc[0] == 20
    assert frame["n"].iloc[-1] == len(followup(doubled))


def test_needs_episodes(hand_made):
    with pytest.raises(SchemaError):
        flow(hand_made.changed(episodes=None))


DAYS = st.integers(0, 90).map(lambda d: (pd.Timestamp("2024-01-01") + pd.Timedelta(days=d)).date())
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(cut=DAYS, start=st.none() | DAYS)
def test_flow_closes_on_the_followup(hand_made, cut, start):
    if start is not None:
        start, cut = sorted((start, cut))
    frame = flow(hand_made, data_cut=cut, observed_from=start)
    assert (frame["n_excluded"] >= 0).all()
    assert frame["n"].iloc[0] == 19
    assert (-frame["n"].diff().iloc[1:] == frame["n_excluded"].iloc[1:]).all()
    assert frame["n"].iloc[-1] == len(followup(hand_made, data_cut=cut, observed_from=start))
