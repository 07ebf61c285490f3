import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import ConvergenceWarning, DataError, ParameterError
from rpcstats.survival.competing.cause_specific_regression import cause_specific
from rpcstats.survival.cox_regression import cox
from rpcstats.survival.structure import build

DIFFERENCE = 1e-8
XZ = "Surv(time, cause) ~ x + z"


def test_each_cause_is_a_cox_model_with_the_others_censored(course):
    fit = cause_specific("Surv(entry, time, cause) ~ x + z + strata(council)", course, weights="w")
    assert fit.causes == ("moved", "unhappy")
    for cause in fit.causes:
        alone = course.assign(event=course["cause"] == cause)
        same = cox("Surv(entry, time, event) ~ x + z + strata(council)", alone, weights="w")
        np.testing.assert_array_equal(fit.of(cause).beta, same.beta)
        np.testing.assert_array_equal(fit.of(cause).cov, same.cov)


def test_frames(course):
    fit = cause_specific(XZ, course)
    table = fit.tidy(exponentiate=True)
    assert list(table.columns[:3]) == ["cause", "term", "estimate"]
    assert list(table["cause"]) == ["moved"] * 2 + ["unhappy"] * 2
    row = fit.glance().iloc[0]
    assert row["log_lik"] == pytest.approx(fit.by_cause()["log_lik"].sum())
    assert (row["df"], row["n_cause"]) == (4, 2)
    assert "Cause-specific" in str(fit.summary())
    few = cause_specific(XZ, course.iloc[:20].reset_index(drop=True))
    assert any(remark.startswith("moved: ") for remark in few.remarks)


def test_incidences_and_the_chance_of_none_add_up(course):
    fit = cause_specific(XZ, course)
    new = pd.DataFrame({"x": [-1.0, 2.0], "z": [0, 1]})
    times = np.array([1.0, 4.0, 8.0])
    frame = fit.predict(new, times).tidy()
    total = frame.groupby(["row", "time"])["estimate"].sum().to_numpy().reshape(2, 3)
    curves = [fit.of(cause).survival(new, times=times).tidy() for cause in fit.causes]
    hazard = sum(-np.log(curve["estimate"].to_numpy()).reshape(2, 3) for curve in curves)
    np.testing.assert_allclose(1 - total, np.exp(-hazard), rtol=1e-10)
    assert frame["conf_low"].between(0, 1).all()
    assert frame["conf_high"].between(0, 1).all()
    assert fit.predict(new, [99]).tidy()["estimate"].isna().all()


@pytest.mark.parametrize("ties", ["breslow", "efron"])
def test_robust_errors_of_predictions_are_derivatives_by_weights(course, ties):
    course = course.iloc[:25].reset_index(drop=True)
    new = pd.DataFrame({"x": [0.5], "z": [1]})

    def curves(frame):
        fit = cause_specific(XZ, frame, weights="w", robust=True, ties=ties)
        return fit.predict(new, [2, 5])

    step, found = 1e-5, []
    for i in range(len(course)):
        ends = []
        for sign in (1, -1):
            frame = course.copy()
            frame.loc[i, "w"] *= 1 + sign * step
            ends.append(curves(frame).estimate)
        found.append((ends[0] - ends[1]) / (2 * step))
    errors = np.sqrt((np.array(found) ** 2).sum(axis=0))
    np.testing.assert_allclose(curves(course).std_error, errors, atol=DIFFERENCE)


def test_model_based_and_robust_errors_agree_where_both_hold():
    rng = np.random.default_rng(1)
    n = 3000
    frame = pd.DataFrame({"x": rng.normal(size=n)})
    frame["time"] = rng.exponential(np.exp(-0.3 * frame["x"]))
    frame["cause"] = rng.choice([0, 1, 2], n)
    new = pd.DataFrame({"x": [0.0, 1.0]})
    plain = cause_specific("Surv(time, cause) ~ x", frame).predict(new, [0.2, 1.0])
    robust = cause_specific("Surv(time, cause) ~ x", frame, robust=True).predict(new, [0.2, 1.0])
    np.testing.assert_allclose(plain.std_error, robust.std_error, rtol=0.06)


def test_troubles_name_their_cause(course):
    apart = course.assign(q=(course["cause"] == "moved") * 1.0)
    with pytest.warns(ConvergenceWarning) as heard:
        cause_specific("Surv(time, cause) ~ q", apart)
    assert {str(warning.message).split(":")[0] for warning in heard} == {"moved", "unhappy"}


def test_refusals(course):
    with pytest.raises(ParameterError, match="ties is one of"):
        cause_specific(XZ, course, ties="efrons")
    with pytest.raises(ParameterError, match="exact"):
        cause_specific(XZ, course, ties="exact", weights="w")
    with pytest.raises(ParameterError, match="exact"):
        cause_specific(XZ + " + cluster(site)", course, ties="exact")
    with pytest.raises(ParameterError, match="exact"):
        cause_specific(XZ, course, ties="exact").predict(pd.DataFrame({"x": [0.0], "z": [1]}))
    with pytest.raises(ParameterError, match="choose one of moved, unhappy"):
        cause_specific(XZ, course).of("bored")
    with pytest.raises(DataError, match="One row"):
        cause_specific(XZ, course[course["cause"] == "moved"].iloc[:1])


def test_fits_of_many_rows_share_columns_of_their_own(course, monkeypatch):
    formula = "Surv(entry, time, cause) ~ x + z"
    whole = cause_specific(formula, course)
    monkeypatch.setattr(build, "MANY_ROWS", 10)
    data = course.copy()
    fit = cause_specific(formula, data)
    data.loc[:, ["x", "z"]] = 1.0
    pd.testing.assert_frame_equal(fit.tidy(), whole.tidy())
    for cause in fit.causes:
        assert np.shares_memory(fit.of(cause).frame.X, fit.frame.X)
        here, there = (found.of(cause).residuals("score") for found in (fit, whole))
        pd.testing.assert_frame_equal(here, there)
