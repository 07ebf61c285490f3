"""How much clustering inflates the variance of curves."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.disclosure import disclose
from rpcstats.survival.competing.cumulative_incidence import cumulative_incidence
from rpcstats.survival.nonparametric.compare_groups import compare_groups
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier


@pytest.fixture(scope="module")
def twins():
    """Sixty parents, each written twice: two of a pair leave together."""
    rng = np.random.default_rng(4)
    one = pd.DataFrame(
        {
            "time": rng.integers(1, 7, 60),
            "event": (rng.random(60) < 0.5).astype(int),
            "cause": rng.choice(["practical", "other"], 60),
            "pair": range(60),
            "mode": rng.choice(["a", "b"], 60),
        }
    )
    one["cause"] = pd.Categorical(
        one["cause"].where(one["event"] == 1, "open"), ["open", "practical", "other"]
    )
    return pd.concat([one, one], ignore_index=True)


def test_pairs_that_leave_together_double_the_variance(twins):
    km = kaplan_meier("Surv(time, event) ~ mode + cluster(pair)", twins)
    assert km.design_effect == pytest.approx(2, rel=0.02)
    incidence = cumulative_incidence("Surv(time, cause) ~ mode + cluster(pair)", twins)
    assert incidence.design_effect == pytest.approx(km.design_effect, rel=1e-6)


def test_independent_people_have_none(twins):
    assert kaplan_meier("Surv(time, event) ~ 1", twins).design_effect == 1
    assert cumulative_incidence("Surv(time, cause) ~ 1", twins).design_effect == pytest.approx(1)


def test_protected_curves_are_widened_by_it(twins):
    plain, wide = (
        disclose(kaplan_meier(f"Surv(time, event) ~ 1{cluster}", twins), "council").frame
        for cluster in ("", " + cluster(pair)")
    )
    ratio = (wide["std_error"] / plain["std_error"]).dropna().iloc[-1]
    assert np.sqrt(2) - 1e-9 <= ratio <= np.sqrt(2.25) + 1e-9
    np.testing.assert_array_equal(plain["estimate"], wide["estimate"])


def test_comparisons_of_groups_are_robust_to_it(twins):
    plain, robust = (
        compare_groups("Surv(time, event)", twins, by=["mode"], tau=6, cluster=cluster)
        for cluster in (None, "pair")
    )
    assert robust.design_effect == pytest.approx(2, rel=0.02)
    assert plain.design_effect == 1
    errors = robust.tidy()["std_error"] / plain.tidy()["std_error"]
    np.testing.assert_allclose(errors, np.sqrt(2), rtol=0.02)
    assert robust.glance()["statistic"].iloc[0] < plain.glance()["statistic"].iloc[0]
