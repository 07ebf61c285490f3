"""Brier scores and calibration against R."""

import numpy as np
import pytest

from rpcstats.survival.cox_checks.brier import brier_score
from rpcstats.survival.cox_checks.calibration import calibration
from rpcstats.survival.cox_regression import cox

# Exponentials of cumulative hazards of a fit that R iterates to 1e-12.
RELATIVE = 1e-9
# riskRegression takes the martingale of censoring to first order in 1 / n where this package
# differentiates the product limit itself: they part by about 1 / n (227 rows, 26 rows).
FIRST_ORDER = 1e-2
# Its Cox weights and ours: the same model, but R stops at its default tolerance, 1e-9.
STOPPED = 1e-6

LUNG = "Surv(time, status) ~ age + sex + `ph.ecog`"
MEASURES = {"brier": 0, "null": 1, "difference": 2, "ipa": 3}
ERRORS = {"brier_se": 0, "null_se": 1, "difference_se": 2}


@pytest.fixture(scope="module")
def halves(checked_data):
    """The complete rows of lung, and two parts of them."""
    whole = checked_data("lung").dropna(subset=["age", "sex", "ph.ecog"]).reset_index(drop=True)
    return whole, whole.iloc[:120], whole.iloc[120:]


def test_every_case_is_compared(pinned):
    scores = {"lung", "lung_new", "ovarian_cox", "lung_integrated", "lung_own"}
    assert set(pinned("survival/brier")) == scores
    assert set(pinned("survival/calibration")) == {"lung", "lung_new", "lung_knots"}


def compared(found, wanted, value, error):
    for name, place in MEASURES.items():
        np.testing.assert_allclose(found.estimate[:, place], wanted[name], rtol=value)
    for name, place in ERRORS.items():
        np.testing.assert_allclose(found.std_error[:, place], wanted[name], rtol=error)


def test_scores_of_the_rows_of_the_fit(pinned, halves):
    wanted = pinned("survival/brier")["lung"]
    found = brier_score(cox(LUNG, halves[0]), wanted["times"])
    compared(found, wanted, RELATIVE, FIRST_ORDER)


def test_scores_of_new_rows(pinned, halves):
    wanted = pinned("survival/brier")["lung_new"]
    found = brier_score(cox(LUNG, halves[1]), wanted["times"], halves[2])
    compared(found, wanted, RELATIVE, 2 * FIRST_ORDER)


def test_weights_from_a_model_of_censoring(pinned, checked_data):
    wanted = pinned("survival/brier")["ovarian_cox"]
    fit = cox("Surv(futime, fustat) ~ age + rx", checked_data("ovarian"))
    compared(brier_score(fit, wanted["times"], censoring="cox"), wanted, STOPPED, STOPPED)


def test_integrated_score(pinned, halves):
    wanted = pinned("survival/brier")["lung_integrated"]
    whole = halves[0]
    times = np.unique(whole.loc[(whole["status"] == 1) & (whole["time"] < 500), "time"])
    found = brier_score(cox(LUNG, whole), [*times, 500])
    np.testing.assert_allclose(found.integrated[0], wanted["brier"], rtol=RELATIVE)
    np.testing.assert_allclose(found.integrated[1], wanted["null"], rtol=RELATIVE)


def test_the_survival_package_agrees_where_nobody_is_censored_at_the_time(pinned, halves):
    wanted = pinned("survival/brier")["lung_own"]
    found = brier_score(cox(LUNG, halves[0]), wanted["times"])
    np.testing.assert_allclose(found.estimate[:, 0], wanted["brier"], rtol=RELATIVE)


CALIBRATIONS = {
    "lung": (0, None, 365, {"n_groups": 5}),
    "lung_new": (1, 2, 300, {"n_groups": 4}),
    "lung_knots": (0, None, 200, {"n_groups": 5, "n_knots": 5}),
}


@pytest.mark.parametrize("case", CALIBRATIONS)
def test_calibration(case, pinned, halves):
    fitted, scored, time, options = CALIBRATIONS[case]
    wanted = pinned("survival/calibration")[case]
    newdata = None if scored is None else halves[scored]
    found = calibration(cox(LUNG, halves[fitted]), time, newdata=newdata, **options)
    for name, value in found.errors().items():
        np.testing.assert_allclose(value, wanted[name], rtol=RELATIVE)
    pairs = {
        "slope": found.slope,
        "slope_se": found.slope_error,
        "ratio": found.ratio,
        "ratio_se": found.ratio_error,
        "predicted": found.predicted,
        "observed": found.observed,
        "observed_se": found.observed_error,
        "smoothed": found.smoothed,
    }
    for name, value in pairs.items():
        np.testing.assert_allclose(value, wanted[name], rtol=RELATIVE, err_msg=name)
