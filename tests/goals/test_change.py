import numpy as np
import pandas as pd
import pytest

from rpcstats.disclosure import disclose
from rpcstats.errors import DataError, DisclosureError, ParameterError
from rpcstats.goals import goal_change

NAN = float("nan")


def by_parent(change):
    return change.tidy().set_index("episode_id")


def test_change_to_the_end_form_by_hand(eight):
    rows = by_parent(goal_change(eight))
    a = rows.loc["a"]
    assert (a["n_goals"], a["n_rated"]) == (2, 2)
    assert (a["start"], a["finish"], a["mean"]) == (3.0, 4.0, 1.0)
    assert (a["best"], a["worst"]) == (3.0, -1.0)
    assert rows["mean"].dropna().to_dict() == {"a": 1.0, "b": 3.0, "c": 0.0}


def test_change_to_the_last_rating_by_hand(eight):
    rows = by_parent(goal_change(eight, to="last"))
    expected = {"a": 1.0, "b": 3.0, "c": 0.0, "d": 1.0, "f": 3.0, "h": 5.0}
    assert rows["mean"].dropna().to_dict() == expected
    assert rows.loc["e", "start"] == 6.0
    assert rows.loc["d", "finish"] == 4.0


def test_an_end_form_rules_out_older_ratings_of_other_goals(parent, frame):
    goals = frame(parent("a", [[2, 3, 4, 5], [2, 8, 8, NAN]]))
    row = by_parent(goal_change(goals, to="last")).loc["a"]
    assert (row["n_goals"], row["n_rated"], row["mean"]) == (2, 1, 3.0)
    assert row["start"] == 2.0


def test_an_end_form_returned_after_leaving_counts_as_the_end(parent, frame):
    goals = frame(parent("a", [[2, 6, NAN, 3]], status="dropped_out", last=2))
    for to in ("end", "last"):
        assert by_parent(goal_change(goals, to=to)).loc["a", "mean"] == 1.0


def test_a_goal_without_a_first_rating_has_no_change(parent, frame):
    goals = frame(parent("a", [[2, 3, 4, 5], [NAN, 8, 8, 9]]))
    row = by_parent(goal_change(goals)).loc["a"]
    assert (row["n_goals"], row["n_rated"], row["mean"]) == (1, 1, 3.0)


def test_a_follow_up_is_not_the_end(parent, frame):
    goals = frame(parent("a", [[2, 3, NAN, NAN]]))
    later = goals.iloc[[0]].assign(occasion="m3", session=NAN, score=9.0)
    both = pd.concat([goals, later], ignore_index=True)
    both.attrs = goals.attrs
    assert by_parent(goal_change(both, to="last")).loc["a", "mean"] == 1.0


def test_a_mean_of_thirds_reaches_one_point(parent, frame):
    goals = frame(parent("a", [[3, 3, 3, 4], [3, 3, 3, 3], [4, 4, 4, 6]]))
    assert by_parent(goal_change(goals)).loc["a", "mean"] == 1.0


def test_classes_by_hand(eight):
    frame = goal_change(eight, to="last").classes().tidy()
    assert frame.set_index("change")["n"].to_dict() == {
        "Down 1 or more": 0,
        "Moved by less than 1": 1,
        "Up 1 to under 2": 2,
        "Up 2 to under 3": 0,
        "Up 3 or more": 2,
        "Not rated since the start": 2,
    }
    assert (frame["base"] == 7).all()
    answered = goal_change(eight).classes(base="answered").tidy()
    assert answered["base"].tolist() == [3] * 6


def test_breaks_name_their_classes(eight):
    change = goal_change(eight, to="last")
    labels = change.classes(breaks=(-2.5, -1, 0, 2)).tidy()["change"].tolist()
    assert labels == [
        "Down 2.5 or more",
        "Down 1 to under 2.5",
        "Down by less than 1",
        "The same, or up by less than 2",
        "Up 2 or more",
        "Not rated since the start",
    ]
    assert change.classes(breaks=(-1, 2)).tidy()["change"].iloc[1] == (
        "Down by less than 1, the same, or up by less than 2"
    )
    with pytest.raises(ParameterError, match="breaks"):
        change.classes(breaks=(1, 1))


@pytest.mark.parametrize(
    "breaks", [(-3, -1, 1, 3), (0.5, 2), (-2, -1), (-1, 2), (1,), (0,), (-2, 0, 2)]
)
def test_classes_hold_what_their_names_say(parent, frame, breaks):
    means = np.arange(-5, 5.25, 0.25)
    goals = frame(*(parent(f"e{i}", [[5, 5, 5, 5 + m]]) for i, m in enumerate(means)))
    rows = goal_change(goals).classes(breaks=breaks).tidy()
    assert rows["n"].sum() == len(means)
    first = (means <= breaks[0]).sum() if breaks[0] < 0 else (means < breaks[0]).sum()
    last = (means > breaks[-1]).sum() if breaks[-1] < 0 else (means >= breaks[-1]).sum()
    assert (rows["n"].iloc[0], rows["n"].iloc[-2]) == (first, last)


def test_results_have_accounts_and_no_single_parent_in_them(eight):
    change = goal_change(eight, to="last")
    glance = change.glance().iloc[0]
    assert (glance["n_obs"], glance["n_rated"], glance["n_not_due"]) == (7, 5, 1)
    text = str(change.summary())
    assert "5 of 7 starters have a change" in text
    assert "episode" not in text
    with pytest.raises(DisclosureError):
        disclose(change, "internal")
    assert disclose(change.classes(), "council").kind == "counts"


def broken(eight, **changes):
    out = eight.assign(**changes)
    out.attrs = dict(eight.attrs)
    return out


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"score": 11.0, "state": "rated"}, "outside 0 to 10"),
        ({"state": "asleep"}, "unknown state"),
        ({"state": "rated"}, "make score and state agree"),
        ({"score": NAN, "state": "missed"}, "no score is there at all"),
        ({"completed": pd.NA}, "completed is not True or False"),
        ({"answered": [True, False] * 20}, "answered differs"),
        ({"item": None}, "no episode_id, cluster_id or item"),
        ({"occasion": "baseline"}, "baselines come twice"),
        ({"score": "five"}, "scores are no numbers"),
    ],
)
def test_bad_frames_get_one_message(eight, changes, said):
    with pytest.raises(DataError, match=said):
        goal_change(broken(eight, **changes))


def test_all_faults_are_listed_at_once_and_no_value_is_shown(eight):
    twice = pd.concat([eight, eight.iloc[:1]])
    twice.attrs = dict(eight.attrs)
    with pytest.raises(DataError) as caught:
        goal_change(twice.assign(score=99.0, state="rated").pipe(lambda f: _keep(f, eight)))
    text = str(caught.value)
    assert text.count("\n  - ") >= 2
    assert "99" not in text


def _keep(frame, like):
    frame.attrs = dict(like.attrs)
    return frame


def test_missing_columns_and_direction_are_named_together(eight):
    bare = eight.drop(columns=["state", "answered"])
    bare.attrs = {}
    with pytest.raises(DataError) as caught:
        goal_change(bare)
    assert all(word in str(caught.value) for word in ("state", "answered", "direction"))
    with pytest.raises(DataError, match="no pandas DataFrame"):
        goal_change({"score": [1]})
    with pytest.raises(DataError, match="no rows"):
        goal_change(_keep(eight.iloc[:0], eight))
    with pytest.raises(ParameterError, match="to is unknown"):
        goal_change(eight, to="m3")
