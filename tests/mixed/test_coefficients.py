"""Tables of coefficients: quantiles, tests and ratios."""

import numpy as np
import pytest

from rpcstats import _vocabulary as v
from rpcstats.errors import ParameterError
from rpcstats.mixed.coefficients import coefficient_table, quantile

Z95 = 1.959963984540054


def test_one_degree_of_freedom_by_hand():
    # A t distribution with one degree of freedom is Cauchy's: P(|t| > 1) = 1 / 2.
    frame = coefficient_table(["a"], np.array([3.0]), np.array([3.0]), df=[1.0], conf_level=0.5)
    assert tuple(frame.columns) == v.TIDY
    row = frame.iloc[0]
    assert (row["statistic"], row["df"]) == (1.0, 1.0)
    assert row["p_value"] == pytest.approx(0.5, rel=1e-12)
    np.testing.assert_allclose([row["conf_low"], row["conf_high"]], [0.0, 6.0], atol=1e-12)


def test_infinite_degrees_of_freedom_are_the_normal():
    half = quantile(np.array([np.inf, 1e9, 2.0]), 0.95)
    np.testing.assert_allclose(half, [Z95, Z95, 4.302652729911275], rtol=1e-8)
    assert quantile(None, 0.95) == pytest.approx(Z95, rel=1e-14)
    several = coefficient_table(["a"], np.array([2.0]), np.array([1.0]), df=[np.inf])
    normal = coefficient_table(["a"], np.array([2.0]), np.array([1.0]))
    for name in ("p_value", "conf_low", "conf_high"):
        assert several[name][0] == pytest.approx(normal[name][0], rel=1e-14)
    assert np.isnan(normal["df"][0])


def test_a_tail_keeps_its_digits():
    frame = coefficient_table(["a"], np.array([30.0]), np.array([1.0]), df=[np.inf])
    assert frame["p_value"][0] == pytest.approx(9.813427854297537e-198, rel=1e-10)


def test_nothing_is_made_up_without_a_standard_error():
    frame = coefficient_table(["a", "b"], np.array([1.0, 0.0]), np.array([np.nan, 0.0]))
    columns = ["statistic", "p_value"]
    assert frame[columns].isna().all(axis=None)
    assert frame.loc[0, ["conf_low", "conf_high"]].isna().all()


def test_limits_beyond_the_largest_number_are_infinite():
    frame = coefficient_table(["a"], np.array([20.0]), np.array([1e5]), exponentiate=True)
    assert (frame["conf_low"][0], frame["conf_high"][0]) == (0.0, np.inf)


@pytest.mark.parametrize("level", [0.0, 1.0, -1.0])
def test_the_level_is_checked(level):
    with pytest.raises(ParameterError, match="conf_level"):
        coefficient_table(["a"], np.ones(1), np.ones(1), conf_level=level)
