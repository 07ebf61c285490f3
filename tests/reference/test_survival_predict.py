"""Predictions of Cox models against R."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.cox_regression import cox

CLOSED = 1e-9
"""R iterates its fits to 1e-12; sums over the event times keep more digits than this."""

LUNG = "Surv(time, event) ~ age + sex + `ph.ecog`"
CONF_TYPES = {"log": "log", "log-log": "log-log", "plain": "plain", "logit": "logit",
              "arcsin": "arcsine"}  # fmt: skip
CELLS = ("squamous", "smallcell", "adeno", "large")
CURVES = {
    **{
        f"lung_{ties}_{theirs}": ("lung", LUNG, {"ties": ties}, ours)
        for ties in ("efron", "breslow")
        for theirs, ours in CONF_TYPES.items()
    },
    "lung_robust": ("lung", LUNG, {"robust": True}, "log"),
    "lung_weighted": ("lung_w", LUNG, {"weights": "w", "robust": True}, "log-log"),
    "heart_late": ("heart", "Surv(start, stop, event) ~ age + year + surgery", {}, "log"),
    **{
        f"veteran_{cell}": ("veteran", "Surv(time, status) ~ trt + karno + strata(celltype)", {},
                            "log")
        for cell in CELLS
    },
}  # fmt: skip
OTHERS = {"lung_efron_predict", "lung_breslow_predict", "veteran_strata_lp"}


@pytest.fixture(scope="module")
def data(survival_data):
    """Data sets with the event as 0 and 1."""

    def read(name):
        frame = survival_data(name)
        if name.startswith("lung"):
            frame["event"] = frame["status"] - 1
        return frame

    return read


def test_the_table_of_cases_is_complete(pinned):
    assert set(pinned("survival/predict")) == set(CURVES) | OTHERS


@pytest.mark.parametrize("name", CURVES)
def test_curves(pinned, data, name):
    case = pinned("survival/predict")[name]
    source, formula, options, conf_type = CURVES[name]
    fit = cox(formula, data(source), **options)
    found = fit.survival(pd.DataFrame(case["newdata"]), case["times"], conf_type=conf_type).tidy()
    shown = found["std_error"].to_numpy() > 0
    for ours, theirs in (("estimate", "surv"), ("std_error", "se"), ("cumulative_hazard", "cumhaz"),
                         ("conf_low", "lower"), ("conf_high", "upper")):  # fmt: skip
        expected = np.ravel(case[theirs]).astype(float)
        rows = shown if ours.startswith("conf") else slice(None)
        np.testing.assert_allclose(
            found[ours].to_numpy()[rows], expected[rows], rtol=CLOSED, atol=1e-12, err_msg=ours
        )


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_predictions(pinned, data, ties):
    case = pinned("survival/predict")[f"lung_{ties}_predict"]
    lung = data("lung")
    fit = cox(LUNG, lung, ties=ties)
    new = pd.DataFrame(case["newdata"])
    dated = new.assign(time=[100, 300, 500], event=1)
    of_new = fit.predict(new)
    at_zero = fit.predict(new, reference="zero")
    survival = fit.predict(dated, kind="survival")
    for found, key in (
        (fit.predict()["estimate"], "lp"),
        (of_new["estimate"], "lp_new"),
        (of_new["std_error"], "se_new"),
        (at_zero["estimate"], "zero_new"),
        (at_zero["std_error"], "se_zero_new"),
        (fit.predict(kind="expected")["estimate"], "expected"),
        (survival["estimate"], "survival_new"),
        (survival["std_error"], "survival_se_new"),
    ):
        np.testing.assert_allclose(found, case[key], rtol=CLOSED, atol=1e-12, err_msg=key)


def test_centred_within_strata(pinned, data):
    case = pinned("survival/predict")["veteran_strata_lp"]
    fit = cox("Surv(time, status) ~ trt + karno + strata(celltype)", data("veteran"))
    found = fit.predict(reference="strata")
    np.testing.assert_allclose(found["estimate"], case["lp"], rtol=CLOSED, atol=1e-12)
    np.testing.assert_allclose(found["std_error"], case["se"], rtol=CLOSED, atol=1e-12)
