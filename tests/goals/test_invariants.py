"""What must not change when names, order or direction do."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.goals import goal_change, progress, reliable_change

from .conftest import SESSIONS, frame_of, rows_of

NAN = float("nan")

ratings = st.one_of(st.just(NAN), st.integers(0, 10).map(float))
goals_of_parent = st.lists(
    st.tuples(st.integers(0, 10).map(float), ratings, ratings, ratings), min_size=1, max_size=3
)


@st.composite
def parents(draw):
    """A few parents who stay, leave or are still on the course."""
    found = []
    for i in range(draw(st.integers(2, 7))):
        status = draw(st.sampled_from(["completed", "not_completed", "dropped_out", "open"]))
        last = SESSIONS if status.endswith("completed") else draw(st.integers(1, 3))
        scores = [
            [x if k < last or (k == SESSIONS - 1 and status != "open") else NAN
             for k, x in enumerate(goal)]
            for goal in draw(goals_of_parent)
        ]  # fmt: skip
        cluster = f"g{draw(st.integers(1, 3))}"
        found.append(rows_of(f"e{i}", scores, status=status, last=last, cluster=cluster))
    return found


def counts(frame):
    return progress(frame).tidy()


@settings(max_examples=40, deadline=None)
@given(parents(), st.integers(0, 999))
def test_order_and_names_do_not_matter(found, seed):
    frame = frame_of(*found)
    shuffled = frame.sample(frac=1, random_state=seed)
    renamed = shuffled.assign(
        episode_id=shuffled["episode_id"].map(lambda name: f"x{hash(name) % 10**9}-{name}"),
        item=shuffled["item"].map({"goal_1": "z", "goal_2": "y", "goal_3": "x"}),
        cluster_id=shuffled["cluster_id"].map(lambda name: f"other {name}"),
    )
    renamed.attrs = frame.attrs
    pd.testing.assert_frame_equal(counts(frame), counts(renamed))


@settings(max_examples=40, deadline=None)
@given(parents())
def test_a_reversed_instrument_gives_the_same_progress(found):
    frame = frame_of(*found)
    reversed_ = frame.assign(score=10.0 - frame["score"])
    reversed_.attrs = frame.attrs | {"direction": "down"}
    pd.testing.assert_frame_equal(counts(frame), counts(reversed_))
    for to in ("end", "last"):
        here, there = (goal_change(x, to=to).tidy() for x in (frame, reversed_))
        pd.testing.assert_frame_equal(
            here[["mean", "best", "worst"]], there[["mean", "best", "worst"]]
        )
        np.testing.assert_allclose(here["start"], 10.0 - there["start"])


@settings(max_examples=40, deadline=None)
@given(parents())
def test_one_more_starter_without_a_rating_moves_base_and_bounds_only(found):
    before = progress(frame_of(*found)).readings()
    silent = rows_of("silent", [[3.0, NAN, NAN, NAN]], status="dropped_out", last=1)
    after = progress(frame_of(*found, silent)).readings()
    started = before["base_label"] == "starters"
    assert before["n"].tolist() == after["n"].tolist()
    assert (after["base"] - before["base"]).tolist() == started.astype(int).tolist()
    assert (after["n_unrated"] - before["n_unrated"]).tolist() == started.astype(int).tolist()
    same = ["estimate", "lowest", "highest"]
    pd.testing.assert_frame_equal(before.loc[~started, same], after.loc[~started, same])
    wider = (after["highest"] - after["lowest"]) >= (before["highest"] - before["lowest"]) - 1e-12
    assert wider[started & (before["base"] > 0)].all()


@settings(max_examples=40, deadline=None)
@given(parents())
def test_bounds_hold_the_estimate_and_counts_are_nested(found):
    result = progress(frame_of(*found))
    rows = result.readings()
    rows = rows[rows["base"] > 0]
    assert (rows["lowest"] <= rows["estimate"]).all()
    assert (rows["estimate"] <= rows["highest"]).all()
    assert rows["highest"].le(1.0).all()
    assert (rows["conf_low"] <= rows["estimate"] + 1e-12).all()
    assert (rows["conf_high"] >= rows["estimate"] - 1e-12).all()
    table = result.tidy().set_index(["base_label", "measure"])["n"].unstack()  # noqa: PD010
    levels = ["rated", "any_goal", "goal_mean", "reliable_change"]
    bases = ["starters", "completers", "completers who answered"]
    nested = table.loc[bases, levels].to_numpy()
    assert (np.diff(nested, axis=0) <= 0).all()
    assert (np.diff(nested, axis=1) <= 0).all()


@settings(max_examples=40, deadline=None)
@given(parents(), st.floats(0.25, 4.0))
def test_a_larger_threshold_never_counts_more(found, more):
    frame = frame_of(*found)
    small = reliable_change(frame, threshold=1.0).tidy()["n"]
    large = reliable_change(frame, threshold=1.0 + more).tidy()["n"]
    assert small.sum() == large.sum() == reliable_change(frame, threshold=1).tidy()["base"].iloc[0]
    assert large[0] <= small[0]
    assert large[2] <= small[2]
    assert large[3] == small[3]
