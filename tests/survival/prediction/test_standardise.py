"""Standardised survival: identities, and influence functions against derivatives."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.survival.cox_regression import cox
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier
from rpcstats.survival.prediction._standardised import influence
from rpcstats.survival.prediction.curves import hazard_steps
from rpcstats.survival.prediction.exposure import Level, set_level

FORMULA = "Surv(entry, time, event) ~ mode + age + strata(council)"
NUDGE = 1e-5
DERIVATIVE = 2e-6
"""Central differences with a nudge of 1e-5, of quantities of order 0.01."""


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_influence_is_the_derivative_by_each_weight(spells, ties):
    """Both count a row a little more; late entry, strata and ties are in it."""
    data = spells.assign(w=1.0)
    times = np.array([2.0, 6.0])
    level = Level("online", "online")

    def estimate(weights):
        given = data.assign(w=weights)
        fit = cox(FORMULA, given, weights="w", ties=ties)
        X = fit.frame.encode(set_level(given, "mode", level))
        steps = hazard_steps(fit)
        pull = steps.coefficient_influence(fit.frame.X, fit.cov_model)
        strata, w = fit.frame.strata.codes, fit.frame.weights
        return influence(steps, pull, X, None, strata, w, fit.beta, times)

    _, psi = estimate(np.ones(len(data)))
    np.testing.assert_allclose(psi.sum(axis=1), 0, atol=1e-9)
    for row in (0, 7, 23, 41, 60):
        nudged = [np.ones(len(data)), np.ones(len(data))]
        nudged[0][row] += NUDGE
        nudged[1][row] -= NUDGE
        up, down = (estimate(weights)[0] for weights in nudged)
        np.testing.assert_allclose(psi[:, row], (up - down) / (2 * NUDGE), atol=DERIVATIVE)


def test_without_other_covariates_it_is_the_predicted_curve(spells):
    fit = cox("Surv(time, event) ~ mode", spells)
    found = fit.standardise(spells, "mode", times=[3, 6])
    rows = pd.DataFrame({"mode": pd.Categorical(["in_person", "online"])})
    curves = fit.survival(rows, times=[3, 6]).tidy()
    np.testing.assert_allclose(found.estimate.ravel(), curves["estimate"], rtol=1e-12)


def test_stratified_by_the_exposure_nothing_but_the_curves_is_left(spells):
    """A model with nothing in it but age of no effect gives Fleming and Harrington's curve."""
    fit = cox("Surv(time, event) ~ mode + age", spells.assign(age=spells["age"] * 0 + 1e-9))
    found = fit.standardise(spells.assign(age=spells["age"] * 0 + 1e-9), "mode", times=[6])
    km = kaplan_meier("Surv(time, event) ~ mode", spells).at([6])["estimate"]
    np.testing.assert_allclose(found.estimate.ravel(), km, atol=0.06)


def test_contrasts_are_differences_and_ratios_of_risk(fit, spells):
    found = fit.standardise(spells, "mode", times=[6])
    risk = 1 - found.estimate[:, 0]
    difference, ratio = found.contrasts(), found.contrasts("ratio")
    assert difference["estimate"].iloc[0] == pytest.approx(risk[1] - risk[0])
    assert ratio["estimate"].iloc[0] == pytest.approx(risk[1] / risk[0])
    gradient = np.array([1, -1])
    expected = np.sqrt(gradient @ found.cov @ gradient)
    assert difference["std_error"].iloc[0] == pytest.approx(expected)
    assert ratio["conf_low"].iloc[0] < ratio["estimate"].iloc[0] < ratio["conf_high"].iloc[0]


def test_clusters_of_one_row_change_nothing(fit, spells):
    one = spells.assign(own=np.arange(len(spells)))
    alone = cox("Surv(time, event) ~ mode + age + cluster(own)", one)
    plain = fit.standardise(spells, "mode", times=[6])
    clustered = alone.standardise(one, "mode", times=[6])
    np.testing.assert_allclose(clustered.cov, plain.cov, rtol=1e-9)


def test_bootstrap_and_influence_tell_nearly_the_same(spells):
    fit = cox("Surv(time, event) ~ mode + age + cluster(group)", spells)
    smooth = fit.standardise(spells, "mode", times=[6])
    drawn = fit.standardise(spells, "mode", times=[6], variance="bootstrap", n_boot=200, seed=3)
    again = fit.standardise(spells, "mode", times=[6], variance="bootstrap", n_boot=200, seed=3)
    np.testing.assert_array_equal(drawn.cov, again.cov)
    errors = [x.contrasts()["std_error"].iloc[0] for x in (smooth, drawn)]
    assert errors[0] == pytest.approx(errors[1], rel=0.25)
    assert smooth.unit == "group"
    assert any("20 clusters" in remark for remark in smooth.remarks)


def test_two_ways_of_clustering(spells):
    data = spells.assign(facilitator=spells.index % 7)
    fit = cox("Surv(time, event) ~ mode + age + cluster(group) + cluster(facilitator)", data)
    found = fit.standardise(data, "mode", times=[6])
    assert found.unit == "group, facilitator"
    assert found.cov.shape == (2, 2)


def test_numbers_as_exposure_need_levels(fit, spells):
    found = fit.standardise(spells, "age", times=[6], levels=[30, 40])
    assert found.levels == ("30", "40")
    with pytest.raises(ParameterError, match="levels="):
        fit.standardise(spells, "age", times=[6])


def test_effects_carry_the_counts_behind_them(fit, spells):
    effects = fit.standardise(spells, "mode", times=[6]).effects()
    cells = effects.cells()
    assert cells["n_obs"].tolist() == spells["mode"].value_counts(sort=False).tolist()
    assert cells["n_event"].sum() == spells["event"].sum()
    assert set(effects.tidy()["term"]) == set(cells["term"]) == {"online - in_person"}


def test_rows_left_out_of_the_fit_are_left_out_again(spells):
    gaps = spells.assign(age=spells["age"].mask(spells.index < 3))
    fit = cox("Surv(time, event) ~ mode + age", gaps)
    found = fit.standardise(gaps, "mode", times=[6])
    kept = cox("Surv(time, event) ~ mode + age", spells.iloc[3:])
    same = kept.standardise(spells.iloc[3:], "mode", times=[6])
    np.testing.assert_allclose(found.estimate, same.estimate, rtol=1e-12)
    assert found.n_missing == 3


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"exposure": "council"}, FormulaError, "no covariate"),
        ({"times": [99]}, ParameterError, "stratum that was followed the least$"),
        ({"times": ["soon"]}, ParameterError, "times is out of range"),
        ({"conf_level": 2}, ParameterError, "conf_level is out of range"),
        ({"levels": 3}, ParameterError, "levels is no list"),
        ({"levels": ["online", "elsewhere"]}, DataError, "no level of mode"),
        ({"levels": ["online"]}, ParameterError, "two levels"),
        ({"variance": "jackknife"}, ParameterError, "variance is unknown"),
        ({"variance": "bootstrap", "n_boot": 5}, ParameterError, "n_boot"),
    ],
)
def test_what_cannot_be_standardised_is_said(fit, spells, options, error, message):
    asked = {"exposure": "mode", "times": [6], **options}
    with pytest.raises(error, match=message):
        fit.standardise(spells, asked.pop("exposure"), **asked)


def test_other_data_than_those_of_the_fit(fit, spells):
    with pytest.raises(DataError, match="79 rows where the fit had 80"):
        fit.standardise(spells.iloc[1:], "mode", times=[6])
    with pytest.raises(DataError, match="same frame"):
        fit.standardise(spells.assign(age=1.0), "mode", times=[6])


def test_one_time_is_drawn_as_dots(fit, spells):
    ax = fit.standardise(spells, "mode", times=[6]).plot()
    assert ax.get_xlim() == (0.0, 1.0)


def test_several_times_are_drawn_as_dots_at_those_times(fit, spells):
    """Steps from 100% would show survival that nobody estimated between the times."""
    ax = fit.standardise(spells, "mode", times=[4, 8, 12]).plot()
    drawn = np.concatenate([line.get_xdata() for line in ax.lines])
    assert drawn.min() > 3
