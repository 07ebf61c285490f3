"""Linear mixed models against lme4, lmerTest and pbkrtest, each fit carried to its optimum."""

import functools

import numpy as np
import pytest

import rpcstats

# Seen on the small sets: 1e-12. Log-determinants of 1e5 terms lose a few digits more.
DEVIANCE = 1e-9
# R's Newton steps leave a gradient of 1e-4 on the large sets: 1e-7 in the parameters.
ESTIMATES = 1e-6
# Degrees of freedom come in R from numeric derivatives (Satterthwaite).
DF = 1e-4
# What "zero" means, relative to the residual standard deviation: lme4's isSingular.
ZERO = 1e-4

BOTH = ("reml", "ml")
REML = ("reml",)
CASES = {
    "sleepstudy_slope": BOTH,
    "sleepstudy_uncorr": BOTH,
    "sleepstudy_int": BOTH,
    "sleepstudy_weighted": BOTH,
    "dyestuff": BOTH,
    "dyestuff2_singular": BOTH,
    "pastes_nested": BOTH,
    "penicillin_crossed": BOTH,
    "machines": BOTH,
    "singular_zero": BOTH,
    "goal_slope": BOTH,
    "insteval": REML,
    "machines_factor_slope": BOTH,
    "machines_cell_slope": BOTH,
    "oats": BOTH,
    "oats_cells": BOTH,
    "orthodont_slope": BOTH,
    "orthodont_int": BOTH,
    "bodyweight_slope": BOTH,
    "goal_nested_crossed": REML,
    "goal_slope_crossed": REML,
    "crossed_unbalanced": BOTH,
    "crossed_weighted": BOTH,
    "crossed_one_slope": BOTH,
    "crossed_two_slopes": BOTH,
    "crossed_two_uncorr": BOTH,
    "crossed_offset": BOTH,
    "missed_slope": BOTH,
    "missed_uncorr": BOTH,
    "pairs_alike": BOTH,
    "pairs_unlike_singular": BOTH,
    "one_huge_group": BOTH,
    "many_levels_few_rows": BOTH,
    "nested_slopes": BOTH,
    "nested_slope_above": BOTH,
    "singular_plus_one": BOTH,
    "singular_minus_one": BOTH,
    "singular_one_idle": BOTH,
    "insteval_part": BOTH,
    "insteval_part_slope": ("ml",),
}
# Where R's formula is not ours.
OURS = {
    "oats_cells": {"formula": "yield ~ C(nitro) * Variety + (1 | Block/Variety)"},
    "crossed_offset": {
        "formula": "y ~ x + (1 | school) + (1 | rater)",
        "offset": "known",
    },
}
FITS = [(name, method) for name, methods in CASES.items() for method in methods]


@pytest.fixture(scope="module")
def fitted(pinned, mixed_data):
    cases = pinned("mixed/lmm")

    @functools.cache
    def fit(name, method):
        case = cases[name]
        options = {"formula": case[method]["formula"], "weights": case.get("weights")}
        options |= OURS.get(name, {})
        formula = options.pop("formula")
        found = rpcstats.lmm(formula, mixed_data(case["data"]), method=method, **options)
        return found, case[method]

    return fit


def close(ours, theirs, relative, absolute=0.0):
    np.testing.assert_allclose(ours, theirs, rtol=relative, atol=absolute)


def in_order(case, names, key):
    return np.array([case[key][name] for name in names])


def test_every_case_of_the_file_is_compared(pinned):
    cases = pinned("mixed/lmm")
    assert {n: {m for m in BOTH if m in c} for n, c in cases.items()} == {
        name: set(methods) for name, methods in CASES.items()
    }


@pytest.mark.parametrize(("name", "method"), FITS)
def test_deviance(name, method, fitted):
    fit, case = fitted(name, method)
    close(fit.deviance, case["objective"], DEVIANCE)
    close(fit.log_lik, case["logLik"], DEVIANCE)
    assert fit.deviance <= case["objective"] + DEVIANCE * abs(case["objective"])
    assert fit.deviance <= case["lme4_default"]["objective"] + DEVIANCE * abs(case["objective"])
    assert fit.converged


@pytest.mark.parametrize(("name", "method"), FITS)
def test_counts_and_criteria(name, method, fitted):
    fit, case = fitted(name, method)
    row = fit.glance().iloc[0]
    assert row["n_obs"] == case["n"]
    assert row["df"] == case["npar"]
    assert bool(row["is_singular"]) == case["singular"]
    close([row["aic"], row["bic"]], [case["AIC"], case["BIC"]], DEVIANCE)


@pytest.mark.parametrize(("name", "method"), FITS)
def test_fixed_effects(name, method, fitted, in_r):
    fit, case = fitted(name, method)
    names = in_r.terms(fit.names)
    assert sorted(names) == sorted(case["fixef"])
    order = [list(case["fixef"]).index(n) for n in names]
    se = in_order(case, names, "se")
    close(fit.beta, in_order(case, names, "fixef"), ESTIMATES, ESTIMATES * se.max())
    close(fit.std_error, se, ESTIMATES)
    vcov = np.array(case["vcov"])[np.ix_(order, order)]
    close(fit.cov, vcov, ESTIMATES, ESTIMATES * np.abs(vcov).max())


@pytest.mark.parametrize(("name", "method"), FITS)
def test_variances(name, method, fitted, in_r):
    fit, case = fitted(name, method)
    ours = in_r.covariances(fit)
    close(fit.sigma, case["sigma"], ESTIMATES)
    theirs = {}
    for row in case["varcorr"]:
        pair = frozenset(v for v in (row["var1"], row["var2"]) if v)
        theirs[in_r.group(row["grp"]), pair] = row["vcov"]
    sd = {k: np.sqrt(v) for k, v in theirs.items() if len(k[1]) < 2}
    for key, value in theirs.items():
        group, pair = key
        scale = [sd[group, frozenset([effect])] for effect in pair] or [sd[key]]
        size = scale[0] * scale[-1]
        # A zero variance is a zero standard deviation up to ZERO, in units of sigma.
        slack = (ZERO * case["sigma"]) ** 2 if case["singular"] else 0.0
        close(ours[key], value, ESTIMATES, ESTIMATES * size + slack)


@pytest.mark.parametrize(("name", "method"), FITS)
def test_fitted_and_predicted(name, method, fitted):
    fit, case = fitted(name, method)
    close(fit.fitted()[:6], case["fitted_head"], ESTIMATES, ESTIMATES * case["sigma"])
    ours = fit.predict(level="population")["estimate"].to_numpy()[:6]
    close(ours, case["predict_marginal_head"], ESTIMATES, ESTIMATES * case["sigma"])


@pytest.mark.parametrize(("name", "method"), FITS)
def test_conditional_modes(name, method, fitted, in_r):
    fit, case = fitted(name, method)
    ours = in_r.modes(fit)
    slack = ZERO * case["sigma"] if case["singular"] else 10 * ESTIMATES * case["sigma"]
    for group, block in case["ranef"].items():
        for key, (mode, error) in in_r.modes_of(group, block).items():
            close(ours[key], (mode, error), 10 * ESTIMATES, slack)


WITH_SATTERTHWAITE = sorted(n for n in CASES if n not in ("insteval", "insteval_part_slope"))


@pytest.mark.parametrize("name", WITH_SATTERTHWAITE)
def test_satterthwaite(name, fitted, in_r):
    fit, case = fitted(name, "reml")
    table, theirs = fit.tidy(df="satterthwaite"), case["satterthwaite"]
    names = in_r.terms(table["term"])
    close(table["df"], in_order(theirs, names, "df"), DF)
    close(table["statistic"], in_order(theirs, names, "t"), DF, DF)
    check_f_tests(fit.f_tests(df="satterthwaite"), theirs["anova"], in_r)


def check_f_tests(table, theirs, in_r):
    ours = dict(zip(in_r.terms(table["term"]), table.to_dict("records"), strict=True))
    assert {row["_row"] for row in theirs} <= set(ours)
    for row in theirs:
        mine = ours[row["_row"]]
        assert mine["num_df"] == row["NumDF"]
        close(mine["den_df"], row["DenDF"], DF)
        close(mine["statistic"], row["F value"], DF)
        close(mine["p_value"], row["Pr(>F)"], 10 * DF, 1e-12)
        close(mine["sum_sq"], row["Sum Sq"], DF)


def with_kenward_roger(pinned):
    cases = pinned("mixed/lmm")
    return {name for name, case in cases.items() if "kenward_roger" in case.get("reml", {})}


KENWARD_ROGER = (
    "sleepstudy_slope",
    "sleepstudy_uncorr",
    "sleepstudy_int",
    "dyestuff",
    "pastes_nested",
    "penicillin_crossed",
    "machines",
    "machines_factor_slope",
    "machines_cell_slope",
    "oats",
    "oats_cells",
    "orthodont_slope",
    "orthodont_int",
    "bodyweight_slope",
    "crossed_unbalanced",
    "crossed_one_slope",
    "crossed_two_uncorr",
    "crossed_offset",
    "missed_slope",
    "missed_uncorr",
    "pairs_alike",
    "one_huge_group",
    "many_levels_few_rows",
    "nested_slopes",
    "nested_slope_above",
)


def test_every_case_with_satterthwaite_and_kenward_roger_is_compared(pinned):
    cases = pinned("mixed/lmm")
    held = {name for name, case in cases.items() if "satterthwaite" in case.get("reml", {})}
    assert held == set(WITH_SATTERTHWAITE)
    assert with_kenward_roger(pinned) == set(KENWARD_ROGER)


@pytest.mark.parametrize("name", KENWARD_ROGER)
def test_kenward_roger(name, fitted, in_r):
    fit, case = fitted(name, "reml")
    table, theirs = fit.tidy(df="kenward-roger"), case["kenward_roger"]
    names = in_r.terms(table["term"])
    close(table["std_error"], in_order(theirs, names, "se"), ESTIMATES)
    close(table["df"], in_order(theirs, names, "df"), DF)
    check_f_tests(fit.f_tests(df="kenward-roger"), theirs["anova"], in_r)
