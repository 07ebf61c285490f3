"""Hazards by session against R's glm, brglm2, clubSandwich, sandwich, lme4 and nnet."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.discrete.discrete_competing import discrete_competing
from rpcstats.survival.discrete.discrete_hazard import discrete_hazard
from rpcstats.survival.discrete.expand_sessions import expand_sessions

# Seen: 3e-11. R stops once the deviance changes by 1e-13 of its size.
RELATIVE = 1e-9
# Seen: 5e-8. The file was made with R's default tolerance of 1e-8 on the deviance.
DEFAULT_OF_R = 2e-7
# Seen: 2e-9. Numerical derivatives of R's numDeriv.
DERIVED = 1e-7
# Seen: 5e-9. brglm2 stops by the size of the adjusted score.
FIRTH = 1e-7
# The search of lme4 ends about 1e-5 from the optimum, its standard errors come from differences.
MIXED, MIXED_ERROR, MIXED_SD = 2e-4, 2e-3, 1e-3

LINKS = ("logit", "cloglog")
GLM = {
    "lung_null": ("lung", "C(session)"),
    "lung_full": ("lung", "C(session) + age + sex + ecog"),
    "lung_constant": ("lung", "age"),
    "lung_no_intercept": ("lung", "0 + C(session) + age"),
    "lung_number": ("lung", "session + sex"),
    "course_late": ("course", "C(session) + mode + nonres + imd"),
    "course_interaction": ("course", "C(session) * mode + imd"),
    "course_slopes": ("course", "C(session) + mode * session + nonres:imd"),
    "course_offset": ("course", "C(session) + mode + offset(known)"),
    "course_poly": ("course", "poly(session, 2, raw=True) + mode"),
    "course_log": ("course", "log(session) + log(imd) + mode"),
    "course_weights": ("course", "C(session) + mode + nonres"),
    "firth_lung": ("lung", "C(session) + age + sex + ecog"),
    "firth_separated": ("whole", "C(session) + mode + nonres"),
}
ALONE = ("course_spline", "predict_lung")
ROBUST = {
    "lung": ("lung", "C(session) + age + sex + ecog", "inst"),
    "course": ("course", "C(session) + mode + nonres + imd", "group_id"),
    "course_few": ("course_imd", "C(session) + mode", "facilitator"),
    "course_offset": ("course_imd", "C(session) + mode + offset(known)", "group_id"),
    "course_poly": ("course_imd", "poly(session, 2, raw=True) * mode", "group_id"),
    "course_weights": ("course_imd", "C(session) + mode", "group_id"),
}
MIXED_CASES = {
    "group_laplace": ("(1 | group_id)", 1),
    "group_agq15": ("(1 | group_id)", 15),
    "crossed": ("(1 | group_id) + (1 | facilitator)", 1),
}


@pytest.fixture(scope="module")
def long(survival_data):
    """Person-sessions of the lung data and of the course, with and without session 6."""
    lung = survival_data("lung_discrete").rename(columns={"ph.ecog": "ecog"})
    lung = expand_sessions(lung, time="period", event="ev", id="id").rename(columns={"ev": "event"})
    course = survival_data("course")
    course["cause"] = pd.Categorical(
        course["cause"], ["open", "practical", "lost_contact", "not_right"]
    )
    whole = expand_sessions(course, event="cause", entry="entry", id="id", staying="open")
    whole["event"] = (whole["cause"] != "open").astype(int)
    course = whole[whole["session"] < 6].reset_index(drop=True)
    return {
        "lung": lung,
        "course": course,
        "course_imd": course[course["imd"].notna()].reset_index(drop=True),
        "whole": whole,
    }


def matrix(columns):
    return np.array(columns, dtype=float).T


def test_every_case_of_the_files_is_compared(pinned):
    names = [*GLM, *ALONE]
    assert set(pinned("survival/discrete_glm")) == {f"{n}_{link}" for n in names for link in LINKS}
    names = [*ROBUST, "two_way"]
    found = set(pinned("survival/discrete_robust"))
    assert found == {f"{name}_{link}" for name in names for link in LINKS}
    found = set(pinned("survival/discrete_mixed"))
    assert found == {f"{name}_{link}" for name in MIXED_CASES for link in LINKS}
    separate = {"separate_practical", "separate_lost_contact", "separate_not_right"}
    assert set(pinned("survival/discrete_competing")) == {"joint", "slopes_weighted", *separate}
    assert set(pinned("survival/discrete_standard")) == set(LINKS)
    life = {"life_table", "cloglog_random_inst_agq15"}
    assert set(pinned("survival/discrete_time")) == {*LINKS, *life}


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("name", GLM)
def test_coefficients(name, link, long, pinned):
    data, right = GLM[name]
    case = pinned("survival/discrete_glm")[f"{name}_{link}"]
    weights = "w" if name == "course_weights" else None
    firth = name.startswith("firth")
    formula = f"event ~ {right}"
    fit = discrete_hazard(formula, long[data], link=link, weights=weights, firth=firth)
    tolerance = FIRTH if firth else RELATIVE
    np.testing.assert_allclose(fit.beta, case["coef"], rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(fit.vcov(), matrix(case["vcov"]), rtol=tolerance, atol=tolerance)
    if not firth:
        assert fit.log_lik == pytest.approx(case["loglik"][0], rel=RELATIVE)
        assert fit.sample.n_obs == case["n"][0]


@pytest.mark.parametrize("link", LINKS)
def test_spline(link, long, pinned):
    case = pinned("survival/discrete_glm")[f"course_spline_{link}"]
    fit = discrete_hazard("event ~ bs(session, df=4) + mode", long["course"], link=link)
    row = fit.tidy().set_index("term").loc["mode[T.online]"]
    assert row["estimate"] == pytest.approx(case["mode"][0], rel=RELATIVE)
    assert row["std_error"] == pytest.approx(case["se"][0], rel=RELATIVE)
    assert fit.log_lik == pytest.approx(case["loglik"][0], rel=RELATIVE)


@pytest.mark.parametrize("link", LINKS)
def test_predictions(link, long, pinned):
    case = pinned("survival/discrete_glm")[f"predict_lung_{link}"]
    fit = discrete_hazard("event ~ C(session) + age + sex + ecog", long["lung"], link=link)
    new = pd.DataFrame({"age": [55, 70], "sex": [2, 1], "ecog": [0, 2]})
    for kind in ("hazard", "survival"):
        found = fit.predict(new, kind=kind)
        for row, which in enumerate(("first", "second")):
            ours = found[found["row"] == row]
            for column, key in (("estimate", ""), ("conf_low", "_low"), ("conf_high", "_high")):
                wanted = case[which][kind + key]
                np.testing.assert_allclose(ours[column], wanted, rtol=DERIVED)
            if kind == "survival":
                wanted = case[which]["survival_se"]
                np.testing.assert_allclose(ours["std_error"], wanted, rtol=DERIVED)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("name", ROBUST)
def test_cluster_robust(name, link, long, pinned):
    data, right, cluster = ROBUST[name]
    case = pinned("survival/discrete_robust")[f"{name}_{link}"]
    weights = "w" if name == "course_weights" else None
    for kind in ("CR0", "CR1", "CR1S", "CR2"):
        fit = discrete_hazard(
            f"event ~ {right} + cluster({cluster})",
            long[data],
            link=link,
            small_sample=kind,
            weights=weights,
        )
        np.testing.assert_allclose(fit.vcov(), matrix(case[kind]), rtol=RELATIVE, atol=1e-11)
    np.testing.assert_allclose(fit.df, case["df"], rtol=RELATIVE)
    np.testing.assert_allclose(fit.tidy()["p_value"], case["p"], rtol=1e-7)


@pytest.mark.parametrize("link", LINKS)
def test_two_way(link, long, pinned):
    case = pinned("survival/discrete_robust")[f"two_way_{link}"]
    fit = discrete_hazard(
        "event ~ C(session) + mode + nonres + cluster(group_id, facilitator)",
        long["course_imd"],
        link=link,
        small_sample="CR0",
    )
    np.testing.assert_allclose(fit.vcov(), matrix(case["CR0"]), rtol=RELATIVE, atol=1e-12)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("name", MIXED_CASES)
def test_random_effects(name, link, long, pinned):
    terms, nagq = MIXED_CASES[name]
    case = pinned("survival/discrete_mixed")[f"{name}_{link}"]
    formula = f"event ~ C(session) + mode + nonres + {terms}"
    fit = discrete_hazard(formula, long["course"], link=link, nagq=nagq)
    np.testing.assert_allclose(fit.beta, case["coef"], rtol=MIXED, atol=MIXED)
    np.testing.assert_allclose(fit.std_error, case["se"], rtol=MIXED_ERROR)
    np.testing.assert_allclose(fit.mixed.theta, case["sd"], rtol=MIXED_SD)
    assert fit.log_lik >= case["loglik"][0] - 1e-6
    assert fit.log_lik == pytest.approx(case["loglik"][0], rel=1e-7)


@pytest.mark.parametrize("link", LINKS)
def test_shared_file(link, survival_data, pinned):
    cases = pinned("survival/discrete_time")
    data = survival_data("lung_discrete").rename(columns={"ph.ecog": "ecog"})
    fit = discrete_hazard("Surv(period, ev) ~ C(session) + age + sex + ecog", data, link=link)
    np.testing.assert_allclose(fit.beta, cases[link]["coef"], rtol=DEFAULT_OF_R)
    np.testing.assert_allclose(fit.std_error, cases[link]["se"], rtol=DEFAULT_OF_R)
    assert fit.log_lik == pytest.approx(cases[link]["loglik"], rel=RELATIVE)


def test_life_table(survival_data, pinned):
    case = pinned("survival/discrete_time")["life_table"]
    fit = discrete_hazard("Surv(period, ev) ~ C(session)", survival_data("lung_discrete"))
    table = fit.life_table()
    assert table["n_risk"].tolist() == case["n_risk"]
    assert table["n_event"].tolist() == case["n_event"]
    hazard, survival = fit.predict(), fit.predict(kind="survival")
    np.testing.assert_allclose(hazard["estimate"], case["hazard"], rtol=RELATIVE)
    np.testing.assert_allclose(hazard["std_error"], case["se_hazard"], rtol=RELATIVE)
    np.testing.assert_allclose(survival["estimate"], case["surv"], rtol=RELATIVE)
    np.testing.assert_allclose(survival["std_error"], case["se_surv"], rtol=RELATIVE)


def test_random_intercept_of_the_shared_file(survival_data, pinned):
    case = pinned("survival/discrete_time")["cloglog_random_inst_agq15"]
    data = survival_data("lung_discrete").rename(columns={"ph.ecog": "ecog"})
    formula = "Surv(period, ev) ~ C(session) + age + sex + ecog + (1 | inst)"
    fit = discrete_hazard(formula, data, link="cloglog", nagq=15)
    np.testing.assert_allclose(fit.beta, case["coef"], rtol=1e-5)
    np.testing.assert_allclose(fit.std_error, case["se"], rtol=1e-3)
    assert fit.mixed.theta[0] == pytest.approx(case["sd_inst"], rel=1e-5)
    assert fit.log_lik == pytest.approx(case["loglik"], rel=1e-9)


@pytest.mark.parametrize(
    ("name", "right", "weights"),
    [
        ("joint", "C(session) + mode + imd + cluster(group_id)", None),
        ("slopes_weighted", "session + nonres + cluster(facilitator)", "w"),
    ],
)
def test_several_causes(name, right, weights, long, pinned):
    case = pinned("survival/discrete_competing")[name]
    data = long["course_imd"]
    for kind in ("CR0", "CR1"):
        fit = discrete_competing(f"cause ~ {right}", data, weights=weights, small_sample=kind)
        assert list(fit.causes) == case["causes"]
        np.testing.assert_allclose(fit.beta.ravel(), case["coef"], rtol=RELATIVE, atol=1e-10)
        np.testing.assert_allclose(fit.cov_model, matrix(case["vcov"]), rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(fit.vcov(), matrix(case[kind]), rtol=1e-8, atol=1e-12)
    assert fit.log_lik == pytest.approx(case["loglik"][0], rel=RELATIVE)
    assert case["multinom"][0] == pytest.approx(case["loglik"][0], rel=1e-6)


def test_incidence_by_cause(long, pinned):
    case = pinned("survival/discrete_competing")["joint"]
    data, new = long["course_imd"], pd.DataFrame({"mode": ["online"], "imd": [3]})
    for right, key in (("", "incidence_se"), (" + cluster(group_id)", "incidence_se_robust")):
        formula = f"cause ~ C(session) + mode + imd{right}"
        found = discrete_competing(formula, data, small_sample="CR0").incidence(new)
        np.testing.assert_allclose(found["estimate"], case["incidence"], rtol=RELATIVE)
        np.testing.assert_allclose(found["std_error"], case[key], rtol=DERIVED)


def test_cause_by_cause(long, pinned):
    cases = pinned("survival/discrete_competing")
    formula = "cause ~ C(session) + mode + imd"
    fit = discrete_competing(formula, long["course_imd"], method="separate")
    p = len(fit.names)
    for r, cause in enumerate(fit.causes):
        case, at = cases[f"separate_{cause}"], slice(r * p, (r + 1) * p)
        np.testing.assert_allclose(fit.beta[r], case["coef"], rtol=RELATIVE, atol=1e-9)
        np.testing.assert_allclose(fit.vcov()[at, at], matrix(case["vcov"]), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("link", LINKS)
def test_standardised_survival(link, long, pinned):
    case = pinned("survival/discrete_standard")[link]
    right, data = "event ~ C(session) + mode + nonres + imd", long["course_imd"]
    for cluster, key in ((" + cluster(group_id)", "CR0"), ("", "persons")):
        fit = discrete_hazard(right + cluster, data, link=link, small_sample="CR0", id="id")
        found = fit.standardise("mode", ["in_person", "online"])
        np.testing.assert_allclose(found.tidy()["estimate"], case["estimate"], rtol=RELATIVE)
        np.testing.assert_allclose(found.tidy()["std_error"], case[f"se_{key}"], rtol=DERIVED)
        difference = found.contrasts()["std_error"]
        np.testing.assert_allclose(difference, case[f"difference_se_{key}"], rtol=DERIVED)
        if key == "CR0":
            ratio = fit.standardise("mode", ["in_person", "online"], contrast="ratio")
            wanted = case["log_ratio_se_CR0"]
            np.testing.assert_allclose(ratio.contrasts()["std_error"], wanted, rtol=DERIVED)
