"""Covariates and offsets far from zero: the same model, whatever the origin of a scale."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import ConvergenceWarning, DataError
from rpcstats.mixed import clmm, glmm, icc

# A covariate 1e4 standard deviations from zero takes four of sixteen digits.
TOLERANCE = 1e-7
N = 300


def make_data(shift=0.0):
    rng = np.random.default_rng(5)
    g, h = rng.integers(0, 20, N), np.arange(N) % 9
    x = rng.normal(size=N)
    eta = 0.6 * x + rng.normal(size=20)[g] + 0.5 * rng.normal(size=20)[g] * x
    eta += 0.5 * rng.normal(size=9)[h]
    latent = eta + rng.logistic(size=N)
    counts = rng.poisson(np.exp(0.4 * eta))
    ordered = np.digitize(latent, [-1.0, 0.5, 2.0])
    columns = {"o": ordered, "z": (latent > 0.0) * 1, "c": counts, "x": x + shift, "g": g, "h": h}
    return pd.DataFrame(columns)


def fit_ordered(data, random, **options):
    return clmm(f"o ~ x + {random}", data, **options)


def fit_binary(data, random, **options):
    return glmm(f"z ~ x + {random}", data, **options)


def fit_counts(data, random, **options):
    return glmm(f"c ~ x + {random}", data, family="poisson", **options)


def constants(fit):
    """Thresholds, or the intercept with the sign of one."""
    return fit.thresholds if len(fit.thresholds) else -fit.beta[:1]


@pytest.mark.parametrize("shift", [-300.0, 2020.0, 1e4])
@pytest.mark.parametrize("fit_model", [fit_ordered, fit_binary, fit_counts])
@pytest.mark.parametrize("random", ["(1 | g)", "(1 | g) + (1 | h)", "(x | g)", "(x | g) + (1 | h)"])
def test_the_origin_of_a_covariate_is_nothing(fit_model, random, shift):
    near, far = fit_model(make_data(), random), fit_model(make_data(shift), random)
    assert near.optimum.converged
    assert far.optimum.converged
    assert far.deviance == pytest.approx(near.deviance, abs=TOLERANCE)
    assert far.beta[-1] == pytest.approx(near.beta[-1], rel=TOLERANCE)
    slope = near.beta[-1]
    assert constants(far) == pytest.approx(constants(near) + shift * slope, rel=TOLERANCE)
    # standard errors come from differences of the gradient, which are good to six digits
    assert far.std_error[-1] == pytest.approx(near.std_error[-1], rel=1e-6)


@pytest.mark.parametrize("thresholds", ["flexible", "equidistant", "symmetric"])
@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_every_structure_of_thresholds_takes_up_a_mean(link, thresholds):
    near, far = (
        fit_ordered(make_data(shift), "(1 | g)", link=link, thresholds=thresholds)
        for shift in (0.0, 1e3)
    )
    assert far.deviance == pytest.approx(near.deviance, abs=TOLERANCE)
    assert far.thresholds == pytest.approx(near.thresholds + 1e3 * near.beta[0], rel=TOLERANCE)


def test_errors_of_thresholds_are_those_of_the_covariate_as_it_is():
    near, far = (fit_ordered(make_data(shift), "(1 | g)") for shift in (0.0, 30.0))
    first, size = near.frame.n_theta + 1, len(near.thresholds)
    J, K = (fit.response.ordered.alpha_jacobian(fit.extra) for fit in (near, far))
    joint = np.zeros((size, len(near.parameter_cov)))
    joint[:, first:], joint[:, 0] = J, 30.0  # α + 30 β
    expected = joint @ near.parameter_cov @ joint.T
    found = K @ far.extra_cov @ K.T
    assert found == pytest.approx(expected, rel=1e-5)
    table = far.tidy()
    errors = table.loc[table["component"] == "threshold", "std_error"]
    assert errors.to_numpy() == pytest.approx(np.sqrt(np.diag(expected)), rel=1e-5)


def test_means_and_draws_do_not_know_the_origin():
    near, far = (fit_ordered(make_data(shift), "(1 | g)") for shift in (0.0, 1e4))
    assert far.fitted() == pytest.approx(near.fitted(), abs=TOLERANCE)
    assert far.predict(level="population")["estimate"].to_numpy() == pytest.approx(
        near.predict(level="population")["estimate"].to_numpy(), abs=TOLERANCE
    )


@pytest.mark.parametrize("offset", [-800.0, 500.0, 1e4])
@pytest.mark.parametrize("fit_model", [fit_ordered, fit_binary, fit_counts])
@pytest.mark.parametrize("random", ["(1 | g)", "(1 | g) + (1 | h)"])
def test_a_constant_offset_moves_the_constants_alone(fit_model, random, offset):
    near = fit_model(make_data(), random)
    far = fit_model(make_data(), random, offset=np.full(N, offset))
    assert far.optimum.converged
    assert far.deviance == pytest.approx(near.deviance, abs=TOLERANCE)
    assert constants(far) == pytest.approx(constants(near) + offset, rel=TOLERANCE)
    assert far.beta[-1] == pytest.approx(near.beta[-1], rel=1e-6)


@pytest.mark.parametrize("random", ["(1 | g)", "(1 | g) + (1 | h)"])
@pytest.mark.parametrize("offset", [500.0, 2000.0])
def test_an_impossible_offset_is_told_in_words(random, offset):
    # mean counts of 1e217 in one row, 0 or 1 seen there
    offsets = np.where(np.arange(N) == 3, offset, 0.0)
    with pytest.raises((ConvergenceWarning, DataError), match="search"):
        fit_counts(make_data(), random, offset=offsets)


@pytest.mark.parametrize("shift", [1e5, 1e8])
def test_the_intraclass_correlation_of_counts_does_not_know_the_origin(shift):
    near, far = (icc(fit_counts(make_data(at), "(1 | g)")) for at in (0.0, shift))
    # a double holds a linear predictor to 16 digits less those of the shift
    assert far.estimate == pytest.approx(near.estimate, rel=1e-5)
    # a covariance holds twice as many digits of the shift: 1e-16 times 1e8 squared is all of them
    assert far.std_error == pytest.approx(near.std_error, rel=1e-3 if shift < 1e6 else 0.1)
