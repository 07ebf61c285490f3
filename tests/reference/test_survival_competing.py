"""Competing causes against R: survfit, cmprsk, finegray, mets and coxph."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.competing.cause_specific_regression import cause_specific
from rpcstats.survival.competing.cumulative_incidence import cumulative_incidence
from rpcstats.survival.competing.fine_gray_regression import fine_gray
from rpcstats.survival.competing.gray import gray_test

# Closed forms: sums in another order; seen 1e-13.
CLOSED = 1e-10
# Roots of equations: R's own stopping rules leave this much; seen 1e-11.
FITTED = 1e-8
# Where a difference is 0 in exact arithmetic.
ABSOLUTE = 1e-12

TYPES = ("log", "log-log", "plain", "logit")
MGUS = "Surv(etime, ecode) ~ 1"
BY_SEX = "Surv(etime, ecode) ~ sex"
BY_AGE = "Surv(etime, three) ~ agegroup"
SURVFIT = {
    **{f"survfit_{scale}": (MGUS, {"conf_type": scale}) for scale in TYPES},
    "survfit_sex": (BY_SEX, {"conf_type": "log", "conf_level": 0.9}),
    "survfit_weights": (BY_SEX, {"conf_type": "log", "weights": "w", "robust": True}),
    "survfit_cluster": (BY_SEX + " + cluster(site)", {"conf_type": "log"}),
    "survfit_late": ("Surv(entry, etime, ecode) ~ 1", {"conf_type": "log", "robust": True}),
    "survfit_three": (BY_AGE, {"conf_type": "log"}),
    "survfit_tiny": ("Surv(time, cause) ~ 1", {"conf_type": "log"}),
}
CUMINC = {
    "cuminc_all": ("mgus", MGUS),
    "cuminc_three": ("mgus", BY_AGE),
    "cuminc_pbc": ("pbc", "Surv(time, status) ~ late"),
}
RHOS = (-1, 0, 0.5, 1, 2)
GRAY = {
    **{f"gray_sex_rho{rho:g}": ("mgus", BY_SEX, rho) for rho in RHOS},
    **{f"gray_age_rho{rho:g}": ("mgus", BY_AGE, rho) for rho in RHOS},
    **{
        f"gray_sex_strata_rho{rho:g}": ("mgus", BY_SEX + " + strata(agegroup)", rho) for rho in RHOS
    },
    "gray_pbc_stage": ("pbc", "Surv(time, status) ~ stage", 0),
    "gray_pbc_strata": ("pbc", "Surv(day, status) ~ late + strata(sex)", 0),
    "gray_tiny": ("tiny", "Surv(time, cause) ~ g", 0),
}
PCM = "age + male + hgb + mspike"
PBC = "age + edema + bili + protime"
DAY = f"Surv(day, status) ~ {PBC}"
NEW = pd.DataFrame({"age": [60, 80], "male": [1, 0], "hgb": [12, 14], "mspike": [1, 2]})
CRR = {
    "crr_pcm": ("mgus", f"Surv(etime, ecode) ~ {PCM}", "1", NEW, {}),
    "crr_death": ("mgus", f"Surv(etime, ecode) ~ {PCM}", "2", NEW, {}),
    "crr_years": ("mgus", f"Surv(years, ecode) ~ {PCM}", "1", NEW, {}),
    "crr_one": ("mgus", "Surv(etime, three) ~ male", "3", pd.DataFrame({"male": [0, 1]}), {}),
    "crr_pbc_transplant": ("pbc", f"Surv(time, status) ~ {PBC}", "1", None, {}),
    "crr_pbc_death": ("pbc", f"Surv(time, status) ~ {PBC}", "2", None, {}),
    "crr_censoring_by": ("pbc", DAY, "2", None, {"censoring_by": "late"}),
    "crr_repeated": ("mgus", "Surv(etime, ecode) ~ age + male", "1", None, {"weights": "w"}),
}
# crr with censoring groups leaves events of other groups out of psi; ours is checked by
# differentiation in tests/survival/competing.
# Errors for weights are those of sampling weights, not of repeated rows.
OTHER_ERRORS = {"crr_censoring_by", "crr_repeated"}
KNOWN = {"variance": "known-weights"}
EXPANDED = {
    "finegray_known": (DAY, "2", KNOWN),
    "finegray_known_cluster": (DAY + " + cluster(site)", "2", KNOWN),
    "finegray_strata": (DAY + " + strata(late)", "2", KNOWN),
    "finegray_late": (f"Surv(start, day, status) ~ {PBC}", "1", KNOWN),
    "finegray_late_death": (f"Surv(start, day, status) ~ {PBC}", "2", KNOWN),
    "mets_rows": (DAY, "2", {}),
    "mets_cluster": (DAY + " + cluster(site)", "2", {}),
}
COX = {
    "cause_specific": (f"Surv(etime, ecode) ~ {PCM}", {}),
    "cause_specific_breslow": (f"Surv(etime, ecode) ~ {PCM}", {"ties": "breslow"}),
    "cause_specific_strata_cluster": (
        "Surv(etime, ecode) ~ age + hgb + mspike + strata(sex) + cluster(site)",
        {},
    ),
    "cause_specific_late": (f"Surv(entry, etime, ecode) ~ {PCM}", {}),
}


@pytest.fixture(scope="module")
def cases(pinned):
    return pinned("survival/competing")


@pytest.fixture(scope="module")
def data(survival_data):
    mgus = survival_data("mgus2_cr")
    number = mgus["id"]
    late = np.minimum(number % 20, mgus["etime"] - 1)
    mgus = mgus.assign(
        w=1.0 + number % 4,
        site=number % 60,
        entry=np.where(number % 3 == 0, late, 0),
        three=np.where((mgus["ecode"] == 2) & (mgus["age"] > 75), 3, mgus["ecode"]),
        agegroup=pd.cut(mgus["age"], [0, 60, 70, 80, 200], labels=list("abcd")),
        male=(mgus["sex"] == "M") * 1.0,
        years=np.ceil(mgus["etime"] / 12),
    )
    pbc = survival_data("pbc").dropna(subset=["age", "edema", "bili", "protime", "stage"])
    day = pbc["time"] + pbc["id"].rank() / len(pbc) / 2
    early = np.minimum(20.0 * (pbc["id"] % 17), day / 2)
    pbc = pbc.assign(
        late=pbc["stage"] > 3,
        day=day,
        start=np.where(pbc["id"] % 3 == 0, early, 0.0),
        site=pbc["id"] % 40,
    )
    tiny = pd.DataFrame(
        {"time": [1, 2, 2, 3, 4, 4], "cause": [1, 1, 2, 0, 2, 0], "g": [1, 1, 2, 2, 2, 1]}
    )
    return {"mgus": mgus, "pbc": pbc, "tiny": tiny}


def close(ours, theirs, rtol=CLOSED):
    theirs = np.array(theirs, dtype=float)
    np.testing.assert_allclose(np.asarray(ours, dtype=float), theirs, rtol=rtol, atol=ABSOLUTE)


def test_every_case_of_the_file_is_compared(cases):
    known = {*SURVFIT, *CUMINC, *GRAY, *CRR, *EXPANDED, *COX, "joint"}
    assert set(cases) == known


@pytest.mark.parametrize("name", SURVFIT)
def test_curves(name, cases, data):
    formula, options = SURVFIT[name]
    fit = cumulative_incidence(formula, data["tiny" if "tiny" in name else "mgus"], **options)
    case = cases[name]
    close(fit.time, case["time"])
    if "weights" not in options:  # R counts heads there
        close(fit.n_risk, case["n_risk"])
        close(fit.n_event, case["n_event"])
    close(fit.estimate, case["estimate"])
    close(fit.std_error, case["std_error"])
    close(fit.event_free, case["event_free"])
    left = fit.event_free > 0
    error = fit.event_free_curve()["std_error"]
    close(error[left], np.array(case["event_free_error"])[left])


@pytest.mark.parametrize("name", SURVFIT)
def test_limits(name, cases, data):
    formula, options = SURVFIT[name]
    fit = cumulative_incidence(formula, data["tiny" if "tiny" in name else "mgus"], **options)
    # R gives limits of 0, or none, where a curve is at 0 or 1; here it has none on these scales.
    inside = (fit.estimate > 0) & (fit.estimate < 1)
    for ours, theirs in zip(fit.limits(), ("conf_low", "conf_high"), strict=True):
        close(ours[inside], np.array(cases[name][theirs], dtype=float)[inside])


@pytest.mark.parametrize("name", [name for name in SURVFIT if name.split("_")[1] not in TYPES])
def test_time_lost(name, cases, data):
    case = cases[name]
    if "tau" not in case:
        assert name == "survfit_tiny"
        return
    formula, options = SURVFIT[name]
    lost = cumulative_incidence(formula, data["mgus"], **options).time_lost(case["tau"][0])
    n_group, n_cause = len(lost.strata), len(lost.causes)
    # R has a block of groups for each state; the first state is that of no event.
    theirs = np.reshape(case["lost"], (n_cause + 1, n_group))[1:]
    close(lost.estimate, theirs)
    errors = np.reshape(case["lost_error"], (n_group, n_cause + 1))[:, 1:].T
    close(np.sqrt(lost.covariance.diagonal(axis1=1, axis2=2)), errors)


@pytest.mark.parametrize("name", CUMINC)
def test_aalens_variance(name, cases, data):
    source, formula = CUMINC[name]
    fit = cumulative_incidence(formula, data[source], variance="aalen")
    case = cases[name]
    found = fit.at(case["times"]).set_index(["strata", "state"])
    for curve, estimate, variance in zip(
        case["curve"], case["estimate"], case["variance"], strict=True
    ):
        group, cause = curve.rsplit(" ", 1)
        group = {"1": "all", "FALSE": "late=False", "TRUE": "late=True"}.get(
            group, f"agegroup={group}"
        )
        ours = found.loc[(group, cause)]
        # cmprsk gives nothing after the last time, even where nobody was left.
        known = ours["estimate"].notna().to_numpy() & ~np.isnan(np.array(estimate, dtype=float))
        close(ours["estimate"][known], np.array(estimate, dtype=float)[known])
        close(ours["std_error"][known] ** 2, np.array(variance, dtype=float)[known])


@pytest.mark.parametrize("name", GRAY)
def test_grays_test(name, cases, data):
    source, formula, rho = GRAY[name]
    test, case = gray_test(formula, data[source], rho=rho), cases[name]
    assert list(test.causes) == case["cause"]
    close(test.statistic, case["statistic"])
    close(test.df, case["df"])
    # R takes 1 - pchisq, which loses digits of small tails.
    np.testing.assert_allclose(test.p_value, case["p_value"], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("name", CRR)
def test_fine_gray(name, cases, data):
    source, formula, cause, new, options = CRR[name]
    fit, case = fine_gray(formula, data[source], cause=cause, **options), cases[name]
    close(fit.beta, case["coef"], FITTED)
    close(fit.log_lik, case["log_lik"][0])
    close(fit.log_lik_null, case["log_lik_null"][0])
    if name not in OTHER_ERRORS:
        close(fit.cov, np.reshape(case["vcov"], fit.cov.shape), FITTED)
        close(fit.tidy()["std_error"], case["se"], FITTED)
    if "weights" in options:
        return
    sums = fit.residuals("schoenfeld").groupby("time")[list(fit.names)].sum()
    close(sums.index, case["event_time"])
    # R's are those before its last step.
    np.testing.assert_allclose(sums.to_numpy().T, case["residual"], rtol=1e-6, atol=1e-6)
    if new is not None:
        curves = fit.predict(new, case["event_time"])
        close(curves.estimate, case["incidence"], FITTED)


@pytest.mark.parametrize("name", EXPANDED)
def test_fine_gray_of_expanded_rows(name, cases, data):
    formula, cause, options = EXPANDED[name]
    fit, case = fine_gray(formula, data["pbc"], cause=cause, **options), cases[name]
    close(fit.beta, case["coef"], FITTED)
    close(fit.tidy()["std_error"], case["se"], FITTED)
    if "log_lik" in case:
        close(fit.log_lik, case["log_lik"][0])


@pytest.mark.parametrize("name", COX)
def test_cause_specific(name, cases, data):
    formula, options = COX[name]
    rows = data["mgus"].dropna(subset=["age", "sex", "hgb", "mspike"])
    fit = cause_specific(formula, rows, **options)
    for cause, case in cases[name].items():
        close(fit.of(cause).beta, case["coef"], FITTED)
        close(fit.of(cause).tidy()["std_error"], case["se"], FITTED)
        close(fit.of(cause).log_lik, case["log_lik"][1])
        close(fit.of(cause).log_lik_null, case["log_lik"][0])


def test_incidence_from_all_hazards(cases, data):
    case = cases["joint"]
    fit = cause_specific(f"Surv(etime, ecode) ~ {PCM}", data["mgus"], ties="breslow")
    curves = fit.predict(NEW, case["times"])
    close(curves.estimate, np.concatenate(case["incidence"]), FITTED)


def test_cases_shared_with_states(pinned, survival_data):
    shared, data = pinned("survival/aalen_johansen"), survival_data("mgus2_cr")
    case = shared["mgus2_all"]
    fit = cumulative_incidence(MGUS, data, conf_type="log")
    close(fit.estimate, case["pstate"][1:])
    close(fit.std_error, case["se"][1:])
    for name, formula, rho in (
        ("mgus2_cuminc_all", MGUS, None),
        ("mgus2_cuminc_sex", BY_SEX, 0),
        ("mgus2_cuminc_sex_rho1", BY_SEX, 1),
    ):
        case = shared[name]
        found = cumulative_incidence(formula, data, variance="aalen").at(case["times"])
        found = found.set_index(["strata", "state"])
        for curve, estimate in case["est"].items():
            group, cause = curve.split(" ")
            ours = found.loc[("all" if rho is None else f"sex={group}", cause)]
            close(ours["estimate"], estimate)
            close(ours["std_error"] ** 2, case["var"][curve])
        if rho is not None:
            test = gray_test(formula, data, rho=rho)
            close(test.statistic, case["gray"]["stat"])
            close(test.p_value, case["gray"]["p"])
