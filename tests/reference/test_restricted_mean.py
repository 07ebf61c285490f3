"""Restricted means against R's survfit and survRM2."""

import numpy as np
import pytest

from rpcstats.survival import rmst, rmst_difference

# Seen: 5e-15 against survfit.
RELATIVE = 1e-10
# survRM2's answers are pinned with 15 significant digits, a difference of means loses some.
RELATIVE_SURVRM2 = 1e-10

CASES = {
    "lung_sex_365": ("lung", "Surv(time, event) ~ sex"),
    "lung_sex_700": ("lung", "Surv(time, event) ~ sex"),
    "veteran_trt_200": ("veteran", "Surv(time, status) ~ trt"),
    "ovarian_rx_600": ("ovarian", "Surv(futime, fustat) ~ rx"),
    "mgus2_all_120": ("mgus2", "Surv(futime, death) ~ 1"),
    "heart_late_entry_300": ("heart", "Surv(start, stop, event) ~ surgery"),
}


def test_every_case_of_the_files_is_compared(pinned):
    assert set(pinned("rmst")) == set(CASES)
    assert set(pinned("survrm2")) == {"lung_sex_365"}


@pytest.mark.parametrize("name", CASES)
def test_area(name, dataset, pinned):
    data, formula = CASES[name]
    case = pinned("rmst")[name]
    frame = rmst(formula, dataset(data), tau=case["tau"][0]).tidy()
    np.testing.assert_allclose(frame["estimate"], case["estimate"], rtol=RELATIVE)
    np.testing.assert_allclose(frame["std_error"], case["std_error"], rtol=RELATIVE)


def test_difference_and_ratios(dataset, pinned):
    case = pinned("survrm2")["lung_sex_365"]
    frame = rmst_difference("Surv(time, event) ~ sex", dataset("lung"), tau=case["tau"]).tidy()
    assert frame["measure"].tolist() == ["difference", "ratio", "ratio of time lost"]
    for ours, theirs in (
        ("estimate", "estimate"),
        ("conf_low", "lower"),
        ("conf_high", "upper"),
        ("p_value", "p_value"),
    ):
        np.testing.assert_allclose(frame[ours], case[theirs], rtol=RELATIVE_SURVRM2)
