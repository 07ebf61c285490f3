"""Tests, profiles and measures of mixed models against lme4, pbkrtest and performance."""

import functools
import re

import numpy as np
import pytest

import rpcstats
from rpcstats.mixed import likelihood_ratio

# Likelihoods carried to the optimum on both sides.
DEVIANCE = 1e-9
# Differences of deviances: what 1e-9 of a deviance is of the difference.
STATISTIC = 1e-6
DF = 1e-4
# Of the distance between the limits: roots found in R to about 1e-6 of it; and what lme4 reads
# off splines through some twenty points.
ROOT, SPLINE = 1e-5, 2e-4
MEASURES = 1e-6


def close(ours, theirs, relative, absolute=0.0):
    np.testing.assert_allclose(ours, theirs, rtol=relative, atol=absolute)


LRT = {
    "sleepstudy_lrt": (
        "sleepstudy",
        (
            "Reaction ~ Days + (1 | Subject)",
            "Reaction ~ Days + (1 | Subject) + (0 + Days | Subject)",
            "Reaction ~ Days + (Days | Subject)",
        ),
    ),
    "oats_lrt": (
        "Oats",
        ("yield ~ nitro + (1 | Block/Variety)", "yield ~ nitro + Variety + (1 | Block/Variety)"),
    ),
}
KENWARD_ROGER = {
    "oats_KRmodcomp_Variety": ("Oats", LRT["oats_lrt"][1][1], "Variety"),
    "machines_KRmodcomp_Machine": ("Machines", "score ~ Machine + (Machine | Worker)", "Machine"),
    "bodyweight_KRmodcomp_slopes": (
        "BodyWeight",
        "weight ~ Time * Diet + (Time | Rat)",
        "Time:Diet",
    ),
    "crossed_KRmodcomp_arm": (
        "synthetic_crossed",
        "y ~ x + arm + (1 | school) + (1 | rater)",
        "arm",
    ),
}


def test_every_test_of_the_file_is_compared(pinned):
    assert set(pinned("mixed/lrt")) == {*LRT, *KENWARD_ROGER}


@pytest.mark.parametrize("name", LRT)
def test_likelihood_ratio(name, pinned, mixed_data):
    data, formulas = LRT[name]
    fits = [rpcstats.lmm(formula, mixed_data(data), method="ml") for formula in formulas]
    table, theirs = likelihood_ratio(*fits).tidy(), pinned("mixed/lrt")[name]
    assert table["n_parameter"].tolist() == [row["npar"] for row in theirs]
    close(table["deviance"], [row["deviance"] for row in theirs], DEVIANCE)
    close(table["log_lik"], [row["logLik"] for row in theirs], DEVIANCE)
    close(table["aic"], [row["AIC"] for row in theirs], DEVIANCE)
    close(table["bic"], [row["BIC"] for row in theirs], DEVIANCE)
    for mine, row in zip(table.to_dict("records")[1:], theirs[1:], strict=True):
        assert mine["df"] == row["Df"]
        close(mine["statistic"], row["Chisq"], STATISTIC)
        close(mine["p_value"], row["Pr(>Chisq)"], 10 * STATISTIC)


@pytest.mark.parametrize("name", KENWARD_ROGER)
def test_kenward_roger_test_of_a_term(name, pinned, mixed_data):
    data, formula, term = KENWARD_ROGER[name]
    case = pinned("mixed/lrt")[name]
    table = rpcstats.lmm(formula, mixed_data(data)).f_tests(df="kenward-roger", test_type="I")
    row = table.set_index("term").loc[term]
    assert row["num_df"] == case["ndf"]
    close(row["den_df"], case["ddf"], DF)
    close(row["statistic"], case["Fstat"], DF)
    close(row["p_value"], case["p.value"], 10 * DF)


def key_of(term):
    """Read our name of a parameter: what it is, of which effects, of which factor."""
    found = re.fullmatch(r"(sd|cor)_(.+)\|(.+)", term)
    if found is None:
        return term
    kind, effects, group = found.groups()
    return kind, frozenset(effects.split(".")), frozenset(group.split(":"))


def keys_of_r(case, names):
    """List R's parameters, `.sig01` and so on, by what they stand for."""
    blocks = {}
    for row in case["varcorr"]:
        if row["var1"]:
            group = re.sub(r"\.\d+$", "", row["grp"])
            blocks.setdefault((row["grp"], group), []).append((row["var1"], row["var2"]))
    ours = []
    for (_, group), pairs in blocks.items():
        parts = frozenset(group.split(":"))
        sds = [("sd", frozenset([names(a)]), parts) for a, b in pairs if not b]
        cors = [("cor", frozenset([names(a), names(b)]), parts) for a, b in pairs if b]
        ours += [sds[0], *cors, *sds[1:]]
    return ours


def our_effect(name):
    return name.replace("(Intercept)", "Intercept")


LINEAR_PROFILES = (
    "sleepstudy_slope",
    "sleepstudy_uncorr",
    "sleepstudy_int",
    "dyestuff",
    "pastes_nested",
    "penicillin_crossed",
    "oats",
    "orthodont_int",
    "crossed_unbalanced",
    "missed_slope",
    "pairs_alike",
)


def test_every_profile_of_the_file_is_compared(pinned):
    cases = pinned("mixed/lmm")
    held = {name for name, case in cases.items() if "profile_ci" in case.get("ml", {})}
    assert held == set(LINEAR_PROFILES)


def compare_profile(table, names, case, in_r, tolerance):
    ours = {key_of(row["term"]): row for row in table.to_dict("records")}
    ours |= {in_r.term(term): row for term, row in ours.items() if isinstance(term, str)}
    assert len(names) == len(table)
    for name, lower, upper in zip(names, case["lower"], case["upper"], strict=True):
        mine = [ours[name]["conf_low"], ours[name]["conf_high"]]
        close(mine, [lower, upper], 0.0, tolerance * (upper - lower))


@pytest.mark.parametrize("name", LINEAR_PROFILES)
def test_profile_limits(name, pinned, mixed_data, in_r):
    held = pinned("mixed/lmm")[name]
    case = held["ml"]
    fit = rpcstats.lmm(case["formula"], mixed_data(held["data"]), method="ml")
    keys = keys_of_r(case, our_effect)
    rest = case["profile_ci"]["par"][len(keys) + 1 :]
    table = fit.confint("profile")
    compare_profile(table, [*keys, "sigma", *rest], case["profile_ci"], in_r, SPLINE)


ROOTS = (
    "sleepstudy_slope",
    "sleepstudy_uncorr",
    "dyestuff",
    "pastes",
    "penicillin",
    "crossed",
    "missed",
    "cbpp",
    "yesno",
    "sessions_counts",
    "sessions_crossed",
)


def test_every_root_of_the_file_is_compared(pinned):
    assert set(pinned("mixed/profile")) == set(ROOTS)


@pytest.mark.parametrize("name", ROOTS)
def test_profile_limits_as_roots(name, pinned, mixed_data, in_r):
    case = pinned("mixed/profile")[name]
    frame, formula = mixed_data(case["data"]), case["formula"]
    if case["family"] == "gaussian":
        fit = rpcstats.lmm(formula, frame, method="ml")
    else:
        fit = rpcstats.glmm(formula, frame, family=case["family"])
    table = fit.confint("profile")
    names = [
        key_of(our_effect(term)) if term.startswith(("sd_", "cor_")) else term
        for term in case["term"]
    ]
    # A correlation's limit at the end of its range is 1 or -1; a standard deviation's 0.
    case["lower"] = [0.0 if x is None else x for x in case["lower"]]
    compare_profile(table, names, case, in_r, ROOT)


# performance adds up uncorrelated terms of one factor in its own way.
OTHER_DEFINITION = {"sleepstudy_uncorr", "missed_uncorr", "crossed_two_uncorr"}


@pytest.fixture(scope="module")
def measured(pinned, mixed_data):
    @functools.cache
    def fit(name, method):
        case = pinned("mixed/lmm")[name]
        text, offset = case[method]["formula"], None
        if name == "crossed_offset":
            text, offset = "y ~ x + (1 | school) + (1 | rater)", "known"
        text = text.replace("factor(", "C(")
        frame = mixed_data(case["data"])
        options = {"weights": case.get("weights"), "offset": offset}
        return rpcstats.lmm(text, frame, method=method, **options), case[method]

    return fit


MEASURED = (
    "sleepstudy_slope",
    "sleepstudy_int",
    "dyestuff",
    "pastes_nested",
    "penicillin_crossed",
    "machines",
    "goal_slope",
    "oats",
    "orthodont_slope",
    "orthodont_int",
    "bodyweight_slope",
    "crossed_unbalanced",
    "crossed_one_slope",
    "missed_slope",
    "pairs_alike",
    "one_huge_group",
    "many_levels_few_rows",
)


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("name", MEASURED)
def test_variance_explained(name, method, measured):
    fit, case = measured(name, method)
    found = rpcstats.r_squared(fit)
    theirs = case["r2_nakagawa"]
    close(found.marginal, theirs["marginal"], MEASURES, 1e-9)
    close(found.conditional, theirs["conditional"], MEASURES)


@pytest.mark.parametrize("method", ["reml", "ml"])
@pytest.mark.parametrize("name", MEASURED)
def test_intraclass_correlation(name, method, measured):
    fit, case = measured(name, method)
    rows = rpcstats.icc(fit).tidy()
    alone = rows["group"].nunique() == 1
    wanted = rows if alone else rows[rows["group"] == "all"]
    ours = dict(zip(wanted["measure"], wanted["estimate"], strict=False))
    close(ours["adjusted"], case["icc"]["adjusted"], MEASURES)
    close(ours["unadjusted"], case["icc"]["unadjusted"], MEASURES)


def test_measures_of_a_binary_model(pinned, mixed_data):
    case = pinned("mixed/glmm")["attend_r2_icc"]
    formula = "attend ~ session + arm + sep + (1 | family)"
    fit = rpcstats.glmm(formula, mixed_data("goalprogress"))
    # R's optimiser stops at its own tolerance here.
    close(rpcstats.icc(fit).estimate[-1, 0], case["icc"], 1e-5)
    found = rpcstats.r_squared(fit)
    close([found.conditional, found.marginal], case["r2"], 1e-5)
