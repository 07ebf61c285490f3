from math import sqrt

import pytest

from rpcstats.designs import precision_and_power
from rpcstats.errors import ParameterError

ROUNDED_TO_POINTS = 0.006
"""The hand figures are printed in whole points; the ICC rounds the design effect."""


def row(plan, n):
    frame = plan.tidy()
    return frame.loc[frame["starters"] == n].iloc[0]


def test_half_width_by_hand_without_clustering():
    plan = precision_and_power([100], completion=0.5, icc=0.0)
    assert row(plan, 100)["half_width"] == pytest.approx(1.959963984540054 * sqrt(0.0025))


@pytest.mark.parametrize(("n", "points"), [(57, 0.13), (34, 0.17), (10, 0.315)])
def test_half_widths_of_small_councils(n, points):
    assert row(precision_and_power([n]), n)["half_width"] == pytest.approx(
        points, abs=ROUNDED_TO_POINTS
    )


def test_one_council_has_almost_no_power_and_thousands_are_needed():
    plan = precision_and_power([57, 570, 2800])
    assert row(plan, 57)["power"] < 0.08
    assert row(plan, 570)["power"] == pytest.approx(0.25, abs=0.01)
    assert row(plan, 2800)["power"] == pytest.approx(0.80, abs=0.01)


def test_power_agrees_with_statsmodels():
    from statsmodels.stats.power import normal_power_het

    n, share = 600, 0.15
    variance = 0.25 * 0.75 / (1 - share) + 0.319 * 0.681 / share
    peer = normal_power_het(0.319 - 0.25, n, 0.05, std_null=sqrt(variance))
    assert row(precision_and_power([n]), n)["power"] == pytest.approx(peer, rel=1e-10)


def test_more_starters_never_tell_less():
    frame = precision_and_power([5, 10, 20, 40, 80]).tidy()
    assert frame["half_width"].is_monotonic_decreasing
    assert frame["power"].is_monotonic_increasing


def test_every_fault_is_listed():
    with pytest.raises(ParameterError) as caught:
        precision_and_power([0], completion=1.2, dropout=(0.3, 0.3), icc=-1, group_size=0)
    assert len(caught.value.faults) == 5


def test_tidy_hands_out_a_copy():
    plan = precision_and_power()
    frame = plan.tidy()
    frame["power"] = 0.0
    assert (plan.tidy()["power"] > 0).all()
