"""What must hold of states and repeated events whatever the data."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.survival.states.mean_cumulative import mean_cumulative
from rpcstats.survival.states.multistate import multistate
from rpcstats.survival.states.split_episodes import split_episodes

# Sums and products in another order.
EXACT = 1e-12
QUICK = settings(max_examples=25, deadline=None)


@st.composite
def walks(draw):
    """Histories of a few persons between three states, one transition at least."""
    rows = [(0, 0, draw(st.integers(1, 3)), "b")]
    for person in range(1, draw(st.integers(2, 8))):
        time, state = draw(st.integers(0, 2)), "a"
        for _ in range(draw(st.integers(1, 4))):
            end = time + draw(st.integers(1, 3))
            to = draw(st.sampled_from([name for name in ("a", "b", "c", "none") if name != state]))
            rows.append((person, time, end, to))
            state, time = (state if to == "none" else to), end
    frame = pd.DataFrame(rows, columns=["id", "entry", "time", "state"])
    frame["state"] = pd.Categorical(frame["state"], categories=["none", "a", "b", "c"])
    return frame


def values(fit):
    return fit.tidy()[["estimate", "std_error", "n_risk", "n_event", "n_censor"]].to_numpy()


@QUICK
@given(walks())
def test_probabilities_sum_to_one(frame):
    table = multistate(frame, start="a").tidy()
    assert np.allclose(table.groupby("time")["estimate"].sum(), 1, atol=EXACT)
    assert table["estimate"].between(-EXACT, 1 + EXACT).all()
    times = multistate(frame, start="a").transition_probabilities().tidy()
    assert np.allclose(times.groupby(["from_state", "time"])["estimate"].sum(), 1, atol=EXACT)


@QUICK
@given(walks(), st.lists(st.integers(0, 12), max_size=4))
def test_cutting_rows_changes_nothing(frame, cuts):
    whole = multistate(frame, start="a")
    pieces = split_episodes(
        frame, at=[cut + 0.5 for cut in cuts], entry="entry", event="state", id="id"
    )
    np.testing.assert_allclose(values(multistate(pieces, start="a")), values(whole), atol=EXACT)


@QUICK
@given(walks(), st.randoms(use_true_random=False))
def test_order_of_rows_and_unit_of_time_change_nothing(frame, random):
    order = list(range(len(frame)))
    random.shuffle(order)
    other = frame.iloc[order].assign(entry=frame["entry"] * 7.0, time=frame["time"] * 7.0)
    once, again = multistate(frame, start="a"), multistate(other, start="a")
    np.testing.assert_allclose(values(again), values(once), atol=EXACT)
    np.testing.assert_allclose(again.curves[0].time, 7.0 * once.curves[0].time)


@QUICK
@given(walks())
def test_other_names_of_states_permute_the_curves(frame):
    names = {"none": "none", "a": "z", "b": "y", "c": "x"}
    other = frame.assign(
        state=pd.Categorical(frame["state"].map(names), categories=["none", "x", "y", "z"])
    )
    once = multistate(frame, start="a").tidy()
    again = multistate(other, start="z").tidy()
    once["state"] = once["state"].map(names)
    columns = ["state", "time"]
    left = once.sort_values(columns)[["estimate", "std_error"]].to_numpy()
    right = again.sort_values(columns)[["estimate", "std_error"]].to_numpy()
    np.testing.assert_allclose(left, right, atol=EXACT)


@QUICK
@given(walks())
def test_everybody_twice_halves_the_variance(frame):
    doubled = pd.concat([frame, frame.assign(id=frame["id"] + 100)])
    once, again = multistate(frame, start="a"), multistate(doubled, start="a")
    error, less = once.tidy()["std_error"], again.tidy()["std_error"]
    np.testing.assert_allclose(less * np.sqrt(2), error, atol=1e-9)
    paired = doubled.assign(pair=doubled["id"] % 100)
    by_pair = multistate(paired, "Surv(entry, time, state) ~ cluster(pair)", start="a")
    np.testing.assert_allclose(by_pair.tidy()["std_error"], error, atol=1e-9)


@QUICK
@given(walks(), st.lists(st.integers(0, 12), max_size=3))
def test_mean_functions_do_not_see_cuts_and_count_events(frame, cuts):
    frame = frame.assign(event=(frame["state"] != "none").astype(int))
    formula = "Surv(entry, time, event) ~ 1"
    whole = mean_cumulative(formula, frame, id="id").tidy()
    pieces = split_episodes(frame, at=[cut + 0.5 for cut in cuts], entry="entry", id="id")
    pd.testing.assert_frame_equal(mean_cumulative(formula, pieces, id="id").tidy(), whole)
    assert whole["n_event"].sum() == frame["event"].sum()
