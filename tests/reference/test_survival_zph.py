"""Tests of proportional hazards against R's cox.zph, with residuals and the smooth of its plot."""

import numpy as np
import pytest

from rpcstats.survival.cox_checks.proportional_hazards import proportional_hazards
from rpcstats.survival.cox_regression import cox

# R iterates its fits to 1e-12; heart's statistics keep 11 digits of it.
RELATIVE = 1e-9
# The spline by normal equations in R, by a factorisation here.
SMOOTH = 1e-8

LUNG = "Surv(time, status) ~ age + sex + `ph.ecog`"
VETERAN = "Surv(time, status) ~ trt + celltype + karno + diagtime + age + prior"
HEART = "Surv(start, stop, event) ~ age + year + surgery + transplant"
FITS = {
    "lung": ("lung", LUNG, {}),
    "veteran": ("veteran", VETERAN, {}),
    "veteran_factor": ("veteran", "Surv(time, status) ~ karno + celltype", {}),
    "ovarian": ("ovarian", "Surv(futime, fustat) ~ age + `resid.ds` + rx + `ecog.ps`", {}),
    "heart_startstop": ("heart", HEART, {}),
    "lung_breslow": ("lung", LUNG, {"ties": "breslow"}),
    "lung_months": ("lung", "Surv(months, status) ~ age + sex + `ph.ecog`", {}),
    "lung_weighted": ("lung_w", LUNG, {"weights": "w"}),
    "lung_sqrt": ("lung", LUNG, {}),
    "veteran_columns": ("veteran", "Surv(time, status) ~ karno + celltype", {}),
    "veteran_strata": ("veteran", "Surv(time, status) ~ karno + trt + strata(celltype)", {}),
    "veteran_constant": (
        "veteran",
        "Surv(time, status) ~ karno + z + strata(celltype)",
        {"weights": "w"},
    ),
    "heart_strata": ("heart", "Surv(start, stop, event) ~ age + year + strata(surgery)", {}),
    "rats_robust": ("rats", "Surv(time, status) ~ rx + cluster(litter)", {}),
    "tiny": ("tiny", "Surv(time, status) ~ x", {}),
}
TRANSFORMS = {"sqrt": np.sqrt}


@pytest.fixture(scope="module")
def fits(checked_data):
    """Fits by case."""
    return {
        name: cox(formula, checked_data(data), **options)
        for name, (data, formula, options) in FITS.items()
    }


def outcome_of(fits, case, transform):
    return proportional_hazards(
        fits[case],
        transform=TRANSFORMS.get(transform, transform),
        terms=case != "veteran_columns",
    )


def in_order(time, y):
    return y[np.lexsort((np.round(y[:, 0], 9), time))]


def test_every_case_is_compared(pinned):
    assert set(pinned("survival/cox_zph")) == set(FITS)


@pytest.mark.parametrize("case", FITS)
def test_statistics(case, fits, pinned, in_r):
    for transform, wanted in pinned("survival/cox_zph")[case].items():
        if transform == "residuals":
            continue
        frame = outcome_of(fits, case, transform).tidy()
        terms = wanted["term"]
        assert [in_r.term(name) for name in frame["term"]] == terms
        for ours, key in (("statistic", "chisq"), ("df", "df"), ("p_value", "p")):
            np.testing.assert_allclose(frame[ours], wanted[key], rtol=RELATIVE, err_msg=transform)


@pytest.mark.parametrize("case", ["veteran_factor", "veteran_constant", "heart_strata", "tiny"])
def test_residuals_and_smooth(case, fits, pinned):
    pins = pinned("survival/cox_zph")[case]
    wanted = pins["residuals"]
    found = outcome_of(fits, case, next(iter(pins)))
    y = np.array(wanted["y"], dtype=float).T
    np.testing.assert_allclose(found.time, wanted["time"], rtol=RELATIVE)
    np.testing.assert_allclose(found.g, wanted["x"], rtol=RELATIVE, atol=RELATIVE)
    # Events of one time stand in the order of the data here, in R's sometimes in the reverse.
    mine, theirs = in_order(found.time, found.residual), in_order(found.time, y)
    np.testing.assert_allclose(mine, theirs, rtol=0, atol=RELATIVE * np.nanmax(np.abs(y)))
    np.testing.assert_allclose(found.V, np.array(wanted["var"]), rtol=RELATIVE)
    smooth = found.smooth()
    for name, line in zip(found.names, wanted["smooth"], strict=True):
        part = smooth[smooth["term"] == name]
        if part.empty:
            assert len(np.unique(found.g)) <= 4
            continue
        scale = np.abs(line["estimate"]).max()
        np.testing.assert_allclose(part["estimate"], line["estimate"], atol=SMOOTH * scale)
        np.testing.assert_allclose(part["std_error"], line["std_error"], rtol=SMOOTH)
