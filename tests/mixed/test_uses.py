"""What the rooms above build on: hazards by session, rates, proportions of councils."""

import numpy as np
import pandas as pd
from scipy import integrate, stats

import rpcstats as rp

# The quadrature of the model and scipy's adaptive one agree to this.
INTEGRAL = 1e-8


def test_a_hazard_by_session_is_a_binary_model_of_person_periods():
    simulated = rp.simulate_extract("herts_pws", seed=5)
    retention = rp.followup(simulated.extract, event="dropout", unit="session")
    periods = rp.person_period(retention)
    fit = rp.glmm("event ~ session + mode + (1 | group_id)", periods, link="cloglog")
    assert fit.converged
    assert fit.is_singular
    mu, event = fit.fitted(), periods["event"].to_numpy()
    weight = -np.log1p(-mu) / mu
    score = fit.frame.X.T @ (weight * (event - mu))
    np.testing.assert_allclose(score, 0.0, atol=1e-4)


def test_proportions_of_councils_are_pooled_by_their_exact_likelihood():
    k, n = np.array([36, 41, 12, 58, 7]), np.array([123, 60, 40, 71, 30])
    data = pd.DataFrame({"k": k, "n": n, "council": list("abcde")})
    fit = rp.glmm("cbind(k, n - k) ~ 1 + (1 | council)", data, nagq=31)
    sd, mean = fit.theta[0], fit.beta[0]

    def density(u, i):
        p = 1 / (1 + np.exp(-(mean + sd * u)))
        return stats.binom.pmf(k[i], n[i], p) * stats.norm.pdf(u)

    integrals = [integrate.quad(density, -9, 9, args=(i,), epsabs=0)[0] for i in range(5)]
    np.testing.assert_allclose(fit.log_lik, np.log(integrals).sum(), rtol=INTEGRAL)


def test_rates_count_exposure_as_an_offset():
    rng = np.random.default_rng(11)
    area = np.repeat(np.arange(30), 4)
    exposure = rng.uniform(50, 500, 120)
    rate = np.exp(-3 + 0.4 * rng.normal(size=30)[area])
    data = pd.DataFrame({"cases": rng.poisson(exposure * rate), "pop": exposure, "area": area})
    data["council"] = area // 6
    formula = "cases ~ 1 + offset(log(pop)) + (1 | council/area)"
    one = rp.glmm(formula, data, family="poisson")
    thousand = rp.glmm(formula, data.assign(pop=data["pop"] / 1000), family="poisson")
    np.testing.assert_allclose(thousand.beta[0] - one.beta[0], np.log(1000), rtol=1e-7)
    np.testing.assert_allclose(thousand.deviance, one.deviance, rtol=1e-9)
