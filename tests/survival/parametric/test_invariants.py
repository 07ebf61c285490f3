"""What must not change, or must change in a known way, whatever the data."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.survival.parametric._newton import DECREMENT
from rpcstats.survival.parametric._row_model import evaluate
from rpcstats.survival.parametric.estimate_survreg import find_optimum
from rpcstats.survival.parametric.families import FAMILIES
from rpcstats.survival.parametric.read_sample import read_sample
from rpcstats.survival.parametric.survreg import survreg
from rpcstats.survival.parametric.timed_rows import censoring_kinds, timed_rows

SAME = 1e-7
ON_LOG = ["weibull", "exponential", "lognormal", "loglogistic", "gamma", "generalised_gamma"]
few = settings(max_examples=12, deadline=None)


@st.composite
def samples(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = draw(st.integers(25, 60))
    x = rng.normal(size=n)
    time = np.exp(1 + 0.3 * x + 0.7 * np.log(rng.exponential(size=n)))
    event = (rng.random(n) < 0.7).astype(int)
    event[:10] = 1
    entry = np.where(rng.random(n) < 0.4, time * rng.uniform(0.1, 0.7, n), 0.0)
    w = rng.integers(1, 4, n).astype(float)
    return pd.DataFrame({"time": time, "event": event, "entry": entry, "x": x, "w": w})


@few
@given(samples(), st.sampled_from(ON_LOG[:-1]), st.floats(1e-4, 1e4))
def test_a_unit_of_time_shifts_the_intercept_alone(d, dist, unit):
    first = survreg("Surv(entry, time, event) ~ x", d, dist=dist)
    scaled = d.assign(time=d["time"] * unit, entry=d["entry"] * unit)
    second = survreg("Surv(entry, time, event) ~ x", scaled, dist=dist)
    shifted = first.coef.copy()
    shifted[0] += np.log(unit)
    np.testing.assert_allclose(second.coef, shifted, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(second.cov, first.cov, rtol=1e-6, atol=1e-9)


@few
@given(samples(), st.sampled_from([*ON_LOG[:-1], "gompertz", "gaussian"]))
def test_the_order_of_rows_does_not_matter(d, dist):
    first = survreg("Surv(time, event) ~ x", d, dist=dist)
    second = survreg("Surv(time, event) ~ x", d.sample(frac=1, random_state=1), dist=dist)
    np.testing.assert_allclose(second.coef, first.coef, rtol=SAME, atol=SAME)
    assert second.log_lik == pytest.approx(first.log_lik, abs=1e-9)


@few
@given(samples(), st.sampled_from([*ON_LOG[:-1], "gompertz", "gaussian"]), st.booleans())
def test_a_weight_counts_rows(d, dist, clustered):
    d = d.assign(id=np.arange(len(d)))
    form = "Surv(entry, time, event) ~ x" + (" + cluster(id)" if clustered else "")
    if dist == "gaussian":
        form = form.replace("entry, ", "")
    repeated = d.loc[d.index.repeat(d["w"].astype(int))]
    first, second = survreg(form, d, dist=dist, weights="w"), survreg(form, repeated, dist=dist)
    np.testing.assert_allclose(first.coef, second.coef, rtol=SAME, atol=SAME)
    np.testing.assert_allclose(first.cov, second.cov, rtol=1e-6, atol=1e-10)
    assert first.log_lik == pytest.approx(second.log_lik, abs=1e-8)


@few
@given(samples(), st.sampled_from([*ON_LOG[:-1], "gompertz", "gaussian"]))
def test_entry_at_0_is_no_late_entry(d, dist):
    first = survreg("Surv(time, event) ~ x", d, dist=dist)
    second = survreg("Surv(zero, time, event) ~ x", d.assign(zero=0.0), dist=dist)
    np.testing.assert_array_equal(first.coef, second.coef)


@few
@given(samples(), st.sampled_from([*ON_LOG[:-1], "gompertz"]), st.floats(-1e3, 1e3))
def test_a_constant_added_to_a_covariate_changes_the_intercept_alone(d, dist, constant):
    first = survreg("Surv(time, event) ~ x", d, dist=dist)
    second = survreg("Surv(time, event) ~ x", d.assign(x=d["x"] + constant), dist=dist)
    np.testing.assert_allclose(second.coef[1:], first.coef[1:], rtol=1e-6, atol=1e-8)
    assert second.log_lik == pytest.approx(first.log_lik, abs=1e-8)


@few
@given(samples(), st.sampled_from([*FAMILIES]))
def test_the_gradient_is_zero_and_the_likelihood_highest_at_the_optimum(d, dist):
    frame = read_sample("Surv(time, event) ~ x", d, weights="w").frame
    family = FAMILIES[dist].family
    found = find_optimum(frame, family, timed_rows(frame, family, censoring_kinds(frame)))
    if found.optimum.drift is not None or not found.optimum.summary.converged:
        return
    model, theta = found.model, found.optimum.theta
    at = evaluate(model, theta)
    step = np.linalg.solve(at.information, at.gradient)
    assert step @ at.gradient <= 100 * DECREMENT
    h = 1e-4
    for j in range(len(theta)):
        moved = theta.copy()
        moved[j] += h
        up = evaluate(model, moved)
        moved[j] -= 2 * h
        down = evaluate(model, moved)
        assert max(up.value, down.value) <= at.value
        bend = (up.gradient - down.gradient) / (2 * h)
        size = np.abs(at.information).max()
        np.testing.assert_allclose(-at.information[j], bend, atol=1e-5 * size)
