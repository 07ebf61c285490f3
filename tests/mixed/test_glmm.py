"""Generalised mixed models: against glmmTMB and lme4, and what they say."""

import dataclasses
import pickle
import warnings

import numpy as np
import pytest

from rpcstats import _vocabulary as v
from rpcstats.errors import ConvergenceWarning, DataError, ParameterError
from rpcstats.mixed import estimate_general, glmm

# glmmTMB's values were polished to a gradient below 1e-8.
OF_R = 1e-5
LIKELIHOOD_OF_R = 1e-8
SITE = "visits ~ arm + offset(log(exposure)) + (1 | area)"

CASES = {
    "cbpp_tmb": ("cbind(incidence, size - incidence) ~ period + (1 | herd)", {}),
    "cbpp_probit": (
        "cbind(incidence, size - incidence) ~ period + (1 | herd)",
        {"link": "probit"},
    ),
    "yesno_slope": ("y ~ x + (x | g)", {}),
    "rates_poisson": (
        "events ~ arm + offset(log(exposure)) + (1 | area) + (1 | year)",
        {"family": "poisson"},
    ),
    "rates_nb": (SITE, {"family": "negative_binomial"}),
    "gamma_small": ("time ~ x + (1 | g)", {"family": "gamma"}),
    "beta_small": ("share ~ x + (1 | g)", {"family": "beta"}),
}
DISPERSIONS = {"rates_nb": "size", "gamma_small": "shape", "beta_small": "precision"}


@pytest.fixture(scope="module")
def fits(mixed_data, mixed_values):
    """Each case fitted once."""
    found = {}

    def fit(case):
        if case not in found:
            formula, options = CASES[case]
            data = mixed_data(mixed_values("glmm")[case].get("data", "cbpp"))
            found[case] = glmm(formula, data, **options)
        return found[case]

    return fit


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_glmmtmb(case, fits, mixed_values):
    r, fit = mixed_values("glmm")[case], fits(case)
    row = fit.glance().iloc[0]
    assert row["log_lik"] == pytest.approx(r["logLik"], rel=LIKELIHOOD_OF_R)
    assert row["aic"] == pytest.approx(r["AIC"], rel=LIKELIHOOD_OF_R)
    assert (row["n_obs"], row["method"]) == (r["n"], "laplace")
    np.testing.assert_allclose(fit.beta, list(r["cond"]["est"].values()), rtol=OF_R)
    np.testing.assert_allclose(fit.std_error, list(r["cond"]["se"].values()), rtol=OF_R)


@pytest.mark.parametrize("case", DISPERSIONS)
def test_dispersion_agrees_with_glmmtmb(case, fits, mixed_values):
    r = mixed_values("glmm")[case]
    (row,) = fits(case).dispersion().itertuples()
    place = r["par_names"].index("betad")
    centre, half = r["par"][place], 1.959963984540054 * r["par_se"][place]
    assert row.term == DISPERSIONS[case]
    limits = (row.estimate, row.conf_low, row.conf_high)
    np.testing.assert_allclose(np.log(limits), [centre, centre - half, centre + half], rtol=OF_R)


def test_quadrature_agrees_with_lme4(mixed_data, mixed_values):
    r = mixed_values("glmm")["cbpp_agq9"]
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    fit = glmm(formula, mixed_data("cbpp"), nagq=9)
    np.testing.assert_allclose(fit.beta, list(r["fixef"].values()), rtol=OF_R)
    np.testing.assert_allclose(fit.std_error, list(r["se_hessian"].values()), rtol=1e-4)
    np.testing.assert_allclose(fit.theta, r["theta"], rtol=OF_R)
    assert fit.glance()["method"].iloc[0] == "agq 9"
    assert "adaptive quadrature with 9 nodes" in str(fit.summary())


def test_tables_have_their_columns(cbpp):
    frame = cbpp.tidy(exponentiate=True)
    assert tuple(frame.columns) == v.TIDY
    np.testing.assert_allclose(frame["estimate"], np.exp(cbpp.beta), rtol=1e-14)
    assert frame["df"].isna().all()
    assert tuple(cbpp.glance().columns) == v.MIXED_GLANCE
    assert np.isnan(cbpp.glance()["sigma"].iloc[0])
    assert cbpp.dispersion().empty
    limits = cbpp.confint(conf_level=0.9)
    np.testing.assert_allclose(limits["conf_low"], cbpp.tidy(conf_level=0.9)["conf_low"])


def test_wald_tests_are_those_of_the_formula(cbpp):
    (row,) = cbpp.wald_tests().itertuples()
    by_hand = cbpp.beta[1:] @ np.linalg.solve(cbpp.cov[1:, 1:], cbpp.beta[1:])
    assert tuple(cbpp.wald_tests().columns) == v.WALD_TESTS
    assert (row.term, row.df) == ("period", 3)
    assert row.statistic == pytest.approx(by_hand, rel=1e-10)


def test_fitted_and_residuals_add_up(cbpp):
    frame = cbpp.augment()
    assert tuple(frame.columns) == v.AUGMENT
    np.testing.assert_allclose(frame["fitted"] + frame["residual"], cbpp.frame.y, rtol=1e-13)
    block, mu = cbpp.frame.blocks[0], frame["fitted"].to_numpy()
    eta = cbpp.frame.X @ cbpp.beta + cbpp.conditional_modes().estimate[0][block.codes, 0]
    np.testing.assert_allclose(mu, 1 / (1 + np.exp(-eta)), rtol=1e-12)
    pearson = (cbpp.frame.y - mu) / np.sqrt(mu * (1 - mu) / cbpp.frame.weights)
    np.testing.assert_allclose(cbpp.residuals("pearson"), pearson, rtol=1e-12)
    marginal = cbpp.frame.y - frame["fitted_marginal"]
    np.testing.assert_allclose(cbpp.residuals("marginal"), marginal, rtol=1e-13)


def test_a_proportion_with_trials_is_the_same_model(cbpp, mixed_data):
    data = mixed_data("cbpp").assign(share=lambda d: d["incidence"] / d["size"])
    fit = glmm("share ~ period + (1 | herd)", data, weights="size")
    assert fit.deviance == pytest.approx(cbpp.deviance, rel=1e-12)


def test_a_fit_is_frozen(cbpp):
    with pytest.raises(dataclasses.FrozenInstanceError):
        cbpp.nagq = 2
    for values in (cbpp.beta, cbpp.theta, cbpp.cov):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1.0


def test_a_variance_of_zero_is_no_failure(mixed_data):
    data = mixed_data("cbpp")
    data["incidence"], data["size"] = [1, 2] * 28, 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = glmm("cbind(incidence, size - incidence) ~ 1 + (1 | herd)", data)
    assert fit.is_singular
    assert fit.beta[0] == pytest.approx(np.log(3 / 5), rel=1e-8)
    assert fit.std_error[0] == pytest.approx(1 / np.sqrt(224 * 15 / 64), rel=1e-6)
    assert "variance of the intercept between levels of herd is zero" in str(fit.summary())
    frame = fit.predict(data.head(1), level="new_group", interval="confidence")
    np.testing.assert_allclose(frame["estimate"], 3 / 8, rtol=1e-8)
    assert np.isfinite(frame["std_error"]).all()


def test_complete_separation_warns_at_the_caller(mixed_data):
    with pytest.warns(ConvergenceWarning, match="no finite estimate.*complete separation") as seen:
        fit = glmm("y ~ x + (1 | g)", mixed_data("separation"))
    assert seen[0].filename == __file__
    assert not fit.converged
    assert fit.trouble
    assert "complete separation" in str(fit.summary())


def test_a_search_that_fails_warns(monkeypatch, mixed_data):
    found = estimate_general.fit_general

    def stopped(*args, **options):
        result = found(*args, **options)
        optimum = dataclasses.replace(result.optimum, converged=False, status="out of steps")
        return dataclasses.replace(result, optimum=optimum)

    monkeypatch.setattr(estimate_general, "fit_general", stopped)
    with pytest.warns(ConvergenceWarning, match="out of steps"):
        fit = glmm("cbind(incidence, size - incidence) ~ 1 + (1 | herd)", mixed_data("cbpp"))
    assert not fit.glance()["converged"].iloc[0]


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"family": "gaussian"}, ParameterError, "binomial"),
        ({"link": "log"}, ParameterError, "logit"),
        ({"nagq": 0}, ParameterError, "nagq"),
        ({"formula": "size ~ period + (1 | herd)"}, DataError, "0 and 1"),
        ({"formula": "size ~ period + (1 | herd)", "family": "beta"}, DataError, "between 0 and 1"),
    ],
)
def test_wrong_arguments_are_named(change, error, text, mixed_data):
    formula = "cbind(incidence, size - incidence) ~ period + (1 | herd)"
    options = {"formula": formula, **change}
    with pytest.raises(error, match=text):
        glmm(options.pop("formula"), mixed_data("cbpp"), **options)


def test_an_unknown_residual_is_named(cbpp):
    with pytest.raises(ParameterError, match="pearson"):
        cbpp.residuals("standardised")


def test_a_fit_travels_between_processes(cbpp):
    again = pickle.loads(pickle.dumps(cbpp))
    np.testing.assert_array_equal(again.beta, cbpp.beta)
    np.testing.assert_array_equal(again.fitted(), cbpp.fitted())
