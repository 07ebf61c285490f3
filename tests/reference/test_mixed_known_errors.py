"""Wrong numbers that engines for mixed models have been seen to give, each checked against R.

Each test says what an engine did, and holds this package to R's answer.
"""

import numpy as np
import pandas as pd
import pytest

import rpcstats
from rpcstats.errors import ConvergenceWarning
from rpcstats.mixed import likelihood_ratio

# Printed digits of the answers below.
FOUR = 5e-5
SIX = 5e-7

SLEEP = "Reaction ~ Days + (1 + Days | Subject)"
CELLS = "score ~ Machine + (1 | Worker) + (1 | Worker:Machine)"


@pytest.fixture
def sleepstudy(mixed_data):
    return mixed_data("sleepstudy")


@pytest.fixture
def salamanders(mixed_data):
    return mixed_data("Salamanders")


def close(ours, theirs, relative=FOUR, absolute=0.0):
    np.testing.assert_allclose(ours, theirs, rtol=relative, atol=absolute)


def test_kenward_roger_is_not_satterthwaite_under_another_name(sleepstudy):
    """An engine gave Satterthwaite's 18.1562 for both."""
    fit = rpcstats.lmm("Reaction ~ Days + (1 + Days || Subject)", sleepstudy)
    close(fit.tidy(df="satterthwaite")["df"], 18.1562, 3e-6)
    close(fit.tidy(df="kenward-roger")["df"], 18.1875, 3e-6)


def test_kenward_roger_adjusts_the_standard_errors(pinned, mixed_data, in_r):
    """An engine left them as they were."""
    case = pinned("mixed/lmm")["crossed_unbalanced"]["reml"]
    fit = rpcstats.lmm(case["formula"], mixed_data("synthetic_crossed"))
    plain, adjusted = fit.tidy(), fit.tidy(df="kenward-roger")
    names = in_r.terms(plain["term"])
    close(plain["std_error"], [case["se"][n] for n in names], SIX)
    theirs = np.array([case["kenward_roger"]["se"][n] for n in names])
    close(adjusted["std_error"], theirs, SIX)
    assert (np.abs(adjusted["std_error"] / plain["std_error"] - 1) > 1e-4).any()


def test_satterthwaite_knows_that_sigma_is_estimated(mixed_data):
    """An engine differentiated over theta only: 13.1, 224 and 11.8."""
    formula = "yield ~ Variety + nitroF + (1 | Block/Variety)"
    df = rpcstats.lmm(formula, mixed_data("Oats")).tidy().set_index("term")["df"]
    close(df[[term for term in df.index if term.startswith("nitroF")]], 51.0, 1e-5)
    close(df[["Variety[T.Marvellous]", "Variety[T.Victory]"]], 10.0, 1e-5)
    close(df["Intercept"], 10.9, 5e-3)


def test_a_mean_has_the_degrees_of_freedom_of_its_workers(mixed_data):
    """An engine took the rows less the columns, 51: intervals 12 per cent too narrow."""
    table = rpcstats.lmm(CELLS, mixed_data("Machines")).tidy(df="kenward-roger")
    row = table.iloc[0]
    close(row["df"], 8.521698506)
    close([row["conf_low"], row["conf_high"]], [46.68373, 58.02738])


def test_a_factor_of_three_levels_is_one_term_with_two_degrees_of_freedom(mixed_data):
    """Engines split it into two rows of one degree each."""
    table = rpcstats.lmm(CELLS, mixed_data("Machines")).f_tests(df="kenward-roger")
    machine = table[table["term"].str.contains("Machine")]
    assert machine["num_df"].tolist() == [2]
    close(machine["statistic"], 20.576083)
    close(machine["den_df"], 10.0)


def test_profile_is_of_the_standard_deviation(sleepstudy):
    """An engine profiled theta and multiplied by sigma: 15.03 to 36.95."""
    fit = rpcstats.lmm(SLEEP, sleepstudy, method="ml")
    table = fit.confint("profile").set_index("term")
    low, high = table.loc["sd_Intercept|Subject", ["conf_low", "conf_high"]]
    close([low, high], [14.3814, 37.7160])


def test_negative_binomial_shape_is_estimated(salamanders):
    """Engines held it at 1: the deviance is then 13.7 too high."""
    fit = rpcstats.glmm("count ~ mined + (1 | site)", salamanders, family="negative_binomial")
    close(fit.deviance, 1738.332296, 1e-9)
    close(fit.dispersion()["estimate"], 0.63904635732, SIX)


def test_gamma_coefficients(mixed_data):
    """An engine was 4 to 8 per cent off, with log-likelihood -5787 for -1132."""
    formula = "pos ~ session + arm + (1 | family)"
    fit = rpcstats.glmm(formula, mixed_data("goalprogress"), family="gamma")
    close(fit.beta, [-0.310580924, 0.059597465, 0.211579840], 1e-7)
    close(fit.log_lik, -1132.407886, 1e-9)
    close(fit.dispersion()["estimate"], np.exp(2.80389290628), SIX)


def test_beta_precision_is_estimated(pinned, mixed_data):
    """An engine held it at 1, another was half a per cent off."""
    case = pinned("mixed/glmm")["beta_small"]
    fit = rpcstats.glmm(case["formula"], mixed_data(case["data"]), family="beta")
    close(fit.beta, list(case["cond"]["est"].values()), SIX)
    close(np.log(fit.dispersion()["estimate"]), case["dispersion_log"], SIX)


def test_weights_are_in_the_likelihood(sleepstudy):
    """Engines left out the sum of the logarithms of the weights, 33.2 of the deviance or so."""
    fit = rpcstats.lmm(SLEEP, sleepstudy, weights="w")
    close(fit.deviance, 1743.816093936, 1e-9)
    doubled = rpcstats.lmm(SLEEP, sleepstudy.assign(w=2 * sleepstudy["w"]), weights="w")
    close(doubled.deviance, fit.deviance, 1e-9)
    close(doubled.sigma, np.sqrt(2) * fit.sigma, SIX)


def test_declared_order_of_categories_is_kept(mixed_data):
    """An engine sorted them: another reference level, silently."""
    data = mixed_data("goalprogress")
    assert data["arm"].cat.categories.tolist() == ["usual", "programme"]
    fit = rpcstats.lmm("goal ~ session * arm + sep + (session | family)", data)
    assert "arm[T.programme]" in fit.names
    plain = rpcstats.lmm(
        "goal ~ session * arm + sep + (session | family)", data.assign(arm=data["arm"].astype(str))
    )
    assert "arm[T.usual]" in plain.names
    close(plain.deviance, fit.deviance, 1e-9)


def test_separation_is_said(mixed_data):
    """Engines said `converged`."""
    with pytest.warns(ConvergenceWarning):
        fit = rpcstats.glmm("y ~ x + (1 | g)", mixed_data("separation"))
    assert not fit.converged


SINGULAR = (
    "dyestuff2_singular",
    "singular_zero",
    "pairs_unlike_singular",
    "singular_plus_one",
    "singular_minus_one",
    "singular_one_idle",
)


@pytest.mark.parametrize("name", SINGULAR)
def test_singular_fits_have_the_right_deviance_and_errors(name, pinned, mixed_data, in_r):
    """An engine's deviance was 0.1 to 3.2 too high, with one digit of the errors right."""
    held = pinned("mixed/lmm")[name]
    case = held["reml"]
    fit = rpcstats.lmm(case["formula"], mixed_data(held["data"]))
    assert fit.is_singular
    assert fit.converged
    close(fit.deviance, case["objective"], 1e-9)
    close(fit.std_error, [case["se"][n] for n in in_r.terms(fit.names)], 1e-6)


@pytest.mark.parametrize(
    ("name", "deviance"),
    [
        ("machines", 225.269446939773),
        ("pastes_nested", 247.994465862425),
        ("penicillin_crossed", 332.188348668501),
    ],
)
def test_several_factors_are_not_approximated(name, deviance, pinned, mixed_data):
    """An engine's determinant was stochastic: 227.67 for 225.27."""
    held = pinned("mixed/lmm")[name]
    fit = rpcstats.lmm(held["ml"]["formula"], mixed_data(held["data"]), method="ml")
    close(fit.deviance, deviance, 1e-11)


def test_the_start_is_not_the_answer():
    """An engine gave the starting values back, `converged`: four standard deviations equal."""
    data = families(1_000)
    fit = rpcstats.lmm("goal ~ session + (1 + session | family) + (1 | worker)", data)
    sd = fit.varcorr().tidy().query("measure == 'std_dev'")["estimate"].to_numpy()
    assert len(np.unique(np.round(sd, 3))) == len(sd)
    assert fit.converged


def families(n):
    """Draw twelve sessions of n families."""
    rng = np.random.default_rng(7)
    family = np.repeat(np.arange(n), 12)
    session = np.tile(np.arange(12.0), n)
    worker = rng.integers(0, 20, 12 * n)
    goal = (
        4
        + 0.15 * session
        + rng.normal(0, 1.3, n)[family]
        + session * rng.normal(0, 0.15, n)[family]
        + rng.normal(0, 0.4, 20)[worker]
        + rng.normal(0, 0.9, 12 * n)
    )
    return pd.DataFrame({"goal": goal, "session": session, "family": family, "worker": worker})


def test_search_leaves_the_edge_where_a_standard_deviation_is_zero():
    """The deviance is even in a diagonal theta: a search started at zero has no slope there."""
    data = families(300)
    formula = "goal ~ session + (1 + session | family)"
    free = rpcstats.lmm(formula, data, method="ml")
    trapped = rpcstats.lmm(formula, data, method="ml", start=[1.0, 0.0, 0.0])
    nothing = rpcstats.lmm(formula, data, method="ml", start=[0.0, 0.0, 0.0])
    close([trapped.deviance, nothing.deviance], free.deviance, 1e-9)
    less = rpcstats.lmm("goal ~ session + (1 | family)", data, method="ml")
    assert less.deviance - free.deviance > 100


def test_quadrature_estimates_the_coefficients_again(pinned, mixed_data):
    """Engines kept the Laplace coefficients, or were 2 to 40 per cent off."""
    case = pinned("mixed/glmm")["attend_family_agq7"]
    fit = rpcstats.glmm(case["formula"], mixed_data("goalprogress"), nagq=7)
    laplace = pinned("mixed/glmm")["attend_family"]
    close(fit.beta, list(case["fixef"].values()), 2e-6)
    assert np.abs(fit.beta / np.array(list(laplace["cond"]["est"].values())) - 1).max() > 1e-3


def test_quadrature_keeps_the_constants(pinned, mixed_data):
    """lme4 leaves 83.9567075 out of cbpp's deviance when there is more than one node."""
    case = pinned("mixed/glmm")["cbpp_agq7"]
    fit = rpcstats.glmm(case["formula"], mixed_data("cbpp"), nagq=7)
    close(fit.deviance - case["deviance_m2ll"], 83.9567075, 1e-7)
    laplace = rpcstats.glmm(case["formula"], mixed_data("cbpp"))
    assert abs(laplace.deviance - fit.deviance) < 0.1


def test_errors_of_a_generalised_model_know_that_theta_is_estimated(pinned, mixed_data):
    """Engines took theta as known: 1 to 3 per cent too small."""
    case = pinned("mixed/glmm")["attend_family_agq1"]
    fit = rpcstats.glmm(case["formula"], mixed_data("goalprogress"))
    close(fit.std_error, list(case["tmb_polished"]["se"].values()), 1e-6)
    known = np.array(list(case["se_rx"].values()))
    assert (fit.std_error[1:] / known[1:] - 1 > 0.005).all()


def test_three_crossed_factors_of_counts_are_at_the_optimum(pinned, mixed_data):
    """Engines were up to 40 per cent off on these ticks, or diverged without a word."""
    case = pinned("mixed/glmm")["ticks"]
    fit = rpcstats.glmm(case["formula"], mixed_data("grouseticks"), family="poisson")
    close(fit.log_lik, case["logLik"], 1e-9)
    assert fit.converged


def test_ordered_answers_are_at_the_optimum(pinned, mixed_data):
    """An engine stopped 0.095 short; another claimed a likelihood above the maximum."""
    case = pinned("mixed/clmm")["goal_laplace"]
    fit = rpcstats.clmm(case["formula"], mixed_data("goalprogress"))
    close(fit.log_lik, case["logLik"], 1e-9)


def test_reml_fits_of_different_fixed_effects_are_not_compared(mixed_data):
    """Restricted likelihoods of different columns have different data: the fits are done again."""
    data = mixed_data("Oats")
    fits = [
        rpcstats.lmm(f"yield ~ {fixed} + (1 | Block/Variety)", data)
        for fixed in ("nitro", "nitro + Variety")
    ]
    found = likelihood_ratio(*fits)
    assert found.criterion == "ml"
    assert found.remarks
