"""What must not change a Cox regression with random effects."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rpcstats.survival.cox_regression import cox

# Optima found along different ways: θ to half the digits of the likelihood and better.
THETA = 1e-5
LOG_LIK = 1e-8

FEW = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
TERMS = ("frailty(g)", "(1 | g)", "(1 | g) + (1 | f)")


def same(one, other):
    assert one.log_lik == pytest.approx(other.log_lik, rel=LOG_LIK)
    np.testing.assert_allclose(one.beta, other.beta, rtol=THETA, atol=THETA)
    np.testing.assert_allclose(one.theta, other.theta, rtol=THETA, atol=1e-4)
    np.testing.assert_allclose(one.std_error, other.std_error, rtol=THETA, atol=THETA)


@FEW
@given(seed=st.integers(0, 50), term=st.sampled_from(TERMS))
def test_the_order_of_rows_and_the_names_of_groups(sample, seed, term):
    data = sample(150, 15, seed=seed, sd=0.9)
    fit = cox(f"Surv(time, event) ~ x + {term}", data)
    mixed = data.sample(frac=1.0, random_state=seed)
    names = np.random.default_rng(seed).permutation(15)
    mixed["g"] = [f"group {names[code]}" for code in mixed["g"]]
    same(cox(f"Surv(time, event) ~ x + {term}", mixed), fit)


@FEW
@given(seed=st.integers(0, 50), term=st.sampled_from(TERMS), unit=st.sampled_from([7.0, 1e-3]))
def test_the_unit_of_time_and_of_covariates(sample, seed, term, unit):
    data = sample(150, 15, seed=seed, sd=0.9, late=True)
    fit = cox(f"Surv(entry, time, event) ~ x + {term}", data)
    other = data.assign(time=data["time"] * unit, entry=data["entry"] * unit, x=data["x"] + 5.0)
    same(cox(f"Surv(entry, time, event) ~ x + {term}", other), fit)


@FEW
@given(seed=st.integers(0, 50), term=st.sampled_from(TERMS))
def test_a_weight_of_two_is_the_row_twice(sample, seed, term):
    data = sample(120, 12, seed=seed, sd=0.9)
    data["copies"] = 1 + data.index % 2
    twice = data.loc[data.index.repeat(data["copies"])]
    formula = f"Surv(time, event) ~ x + {term}"
    weighted = cox(formula, data, ties="breslow", weights="copies")
    same(cox(formula, twice, ties="breslow"), weighted)


@FEW
@given(seed=st.integers(0, 50), term=st.sampled_from(TERMS))
def test_late_entry_at_nought_is_none(sample, seed, term):
    data = sample(150, 15, seed=seed, sd=0.9)
    formula = f"~ x + {term}"
    same(
        cox(f"Surv(entry, time, event) {formula}", data.assign(entry=0.0)),
        cox(f"Surv(time, event) {formula}", data),
    )


@FEW
@given(seed=st.integers(0, 50))
def test_an_episode_may_be_split(sample, seed):
    data = sample(150, 15, seed=seed, sd=0.9)
    data = data[data["time"] > 2.0]
    early = data.assign(time=2.0, event=0, entry=0.0)
    split = (early, data.assign(entry=2.0))
    same(
        cox("Surv(entry, time, event) ~ x + frailty(g)", pd.concat(split)),
        cox("Surv(time, event) ~ x + frailty(g)", data),
    )
