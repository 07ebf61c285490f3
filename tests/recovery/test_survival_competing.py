"""Known truths recovered, and what the wrong methods do, with several causes."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.competing.cause_specific_regression import cause_specific
from rpcstats.survival.competing.cumulative_incidence import cumulative_incidence
from rpcstats.survival.competing.fine_gray_regression import fine_gray
from rpcstats.survival.competing.gray import gray_test
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier

pytestmark = pytest.mark.slow

REPETITIONS = 400
# Three binomial standard errors of 95 % coverage, or 5 % size, in so many repetitions.
COVERAGE = (0.917, 0.983)
SIZE = (0.017, 0.083)
# Three standard errors of a mean.
BIAS = 3.0
# Ignoring clusters covers far less than it says.
UNDER = 0.88


def fine_gray_sample(rng, n, beta, p=0.5, censor=1.0, site=None):
    """Draw times whose first sub-distribution hazard is proportional (Fine and Gray 1999)."""
    x = np.column_stack([rng.normal(size=n), rng.integers(0, 2, n)])
    eta = np.exp(x @ beta + (0 if site is None else site))
    first = rng.random(n) < 1 - (1 - p) ** eta
    u = rng.random(n)
    inside = 1 - (1 - u * (1 - (1 - p) ** eta)) ** (1 / eta)
    time = np.where(first, -np.log(1 - inside / p), rng.exponential(1.0, n))
    cause = np.where(first, 1, 2)
    stop = rng.exponential(1 / censor, n)
    frame = pd.DataFrame({"x": x[:, 0], "z": x[:, 1]})
    return frame.assign(time=np.minimum(time, stop), cause=np.where(time <= stop, cause, 0))


def test_fine_gray_recovers_ratios_curves_and_errors():
    beta, times = np.array([0.5, -0.4]), np.array([0.3, 0.8])
    new = pd.DataFrame({"x": [0.0, 1.0], "z": [0.0, 1.0]})
    factor = np.exp(new.to_numpy() @ beta)[:, None]
    truth = 1 - (1 - 0.5 * (1 - np.exp(-times))) ** factor
    estimates, covered, curves = [], [], []
    for seed in range(REPETITIONS):
        frame = fine_gray_sample(np.random.default_rng(seed), 300, beta)
        fit = fine_gray("Surv(time, cause) ~ x + z", frame, cause="1")
        table = fit.tidy()
        estimates.append(fit.beta)
        covered.append((table["conf_low"] <= beta) & (beta <= table["conf_high"]))
        found = fit.predict(new, times)
        curves.append((found.conf_low <= truth) & (truth <= found.conf_high))
    estimates = np.array(estimates)
    error = estimates.std(axis=0) / np.sqrt(REPETITIONS)
    # A small-sample bias of order 1 / n is allowed for.
    assert (np.abs(estimates.mean(axis=0) - beta) < BIAS * error + 0.01).all()
    assert (np.mean(covered, axis=0) > COVERAGE[0]).all()
    assert (np.mean(covered, axis=0) < COVERAGE[1]).all()
    assert (np.mean(curves, axis=0) > COVERAGE[0]).all()


def test_one_minus_kaplan_meier_overstates_and_the_incidence_does_not():
    truth = 0.4 / 1.0 * (1 - np.exp(-1.0))
    right, wrong, covered = [], [], []
    for seed in range(REPETITIONS):
        rng = np.random.default_rng(seed)
        n = 200
        time, stop = rng.exponential(1.0, n), rng.exponential(2.0, n)
        cause = np.where(rng.random(n) < 0.4, 1, 2)
        frame = pd.DataFrame(
            {"time": np.minimum(time, stop), "cause": np.where(time < stop, cause, 0)}
        )
        row = cumulative_incidence("Surv(time, cause) ~ 1", frame).at(1.0).iloc[0]
        right.append(row["estimate"])
        covered.append(row["conf_low"] <= truth <= row["conf_high"])
        km = kaplan_meier("Surv(time, event) ~ 1", frame.assign(event=frame["cause"] == 1))
        wrong.append(1 - km.at(1.0)["estimate"][0])
    error = np.std(right) / np.sqrt(REPETITIONS)
    assert abs(np.mean(right) - truth) < BIAS * error
    assert COVERAGE[0] < np.mean(covered) < COVERAGE[1]
    # It estimates what would happen were nobody to leave for the other reason.
    assert np.mean(wrong) == pytest.approx(1 - np.exp(-0.4), abs=0.02)
    assert np.mean(wrong) > truth + 0.05


def test_clusters_have_to_be_counted():
    covered = {"": [], " + cluster(site)": []}
    truth = np.mean(
        [
            _clustered(np.random.default_rng(10_000 + seed))["cause"].eq(1).mean()
            for seed in range(2000)
        ]
    )
    for seed in range(REPETITIONS):
        frame = _clustered(np.random.default_rng(seed))
        for text, hits in covered.items():
            fit = cumulative_incidence(f"Surv(time, cause) ~ 1{text}", frame)
            row = fit.at(5.0).iloc[0]
            hits.append(row["conf_low"] <= truth <= row["conf_high"])
    assert np.mean(covered[""]) < UNDER
    assert np.mean(covered[" + cluster(site)"]) > COVERAGE[0] - 0.02


def _clustered(rng, n_site=60, size=8):
    """Sites differ in how many leave for the first reason; nobody is censored before 5."""
    share = np.repeat(rng.beta(1.0, 1.5, n_site), size)
    n = n_site * size
    cause = np.where(rng.random(n) < share, 1, 2)
    return pd.DataFrame(
        {
            "time": rng.uniform(0, 5, n).round(2),
            "cause": cause,
            "site": np.repeat(np.arange(n_site), size),
        }
    )


def test_grays_test_keeps_its_size():
    rejected = []
    for seed in range(REPETITIONS):
        rng = np.random.default_rng(seed)
        n = 120
        g = rng.integers(0, 3, n)
        # The same incidence of the first cause, whatever the second one's timing.
        cause = np.where(rng.random(n) < 0.5, 1, 2)
        time = np.where(cause == 1, rng.integers(1, 8, n), rng.integers(1, 4 + 2 * g, n))
        frame = pd.DataFrame({"time": time, "cause": cause, "g": g})
        frame.loc[rng.random(n) < 0.15, "cause"] = 0
        rejected.append(gray_test("Surv(time, cause) ~ g", frame, cause="1").p_value[0] < 0.05)
    assert np.mean(rejected) < SIZE[1]


def test_joint_predictions_cover():
    new, times = pd.DataFrame({"x": [1.0]}), [0.5]
    rates = np.array([0.6 * np.exp(0.5), 0.8 * np.exp(-0.3)])
    truth = rates / rates.sum() * (1 - np.exp(-0.5 * rates.sum()))
    covered = []
    for seed in range(REPETITIONS):
        rng = np.random.default_rng(seed)
        n = 250
        x = rng.normal(size=n)
        draws = np.stack(
            [
                rng.exponential(1 / (0.6 * np.exp(0.5 * x))),
                rng.exponential(1 / (0.8 * np.exp(-0.3 * x))),
                rng.exponential(1.5, n),
            ]
        )
        cause = np.array([1, 2, 0])[draws.argmin(axis=0)]
        frame = pd.DataFrame({"x": x, "time": draws.min(axis=0), "cause": cause})
        found = cause_specific("Surv(time, cause) ~ x", frame).predict(new, times)
        covered.append((found.conf_low[:, 0] <= truth) & (truth <= found.conf_high[:, 0]))
    assert (np.mean(covered, axis=0) > COVERAGE[0]).all()
    assert (np.mean(covered, axis=0) < COVERAGE[1]).all()
