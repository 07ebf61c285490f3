"""Options that are no option at all, and clusters that tell nothing."""

import numpy as np
import pandas as pd
import pytest

from rpcstats import errors, survival
from rpcstats.survival import (
    cause_specific,
    compare_distributions,
    concordance_index,
    cox,
    cumulative_incidence,
    cure_model,
    fine_gray,
    gray_test,
    kaplan_meier,
    nelson_aalen,
    royston_parmar,
    survreg,
)

PLAIN = "Surv(time, event) ~ x"
GROUPS = "Surv(time, event) ~ mode"
SESSIONS = "Surv(time, event) ~ session + mode"
MERGED = {"id": "person", "changed_at": "x", "covariates": ["one"]}


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(2)
    n = 40
    return pd.DataFrame(
        {
            "time": np.ceil(rng.exponential(9, n)),
            "event": rng.integers(0, 2, n),
            "x": rng.normal(size=n),
            "mode": rng.choice(["online", "venue"], n),
            "one": 1,
            "person": np.arange(n),
        }
    )


CALLS = {
    "cox ties": lambda d, a: cox(PLAIN, d, ties=a),
    "cox robust": lambda d, a: cox(PLAIN, d, robust=a),
    "cox firth": lambda d, a: cox(PLAIN, d, firth=a),
    "residuals": lambda d, a: cox(PLAIN, d).residuals(a),
    "transform": lambda d, a: cox(PLAIN, d).proportional_hazards(a),
    "predict kind": lambda d, a: cox(PLAIN, d).predict(kind=a),
    "predict reference": lambda d, a: cox(PLAIN, d).predict(reference=a),
    "survival": lambda d, a: cox(PLAIN, d).survival(d.head(1), conf_type=a),
    "confint": lambda d, a: cox(PLAIN, d).confint(a),
    "concordance": lambda d, a: cox(PLAIN, d).concordance(pair_weights=a),
    "concordance_index": lambda d, a: concordance_index(PLAIN, d, high_score=a),
    "standardise": lambda d, a: cox(GROUPS, d).standardise(d, "mode", times=[1], variance=a),
    "incidence variance": lambda d, a: cumulative_incidence(GROUPS, d, variance=a),
    "incidence scale": lambda d, a: cumulative_incidence(GROUPS, d, conf_type=a),
    "incidence robust": lambda d, a: cumulative_incidence(GROUPS, d, robust=a),
    "incidence at": lambda d, a: cumulative_incidence(GROUPS, d).at(a),
    "incidence difference": lambda d, a: cumulative_incidence(GROUPS, d).difference(a),
    "incidence time lost": lambda d, a: cumulative_incidence(GROUPS, d).time_lost(a),
    "incidence plot": lambda d, a: cumulative_incidence(GROUPS, d).plot(kind=a),
    "gray": lambda d, a: gray_test(GROUPS, d, rho=a),
    "fine_gray variance": lambda d, a: fine_gray(PLAIN, d, cause="1", variance=a),
    "fine_gray censoring": lambda d, a: fine_gray(PLAIN, d, cause="1", censoring_by=a),
    "cause_specific": lambda d, a: cause_specific(PLAIN, d, ties=a),
    "survreg": lambda d, a: survreg(PLAIN, d, dist=a),
    "survreg robust": lambda d, a: survreg(PLAIN, d, robust=a),
    "parameterisation": lambda d, a: survreg(PLAIN, d, parameterisation=a),
    "survreg kind": lambda d, a: survreg(PLAIN, d).predict(kind=a),
    "compare": lambda d, a: compare_distributions(PLAIN, d, dists=a),
    "royston_parmar": lambda d, a: royston_parmar(PLAIN, d, scale=a),
    "cure_model": lambda d, a: cure_model(PLAIN, d, dist=a),
    "kaplan_meier": lambda d, a: kaplan_meier(PLAIN, d, conf_type=a),
    "kaplan_meier robust": lambda d, a: kaplan_meier(GROUPS, d, robust=a),
    "nelson_aalen robust": lambda d, a: nelson_aalen(GROUPS, d, robust=a),
    "life_table": lambda d, a: survival.life_table(GROUPS, d, actuarial=a),
    "logrank": lambda d, a: survival.logrank(GROUPS, d, robust=a),
    "max_combo": lambda d, a: survival.max_combo(GROUPS, d, robust=a),
    "pseudo_values": lambda d, a: survival.pseudo_values("Surv(time, event) ~ 1", d, at=3, of=a),
    "censored": lambda d, a: (
        cumulative_incidence(GROUPS, d, censored=a)
        if np.ndim(a) == 0
        else cumulative_incidence(GROUPS, d, censored={"0": a})
    ),
    "cox confint": lambda d, a: cox(PLAIN, d).confint(parm=a),
    "cox exponentiate": lambda d, a: cox(PLAIN, d).tidy(exponentiate=a),
    "cox plot": lambda d, a: cox(PLAIN, d).plot(exponentiate=a),
    "cox centred": lambda d, a: cox(PLAIN, d).baseline_hazard(centred=a),
    "cox by_cluster": lambda d, a: cox(PLAIN, d).residuals("dfbeta", by_cluster=a),
    "survreg exponentiate": lambda d, a: survreg(PLAIN, d).tidy(exponentiate=a),
    "fine_gray times": lambda d, a: fine_gray(PLAIN, d, cause="1").predict(d.head(1), times=a),
    "cause_specific times": lambda d, a: cause_specific(PLAIN, d).predict(d.head(1), times=a),
    "time_varying": lambda d, a: royston_parmar(PLAIN, d, time_varying=a),
    "time_varying_df": lambda d, a: royston_parmar(
        PLAIN, d, time_varying=["x"], time_varying_df=None if np.ndim(a) else a
    ),
    "discrete_hazard firth": lambda d, a: survival.discrete_hazard(SESSIONS, d, firth=a),
    "discrete_hazard nagq": lambda d, a: survival.discrete_hazard(SESSIONS, d, nagq=a),
    "discrete_hazard clock": lambda d, a: survival.discrete_hazard(SESSIONS, d, clock=a),
    "expand_sessions clock": lambda d, a: survival.expand_sessions(d, clock=a),
    "expand_sessions event": lambda d, a: survival.expand_sessions(d, event=a),
    "transition robust": lambda d, a: survival.transition_cox(PLAIN, d, id=None, robust=a),
    "transition common": lambda d, a: survival.transition_cox(PLAIN, d, id=None, common=a),
    "allowed": lambda d, a: survival.check_spells(d, "Surv(time, event)", id="person", allowed=a),
    "merge covariates": lambda d, a: survival.merge_covariates(d, d, **MERGED | {"covariates": a}),
    "merge event": lambda d, a: survival.merge_covariates(d, d, **MERGED, event=a),
    "merge initial": lambda d, a: survival.merge_covariates(d, d, **MERGED, initial=a),
    "adjusted rule": lambda d, a: survival.adjusted_comparisons(d, by=["mode"], tau=3, rule=a),
    "adjusted tau": lambda d, a: survival.adjusted_comparisons(d, by=["mode"], tau=a),
    "adjusted by": lambda d, a: survival.adjusted_comparisons(d, by=a, tau=3),
    "checks rule": lambda d, a: survival.assumption_checks(d, by=["mode"], rule=a),
}


@pytest.mark.parametrize("given", [np.zeros((2, 2)), object()], ids=["array", "object"])
@pytest.mark.parametrize("name", CALLS)
def test_an_option_of_another_kind_is_refused(name, given, frame):
    with pytest.raises(errors.ParameterError):
        CALLS[name](frame, given)


FORMULAS = {
    "kaplan_meier": lambda d, f: kaplan_meier(f, d),
    "cox": lambda d, f: cox(f, d),
    "cause_specific": lambda d, f: cause_specific(f, d),
    "survreg": lambda d, f: survreg(f, d),
    "concordance_index": lambda d, f: concordance_index(f, d),
    "mean_cumulative": lambda d, f: survival.mean_cumulative(f, d, id="person"),
    "multistate": lambda d, f: survival.multistate(d, f, id="person"),
    "transition_cox": lambda d, f: survival.transition_cox(f, d, id="person"),
    "recurrent_cox": lambda d, f: survival.recurrent_cox(f, d, id="person"),
    "check_spells": lambda d, f: survival.check_spells(d, f, id="person"),
}


@pytest.mark.parametrize("given", [5, None, b"Surv(time, event) ~ x"])
@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_is_a_text(name, given, frame):
    with pytest.raises(errors.FormulaError, match="A formula is a text"):
        FORMULAS[name](frame, given)


@pytest.mark.parametrize("right", ["time", "event", "x + event", "`time` + x"])
@pytest.mark.parametrize("name", FORMULAS)
def test_an_outcome_is_no_covariate(name, right, frame):
    with pytest.raises(errors.FormulaError, match="both sides"):
        FORMULAS[name](frame, f"Surv(time, event) ~ {right}")


@pytest.mark.parametrize("right", ["x:time", "log(time + 1)", "C(event)"])
def test_nor_is_a_function_of_it(right, frame):
    with pytest.raises(errors.FormulaError, match="both sides"):
        cox(f"Surv(time, event) ~ {right}", frame)


def test_what_looks_like_an_outcome_and_is_none(frame):
    """Rows cut at every time may use their ends; a level may be named like a column."""
    cut = frame.assign(start=frame["time"] - 0.5)
    assert cox("Surv(start, time, event) ~ x:time", cut).names == ("x:time",)
    named = frame.assign(mode=np.where(frame["mode"] == "venue", "event", "time"))
    fit = cox("Surv(time, event) ~ C(mode, Treatment('time'))", named)
    assert len(fit.names) == 1


@pytest.mark.parametrize("given", ["0", 0, [0.0], np.array([0])])
def test_one_way_of_naming_what_is_censored(given, frame):
    plain = cumulative_incidence(GROUPS, frame).tidy()
    pd.testing.assert_frame_equal(cumulative_incidence(GROUPS, frame, censored=given).tidy(), plain)


@pytest.mark.parametrize("given", ["zzz", ["zzz"], [5], 1.5, [None]])
def test_what_is_censored_has_to_be_there(given, frame):
    with pytest.raises(errors.DataError, match="does not know"):
        cumulative_incidence(GROUPS, frame, censored=given)


def test_the_effect_of_a_whole_term_may_change_with_time(frame):
    by_term = royston_parmar(GROUPS, frame, df=1, time_varying=["mode"])
    by_column = royston_parmar(GROUPS, frame, df=1, time_varying="mode[T.venue]")
    np.testing.assert_array_equal(by_term.coef, by_column.coef)
    assert by_term.names[-1] == "mode[T.venue]:gamma1"


@pytest.mark.parametrize("estimator", [cox, survreg, royston_parmar, cure_model, concordance_index])
def test_one_cluster_is_refused(estimator, frame):
    with pytest.raises(errors.DataError, match="Every row is in one cluster of one"):
        estimator(f"{PLAIN} + cluster(one)", frame)


@pytest.mark.parametrize("estimator", [kaplan_meier, nelson_aalen, cumulative_incidence])
def test_one_cluster_is_refused_by_curves(estimator, frame):
    with pytest.raises(errors.DataError, match="Every row is in one cluster of one"):
        estimator(f"{GROUPS} + cluster(one)", frame)


def test_no_more_clusters_than_coefficients_is_said(frame):
    frame = frame.assign(g=np.arange(40) % 2, y=frame["x"] ** 2)
    fit = cox("Surv(time, event) ~ x + y + cluster(g)", frame)
    assert any("g has no more clusters than there are coefficients" in r for r in fit.remarks)


def test_texts_among_numbers_are_refused(frame):
    for cells in (frame["x"].astype(object), frame["x"].astype(str)):
        mixed = cells.copy()
        mixed.iloc[3] = "Ms Doe"
        with pytest.raises(errors.DataError) as fault:
            cox(PLAIN, frame.assign(x=mixed))
        assert "Doe" not in str(fault.value)
        assert "C()" in str(fault.value)
    codes = frame.assign(x=np.where(frame["x"] > 0, "1", "2"))
    assert cox("Surv(time, event) ~ C(x)", codes).names == ("C(x)[T.2]",)


def test_an_identifier_is_no_covariate(frame):
    for formula in (f"{PLAIN} + C(person)", f"{PLAIN} + name"):
        with pytest.raises(errors.DataError, match="category for each row"):
            cox(formula, frame.assign(name=[f"Doe {k}" for k in range(40)]))


@pytest.mark.parametrize("far", [1e6, -1e6])
@pytest.mark.parametrize("estimator", [cause_specific, survival.transition_cox])
def test_far_from_the_rows_of_the_fit_all_or_nobody_leaves(estimator, far, frame):
    options = {"id": None} if estimator is survival.transition_cox else {}
    fit = estimator(PLAIN, frame.assign(event=frame["event"] * (1 + np.arange(40) % 2)), **options)
    found = fit.predict(frame.head(1).assign(x=far), times=[frame["time"].max()]).tidy()
    assert found["estimate"].round(12).isin([0.0, 1.0]).all()


def test_weighting_is_the_same_in_any_unit(frame):
    frame = frame.assign(
        event=1,
        time=frame["time"] + np.arange(40) / 100,
        far=1e6 + frame["x"],
        small=frame["x"] / 1e99,
    )
    found = [
        survival.rmst_adjusted(
            f"{GROUPS} + {name}", frame, tau=3, exposure="mode", method="weighting"
        ).tidy()["estimate"]
        for name in ("x", "far", "small")
    ]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-8)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-8)


def test_what_could_not_be_tested_is_said(frame):
    none = frame.assign(event=0)
    for test in (survival.logrank, survival.max_combo, survival.logrank_trend):
        assert "The test can't be made" in test(GROUPS, none).remarks[-1]
    silent = frame.assign(event=frame["event"].where(frame["mode"] == "venue", 0))
    for curve in (kaplan_meier, nelson_aalen):
        assert curve(GROUPS, silent).remarks[0].startswith("No event happened in: mode=online.")
    assert "no test" in survival.pseudo_regression(GROUPS, none, at=3).remarks[-1]
    means = survival.rmst_difference(GROUPS, silent, tau=3)
    assert "No event before 3" in means.remarks[-1]
    assert "mode=online" in means.remarks[-1]


def test_strata_that_compare_nothing(frame):
    """Every row a stratum of its own: no coefficient, and no test."""
    alone = frame.assign(s=np.arange(40), g=np.arange(40) % 9)
    fit = fine_gray(f"{PLAIN} + strata(s) + cluster(g)", alone, cause="1")
    assert fit.names == ()
    test = gray_test(f"{GROUPS} + strata(s)", alone)
    assert np.isnan(test.statistic).all()
    assert "can't be tested" in test.remarks[-1]
