"""Hazards by session, by hand and by what must stay the same."""

from dataclasses import FrozenInstanceError

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats._vocabulary import GLANCE, TIDY
from rpcstats.data.person_period import person_period
from rpcstats.errors import ConvergenceWarning
from rpcstats.survival.discrete.discrete_hazard import discrete_hazard
from rpcstats.survival.discrete.expand_sessions import expand_sessions

# Both sides are found by Newton's method to the last digits; what is left is rounding.
ROUNDING = 1e-9


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_without_covariates_the_hazard_is_the_share_that_leaves(ten, link):
    fit = discrete_hazard("Surv(time, event) ~ C(session)", ten, link=link)
    n, d = np.array([10, 8, 4]), np.array([2, 3, 2])
    h = d / n
    found = fit.predict()
    np.testing.assert_allclose(found["estimate"], h, rtol=ROUNDING)
    np.testing.assert_allclose(found["std_error"], np.sqrt(h * (1 - h) / n), rtol=ROUNDING)
    survival = fit.predict(kind="survival")
    np.testing.assert_allclose(survival["estimate"], [0.8, 0.5, 0.25], rtol=ROUNDING)
    greenwood = np.cumprod(1 - h) * np.sqrt(np.cumsum(h / (1 - h) / n))
    np.testing.assert_allclose(survival["std_error"], greenwood, rtol=ROUNDING)
    completion = fit.predict(kind="completion")
    assert completion["estimate"].tolist() == survival["estimate"].tolist()[-1:]
    assert fit.life_table()[["n_risk", "n_event"]].to_numpy().tolist() == [[10, 2], [8, 3], [4, 2]]
    assert fit.log_lik == pytest.approx((d * np.log(h) + (n - d) * np.log(1 - h)).sum())


def test_one_coefficient_by_hand(ten):
    fit = discrete_hazard("Surv(time, event) ~ 1", ten)
    # 7 of 22 person-sessions end with leaving.
    assert fit.beta[0] == pytest.approx(np.log(7 / 15))
    assert fit.std_error[0] == pytest.approx(np.sqrt(1 / 7 + 1 / 15))
    rate = discrete_hazard("Surv(time, event) ~ 1", ten, link="cloglog")
    assert rate.beta[0] == pytest.approx(np.log(-np.log(15 / 22)))


def test_firth_by_hand(ten):
    # With the intercept alone Jeffreys' prior adds half an event and half a stay.
    fit = discrete_hazard("Surv(time, event) ~ 1", ten, firth=True)
    assert fit.beta[0] == pytest.approx(np.log(7.5 / 15.5))


def test_a_session_without_event_is_said_and_drops_out(ten):
    later = pd.concat([ten, ten.assign(time=4, event=0)])
    fit = discrete_hazard("Surv(time, event) ~ C(session) + mode", later)
    alone = discrete_hazard(
        "event ~ C(session) + mode",
        expand_sessions(later).query("session < 4"),
    )
    assert fit.optimum.converged
    assert any("No event at session 4" in remark for remark in fit.remarks)
    assert fit.tidy()["estimate"][3] == -np.inf
    assert np.isnan(fit.std_error[3])
    kept = [0, 1, 2, 4]
    np.testing.assert_allclose(fit.beta[kept], alone.beta, rtol=ROUNDING)
    np.testing.assert_allclose(fit.std_error[kept], alone.std_error, rtol=ROUNDING)
    assert fit.predict(pd.DataFrame({"mode": ["a"]}))["estimate"][3] == pytest.approx(0, abs=1e-15)


def test_separation_is_said_and_firth_mends_it(ten):
    data = ten.assign(left=ten["event"])
    formula = "Surv(time, event) ~ left"
    data = data[data["time"] == 2].assign(time=1)
    with pytest.warns(ConvergenceWarning, match="separation"):
        fit = discrete_hazard(formula, data)
    assert not fit.glance()["converged"][0]
    assert any("left" in remark for remark in fit.trouble)
    assert np.isfinite(discrete_hazard(formula, data, firth=True).std_error).all()


def test_large_separated_data_are_said():
    x = np.linspace(-1, 1, 6_000)
    data = pd.DataFrame({"x": x, "time": 1, "event": (x > 0.2).astype(int)})
    with pytest.warns(ConvergenceWarning, match="x"):
        discrete_hazard("Surv(time, event) ~ x", data)


def test_what_a_fit_shows(course):
    fit = discrete_hazard("Surv(time, event) ~ C(session) + mode + cluster(group_id)", course)
    assert tuple(fit.tidy()) == TIDY
    assert tuple(fit.glance())[: len(GLANCE)] == GLANCE
    assert fit.glance()["n_group"][0] == 30
    assert fit.errors == "CR2"
    text = str(fit.summary())
    assert "odds ratios" in text
    assert "CR2, 30 clusters of group_id" in text
    ratios = fit.tidy(exponentiate=True)
    np.testing.assert_allclose(ratios["estimate"], np.exp(fit.beta))
    np.testing.assert_allclose(ratios["std_error"], fit.std_error)
    narrow = fit.confint(conf_level=0.5)
    assert (narrow["conf_high"] < fit.confint()["conf_high"]).all()
    with pytest.raises(FrozenInstanceError):
        fit.link = "cloglog"
    with pytest.raises(ValueError, match="read-only"):
        fit.beta[0] = 0.0
    assert fit.vcov() is not fit.cov


def test_picture(course):
    fit = discrete_hazard("Surv(time, event) ~ C(session) + mode", course)
    ax = fit.plot(by="mode")
    lines = {line.get_label(): line.get_ydata() for line in ax.get_lines()}
    assert {label.lower() for label in lines} == {"in person", "online"}
    new = pd.DataFrame({"mode": ["in_person", "online"]})
    wanted = fit.predict(new)["estimate"].to_numpy()
    np.testing.assert_allclose(np.concatenate(list(lines.values())), wanted)
    assert len(fit.plot().get_lines()) == 1


FORMULAS = (
    "C(session) + mode + far + cluster(group_id)",
    "session * mode + cluster(group_id)",
    "C(session):mode + I(far * 1.0) + cluster(group_id)",
)


@pytest.mark.parametrize("right", FORMULAS)
@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_person_sessions_and_persons_are_the_same(course, sessions, right, link):
    persons = discrete_hazard(f"Surv(time, event) ~ {right}", course, link=link)
    rows = discrete_hazard(f"event ~ {right}", sessions, link=link)
    np.testing.assert_allclose(persons.beta, rows.beta, rtol=ROUNDING)
    np.testing.assert_allclose(persons.vcov(), rows.vcov(), rtol=ROUNDING, atol=1e-12)
    assert persons.log_lik == pytest.approx(rows.log_lik, rel=ROUNDING)


def test_splits_change_nothing(course):
    """A person seen twice, the second time from a later session, is a person seen once."""
    early = course.assign(entry=0, time=course["time"].clip(upper=2))
    early["event"] = np.where(course["time"] > 2, 0, course["event"])
    late = course[course["time"] > 2].assign(entry=2)
    both = pd.concat([early, late])
    formula = "C(session) + mode + cluster(group_id)"
    once = discrete_hazard(f"Surv(time, event) ~ {formula}", course)
    twice = discrete_hazard(f"Surv(entry, time, event) ~ {formula}", both)
    np.testing.assert_allclose(once.beta, twice.beta, rtol=ROUNDING)
    np.testing.assert_allclose(once.vcov(), twice.vcov(), rtol=ROUNDING, atol=1e-12)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["logit", "cloglog"]))
def test_order_and_copies_do_not_matter(draw_course, seed, link):
    data = draw_course(seed, n_group=12)
    noise = np.random.default_rng(seed)
    data["x"] = noise.normal(size=len(data))  # no two persons alike
    formula = "event ~ session + mode + far{} + cluster(group_id)"
    rows = expand_sessions(data, id="id")
    shuffled = rows.sample(frac=1.0, random_state=seed)
    fits = [
        discrete_hazard(formula.format(""), rows, link=link),
        discrete_hazard(formula.format(""), shuffled, link=link),
        discrete_hazard(formula.format(" + I(0 * x)"), rows, link=link),
    ]
    for other in fits[1:]:
        np.testing.assert_allclose(other.beta, fits[0].beta, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(other.vcov(), fits[0].vcov(), rtol=1e-6, atol=1e-9)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_weights_count_rows(draw_course, seed):
    data = draw_course(seed, n_group=12)
    repeated = data.loc[data.index.repeat(data["w"])]
    formula = "Surv(time, event) ~ session + mode"
    weighted = discrete_hazard(formula, data, weights="w")
    plain = discrete_hazard(formula, repeated)
    np.testing.assert_allclose(weighted.beta, plain.beta, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(weighted.cov, plain.cov, rtol=1e-7)


def test_cloglog_of_grouped_exponential_times_is_proportional_hazards():
    """Times known only by their interval keep the log hazard ratio of continuous time."""
    rng = np.random.default_rng(5)
    x = rng.integers(0, 2, 40_000)
    times = rng.exponential(1.0 / (0.25 * np.exp(0.7 * x)))
    data = pd.DataFrame({"x": x, "time": np.minimum(np.ceil(times), 8), "event": times <= 8})
    fit = discrete_hazard("Surv(time, event) ~ C(session) + x", data, link="cloglog")
    assert abs(fit.beta[-1] - 0.7) < 4 * fit.std_error[-1]
    assert fit.std_error[-1] < 0.02
    # The intercept is the log of the hazard, and all sessions share it.
    assert abs(fit.beta[0] - np.log(0.25)) < 4 * fit.std_error[0]
    shares = discrete_hazard("Surv(time, event) ~ C(session) + x", data)
    assert shares.beta[-1] > 0.75  # log odds are no log hazards


def test_reading_what_person_period_makes(hand_made):
    from rpcstats.data.followup import followup

    retention = followup(hand_made, data_cut="2024-02-28")
    rows = person_period(retention)
    fit = discrete_hazard("event ~ session + cluster(group_id)", rows, small_sample="CR0")
    persons = discrete_hazard("Surv(entry, time, event) ~ session", retention)
    np.testing.assert_allclose(fit.beta, persons.beta, rtol=ROUNDING)
    assert fit.sample.rows.id.name == "episode_id"
