"""The grid of starters, goals and occasions: by hand, and from a cohort that was drawn."""

import numpy as np
import pandas as pd
import pytest

from rpcstats._vocabulary import GOAL_SCORES, SCORE_STATES
from rpcstats.data import goal_scores, response_flow
from rpcstats.errors import DataError, ParameterError, SchemaError
from rpcstats.simulate import simulate_extract, simulation

WEEK = pd.Timedelta(weeks=1)
STARTS = {"e01": "2024-01-08", "e03": "2024-01-08", "e05": "2024-02-05", "e09": "2024-01-08"}


def rating(episode, occasion, value, session=None, on=None, **changed):
    """One rating of the first goal, by the parent."""
    day = pd.Timestamp(on or STARTS.get(episode, "2024-01-08"))
    return {
        "subject_id": episode,
        "instrument": "gbo",
        "item": "goal_1",
        "occasion": occasion,
        "session_no": session,
        "rated_on": day + WEEK * ((session or 1) - 1),
        "respondent": "self",
        "value": value,
        **changed,
    }


def scores(*rows):
    frame = pd.DataFrame(list(rows))
    return frame.assign(session_no=frame["session_no"].astype("Int64"))


@pytest.fixture
def rated(hand_made):
    """e01 completed, e03 left after session 2, e05 was lost after session 2, e11 goes on."""
    return hand_made.changed(
        scores=scores(
            rating("e01", "baseline", 2.0),
            rating("e01", "session", 4.0, session=3),
            rating("e01", "end", 7.0, on="2024-02-12"),
            rating("e01", "baseline", 5.0, item="goal_2", weight=2.0),
            rating("e03", "baseline", 3.0),
            rating("e03", "session", 4.0, session=2),
            rating("e03", "end", 6.0, on="2024-02-20"),
            rating("e05", "baseline", 3.0),
            rating("e11", "session", 3.0, session=2, on="2024-03-04"),
        )
    )


def of(frame, episode, item="goal_1"):
    return frame[(frame["episode_id"] == episode) & (frame["item"] == item)]


def test_the_grid_by_hand(rated):
    frame = goal_scores(rated)
    assert tuple(frame.columns) == GOAL_SCORES
    assert frame["state"].cat.categories.tolist() == list(SCORE_STATES)
    completed = of(frame, "e01")
    assert completed["session"].tolist() == [1, 2, 3, 4, 5, 6]
    assert completed["occasion"].tolist() == ["baseline", *["session"] * 4, "end"]
    np.testing.assert_allclose(completed["stage"], np.arange(6) / 5)
    assert completed["state"].tolist() == ["rated", "missed", "rated", "missed", "missed", "rated"]
    assert completed["score"].dropna().tolist() == [2.0, 4.0, 7.0]
    assert completed[["completed", "answered", "is_due"]].all(axis=None)
    assert completed["reached"].eq(1.0).all()
    second = of(frame, "e01", "goal_2")
    assert second["state"].tolist() == ["rated", *["missed"] * 5]
    assert second["weight"].eq(2.0).all()
    assert completed["weight"].eq(1.0).all()


def test_what_comes_after_leaving_by_hand(rated):
    frame = goal_scores(rated)
    left = of(frame, "e03")
    assert left["state"].tolist() == ["rated", "rated", *["left"] * 3, "rated_after_leaving"]
    assert left["score"].tolist()[-1] == 6.0
    assert left["status"].eq("dropped_out").all()
    assert left["last"].eq(2).all()
    np.testing.assert_allclose(left["reached"], 0.2)
    assert left["answered"].all()
    lost = of(frame, "e05")  # nobody closed it, but two absences in a row: dropped out
    assert lost["status"].eq("dropped_out").all()
    assert lost["state"].tolist() == ["rated", "missed", *["left"] * 4]
    moved = of(frame, "e09")
    assert moved["status"].eq("transferred").all()
    assert moved["state"].tolist() == [*["missed"] * 3, *["left"] * 3]


def test_an_open_course_has_what_is_not_due(rated):
    going_on = of(goal_scores(rated), "e11")  # sessions 1 to 3 held by 31 March
    assert going_on["state"].tolist() == ["missed", "rated", "missed", *["not_due"] * 3]
    assert going_on["reached"].isna().all()
    assert not going_on["is_due"].any()


def test_a_dropout_from_a_course_that_still_runs_is_in_no_base(hand_made, rated):
    # g1 ends on 12 February; on the last day of January e03 has left and e01 is still in.
    early = goal_scores(rated, data_cut="2024-01-31")
    assert not early["is_due"].any()
    assert of(early, "e03")["status"].eq("dropped_out").all()
    assert of(early, "e03")["score"].notna().sum() == 2  # the end form came later


def test_a_starter_without_a_rating_has_rows_all_the_same(rated):
    silent = of(goal_scores(rated), "e04")
    assert silent["item"].tolist() == ["goal_1"] * 6
    assert silent["score"].isna().all()
    assert silent["state"].tolist() == ["missed", *["left"] * 5]


def test_every_starter_is_there_once_for_each_goal_and_occasion(rated):
    frame = goal_scores(rated)
    assert frame["episode_id"].nunique() == frame.attrs["starters"] == 11
    assert not frame.duplicated(["episode_id", "item", "occasion", "session"]).any()
    sizes = frame.groupby(["episode_id", "item"]).size()
    assert sizes.eq(6).all()


def test_a_rating_at_the_first_and_last_session_stands_for_the_forms(hand_made):
    given = scores(
        rating("e01", "session", 2.0, session=1),
        rating("e01", "session", 8.0, session=6),
        rating("e02", "baseline", 3.0),
        rating("e02", "session", 4.0, session=1),
        rating("e02", "session", 5.0, session=6),
        rating("e02", "end", 6.0, on="2024-02-12"),
    )
    frame = goal_scores(hand_made.changed(scores=given))
    assert of(frame, "e01")["score"].tolist()[::5] == [2.0, 8.0]
    assert of(frame, "e02")["score"].tolist()[::5] == [3.0, 6.0]
    assert frame.attrs["excluded"] == (
        ("at the first session, beside a form of the baseline", 1),
        ("at the last session, beside a form of the end", 1),
    )


def test_a_course_of_one_session_has_a_form_before_and_one_after(hand_made):
    groups = hand_made.table("groups").assign(sessions_planned=1)
    sessions = hand_made.table("sessions")
    given = scores(rating("e04", "baseline", 2.0), rating("e04", "end", 5.0))
    episodes = hand_made.table("episodes")
    episodes = episodes[episodes["episode_id"] == "e04"].assign(outcome="completed")
    small = hand_made.changed(
        groups=groups,
        scores=given,
        episodes=episodes,
        sessions=sessions[sessions["session_no"] == 1],
    )
    frame = goal_scores(small)
    assert frame["session"].tolist() == [1, 1]
    assert frame["stage"].tolist() == [0.0, 0.0]
    assert frame["occasion"].tolist() == ["baseline", "end"]
    assert frame["score"].tolist() == [2.0, 5.0]
    assert frame["reached"].tolist() == [1.0, 1.0]


def test_follow_ups_are_there_where_they_were_rated(rated, hand_made):
    more = pd.concat(
        [rated.table("scores"), scores(rating("e01", "m3", 8.0, on="2024-03-30"))],
        ignore_index=True,
    )
    frame = goal_scores(hand_made.changed(scores=more))
    later = frame[frame["occasion"] == "m3"]
    assert later["score"].tolist() == [8.0]
    assert later[["session", "stage"]].isna().all(axis=None)
    assert later["state"].tolist() == ["rated"]
    assert frame.attrs["followups"] == (("m3", 1),)


def test_attributes_say_what_was_rated(rated):
    attrs = goal_scores(rated).attrs
    assert (attrs["instrument"], attrs["direction"], attrs["sessions"]) == ("gbo", "up", 6)
    assert (attrs["minimum"], attrs["maximum"]) == (0.0, 10.0)
    assert attrs["synthetic"] is False
    assert attrs["excluded"] == ()


@pytest.mark.parametrize("table", [None, "other"])
def test_without_goals_there_are_no_rows_but_a_count_of_starters(hand_made, rated, table):
    given = None if table is None else rated.table("scores").assign(instrument="wemwbs")
    frame = goal_scores(hand_made.changed(scores=given))
    assert tuple(frame.columns) == GOAL_SCORES
    assert frame.empty
    assert frame.attrs["instrument"] is None
    assert frame.attrs["starters"] == 11
    assert response_flow(frame)["n"].tolist() == [11]


def test_what_can_not_be_told_is_refused(rated, hand_made):
    with pytest.raises(SchemaError, match="register"):
        goal_scores(rated.changed(sessions=None))
    with pytest.raises(SchemaError, match="no table `episodes`"):
        goal_scores(hand_made.changed(episodes=None))
    with pytest.raises(ParameterError, match="unknown instrument"):
        goal_scores(rated, instrument="gbos")
    with pytest.raises(ParameterError, match="did you mean partner"):
        goal_scores(rated, respondent="partners")


def test_several_instruments_have_to_be_told_apart(rated):
    both = rated.table("scores")
    both.loc[0, "instrument"] = "gas"
    two = rated.changed(scores=both)
    with pytest.raises(ParameterError, match="instrument='gbo' or instrument='gas'"):
        goal_scores(two)
    assert goal_scores(two, instrument="gas")["score"].count() == 1


@pytest.mark.parametrize(
    ("change", "match"),
    [({"value": 11.0}, "1 ratings lie outside 0 to 10"), ({"session": 4}, "1 ratings repeat")],
)
def test_ratings_that_contradict_are_refused(rated, change, match):
    session = change.pop("session", 3)
    bad = scores(rating("e01", "session", change.get("value", 5.0), session=session))
    more = pd.concat([rated.table("scores"), bad, bad], ignore_index=True)
    more = more.drop_duplicates() if "value" in change else more
    more = more[~((more["session_no"] == 3) & (more["value"] == 4.0))]
    with pytest.raises(DataError, match=match):
        goal_scores(rated.changed(scores=more))


def test_the_first_visit_can_speak_for_a_family():
    extract = simulate_extract("nottinghamshire_family_days", seed=3).extract
    every = goal_scores(extract, instrument="rating4")
    first = goal_scores(extract, instrument="rating4", courses="first")
    assert first["person_id"].nunique() == first["episode_id"].nunique() == 140
    ends = first.loc[first["occasion"] == "end", "score"]
    assert ends.value_counts().to_dict() == {4.0: 112, 3.0: 28}
    (words, n), *others = first.attrs["excluded"]
    assert words == "of a later course of the same person"
    assert others == []
    assert n == every["score"].count() - 140
    with pytest.raises(ParameterError, match="courses='first'"):
        goal_scores(extract, instrument="rating4", courses="last")


def test_a_simulated_extract_gives_what_its_cohort_implies(monkeypatch):
    kept = {}

    def remember(name):
        original = getattr(simulation, name)

        def wrapped(*arguments, **named):
            kept[name] = original(*arguments, **named)
            return kept[name]

        monkeypatch.setattr(simulation, name, wrapped)

    remember("draw_cohort")
    remember("take_identifiers")
    drawn = simulate_extract("herts_pws", mode="expectation", n=1_230, seed=11)
    frame = goal_scores(drawn.extract).set_index(["episode_id", "item", "session"])
    cohort, ids = kept["draw_cohort"], kept["take_identifiers"]
    register = drawn.tables["sessions"]
    held = register[register["attended"] != "cancelled"].groupby("episode_id")["session_no"].max()
    names = ids.episode[cohort.starters]
    expected = pd.concat([implied(cohort, row, name, held) for row, name in enumerate(names)])
    within = frame[frame["occasion"].isin(["baseline", "session", "end"])].sort_index()
    expected = expected.set_index(["episode_id", "item", "session"]).sort_index()
    assert within.index.tolist() == expected.index.tolist()
    np.testing.assert_array_equal(within["score"], expected["score"])
    assert within["state"].tolist() == expected["state"].tolist()
    assert within["completed"].tolist() == expected["completed"].tolist()
    assert within["answered"].tolist() == expected["answered"].tolist()
    np.testing.assert_allclose(within["reached"], expected["reached"])


def implied(cohort, row, name, held):
    """Give the rows of one starter straight from the draw, goal by goal."""
    course, goals = cohort.course, cohort.goals
    dropped, is_open, last = course.dropped[row], course.is_open[row], int(course.last[row])
    seen = int(held[name]) if is_open else last
    rows = []
    for goal in range(goals.n_goals[row]):
        for k in range(1, 7):
            was_in = k <= (seen if is_open else last)
            there = course.attended[row, k - 1] and k <= last
            if k == 6:
                there = cohort.answered[row]
            value = cohort.end[row, goal] if k == 6 else goals.ratings[row, goal, k - 1]
            after = "left" if dropped else "not_due"
            state = "missed" if was_in else after
            if there:
                state = "rated_after_leaving" if dropped and k > last else "rated"
            rows.append((name, f"goal_{goal + 1}", k, value if there else np.nan, state))
    frame = pd.DataFrame(rows, columns=["episode_id", "item", "session", "score", "state"])
    reached = np.nan if is_open else ((last - 1) / 5 if dropped else 1.0)
    return frame.assign(
        completed=cohort.completed[row], answered=cohort.answered[row], reached=reached
    )
