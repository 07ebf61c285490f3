"""Cox models of transitions against R's multi-state coxph: every case of transitions.json."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.states.transition_cox import transition_cox

# Fits iterated to 1e-12 in R; robust errors keep about 12 digits.
RELATIVE = 1e-9

NEW = {"age": [60, 80], "sex": ["F", "M"]}
FORMULA = "Surv(tstart, tstop, state) ~ age + sex"


@pytest.fixture(scope="module")
def rows(survival_data):
    frame = survival_data("mgus2_ms")
    frame["state"] = pd.Categorical(frame["state"], categories=["censor", "pcm", "death"])
    return frame.assign(w=1 + (frame["id"] % 5) / 4)


@pytest.fixture(scope="module")
def staggered(rows):
    frame = rows.assign(
        tstart=np.maximum(rows["tstart"], rows["id"] % 40),
        begun=np.where(rows["enum"] == 2, "pcm", "mgus"),
    )
    return frame[frame["tstop"] > frame["tstart"]]


@pytest.fixture(scope="module")
def cases(pinned):
    return pinned("survival/transitions")


def compare(fit, case):
    np.testing.assert_allclose(fit.tidy()["estimate"], case["coef"], rtol=RELATIVE)
    np.testing.assert_allclose(fit.tidy()["std_error"], case["se"], rtol=RELATIVE)
    V = np.array(case["vcov"])
    np.testing.assert_allclose(fit.vcov(), V, rtol=RELATIVE, atol=RELATIVE * np.abs(V).max())


def test_the_table_of_cases_is_complete(cases):
    expected = {"separate", "breslow", "common_age", "staggered", "weighted", "predicted"}
    assert set(cases) == expected


@pytest.mark.parametrize(("case", "ties"), [("separate", "efron"), ("breslow", "breslow")])
def test_separate_coefficients(case, ties, rows, cases):
    compare(transition_cox(FORMULA, rows, start="mgus", ties=ties), cases[case])


def test_errors_of_the_model(rows, cases):
    fit = transition_cox(FORMULA, rows, start="mgus", robust=False)
    np.testing.assert_allclose(
        fit.tidy()["std_error"], cases["separate"]["naive_se"], rtol=RELATIVE
    )


def test_a_common_coefficient(rows, cases):
    case = cases["common_age"]
    fit = transition_cox(FORMULA, rows, start="mgus", common=["age"])
    # R: sex of the first transition, age of all, sex of the others.
    assert [name.split("_")[0] for name in case["names"]] == ["sexM", "age", "sexM", "sexM"]
    order = [1, 0, 2, 3]
    np.testing.assert_allclose(fit.tidy()["estimate"], np.array(case["coef"])[order], rtol=RELATIVE)
    np.testing.assert_allclose(fit.tidy()["std_error"], np.array(case["se"])[order], rtol=RELATIVE)


def test_late_entry_in_a_known_state(staggered, cases):
    fit = transition_cox(
        "Surv(tstart, tstop, state) ~ age", staggered, start="mgus", state_from="begun"
    )
    compare(fit, cases["staggered"])


def test_weights(rows, cases):
    fit = transition_cox("Surv(tstart, tstop, state) ~ age", rows, start="mgus", weights="w")
    compare(fit, cases["weighted"])


def test_predicted_occupation(rows, cases):
    # With Efron's ties R's multi-state survfit takes other steps than its own survfit of each
    # transition; with Breslow's all agree.
    case = cases["predicted"]
    fit = transition_cox(FORMULA, rows, start="mgus", ties="breslow")
    found = fit.predict(pd.DataFrame(NEW), case["time"])
    theirs = np.array(case["pstate"])  # state, new row, time
    np.testing.assert_allclose(found.estimate.transpose(2, 0, 1), theirs, rtol=RELATIVE)
