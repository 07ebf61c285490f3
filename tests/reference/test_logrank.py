"""Log-rank family against R's survdiff and against the definition written out in R."""

import numpy as np
import pytest

from rpcstats.survival import logrank

# Seen: 8e-15. Sums in another order.
RELATIVE = 1e-10
# A covariance entry is 0 where two groups are never at risk together.
ABSOLUTE = 1e-12

LUNG, CELL = "Surv(time, event) ~ sex", "Surv(time, status) ~ celltype"
EXPONENTS = ((0, 0), (1, 0), (0, 1), (1, 1), (0.5, 0.5))
STRATIFIED = "Surv(time, event) ~ sex + strata(`ph.ecog`)"

CASES = {
    "lung_sex": ("lung", LUNG, {}),
    "veteran_cell": ("veteran", CELL, {}),
    "lung_sex_strata_ecog": ("lung", STRATIFIED, {}),
    "veteran_trt_strata_cell": ("veteran", "Surv(time, status) ~ trt + strata(celltype)", {}),
    "lung_sex_rho1": ("lung", LUNG, {"rho": 1}),
    "veteran_cell_rho1": ("veteran", CELL, {"rho": 1}),
    "veteran_cell_rho0.5": ("veteran", CELL, {"rho": 0.5}),
    "lung_sex_strata_ecog_rho1": ("lung", STRATIFIED, {"rho": 1}),
    "ovarian_rx": ("ovarian", "Surv(futime, fustat) ~ rx", {}),
    **{
        f"fh_{data}_{rho:g}_{gamma:g}": (data[:4], formula, {"rho": rho, "gamma": gamma})
        for data, formula in (("lung_sex", LUNG),)
        for rho, gamma in EXPONENTS
    },
    **{
        f"fh_veteran_cell_{rho:g}_{gamma:g}": ("veteran", CELL, {"rho": rho, "gamma": gamma})
        for rho, gamma in EXPONENTS
    },
}


@pytest.fixture(scope="module")
def tests_done(dataset):
    return {
        name: logrank(formula, dataset(data), **options)
        for name, (data, formula, options) in CASES.items()
    }


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=RELATIVE, atol=ABSOLUTE)


def test_every_case_of_the_file_is_compared(pinned):
    assert set(pinned("logrank")) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_scores_and_covariance(name, tests_done, pinned):
    test, case = tests_done[name], pinned("logrank")[name]
    if "score" in case:
        close(test.observed - test.expected, case["score"])
    else:
        close(test.observed, case["observed"])
        close(test.expected, case["expected"])
        assert test.n_obs.tolist() == case["n"]
    close(test.V, np.array(case["variance"]))


@pytest.mark.parametrize("name", CASES)
def test_statistic(name, tests_done, pinned):
    row, case = tests_done[name].glance().iloc[0], pinned("logrank")[name]
    close([row["statistic"]], case["statistic"])
    close([row["p_value"]], case["p_value"])
    assert [row["df"]] == case["df"]
