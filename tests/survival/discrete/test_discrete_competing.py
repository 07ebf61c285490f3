"""Causes by session, by hand and by what must add up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats._vocabulary import INCIDENCE_PREDICTION, TIDY
from rpcstats.errors import ConvergenceWarning, DataError, FormulaError, ParameterError
from rpcstats.survival.discrete.discrete_competing import discrete_competing
from rpcstats.survival.discrete.discrete_hazard import discrete_hazard
from rpcstats.survival.discrete.expand_sessions import expand_sessions

ROUNDING = 1e-9
FORMULA = "Surv(time, cause) ~ C(session) + mode"


def test_without_covariates_the_incidence_is_the_share(ten):
    """Of ten, causes a and b take 1 and 1, then 2 and 1 of eight, then 1 and 1 of four."""
    data = ten.assign(cause=["a", "b", "a", "b", "a", "-", "a", "b", "-", "-"])
    fit = discrete_competing("Surv(time, cause) ~ C(session)", data, censored=["-"])
    found = fit.incidence()
    assert tuple(found) == INCIDENCE_PREDICTION
    table = found.pivot_table(index="session", columns="state", values="estimate")
    # Aalen-Johansen: 0.1; + 0.8 x 2/8; + 0.5 x 1/4.
    np.testing.assert_allclose(table["a"], [0.1, 0.3, 0.425], rtol=ROUNDING)
    np.testing.assert_allclose(table["b"], [0.1, 0.2, 0.325], rtol=ROUNDING)
    np.testing.assert_allclose(table["staying"], [0.8, 0.5, 0.25], rtol=ROUNDING)
    log_lik = 2 * np.log(0.1) + 8 * np.log(0.8) + 2 * np.log(2 / 8) + np.log(1 / 8)
    log_lik += 5 * np.log(5 / 8) + 2 * np.log(1 / 4) + 2 * np.log(2 / 4)
    assert fit.log_lik == pytest.approx(log_lik)


def test_a_correction_that_divides_by_nothing():
    frame = pd.DataFrame({"session": 1, "cause": ["-", "p", "p"], "x": [0, 0, 1], "g": [2, 2, 1]})
    frame["cause"] = pd.Categorical(frame["cause"], categories=["-", "p", "q"])
    data = pd.concat([frame, frame.assign(cause="q", g=[1, 3, 3])[:1]])
    data["cause"] = pd.Categorical(data["cause"], categories=["-", "p", "q"])
    with pytest.raises(DataError, match="here 4 and 4: take small_sample='CR1'"):
        discrete_competing("cause ~ x + cluster(g)", data)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["joint", "separate"]))
def test_incidences_and_staying_sum_to_one(draw_course, seed, method):
    data = draw_course(seed, n_group=20)
    fit = discrete_competing("Surv(time, cause) ~ session + far", data, method=method)
    found = fit.incidence(pd.DataFrame({"far": [0, 1]}))
    total = found.groupby(["row", "session"])["estimate"].sum()
    np.testing.assert_allclose(total, 1.0, rtol=1e-12)
    inside = found["conf_low"].lt(found["estimate"]) & found["estimate"].lt(found["conf_high"])
    assert inside.all()


def test_one_cause_is_a_logistic_hazard(course):
    one = course.assign(cause=course["event"])
    causes = discrete_competing(f"{FORMULA} + cluster(group_id)", one, small_sample="CR1")
    hazard = discrete_hazard(
        "Surv(time, event) ~ C(session) + mode + cluster(group_id)", course, small_sample="CR1"
    )
    np.testing.assert_allclose(causes.beta[0], hazard.beta, rtol=ROUNDING)
    np.testing.assert_allclose(causes.vcov(), hazard.vcov(), rtol=ROUNDING, atol=1e-12)
    assert causes.log_lik == pytest.approx(hazard.log_lik)


def test_rows_of_sessions_are_persons(course):
    rows = expand_sessions(course, event="cause", id="id", staying="open")
    persons = discrete_competing(f"{FORMULA} + cluster(group_id)", course)
    sessions = discrete_competing("cause ~ C(session) + mode + cluster(group_id)", rows)
    np.testing.assert_allclose(persons.beta, sessions.beta, rtol=ROUNDING)
    np.testing.assert_allclose(persons.vcov(), sessions.vcov(), rtol=ROUNDING, atol=1e-12)


def test_cause_by_cause_is_near_and_its_covariance_too(course):
    joint = discrete_competing(FORMULA, course)
    separate = discrete_competing(FORMULA, course, method="separate")
    np.testing.assert_allclose(separate.beta, joint.beta, atol=0.05)
    np.testing.assert_allclose(separate.std_error, joint.std_error, rtol=0.05)
    np.testing.assert_allclose(separate.vcov(), joint.vcov(), atol=0.01)
    assert separate.log_lik <= joint.log_lik


def test_what_a_fit_shows(course):
    fit = discrete_competing(f"{FORMULA} + cluster(group_id)", course)
    assert tuple(fit.tidy()) == ("state", *TIDY)
    assert fit.tidy()["state"].unique().tolist() == ["practical", "lost"]
    assert "30 clusters" in str(fit.summary())
    assert fit.glance()["df"][0] == 12
    ax = fit.plot(newdata=pd.DataFrame({"mode": ["online"]}))
    assert len(ax.get_lines()) == 2
    np.testing.assert_allclose(fit.tidy(exponentiate=True)["estimate"], np.exp(fit.beta.ravel()))


def test_a_cause_that_never_happens_at_a_session_is_said(course):
    gone = (course["cause"] == "lost") & (course["time"] == 3)
    data = course.assign(cause=course["cause"].mask(gone, "open"))
    with pytest.warns(ConvergenceWarning, match=r"lost at C\(session\)\[T.3\]"):
        fit = discrete_competing(FORMULA, data)
    assert not fit.glance()["converged"][0]


def test_a_session_without_event_drops_out(course):
    longer = course.assign(time=np.where(course["event"] == 0, 6, course["time"]))
    fit = discrete_competing(FORMULA, longer)
    assert fit.tidy()["estimate"].eq(-np.inf).sum() == 2
    short = discrete_competing(FORMULA, course)
    np.testing.assert_allclose(fit.beta[:, fit.finite], short.beta, rtol=ROUNDING)
    assert any("No event at session 6" in remark for remark in fit.remarks)


def test_bad_input_is_refused(course):
    texts = course.assign(cause=course["cause"].astype(str))
    with pytest.raises(DataError, match="censored="):
        discrete_competing(FORMULA, texts)
    with pytest.raises(DataError, match="does not know"):
        discrete_competing(FORMULA, texts, censored=["opne"])
    for term in ("(1 | group_id)", "strata(mode)", "frailty(group_id)"):
        with pytest.raises(FormulaError, match="takes no"):
            discrete_competing(f"{FORMULA} + {term}", course)
    for option in ({"method": "both"}, {"small_sample": "CR2"}):
        with pytest.raises(ParameterError):
            discrete_competing(FORMULA, course, **option)
    with pytest.raises(DataError, match="covariates"):
        discrete_competing(FORMULA, course).incidence()
