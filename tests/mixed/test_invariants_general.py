"""What must not change, or must change in a known way, in generalised and ordinal mixed models."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy.special import gammaln

from rpcstats.mixed import clmm, glmm

# Two searches for one optimum agree to the precision of a search: the deviance is flat there, so
# that an error of 1e-10 in it is one of 1e-5 in a variance.
DEVIANCE = 1e-6
ESTIMATE = 1e-4
# The same data in another order or another spelling go the same way but for rounding.
EXACT = 1e-8
FEW = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)

seeds = st.integers(0, 10_000)


def groups(seed, n_group=15, per_group=8, sd=0.8):
    rng = np.random.default_rng(seed)
    code = rng.permutation(np.repeat(np.arange(n_group), per_group))
    n = len(code)
    x = rng.normal(size=n)
    eta = 0.5 * x + sd * rng.normal(size=n_group)[code]
    latent = eta + rng.logistic(size=n)
    return pd.DataFrame(
        {
            "z": (latent > 0).astype(int),
            "c": rng.poisson(np.exp(0.5 + eta)),
            "o": np.digitize(latent, [-1.0, 1.0]) + 1,
            "x": x,
            "g": [f"g{k}" for k in code],
            "h": rng.integers(0, 5, n).astype(str),
        }
    )


def fit_binary(data, random="(1 | g)", **options):
    return glmm(f"z ~ x + {random}", data, **options)


def fit_count(data, random="(1 | g)", **options):
    return glmm(f"c ~ x + {random}", data, family="poisson", **options)


def fit_ordered(data, random="(1 | g)", **options):
    return clmm(f"o ~ x + {random}", data, **options)


FITS = [fit_binary, fit_count, fit_ordered]


def assert_same_fit(one, other, *, deviance=DEVIANCE, estimate=ESTIMATE):
    assert one.deviance == pytest.approx(other.deviance, abs=deviance)
    np.testing.assert_allclose(one.beta, other.beta, rtol=estimate, atol=estimate)
    np.testing.assert_allclose(one.std_error, other.std_error, rtol=estimate, atol=estimate)


@given(n_group=st.integers(3, 8))
@FEW
def test_without_variance_between_groups_it_is_a_generalised_linear_model(n_group):
    z = np.tile([0, 1, 0, 1, 1, 0, 0, 1], n_group)
    x = np.tile([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], n_group)
    data = pd.DataFrame({"z": z, "c": 2 * z + 1, "x": x, "g": np.arange(len(z)) // 8})
    for fit, family, response in [
        (fit_binary(data), sm.families.Binomial(), "z"),
        (fit_count(data), sm.families.Poisson(), "c"),
        (fit_binary(data, nagq=5), sm.families.Binomial(), "z"),
    ]:
        plain = sm.GLM(data[response], sm.add_constant(data[["x"]]), family=family).fit(tol=1e-12)
        assert fit.is_singular
        assert fit.log_lik == pytest.approx(plain.llf, abs=EXACT)
        np.testing.assert_allclose(fit.beta, plain.params, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(fit.std_error, plain.bse, rtol=1e-5)


@pytest.mark.parametrize("fit_model", FITS)
@given(seed=seeds)
@FEW
def test_a_further_term_never_raises_the_deviance(fit_model, seed):
    data = groups(seed)
    ladder = ["(1 | g)", "(1 + x || g)", "(1 + x | g)"]
    deviance = [fit_model(data, random).deviance for random in ladder]
    assert (np.diff(deviance) <= DEVIANCE).all()
    assert fit_model(data, "(1 | g) + (1 | h)").deviance <= deviance[0] + DEVIANCE


@pytest.mark.parametrize("fit_model", FITS)
@given(seed=seeds)
@FEW
def test_the_order_of_rows_and_the_names_of_groups_are_nothing(fit_model, seed):
    data = groups(seed)
    mixed = data.sample(frac=1.0, random_state=seed % 1000)
    mixed["g"] = mixed["g"].map(lambda name: f"z{99 - int(name[1:]):02}")
    for random in ("(1 | g)", "(1 | g) + (1 | h)"):
        fit, again = fit_model(data, random), fit_model(mixed, random)
        assert_same_fit(fit, again, deviance=EXACT)
        back = again.fitted()[np.argsort(mixed.index.to_numpy())]
        np.testing.assert_allclose(back, fit.fitted(), rtol=ESTIMATE, atol=ESTIMATE)


@pytest.mark.parametrize("fit_model", FITS)
@given(seed=seeds, shift=st.floats(-5.0, 5.0), factor=st.floats(0.01, 100.0))
@FEW
def test_another_unit_of_a_predictor(fit_model, seed, shift, factor):
    data = groups(seed)
    fit = fit_model(data)
    other = fit_model(data.assign(x=factor * (shift + data["x"])))
    assert other.deviance == pytest.approx(fit.deviance, abs=DEVIANCE)
    assert other.beta[-1] * factor == pytest.approx(fit.beta[-1], rel=ESTIMATE, abs=ESTIMATE)
    assert other.std_error[-1] * factor == pytest.approx(fit.std_error[-1], rel=ESTIMATE)
    np.testing.assert_allclose(other.theta, fit.theta, atol=1e-3)


@pytest.mark.parametrize("nagq", [1, 7])
@given(seed=seeds)
@FEW
def test_binary_rows_counted_together_lose_a_constant_only(nagq, seed):
    data = groups(seed).assign(x=lambda rows: np.sign(rows["x"]))
    fit = fit_binary(data, nagq=nagq)
    cells = data.groupby(["g", "x"])["z"].agg(["sum", "size"]).reset_index()
    counted = glmm("cbind(sum, size - sum) ~ x + (1 | g)", cells, nagq=nagq)
    k, n = cells["sum"], cells["size"]
    choices = (gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)).sum()
    assert counted.deviance == pytest.approx(fit.deviance - 2.0 * choices, abs=DEVIANCE)
    np.testing.assert_allclose(counted.beta, fit.beta, atol=ESTIMATE)
    np.testing.assert_allclose(counted.std_error, fit.std_error, rtol=ESTIMATE)
    share = glmm("share ~ x + (1 | g)", cells.assign(share=k / n), weights="size", nagq=nagq)
    assert_same_fit(share, counted)


@pytest.mark.parametrize("nagq", [1, 5])
@given(seed=seeds)
@FEW
def test_two_categories_are_a_binary_response(nagq, seed):
    data = groups(seed)
    binary = fit_binary(data, nagq=nagq)
    ordered = clmm("z ~ x + (1 | g)", data, nagq=nagq)
    assert ordered.deviance == pytest.approx(binary.deviance, abs=DEVIANCE)
    assert -ordered.thresholds[0] == pytest.approx(binary.beta[0], abs=ESTIMATE)
    assert ordered.beta[0] == pytest.approx(binary.beta[1], abs=ESTIMATE)
    assert ordered.std_error[0] == pytest.approx(binary.std_error[1], rel=ESTIMATE)
    np.testing.assert_allclose(ordered.theta, binary.theta, atol=1e-3)


@given(seed=seeds)
@FEW
def test_categories_in_reverse_turn_the_signs(seed):
    data = groups(seed)
    fit, turned = fit_ordered(data), fit_ordered(data.assign(o=4 - data["o"]))
    assert turned.deviance == pytest.approx(fit.deviance, abs=DEVIANCE)
    np.testing.assert_allclose(turned.beta, -fit.beta, atol=ESTIMATE)
    np.testing.assert_allclose(turned.thresholds, -fit.thresholds[::-1], atol=ESTIMATE)


@given(seed=seeds, log_exposure=st.floats(-3.0, 3.0))
@FEW
def test_a_constant_exposure_moves_the_intercept(seed, log_exposure):
    data = groups(seed).assign(known=log_exposure)
    plain = fit_count(data)
    for fit in (
        fit_count(data, offset="known"),
        fit_count(data, "offset(known) + (1 | g)"),
        fit_count(data, offset=np.full(len(data), log_exposure)),
    ):
        assert fit.deviance == pytest.approx(plain.deviance, abs=DEVIANCE)
        wanted = plain.beta - [log_exposure, 0.0]
        np.testing.assert_allclose(fit.beta, wanted, atol=ESTIMATE)
        np.testing.assert_allclose(fit.std_error, plain.std_error, rtol=ESTIMATE)


@pytest.mark.parametrize("fit_model", FITS)
@pytest.mark.parametrize(
    ("short", "long"),
    [("(1 | h/g)", "(1 | h) + (1 | h:g)"), ("(1 + x || g)", "(1 | g) + (0 + x | g)")],
)
@given(seed=seeds)
@FEW
def test_shorthand_means_what_it_stands_for(fit_model, short, long, seed):
    data = groups(seed)
    one, other = fit_model(data, short), fit_model(data, long)
    assert_same_fit(one, other, deviance=EXACT, estimate=EXACT)


@pytest.mark.parametrize("fit_model", FITS)
@given(seed=seeds)
@FEW
def test_quadrature_settles_as_nodes_are_added(fit_model, seed):
    data = groups(seed, sd=1.5)
    deviance = np.array([fit_model(data, nagq=nagq).deviance for nagq in (1, 9, 35, 51)])
    error = np.abs(deviance[:-1] - deviance[-1])
    # Where the Laplace approximation is exact already there is nothing left to settle.
    assert error[1] <= max(error[0], DEVIANCE)
    assert error[2] < DEVIANCE


@given(seed=seeds)
@FEW
def test_crossed_factors_of_which_one_is_alone_in_its_cell(seed):
    """A second factor that splits the rows as the first does takes nothing from the optimum."""
    data = groups(seed)
    data["k"] = data["g"].str[1:].astype(int) // 5
    nested = fit_binary(data, "(1 | k/g)")
    crossed = fit_binary(data, "(1 | k) + (1 | g)")
    assert_same_fit(nested, crossed)


@pytest.mark.parametrize("fit_model", FITS)
@given(seed=seeds)
@FEW
def test_predictions_for_the_rows_of_the_fit_are_its_fitted_values(fit_model, seed):
    data = groups(seed)
    fit = fit_model(data, "(1 + x | g)")
    for rows in (None, data):
        predicted = fit.predict(rows)
        if fit_model is fit_ordered:
            mean = predicted["estimate"] * predicted["category"].astype(int)
            predicted = mean.groupby(predicted["row"]).sum().to_frame("estimate")
        np.testing.assert_allclose(predicted["estimate"], fit.fitted(), rtol=1e-7, atol=EXACT)


@pytest.mark.parametrize("fit_model", FITS)
@given(seed=st.integers(0, 100))
@settings(parent=FEW, max_examples=2)
def test_simulated_data_give_the_parameters_back(fit_model, seed):
    data = groups(7, n_group=60, per_group=12)
    fit = fit_model(data)
    drawn = fit.simulate(1, seed=seed)[:, 0]
    response = {fit_binary: "z", fit_count: "c", fit_ordered: "o"}[fit_model]
    again = fit_model(data.assign(**{response: drawn}))
    assume(again.converged)
    # Five standard errors: one in a million such tests fails by chance.
    assert (np.abs(again.beta - fit.beta) < 5.0 * fit.std_error).all()
    error = np.sqrt(fit.parameter_cov[len(fit.beta), len(fit.beta)])
    assert abs(again.theta[0] - fit.theta[0]) < 5.0 * error
