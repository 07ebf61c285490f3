"""What must not change, or must change in a known way, in linear mixed models."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rpcstats.mixed import lmm

# Two searches for one optimum agree to the precision of a search: the deviance is flat there, so
# that an error of 1e-10 in it is one of 1e-5 in a variance near zero, and far less elsewhere.
DEVIANCE = 1e-7
ESTIMATE = 1e-5
# The same data in another order or another spelling go the same way but for rounding.
EXACT = 1e-8
FEW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)

seeds = st.integers(0, 10_000)
sizes = st.integers(2, 7)
factors = st.floats(0.01, 100.0)
shifts = st.floats(-50.0, 50.0)


def groups(seed, n_group=12, per_group=5, sd=1.0):
    rng = np.random.default_rng(seed)
    code = rng.permutation(np.repeat(np.arange(n_group), per_group))
    n = len(code)
    x, t = rng.normal(size=(2, n))
    b = sd * rng.normal(size=(2, n_group))
    y = 1.0 + x + b[0][code] + 0.5 * b[1][code] * x + rng.normal(size=n)
    return pd.DataFrame(
        {
            "y": y,
            "x": x,
            "t": t,
            "g": [f"g{k}" for k in code],
            "h": rng.integers(0, 6, n).astype(str),
            "w": rng.uniform(0.5, 2.0, n),
        }
    )


def assert_same_fit(one, other, *, deviance=DEVIANCE, estimate=ESTIMATE):
    assert one.deviance == pytest.approx(other.deviance, abs=deviance)
    np.testing.assert_allclose(one.beta, other.beta, rtol=estimate, atol=estimate)
    np.testing.assert_allclose(one.std_error, other.std_error, rtol=estimate, atol=estimate)
    assert one.sigma == pytest.approx(other.sigma, rel=estimate)


def balanced(n_group, per_group):
    """Give data whose groups have equal means: the variance between them is estimated as zero."""
    n = n_group * per_group
    x = np.tile(np.linspace(-1.0, 1.0, per_group), n_group)
    noise = np.tile(np.arange(per_group) % 2 - 0.5, n_group) * np.repeat(
        np.linspace(0.5, 1.5, n_group), per_group
    )
    noise -= np.repeat(noise.reshape(n_group, per_group).mean(axis=1), per_group)
    return pd.DataFrame({"y": 2.0 + 3.0 * x + noise, "x": x, "g": np.arange(n) // per_group})


@given(n_group=st.integers(3, 9), per_group=st.integers(4, 7))
@FEW
def test_without_variance_between_groups_it_is_least_squares(n_group, per_group):
    data = balanced(n_group, per_group)
    fit = lmm("y ~ x + (1 | g)", data)
    plain = sm.OLS(data["y"], sm.add_constant(data[["x"]])).fit()
    assert fit.is_singular
    assert fit.theta[0] == 0.0
    np.testing.assert_allclose(fit.beta, plain.params, rtol=EXACT)
    np.testing.assert_allclose(fit.std_error, plain.bse, rtol=EXACT)
    by_ml = lmm("y ~ x + (1 | g)", data, method="ml")
    assert by_ml.log_lik == pytest.approx(plain.llf, abs=EXACT)


@given(seed=seeds)
@FEW
def test_a_further_term_never_raises_the_deviance(seed):
    data = groups(seed)
    ladder = [
        "y ~ 1 + (1 | g)",
        "y ~ x + (1 | g)",
        "y ~ x + t + (1 | g)",
        "y ~ x + t + (1 + x || g)",
        "y ~ x + t + (1 + x | g)",
        "y ~ x + t + (1 + x | g) + (1 | h)",
    ]
    deviance = [lmm(formula, data, method="ml").deviance for formula in ladder]
    assert (np.diff(deviance) <= DEVIANCE).all()


@pytest.mark.parametrize("random", ["(1 + x | g)", "(1 | g) + (1 | h)"])
@given(seed=seeds)
@FEW
def test_the_order_of_rows_and_the_names_of_groups_are_nothing(seed, random):
    data = groups(seed)
    fit = lmm(f"y ~ x + {random}", data, weights="w")
    mixed = data.sample(frac=1.0, random_state=seed % 1000)
    mixed["g"] = mixed["g"].map(lambda name: f"z{99 - int(name[1:]):02}")
    again = lmm(f"y ~ x + {random}", mixed, weights="w")
    assert again.deviance == pytest.approx(fit.deviance, abs=EXACT)
    np.testing.assert_allclose(again.beta, fit.beta, rtol=ESTIMATE, atol=EXACT)
    back = again.fitted()[np.argsort(mixed.index.to_numpy())]
    np.testing.assert_allclose(back, fit.fitted(), rtol=ESTIMATE, atol=ESTIMATE)


@pytest.mark.parametrize("method", ["reml", "ml"])
@given(seed=seeds, shift=shifts, factor=factors)
@FEW
def test_another_unit_of_the_response(seed, shift, factor, method):
    data = groups(seed)
    formula = "y ~ x + (1 + x | g)"
    fit = lmm(formula, data, method=method)
    other = lmm(formula, data.assign(y=shift + factor * data["y"]), method=method)
    n = len(data) - (2 if method == "reml" else 0)
    assert other.deviance == pytest.approx(
        fit.deviance + 2.0 * n * np.log(factor), abs=10 * DEVIANCE
    )
    wanted = factor * fit.beta + np.array([shift, 0.0])
    np.testing.assert_allclose(other.beta, wanted, rtol=ESTIMATE, atol=ESTIMATE * factor)
    np.testing.assert_allclose(other.std_error, factor * fit.std_error, rtol=ESTIMATE)
    assert other.sigma == pytest.approx(factor * fit.sigma, rel=ESTIMATE)
    if not fit.is_singular:
        # Degrees of freedom rest on second derivatives, so that they magnify errors of θ.
        np.testing.assert_allclose(other.tidy()["df"], fit.tidy()["df"], rtol=1e-3)


@given(seed=seeds, shift=shifts, factor=factors)
@FEW
def test_another_unit_of_a_predictor(seed, shift, factor):
    data = groups(seed)
    formula = "y ~ x + (1 + x | g)"
    fit = lmm(formula, data, method="ml")
    other = lmm(formula, data.assign(x=shift + factor * data["x"]), method="ml")
    # Far from zero the covariance of intercept and slope is nearly singular.
    assert other.deviance == pytest.approx(fit.deviance, abs=10 * DEVIANCE)
    slope = other.beta[1] * factor
    assert slope == pytest.approx(fit.beta[1], rel=ESTIMATE, abs=ESTIMATE)
    assert other.std_error[1] * factor == pytest.approx(fit.std_error[1], rel=1e-4)
    np.testing.assert_allclose(other.fitted(), fit.fitted(), rtol=1e-3, atol=1e-3)


@given(seed=seeds, factor=factors)
@FEW
def test_equal_weights_scale_sigma_alone(seed, factor):
    data = groups(seed)
    plain = lmm("y ~ x + (1 | g)", data)
    weighted = lmm("y ~ x + (1 | g)", data, weights=np.full(len(data), factor))
    assert weighted.sigma == pytest.approx(plain.sigma * np.sqrt(factor), rel=ESTIMATE)
    assert weighted.deviance == pytest.approx(plain.deviance, abs=DEVIANCE)
    np.testing.assert_allclose(weighted.std_error, plain.std_error, rtol=ESTIMATE)
    np.testing.assert_allclose(
        weighted.varcorr().covariances[0],
        plain.varcorr().covariances[0],
        rtol=1e-4,
        atol=ESTIMATE,
    )


@given(seed=seeds)
@FEW
def test_an_offset_is_taken_from_the_response(seed):
    data = groups(seed)
    fit = lmm("y ~ x + (1 | g)", data, offset="t")
    by_hand = lmm("y ~ x + (1 | g)", data.assign(y=data["y"] - data["t"]))
    assert_same_fit(fit, by_hand, deviance=EXACT, estimate=EXACT)
    np.testing.assert_allclose(fit.fitted(), by_hand.fitted() + data["t"], atol=EXACT)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("(1 | h/g)", "(1 | h) + (1 | h:g)"),
        ("(1 + x || g)", "(1 | g) + (0 + x | g)"),
        ("(1 + x | g)", "(x | g)"),
    ],
)
@given(seed=seeds)
@FEW
def test_shorthand_means_what_it_stands_for(short, long, seed):
    data = groups(seed)
    one, other = (lmm(f"y ~ x + {random}", data) for random in (short, long))
    assert_same_fit(one, other, deviance=EXACT, estimate=EXACT)
    np.testing.assert_array_equal(one.theta, other.theta)


@given(seed=seeds)
@FEW
def test_crossed_and_nested_coding_of_nested_groups_agree(seed):
    data = groups(seed, n_group=18, per_group=4)
    data["council"] = data["g"].str[1:].astype(int) % 4
    data["room"] = data["g"].str[1:].astype(int) // 4
    nested = lmm("y ~ x + (1 | council/room)", data)
    crossed = lmm("y ~ x + (1 | council) + (1 | g)", data)
    assert_same_fit(nested, crossed)


@given(seed=seeds)
@FEW
def test_dense_textbook_formula(seed):
    """The deviance at the optimum is that of the multivariate normal, and no neighbour's lower."""
    data = groups(seed, n_group=6)
    fit = lmm("y ~ x + (1 + x | g) + (1 | h)", data, method="ml", weights="w")
    X = np.column_stack([np.ones(len(data)), data["x"]])

    def deviance(covariances):
        of_g = pd.get_dummies(data["g"]).to_numpy(float)
        of_h = pd.get_dummies(data["h"]).to_numpy(float)
        same_g, same_h = of_g @ of_g.T, of_h @ of_h.T
        V = (X @ covariances[0] @ X.T) * same_g + covariances[1][0, 0] * same_h
        V += fit.sigma**2 * np.diag(1.0 / data["w"])
        W = np.linalg.inv(V)
        beta = np.linalg.solve(X.T @ W @ X, X.T @ W @ data["y"])
        rest = data["y"] - X @ beta
        constant = len(data) * np.log(2.0 * np.pi)
        return constant + np.linalg.slogdet(V)[1] + rest @ W @ rest, beta

    found = fit.varcorr().covariances
    at_optimum, beta = deviance(found)
    assert fit.deviance == pytest.approx(at_optimum, abs=DEVIANCE)
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-7, atol=1e-7)
    for factor in (0.9, 1.1):
        assert deviance([found[0] * factor, found[1]])[0] >= at_optimum - DEVIANCE
        assert deviance([found[0], found[1] * factor])[0] >= at_optimum - DEVIANCE


@given(seed=seeds, sd=st.sampled_from([0.0, 1.0]))
@FEW
def test_predictions_for_the_rows_of_the_fit_are_its_fitted_values(seed, sd):
    data = groups(seed, sd=sd)
    fit = lmm("y ~ x + (1 + x | g) + (1 | h)", data)
    for rows in (None, data):
        given_rows = fit.predict(rows)["estimate"]
        np.testing.assert_allclose(given_rows, fit.fitted(), rtol=EXACT, atol=EXACT)
    np.testing.assert_allclose(
        fit.augment()["residual"] + fit.fitted(), data["y"], rtol=EXACT, atol=EXACT
    )


@given(seed=seeds)
@FEW
def test_the_modes_are_the_best_linear_predictions(seed):
    data = groups(seed, n_group=8, per_group=4)
    fit = lmm("y ~ x + (1 | g)", data)
    assume(not fit.is_singular)
    variance = fit.varcorr().covariances[0][0, 0]
    rest = (data["y"] - fit.predict(level="population")["estimate"]).groupby(data["g"]).sum()
    shrunk = variance * rest / (4 * variance + fit.sigma**2)
    modes = fit.conditional_modes().tidy().set_index("level")["estimate"]
    np.testing.assert_allclose(modes[shrunk.index], shrunk, rtol=1e-6, atol=1e-8)
