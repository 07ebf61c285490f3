"""Restricted means worked by hand, and their comparison."""

import numpy as np
import pandas as pd
import pytest

from rpcstats import _vocabulary as v
from rpcstats.errors import FormulaError, ParameterError
from rpcstats.survival import kaplan_meier, rmst, rmst_difference

ALL = "Surv(time, event) ~ 1"


def test_six_starters_by_hand(six):
    # Steps 1, 5/6, 1/2, 1/2: area 17/6. Areas ahead of 1 and 2 are 11/6 and 1:
    # (11/6)^2 / 30 + 2/15 = 53/216.
    result = rmst(ALL, six, tau=4)
    frame = result.tidy()
    assert tuple(frame.columns) == v.MEANS
    assert frame["estimate"][0] == pytest.approx(17 / 6, rel=1e-14)
    assert frame["std_error"][0] == pytest.approx(np.sqrt(53 / 216), rel=1e-14)
    half = 1.959963984540054 * np.sqrt(53 / 216)
    assert frame["conf_high"][0] == pytest.approx(17 / 6 + half, rel=1e-12)
    assert (frame["n_obs"][0], frame["n_event"][0]) == (6, 4)
    assert result.release_kind == "mean"


def test_a_horizon_between_times_by_hand(six):
    # 1 + 5/6 + 1/4; ahead of 1 and 2: 13/12 and 1/4.
    row = rmst(ALL, six, tau=2.5).tidy().iloc[0]
    assert row["estimate"] == pytest.approx(25 / 12, rel=1e-14)
    assert row["std_error"] ** 2 == pytest.approx((13 / 12) ** 2 / 30 + (1 / 4) ** 2 * 2 / 15)


def test_a_horizon_before_the_first_event_is_reached_by_all(six):
    row = rmst(ALL, six, tau=0.5).tidy().iloc[0]
    assert (row["estimate"], row["std_error"]) == (0.5, 0.0)


def test_a_curve_is_not_carried_on_past_its_follow_up():
    frame = pd.DataFrame({"time": [1, 2, 1, 2], "event": [1, 0, 1, 1], "g": ["a", "a", "b", "b"]})
    found = rmst("Surv(time, event) ~ g", frame, tau=3).tidy()
    assert found.loc[0, ["estimate", "std_error", "conf_low", "conf_high"]].isna().all()
    # Group b ends at 0: its area is complete, 1 + 1/2.
    assert found.loc[1, "estimate"] == 1.5
    assert found["n_obs"].tolist() == [2, 2]


def test_the_curve_gives_the_same_as_the_function(six):
    curve = kaplan_meier("Surv(time, event) ~ mode", six).rmst(3)
    pd.testing.assert_frame_equal(curve.tidy(), rmst("Surv(time, event) ~ mode", six, tau=3).tidy())


def test_glance_and_summary(six):
    six.loc[0, "mode"] = None
    result = rmst("Surv(time, event) ~ mode", six, tau=3)
    row = result.glance().iloc[0]
    assert (row["n_obs"], row["n_group"], row["n_missing"], row["tau"]) == (5, 2, 1, 3)
    assert "1 row with missing values" in str(result.summary())


def test_differences_by_hand():
    # No censoring: means 2 and 3, variances sum((x - mean)^2) / n^2 = 2/9 and 2/9.
    frame = pd.DataFrame({"time": [1, 2, 3, 2, 3, 4], "event": 1, "g": list("aaabbb")})
    compared = rmst_difference("Surv(time, event) ~ g", frame, tau=4)
    assert tuple(compared.tidy().columns) == v.CONTRASTS
    table = compared.tidy().set_index("measure")
    assert table["term"].unique().tolist() == ["g=b against g=a"]
    expected = {
        "difference": (1.0, np.sqrt(4 / 9)),
        "ratio": (1.5, np.sqrt(2 / 9 / 4 + 2 / 9 / 9)),
        "ratio of time lost": (0.5, np.sqrt(2 / 9 / 4 + 2 / 9)),
    }
    for measure, (estimate, se) in expected.items():
        assert table.loc[measure, "estimate"] == pytest.approx(estimate, rel=1e-12)
        assert table.loc[measure, "std_error"] == pytest.approx(se, rel=1e-12)
    assert table.loc["ratio", "conf_low"] == pytest.approx(
        1.5 * np.exp(-1.959963984540054 * expected["ratio"][1])
    )
    # A contrast shows the reference group too, which its rows do not count.
    assert not hasattr(compared, "release_kind")
    assert "against" in str(compared.summary())


def test_every_group_is_compared_with_the_first(six):
    frame = six.assign(g=["a", "b", "c", "a", "b", "c"])
    table = rmst_difference("Surv(time, event) ~ g", frame, tau=2).tidy()
    assert table["term"].tolist() == ["g=b against g=a"] * 3 + ["g=c against g=a"] * 3


def test_a_comparison_needs_groups(six):
    with pytest.raises(FormulaError, match="two groups or more"):
        rmst_difference(ALL, six, tau=2)


@pytest.mark.parametrize("tau", [0, -1, np.inf, np.nan])
def test_horizons_that_are_none_are_refused(six, tau):
    with pytest.raises(ParameterError, match="tau"):
        rmst(ALL, six, tau=tau)


def test_a_tau_that_nobody_reaches_is_refused():
    frame = pd.DataFrame({"time": [1, 2, 2], "event": [1, 0, 0]})
    with pytest.raises(ParameterError, match="tau = 6 is beyond the end of follow-up"):
        rmst("Surv(time, event) ~ 1", frame, tau=6)
