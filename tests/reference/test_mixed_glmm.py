"""Generalised linear mixed models against glmmTMB (Laplace), lme4 (quadrature) and the integral.

glmmTMB's fits are carried on until TMB's exact gradient is below 1e-8. lme4's inner iterations
are tightened, but leave noise of about 1e-9 in the deviance, so its curvature has fewer digits.
"""

import functools

import numpy as np
import pytest

import rpcstats
from rpcstats.errors import ConvergenceWarning

# Seen: 1e-12 against glmmTMB.
DEVIANCE = 1e-7
ESTIMATES = 1e-6
# Standard errors of lme4 come from differences of a deviance with noise; modes likewise.
LME4_ERRORS = 2e-5
# Fifteen nodes an effect leave this much of the deviance of thirty-one.
QUADRATURE = 1e-6

LAPLACE = {
    "cbpp_tmb": {},
    "cbpp_weights": {"weights": "size"},
    "cbpp_probit": {},
    "cbpp_cloglog": {},
    "cbpp_row": {},
    "attend_family": {},
    "attend_nested": {},
    "attend_crossed": {},
    "attend_uncorr": {},
    "sessions_slope": {},
    "sessions_uncorr": {},
    "sessions_crossed": {},
    "sessions_slope_crossed": {},
    "sessions_nested": {},
    "sessions_probit": {},
    "sessions_counts": {},
    "sessions_counts_crossed": {},
    "yesno_int": {},
    "yesno_slope": {},
    "yesno_nested": {},
    "yesno_probit": {},
    "yesno_cloglog": {},
    "rates_poisson": {
        "formula": "events ~ arm + (1 | area) + (1 | year)",
        "offset": "log_exposure",
    },
    "rates_one": {"formula": "events ~ arm + (1 | area)", "offset": "log_exposure"},
    "rates_nb": {"formula": "visits ~ arm + (1 | area)", "offset": "log_exposure"},
    "rates_nb_crossed": {
        "formula": "visits ~ arm + (1 | area) + (1 | year)",
        "offset": "log_exposure",
    },
    "ticks": {},
    "salamanders_nb2": {},
    "salamanders_species": {},
    "salamanders_poisson": {},
    "salamanders_crossed": {},
    "salamanders_nb_crossed": {},
    "gamma_log": {},
    "gamma_small": {},
    "gamma_slope": {},
    "beta_small": {},
}
AGQ = {
    "attend_slope_agq1": {},
    **{f"cbpp_agq{k}": {} for k in (1, 5, 7, 9, 11, 25)},
    "cbpp_probit_agq9": {},
    **{f"attend_family_agq{k}": {} for k in (1, 7, 15)},
    **{f"yesno_agq{k}": {} for k in (3, 5, 7, 15, 25)},
    **{f"sessions_agq{k}": {} for k in (7, 15)},
    **{f"rates_agq{k}": LAPLACE["rates_one"] for k in (3, 7, 15)},
}
INTEGRAL = tuple(f"{name}_integral{k}" for name in ("yesno", "sessions") for k in (15, 31))
ELSEWHERE = {"separation", "attend_r2_icc"}

FAMILIES = {
    "binomial": "binomial",
    "poisson": "poisson",
    "nbinom2": "negative_binomial",
    "Gamma": "gamma",
    "beta": "beta",
}


@pytest.fixture(scope="module")
def fitted(pinned, mixed_data):
    cases = pinned("mixed/glmm")

    @functools.cache
    def fit(name):
        case = cases[name]
        options = {"formula": case["formula"]} | (LAPLACE | AGQ).get(name, {})
        formula = options.pop("formula")
        frame = mixed_data(case["data"])
        if "offset" in options:
            frame = frame.assign(log_exposure=np.log(frame["exposure"]))
        nagq = case.get("nAGQ", case.get("nodes", 1))
        family = FAMILIES[case["family"]]
        link = case["link"]
        return rpcstats.glmm(formula, frame, family=family, link=link, nagq=nagq, **options), case

    return fit


def close(ours, theirs, relative, absolute=0.0):
    np.testing.assert_allclose(ours, theirs, rtol=relative, atol=absolute)


def in_order(values, names):
    return np.array([values[name] for name in names])


def effects_of(re):
    """R's standard deviations and correlations, uncorrelated terms of one factor side by side."""
    sd, cor = {}, {}
    for term in re:
        group = term["group"]
        for effect, value in zip(term["effects"], np.ravel(term["sd"]), strict=True):
            sd[group, effect] = value
        pairs = [(i, j) for i in range(len(term["effects"])) for j in range(i)]
        for (i, j), value in zip(pairs, np.ravel(term["cor"]), strict=True):
            cor[group, term["effects"][i], term["effects"][j]] = value
    return sd, cor


def test_every_case_of_the_file_is_compared(pinned):
    assert set(pinned("mixed/glmm")) == {*LAPLACE, *AGQ, *INTEGRAL, *ELSEWHERE}


def test_the_grid_has_every_family_link_and_structure(pinned):
    cases = pinned("mixed/glmm")
    held = {(c["family"], c["link"]) for n, c in cases.items() if n in LAPLACE}
    assert held == {
        ("binomial", "logit"),
        ("binomial", "probit"),
        ("binomial", "cloglog"),
        ("poisson", "log"),
        ("nbinom2", "log"),
        ("Gamma", "log"),
        ("beta", "logit"),
    }


@pytest.mark.parametrize("name", LAPLACE)
def test_laplace_deviance(name, fitted):
    fit, case = fitted(name)
    close(fit.log_lik, case["logLik"], DEVIANCE)
    assert fit.deviance <= -2 * case["logLik"] + DEVIANCE * abs(case["logLik"])
    assert fit.converged
    assert fit.n_obs == case["n"]
    assert fit.is_singular == ("note" in case)


@pytest.mark.parametrize("name", LAPLACE)
def test_laplace_fixed_effects(name, fitted, in_r):
    fit, case = fitted(name)
    names = in_r.terms(fit.names)
    assert sorted(names) == sorted(case["cond"]["est"])
    se = in_order(case["cond"]["se"], names)
    close(fit.beta, in_order(case["cond"]["est"], names), ESTIMATES, ESTIMATES * se.max())
    close(fit.std_error, se, 10 * ESTIMATES)


@pytest.mark.parametrize("name", LAPLACE)
def test_laplace_variances(name, fitted, in_r):
    fit, case = fitted(name)
    ours = in_r.covariances(fit)
    sd, cor = effects_of(case["re"])
    seen = set()
    for (group, effect), value in sd.items():
        key = in_r.group(group), frozenset([effect])
        close(np.sqrt(ours[key]), value, 10 * ESTIMATES)
        seen.add(key)
    for (group, one, other), value in cor.items():
        key = in_r.group(group), frozenset([one, other])
        close(ours[key] / (sd[group, one] * sd[group, other]), value, 0, 10 * ESTIMATES)
        seen.add(key)
    # What R's smaller model has not is zero here.
    assert all(abs(value) < ESTIMATES for key, value in ours.items() if key not in seen)


@pytest.mark.parametrize("name", LAPLACE)
def test_laplace_conditional_modes(name, fitted, in_r):
    fit, case = fitted(name)
    ours = in_r.modes(fit)
    for block in case["ranef"]:
        for key, (mode, error) in in_r.modes_of(block["group"], block).items():
            close(ours[key], (mode, error), 10 * ESTIMATES, 10 * ESTIMATES)


DISPERSED = [
    "rates_nb",
    "rates_nb_crossed",
    "sessions_counts_crossed",
    "salamanders_nb2",
    "salamanders_species",
    "salamanders_nb_crossed",
    "gamma_log",
    "gamma_small",
    "gamma_slope",
    "beta_small",
]


@pytest.mark.parametrize("name", DISPERSED)
def test_dispersion(name, fitted):
    fit, case = fitted(name)
    row = fit.dispersion().iloc[0]
    close(np.log(row["estimate"]), case["dispersion_log"], 10 * ESTIMATES, 10 * ESTIMATES)
    error = np.log(row["conf_high"] / row["conf_low"]) / (2 * 1.959963984540054)
    close(error, case["par_se"][case["par_names"].index("betad")], 10 * ESTIMATES)


def test_every_dispersion_is_compared(pinned):
    cases = pinned("mixed/glmm")
    assert {n for n in LAPLACE if cases[n]["dispersion_log"]} == set(DISPERSED)


@pytest.mark.parametrize("name", AGQ)
def test_quadrature(name, fitted, in_r):
    fit, case = fitted(name)
    close(fit.deviance, case["deviance_full"], DEVIANCE)
    assert fit.deviance <= case["deviance_full"] + DEVIANCE * abs(case["deviance_full"])
    assert fit.converged
    assert fit.is_singular == case["singular"]
    if case["singular"]:
        return
    names = in_r.terms(fit.names)
    se = in_order(case["se_hessian"], names)
    close(fit.beta, in_order(case["fixef"], names), LME4_ERRORS, LME4_ERRORS * se.max())
    close(fit.std_error, se, LME4_ERRORS)
    (sd,) = fit.varcorr().tidy()["estimate"]
    close(sd, case["theta"], LME4_ERRORS)
    ours = in_r.modes(fit)
    for group, block in case["ranef"].items():
        for key, (mode, error) in in_r.modes_of(group, block).items():
            close(ours[key][0], mode, LME4_ERRORS, LME4_ERRORS)
            if case["link"] != "probit":  # where lme4 takes the expected curvature
                close(ours[key][1], error, LME4_ERRORS, LME4_ERRORS)


@pytest.mark.parametrize("name", INTEGRAL)
def test_quadrature_of_two_effects(name, fitted, in_r):
    fit, case = fitted(name)
    close(fit.deviance, case["deviance"], QUADRATURE)
    names = in_r.terms(fit.names)
    tolerance = 1e-3 if case["nodes"] == 15 else 1e-4
    close(fit.beta, in_order(case["fixef"], names), tolerance)
    close(fit.std_error, in_order(case["se"], names), tolerance)
    (G,) = fit.varcorr().covariances
    close(np.sqrt(np.diag(G)), case["sd"], tolerance)
    close(G[1, 0] / np.prod(case["sd"]), case["cor"], 0, tolerance)


def test_separation_is_not_reported_as_convergence(pinned, mixed_data):
    case = pinned("mixed/glmm")["separation"]
    with pytest.warns(ConvergenceWarning, match="separat|apart"):
        fit = rpcstats.glmm(case["formula"], mixed_data("separation"))
    assert not fit.converged
    assert any("apart" in r or "separat" in r for r in fit.remarks)
