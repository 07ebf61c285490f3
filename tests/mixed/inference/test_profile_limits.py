"""Roots of profiles that are known in closed form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpcstats.mixed.inference.profile_limits import Curve, Height, find_limit


def curve_of(deviance, slope, **options):
    return Curve(lambda u: Height(deviance(u), slope(u)), **options)


def parabola(step, **options):
    return curve_of(lambda u: 7 + (u - 2) ** 2, lambda u: 2 * (u - 2), **options, estimate=2.0,
                    lowest=7.0, step=step)  # fmt: skip


@given(st.floats(1e-3, 1e3), st.floats(0.1, 4.0))
def test_parabola_from_any_first_step(step, z):
    curve = parabola(step)
    assert find_limit(curve, 1, z) == (pytest.approx(2 + z, abs=1e-7), True)
    assert find_limit(curve, -1, z) == (pytest.approx(2 - z, abs=1e-7), True)


def test_flat_at_the_estimate_and_steep_beyond():
    curve = curve_of(lambda u: u**4, lambda u: 4 * u**3, estimate=0.0, lowest=0.0, step=0.01)
    assert find_limit(curve, 1, 1.5)[0] == pytest.approx(np.sqrt(1.5), rel=1e-7)


def test_end_of_the_range_where_the_root_stays_below():
    curve = parabola(0.5, bounds=(1.0, np.inf))
    assert find_limit(curve, -1, 1.96) == (1.0, True)
    assert find_limit(curve, -1, 0.7)[0] == pytest.approx(1.3, abs=1e-7)


def test_estimate_at_the_end_of_the_range():
    assert find_limit(parabola(0.5, bounds=(2.0, np.inf)), -1, 1.96) == (2.0, True)


def test_no_limit_where_the_deviance_levels_off():
    curve = curve_of(
        lambda u: 1 - np.exp(-u), lambda u: np.exp(-u), estimate=0.0, lowest=0.0, step=1.0
    )
    assert find_limit(curve, 1, 1.96) == (np.inf, True)


def test_jump_of_the_profile_is_bracketed():
    curve = curve_of(
        lambda u: u**2 / 4 + 9 * (u > 1), lambda u: u / 2, estimate=0.0, lowest=0.0, step=1.0
    )
    assert find_limit(curve, 1, 2.0)[0] == pytest.approx(1.0, abs=1e-8)


def test_impossible_values_are_beyond_the_limit():
    curve = curve_of(
        lambda u: np.inf if u > 3 else u**2, lambda u: 2 * u, estimate=0.0, lowest=0.0, step=9.0
    )
    assert find_limit(curve, 1, 2.0)[0] == pytest.approx(2.0, abs=1e-7)


def test_a_lower_deviance_is_remembered():
    curve = curve_of(lambda u: u**2 - u, lambda u: 2 * u - 1, estimate=0.0, lowest=0.0, step=0.5)
    find_limit(curve, 1, 1.0)
    assert curve.worst[0] == pytest.approx(0.25, abs=0.1)
    assert curve.worst[0] > 0.1
