"""Restricted means with robust errors, bootstrapped, and adjusted for covariates."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats import _vocabulary as v
from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.survival import kaplan_meier, rmst, rmst_difference
from rpcstats.survival.nonparametric.pseudo_regression import pseudo_regression
from rpcstats.survival.nonparametric.rmst_adjusted import rmst_adjusted
from rpcstats.survival.nonparametric.rmst_bootstrap import rmst_bootstrap

ALL, BY_MODE = "Surv(time, event) ~ 1", "Surv(time, event) ~ mode"
# The standard error of a standard error from 2,000 samples, four times over, and of order 1 / n.
SAMPLES, SPREAD = 2000, 0.12
# Leaving out one of 50 rows differs from the derivative by a few parts in 50.
JACKKNIFE = 0.2


@pytest.fixture
def starters():
    rng = np.random.default_rng(8)
    n = 200
    age = rng.normal(size=n)
    mode = rng.random(n) < 1 / (1 + np.exp(-0.8 * age))
    time = np.ceil(rng.exponential(np.exp(1.2 + 0.3 * mode - 0.4 * age)))
    censor = rng.integers(2, 12, n)
    return pd.DataFrame(
        {
            "time": np.minimum(time, censor),
            "event": (time <= censor).astype(int),
            "mode": np.where(mode, "online", "hall"),
            "age": age,
            "site": np.arange(n) % 25,
            "town": np.arange(n) // 20,
            "w": rng.uniform(0.5, 2, n),
        }
    )


def test_the_robust_error_by_hand(six):
    # Areas ahead of 1 and 2, up to 4: 11/6 and 1. At risk d / (n (n - d)) of them, at the
    # event less 1 / (n - d).
    at_one, at_two = 11 / 6 * np.array([1 / 30, -1 / 5]), np.array([2 / 15, -1 / 3])
    rows = [
        at_one.sum(),
        at_one[0] + at_two.sum(),
        at_one[0] + at_two.sum(),
        *[at_one[0] + at_two[0]] * 3,
    ]
    found = rmst(ALL, six, tau=4, robust=True)
    assert found.estimate[0] == pytest.approx(17 / 6, rel=1e-14)
    assert found.std_error[0] ** 2 == pytest.approx(np.square(rows).sum(), rel=1e-12)
    sums = np.bincount([0, 1, 2, 0, 1, 2], weights=rows)
    clustered = rmst("Surv(time, event) ~ cluster(id)", six.assign(id=[1, 2, 3] * 2), tau=4)
    assert clustered.std_error[0] ** 2 == pytest.approx((sums**2).sum(), rel=1e-12)


def test_groups_that_share_clusters_are_not_independent(starters):
    formula = f"{BY_MODE} + cluster(site)"
    means, table = rmst(formula, starters, tau=6), rmst_difference(formula, starters, tau=6).tidy()
    V = means.cov
    assert V[0, 1] != 0
    error = np.sqrt(V[0, 0] + V[1, 1] - 2 * V[0, 1])
    assert table["std_error"][0] == pytest.approx(error, rel=1e-12)
    assert "25 clusters of site" in str(means.summary())
    two = rmst(f"{BY_MODE} + cluster(site, town)", starters, tau=6).cov
    town = rmst(f"{BY_MODE} + cluster(town)", starters, tau=6).cov
    cell = starters.assign(cell=starters["site"] * 100 + starters["town"])
    both = rmst(f"{BY_MODE} + cluster(cell)", cell, tau=6).cov
    np.testing.assert_allclose(two, V + town - both, rtol=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 8), st.booleans()), min_size=3, max_size=25))
def test_without_censoring_the_robust_error_is_that_of_a_mean(rows):
    frame = pd.DataFrame(rows, columns=["time", "event"]).assign(event=1)
    found = rmst(ALL, frame, tau=5, robust=True)
    held = frame["time"].clip(upper=5)
    np.testing.assert_allclose(found.estimate[0], held.mean(), rtol=1e-12)
    np.testing.assert_allclose(found.std_error[0], held.std(ddof=0) / len(held) ** 0.5, atol=1e-9)


def test_bootstrap_errors_are_the_robust_ones(starters):
    for formula, options in (
        (BY_MODE, {}),
        ("Surv(clock, event) ~ mode", {}),
        (BY_MODE, {"weights": "w"}),
        (f"{BY_MODE} + cluster(site)", {}),
    ):
        frame = starters.assign(clock=starters["time"] + starters["age"].rank() / 1000)
        boot = rmst_bootstrap(formula, frame, tau=6, n_boot=SAMPLES, seed=3, **options)
        robust = rmst(formula, frame, tau=6, robust=True, **options)
        table = boot.tidy().set_index("measure")
        np.testing.assert_allclose(table.loc["mean", "std_error"], robust.std_error, rtol=SPREAD)
        np.testing.assert_array_equal(table.loc["mean", "estimate"], robust.estimate)
    assert tuple(boot.tidy().columns) == v.BOOTSTRAP


def test_bootstrap_is_repeatable_and_says_what_is_unknown():
    frame = pd.DataFrame({"time": [1, 2, 3, 5], "event": [1, 1, 0, 0]})
    first, second = (rmst_bootstrap(ALL, frame, tau=4, n_boot=50, seed=1) for _ in "ab")
    np.testing.assert_array_equal(first.replicates, second.replicates)
    assert np.isnan(first.replicates).any()
    assert "not followed to tau" in str(first.summary())
    with mpl.rc_context({"backend": "agg"}):
        assert first.plot().has_data()
    late = frame.assign(entry=[0, 0, 1, 2])
    found = rmst_bootstrap("Surv(entry, time, event) ~ 1", late, tau=2.5, n_boot=20, seed=1)
    assert np.isfinite(found.replicates).any()


def test_weighting_without_covariates_is_the_plain_comparison(starters):
    found = rmst_adjusted(BY_MODE, starters, tau=6, exposure="mode", method="weighting")
    plain = rmst(BY_MODE, starters, tau=6, robust=True)
    np.testing.assert_allclose(found.estimate, plain.estimate, rtol=1e-12)
    np.testing.assert_allclose(np.diag(found.cov), plain.std_error**2, rtol=1e-9)


def test_the_adjusted_difference_is_the_coefficient(starters):
    formula = f"{BY_MODE} + age + cluster(site)"
    table = rmst_adjusted(formula, starters, tau=6, exposure="mode").tidy()
    row = pseudo_regression(formula, starters, at=6, of="rmst").tidy().iloc[1]
    assert tuple(table.columns) == v.CONTRASTS
    assert table["estimate"][0] == pytest.approx(row["estimate"], rel=1e-10)
    assert table["std_error"][0] == pytest.approx(row["std_error"], rel=1e-9)


@pytest.mark.parametrize("options", [{}, {"link": "log"}, {"method": "weighting"}])
def test_errors_agree_with_leaving_out_rows(starters, options):
    frame = starters.iloc[:50].reset_index(drop=True)
    formula, rest = f"{BY_MODE} + age", {"tau": 5, "exposure": "mode", **options}
    whole = rmst_adjusted(formula, frame, **rest)
    each = [rmst_adjusted(formula, frame.drop(index=i), **rest).estimate for i in frame.index]
    spread = np.array(each) - np.mean(each, axis=0)
    jackknife = np.diag(49 / 50 * spread.T @ spread)
    np.testing.assert_allclose(np.diag(whole.cov), jackknife, rtol=JACKKNIFE)


def test_adjusted_means_read_and_draw(starters):
    found = rmst_adjusted(f"{BY_MODE} * age", starters, tau=6, exposure="mode", method="weighting")
    assert found.means()["effective"].lt(found.n_obs).all()
    assert found.glance()["method"][0] == "weighting"
    assert "weighting" in str(found.summary())
    pseudo = rmst_adjusted(f"{BY_MODE} * age", starters, tau=6, exposure="mode")
    with mpl.rc_context({"backend": "agg"}):
        for result in (
            pseudo,
            rmst(BY_MODE, starters, tau=6),
            rmst_difference(BY_MODE, starters, tau=6),
        ):
            assert result.plot().has_data()


def test_three_levels_and_a_numeric_exposure(starters):
    frame = starters.assign(band=np.digitize(starters["age"], [-0.5, 0.5]))
    formula = "Surv(time, event) ~ C(band) + site"
    found = rmst_adjusted(formula, frame, tau=6, exposure="band")
    assert found.levels == ("band=0", "band=1", "band=2")
    with pytest.raises(DataError, match="two levels"):
        rmst_adjusted(formula, frame, tau=6, exposure="band", method="weighting")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"tau": 0}, ParameterError, "tau is out of range"),
        ({"tau": 99}, ParameterError, "beyond"),
        ({"tau": 99, "method": "weighting"}, ParameterError, "beyond"),
        ({"method": "matching"}, ParameterError, "method is unknown"),
        ({"method": "weighting", "link": "log"}, ParameterError, "link= belongs"),
        ({"exposure": "site"}, FormulaError, "not among the terms"),
        ({"exposure": "age"}, DataError, "2 to 20 levels"),
    ],
)
def test_faulty_calls_are_refused(starters, options, error, message):
    with pytest.raises(error, match=message):
        rmst_adjusted(f"{BY_MODE} + age", starters, **{"tau": 6, "exposure": "mode", **options})


def test_more_faulty_calls_are_refused(starters):
    certain = starters.assign(mode=np.where(starters["age"] > 0, "a", "b"))
    with pytest.raises(DataError, match="for certain"):
        rmst_adjusted(f"{BY_MODE} + age", certain, tau=6, exposure="mode", method="weighting")
    with pytest.raises(FormulaError, match="strata"):
        rmst_adjusted(
            f"{BY_MODE} + strata(site)", starters, tau=3, exposure="mode", method="weighting"
        )
    with pytest.raises(ParameterError, match="n_boot"):
        rmst_bootstrap(ALL, starters, tau=6, n_boot=1)
    with pytest.raises(ParameterError, match="one column"):
        rmst_bootstrap("Surv(time, event) ~ cluster(site, town)", starters, tau=6)
    assert kaplan_meier(ALL, starters).rmst(6).remarks == ()
