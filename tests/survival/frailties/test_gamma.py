"""Gamma frailties: the marginal likelihood integrated directly, and limits."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, special

from rpcstats.survival.cox_regression import cox
from rpcstats.survival.frailties._gamma import _integration_terms

# Quadrature and a search by values, of a likelihood of about ten terms.
INTEGRATED = 1e-6
TIGHT = 1e-8

TWO = pd.DataFrame(
    {
        "time": [2.0, 3.0, 5.0, 5.0, 1.0, 3.0, 4.0, 6.0],
        "event": [1, 1, 1, 0, 0, 1, 1, 0],
        "x": [0.5, -1.0, 0.3, 0.0, 1.2, 0.4, -0.7, 0.1],
        "g": list("aaaabbbb"),
    }
)


def marginal(theta):
    """Maximise over β and the jumps of the baseline, the frailties of two groups integrated."""
    times = np.unique(TWO.loc[TWO["event"] == 1, "time"])
    upto = TWO["time"].to_numpy()[:, None] >= times
    at = TWO["time"].to_numpy()[:, None] == times
    event, x = TWO["event"].to_numpy(), TWO["x"].to_numpy()
    nu = 1.0 / theta

    def minus(parameters):
        beta, jumps = parameters[0], np.exp(parameters[1:])
        log_hazard = beta * x + at @ parameters[1:]
        total = np.exp(beta * x) * (upto @ jumps)
        value = 0.0
        for group in "ab":
            own = (TWO["g"] == group).to_numpy()
            d, A = event[own].sum(), total[own].sum()

            def density(u, d=d, A=A):
                log_prior = nu * np.log(nu) + (nu - 1) * np.log(u) - nu * u - special.gammaln(nu)
                return np.exp(d * np.log(u) - A * u + log_prior)

            inside = integrate.quad(density, 0.0, 40.0, epsabs=1e-13, epsrel=1e-12, limit=200)[0]
            value += (event * log_hazard)[own].sum() + np.log(inside)
        return -value

    start = np.concatenate([[0.0], np.full(len(times), -2.0)])
    found = optimize.minimize(minus, start, method="BFGS", options={"gtol": 1e-7})
    d = at[event == 1].sum(axis=0)
    # Without frailties the same maximum is the partial likelihood plus Σ d log d - d.
    return found.x[0], -found.fun - (d * np.log(d) - d).sum()


@pytest.mark.parametrize("theta", [0.3, 1.5])
def test_the_integrated_likelihood_of_two_groups(theta):
    fit = cox("Surv(time, event) ~ x + frailty(g)", TWO, ties="breslow").refit(theta=theta)
    with np.errstate(all="ignore"):
        beta, log_lik = marginal(theta)
    assert fit.log_lik == pytest.approx(log_lik, abs=INTEGRATED)
    assert fit.beta[0] == pytest.approx(beta, abs=1e-4)


def test_a_variance_near_zero_is_the_model_without(sample):
    data = sample()
    fit = cox("Surv(time, event) ~ x + frailty(g)", data)
    plain = cox("Surv(time, event) ~ x", data)
    for theta in (0.0, 1e-9):
        near = fit.refit(theta=theta)
        assert near.beta == pytest.approx(plain.beta, abs=TIGHT)
        assert near.std_error == pytest.approx(plain.std_error, abs=TIGHT)
        assert near.log_lik == pytest.approx(plain.log_lik, abs=1e-6)
    assert fit.log_lik_plain == pytest.approx(plain.log_lik, abs=TIGHT)


def test_the_slope_at_zero_is_that_of_the_likelihood(sample):
    data = sample()
    fit = cox("Surv(time, event) ~ x + frailty(g)", data)
    h = 1e-5
    up, twice = (fit.refit(theta=t).log_lik for t in (h, 2.0 * h))
    slope = (4.0 * up - twice - 3.0 * fit.log_lik_plain) / (2.0 * h)
    residual = cox("Surv(time, event) ~ x", data).residuals("martingale")
    column = residual.columns[-1]
    m = pd.Series(residual[column].to_numpy()).groupby(data["g"].to_numpy()).sum()
    d = data.groupby("g")["event"].sum()
    assert slope == pytest.approx(0.5 * float((m**2 - d).sum()), rel=1e-3)


def test_the_estimate_is_a_maximum(sample):
    fit = cox("Surv(time, event) ~ x + frailty(g)", sample(seed=3))
    assert fit.theta[0] > 0.0
    for factor in (0.999, 1.001):
        assert fit.refit(theta=fit.theta[0] * factor).log_lik < fit.log_lik
    assert fit.optimum.gradient_norm < TIGHT
    assert fit.theta_cov[0, 0] > 0.0


@pytest.mark.parametrize("d", [1.0, 2.5, 7.0])
def test_the_terms_of_integration_where_they_change_formula(d):
    near, far = (
        _integration_terms(np.array([d]), 1e3 * d),
        _integration_terms(np.array([d]), np.nextafter(1e3 * d, np.inf)),
    )
    assert near == pytest.approx(far, rel=1e-8)
    h = 1e-4
    up, down = (_integration_terms(np.array([d]), 2.0 + s * h)[0] for s in (1, -1))
    slope = _integration_terms(np.array([d]), 2.0)[1]
    assert slope == pytest.approx((up - down) / (2 * h), rel=1e-7)
