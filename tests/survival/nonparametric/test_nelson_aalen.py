"""Cumulative hazards worked by hand, and their interface."""

from fractions import Fraction
from math import asin, exp, log, sin, sqrt

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats import _vocabulary as v
from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.survival import kaplan_meier
from rpcstats.survival.nonparametric.nelson_aalen import nelson_aalen

ALL, BY_MODE = "Surv(time, event) ~ 1", "Surv(time, event) ~ mode"
Z = 1.959963984540054
F = Fraction
# Sums of up to four fractions.
ROUNDING = 1e-14


def floats(*fractions):
    return [float(fraction) for fraction in fractions]


def test_six_starters_by_hand(six):
    frame = nelson_aalen(ALL, six).tidy()
    assert tuple(frame.columns) == v.CURVE
    H = floats(F(1, 6), F(17, 30), F(17, 30), F(16, 15))
    np.testing.assert_allclose(frame["estimate"], H, rtol=ROUNDING)
    variance = floats(F(1, 36), F(1, 36) + F(2, 25), F(1, 36) + F(2, 25), F(1, 36) + F(33, 100))
    np.testing.assert_allclose(frame["std_error"] ** 2, variance, rtol=1e-13)


def test_tied_events_one_after_another_by_hand(six):
    frame = nelson_aalen(ALL, six, ties="fleming-harrington").tidy()
    H = floats(F(1, 6), F(37, 60), F(37, 60), F(67, 60))
    np.testing.assert_allclose(frame["estimate"], H, rtol=ROUNDING)
    second = F(1, 36) + F(1, 25) + F(1, 16)
    variance = floats(F(1, 36), second, second, second + F(1, 4))
    np.testing.assert_allclose(frame["std_error"] ** 2, variance, rtol=1e-13)


def test_late_entry_and_weights_by_hand(six):
    late = nelson_aalen("Surv(entry, time, event) ~ 1", six)
    np.testing.assert_allclose(late.estimate[[0, 1, 3]], floats(F(1, 2), F(7, 6), F(5, 3)))
    weighted = nelson_aalen(ALL, six, weights="w")
    np.testing.assert_allclose(weighted.estimate[[0, 1, 3]], floats(F(1, 4), F(7, 12), F(11, 12)))


def test_limits_by_hand(six):
    H, se = 17 / 30, sqrt(1 / 36 + 2 / 25)
    centre, half = asin(exp(-H / 2)), Z * se / (2 * sqrt(exp(H) - 1))
    expected = {
        "log": (H * exp(-Z * se / H), H * exp(Z * se / H)),
        "plain": (0.0, H + Z * se),
        "arcsine": (-2 * log(sin(centre + half)), -2 * log(sin(centre - half))),
    }
    for scale, limits in expected.items():
        row = nelson_aalen(ALL, six, conf_type=scale).tidy().iloc[1]
        assert (row["conf_low"], row["conf_high"]) == pytest.approx(limits, rel=1e-12)


def test_survival_is_the_exponential_of_the_hazard(six):
    fit = nelson_aalen(ALL, six)
    frame = fit.survival("plain")
    assert tuple(frame.columns) == v.CURVE
    S = np.exp(-fit.estimate)
    np.testing.assert_allclose(frame["std_error"], S * fit.std_error, rtol=ROUNDING)
    np.testing.assert_allclose(frame["conf_high"], np.minimum(S + Z * S * fit.std_error, 1))


def test_reading_glance_summary_and_plot(six):
    fit = nelson_aalen(BY_MODE, six.assign(time=[1, 2, None, 3, 4, 4]))
    frame = fit.at([0, 2.5, 9])
    assert frame["estimate"].iloc[0] == 0.0
    assert np.isnan(frame["estimate"].iloc[2])
    row = fit.glance().iloc[0]
    assert (row["n_obs"], row["n_event"], row["n_group"], row["n_missing"]) == (5, 3, 2, 1)
    assert "1 row with missing values" in str(fit.summary())
    with pytest.raises(ValueError, match="read-only"):
        fit.estimate[0] = 1.0
    with mpl.rc_context({"backend": "agg"}):
        axes = fit.plot()
        assert len(axes.get_lines()) == 2
        mpl.pyplot.close(axes.figure)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda d: nelson_aalen(ALL, d, ties="efron"), ParameterError, "ties is unknown"),
        (lambda d: nelson_aalen(ALL, d, conf_type="log-log"), ParameterError, "conf_type"),
        (lambda d: nelson_aalen(ALL, d, conf_level=95), ParameterError, "conf_level"),
        (lambda d: nelson_aalen(ALL, d).at([-1]), ParameterError, "from 0 up"),
        (lambda d: nelson_aalen("Surv(tme, event) ~ 1", d), FormulaError, 'did you mean "time"'),
        (lambda d: nelson_aalen(ALL, d[:0]), DataError, "no rows"),
    ],
)
def test_faulty_calls_are_refused(six, call, error, message):
    with pytest.raises(error, match=message):
        call(six)


@st.composite
def frames(draw):
    n = draw(st.integers(2, 30))
    sized = {"min_size": n, "max_size": n}
    return pd.DataFrame(
        {
            "time": draw(st.lists(st.integers(1, 9), **sized)),
            "event": draw(st.lists(st.integers(0, 1), **sized)),
            "w": draw(st.lists(st.integers(1, 3), **sized)),
        }
    )


@settings(max_examples=12, deadline=None)
@given(frames())
def test_hazards_are_ordered_and_weights_repeat_rows(frame):
    plain, in_turn = (nelson_aalen(ALL, frame, ties=t) for t in ("breslow", "fleming-harrington"))
    with np.errstate(divide="ignore"):
        most = -np.log(kaplan_meier(ALL, frame).estimate)
    assert (plain.estimate <= in_turn.estimate + 1e-12).all()
    assert (in_turn.estimate <= most + 1e-12).all()
    repeated = nelson_aalen(ALL, frame.loc[frame.index.repeat(frame["w"])])
    weighted = nelson_aalen(ALL, frame, weights="w")
    np.testing.assert_allclose(weighted.estimate, repeated.estimate, rtol=1e-12)
    np.testing.assert_allclose(weighted.std_error, repeated.std_error, rtol=1e-12)


@settings(max_examples=12, deadline=None)
@given(frames(), st.sampled_from(["breslow", "fleming-harrington"]))
def test_copies_in_one_cluster_keep_the_robust_error(frame, ties):
    frame = frame.assign(id=range(len(frame)))
    once = nelson_aalen(ALL, frame, robust=True)
    twice = nelson_aalen("Surv(time, event) ~ cluster(id)", pd.concat([frame, frame]))
    np.testing.assert_allclose(twice.std_error, once.std_error, rtol=1e-6, atol=1e-7)
