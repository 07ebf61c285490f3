"""Predictions and standardised survival, against what they must equal."""

import numpy as np
import pandas as pd
import pytest

from rpcstats._vocabulary import HAZARD_PREDICTION, STANDARDISED, STANDARDISED_CONTRASTS
from rpcstats.errors import DataError, ParameterError
from rpcstats.survival.discrete.discrete_hazard import discrete_hazard
from rpcstats.survival.discrete.standardised import standardised_survival

FORMULA = "Surv(time, event) ~ C(session) + mode + far"
ROUNDING = 1e-9
# Integrals over a normal distribution, here by equal steps of a hundredth.
INTEGRAL = 1e-8


@pytest.fixture(scope="module")
def fit(course):
    return discrete_hazard(f"{FORMULA} + cluster(group_id)", course)


@pytest.fixture(scope="module")
def mixed(course):
    return discrete_hazard(f"{FORMULA} + (1 | group_id)", course, link="cloglog", nagq=7)


def test_survival_is_the_product_of_staying(fit):
    new = pd.DataFrame({"mode": ["online", "in_person"], "far": [0, 1]})
    hazard = fit.predict(new)
    survival = fit.predict(new, kind="survival")
    assert tuple(hazard) == tuple(survival) == HAZARD_PREDICTION
    stay = 1 - hazard["estimate"].to_numpy().reshape(2, -1)
    np.testing.assert_allclose(survival["estimate"], np.cumprod(stay, axis=1).ravel())
    inside = survival["conf_low"].lt(survival["estimate"])
    assert (inside & survival["estimate"].lt(survival["conf_high"])).all()
    completion = fit.predict(new, kind="completion")
    assert completion["session"].tolist() == [5, 5]
    assert completion["row"].tolist() == [0, 1]


def test_rows_of_sessions_are_persons(sessions):
    fit = discrete_hazard("event ~ C(session) + far", sessions, id="id")
    rows = pd.DataFrame({"id": [7, 7, 7], "session": [1, 2, 3], "far": [0, 0, 0]})
    person = pd.DataFrame({"far": [0]})
    for kind in ("hazard", "survival", "completion"):
        one = fit.predict(rows, kind=kind)["estimate"].to_numpy()
        other = fit.predict(person, kind=kind, sessions=[1, 2, 3])["estimate"].to_numpy()
        np.testing.assert_allclose(one, other)
    changing = rows.assign(far=[0, 1, 1])
    assert fit.predict(changing, kind="completion")["estimate"][0] < one[0]


def test_population_averages_integrate_the_groups_out(mixed):
    new = pd.DataFrame({"mode": ["online"], "far": [1]})
    eta = np.log(-np.log1p(-mixed.predict(new)["estimate"].to_numpy()))
    t = np.arange(-9, 9, 0.01)
    density = np.exp(-0.5 * t**2)
    density /= density.sum()
    rate = np.exp(eta + mixed.mixed.theta[0] * t[:, None])
    S = density @ np.exp(-np.cumsum(rate, axis=1))
    found = mixed.predict(new, kind="survival", average="population")
    np.testing.assert_allclose(found["estimate"], S, rtol=INTEGRAL)
    hazard = mixed.predict(new, average="population")["estimate"].to_numpy()
    np.testing.assert_allclose(hazard, 1 - S / np.concatenate([[1], S[:-1]]), rtol=INTEGRAL)


def test_gradients_of_population_averages(mixed):
    """Moving a parameter a little moves the average as its gradient says."""
    from rpcstats.survival.discrete._paths import survival_curves
    from rpcstats.survival.discrete.prediction import curves_of, new_rows, paths_of

    people = pd.DataFrame({"mode": ["online", "in_person"], "far": [1, 0]})
    rows = new_rows(["mode", "far"], "session", people, np.arange(1, 6))
    paths = paths_of(mixed, rows, 2)
    curves = curves_of(mixed, paths, average="population")
    step = 1e-6
    blocks, theta = mixed.mixed.frame.blocks, mixed.mixed.theta
    up, down = (
        survival_curves(paths, "cloglog", blocks, theta + sign * step).S for sign in (1, -1)
    )
    np.testing.assert_allclose((up - down) / (2 * step), curves.gradient[:, :, -1], rtol=1e-6)
    up, down = (
        survival_curves(
            paths._replace(eta=paths.eta + sign * step * paths.X[:, :, 1]), "cloglog", blocks, theta
        ).S
        for sign in (1, -1)
    )
    np.testing.assert_allclose((up - down) / (2 * step), curves.gradient[:, :, 1], atol=1e-8)


def test_random_slopes_are_averaged_too(course):
    formula = "Surv(time, event) ~ session + mode + (1 + session || group_id)"
    fit = discrete_hazard(formula, course)
    found = fit.predict(pd.DataFrame({"mode": ["online"]}), kind="survival", average="population")
    assert found["estimate"].is_monotonic_decreasing
    assert (found["std_error"] > 0).all()


def test_a_saturated_model_gives_the_share_back(course):
    """Standardised over nothing but the exposure, survival is that of its level."""
    fit = discrete_hazard("Surv(time, event) ~ C(session) * mode", course)
    found = standardised_survival(fit, exposure="mode").tidy()
    assert tuple(found) == STANDARDISED
    for level, part in course.groupby("mode"):
        share = [(part["time"] > k).mean() for k in range(1, 5)]
        ours = found[found["level"] == level]["estimate"].to_numpy()[:4]
        np.testing.assert_allclose(ours, share, rtol=1e-7)


def test_averages_are_averages(fit, course):
    found = fit.standardise("mode", ["online", "in_person"])
    table = found.tidy()
    for level in ("online", "in_person"):
        people = course.assign(mode=level)
        each = fit.predict(people, kind="survival")
        mean = each.groupby("session")["estimate"].mean().to_numpy()
        np.testing.assert_allclose(table[table["level"] == level]["estimate"], mean)
    contrasts = found.contrasts()
    assert tuple(contrasts) == STANDARDISED_CONTRASTS
    S = table["estimate"].to_numpy().reshape(2, -1)
    np.testing.assert_allclose(contrasts["estimate"], S[1] - S[0])
    ratio = fit.standardise("mode", ["online", "in_person"], contrast="ratio").contrasts()
    np.testing.assert_allclose(ratio["estimate"], S[1] / S[0])
    assert "240 persons" in str(found.summary())
    assert found.glance()["n_group"][0] == 2
    assert len(found.plot().get_lines()) == 2


def test_influence_and_bootstrap_agree(course):
    fit = discrete_hazard(f"{FORMULA} + cluster(group_id)", course, small_sample="CR1")
    by_influence = fit.standardise("mode").contrasts()
    drawn = fit.standardise("mode", method="bootstrap", n_boot=300, seed=2).contrasts()
    np.testing.assert_allclose(drawn["estimate"], by_influence["estimate"])
    # 300 refits of 30 clusters tell a standard error to about a tenth.
    np.testing.assert_allclose(drawn["std_error"], by_influence["std_error"], rtol=0.2)
    again = fit.standardise("mode", method="bootstrap", n_boot=300, seed=2).contrasts()
    pd.testing.assert_frame_equal(drawn, again)


def test_rows_of_sessions_standardise_alike(course, sessions):
    one = discrete_hazard(f"{FORMULA} + cluster(group_id)", course).standardise("mode")
    formula = "event ~ C(session) + mode + far + cluster(group_id)"
    other = discrete_hazard(formula, sessions, id="id").standardise("mode")
    pd.testing.assert_frame_equal(one.tidy(), other.tidy())
    with pytest.raises(DataError, match="id="):
        discrete_hazard(formula, sessions).standardise("mode")


def test_random_effects_standardise_over_groups(course, mixed):
    found = mixed.standardise("mode")
    assert found.averaged
    assert "population average" in str(found.summary())
    people = course.assign(mode="online")
    each = mixed.predict(people, kind="survival", average="population")
    table = found.tidy()
    ours = table[table["level"] == "online"]["estimate"]
    np.testing.assert_allclose(ours, each.groupby("session")["estimate"].mean(), rtol=ROUNDING)
    assert (table["std_error"] > 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"exposure": "group_id"}, "exposure"),
        ({"exposure": "mode", "contrast": "odds"}, "contrast"),
        ({"exposure": "mode", "method": "jackknife"}, "method"),
        ({"exposure": "mode", "sessions": [9]}, "sessions"),
        ({"exposure": "mode", "at": "online"}, "at has no levels"),
        ({"exposure": "mode", "n_boot": 1}, "n_boot"),
        ({"exposure": "mode", "conf_level": 2}, "conf_level"),
    ],
)
def test_options_of_standardisation_are_checked(fit, options, message):
    with pytest.raises(ParameterError, match=message):
        standardised_survival(fit, **options)


def test_a_bootstrap_needs_clusters(course, mixed):
    plain = discrete_hazard(FORMULA, course)
    with pytest.raises(ParameterError, match="draws clusters"):
        plain.standardise("mode", method="bootstrap")
    with pytest.raises(ParameterError, match="influence"):
        mixed.standardise("mode", method="bootstrap")


def test_options_of_predictions_are_checked(fit):
    new = pd.DataFrame({"mode": ["online"], "far": [1]})
    for options in ({"kind": "median"}, {"average": "group"}, {"sessions": [2, 1]}):
        with pytest.raises(ParameterError):
            fit.predict(new, **options)
    with pytest.raises(DataError, match="covariates"):
        fit.predict()
    with pytest.raises(DataError, match="not seen"):
        fit.predict(new.assign(mode="by post"))
