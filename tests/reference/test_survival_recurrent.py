"""Repeated events against R: mean functions, their test, and Cox models of recurrence."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.states.mean_cumulative import mean_cumulative
from rpcstats.survival.states.recurrent_cox import recurrent_cox

# Sums in another order; fits iterated to 1e-12 in R.
RELATIVE, OF_FITS = 1e-10, 1e-9

TREAT = "Surv(tstart, tstop, status) ~ treat"
MODELS = {"andersen_gill": "andersen-gill", "pwp_total": "pwp-total", "pwp_gap": "pwp-gap"}
MEANS = {
    "all": ("Surv(tstart, tstop, status) ~ 1", {}),
    "weighted": (TREAT, {"weights": "w"}),
    "by_center": (TREAT + " + cluster(center)", {}),
    "late_entry": (TREAT, {}),
}
TESTS = {
    "test_treat": TREAT,
    "test_hospital": "Surv(tstart, tstop, status) ~ `hos.cat`",
    "test_center": TREAT + " + cluster(center)",
}


@pytest.fixture(scope="module")
def cgd(survival_data):
    frame = survival_data("cgd")
    frame["treat"] = pd.Categorical(frame["treat"], categories=["placebo", "rIFN-g"])
    return frame.assign(w=1 + (frame["id"] % 3) / 2)


@pytest.fixture(scope="module")
def bladder(survival_data):
    frame = survival_data("bladder1")
    frame = frame[frame["stop"] > frame["start"]]
    return frame.assign(event=(frame["status"] == 1).astype(int))


@pytest.fixture(scope="module")
def cases(pinned):
    return pinned("survival/recurrent_models")


def test_the_table_of_cases_is_complete(cases):
    models = {f"{name}_{ties}" for name in MODELS for ties in ("efron", "breslow")}
    others = {"pwp_total_first4", "wlw", "wlw_own_effects", "cgd_andersen_gill"}
    assert set(cases) == {*MEANS, *TESTS, "difference_center"} | models | others


def compare_curves(fit, case):
    tidy = fit.tidy()
    for ours, theirs in {
        "time": "time",
        "n_risk": "n_risk",
        "estimate": "mcf",
        "std_error": "se",
    }.items():
        np.testing.assert_allclose(tidy[ours], case[theirs], rtol=RELATIVE)
    if "strata" in case:
        assert tidy["strata"].tolist() == case["strata"]


def test_mean_function(cgd, pinned):
    compare_curves(mean_cumulative(TREAT, cgd, id="id"), pinned("survival/recurrent")["cgd_mcf"])


@pytest.mark.parametrize("case", MEANS)
def test_mean_functions(case, cgd, cases):
    formula, options = MEANS[case]
    frame = cgd
    if case == "late_entry":
        frame = cgd.assign(tstart=np.maximum(cgd["tstart"], cgd["id"] % 60))
        frame = frame[frame["tstop"] > frame["tstart"]]
    # The centre given as the person: R has no rows of one id that overlap by cluster alone.
    compare_curves(mean_cumulative(formula, frame, id="id", **options), cases[case])


@pytest.mark.parametrize("case", TESTS)
def test_robust_logrank(case, cgd, cases):
    test = mean_cumulative(TESTS[case], cgd, id="id").test()
    statistic, df, p = cases[case]["test"]
    assert test.df == df
    np.testing.assert_allclose([test.statistic, test.p_value], [statistic, p], rtol=OF_FITS)


def test_difference_of_groups_that_share_clusters(cgd, cases):
    case = cases["difference_center"]
    fit = mean_cumulative(TREAT + " + cluster(center)", cgd, id="id")
    found = fit.difference(case["time"]).tidy()
    np.testing.assert_allclose(found["estimate"], case["estimate"], rtol=RELATIVE)
    np.testing.assert_allclose(found["std_error"], case["se"], rtol=RELATIVE)


def compare_fit(fit, case):
    np.testing.assert_allclose(fit.beta, case["coef"], rtol=OF_FITS)
    np.testing.assert_allclose(fit.std_error, case["se"], rtol=OF_FITS)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.cov_model)), case["naive_se"], rtol=OF_FITS)
    np.testing.assert_allclose([fit.log_lik_null, fit.log_lik], case["loglik"], rtol=OF_FITS)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("name", MODELS)
def test_models_of_all_events(name, ties, bladder, cases):
    formula = "Surv(start, stop, event) ~ treatment + number + size"
    fit = recurrent_cox(formula, bladder, id="id", model=MODELS[name], ties=ties)
    compare_fit(fit, cases[f"{name}_{ties}"])


def test_models_of_the_first_four_events(bladder, cases):
    formula = "Surv(start, stop, event) ~ treatment + number"
    fit = recurrent_cox(formula, bladder, id="id", model="pwp-total", most_events=4)
    compare_fit(fit, cases["pwp_total_first4"])
    compare_fit(recurrent_cox(formula, bladder, id="id", model="wlw", most_events=4), cases["wlw"])


def test_effects_of_each_event(bladder, cases):
    frame = bladder.assign(thiotepa=(bladder["treatment"] == "thiotepa").astype(float))
    formula = "Surv(start, stop, event) ~ thiotepa:C(event_number)"
    fit = recurrent_cox(formula, frame, id="id", model="wlw", most_events=4)
    compare_fit(fit, cases["wlw_own_effects"])


def test_strata_beside_the_model(cgd, cases):
    formula = "Surv(tstart, tstop, status) ~ treat + sex + age + strata(`hos.cat`)"
    compare_fit(recurrent_cox(formula, cgd, id="id"), cases["cgd_andersen_gill"])
