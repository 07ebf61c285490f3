"""Restricted means read off protected curves."""

import numpy as np
import pandas as pd
import pytest

import rpcstats as rp
from rpcstats.disclosure import disclose
from rpcstats.disclosure.means import means_of_protected

NAN = float("nan")
ROUNDING = 0.051
"""Means are told to one decimal."""


def curve(time, events, S, se, strata="all"):
    return pd.DataFrame(
        {"strata": strata, "time": time, "n_event": events, "estimate": S, "std_error": se}
    )


def mean_of(frame, tau=6.0):
    return means_of_protected(frame, tau=tau, conf_level=0.95).iloc[0]


def test_single_sessions_give_the_area_under_the_steps():
    frame = curve([0.0, 1.0, 2.0, 6.0], [0, 5, 5, NAN], [1, 0.9, 0.8, 0.8], [0, 0.04, 0.05, 0.05])
    assert mean_of(frame)["estimate"] == pytest.approx(1 + 0.9 + 4 * 0.8, abs=ROUNDING)


def test_pooled_leavers_are_spread_over_the_sessions_of_their_step():
    frame = curve([0.0, 3.0, 6.0], [0, 6, NAN], [1, 0.7, 0.7], [0, 0.06, 0.06])
    by_hand = 0.7 * 6 + 0.1 * (1 + 2 + 3)
    assert mean_of(frame)["estimate"] == pytest.approx(by_hand, abs=ROUNDING)


def test_one_step_gives_the_variance_by_hand():
    se = 0.06
    frame = curve([0.0, 2.0, 6.0], [0, 6, NAN], [1, 0.7, 0.7], [0, se, se])
    half = 1.959964 * se * (6 - 1.5)
    row = mean_of(frame)
    middle = 0.7 * 6 + 0.3 * 1.5
    assert row["conf_low"] == pytest.approx(middle - half, abs=ROUNDING)
    assert row["conf_high"] == pytest.approx(min(middle + half, 6.0), abs=ROUNDING)


def test_on_a_fine_clock_leavers_are_spread_all_along():
    frame = curve([0.0, 2.5, 6.0], [0, 6, NAN], [1, 0.6, 0.6], [0, 0.06, 0.06])
    assert mean_of(frame)["estimate"] == pytest.approx(0.6 * 6 + 0.4 * 1.25, abs=ROUNDING)


@pytest.mark.parametrize(
    "frame",
    [
        curve([0.0], [NAN], [NAN], [NAN]),
        curve([0.0, 2.0], [0, 5], [1, 0.9], [0, 0.04]),
    ],
)
def test_a_curve_that_stops_short_has_no_mean(frame):
    assert np.isnan(mean_of(frame)["estimate"])


def test_the_protected_mean_is_near_the_true_one():
    rng = np.random.default_rng(8)
    time = np.minimum(rng.geometric(0.07, 4000), 6)
    frame = pd.DataFrame({"time": time, "event": (time < 6).astype(int)})
    result = rp.rmst("Surv(time, event) ~ 1", frame, tau=6)
    safe = disclose(result, "council").frame.iloc[0]
    true = result.tidy().iloc[0]
    assert safe["estimate"] == pytest.approx(true["estimate"], abs=ROUNDING)
    assert safe["conf_low"] == pytest.approx(true["conf_low"], abs=2 * ROUNDING)
    assert safe["conf_high"] == pytest.approx(true["conf_high"], abs=2 * ROUNDING)
