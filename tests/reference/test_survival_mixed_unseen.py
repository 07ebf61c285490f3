"""Cox models with random effects in unseen combinations, against R: mixed_unseen.json."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.cox_regression import cox

# R's Newton steps rest on numerical derivatives, which leave 1e-8 of θ and of what moves with it.
SEARCHED = 1e-6
# At an optimum an error of θ enters squared.
LOG_LIK = 1e-10
# At a variance given nothing is searched for but modes, which R takes to 1e-9.
GIVEN = 1e-8
# A spread of 0 is 1e-10 or so where a numerical search ends.
ZERO = 1e-9

RIGHT, LATE = "Surv(time, event) ~ ", "Surv(entry, time, event) ~ "
NORMAL = {
    "nested": (RIGHT + "x + trt + (1 | g/h)", {}),
    "nested_late": (LATE + "x + offset(known) + (1 | g/h)", {"ties": "breslow"}),
    "three_crossed": (RIGHT + "x + trt + (1 | g) + (1 | k) + (1 | g:h)", {"weights": "w"}),
    "slope_strata": (LATE + "z + trt + strata(s) + (z | g)", {}),
    "slope_weights": (
        RIGHT + "z + x + offset(known) + (z | g)",
        {"ties": "breslow", "weights": "w"},
    ),
    "slope_alone": (RIGHT + "z + (0 + z | g)", {}),
    "slope_and_crossed": (RIGHT + "z + (z | g) + (1 | k)", {}),
    "three_effects": (RIGHT + "x + z + (x + z | g)", {}),
    "sparse": (RIGHT + "x + trt + (1 | many)", {}),
    "sparse_alone": (RIGHT + "(1 | many)", {"ties": "breslow", "weights": "w"}),
    "sparse_slope": (RIGHT + "z + (z | many)", {}),
    "second_dense": (RIGHT + "x + (1 | k) + (1 | many)", {}),
    "left_out": (RIGHT + "x + trt + twice + f + (1 | g)", {}),
}
GAMMA = {
    "gamma_weights": (LATE + "x + trt + offset(known) + frailty(g)", {"weights": "w"}),
    "gamma_many": (RIGHT + "x + strata(s) + frailty(many)", {"ties": "breslow"}),
    "gamma_given": (RIGHT + "x + z + strata(s) + frailty(g, h)", {"weights": "w", "theta": 1.5}),
}


@pytest.fixture(scope="module")
def cases(pinned):
    return pinned("survival/mixed_unseen")


@pytest.fixture(scope="module")
def rows(cases):
    return pd.DataFrame(cases["data"])


def test_every_case_is_compared(cases):
    assert set(cases) == {"data", *NORMAL, *GAMMA}


@pytest.mark.parametrize("name", NORMAL)
def test_normal_effects(rows, cases, name):
    formula, options = NORMAL[name]
    data, case = rows, cases[name]
    if name == "left_out":
        data = _with_gaps(rows)
    fit = cox(formula, data, **options)
    assert fit.converged
    _agree(fit, case, SEARCHED)
    np.testing.assert_allclose(
        _covariance(fit), _theirs(fit, case["theta"]), rtol=10 * SEARCHED, atol=ZERO
    )
    assert fit.glance()["df_penalised"][0] == pytest.approx(case["df"][0], rel=SEARCHED)


@pytest.mark.parametrize("name", GAMMA)
def test_gamma_frailties(rows, cases, name):
    formula, options = GAMMA[name]
    fit = cox(formula, rows, **options)
    assert fit.converged
    _agree(fit, cases[name], GIVEN if "theta" in options else SEARCHED)
    assert fit.theta[0] == pytest.approx(cases[name]["theta"][0], rel=SEARCHED)


def _with_gaps(rows):
    """Keep in a column with gaps what R left out, and a category that nobody has."""
    data = rows.copy()
    data.loc[np.arange(1, len(data) + 1) % 9 == 0, "x"] = np.nan
    data["f"] = pd.Categorical(data["f"], ["u", "nobody", "v", "w"])
    return data


def _agree(fit, case, digits):
    assert fit.log_lik == pytest.approx(case["log_lik"][0], rel=LOG_LIK)
    for ours, theirs in (("log_lik_penalised", "penalised"), ("log_lik_partial", "partial")):
        assert getattr(fit, ours) == pytest.approx(case[theirs][0], rel=digits)
    modes = fit.conditional_modes()
    b, b_se = [], []
    for levels, mean, cov in zip(modes.levels, modes.estimate, modes.covariance, strict=True):
        order = np.argsort(np.array(levels))
        b.append(mean[order].T.ravel())
        b_se.append(np.sqrt(np.diagonal(cov, axis1=1, axis2=2))[order].T.ravel())
    np.testing.assert_allclose(np.concatenate(b), case["b"], rtol=10 * digits, atol=10 * digits)
    np.testing.assert_allclose(np.concatenate(b_se), case["b_se"], rtol=10 * digits, atol=ZERO)
    if len(fit.beta):
        size = np.sqrt(np.diag(np.reshape(case["vcov"], fit.cov.shape)))
        np.testing.assert_allclose(fit.beta / size, np.array(case["coef"]) / size, atol=digits)
        np.testing.assert_allclose(fit.cov.ravel(), case["vcov"], rtol=10 * digits, atol=1e-9)


def _covariance(fit):
    return np.concatenate([(L @ L.T).ravel() for L in fit.factors()])


def _theirs(fit, theta):
    """Fill R's loadings column by column, as those of the fit."""
    found, first = [], 0
    for block in fit.blocks:
        L = block.factor(np.array(theta[first : first + block.n_theta]))
        found.append((L @ L.T).ravel())
        first += block.n_theta
    return np.concatenate(found)
