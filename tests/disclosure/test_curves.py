import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.disclosure import disclose, disclosure_policy, released_median
from rpcstats.errors import DisclosureError

LARGE_SAMPLE_ERROR = 0.01
"""Rounding moves a count by 2; among 20,000 starters that is far under one per cent."""

PRESETS = ("council", "tre", "opensafely")


def sessions(leave, stay):
    """Number leaving after each session to times and events; `stay` are censored at the end."""
    time = np.repeat(np.arange(1, len(leave) + 1), leave)
    return (
        np.append(time, np.full(stay, len(leave))),
        np.append(np.ones(time.size, dtype=int), np.zeros(stay, dtype=int)),
    )


def test_council_by_hand(kaplan_meier):
    """68 start; 4, 1, 4, 4, 4 leave after sessions 1 to 5: steps end at 2 (5) and 5 (8 + 4).

    Exposed 68, so 70; then 63, so 65. Cumulative events 5 and 17, so 5 and 15.
    """
    frame = kaplan_meier(*sessions([4, 1, 4, 4, 4, 0], 51))
    safe = disclose(frame, "council")
    out = safe.frame
    assert out["time"].tolist() == [0, 2, 5]
    assert out["n_risk"].tolist() == [70, 65, 55]
    assert out["n_event"].tolist() == [0, 5, 10]
    S = [1, 1 - 5 / 70, (1 - 5 / 70) * (1 - 10 / 65)]
    np.testing.assert_allclose(out["estimate"], S, rtol=1e-12)
    greenwood = np.sqrt(5 / (70 * 65) + 10 / (65 * 55))
    np.testing.assert_allclose(out["std_error"].iloc[2], S[2] * greenwood, rtol=1e-12)
    assert out["status"].eq("released").all()
    assert "n_censor" not in out


def test_opensafely_by_hand(kaplan_meier):
    """Steps of 6 events: 9 by session 3, then 8; middles 9 and 15, exposed 69 and 57."""
    out = disclose(kaplan_meier(*sessions([4, 1, 4, 4, 4, 0], 51)), "opensafely").frame
    assert out["time"].tolist() == [0, 3, 5]
    assert out["n_event"].tolist() == [0, 9, 6]
    np.testing.assert_allclose(out["estimate"].iloc[1:], [60 / 69, 60 / 69 * 51 / 57], rtol=1e-12)


def test_tre_by_hand(kaplan_meier):
    """Steps of 10 events: 13 by session 4, and 4 more join it; 17 of 68 is 20 of 70."""
    out = disclose(kaplan_meier(*sessions([4, 1, 4, 4, 4, 0], 51)), "tre").frame
    assert out["time"].tolist() == [0, 5]
    np.testing.assert_allclose(out["estimate"].iloc[1], 50 / 70, rtol=1e-12)


def test_numbers_at_risk_on_a_grid(kaplan_meier):
    frame = kaplan_meier(*sessions([4, 1, 4, 4, 4, 0], 51))
    out = disclose(frame, "council", grid=range(1, 9)).frame.set_index("time")
    assert out.loc[[1.0, 3.0, 4.0, 6.0], "n_risk"].tolist() == [70, 65, 60, 50]
    assert out.loc[[1.0, 3.0], "note"].eq("number at risk only").all()
    assert out.loc[[1.0, 3.0], ["estimate", "conf_low"]].isna().to_numpy().all()
    assert out.loc[[7.0, 8.0], "status"].eq("withheld").all()
    assert out.loc[[7.0, 8.0], ["n_risk", "estimate"]].isna().to_numpy().all()


@pytest.mark.parametrize(
    ("leave", "stay"), [([2, 1, 1, 0], 40), ([0, 0, 0, 0], 40), ([3, 3], 0), ([1, 0, 0], 3)]
)
def test_a_curve_of_few_events_or_people_is_withheld_not_flat(kaplan_meier, leave, stay):
    safe = disclose(kaplan_meier(*sessions(leave, stay)), "council", grid=[1, 2])
    assert safe.status == "withheld"
    assert len(safe.frame) == 1
    assert safe.frame[["n_risk", "n_event", "estimate"]].isna().to_numpy().all()
    assert "5 events" in safe.frame.loc[0, "note"]


def test_one_of_two_curves_withheld(kaplan_meier):
    big = kaplan_meier(*sessions([6, 6, 0], 50)).assign(strata="mode=online")
    small = kaplan_meier(*sessions([1, 1, 0], 6)).assign(strata="mode=in_person")
    safe = disclose(pd.concat([big, small]), "council")
    assert safe.status == "partly"
    by = safe.frame.groupby("strata")["status"].unique()
    assert by["mode=online"].tolist() == ["released"]
    assert by["mode=in_person"].tolist() == ["withheld"]
    assert "1 of 2 curves" in " ".join(safe.actions)


def test_curve_stops_where_few_remain(kaplan_meier):
    out = disclose(kaplan_meier(*sessions([10, 10, 10, 7], 0)), "council").frame
    assert out["time"].max() == 2
    assert out["estimate"].min() > 0


def test_weighted_curves_are_refused(kaplan_meier):
    frame = kaplan_meier(*sessions([10, 10], 30))
    with pytest.raises(DisclosureError, match="weighted"):
        disclose(frame.assign(n_event=frame["n_event"] * 1.5), "council")
    with pytest.raises(DisclosureError, match="Kaplan-Meier"):
        disclose(frame.assign(estimate=frame["estimate"] * 0.99), "council")


def test_other_columns_are_refused(kaplan_meier):
    frame = kaplan_meier(*sessions([10, 10], 30)).assign(mean_score=3.5)
    with pytest.raises(DisclosureError, match="mean_score"):
        disclose(frame, "council")


def test_median_only_where_its_step_is_released(kaplan_meier):
    frame = kaplan_meier(*sessions([20, 20, 5, 4], 1))
    assert released_median(disclose(frame, "council").frame)["time"].tolist() == [2]
    late = kaplan_meier(*sessions([6, 0, 0], 40))
    assert released_median(disclose(late, "council").frame)["time"].isna().all()


def test_late_entry(kaplan_meier):
    rng = np.random.default_rng(3)
    entry = rng.integers(0, 3, 120)
    time = entry + rng.integers(1, 5, 120)
    frame = kaplan_meier(time, rng.integers(0, 2, 120), entry)
    out = disclose(frame, "council").frame
    assert out["estimate"].is_monotonic_decreasing
    assert (out["n_risk"] % 5 == 0).all()


@pytest.mark.parametrize("preset", PRESETS)
def test_large_samples_come_back_nearly_unchanged(kaplan_meier, preset):
    rng = np.random.default_rng(20)
    latent, censored = rng.geometric(0.08, 20_000), rng.integers(3, 13, 20_000)
    time = np.minimum(latent, censored)
    frame = kaplan_meier(time, (latent <= censored).astype(int))
    out = disclose(frame, preset).frame
    true = np.append(1.0, frame["estimate"])[
        np.searchsorted(frame["time"], out["time"], side="right")
    ]
    assert len(out) > 10
    assert np.abs(out["estimate"] - true).max() < LARGE_SAMPLE_ERROR


leavers = st.lists(st.integers(0, 12), min_size=2, max_size=6)


@settings(max_examples=15, deadline=None)
@given(leave=leavers, drop=leavers, stay=st.integers(0, 60))
@pytest.mark.parametrize("preset", PRESETS)
def test_every_shown_count_is_large_and_rounded(kaplan_meier, preset, leave, drop, stay):
    time, event = sessions(leave, stay)
    gone = np.repeat(np.arange(1, len(drop) + 1), drop)
    time = np.append(time, gone)
    event = np.append(event, np.zeros(gone.size, dtype=int))
    if not time.size:
        return
    policy = disclosure_policy(preset)
    frame = kaplan_meier(time, event)
    out = disclose(frame, policy, grid=range(1, 7)).frame
    shown = out[out["n_risk"].notna()]
    at_risk = [int((time >= max(t, 1)).sum()) for t in shown["time"]]
    assert all(n >= policy.survival_threshold for n in at_risk)
    steps = out[out["n_event"].gt(0)]
    ends = [0.0, *steps["time"]]
    for before, end in itertools.pairwise(ends):
        inside = ((time > before) & (time <= end) & (event == 1)).sum()
        assert inside >= policy.survival_threshold
    assert out["estimate"].dropna().is_monotonic_decreasing
    assert (out["estimate"].dropna() > 0).all()
