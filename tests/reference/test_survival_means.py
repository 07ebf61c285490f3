"""Robust and adjusted restricted means, pseudo-values and regression on them against R."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival import rmst
from rpcstats.survival.nonparametric.pseudo_regression import pseudo_regression
from rpcstats.survival.nonparametric.pseudo_values import pseudo_values
from rpcstats.survival.nonparametric.rmst_adjusted import rmst_adjusted

# Sums in another order; seen: 4e-14.
RELATIVE = 1e-10
# A pseudo-value is a difference of large numbers; some are 0.
ABSOLUTE = 1e-9
# R's side rests on numerical derivatives of the weighted means.
DERIVATIVE = 1e-7
# geese stops within 1e-13 of a step of first order.
ITERATED = 1e-8

SEX, WEEKS = "Surv(time, event) ~ sex", "Surv(weeks, event) ~ "
MEANS = {
    "lung_robust": ("lung", SEX, {"robust": True}),
    "lung_weights": ("lung", SEX, {"robust": True, "weights": "w"}),
    "lung_cluster": ("lung", f"{SEX} + cluster(inst)", {}),
    "lung_cluster_weights": ("lung", f"{WEEKS}sex + cluster(inst)", {"weights": "w"}),
    "rats_cluster": ("rats", "Surv(time, status) ~ rx + cluster(litter)", {}),
    "veteran_cells": ("veteran", "Surv(time, status) ~ celltype", {"robust": True}),
    "six": ("six", "Surv(time, event) ~ cluster(id)", {"weights": "w"}),
}
WEIGHTINGS = {
    "weighting_lung": f"{SEX} + age + ecog",
    "weighting_lung_700": f"{SEX} + age + karno + ecog",
}
ALL, CAUSES = "Surv(time, event) ~ 1", "Surv(etime, ecode) ~ 1"
PSEUDO = {
    "lung_surv": ("lung", ALL, {}),
    "lung_rmst": ("lung", ALL, {"of": "rmst"}),
    "lung_weeks_surv": ("lung", f"{WEEKS}1", {}),
    "lung_weeks_rmst": ("lung", f"{WEEKS}1", {"of": "rmst"}),
    "lung_strata_surv": ("lung", "Surv(time, event) ~ strata(sex)", {}),
    "lung_strata_rmst": ("lung", "Surv(time, event) ~ strata(sex)", {"of": "rmst"}),
    "veteran_rmst": ("veteran", "Surv(time, status) ~ 1", {"of": "rmst"}),
    "mgus2_pcm": ("mgus2", CAUSES, {"of": "cumulative_incidence", "cause": 1}),
    "mgus2_death": ("mgus2", CAUSES, {"of": "cumulative_incidence", "cause": 2}),
}
COVARIATES = "Surv(time, event) ~ sex + age + ecog"
TWO, YEAR = {"at": [180, 365]}, {"at": 365, "of": "rmst"}
REGRESSIONS = {
    **{
        f"regression_surv_{link}": ("both", COVARIATES, {**TWO, "link": link})
        for link in ("identity", "log", "logit", "cloglog")
    },
    "regression_rmst_identity": ("both", COVARIATES, YEAR),
    "regression_rmst_log": ("both", COVARIATES, {**YEAR, "link": "log"}),
    "regression_rmst_cluster": ("both", f"{COVARIATES} + cluster(inst)", YEAR),
    "regression_incidence_cloglog": (
        "mgus2",
        "Surv(etime, ecode) ~ age + male",
        {"at": [60, 120], "of": "cumulative_incidence", "cause": 2, "link": "cloglog"},
    ),
}


@pytest.fixture(scope="module")
def data(survival_data):
    def read(name):
        if name == "six":
            columns = {"time": [1, 2, 2, 3, 4, 4], "event": [1, 1, 1, 0, 1, 0]}
            return pd.DataFrame({**columns, "w": [2, 1, 1, 1, 1, 2], "id": [1, 2, 3, 1, 2, 3]})
        if name == "mgus2":
            frame = survival_data("mgus2_cr").iloc[::7]
            return frame.assign(male=(frame["sex"] == "M").astype(float))
        frame = survival_data("lung_w" if name in ("lung", "both") else name)
        if name in ("lung", "both"):
            frame["event"] = frame["status"] - 1
            frame["weeks"] = np.ceil(frame["time"] / 30)
            frame["ecog"], frame["karno"] = frame["ph.ecog"], frame["ph.karno"]
        elif name == "veteran":
            cells = ["squamous", "smallcell", "adeno", "large"]
            frame["celltype"] = pd.Categorical(frame["celltype"], categories=cells)
        return frame.dropna(subset=["ecog", "inst"]) if name == "both" else frame

    return read


def test_every_case_of_the_files_is_compared(pinned):
    assert set(pinned("survival/rmst")) == {*MEANS, *WEIGHTINGS}
    assert set(pinned("survival/pseudo")) == {*PSEUDO, *REGRESSIONS}


@pytest.mark.parametrize("name", MEANS)
def test_robust_means(name, data, pinned):
    which, formula, options = MEANS[name]
    case = pinned("survival/rmst")[name]
    means = rmst(formula, data(which), tau=case["tau"][0], **options)
    np.testing.assert_allclose(means.estimate, case["estimate"], rtol=RELATIVE)
    np.testing.assert_allclose(means.std_error, case["std_error"], rtol=RELATIVE)
    np.testing.assert_allclose(means.cov, case["variance"], rtol=RELATIVE, atol=ABSOLUTE)


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_weighted_means(name, data, pinned):
    case = pinned("survival/rmst")[name]
    tau = case["tau"][0]
    found = rmst_adjusted(
        WEIGHTINGS[name], data("lung"), tau=tau, exposure="sex", method="weighting"
    )
    np.testing.assert_allclose(found.estimate, case["estimate"], rtol=RELATIVE)
    np.testing.assert_allclose(found.cov, case["variance"], rtol=DERIVATIVE)


@pytest.mark.parametrize("name", PSEUDO)
def test_pseudo_values(name, data, pinned):
    which, formula, options = PSEUDO[name]
    case = pinned("survival/pseudo")[name]
    found = pseudo_values(formula, data(which), at=case["times"], **options)
    theirs = np.array(case["values"]).T
    np.testing.assert_allclose(found.values, theirs, rtol=RELATIVE, atol=ABSOLUTE)


@pytest.mark.parametrize("name", REGRESSIONS)
def test_regressions(name, data, pinned):
    which, formula, options = REGRESSIONS[name]
    case = pinned("survival/pseudo")[name]
    frame = pseudo_regression(formula, data(which), **options).tidy()
    np.testing.assert_allclose(frame["estimate"], case["coef"], rtol=ITERATED)
    np.testing.assert_allclose(frame["std_error"], case["std_error"], rtol=ITERATED)
