"""Kaplan-Meier against R's survfit, every case and every column."""

import numpy as np
import pytest

from rpcstats.survival import kaplan_meier

# Sums in another order: 1e-10 leaves four digits of slack over what was seen (4e-15).
RELATIVE = 1e-10
# The delta-method square root of a difference that is 0 in exact arithmetic.
ABSOLUTE = 1e-12

SEX = "Surv(time, event) ~ sex"
TYPES = {
    "log": "log",
    "log-log": "log-log",
    "plain": "plain",
    "logit": "logit",
    "arcsin": "arcsine",
}

CASES = {
    **{f"lung_sex_{r}": ("lung", SEX, {"conf_type": t}) for r, t in TYPES.items()},
    **{
        f"small_{r}": ("small", "Surv(time, status) ~ 1", {"conf_type": t})
        for r, t in TYPES.items()
    },
    **{f"flat_{r}": ("flat", "Surv(time, status) ~ g", {"conf_type": t}) for r, t in TYPES.items()},
    "lung_all": ("lung", "Surv(time, event) ~ 1", {"conf_type": "log"}),
    "lung_all_conf90": ("lung", "Surv(time, event) ~ 1", {"conf_level": 0.9}),
    "lung_sex_ecog": ("lung", "Surv(time, event) ~ sex + `ph.ecog`", {}),
    "lung_weighted_case": ("lung", SEX, {"weights": "w", "conf_type": "log"}),
    "lung_weighted_robust": ("lung", SEX, {"weights": "w", "conf_type": "log", "robust": True}),
    "rats_cluster_litter": (
        "rats",
        "Surv(time, status) ~ rx + cluster(litter)",
        {"conf_type": "log"},
    ),
    "heart_late_entry": ("heart", "Surv(start, stop, event) ~ surgery", {}),
}

COLUMNS = {
    "time": "time",
    "n_risk": "n_risk",
    "n_event": "n_event",
    "n_censor": "n_censor",
    "estimate": "surv",
    "std_error": "se_surv",
    "conf_low": "lower",
    "conf_high": "upper",
}

# R prints a restricted mean with the Greenwood error even where the curve has a robust one;
# this package refuses it there.
NO_RESTRICTED_MEAN = {"lung_weighted_robust", "rats_cluster_litter"}


@pytest.fixture(scope="module")
def fits(dataset):
    return {
        name: kaplan_meier(formula, dataset(data), **options)
        for name, (data, formula, options) in CASES.items()
    }


def numbers(values):
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def close(ours, theirs):
    np.testing.assert_allclose(ours, numbers(theirs), rtol=RELATIVE, atol=ABSOLUTE)


def test_every_case_of_the_file_is_compared(pinned):
    assert set(pinned("km")) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_curve(name, fits, pinned):
    frame, case = fits[name].tidy(), pinned("km")[name]
    for ours, theirs in COLUMNS.items():
        close(frame[ours], case[theirs])
    assert [label.replace(" ", "") for label in frame["strata"]] == [
        label.replace(" ", "") for label in case["strata"]
    ]


@pytest.mark.parametrize("name", CASES)
def test_quantiles(name, fits, pinned):
    case = pinned("km")[name]
    frame = fits[name].quantile(case["probs"])
    close(frame["estimate"], case["quantile"])
    close(frame["conf_low"], case["quantile_lower"])
    close(frame["conf_high"], case["quantile_upper"])


@pytest.mark.parametrize("name", sorted(set(CASES) - NO_RESTRICTED_MEAN))
def test_restricted_mean_to_the_end_of_each_curve(name, fits, pinned):
    fit, case = fits[name], pinned("km")[name]
    for k, (rmean, se) in enumerate(zip(case["rmean"], case["se_rmean"], strict=True)):
        area = fit.rmst(fit.time[fit.start[k + 1] - 1])
        close(area.estimate[k], [rmean])
        close(area.std_error[k], [se])
