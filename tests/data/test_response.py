"""Who answered, and what was left out: every exclusion is counted."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpcstats._numerics.intervals import wilson
from rpcstats._vocabulary import FLOW, FUNNEL
from rpcstats.data import goal_scores, rating_flow, read_extract, response_flow
from rpcstats.errors import DataError
from rpcstats.simulate import Truth, simulate_extract
from rpcstats.simulate.goal_frames import draw_goal_frame


def with_scores(hand_made, *rows):
    """Each row: episode, occasion, session, day, value, and what differs."""
    names = ["subject_id", "occasion", "session_no", "rated_on", "value"]
    usual = {"instrument": "gbo", "item": "goal_1", "respondent": "self"}
    frame = pd.DataFrame([usual | dict(zip(names, row[:5], strict=True)) | row[5] for row in rows])
    frame["rated_on"] = pd.to_datetime(frame["rated_on"])
    frame["session_no"] = frame["session_no"].astype("Int64")
    return hand_made.changed(scores=frame)


@pytest.fixture
def messy(hand_made):
    return with_scores(
        hand_made,
        ("e01", "baseline", None, "2024-01-08", 2.0, {}),
        ("e01", "end", None, "2024-02-12", 7.0, {}),
        ("e01", "baseline", None, "2024-01-08", 3.0, {"respondent": "partner"}),
        ("e02", "baseline", None, "2024-01-08", None, {}),  # laid out, and left empty
        ("e02", "session", 9, "2024-02-12", 4.0, {}),  # the course has six sessions
        ("e03", "baseline", None, "2024-01-08", 4.0, {}),
        ("e03", "session", 2, "2024-01-15", 5.0, {}),
        ("e12", "baseline", None, "2024-01-08", 4.0, {}),  # never started
        ("e01", "m3", None, "2024-05-12", 8.0, {}),  # after the data cut
    )


def test_every_exclusion_is_counted_by_hand(messy):
    frame = goal_scores(messy)
    flow = rating_flow(frame)
    assert tuple(flow.columns) == FLOW
    told = dict(zip(flow["definition"], flow["n_excluded"], strict=True))
    assert told == {
        "Ratings by the instrument in the extract.": 0,
        "Left out: of somebody who is not among the starters.": 1,
        "Left out: given by another: partner.": 1,
        "Left out: dated after the data cut.": 1,
        "Left out: without a value.": 1,
        "Left out: at a session that the course does not have.": 1,
        "Ratings used.": 0,
    }
    assert flow["n"].tolist()[0] == 9
    assert flow["n"].tolist()[-1] == frame["score"].count() == 4


def test_who_answered_by_hand(messy):
    frame = response_flow(goal_scores(messy))
    assert tuple(frame.columns) == FUNNEL
    counts = frame.set_index("stage")[["n", "base"]].astype("float64")
    # Of the eleven, e11's course goes on; nobody has said how those of e06 and e07 ended.
    expected = {
        "started": (11, np.nan),
        "due": (8, 11),
        "rated_start": (2, 8),
        "rated_later": (2, 8),
        "completed": (1, 8),
        "answered": (1, 1),
    }
    assert list(counts.index) == list(expected)
    for stage, pair in expected.items():
        np.testing.assert_array_equal(counts.loc[stage], pair, err_msg=stage)
    low, high = wilson(2, 8)
    row = frame.set_index("stage").loc["rated_start"]
    np.testing.assert_allclose([row["conf_low"], row["conf_high"]], [low, high])


def test_ratings_of_a_partner_can_be_asked_for(messy):
    frame = goal_scores(messy, respondent="partner")
    assert frame["score"].dropna().tolist() == [3.0]


def test_ratings_that_are_all_missing_leave_every_starter_unrated(messy, hand_made):
    empty = goal_scores(hand_made.changed(scores=messy.table("scores").assign(value=np.nan)))
    assert empty["score"].isna().all()
    assert empty["episode_id"].nunique() == 11
    counts = response_flow(empty).set_index("stage")
    assert counts.loc["rated_start", "n"] == 0
    assert counts.loc["rated_start", "base"] == 8
    assert dict(empty.attrs["excluded"])["without a value"] == 6


def test_empty_values_are_read_and_counted(write_extract, tmp_path, tables):
    blank = {"value": None, "rated_on": None}
    rows = [{**row, **blank} if row["occasion"] == "end" else row for row in tables["scores"]]
    frame = goal_scores(read_extract(write_extract(tmp_path / "one", scores=rows)))
    assert frame.attrs["excluded"] == (("without a value", 1),)
    assert not frame["answered"].any()


def test_couples_are_counted_and_one_parent_alone_is_no_couple(hand_made, messy):
    referrals = hand_made.table("referrals")
    referrals["couple_id"] = None
    referrals.loc[[0, 1], "couple_id"] = "c1"
    referrals.loc[2, "couple_id"] = "c2"  # whose partner was not referred
    frame = goal_scores(messy.changed(referrals=referrals))
    counts = response_flow(frame).set_index("stage")[["n", "base"]].astype("float64")
    assert counts.loc["couples", "n"] == 2
    assert counts.loc["couples_both"].tolist() == [1, 2]
    assert counts.loc["couples_both_answered"].tolist() == [0, 2]


def test_follow_ups_have_the_base_that_was_due(hand_made):
    rated = with_scores(
        hand_made,
        ("e01", "baseline", None, "2024-01-08", 2.0, {}),
        ("e01", "m3", None, "2024-03-20", 8.0, {}),
    )
    frame = goal_scores(rated)
    whole = response_flow(frame).set_index("stage").loc["m3"]
    assert (whole["n"], whole["base"]) == (1, 1)
    # Of a part of the starters nobody can say for how many the day had come.
    part = frame[frame["mode"] == "in_person"]
    part.attrs = frame.attrs
    assert pd.isna(response_flow(part).set_index("stage").loc["m3", "base"])


def test_counts_of_a_drawn_frame():
    drawn = draw_goal_frame(Truth(), n=400, seed=5)
    counts = response_flow(drawn).set_index("stage")["n"]
    people = drawn.drop_duplicates("episode_id")
    assert counts["started"] == counts["due"] == counts["rated_start"] == 400
    assert counts["completed"] == people["completed"].sum()
    assert counts["answered"] == (people["completed"] & people["answered"]).sum()
    with pytest.raises(DataError, match="use goal_scores"):
        rating_flow(drawn)


def test_a_frame_without_its_columns_is_refused():
    with pytest.raises(DataError, match="needs the columns episode_id, person_id"):
        response_flow(pd.DataFrame({"score": [1.0]}))


QUICK = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
DAYS = st.integers(60, 274).map(lambda d: pd.Timestamp("2023-04-01") + pd.Timedelta(days=d))


@pytest.fixture(scope="module")
def hertfordshire():
    return simulate_extract("herts_pws", seed=8).extract


@QUICK
@given(cut=DAYS)
def test_counts_hold_together_at_any_data_cut(hertfordshire, cut):
    frame = goal_scores(hertfordshire, data_cut=cut.date())
    flow = rating_flow(frame)
    assert flow["n"].iloc[-1] == frame["score"].count()
    assert (-flow["n"].diff().iloc[1:] == flow["n_excluded"].iloc[1:]).all()
    counts = response_flow(frame)
    has_base = counts["base"].notna()
    assert (counts["n"] <= counts["base"])[has_base].all()
    assert not (frame["state"].isin(["missed", "left", "not_due"]) & frame["score"].notna()).any()
    assert frame.loc[frame["state"].isin(["rated", "rated_after_leaving"]), "score"].notna().all()
