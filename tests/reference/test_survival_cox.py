"""Cox models against R's survival package: every treatment of ties, weights, errors, penalties."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.cox_regression import cox

# R stops once its likelihood changes by less than 1e-12 of itself, ours when the next step is
# below 1e-10 standard errors of one event; the errors of its last step show in the tenth digit.
CLOSE = {"rtol": 1e-9, "atol": 1e-11}
# Sums of squares of scores at 0 lose digits where the score is nearly 0 in some direction.
LOOSE = {"rtol": 1e-8, "atol": 1e-10}
# Firth's fits in R are climbed with numerical derivatives.
CLIMBED = {"rtol": 1e-6, "atol": 1e-7}

THREE = "Surv(time, event) ~ age + sex + ph_ecog"
LATE = "Surv(entry, month, event) ~ age + ph_ecog + strata(sex)"
HEART = "Surv(start, stop, event) ~ age + year + surgery + transplant"
WIDE = "Surv(time, status) ~ trt + celltype + karno + diagtime + age + prior"
INFECTIONS = "Surv(tstart, tstop, status) ~ treat + age + linked"
MANY = (
    "Surv(time, death) ~ trt + age + sex + ascites + hepato + spiders + edema + bili + chol"
    " + albumin + copper + alk_phos + ast + trig + platelet + protime + stage"
)
BRESLOW, EXACT = {"ties": "breslow"}, {"ties": "exact"}
MODELS = {
    "lung_efron": ("lung", THREE, {}),
    "lung_breslow": ("lung", THREE, BRESLOW),
    "lung_exact": ("lung", THREE, EXACT),
    "lung_robust": ("lung", THREE, {"robust": True}),
    "lung_robust_breslow": ("lung", THREE, {"robust": True, **BRESLOW}),
    "lung_cluster": ("lung", THREE + " + cluster(inst)", {}),
    "lung_weighted_efron": ("lung", THREE, {"weights": "w"}),
    "lung_weighted_breslow": ("lung", THREE, {"weights": "w", **BRESLOW}),
    "lung_weighted_robust_efron": ("lung", THREE, {"weights": "w", "robust": True}),
    "lung_weighted_robust_breslow": (
        "lung",
        THREE,
        {"weights": "w", "robust": True, **BRESLOW},
    ),
    "lung_late_efron": ("lung", LATE, {"weights": "w"}),
    "lung_late_breslow": ("lung", LATE, {"weights": "w", **BRESLOW}),
    "lung_late_cluster_efron": ("lung", LATE + " + cluster(inst)", {"weights": "w"}),
    "lung_late_cluster_breslow": (
        "lung",
        LATE + " + cluster(inst)",
        {"weights": "w", **BRESLOW},
    ),
    "lung_quarters_cluster_efron": (
        "lung",
        "Surv(quarter, event) ~ age + sex + ph_ecog + cluster(inst)",
        {},
    ),
    "lung_quarters_cluster_breslow": (
        "lung",
        "Surv(quarter, event) ~ age + sex + ph_ecog + cluster(inst)",
        BRESLOW,
    ),
    "lung_offset_efron": ("lung", "Surv(month, event) ~ age + offset(0.3 * ph_ecog) + sex", {}),
    "lung_offset_breslow": (
        "lung",
        "Surv(month, event) ~ age + offset(0.3 * ph_ecog) + sex",
        BRESLOW,
    ),
    "lung_exact_strata": ("lung", "Surv(month, event) ~ age + ph_ecog + strata(sex)", EXACT),
    "lung_exact_late": (
        "lung_sixty",
        "Surv(entry, month, event) ~ age + sex + ph_ecog",
        EXACT,
    ),
    "lung_exact_offset": (
        "lung",
        "Surv(quarter, event) ~ age + offset(0.3 * ph_ecog)",
        EXACT,
    ),
    "lung_aliased": ("lung", THREE + " + strata(sex)", {}),
    "lung_two_way": ("lung", THREE + " + cluster(inst, band)", {}),
    "veteran_efron": ("veteran", WIDE, {}),
    "veteran_breslow": ("veteran", WIDE, BRESLOW),
    "veteran_strata": ("veteran", "Surv(time, status) ~ trt + karno + strata(celltype)", {}),
    "veteran_interaction": ("veteran", "Surv(time, status) ~ trt * celltype + karno", {}),
    "ovarian": ("ovarian", "Surv(futime, fustat) ~ age + resid_ds + rx + ecog_ps", {}),
    "rats_female": ("rats_female", "Surv(time, status) ~ rx", {}),
    "rats_cluster": ("rats", "Surv(time, status) ~ rx + sex + cluster(litter)", {}),
    "rats_litters": ("rats", "Surv(time, status) ~ rx + sex + strata(litter)", {}),
    "heart_efron": ("heart", HEART, {}),
    "heart_breslow": ("heart", HEART, BRESLOW),
    "heart_gaps": ("heart_gaps", HEART + " + cluster(id)", {}),
    "colon_deaths": (
        "colon_deaths",
        "Surv(time, status) ~ rx + sex + age + obstruct + nodes + extent",
        {},
    ),
    "colon_marginal": (
        "colon",
        "Surv(time, status) ~ rx + age + nodes + strata(etype) + cluster(id)",
        {},
    ),
    "cgd_andersen_gill": ("cgd", INFECTIONS + " + cluster(id)", {}),
    "cgd_prentice": ("cgd", INFECTIONS + " + strata(enum) + cluster(id)", {}),
    "cgd_gap_times": (
        "cgd",
        "Surv(gap, status) ~ treat + age + strata(enum) + cluster(id)",
        {},
    ),
    "pbc_many": ("pbc", MANY, {}),
    "pbc_log": ("pbc", "Surv(time, death) ~ log(bili)", {}),
}
OTHERS = {
    "veteran_nothing",
    "lung_ridge_raw",
    "lung_ridge",
    "heart_ridge",
    "firth_efron",
    "firth_breslow",
    "ovarian_profile",
}


def _lung(survival_data) -> pd.DataFrame:
    frame = survival_data("lung").rename(columns={"ph.ecog": "ph_ecog"})
    frame["event"] = frame["status"] - 1
    frame["w"] = survival_data("lung_w")["w"]
    frame["month"] = 30 * np.ceil(frame["time"] / 30)
    frame["quarter"] = 90 * np.ceil(frame["time"] / 90)
    frame["entry"] = 30 * np.floor(frame["time"] / 120)
    frame["band"] = np.arange(1, len(frame) + 1) % 30
    return frame[frame[["age", "sex", "ph_ecog"]].notna().all(axis=1)]


@pytest.fixture(scope="module")
def data(survival_data):
    """Data sets as R's script prepares them."""
    found = {
        name: survival_data(name).rename(columns=lambda c: c.replace(".", "_"))
        for name in ("ovarian", "rats", "heart", "colon", "cgd", "pbc", "veteran")
    }
    found["lung"] = _lung(survival_data)
    found["lung_sixty"] = found["lung"].head(60)
    cells = ["squamous", "smallcell", "adeno", "large"]
    found["veteran"]["celltype"] = pd.Categorical(found["veteran"]["celltype"], categories=cells)
    found["rats_female"] = found["rats"][found["rats"]["sex"] == "f"]
    heart = found["heart"]
    found["heart_gaps"] = heart[~((heart["id"] % 3 == 0) & (heart["start"] == 0))]
    found["colon_deaths"] = found["colon"][found["colon"]["etype"] == 2]
    found["cgd"]["linked"] = (found["cgd"]["inherit"] == "X-linked").astype(int)
    found["cgd"]["gap"] = found["cgd"]["tstop"] - found["cgd"]["tstart"]
    found["pbc"]["death"] = (found["pbc"]["status"] == 2).astype(int)
    return found


@pytest.fixture(scope="module")
def fitted(data):
    """Each model fitted once."""
    fits = {}

    def fit(name):
        if name not in fits:
            dataset, formula, options = MODELS[name]
            fits[name] = cox(formula, data[dataset], **options)
        return fits[name]

    return fit


def test_every_pinned_case_is_compared(pinned):
    assert set(pinned("survival/cox")) == MODELS.keys() | OTHERS


@pytest.mark.parametrize("name", MODELS)
def test_estimates_and_errors(name, pinned, fitted):
    case, fit = pinned("survival/cox")[name], fitted(name)
    assert fit.converged
    assert (fit.n_obs, fit.n_event) == (case["n"][0], case["n_event"][0])
    np.testing.assert_allclose(fit.beta, case["coef"], **CLOSE)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.cov_model)), case["se"], **CLOSE)
    np.testing.assert_allclose(fit.cov_model, np.array(case["vcov"]), **CLOSE)
    np.testing.assert_allclose(fit.log_lik, case["loglik"][0], **CLOSE)
    np.testing.assert_allclose(fit.log_lik_null, case["loglik_null"][0], **CLOSE)


@pytest.mark.parametrize("name", MODELS)
def test_tests_of_all_coefficients(name, pinned, fitted):
    case = pinned("survival/cox")[name]
    found = fitted(name).tests().set_index("test")["statistic"]
    np.testing.assert_allclose(found["score"], case["score_test"][0], **LOOSE)
    np.testing.assert_allclose(found["wald"], case["wald_test"][0], **LOOSE)


ROBUST = [name for name, model in MODELS.items() if "robust" in model[2] or "cluster(" in model[1]]


@pytest.mark.parametrize("name", ROBUST)
def test_robust_errors(name, pinned, fitted):
    case, fit = pinned("survival/cox")[name], fitted(name)
    np.testing.assert_allclose(fit.std_error, case["robust_se"], **CLOSE)
    np.testing.assert_allclose(fit.cov, np.array(case["robust_vcov"]), **LOOSE)
    if "robust_score" in case and case["robust_score"] is not None:
        found = fit.tests().set_index("test").loc["robust_score", "statistic"]
        np.testing.assert_allclose(found, case["robust_score"][0], **LOOSE)


def test_robust_cases_are_all_those_with_robust_answers(pinned):
    cases = pinned("survival/cox")
    assert {name for name, case in cases.items() if "robust_se" in case} == set(ROBUST)


HAZARDS = [
    "lung_efron",
    "lung_breslow",
    "lung_weighted_efron",
    "lung_weighted_breslow",
    "lung_late_efron",
    "lung_late_breslow",
    "veteran_efron",
    "veteran_breslow",
    "veteran_strata",
    "rats_cluster",
    "heart_efron",
    "heart_breslow",
]


@pytest.mark.parametrize("name", HAZARDS)
def test_baseline_hazard(name, pinned, fitted):
    case = pinned("survival/cox")[name]
    ours = fitted(name).baseline_hazard()
    theirs = pd.DataFrame({"time": case["time"], "hazard": case["hazard"]})
    theirs["strata"] = case.get("strata", "all")
    for label, steps in ours.groupby("strata", sort=False):
        name_of_r = str(label).split("=")[-1]
        rows = theirs[theirs["strata"].str.split("=").str[-1] == name_of_r]
        at = np.searchsorted(rows["time"], steps["time"])
        np.testing.assert_allclose(steps["estimate"], rows["hazard"].to_numpy()[at], **CLOSE)


def test_hazards_are_all_those_pinned(pinned):
    cases = pinned("survival/cox")
    assert {name for name, case in cases.items() if "hazard" in case} == set(HAZARDS)


def test_no_covariates(pinned, data):
    fit = cox("Surv(time, status) ~ strata(celltype)", data["veteran"])
    expected = pinned("survival/cox")["veteran_nothing"]["loglik"]
    np.testing.assert_allclose(fit.log_lik, expected[0], **CLOSE)


@pytest.mark.parametrize(
    ("name", "dataset", "formula", "options"),
    [
        ("lung_ridge", "lung", THREE, {"penalty": 10.0}),
        ("lung_ridge_raw", "lung", THREE, {"penalty": 10.0, "scale_penalty": False}),
        (
            "heart_ridge",
            "heart",
            "Surv(start, stop, event) ~ age + year + surgery",
            {"penalty": 3.0, **BRESLOW},
        ),
    ],
)
def test_ridge(name, dataset, formula, options, pinned, data):
    case = pinned("survival/cox")[name]
    fit = cox(formula, data[dataset], **options)
    np.testing.assert_allclose(fit.beta, case["coef"], **CLOSE)
    np.testing.assert_allclose(fit.std_error, case["se"], **CLOSE)
    np.testing.assert_allclose(fit.log_lik, case["loglik"][0], **CLOSE)
    np.testing.assert_allclose(fit.df, case["df"][0], **CLOSE)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_firth(ties, pinned):
    case = pinned("survival/cox")[f"firth_{ties}"]
    fit = cox("Surv(time, event) ~ x + z", pd.DataFrame(case["data"]), ties=ties, firth=True)
    assert fit.converged
    np.testing.assert_allclose(fit.beta, case["coef"], **CLIMBED)
    np.testing.assert_allclose(fit.std_error, case["se"], **CLIMBED)
    np.testing.assert_allclose(-fit.optimum.value, case["penalised"][0], **CLOSE)
    if case["limits"] is not None:
        found = fit.confint("profile")[["conf_low", "conf_high"]].to_numpy()
        np.testing.assert_allclose(found, np.array(case["limits"]), **CLIMBED)


def test_profile_limits(pinned, data):
    case = pinned("survival/cox")["ovarian_profile"]
    fit = cox("Surv(futime, fustat) ~ age + rx", data["ovarian"])
    np.testing.assert_allclose(fit.beta, case["coef"], **CLOSE)
    found = fit.confint("profile")[["conf_low", "conf_high"]].to_numpy()
    np.testing.assert_allclose(found, np.array(case["limits"]), **CLIMBED)
