"""How much groups differ: closed forms and the definition of Kendall's tau."""

import numpy as np
import pytest

from rpcstats.survival.cox_regression import cox
from rpcstats.survival.frailties.spread import _gamma, _normal, _tau_lognormal

# A million pairs of uniform numbers leave the third digit of a quantile open.
BY_DRAWING = 0.01


def test_gamma_with_variance_one():
    """With ν = 1 the ratio of two exponential frailties has median of the larger share 3."""
    found = _gamma(1.0)
    assert found["median_hazard_ratio"] == pytest.approx(3.0)
    assert found["kendall_tau"] == pytest.approx(1.0 / 3.0)
    assert found["hazard_ratio_95"] == pytest.approx(np.log(0.025) / np.log(0.975))


def test_median_hazard_ratios_by_drawing():
    rng = np.random.default_rng(3)
    a, b = rng.gamma(1.0 / 0.4, 0.4, size=(2, 1_000_000))
    drawn = np.median(np.maximum(a, b) / np.minimum(a, b))
    assert _gamma(0.4)["median_hazard_ratio"] == pytest.approx(drawn, rel=BY_DRAWING)
    a, b = rng.normal(scale=0.6, size=(2, 1_000_000))
    drawn = np.median(np.exp(np.abs(a - b)))
    assert _normal(0.36)["median_hazard_ratio"] == pytest.approx(drawn, rel=BY_DRAWING)


def test_kendalls_tau_of_a_lognormal_frailty_by_drawing():
    rng = np.random.default_rng(5)
    frailty = np.exp(rng.normal(scale=0.9, size=(2, 400_000)))
    times = rng.exponential(size=(2, 2, 400_000)) / frailty
    concordant = (times[0, 0] - times[0, 1]) * (times[1, 0] - times[1, 1]) > 0.0
    assert _tau_lognormal(0.9) == pytest.approx(2.0 * concordant.mean() - 1.0, abs=BY_DRAWING)


@pytest.mark.parametrize("measures", [_normal, _gamma])
def test_limits(measures):
    nothing, much = measures(0.0), measures(np.inf if measures is _normal else 1e3)
    assert nothing["median_hazard_ratio"] == 1.0
    assert nothing["kendall_tau"] == 0.0
    assert much["kendall_tau"] == pytest.approx(1.0, abs=0.01)
    assert np.isnan(measures(np.nan)["median_hazard_ratio"])


def test_a_table_for_each_factor_with_an_intercept(sample):
    data = sample(120, 12, seed=4)
    fit = cox("Surv(time, event) ~ x + (1 | g) + (0 + z | f)", data)
    table = fit.heterogeneity()
    assert set(table["group"]) == {"g"}
    assert (table["conf_low"] <= table["estimate"]).all()
    assert (table["conf_high"] >= table["estimate"]).all()
    gamma = cox("Surv(time, event) ~ x + frailty(g)", data).heterogeneity()
    assert list(gamma["measure"]) == [
        "variance",
        "median_hazard_ratio",
        "hazard_ratio_95",
        "kendall_tau",
    ]
    none = cox("Surv(time, event) ~ x + (0 + z | f)", data).heterogeneity()
    assert none.empty
