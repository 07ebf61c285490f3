"""Censored responses read and checked."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError, FormulaError
from rpcstats.formula import censored_sample

BASE = {"time": [3.0, 1.0, 2.0], "event": [1, 0, 1], "mode": ["a", "b", "a"], "w": [1.0, 2.0, 3.0]}
FORMULA = "Surv(time, event) ~ mode"


def frame(**changed):
    return pd.DataFrame({**BASE, **changed})


def test_arrays_come_out_checked_and_read_only():
    sample = censored_sample(FORMULA, frame(), weights="w")
    assert sample.time.tolist() == [3, 1, 2]
    assert sample.event.tolist() == [True, False, True]
    assert sample.weights is not None
    for array in (sample.time, sample.event, sample.weights, sample.groups.codes):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_reading_never_touches_the_frame_given():
    given = frame()
    censored_sample(FORMULA, given, weights="w")
    given.loc[0, "time"] = 9.0
    pd.testing.assert_frame_equal(given, frame(time=[9.0, 1.0, 2.0]))


@pytest.mark.parametrize(
    "changed",
    [
        {"time": [3, np.nan, 2]},
        {"time": pd.array([3, None, 2], dtype="Int64")},
        {"event": pd.array([True, None, False], dtype="boolean")},
        {"mode": ["a", None, "a"]},
        {"w": [1, np.nan, 3]},
    ],
)
def test_rows_with_a_missing_value_are_left_out_and_counted(changed):
    sample = censored_sample(FORMULA, frame(**changed), weights="w")
    assert (len(sample.time), sample.n_missing) == (2, 1)


def test_a_missing_value_in_a_column_not_used_costs_nothing():
    assert censored_sample(FORMULA, frame(w=[np.nan, 1, 1])).n_missing == 0


@pytest.mark.parametrize("event", [[True, False, True], [1.0, 0.0, 1.0], [1, 0, 1]])
def test_events_are_booleans_or_zeros_and_ones(event):
    assert censored_sample(FORMULA, frame(event=event)).event.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"time": [-3.5, 1, 2]}, "negative in 1 row:"),
        ({"time": [np.inf, 1, 2]}, "infinite"),
        ({"time": ["x", "y", "z"]}, "must hold numbers"),
        ({"time": pd.to_datetime(["2025-01-31"] * 3)}, "count days, weeks or sessions"),
        ({"event": [1, 2, 1]}, "must hold 1"),
        ({"event": ["yes", "no", "yes"]}, "must hold 1"),
        ({"w": [0.0, 1, 2]}, "above 0"),
        ({"w": [np.inf, 1, 2]}, "above 0"),
        ({"w": ["x", "y", "z"]}, "must hold numbers"),
        ({"time": [np.nan] * 3}, "Every row has a missing value"),
    ],
)
def test_broken_values_are_refused_without_showing_them(changed, message):
    with pytest.raises(DataError, match=message) as caught:
        censored_sample(FORMULA, frame(**changed), weights="w")
    for shown in ("-3.5", "inf,", "yes", "2025", "x,"):
        assert shown not in str(caught.value)


def test_entry_must_come_before_exit():
    late = frame(entry=[0.0, 1.0, 1.5])
    with pytest.raises(DataError, match="not in 1 row:"):
        censored_sample("Surv(entry, time, event) ~ 1", late)
    with pytest.raises(DataError, match="entry column is negative"):
        censored_sample("Surv(entry, time, event) ~ 1", frame(entry=[-1.0, 0, 0]))


def test_special_terms_an_estimator_does_not_know_are_refused():
    for term in ("strata(mode)", "cluster(mode)", "offset(w)", "(1 | mode)"):
        with pytest.raises(FormulaError, match="takes no"):
            censored_sample(f"Surv(time, event) ~ {term}", frame())
    assert censored_sample("Surv(time, event) ~ cluster(mode)", frame(), allow=("cluster",))


def test_a_plain_response_is_refused():
    with pytest.raises(FormulaError, match="left side must be Surv"):
        censored_sample("time ~ mode", frame())


def test_each_column_of_clusters_is_a_dimension():
    given = frame(site=["x", "x", "y"])
    sample = censored_sample(
        "Surv(time, event) ~ cluster(mode, site, mode)", given, allow=("cluster",)
    )
    assert sample.cluster_names == ("mode", "site")
    assert [len(codes) for codes in sample.clusters] == [3, 3]
    assert sample.clusters[1].tolist() == [0, 0, 1]
    assert censored_sample("Surv(time, event) ~ 1", given).clusters == ()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"time": [3.0, 1.0, 1e120]}, "time column holds numbers too large to square"),
        ({"time": [3 + 0j, 1, 2]}, "time column must hold numbers"),
        ({"event": [1 + 0j, 0, 1]}, "event column must hold 1"),
        ({"w": [1.0, 2.0, 1e300]}, "too large or too small to square"),
        ({"w": [1.0, 2.0, 1e-300]}, "too large or too small to square"),
    ],
)
def test_numbers_that_cannot_be_summed_are_refused(changed, message):
    with pytest.raises(DataError, match=message) as fault:
        censored_sample(FORMULA, frame(**changed), weights="w")
    assert "e+" not in str(fault.value)
    assert "e-" not in str(fault.value)


@pytest.mark.parametrize("name", [3, ["w"], True])
def test_a_column_is_named_by_a_text(name):
    with pytest.raises(FormulaError, match="named by a text"):
        censored_sample(FORMULA, frame(), weights=name)


@pytest.mark.parametrize("formula", [None, 3, ["time"]])
def test_a_formula_is_a_text(formula):
    with pytest.raises(FormulaError):
        censored_sample(formula, frame())
