"""What can't be estimated is refused in words, or said."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.survival.discrete.discrete_hazard import discrete_hazard
from rpcstats.survival.discrete.expand_sessions import expand_sessions

FORMULA = "Surv(time, event) ~ C(session) + mode"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"time": lambda d: d["time"] - 3}, "negative"),
        ({"time": lambda d: d["time"] * 0}, "time of 0"),
        ({"time": lambda d: d["time"] + 0.5}, "whole sessions"),
        ({"time": lambda d: d["time"] * 1e9}, "person-sessions, more than"),
        ({"time": lambda d: d["time"].astype(str)}, "numbers"),
        ({"time": lambda d: np.inf}, "infinite"),
        ({"time": lambda d: np.nan}, "missing value"),
        ({"event": lambda d: d["event"] * 2}, "1 .event. and 0"),
        ({"event": lambda d: 0}, "None of the"),
        ({"mode": lambda d: pd.Timestamp("2024-01-01")}, "dates"),
    ],
)
def test_data_are_checked(course, change, message):
    with pytest.raises(DataError, match=message):
        discrete_hazard(FORMULA, course.assign(**change))


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (f"{FORMULA} + moed", 'did you mean "mode"'),
        (f"{FORMULA} + strata(far)", "strata"),
        (f"{FORMULA} + frailty(group_id)", "group"),
        (f"{FORMULA} + (1 | group_id) + cluster(group_id)", "one of them"),
        (f"{FORMULA} + cluster(group_id, far, mode)", "one column, or two"),
        ("~ C(session)", "left side"),
        ("event + 1 ~ C(session)", "left side"),
        ("event ~ mode", '"session"'),
        ("Surv(time, event, type='interval2') ~ mode", "Surv"),
    ],
)
def test_formulas_are_checked(course, formula, message):
    with pytest.raises(FormulaError, match=message):
        discrete_hazard(formula, course)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"link": "probit"}, "logit, cloglog"),
        ({"small_sample": "HC3"}, "CR2"),
        ({"conf_level": 1.0}, "conf_level"),
        ({"nagq": 5}, "random term"),
    ],
)
def test_options_are_checked(course, options, message):
    with pytest.raises(ParameterError, match=message):
        discrete_hazard(FORMULA, course, **options)


def test_options_that_random_terms_do_not_take(course):
    for options in ({"weights": "w"}, {"firth": True}):
        with pytest.raises(ParameterError, match="random terms"):
            discrete_hazard(f"{FORMULA} + (1 | group_id)", course, **options)


def test_late_entry_after_exit_one_row_and_one_cluster(course):
    entry = "Surv(entry, time, event) ~ mode"
    with pytest.raises(DataError, match="Entry must come before exit"):
        discrete_hazard(entry, course.assign(entry=5))
    with pytest.raises(DataError, match="two rows or more"):
        discrete_hazard("Surv(time, event) ~ 1", course.iloc[:1].assign(time=1, event=1))
    with pytest.raises(DataError, match="All rows are in one cluster"):
        discrete_hazard(f"{FORMULA} + cluster(k)", course.assign(k=1))
    with pytest.raises(DataError, match="no rows"):
        discrete_hazard(FORMULA, course.iloc[:0])


def test_a_clock_of_both_kinds_is_refused(course):
    with pytest.raises(FormulaError, match="already"):
        discrete_hazard(FORMULA, course.assign(session=1))
    fit = discrete_hazard(FORMULA.replace("session", "week"), course, clock="week")
    assert "C(week)[T.2]" in fit.names


def test_gaps_are_counted(course):
    far = course["far"].astype(float)
    fit = discrete_hazard(f"{FORMULA} + far", course.assign(far=far.mask(far.index < 7)))
    assert fit.n_missing == 7
    assert fit.glance()["n_missing"][0] == 7
    assert "7 rows with missing values left out." in fit.remarks


def test_columns_that_others_determine_are_named(course):
    data = course.assign(k=2.0, double=course["far"] * 2 + 1)
    fit = discrete_hazard(f"{FORMULA} + far + double + k", data)
    assert any("double, k" in remark for remark in fit.remarks)
    assert len(fit.beta) == len(discrete_hazard(f"{FORMULA} + far", course).beta)


def test_few_events_and_few_people_are_said(course):
    fit = discrete_hazard("Surv(time, event) ~ session + far", course.iloc[:12])
    assert any("events a coefficient" in remark for remark in fit.remarks)
    assert any("Fewer than 10 people" in remark for remark in fit.remarks)
    few = discrete_hazard("Surv(time, event) ~ far + cluster(mode)", course, small_sample="CR1")
    assert any("2 clusters of mode" in remark for remark in few.remarks)


def test_distant_covariates_keep_their_digits(course):
    near = discrete_hazard("Surv(time, event) ~ C(session) + far", course)
    moved = course.assign(far=course["far"] + 738_000)
    distant = discrete_hazard("Surv(time, event) ~ C(session) + far", moved)
    np.testing.assert_allclose(distant.beta[1:], near.beta[1:], rtol=1e-9)
    np.testing.assert_allclose(distant.std_error[1:], near.std_error[1:], rtol=1e-9)
    assert distant.log_lik == pytest.approx(near.log_lik)


def test_groups_too_small_for_a_variance_are_said(course):
    pairs = course.assign(pair=course["id"] // 2)
    fit = discrete_hazard("Surv(time, event) ~ session + (1 | pair)", pairs)
    assert any("cluster(pair)" in remark for remark in fit.remarks)


def test_expansion_checks_its_frame(course):
    rows = expand_sessions(course.drop(columns="id"))
    assert len(rows) == course["time"].sum()
    assert rows["event"].sum() == course["event"].sum()
    assert list(rows.groupby("id").size()) == course["time"].tolist()
    late = expand_sessions(course.assign(start=course["time"] - 1), entry="start", id="id")
    assert late["session"].tolist() == course["time"].tolist()
    with pytest.raises(DataError, match="more than once"):
        expand_sessions(course, id="group_id")
    with pytest.raises(DataError, match="missing in 240 rows"):
        expand_sessions(course.assign(time=np.nan), id="id")
    with pytest.raises(FormulaError, match="already"):
        expand_sessions(course, clock="mode", id="id")
    with pytest.raises(DataError, match="staying="):
        expand_sessions(course, event="cause", id="id")


@pytest.mark.parametrize("column", ["mode", "group_id", "w"])
def test_lists_in_cells_are_refused(course, column):
    frame = course.assign(**{column: [[1]] * len(course)})
    with pytest.raises(DataError, match="lists"):
        discrete_hazard(
            "Surv(time, event) ~ C(session) + mode + cluster(group_id)", frame, weights="w"
        )


def test_complex_times_are_no_numbers(course):
    with pytest.raises(DataError, match="numbers"):
        discrete_hazard(FORMULA, course.assign(time=course["time"] + 0j))


@pytest.mark.parametrize(
    ("change", "message"),
    [(lambda x: x * 1e-200, "too small to square"), (lambda x: x + 1e9, "subtract")],
)
def test_covariates_without_digits_are_refused(course, change, message):
    frame = course.assign(score=change(np.linspace(0.1, 0.9, len(course))))
    with pytest.raises(DataError, match=message):
        discrete_hazard(f"{FORMULA} + score + cluster(group_id)", frame)


def test_arrow_frames_have_names_too(course):
    table = pa.Table.from_pandas(course, preserve_index=False)
    plain = course.drop(columns=["id"], errors="ignore")
    long = expand_sessions(pa.Table.from_pandas(plain, preserve_index=False))
    pd.testing.assert_frame_equal(long, expand_sessions(plain))
    with pytest.raises(FormulaError, match="already"):
        discrete_hazard(FORMULA, table.append_column("session", [[1] * len(course)]))
    people = pa.Table.from_pandas(long.rename(columns={"id": "episode_id"}))
    fit = discrete_hazard("event ~ session + mode", people)
    assert fit.sample.rows.id.nunique() == len(course)


def test_lists_of_identifiers_are_refused(course):
    with pytest.raises(DataError, match="lists"):
        expand_sessions(course.assign(id=[[1]] * len(course)), id="id")


def test_survival_runs_through_every_session(course):
    fit = discrete_hazard(FORMULA, course)
    person = course[["mode"]].head(1)
    hazard = fit.predict(person, kind="hazard")["estimate"].to_numpy()
    two = fit.predict(person, kind="hazard", sessions=[1, 3])["estimate"].to_numpy()
    np.testing.assert_array_equal(two, hazard[[0, 2]])
    for sessions in ([1, 3], [2, 3]):
        with pytest.raises(ParameterError, match="from the first on"):
            fit.predict(person, kind="survival", sessions=sessions)
        with pytest.raises(ParameterError, match="from the first on"):
            fit.standardise("mode", sessions=sessions)


def test_columns_may_be_called_by_numbers(course):
    assert 7 in expand_sessions(course.assign(**{"seven": 7}).rename(columns={"seven": 7}), id="id")
