"""What must not change a Cox model."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rpcstats.survival.cox_regression import cox

# Two searches end within their tolerance of the same maximum.
SAME = {"rtol": 1e-8, "atol": 1e-9}
FORMULA = "Surv(time, event) ~ x + z"
TIES = st.sampled_from(["efron", "breslow"])


def _rows(seed, n=50):
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=n), rng.choice([0.0, 1.0], n)
    time = rng.exponential(size=n) * np.exp(-0.4 * x + 0.2 * z)
    return pd.DataFrame(
        {
            "time": np.ceil(8 * time),
            "event": (rng.random(n) < 0.75) * 1,
            "x": x,
            "z": z,
            "g": rng.integers(0, 12, n),
            "w": rng.choice([1.0, 2.0, 3.0], n),
        }
    )


def _same(first, second):
    np.testing.assert_allclose(first.beta, second.beta, **SAME)
    np.testing.assert_allclose(first.cov, second.cov, **SAME)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), ties=TIES)
def test_order_of_rows_unit_of_time_and_place_of_covariates(seed, ties):
    data = _rows(seed)
    plain = cox(FORMULA + " + cluster(g)", data, ties=ties)
    shuffled = data.sample(frac=1.0, random_state=seed)
    _same(plain, cox(FORMULA + " + cluster(g)", shuffled, ties=ties))
    _same(plain, cox(FORMULA + " + cluster(g)", data.assign(time=data["time"] / 7), ties=ties))
    _same(plain, cox(FORMULA + " + cluster(g)", data.assign(x=data["x"] - 40), ties=ties))
    _same(plain, cox(FORMULA + " + strata(one) + cluster(g)", data.assign(one="a"), ties=ties))
    _same(
        plain, cox("Surv(start, time, event) ~ x + z + cluster(g)", data.assign(start=0), ties=ties)
    )


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), ties=TIES)
def test_splitting_episodes_changes_nothing(seed, ties):
    """Cut in two at a time of their own, also at times when others fail."""
    data = _rows(seed).assign(start=0.0, person=np.arange(50))
    cut = np.floor(data["time"] / 2)
    early = data.assign(time=cut, event=0)[cut > 0]
    late = data.assign(start=cut)
    pieces = pd.concat([early, late])
    formula = "Surv(start, time, event) ~ x + z + cluster(person)"
    whole, split = cox(formula, data, ties=ties), cox(formula, pieces, ties=ties)
    _same(whole, split)
    assert split.log_lik == pytest.approx(whole.log_lik, rel=1e-12)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_weight_two_is_the_row_twice_under_breslow(seed):
    data = _rows(seed)
    twice = data.loc[np.repeat(data.index, data["w"].astype(int))]
    weighted = cox(FORMULA, data, ties="breslow", weights="w")
    _same(weighted, cox(FORMULA, twice, ties="breslow"))


def test_weight_two_is_not_quite_the_row_twice_under_efron():
    """Its ties share their mean weight: a tie of three rows is thinned in three steps, not six."""
    data = _rows(1)
    weighted = cox(FORMULA, data.assign(w=2.0), weights="w")
    plain = cox(FORMULA, data)
    np.testing.assert_allclose(weighted.beta, plain.beta, **SAME)
    twice = cox(FORMULA, pd.concat([data, data]))
    assert np.abs(twice.beta - weighted.beta).max() > 1e-4


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_all_methods_agree_without_ties(seed):
    data = _rows(seed)
    data["time"] += np.random.default_rng(seed).random(50) / 100
    # Times closer than 1.5e-8 of their mean would count as tied.
    assume(np.diff(np.sort(data["time"])).min() > 1e-6)
    efron, breslow, exact = (cox(FORMULA, data, ties=t) for t in ("efron", "breslow", "exact"))
    _same(efron, breslow)
    _same(efron, exact)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_stratum_of_one_row_tells_nothing(seed):
    data = _rows(seed).assign(place="a")
    alone = data.head(1).assign(place="b", event=1)
    formula = FORMULA + " + strata(place)"
    with_it, without = cox(formula, pd.concat([data, alone])), cox(formula, data)
    _same(with_it, without)


def test_clusters_of_one_row_are_the_rows_by_themselves():
    data = _rows(3).assign(person=np.arange(50))
    _same(cox(FORMULA + " + cluster(person)", data), cox(FORMULA, data, robust=True))


def test_clusters_crossed_with_finer_ones_are_the_coarse_ones():
    """V_a + V_b - V_ab = V_a where every cluster of b is within one of a."""
    data = _rows(4).assign(person=np.arange(50))
    _same(cox(FORMULA + " + cluster(g, person)", data), cox(FORMULA + " + cluster(g)", data))
