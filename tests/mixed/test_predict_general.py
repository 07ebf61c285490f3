"""Predictions of generalised and cumulative link mixed models."""

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

from rpcstats import _vocabulary as v
from rpcstats.errors import ParameterError
from rpcstats.mixed import glmm
from rpcstats.mixed.general.links import make_link
from rpcstats.mixed.prediction_gradient import average

Z95 = 1.959963984540054
# Central differences of a step of 1e-5 keep about eight digits.
BY_DIFFERENCES = 1e-6


@pytest.fixture
def rows(mixed_data):
    return mixed_data("cbpp").iloc[[0, 5]].reset_index(drop=True)


def expit(eta):
    return 1 / (1 + np.exp(-eta))


def test_population_by_hand(cbpp, rows):
    frame = cbpp.predict(rows, level="population", interval="confidence")
    X = np.array([[1.0, 0, 0, 0], [1.0, 1, 0, 0]])
    eta, se = X @ cbpp.beta, np.sqrt(np.diag(X @ cbpp.cov @ X.T))
    mu = expit(eta)
    assert tuple(frame.columns) == v.PREDICTION
    np.testing.assert_allclose(frame["estimate"], mu, rtol=1e-13)
    np.testing.assert_allclose(frame["std_error"], mu * (1 - mu) * se, rtol=1e-12)
    np.testing.assert_allclose(frame["conf_high"], expit(eta + Z95 * se), rtol=1e-12)
    link = cbpp.predict(rows, level="population", interval="confidence", type="link")
    np.testing.assert_allclose(link["conf_low"], eta - Z95 * se, rtol=1e-12)


def test_new_group_mean_is_an_integral(cbpp, rows):
    frame = cbpp.predict(rows, level="new_group", interval="confidence")
    eta = cbpp.predict(rows, level="population", type="link")["estimate"]
    s = cbpp.theta[0]
    for value, at in zip(frame["estimate"], eta, strict=True):
        exact = integrate.quad(
            lambda t, at=at: expit(at + s * t) * stats.norm.pdf(t), -9, 9, epsabs=1e-13
        )
        assert value == pytest.approx(exact[0], rel=1e-10)
    # Averaging over groups draws probabilities towards a half, so the error shrinks too.
    assert (frame["estimate"] > cbpp.predict(rows, level="population")["estimate"]).all()
    assert (
        (frame["conf_low"] < frame["estimate"]) & (frame["estimate"] < frame["conf_high"])
    ).all()


@pytest.mark.parametrize("spread", [0.0, 0.3, 2.0, 8.0])
@pytest.mark.parametrize("name", ["logit", "probit", "cloglog"])
def test_averages_over_groups_are_exact(name, spread):
    link = make_link(name)
    eta = np.array([-2.0, 0.5])
    (pair,) = average((link.inverse,), eta, np.full(2, spread))
    for k, power in enumerate((0, 1)):
        for i, at in enumerate(eta):
            exact = integrate.quad(
                lambda t, at=at, power=power: (
                    t**power * link.inverse(np.array(at + spread * t)) * stats.norm.pdf(t)
                ),
                -9,
                9,
                epsabs=1e-13,
                limit=400,
            )
            assert pair[k][i] == pytest.approx(exact[0], abs=1e-10)


def test_rates_average_as_log_normal_means(mixed_data):
    formula = "events ~ arm + offset(log(exposure)) + (1 | area)"
    data = mixed_data("synthetic_rates")
    fit = glmm(formula, data, family="poisson")
    ratio = (
        fit.predict(data, level="new_group")["estimate"]
        / fit.predict(data, level="population")["estimate"]
    )
    np.testing.assert_allclose(ratio, np.exp(fit.theta[0] ** 2 / 2), rtol=1e-12)
    interval = fit.predict(data, level="new_group", interval="confidence")
    # log E = x'b + theta^2 / 2, whose gradient is (x, theta).
    gradient = np.column_stack([fit.frame.X, np.full(fit.n_obs, fit.theta[0])])
    se = np.sqrt(np.einsum("np,pq,nq->n", gradient, fit.parameter_cov, gradient))
    np.testing.assert_allclose(interval["std_error"] / interval["estimate"], se, rtol=1e-10)


def test_prediction_interval_of_new_groups(cbpp, rows):
    frame = cbpp.predict(rows, level="new_group", interval="prediction", type="link")
    mean = cbpp.predict(rows, level="population", interval="confidence", type="link")
    expected = np.sqrt(mean["std_error"] ** 2 + cbpp.theta[0] ** 2)
    np.testing.assert_allclose(frame["std_error"], expected, rtol=1e-12)
    shares = cbpp.predict(rows, level="new_group", interval="prediction")
    np.testing.assert_allclose(shares["conf_low"], expit(frame["conf_low"]), rtol=1e-12)


def test_conditional_predictions_follow_the_modes(cbpp, rows):
    frame = cbpp.predict(rows, interval="confidence", type="link")
    own = cbpp.predict(interval="confidence", type="link")
    np.testing.assert_allclose(frame["estimate"], own["estimate"][[0, 5]], rtol=1e-12)
    # Change of x'b + u as b moves, the mode of u found again by its own equation.
    block, i = cbpp.frame.blocks[0], 5
    inside = block.codes == block.codes[i]
    X, n, y = cbpp.frame.X[inside], cbpp.frame.weights[inside], cbpp.frame.y[inside]

    def mode(beta):
        u = 0.0
        for _ in range(50):
            p = expit(X @ beta + u)
            score = (n * (y - p)).sum() - u / cbpp.theta[0] ** 2
            u += score / ((n * p * (1 - p)).sum() + 1 / cbpp.theta[0] ** 2)
        return u, p

    _, p = mode(cbpp.beta)
    known = 1 / ((n * p * (1 - p)).sum() + 1 / cbpp.theta[0] ** 2)
    steps = 1e-5 * np.eye(4)
    move = [(mode(cbpp.beta + d)[0] - mode(cbpp.beta - d)[0]) / 2e-5 for d in steps]
    gradient = cbpp.frame.X[i] + np.array(move)
    expected = known + gradient @ cbpp.cov @ gradient
    assert own["std_error"][i] ** 2 == pytest.approx(expected, rel=BY_DIFFERENCES)


def test_a_level_not_seen_counts_with_its_whole_variance(cbpp, rows):
    frame = cbpp.predict(rows.assign(herd=-1), interval="confidence", type="link")
    mean = cbpp.predict(rows, level="population", interval="confidence", type="link")
    np.testing.assert_allclose(frame["estimate"], mean["estimate"], rtol=1e-13)
    expected = np.sqrt(mean["std_error"] ** 2 + cbpp.theta[0] ** 2)
    np.testing.assert_allclose(frame["std_error"], expected, rtol=1e-12)


def test_several_factors_have_conditional_errors(mixed_data):
    data = mixed_data("synthetic_yesno")
    fit = glmm("y ~ x + (1 | h/g)", data)
    frame = fit.predict(interval="confidence", type="link")
    modes = fit.conditional_modes().tidy()["std_error"].max()
    assert (frame["std_error"] > 0).all()
    assert frame["std_error"].max() < 3 * (modes + fit.std_error.max())


def shifted_probabilities(wine, X, parameters, spread=None):
    """P(category) at other parameters, averaged by a plain grid over new groups."""
    beta, extra = parameters[:2], parameters[3:]
    t = np.linspace(-8, 8, 2001) if spread is None else np.zeros(1)
    weight = stats.norm.pdf(t) / stats.norm.pdf(t).sum()
    alpha = wine.response.ordered.alpha(extra)
    s = parameters[2] if spread is None else 0.0
    below = np.array([(expit(a - X @ beta - s * t) * weight).sum() for a in alpha])
    return np.diff(np.concatenate([[0], below, [1]]))


@pytest.mark.parametrize("level", ["population", "new_group"])
def test_category_probabilities_and_their_errors(level, wine, mixed_data):
    rows = mixed_data("wine").head(2)
    frame = wine.predict(rows, level=level, interval="confidence")
    assert tuple(frame.columns) == v.CATEGORY_PREDICTION
    assert frame["category"].tolist()[:5] == ["1", "2", "3", "4", "5"]
    first = frame.head(5)
    parameters, X = wine.evaluation.parameters, wine.frame.X[0]
    spread = 0.0 if level == "population" else None
    p = shifted_probabilities(wine, X, parameters, spread)
    np.testing.assert_allclose(first["estimate"], p, rtol=1e-10)
    moves = np.array(
        [
            shifted_probabilities(wine, X, parameters + d, spread)
            - shifted_probabilities(wine, X, parameters - d, spread)
            for d in 1e-5 * np.eye(len(parameters))
        ]
    )
    gradient = moves / 2e-5
    se = np.sqrt(np.einsum("dj,de,ej->j", gradient, wine.parameter_cov, gradient))
    np.testing.assert_allclose(first["std_error"], se, rtol=BY_DIFFERENCES)
    logit, half = np.log(p / (1 - p)), Z95 * se / (p * (1 - p))
    np.testing.assert_allclose(first["conf_low"], expit(logit - half), rtol=1e-5)


def test_conditional_probabilities_are_those_of_the_modes(wine, mixed_data):
    rows = mixed_data("wine").head(1)
    frame = wine.predict(rows, interval="confidence")
    u = wine.conditional_modes().estimate[0][wine.frame.blocks[0].codes[0], 0]
    eta = wine.frame.X[0] @ wine.beta + u
    below = expit(wine.thresholds - eta)
    np.testing.assert_allclose(frame["estimate"], np.diff([0, *below, 1]), rtol=1e-12)
    assert (frame["std_error"] > 0).all()


@pytest.mark.parametrize(
    "options",
    [
        {"level": "group"},
        {"type": "latent"},
        {"interval": "prediction"},
        {"interval": "prediction", "level": "population"},
        {"interval": "confidence", "conf_level": 2.0},
    ],
)
def test_wrong_options_are_named(options, cbpp):
    with pytest.raises(ParameterError):
        cbpp.predict(**options)


def test_probabilities_of_categories_have_no_prediction_interval(wine):
    with pytest.raises(ParameterError, match="simulate"):
        wine.predict(level="new_group", interval="prediction")
    frame = wine.predict(level="new_group", interval="prediction", type="link")
    assert isinstance(frame, pd.DataFrame)
    assert (frame["std_error"] >= wine.theta[0] * (1 - 1e-12)).all()
