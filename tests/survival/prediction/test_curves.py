"""Predicted curves, by hand and by their own identities."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError, ParameterError
from rpcstats.survival.cox_regression import cox
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier

EXACT = 1e-12
"""Sums of a few products in double precision."""


def test_six_rows_by_hand():
    """With β fixed by symmetry at 0, the steps are Breslow's 1 / at risk."""
    frame = pd.DataFrame({"time": [1, 1, 2, 2, 3, 3], "event": [1, 1, 1, 1, 0, 0], "x": [0, 1] * 3})
    fit = cox("Surv(time, event) ~ x", frame, ties="breslow")
    assert fit.beta[0] == pytest.approx(0, abs=1e-9)
    curves = fit.survival(pd.DataFrame({"x": [0.5]})).tidy()
    np.testing.assert_allclose(curves["cumulative_hazard"], [2 / 6, 2 / 6 + 2 / 4], rtol=EXACT)
    # At the mean of x the slope of β vanishes: what is left is the sum of d / n².
    error = curves["std_error"] / curves["estimate"]
    np.testing.assert_allclose(error**2, [2 / 36, 2 / 36 + 2 / 16], rtol=1e-9)


def test_without_covariates_efron_is_the_fleming_harrington_curve(spells):
    fit = cox("Surv(time, event) ~ 1", spells)
    curve = fit.survival(spells.iloc[:1]).tidy()
    km = kaplan_meier("Surv(time, event) ~ 1", spells)
    n, d = (km.tidy().query("n_event > 0")[c].to_numpy(int) for c in ("n_risk", "n_event"))
    steps = [sum(1 / (a - k) for k in range(b)) for a, b in zip(n, d, strict=True)]
    np.testing.assert_allclose(curve["cumulative_hazard"], np.cumsum(steps), rtol=EXACT)


def test_limits_hold_the_curve_and_lie_in_the_unit_interval(fit, spells):
    for conf_type in ("log", "log-log", "plain", "logit", "arcsine"):
        found = fit.survival(spells.iloc[:3], conf_type=conf_type).tidy()
        assert (found["conf_low"] <= found["estimate"] + EXACT).all()
        assert (found["conf_high"] >= found["estimate"] - EXACT).all()
        limits = found[["conf_low", "conf_high"]].to_numpy()
        assert ((limits >= 0) & (limits <= 1)).all()


def test_given_times_read_the_steps(fit, spells):
    row = spells.iloc[[3]]
    steps = fit.survival(row).tidy()
    read = fit.survival(row, times=[0, 3, 3.5, 12]).tidy()
    at_three = steps.loc[steps["time"] <= 3, "estimate"].iloc[-1]
    np.testing.assert_array_equal(read["estimate"].iloc[:3], [1.0, at_three, at_three])
    assert read["std_error"].iloc[0] == 0
    assert np.isnan(fit.survival(row, times=[13]).tidy()["estimate"].iloc[0])


def test_strata_have_curves_of_their_own(spells):
    fit = cox("Surv(time, event) ~ age + strata(council)", spells)
    both = fit.survival(pd.DataFrame({"age": [30.0, 40.0]}))
    assert both.strata == ("council=north", "council=south") * 2
    assert both.row.tolist() == [0, 0, 1, 1]
    one = fit.survival(pd.DataFrame({"age": [30.0], "council": ["south"]}), times=[4])
    np.testing.assert_allclose(
        one.cumulative_hazard[0], fit.survival(pd.DataFrame({"age": [30.0]}), times=[4])
        .cumulative_hazard[1], rtol=EXACT,
    )  # fmt: skip
    with pytest.raises(DataError, match="not among those of the fit"):
        fit.survival(pd.DataFrame({"age": [30.0], "council": ["west"]}))


def test_an_offset_counts_as_covariate_of_coefficient_one(spells):
    shifted = spells.assign(known=0.4)
    fit = cox("Surv(time, event) ~ age + offset(known)", shifted)
    plain = cox("Surv(time, event) ~ age", shifted)
    row = shifted.iloc[[2]]
    np.testing.assert_allclose(
        fit.survival(row).tidy()["estimate"], plain.survival(row).tidy()["estimate"], rtol=1e-9
    )


def test_late_entry_and_weights(spells):
    fit = cox("Surv(entry, time, event) ~ mode + age", spells, weights="w", ties="breslow")
    twice = spells.loc[spells.index.repeat(spells["w"].astype(int))]
    again = cox("Surv(entry, time, event) ~ mode + age", twice, ties="breslow")
    row = spells.iloc[[0]]
    one, two = fit.survival(row).tidy(), again.survival(row).tidy()
    np.testing.assert_allclose(one["estimate"], two["estimate"], rtol=1e-9)
    np.testing.assert_allclose(one["std_error"], two["std_error"], rtol=1e-8)


def test_huge_linear_predictors_stay_finite(spells):
    far = spells.assign(age=spells["age"] * 1e4 + 1e9)
    near = cox("Surv(time, event) ~ age", spells).survival(spells.iloc[[1]]).tidy()
    found = cox("Surv(time, event) ~ age", far).survival(far.iloc[[1]]).tidy()
    np.testing.assert_allclose(found["estimate"], near["estimate"], rtol=1e-6)


def test_what_cannot_be_predicted_is_said(spells, fit):
    with pytest.raises(ParameterError, match="finite times"):
        fit.survival(spells, times=[-1])
    with pytest.raises(DataError, match="filled in"):
        fit.survival(spells.assign(age=np.nan))
    exact = cox("Surv(time, event) ~ age", spells, ties="exact")
    with pytest.raises(ParameterError, match="no baseline hazard"):
        exact.survival(spells)


def test_the_figure_names_each_curve(fit, spells):
    axes = fit.survival(spells.iloc[:2]).plot()
    assert len(axes.lines) >= 2


def test_an_offset_is_taken_against_its_mean(spells):
    frame = spells.assign(known=spells["age"] / 50)
    fit = cox("Surv(time, event) ~ age + offset(known)", frame)
    gone = fit.predict(reference="zero")["estimate"] - fit.predict()["estimate"]
    centre = fit.beta @ fit.frame.X.mean(axis=0) + frame["known"].mean()
    np.testing.assert_allclose(gone, centre, rtol=1e-12)


def test_indicators_are_not_taken_against_their_mean(spells):
    """R's convention: the reference is a row that there could be."""
    fit = cox("Surv(time, event) ~ mode + age", spells)
    row = pd.DataFrame({"mode": ["in_person"], "age": [spells["age"].mean()]})
    for reference in ("sample", "strata"):
        found = fit.predict(row, reference=reference)
        np.testing.assert_allclose(found[["estimate", "std_error"]], 0.0, atol=1e-12)
    there = fit.survival(row).tidy()["cumulative_hazard"]
    np.testing.assert_allclose(fit.baseline_hazard(centred=True)["estimate"], there, rtol=1e-12)


@pytest.mark.parametrize("options", [{"conf_type": "cubic"}, {"conf_level": 2}, {"times": "x"}])
def test_an_option_that_is_none_is_said(fit, spells, options):
    with pytest.raises(ParameterError):
        fit.survival(spells.head(2), **options)


def test_a_frame_of_another_kind_keeps_its_strata(spells):
    arrow = pytest.importorskip("pyarrow")
    fit = cox("Surv(time, event) ~ age + strata(council)", spells)
    rows = spells[["age", "council"]].head(3)
    own = fit.survival(arrow.Table.from_pandas(rows), [3]).tidy()
    pd.testing.assert_frame_equal(own, fit.survival(rows, [3]).tidy())


def test_new_rows_are_a_frame(fit):
    with pytest.raises(DataError, match="must be a pandas"):
        fit.predict(3)


@pytest.mark.filterwarnings("ignore::rpcstats.errors.ConvergenceWarning")
def test_curves_of_a_fit_without_finite_estimate_hold_no_nan():
    frame = pd.DataFrame({"time": np.arange(1.0, 41.0), "event": 1, "x": -np.arange(1.0, 41.0)})
    fit = cox("Surv(time, event) ~ x", frame)
    shown = fit.survival(frame.assign(x=[-1e4, 1e4] * 20).head(2), [2.5, 20.5]).tidy()
    assert shown["estimate"].between(0, 1).all()
