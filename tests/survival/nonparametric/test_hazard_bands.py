"""Bands of cumulative hazards: by hand, against survival, whatever the unit of time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats import _vocabulary as v
from rpcstats._numerics.intervals import survival_limits
from rpcstats.errors import ParameterError
from rpcstats.survival import kaplan_meier, nelson_aalen
from rpcstats.survival.nonparametric import _band_quantiles as q

ALL = "Surv(time, event) ~ 1"
KINDS = ("hall-wellner", "equal-precision")
SCALES = ("log", "plain", "arcsine")
# Products and sums in another order.
ROUNDING = 1e-12
# Roots are sought to 1e-10 in the critical value.
ROOT = 1e-8


@pytest.fixture
def five():
    return pd.DataFrame({"time": [1, 2, 3, 4, 5], "event": [1, 1, 0, 1, 1]})


def drawn(seed, n=80):
    rng = np.random.default_rng(seed)
    time = rng.exponential(5, n).round(1) + 0.1
    return pd.DataFrame({"time": time, "event": rng.random(n) < 0.7})


HAZARD = np.array([1 / 5 + 1 / 4, 1 / 5 + 1 / 4, 1 / 5 + 1 / 4 + 1 / 2])
VARIANCE = np.array([1 / 25 + 1 / 16, 1 / 25 + 1 / 16, 1 / 25 + 1 / 16 + 1 / 4])


@pytest.mark.parametrize("kind", KINDS)
def test_five_starters_by_hand(five, kind):
    fit = nelson_aalen(ALL, five)
    row = fit.bands(kind, first=2, last=4).glance().iloc[0]
    assert tuple(row.index) == v.BANDS
    assert (row["first"], row["last"]) == (2, 4)
    # 5 σ² / (1 + 5 σ²) with σ² = 0.1025 and 0.3525.
    assert row["low"] == pytest.approx(0.5125 / 1.5125)
    assert row["high"] == pytest.approx(1.7625 / 2.7625)
    quantile = {"hall-wellner": q.hall_wellner_quantile}.get(kind, q.equal_precision_quantile)
    c = quantile(0.5125 / 1.5125, 1.7625 / 2.7625, 0.95)
    assert row["critical"] == pytest.approx(c)
    half = c * np.sqrt(VARIANCE)
    if kind == "hall-wellner":
        half = c * (1 + 5 * VARIANCE) / np.sqrt(5)
    root = half / (2 * np.sqrt(np.exp(HAZARD) - 1))
    centre = np.arcsin(np.exp(-HAZARD / 2))
    with np.errstate(divide="ignore"):
        expected = {
            "plain": (np.maximum(HAZARD - half, 0), HAZARD + half),
            "log": (HAZARD * np.exp(-half / HAZARD), HAZARD * np.exp(half / HAZARD)),
            "arcsine": (
                -2 * np.log(np.sin(np.minimum(centre + root, np.pi / 2))),
                -2 * np.log(np.sin(np.maximum(centre - root, 0))),
            ),
        }
    for scale, (low, high) in expected.items():
        table = fit.bands(kind, first=2, last=4, conf_type=scale).tidy()
        assert list(table["time"]) == [2, 3, 4]
        np.testing.assert_allclose(table["estimate"], HAZARD, rtol=ROUNDING)
        np.testing.assert_allclose(table["conf_low"], low, rtol=ROUNDING, atol=ROUNDING)
        np.testing.assert_allclose(table["conf_high"], high, rtol=ROUNDING)


def test_a_band_goes_from_the_first_event_to_the_last_even_if_nobody_is_left(five):
    fit = nelson_aalen(ALL, five)
    bands = fit.bands()
    assert (bands.first[0], bands.last[0]) == (1, 5)
    assert kaplan_meier(ALL, five).bands().last[0] == 4
    cut = fit.bands(first=0, last=100)
    assert (cut.first[0], cut.last[0]) == (1, 5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", SCALES)
@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), unit=st.sampled_from([1 / 7, 2.0, 365.25]))
def test_the_unit_of_time_does_not_matter(kind, scale, seed, unit):
    frame = drawn(seed, 30)
    plain = nelson_aalen(ALL, frame, conf_type=scale).bands(kind)
    other = nelson_aalen(ALL, frame.assign(time=frame["time"] * unit), conf_type=scale).bands(kind)
    np.testing.assert_array_equal(other.critical, plain.critical)
    np.testing.assert_allclose(other.tidy()["time"], plain.tidy()["time"] * unit, rtol=ROUNDING)
    columns = ["n_risk", "estimate", "conf_low", "conf_high"]
    pd.testing.assert_frame_equal(other.tidy()[columns], plain.tidy()[columns])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_stretch_has_the_critical_value_of_the_survival_band(kind):
    frame = drawn(4, 3000).assign(event=1)
    hazard = nelson_aalen(ALL, frame).bands(kind, first=1, last=10)
    survival = kaplan_meier(ALL, frame).bands(kind, first=1, last=10)
    # d / n² and d / (n (n - d)) agree where many are at risk: within 2% here, n > 400, d < 70.
    np.testing.assert_allclose(hazard.low, survival.low, rtol=0.02)
    np.testing.assert_allclose(hazard.critical, survival.critical, rtol=0.005)
    # Both are the quantile of one law at their own ends.
    quantile = {"hall-wellner": q.hall_wellner_quantile}.get(kind, q.equal_precision_quantile)
    for bands in (hazard, survival):
        expected = quantile(bands.low[0], bands.high[0], 0.95)
        assert bands.critical[0] == pytest.approx(expected, abs=ROOT)


@pytest.mark.parametrize("kind", KINDS)
def test_a_band_on_the_log_scale_is_that_of_its_survival_on_the_log_log_scale(kind):
    bands = nelson_aalen(ALL, drawn(5)).bands(kind, first=1, last=8)
    table = bands.tidy()
    H = table["estimate"].to_numpy()
    half = H * np.log(table["conf_high"].to_numpy() / H)
    low, high = survival_limits(np.exp(-H), half, "log-log")
    np.testing.assert_allclose(np.exp(-table["conf_high"]), low, rtol=ROUNDING * 100)
    np.testing.assert_allclose(np.exp(-table["conf_low"]), high, rtol=ROUNDING * 100)


def test_an_equal_precision_band_is_wider_than_the_pointwise_limits_by_one_factor():
    fit = nelson_aalen(ALL, drawn(6), conf_type="plain")
    bands = fit.bands("equal-precision", first=1, last=8)
    table = bands.tidy().merge(fit.tidy()[["time", "std_error"]], on="time")
    half = table["conf_high"] - table["estimate"]
    np.testing.assert_allclose(half / table["std_error"], bands.critical[0], rtol=1e-10)
    assert bands.critical[0] > 1.96


def test_weights_of_two_are_rows_twice():
    frame = drawn(7)
    twice = nelson_aalen(ALL, pd.concat([frame, frame])).bands()
    weighted = nelson_aalen(ALL, frame.assign(w=2), weights="w").bands()
    pd.testing.assert_frame_equal(weighted.tidy(), twice.tidy(), check_dtype=False)


def test_each_group_has_its_own_band_and_a_group_without_events_none():
    frame = drawn(8).assign(g=["a", "b"] * 40)
    frame.loc[frame["g"] == "b", "event"] = False
    bands = nelson_aalen("Surv(time, event) ~ g", frame).bands()
    assert np.isfinite(bands.critical[0])
    assert np.isnan(bands.critical[1])
    assert set(bands.tidy()["strata"]) == {"g=a"}
    assert "Cumulative hazards with Hall-Wellner bands (log scale)" in str(bands.summary())


def test_the_picture_shows_the_curve_before_the_stretch_and_no_band_there():
    fit = nelson_aalen(ALL, drawn(9))
    ax = fit.bands(first=3, last=8).plot()
    line = ax.get_lines()[0]
    seen = fit.tidy()[fit.tidy()["time"] <= 8]
    np.testing.assert_allclose(line.get_ydata(orig=True)[1:], seen["estimate"])
    path = ax.collections[0].get_paths()[0].vertices
    width = [np.ptp(path[np.isclose(path[:, 0], t), 1]) for t in path[:, 0] if t < 2]
    assert path[:, 1].max() > seen["estimate"].max()
    # Of a step only the rise of the curve itself.
    assert max(width) < 0.1


def test_limits_in_a_picture_never_fall_and_stay_within_the_band():
    bands = nelson_aalen(ALL, drawn(10)).bands()
    raw = bands.tidy()
    assert (np.diff(raw["conf_high"]) < 0).any()
    path = bands.plot().collections[0].get_paths()[0].vertices
    assert path[:, 1].max() < raw["conf_high"].max()
    assert path[:, 1].max() >= raw["conf_high"].iloc[-2] * (1 - ROUNDING)


def test_a_survival_picture_too_shows_the_curve_before_its_stretch():
    fit = kaplan_meier(ALL, drawn(9))
    line = fit.bands(first=3, last=8).plot().get_lines()[0]
    seen = fit.tidy()[fit.tidy()["time"] <= 8]
    assert set(np.round(seen["estimate"], 9)) <= set(np.round(line.get_ydata(orig=True), 9))


def test_faulty_calls_are_refused():
    frame = drawn(11).assign(g=list(range(20)) * 4)
    fit = nelson_aalen(ALL, frame)
    for options, message in (
        ({"kind": "nair"}, "kind is unknown"),
        ({"first": 3, "last": 2}, "stretch of time"),
        ({"first": "start"}, "stretch of time|first|number"),
        ({"conf_level": 2}, "conf_level"),
        ({"conf_type": "log-log"}, "conf_type"),
    ):
        with pytest.raises(ParameterError, match=message):
            fit.bands(**options)
    for clustered in (
        nelson_aalen(ALL, frame, robust=True),
        nelson_aalen("Surv(time, event) ~ cluster(g)", frame),
    ):
        with pytest.raises(ParameterError, match="robust=False"):
            clustered.bands()
