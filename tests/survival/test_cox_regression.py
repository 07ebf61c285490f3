"""Cox regression: what it reads, what it refuses and what it says."""

import warnings

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import ConvergenceWarning, DataError, FormulaError, ParameterError
from rpcstats.survival.cox_regression import cox


@pytest.fixture
def rows():
    rng = np.random.default_rng(4)
    n = 60
    return pd.DataFrame(
        {
            "time": rng.integers(1, 12, n).astype(float),
            "event": (rng.random(n) < 0.7).astype(int),
            "x": rng.normal(size=n),
            "z": rng.normal(size=n),
            "mode": rng.choice(["online", "venue"], n),
            "council": np.repeat([f"c{k}" for k in range(6)], 10),
            "site": np.tile(np.arange(10), 6),
            "w": rng.choice([1.0, 2.0], n),
        }
    )


def test_six_rows_with_ties_by_hand():
    """Efron: 2 = r / (r + 1) + r / (r + 3) + r / (r + 5) at r = e^β."""
    data = pd.DataFrame(
        {
            "time": [9, 1, 1, 6, 6, 8],
            "event": [1, 1, 0, 1, 1, 0],
            "x": [0, 1, 1, 1, 0, 0],
        }
    )
    fit = cox("Surv(time, event) ~ x", data)
    r = np.exp(fit.beta[0])
    shares = np.array([r / (r + 1), r / (r + 3), r / (r + 5)])
    assert shares.sum() == pytest.approx(2.0, abs=1e-12)
    assert fit.std_error[0] == pytest.approx(np.sum(shares * (1 - shares)) ** -0.5, rel=1e-10)
    assert fit.log_lik_null == pytest.approx(-np.log(6) - np.log(4) - np.log(3))
    breslow = cox("Surv(time, event) ~ x", data, ties="breslow")
    assert breslow.beta[0] == pytest.approx(np.log((3 + np.sqrt(33)) / 2), abs=1e-12)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ties": "efrom"}, "ties is one of"),
        ({"penalty": -1.0}, "0 or more"),
        ({"penalty": np.nan}, "0 or more"),
        ({"penalty": 1.0, "firth": True}, "choose one"),
        ({"ties": "exact", "weights": "w"}, "weights can't be had"),
        ({"ties": "exact", "robust": True}, "robust=True can't be had"),
        ({"ties": "exact", "firth": True}, "firth=True can't be had"),
        ({"conf_level": 95}, "conf_level"),
    ],
)
def test_options_out_of_range(rows, options, words):
    with pytest.raises(ParameterError, match=words):
        cox("Surv(time, event) ~ x", rows, **options)


def test_every_fault_of_the_options_is_told(rows):
    with pytest.raises(ParameterError) as told:
        cox("Surv(time, event) ~ x", rows, ties="exact", weights="w", firth=True, penalty=-1)
    assert len(told.value.faults) == 3


def test_exact_ties_with_clusters_are_refused(rows):
    with pytest.raises(ParameterError, match=r"cluster\(\) can't be had"):
        cox("Surv(time, event) ~ x + cluster(council)", rows, ties="exact")


def test_three_clusters_are_refused(rows):
    with pytest.raises(ParameterError, match="one column or two"):
        cox("Surv(time, event) ~ x + cluster(council, site, mode)", rows)


@pytest.mark.parametrize("term", ["(1 | council)", "frailty(council)"])
@pytest.mark.parametrize(
    ("options", "words"),
    [({"penalty": 1.0}, "penalty"), ({"firth": True}, "firth"), ({"robust": True}, "robust")],
)
def test_penalties_do_not_go_with_random_effects(rows, term, options, words):
    with pytest.raises(ParameterError, match=words):
        cox(f"Surv(time, event) ~ x + {term}", rows, **options)


def _with(rows, column, value):
    changed = rows.copy()
    changed[column] = changed[column].astype(float)
    changed.loc[3, column] = value
    return changed


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [("time", -1.0, "time"), ("event", 2.0, "event"), ("time", np.inf, "time")],
)
def test_responses_that_are_none(rows, column, value, words):
    with pytest.raises(DataError, match=words):
        cox("Surv(time, event) ~ x", _with(rows, column, value))


def test_entry_not_before_exit(rows):
    with pytest.raises(DataError, match="Entry must come before"):
        cox("Surv(late, time, event) ~ x", rows.assign(late=rows["time"]))


def test_unknown_column(rows):
    with pytest.raises(FormulaError, match="age"):
        cox("Surv(time, event) ~ age", rows)


def test_one_row_and_no_event(rows):
    with pytest.raises(DataError, match="One row"):
        cox("Surv(time, event) ~ x", rows.head(1))
    with pytest.raises(DataError, match="None of the 60 rows is an event"):
        cox("Surv(time, event) ~ x", rows.assign(event=0))


def test_a_cluster_of_everything(rows):
    with pytest.raises(DataError, match="Every row is in one cluster of council"):
        cox("Surv(time, event) ~ x + cluster(council)", rows.assign(council="c1"))


def test_gaps_are_dropped_counted_and_said(rows):
    fit = cox("Surv(time, event) ~ x", _with(rows, "x", np.nan))
    assert (fit.n_obs, fit.n_missing) == (59, 1)
    assert "1 row with missing values left out." in fit.remarks


def test_constant_and_collinear_columns_are_left_out_and_said(rows):
    data = rows.assign(one=1.0, double=2 * rows["x"] + 1)
    fit = cox("Surv(time, event) ~ x + one + double + z", data)
    assert fit.names == ("x", "z")
    assert any("one" in remark and "double" in remark for remark in fit.remarks)


def test_a_column_constant_within_strata_is_left_out_and_said(rows):
    fit = cox("Surv(time, event) ~ x + C(council) + strata(council)", rows)
    assert fit.names == ("x",)
    assert len(fit.frame.columns) == fit.frame.X.shape[1] == 1
    assert any("among those at risk together" in remark for remark in fit.remarks)
    np.testing.assert_allclose(
        fit.beta, cox("Surv(time, event) ~ x + strata(council)", rows).beta, rtol=1e-10
    )
    assert fit.frame.encode(rows.head(3)).tolist() == rows[["x"]].head(3).to_numpy().tolist()


def test_a_stratum_without_events_is_said(rows):
    data = rows.assign(event=rows["event"] * (rows["council"] != "c2"))
    fit = cox("Surv(time, event) ~ x + strata(council)", data)
    assert any("1 of 6 strata had no event" in remark for remark in fit.remarks)
    without = cox("Surv(time, event) ~ x + strata(council)", data[data["council"] != "c2"])
    np.testing.assert_allclose(fit.beta, without.beta, rtol=1e-10)


def test_separation_is_found_said_and_mended(rows):
    data = rows.assign(exposed=(np.arange(60) % 4 == 0) * 1.0)
    data["event"] *= data["exposed"] == 0
    with pytest.warns(ConvergenceWarning, match="monotone likelihood"):
        fit = cox("Surv(time, event) ~ x + exposed", data)
    assert not fit.converged
    assert "exposed has no finite estimate" in fit.trouble[0]
    assert "firth=True" in fit.trouble[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mended = cox("Surv(time, event) ~ x + exposed", data, firth=True)
    assert mended.converged
    assert mended.beta[1] < -1.0
    limits = mended.confint("profile", "exposed")
    assert np.isfinite(limits[["conf_low", "conf_high"]].to_numpy()).all()


def test_huge_times_and_units_change_nothing(rows):
    plain = cox("Surv(time, event) ~ x + z", rows)
    data = rows.assign(time=rows["time"] * 1e9, x=rows["x"] * 1e-8, z=rows["z"] * 1e7)
    fit = cox("Surv(time, event) ~ x + z", data)
    np.testing.assert_allclose(fit.beta * [1e-8, 1e7], plain.beta, rtol=1e-9)
    np.testing.assert_allclose(fit.std_error * [1e-8, 1e7], plain.std_error, rtol=1e-9)


def test_few_events_and_few_clusters_are_said(rows):
    data = rows.assign(event=(np.arange(60) < 15) * 1)
    fit = cox("Surv(time, event) ~ x + z + cluster(council)", data)
    assert any("15 events for 2 coefficients" in remark for remark in fit.remarks)
    assert any("6 clusters of council" in remark for remark in fit.remarks)


def test_broken_weights_without_robust_errors_are_said(rows):
    data = rows.assign(w=rows["w"] / 3)
    fit = cox("Surv(time, event) ~ x", data, weights="w")
    assert any("robust=True" in remark for remark in fit.remarks)
    fit = cox("Surv(time, event) ~ x", data, weights="w", robust=True)
    assert not any("robust=True" in remark for remark in fit.remarks)


def test_rows_of_persons_with_robust_errors_are_said(rows):
    data = rows.assign(start=0.5 * rows["time"])
    fit = cox("Surv(start, time, event) ~ x", data, robust=True)
    assert any("cluster()" in remark for remark in fit.remarks)


def test_nothing_but_a_baseline(rows):
    fit = cox("Surv(time, event) ~ strata(council)", rows)
    assert fit.tidy().empty
    assert fit.log_lik == fit.log_lik_null
    assert fit.glance().loc[0, "df"] == 0
    with pytest.raises(ParameterError, match="no coefficient"):
        fit.plot()
