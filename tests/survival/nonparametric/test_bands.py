"""Confidence bands: critical values against other ways to work them out."""

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import expm
from scipy.stats import kstwobign, norm

from rpcstats import _vocabulary as v
from rpcstats.errors import ParameterError
from rpcstats.survival import kaplan_meier
from rpcstats.survival.nonparametric import _band_quantiles as q

ALL = "Surv(time, event) ~ 1"
# A grid of differences of second order with 200 steps.
GRID = 8e-4
# The trapezium rule with 400 steps.
STEPS = 5e-6


@pytest.fixture
def frame():
    rng = np.random.default_rng(11)
    return pd.DataFrame({"time": rng.exponential(5, 80).round(1) + 0.1, "event": [1, 1, 0, 1] * 20})


def test_the_whole_bridge_is_kolmogorovs_law():
    for level in (0.8, 0.95, 0.999):
        found = q.hall_wellner_quantile(0.0, 1.0, level)
        assert found == pytest.approx(kstwobign.ppf(level), abs=1e-9)


def test_a_short_stretch_is_one_normal_variable():
    found = q.hall_wellner_quantile(0.3, 0.3 + 1e-9, 0.95)
    assert found == pytest.approx(norm.ppf(0.975) * np.sqrt(0.21), abs=1e-4)
    assert q.equal_precision_quantile(0.3, 0.3, 0.95) == pytest.approx(norm.ppf(0.975))
    assert q.equal_precision_quantile(0.3, 0.3 + 1e-9, 0.95) == pytest.approx(1.96, abs=1e-3)


def diffusion(c, drift, start, length):
    """Solve for the probability of staying inside on a grid."""
    x = np.linspace(-c, c, 201)[1:-1]
    h = x[1] - x[0]
    up, down = 1 / h**2 + drift(x) / (2 * h), 1 / h**2 - drift(x) / (2 * h)
    A = np.diag(-2 * np.ones(len(x)) / h**2) + np.diag(up[:-1], 1) + np.diag(down[1:], -1)
    return (start(x) * (expm(A * length) @ np.ones(len(x)))).sum() * h


@pytest.mark.parametrize(("c", "length"), [(1.5, 0.5), (2.2, 1.0), (3.0, 3.0)])
def test_the_equal_precision_law_solves_its_equation(c, length):
    expected = diffusion(c, lambda x: -x, norm.pdf, length)
    assert q.equal_precision_probability(c, length) == pytest.approx(expected, abs=GRID)


def test_the_hall_wellner_law_agrees_with_products_of_reflections():
    low, high, c = 0.15, 0.7, 1.1
    x = np.linspace(-c, c, 401)
    h = x[1] - x[0]
    k = np.arange(-6, 7)[:, None, None]
    gap, mirror = x[:, None] - x, x[:, None] + x
    T = high - low
    scale = np.sqrt(T)
    inside = norm.pdf(gap + 4 * k * c, scale=scale) - norm.pdf(
        mirror + 2 * (2 * k + 1) * c, scale=scale
    )
    kernel = inside.sum(axis=0)
    first, last = norm.pdf(x, scale=np.sqrt(low)), norm.pdf(x, scale=np.sqrt(1 - high))
    expected = np.sqrt(2 * np.pi) * first @ kernel @ last * h * h
    assert q.hall_wellner_probability(c, low, high) == pytest.approx(expected, abs=STEPS)


def test_bands_by_their_definition(frame):
    fit = kaplan_meier(ALL, frame)
    bands = fit.bands("hall-wellner", conf_type="plain", first=1.0, last=6.0)
    table, row = bands.tidy(), bands.glance().iloc[0]
    assert tuple(bands.glance().columns) == v.BANDS
    inside = (fit.time >= 1) & (fit.time <= 6)
    n, variance, S = 80, fit.std_error_log[inside] ** 2, fit.estimate[inside]
    half = row["critical"] * (1 + n * variance) / np.sqrt(n) * S
    np.testing.assert_allclose(table["conf_low"], np.maximum(S - half, 0), rtol=1e-12)
    assert row["low"] == pytest.approx(n * variance[0] / (1 + n * variance[0]))
    equal = fit.bands("equal-precision", conf_type="plain", first=1.0, last=6.0)
    width = equal.tidy()["conf_high"] - equal.tidy()["conf_low"]
    free = (equal.tidy()["conf_high"] < 1) & (equal.tidy()["conf_low"] > 0)
    ratio = (width / (2 * S * np.sqrt(variance)))[free]
    np.testing.assert_allclose(ratio, equal.critical[0], rtol=1e-12)


@pytest.mark.parametrize("kind", ["hall-wellner", "equal-precision"])
def test_bands_hold_the_pointwise_limits_and_shrink_with_the_stretch(frame, kind):
    fit = kaplan_meier(ALL, frame)
    whole, part = fit.bands(kind), fit.bands(kind, first=2.0, last=4.0)
    assert part.critical[0] < whole.critical[0]
    points = fit.tidy().set_index("time").loc[part.tidy()["time"]]
    assert (part.tidy()["conf_low"].to_numpy() <= points["conf_low"].to_numpy() + 1e-12).all()


def test_each_group_has_its_own_stretch(frame):
    frame = frame.assign(g=["a", "b"] * 40, event=frame["event"] * (["b", "a"] * 40 == "x") + 0)
    frame.loc[::2, "event"] = 1
    bands = kaplan_meier("Surv(time, event) ~ g", frame).bands()
    assert np.isfinite(bands.critical[0])
    assert np.isnan(bands.critical[1])
    assert set(bands.tidy()["strata"]) == {"g=a"}
    assert "Hall-Wellner" in str(bands.summary())


def test_faulty_calls_are_refused(frame):
    fit = kaplan_meier(ALL, frame)
    for options, message in (
        ({"kind": "nair"}, "kind is unknown"),
        ({"first": 3, "last": 2}, "stretch of time"),
        ({"conf_level": 2}, "conf_level"),
        ({"conf_type": "loglog"}, "conf_type"),
    ):
        with pytest.raises(ParameterError, match=message):
            fit.bands(**options)
    with pytest.raises(ParameterError, match="robust=False"):
        kaplan_meier(ALL, frame, robust=True).bands()
