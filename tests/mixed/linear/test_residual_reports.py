"""What a fit with a residual structure says, predicts, draws and refuses."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import ConvergenceWarning, DataError, ParameterError
from rpcstats.mixed import likelihood_ratio, lmm

FORMULA = "y ~ t + arm + (1 | g)"


def draw(n_group=60, n_session=6, phi=0.5, ratio=2.0, seed=2):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {"g": np.repeat(np.arange(n_group), n_session), "t": np.tile(np.arange(n_session), n_group)}
    )
    frame["arm"] = np.where(frame["g"] % 2, "b", "a")
    lag = np.abs(np.subtract.outer(np.arange(n_session), np.arange(n_session)))
    noise = rng.standard_normal((n_group, n_session)) @ np.linalg.cholesky(phi**lag).T
    noise = noise.ravel() * np.where(frame["arm"] == "a", 1.0, ratio)
    frame["y"] = 0.3 * frame["t"] + rng.standard_normal(n_group)[frame["g"]] + noise
    return frame


@pytest.fixture(scope="module")
def data():
    return draw()


@pytest.fixture(scope="module")
def fit(data):
    return lmm(FORMULA, data, residual_variance="arm", correlation="ar1(t | g)")


def test_parameters_are_counted_and_shown(fit, data):
    plain = lmm(FORMULA, data)
    assert fit.n_parameter == plain.n_parameter + 2
    assert fit.aic == pytest.approx(fit.deviance + 2.0 * fit.n_parameter)
    assert fit.deviance < plain.deviance
    rows = fit.varcorr().tidy().query("group == 'Residual'")
    assert rows["term"].tolist() == ["arm[a]", "arm[b]", "ar1(t | g)"]
    assert rows["measure"].tolist() == ["std_dev", "std_dev", "autocorrelation"]
    np.testing.assert_allclose(
        rows["estimate"], [*fit.residual.std_dev, fit.residual.phi], rtol=1e-12
    )
    text = str(fit.summary())
    assert "ar1(t | g)" in text
    assert "degrees of freedom are not offered" in text


def test_tidy_of_the_structure(fit):
    table = fit.residual.tidy().set_index(["measure", "term"])
    assert table.index.get_level_values(0).tolist() == [
        "std_dev",
        "std_dev",
        "std_dev_ratio",
        "autocorrelation",
    ]
    assert (table["conf_low"] < table["estimate"]).all()
    assert (table["estimate"] < table["conf_high"]).all()
    assert (table["std_error"] > 0.0).all()
    phi = table.loc["autocorrelation"].iloc[0]
    centre = (np.arctanh(phi["conf_low"]) + np.arctanh(phi["conf_high"])) / 2.0
    assert np.tanh(centre) == pytest.approx(phi["estimate"], rel=1e-9)
    narrow = fit.residual.tidy(conf_level=0.5)
    assert (narrow["conf_high"].to_numpy() < table["conf_high"].to_numpy()).all()


def test_degrees_of_freedom_are_refused(fit):
    assert fit.tidy()["df"].isna().all()
    for df in ("satterthwaite", "kenward-roger"):
        with pytest.raises(ParameterError, match="residual structure"):
            fit.tidy(df=df)
    with pytest.raises(ParameterError, match="residual structure"):
        fit.f_tests()


def test_residuals(fit):
    raw, white = fit.residuals("conditional"), fit.residual.whitening
    np.testing.assert_allclose(fit.residuals("pearson"), raw / white.spread)
    np.testing.assert_allclose(fit.residuals("standardised"), raw / white.spread / fit.sigma)
    np.testing.assert_allclose(fit.residuals("normalised"), white.whiten(raw) / fit.sigma)


def test_normalised_is_standardised_without_a_structure(data):
    plain = lmm(FORMULA, data)
    np.testing.assert_array_equal(plain.residuals("normalised"), plain.residuals("standardised"))


def test_drawn_data_have_the_covariance_of_the_model(fit, data):
    drawn = fit.simulate(4000, seed=3)
    here = np.flatnonzero(data["g"] == 1)
    t, sd = data["t"].to_numpy()[here], fit.residual.std_dev[1]
    expected = sd**2 * fit.residual.phi ** np.abs(t[:, None] - t)
    expected = expected + fit.varcorr().covariances[0][0, 0]
    found = np.cov(drawn[here])
    # Standard error of a covariance: at most its variance times (2 / 4000)^(1/2); five of them.
    np.testing.assert_allclose(found, expected, atol=5.0 * expected.max() * np.sqrt(2.0 / 4000))


def test_new_rows_take_the_variance_of_their_level(fit, data):
    new = pd.DataFrame({"t": [2.0, 2.0], "arm": ["a", "b"], "g": [-1, -2]})
    mean = fit.predict(new, level="population", interval="confidence")
    one = fit.predict(new, level="population", interval="prediction")
    added = one["std_error"] ** 2 - mean["std_error"] ** 2
    np.testing.assert_allclose(added, fit.residual.std_dev**2, rtol=1e-9)
    by_arm = lmm("y ~ t + (1 | g)", data, residual_variance="arm")
    with pytest.raises(DataError, match="in 1 new row, whose residual variance"):
        by_arm.predict(new.assign(arm=["a", "c"]), interval="prediction")


def test_error_of_a_conditional_prediction_is_that_of_the_mixed_model_equations(fit, data):
    """Henderson's equations, written out with the covariance of the residuals."""
    frame, n = fit.frame, fit.n_obs
    Z = np.zeros((n, frame.blocks[0].n_level))
    Z[np.arange(n), frame.blocks[0].codes] = 1.0
    L = fit.residual.whitening.whiten(np.eye(n))
    precision = L.T @ L / fit.sigma**2
    C = np.hstack([frame.X, Z])
    system = C.T @ precision @ C
    p = frame.X.shape[1]
    system[p:, p:] += np.eye(Z.shape[1]) / fit.varcorr().covariances[0][0, 0]
    expected = np.sqrt(np.einsum("ij,jk,ik->i", C, np.linalg.inv(system), C))
    found = fit.predict(interval="confidence")["std_error"]
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_robust_errors_hardly_depend_on_the_unit(fit, data):
    robust = fit.robust("g").tidy()
    np.testing.assert_allclose(robust["estimate"], fit.beta, rtol=1e-8)
    again = lmm(
        FORMULA,
        data.assign(y=100.0 * data["y"]),
        residual_variance="arm",
        correlation="ar1(t | g)",
    )
    np.testing.assert_allclose(
        again.robust("g").tidy()["std_error"], 100.0 * robust["std_error"], rtol=1e-5
    )


def test_refit_by_ml_keeps_the_structure(fit, data):
    again = fit.refit_ml()
    direct = lmm(FORMULA, data, method="ml", residual_variance="arm", correlation="ar1(t | g)")
    assert again.deviance == pytest.approx(direct.deviance, rel=1e-10)
    assert fit.linear_problem is None


def test_no_correlation_where_it_cannot_be_negative():
    frame = draw(phi=0.0, ratio=1.0, seed=11).assign(t=lambda d: 2 * d["t"])
    frame["y"] += np.where(frame["t"] % 4, 0.6, -0.6)
    fit = lmm(FORMULA, frame, correlation="ar1(t | g)")
    plain = lmm(FORMULA, frame)
    assert fit.residual.phi == 0.0
    assert fit.converged
    assert fit.deviance == pytest.approx(plain.deviance, rel=1e-12)
    assert "autocorrelation is estimated as zero" in str(fit.summary())


@pytest.mark.parametrize("step", [1, 2])
def test_pairs_cannot_tell_correlation_from_an_intercept(step):
    frame = draw(n_session=2).assign(t=lambda d: step * d["t"])
    with pytest.warns(ConvergenceWarning, match="can't tell the residual structure"):
        fit = lmm(FORMULA, frame, correlation="ar1(t | g)")
    assert not fit.converged
    assert fit.residual.tidy()["std_error"].isna().all()


def test_a_clustered_arm_beside_one_that_is_not():
    """Partial nesting: groups in one arm only, and variances of their own."""
    rng = np.random.default_rng(4)
    n = 400
    frame = pd.DataFrame({"arm": np.repeat([0, 1], n // 2), "g": np.arange(n)})
    frame.loc[frame["arm"] == 1, "g"] = 1000 + np.arange(n // 2) // 10
    effect = rng.standard_normal(2000)[frame["g"]]
    frame["y"] = frame["arm"] * (0.5 + effect) + rng.standard_normal(n) * np.where(
        frame["arm"] == 1, 1.0, 3.0
    )
    fit = lmm("y ~ arm + (0 + arm | g)", frame, residual_variance="arm")
    assert fit.converged
    alone = frame[frame["arm"] == 0]["y"]
    # The arm without groups is a sample of its own: REML gives its usual standard deviation.
    assert fit.residual.std_dev[0] == pytest.approx(alone.std(ddof=1), rel=1e-5)
    clustered = lmm("y ~ 1 + (1 | g)", frame[frame["arm"] == 1])
    assert fit.residual.std_dev[1] == pytest.approx(clustered.sigma, rel=1e-5)
    assert fit.residual.tidy()["std_error"].notna().all()


def test_nested_structures_are_compared_and_others_refused(data):
    plain, series, spread = (
        lmm(FORMULA, data, method="ml", **options)
        for options in ({}, {"correlation": "ar1(t | g)"}, {"residual_variance": "arm"})
    )
    table = likelihood_ratio(plain, series).tidy()
    assert table["df"].iloc[1] == 1
    assert table["model"].iloc[1] == f"{FORMULA}, residual correlation ar1(t | g)"
    with pytest.raises(DataError, match="not nested"):
        likelihood_ratio(series, spread)
    wide = lmm(FORMULA, data.assign(three=data["t"] % 3), method="ml", residual_variance="three")
    with pytest.raises(DataError, match="not nested"):
        likelihood_ratio(series, wide)
