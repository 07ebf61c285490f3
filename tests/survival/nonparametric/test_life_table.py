"""Life tables worked by hand."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats import _vocabulary as v
from rpcstats.errors import DataError, ParameterError
from rpcstats.survival import kaplan_meier
from rpcstats.survival.nonparametric.life_table import life_table

ALL, LATE = "Surv(time, event) ~ 1", "Surv(entry, time, event) ~ 1"


def test_six_starters_by_hand(six):
    table = life_table(ALL, six)
    frame = table.tidy()
    assert tuple(frame.columns) == v.LIFE_TABLE
    assert frame["n_risk"].tolist() == [6, 5, 3, 2]
    np.testing.assert_allclose(frame["hazard"], [1 / 6, 2 / 5, 0, 1 / 2], rtol=1e-14)
    np.testing.assert_allclose(frame["hazard_std_error"] ** 2, [5 / 216, 6 / 125, 0, 1 / 8])
    np.testing.assert_allclose(frame["estimate"], [5 / 6, 1 / 2, 1 / 2, 1 / 4], rtol=1e-14)
    np.testing.assert_allclose(frame["std_error"][3], 1 / 4 * np.sqrt(2 / 3), rtol=1e-13)
    row = table.glance().iloc[0]
    assert (row["n_obs"], row["n_event"], row["n_missing"]) == (6, 4, 0)


def test_those_censored_count_half_if_asked(six):
    frame = life_table(ALL, six, actuarial=True).tidy()
    np.testing.assert_allclose(frame["hazard"], [1 / 6, 2 / 5, 0, 2 / 3], rtol=1e-14)
    assert frame["n_risk"].tolist() == [6, 5, 3, 2]


def test_a_session_without_anybody_leaving_has_a_row(six):
    frame = life_table(ALL, six.replace({"time": {4: 6}})).tidy()
    assert frame["time"].tolist() == [1, 2, 3, 4, 5, 6]
    assert frame["n_risk"].tolist() == [6, 5, 3, 2, 2, 2]
    assert frame["hazard"][3:5].tolist() == [0, 0]


def test_intervals_of_a_clock_by_hand():
    # (0, 2]: 4 at risk, 1 event, 1 censored; (2, 5]: 2 at risk and 1 who enters at 3, 1 event.
    frame = pd.DataFrame(
        {
            "entry": [0, 0, 0, 0, 3.0],
            "time": [0.5, 2.0, 4.5, 9.0, 7.0],
            "event": [1, 0, 1, 0, 1],
        }
    )
    table = life_table(LATE, frame, breaks=[0, 2, 5]).tidy()
    assert table["time"].tolist() == [2.0, 5.0]
    assert table["n_risk"].tolist() == [4, 3]
    assert table["n_event"].tolist() == [1, 1]
    half = life_table(LATE, frame, breaks=[0, 2, 5], actuarial=True).tidy()
    np.testing.assert_allclose(half["hazard"], [1 / 3.5, 1 / 2.5], rtol=1e-14)
    assert life_table(LATE, frame, breaks=[0, 2, 5, np.inf]).tidy()["n_risk"].tolist() == [4, 3, 2]


@st.composite
def frames(draw):
    n = draw(st.integers(2, 30))
    sized = {"min_size": n, "max_size": n}
    entry = np.array(draw(st.lists(st.integers(0, 4), **sized)))
    return pd.DataFrame(
        {
            "entry": entry,
            "time": entry + np.array(draw(st.lists(st.integers(1, 6), **sized))),
            "event": draw(st.lists(st.integers(0, 1), **sized)),
            "g": draw(st.lists(st.sampled_from("ab"), **sized)),
            "w": draw(st.lists(st.integers(1, 3), **sized)),
        }
    )


@settings(max_examples=15, deadline=None)
@given(frames())
def test_a_table_of_sessions_is_the_kaplan_meier_curve(frame):
    formula = "Surv(entry, time, event) ~ g"
    table = life_table(formula, frame, weights="w").tidy().set_index(["strata", "time"])
    curve = kaplan_meier(formula, frame, weights="w").tidy().set_index(["strata", "time"])
    assert set(curve.index) <= set(table.index)
    columns = ["n_risk", "n_event", "n_censor", "estimate", "std_error", "conf_low", "conf_high"]
    np.testing.assert_allclose(
        table.loc[curve.index, columns], curve[columns], rtol=1e-9, atol=1e-12
    )
    between = table.drop(index=curve.index)
    assert (between[["n_event", "n_censor"]] == 0).all(axis=None)
    assert (table["n_risk"] > 0).all()


def test_plot_and_summary(six):
    table = life_table("Surv(time, event) ~ mode", six)
    assert "Fewer than 10 at risk" in str(table.summary())
    with mpl.rc_context({"backend": "agg"}):
        assert table.plot().has_data()
        assert life_table(ALL, six, breaks=[0, 2, np.inf]).plot().has_data()


@pytest.mark.parametrize(
    ("options", "changes", "error", "message"),
    [
        ({}, {"time": [1, 2, 2, 3, 4, 4.5]}, DataError, "breaks="),
        ({}, {"time": [1, 2, 2, 3, 4, 1e9]}, DataError, "10,000 sessions"),
        ({"breaks": [0]}, {}, ParameterError, "rising"),
        ({"breaks": [0, 3, 2]}, {}, ParameterError, "rising"),
        ({"breaks": [1, 5]}, {}, ParameterError, "before the first interval"),
        ({"conf_level": 95}, {}, ParameterError, "conf_level"),
    ],
)
def test_faulty_calls_are_refused(six, options, changes, error, message):
    with pytest.raises(error, match=message):
        life_table(ALL, six.assign(**changes), **options)
