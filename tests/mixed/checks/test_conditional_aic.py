"""Conditional AIC: by hand, against derivatives by refits, and on the boundary."""

from dataclasses import replace

import numpy as np
import pytest

from rpcstats import conditional_aic
from rpcstats.errors import ParameterError
from rpcstats.mixed import lmm
from rpcstats.mixed.estimate_linear import estimate_linear

# Central differences of refits whose search ends within 1e-8 standard errors.
DIFFERENCES = 1e-6


def degrees_by_refits(fit):
    """Σ ∂ŷ_i/∂y_i, every derivative from two fits to moved data."""
    h, total = 1e-3 * fit.sigma, 0.0
    for i in range(fit.n_obs):
        moved = np.zeros(fit.n_obs)
        moved[i] = h
        above, below = (
            estimate_linear(
                replace(fit.frame, y=fit.frame.y + sign * moved), fit.method, fit.theta
            ).fitted()[i]
            for sign in (1.0, -1.0)
        )
        total += (above - below) / (2.0 * h)
    return total


@pytest.mark.parametrize("method", ["ml", "reml"])
@pytest.mark.parametrize(
    ("data", "formula"),
    [
        ("Dyestuff", "Yield ~ 1 + (1 | Batch)"),
        ("Pastes", "strength ~ 1 + (1 | batch/cask)"),
        ("Orthodont", "distance ~ age + (age | Subject)"),
    ],
)
def test_all_degrees_of_freedom_are_those_of_refits(mixed_data, data, formula, method):
    fit = lmm(formula, mixed_data(data), method=method)
    found = conditional_aic(fit)
    assert found.correction > 0.0
    assert found.rho + found.correction == pytest.approx(degrees_by_refits(fit), rel=DIFFERENCES)


def test_weights_and_offset(mixed_data):
    frame, weights = mixed_data("sleepstudy"), mixed_data("sleepstudy_weights")["w"]
    fit = lmm("Reaction ~ Days + (1 | Subject)", frame, weights=weights, offset="Days")
    found = conditional_aic(fit)
    assert found.rho + found.correction == pytest.approx(degrees_by_refits(fit), rel=DIFFERENCES)
    w, r = fit.frame.weights, fit.residuals()
    density = -0.5 * np.log(2.0 * np.pi * fit.sigma**2 / w) - 0.5 * w * (r / fit.sigma) ** 2
    assert found.log_lik == pytest.approx(density.sum(), rel=1e-12)


def test_balanced_one_way_by_hand(mixed_data):
    """In a balanced one-way layout ŷ is a mean drawn to the grand mean."""
    fit = lmm("Yield ~ 1 + (1 | Batch)", mixed_data("Dyestuff"))
    share = 5.0 * fit.theta[0] ** 2 / (1.0 + 5.0 * fit.theta[0] ** 2)
    found = conditional_aic(fit)
    assert found.rho == pytest.approx(1.0 + 5.0 * share, rel=1e-10)
    assert found.caic == pytest.approx(
        -2.0 * found.log_lik + 2.0 * (found.rho + found.correction + 1.0), rel=1e-12
    )
    assert found.tidy()["df"].item() == pytest.approx(found.rho + found.correction + 1.0)


def test_a_variance_of_zero_leaves_least_squares(mixed_data):
    fit = lmm("Yield ~ 1 + (1 | Batch)", mixed_data("Dyestuff2"), method="ml")
    found = conditional_aic(fit)
    assert found.rho == pytest.approx(1.0, abs=1e-10)
    assert found.correction == 0.0
    assert found.caic == pytest.approx(fit.deviance + 4.0, rel=1e-10)


def test_residual_structure_counts_its_parameters(mixed_data):
    frame = mixed_data("Orthodont")
    fit = lmm("distance ~ age * Sex + (1 | Subject)", frame, residual_variance="Sex")
    found = conditional_aic(fit)
    r, sd = fit.residuals(), fit.residual.std_dev[fit.residual.rows.codes]
    density = -0.5 * np.log(2.0 * np.pi * sd**2) - 0.5 * (r / sd) ** 2
    assert found.log_lik == pytest.approx(density.sum(), rel=1e-12)
    assert found.n_residual == 2
    assert np.isnan(found.correction)
    assert 4.0 < found.rho < 4.0 + 27.0
    assert "taken as known" in str(found)


def test_other_models_are_refused(cbpp):
    with pytest.raises(ParameterError, match="linear models"):
        conditional_aic(cbpp)
