"""Cumulative link mixed models against ordinal's clmm, carried on to the optimum.

clmm stops with gradients of about 1e-5; R's script takes its answer to the optimum of the same
approximation, written out there.
"""

import functools

import numpy as np
import pytest

import rpcstats

# Seen: 1e-12 of the deviance.
DEVIANCE = 1e-8
ESTIMATES = 1e-6
# What clmm itself prints: its own log-likelihood with its inner iterations tightened.
CLMM = 1e-7
# Modes are clmm's, at its own optimum.
MODES = 1e-4

CASES = (
    "clmm_judge_laplace",
    "clmm_judge_agq10",
    "clmm_judge_probit",
    "goal_laplace",
    "goal_agq7",
    "judge_agq5",
    "judge_agq25",
    "judge_probit_agq10",
    "judge_cloglog",
    "judge_equidistant",
    "judge_equidistant_probit",
    "judge_interaction",
    "judge_bottle",
    "judge_bottle_temp",
    "judge_slope",
    "yesno_answer",
    "yesno_answer_agq9",
    "yesno_answer_nested",
    "yesno_answer_slope",
)


@pytest.fixture(scope="module")
def fitted(pinned, mixed_data):
    cases = pinned("mixed/clmm")

    @functools.cache
    def fit(name):
        case = cases[name]
        options = {"link": case["link"], "thresholds": case["threshold"], "nagq": case["nAGQ"]}
        return rpcstats.clmm(case["formula"], mixed_data(case["data"]), **options), case

    return fit


def close(ours, theirs, relative, absolute=0.0):
    np.testing.assert_allclose(ours, theirs, rtol=relative, atol=absolute)


def test_every_case_of_the_file_is_compared(pinned):
    assert set(pinned("mixed/clmm")) == {*CASES, "clm"}


@pytest.mark.parametrize("name", CASES)
def test_deviance(name, fitted):
    fit, case = fitted(name)
    close(fit.log_lik, case["logLik"], DEVIANCE)
    assert fit.log_lik >= case["logLik"] - DEVIANCE * abs(case["logLik"])
    assert fit.log_lik >= case["clmm"]["logLik"] - CLMM * abs(case["logLik"])
    assert fit.converged
    assert fit.n_obs == case["n"]
    assert fit.is_singular == ("note" in case)


@pytest.mark.parametrize("name", CASES)
def test_thresholds_and_coefficients(name, fitted, in_r):
    fit, case = fitted(name)
    table = fit.tidy()
    location = table[table["component"] == "location"]
    n_threshold = len(table) - len(location)
    assert in_r.terms(location["term"]) == list(case["coef"])[-len(location) :]
    if case["threshold"] == "equidistant":
        # R tells the first threshold and the step, this package every threshold.
        first, step = list(case["coef"].values())[:2]
        steps = np.diff(table["estimate"].to_numpy()[:n_threshold])
        close(table["estimate"].iloc[0], first, ESTIMATES)
        close(steps, step, ESTIMATES)
        close(location["estimate"], list(case["coef"].values())[2:], ESTIMATES)
        close(location["std_error"], list(case["se"].values())[2:], 10 * ESTIMATES)
        return
    close(table["estimate"], list(case["coef"].values()), ESTIMATES, ESTIMATES)
    close(table["std_error"], list(case["se"].values()), 10 * ESTIMATES)


@pytest.mark.parametrize("name", CASES)
def test_variances(name, fitted, in_r):
    fit, case = fitted(name)
    ours = in_r.covariances(fit)
    seen = set()
    for term in case["re"]:
        sd = dict(zip(term["effects"], term["sd"], strict=True))
        group = in_r.group(term["group"])
        for effect, value in sd.items():
            close(np.sqrt(ours[group, frozenset([effect])]), value, 10 * ESTIMATES)
            seen.add((group, frozenset([effect])))
        if len(sd) == 2:
            key = group, frozenset(sd)
            close(ours[key] / np.prod(term["sd"]), term["cor"], 0, 100 * ESTIMATES)
            seen.add(key)
    assert all(abs(value) < ESTIMATES for key, value in ours.items() if key not in seen)


@pytest.mark.parametrize("name", CASES)
def test_conditional_modes(name, fitted, in_r):
    fit, case = fitted(name)
    rows = fit.conditional_modes().tidy()
    for group, block in case["ranef_head"].items():
        ours = rows[rows["group"] == group]["estimate"].to_numpy()[: np.size(block)]
        close(ours, np.ravel(block), MODES, MODES)


def test_without_variance_it_is_the_fixed_effects_model(fitted, pinned):
    case = pinned("mixed/clmm")["clm"]
    values = np.array(list(case["coef"].values()))
    cuts, beta = values[:4], values[4:]
    fit, _ = fitted("clmm_judge_laplace")
    parameters = np.concatenate([beta, [0.0], cuts[:1], np.log(np.diff(cuts))])
    close(fit.problem.evaluate(parameters, order=0).deviance, -2 * case["logLik"], DEVIANCE)
