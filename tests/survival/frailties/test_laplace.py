"""Normal random effects: Laplace's formula by brute force, and its gradient."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from rpcstats.survival.cox_regression import cox
from rpcstats.survival.frailties._gaussian_fit import gaussian_problem

# Second differences of a log-likelihood of order 10 with steps of 1e-3.
BY_DIFFERENCES = 1e-6
GRADIENT = 1e-6
SAME = 1e-7

ROWS = pd.DataFrame(
    {
        "time": [2.0, 3.0, 5.0, 5.0, 1.0, 3.0, 4.0, 6.0, 3.0, 5.0],
        "event": [1, 1, 1, 0, 0, 1, 1, 0, 1, 1],
        "x": [0.5, -1.0, 0.3, 0.0, 1.2, 0.4, -0.7, 0.1, 0.2, -0.4],
        "g": list("aaaabbbbcc"),
    }
)


def partial(beta, b, ties):
    """Write the log partial likelihood out."""
    eta = beta * ROWS["x"].to_numpy() + b[pd.factorize(ROWS["g"])[0]]
    time, event, total = ROWS["time"].to_numpy(), ROWS["event"].to_numpy() == 1, 0.0
    for t in np.unique(time[event]):
        tied = (time == t) & event
        d = int(tied.sum())
        for j in range(d):
            part = j / d if ties == "efron" else 0.0
            risk = np.exp(eta[time >= t]).sum() - part * np.exp(eta[tied]).sum()
            total -= np.log(risk)
        total += eta[tied].sum()
    return total


def by_hand(variance, ties):
    def minus(z):
        return -partial(z[0], z[1:], ties) + 0.5 * z[1:] @ z[1:] / variance

    found = optimize.minimize(minus, np.zeros(4), method="BFGS", options={"gtol": 1e-9})
    z, h = found.x, 1e-3
    step = np.eye(4)[1:] * h
    H = np.array(
        [
            [
                (minus(z + a + b) - minus(z + a - b) - minus(z - a + b) + minus(z - a - b))
                / (4.0 * h * h)
                for b in step
            ]
            for a in step
        ]
    )
    integrated = -minus(z) - 0.5 * (3.0 * np.log(variance) + np.linalg.slogdet(H)[1])
    return z[0], integrated


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("variance", [0.2, 1.0])
def test_three_groups_by_brute_force(ties, variance):
    fit = cox("Surv(time, event) ~ x + (1 | g)", ROWS, ties=ties)
    columns = fit.estimation.columns
    problem = gaussian_problem(columns, fit.blocks, np.zeros(1), full=True)
    theta = np.array([np.sqrt(variance)])
    beta, integrated = by_hand(variance, ties)
    assert -0.5 * problem.evaluate(theta).deviance == pytest.approx(integrated, abs=BY_DIFFERENCES)
    found = problem.find(theta).beta / columns.scale
    assert found[0] == pytest.approx(beta, abs=BY_DIFFERENCES)


@pytest.mark.parametrize(
    "random",
    ["(1 | f/g)", "(1 | g) + (1 | f)", "(1 + z | g)", "(1 + z || f)", "(1 | f) + (0 + z | g)"],
)
@pytest.mark.parametrize("full", [True, False])
def test_the_gradient_is_that_of_the_deviance(sample, random, full):
    data = sample(500, 60, late=True, strata=2)
    fit = cox(f"Surv(entry, time, event) ~ x + strata(s) + {random}", data)
    problem = gaussian_problem(fit.estimation.columns, fit.blocks, np.zeros(1), full=full)
    theta = np.linspace(0.3, 0.6, len(fit.theta))
    found, h = problem.evaluate(theta), 1e-4
    for j, move in enumerate(h * np.eye(len(theta))):
        up, down = (problem.evaluate(theta + s * move, order=0).deviance for s in (1, -1))
        assert found.gradient[j] == pytest.approx((up - down) / (2 * h), abs=GRADIENT * 10)


def test_the_ways_of_holding_the_curvature_agree(sample):
    """With 12 weeks and 200 groups the low-rank way is taken; a wall of rows leads to another."""
    data = sample(600, 220, seed=2)
    fit = cox("Surv(time, event) ~ x + (1 | g)", data).refit(curvature="full")
    assert fit.estimation.plan.low_rank
    columns, theta = fit.estimation.columns, fit.theta
    dense = gaussian_problem(columns, fit.blocks, np.zeros(1), full=True)
    dense.plan = type(dense.plan)(columns, dense.plan.alone, 0, None, False)
    deviance = dense.evaluate(theta, order=0).deviance
    assert deviance == pytest.approx(-2.0 * fit.log_lik, abs=SAME)
    crossed = cox("Surv(time, event) ~ x + (1 | g) + (1 | f)", data).refit(curvature="full")
    assert crossed.estimation.plan.low_rank
    columns = crossed.estimation.columns
    dense = gaussian_problem(columns, crossed.blocks, np.zeros(1), full=True)
    dense.plan = type(dense.plan)(columns, dense.plan.alone, 0, None, False)
    deviance = dense.evaluate(crossed.theta, order=0).deviance
    assert deviance == pytest.approx(-2.0 * crossed.log_lik, abs=SAME)
    modes = crossed.conditional_modes()
    blocks = dense.modes(crossed.theta)
    for ours, theirs in zip(modes.covariance, blocks, strict=True):
        np.testing.assert_allclose(ours, theirs.covariance, atol=SAME)


def test_a_nested_factor_is_the_crossing_written_out(sample):
    data = sample(300, 12)
    data["both"] = data["f"].astype(str) + "-" + data["g"].astype(str)
    nested = cox("Surv(time, event) ~ x + (1 | f/g)", data)
    written = cox("Surv(time, event) ~ x + (1 | f) + (1 | both)", data)
    assert nested.log_lik == pytest.approx(written.log_lik, abs=SAME)
    assert nested.beta == pytest.approx(written.beta, abs=1e-5)
