"""One row per session at risk."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.data.followup import followup
from rpcstats.data.person_period import person_period
from rpcstats.errors import DataError


def spells(rows):
    frame = pd.DataFrame(rows, columns=["episode_id", "entry", "time", "event", "cause"])
    frame["cause"] = pd.Categorical(frame["cause"], categories=["practical", "completed", "open"])
    return frame.assign(group_id="g1", sex="female")


def test_by_hand():
    frame = spells(
        [
            ("a", 0, 2, 1, "practical"),  # sessions 1 and 2, left after 2
            ("b", 1, 3, 0, "completed"),  # entered after session 1
            ("c", 0, 1, 0, "open"),
        ]
    )
    rows = person_period(frame)
    assert list(rows.columns) == ["episode_id", "group_id", "session", "event", "cause", "sex"]
    assert rows[["episode_id", "session", "event", "cause"]].to_numpy().tolist() == [
        ["a", 1, 0, "open"],
        ["a", 2, 1, "practical"],
        ["b", 2, 0, "open"],
        ["b", 3, 0, "completed"],
        ["c", 1, 0, "open"],
    ]


def test_hazards_of_the_hand_made_extract(hand_made):
    rows = person_period(followup(hand_made, data_cut="2024-02-28"))
    table = rows.groupby("session")["event"].agg(["size", "sum"])
    # ten begin; e04 and e08 leave after 1, e03 and e05 after 2, e09 moves after 3, ...
    assert table["size"].tolist() == [10, 8, 6, 5, 2, 2]
    assert table["sum"].tolist() == [2, 2, 0, 0, 0, 0]


def test_no_rows_from_no_spells():
    assert len(person_period(spells([]))) == 0


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("a", 0, 1.5, 1, "practical"), "whole sessions"),
        (("a", 0, None, 1, "practical"), "whole sessions"),
        (("a", 2, 2, 1, "practical"), "after its entry"),
        (("a", -1, 2, 1, "practical"), "after its entry"),
        (("a", 0, "2", 1, "practical"), "whole sessions"),
        (("a", 0, pd.Timestamp(2024, 1, 1), 1, "practical"), "whole sessions"),
        (("a", 0, 1_000_000_000, 1, "practical"), "1,000,000,000 sessions"),
    ],
)
def test_a_clock_it_cannot_count_is_refused(row, message):
    with pytest.raises(DataError, match=message):
        person_period(spells([row]))


def test_a_column_twice_is_refused():
    frame = spells([("a", 0, 2, 1, "practical")])
    with pytest.raises(DataError, match="two columns are called time"):
        person_period(pd.concat([frame, frame[["time"]]], axis=1))


@pytest.mark.parametrize("dtype", ["category", "object", "str"])
def test_causes_need_not_know_that_somebody_stays(dtype):
    frame = spells([("a", 0, 2, 1, "practical")])
    frame["cause"] = frame["cause"].astype("str").astype(dtype)
    assert person_period(frame)["cause"].tolist() == ["open", "practical"]


def test_days_are_refused_even_when_whole(hand_made):
    frame = followup(hand_made, unit="day")
    with pytest.raises(DataError, match="whole sessions"):
        person_period(frame[frame["time"] >= 1])


def test_an_id_twice_is_refused():
    with pytest.raises(DataError, match="more than once"):
        person_period(spells([("a", 0, 1, 0, "open"), ("a", 0, 2, 0, "open")]))


def test_a_frame_of_something_else_is_refused(hand_made):
    with pytest.raises(DataError, match="episode_id"):
        person_period(followup(hand_made, event="start"))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(1, 6), st.booleans()), min_size=1, max_size=30
    )
)
def test_totals(drawn):
    rows = [
        (f"e{i}", entry, entry + length, int(event), "practical" if event else "open")
        for i, (entry, length, event) in enumerate(drawn)
    ]
    frame = spells(rows)
    long = person_period(frame)
    assert len(long) == (frame["time"] - frame["entry"]).sum()
    assert long["event"].sum() == frame["event"].sum()
    assert not long.duplicated(["episode_id", "session"]).any()
    last = long.groupby("episode_id")["session"].max()
    assert last.to_dict() == frame.set_index("episode_id")["time"].to_dict()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=30))
def test_without_censoring_the_life_table_is_the_share_still_attending(times):
    rows = [(f"e{i}", 0, time, 1, "practical") for i, time in enumerate(times)]
    table = person_period(spells(rows)).groupby("session")["event"].agg(["size", "sum"])
    survival = (1 - table["sum"] / table["size"]).cumprod()
    for session, estimate in survival.items():
        assert estimate == pytest.approx(sum(time > session for time in times) / len(times))
