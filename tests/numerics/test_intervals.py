"""Intervals and tails."""

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats._numerics.intervals import (
    CONF_TYPES,
    chi_square_p,
    clopper_pearson,
    normal_quantile,
    survival_interval,
    two_sided_p,
    wilson,
)
from rpcstats.errors import DataError, ParameterError

# One rounding a step.
ROUNDING = 1e-12


def test_quantile_and_tail_are_each_other_s_inverse():
    assert normal_quantile(0.95) == pytest.approx(1.959963984540054, rel=ROUNDING)
    assert two_sided_p(normal_quantile(0.95)) == pytest.approx(0.05, rel=ROUNDING)


def test_tails_keep_their_digits_far_out():
    # 2 * Q(10) = 1.5239706048321052e-23 (Abramowitz and Stegun); 1 - cdf gives 0.
    assert two_sided_p(10.0) == pytest.approx(1.5239706048321052e-23, rel=1e-10)
    assert chi_square_p(100.0, 1) == pytest.approx(1.5239706048321052e-23, rel=1e-10)


def test_a_chi_square_on_two_degrees_is_exponential():
    assert chi_square_p(6.0, 2) == pytest.approx(np.exp(-3), rel=ROUNDING)


def test_wilson_by_hand():
    # k = 4, n = 16, z^2 = 4: centre 6/20, half width sqrt(4 * (3 + 1)) / 20 = 4/20.
    level = 1 - two_sided_p(2.0).item()
    low, high = wilson(4, 16, conf_level=level)
    assert low == pytest.approx(0.1, rel=1e-10)
    assert high == pytest.approx(0.5, rel=1e-10)


def test_exact_limits_at_the_edges_by_hand():
    # With no event in n the upper limit solves (1 - p)^n = 0.025.
    low, high = clopper_pearson([0, 5], [5, 5])
    edge = 1 - 0.025 ** (1 / 5)
    np.testing.assert_allclose(low, [0, 1 - edge], rtol=ROUNDING)
    np.testing.assert_allclose(high, [edge, 1], rtol=ROUNDING)


def test_exact_limits_leave_the_tail_they_promise():
    # P(X >= 2 | n = 3, p) = 3 p^2 - 2 p^3 at the lower limit is 0.025.
    low, high = clopper_pearson(2, 3)
    assert 3 * low**2 - 2 * low**3 == pytest.approx(0.025, rel=1e-9)
    assert (1 - high) ** 3 + 3 * high * (1 - high) ** 2 + 3 * high**2 * (1 - high) == pytest.approx(
        0.025, rel=1e-9
    )


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_proportions_refuse_impossible_counts(interval):
    for k, n in ((5, 4), (-1, 4), (0, -1)):
        with pytest.raises(DataError, match="0 <= k <= n"):
            interval(k, n)
    assert np.isnan(interval(0, 0)).all()
    with pytest.raises(ParameterError, match="conf_level"):
        interval(1, 2, conf_level=95)


@settings(deadline=None)
@given(n=st.integers(1, 500), share=st.fractions(0, 1), level=st.floats(0.5, 0.999))
def test_proportion_intervals_hold_the_estimate_and_mirror(n, share, level):
    k = round(share * n)
    for interval in (wilson, clopper_pearson):
        low, high = interval(k, n, conf_level=level)
        assert 0 <= low <= Fraction(k, n) <= high <= 1
        mirrored = interval(n - k, n, conf_level=level)
        np.testing.assert_allclose((low, high), (1 - mirrored[1], 1 - mirrored[0]), atol=1e-9)


def test_survival_limits_by_hand():
    # S = 1/2 with se(log S) = s, z = 2.
    level, s = 1 - two_sided_p(2.0).item(), 0.1
    expected = {
        "plain": (0.5 - 0.1, 0.5 + 0.1),
        "log": (0.5 * np.exp(-0.2), 0.5 * np.exp(0.2)),
        "log-log": (0.5 ** np.exp(0.2 / np.log(2)), 0.5 ** np.exp(-0.2 / np.log(2))),
        "logit": (1 / (1 + np.exp(0.4)), 1 / (1 + np.exp(-0.4))),
        "arcsine": (np.sin(np.pi / 4 - 0.1) ** 2, np.sin(np.pi / 4 + 0.1) ** 2),
    }
    for conf_type, limits in expected.items():
        found = survival_interval(0.5, s, conf_type, level)
        np.testing.assert_allclose(found, limits, rtol=1e-10)


@pytest.mark.parametrize("conf_type", CONF_TYPES)
def test_survival_limits_at_the_edges(conf_type):
    low, high = survival_interval([1.0, 0.0], [0.0, np.inf], conf_type)
    assert np.isnan([low[1], high[1]]).all()
    known = conf_type in ("log", "plain")
    np.testing.assert_array_equal([low[0], high[0]], [1.0, 1.0] if known else [np.nan, np.nan])


@settings(deadline=None)
@given(
    S=st.floats(0.001, 0.999),
    se=st.floats(0.001, 3),
    conf_type=st.sampled_from(CONF_TYPES),
    level=st.floats(0.5, 0.999),
)
def test_survival_limits_stay_in_range_and_hold_the_estimate(S, se, conf_type, level):
    low, high = survival_interval(S, se, conf_type, level)
    slack = 1e-12
    assert 0 <= low <= S + slack
    assert S - slack <= high <= 1


def test_survival_limits_refuse_an_unknown_scale():
    with pytest.raises(ParameterError, match="log-log, log, plain"):
        survival_interval(0.5, 0.1, "loglog")


def test_wilson_agrees_with_the_root_of_its_equation():
    low, high = wilson(7, 20)
    z = normal_quantile(0.95)
    for p in (low, high):
        assert abs(0.35 - p) == pytest.approx(z * sqrt(p * (1 - p) / 20), rel=1e-10)
