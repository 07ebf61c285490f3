"""Parametric models on drawn data: bias, coverage, and the cured fraction."""

import numpy as np
import pandas as pd
import pytest
from scipy import special

from rpcstats.survival.parametric.cure_model import cure_model
from rpcstats.survival.parametric.royston_parmar import royston_parmar
from rpcstats.survival.parametric.survreg import survreg
from rpcstats.survival.parametric.turnbull import turnbull

pytestmark = pytest.mark.slow

RUNS = 400
# 0.95 with three Monte Carlo errors of 400 runs.
COVERAGE = (0.917, 0.983)
# Bias in standard errors: three Monte Carlo errors are 0.15, and small samples are biased.
BIAS = 0.3
# Taking groups of eight as independent must cover clearly too little.
UNDER = 0.90
# Largest distance of the estimate from the truth with 4,000 people, in probability.
DISTANCE = 0.05

ERRORS = {
    "weibull": lambda rng, n: np.log(rng.exponential(size=n)),
    "lognormal": lambda rng, n: rng.normal(size=n),
    "loglogistic": lambda rng, n: rng.logistic(size=n),
}
TRUTH = np.array([1.5, 0.4, -0.5, np.log(0.6)])


def draw(rng, dist, *, n=200, groups=0):
    """Weeks until leaving: log time is 1.5 + 0.4 x - 0.5 online + 0.6 error."""
    x = rng.normal(size=n)
    online = rng.integers(0, 2, n).astype(float)
    group = np.arange(n) // 8
    if groups:
        x = rng.normal(size=n // 8)[group]
    log_time = 1.5 + 0.4 * x - 0.5 * online + 0.6 * ERRORS[dist](rng, n)
    if groups:
        log_time += 0.6 * rng.normal(size=n // 8)[group]
    left = rng.uniform(3, 20, n)
    time = np.exp(log_time)
    return pd.DataFrame(
        {
            "time": np.minimum(time, left),
            "event": (time <= left).astype(int),
            "x": x,
            "online": online,
            "group": group,
        }
    )


def coverage(fit_one, truth):
    """Share of 95 % intervals that hold the truth, and bias in standard errors."""
    rng = np.random.default_rng(21)
    held, bias = [], []
    for _ in range(RUNS):
        coef, error = fit_one(rng)
        bias.append((coef - truth) / error)
        held.append(np.abs(coef - truth) <= 1.96 * error)
    return np.mean(held, axis=0), np.mean(bias, axis=0)


@pytest.mark.parametrize("dist", ERRORS)
@pytest.mark.parametrize("seen", ["exactly", "late", "at visits"])
def test_intervals_cover_and_estimates_are_not_biased(dist, seen):
    def fit_one(rng):
        d = draw(rng, dist)
        left = "time, event"
        if seen == "late":
            # Those who left before they could have entered are never seen.
            d = draw(rng, dist, n=300).assign(entry=rng.uniform(0, 3, 300))
            d, left = d[d["entry"] < d["time"]], "entry, time, event"
        elif seen == "at visits":
            lower = np.where(d["event"] == 1, np.floor(d["time"] / 2) * 2, d["time"])
            upper = np.where(d["event"] == 1, np.floor(d["time"] / 2) * 2 + 2, np.inf)
            d, left = d.assign(lower=lower, upper=upper), "lower, upper, type='interval2'"
        fit = survreg(f"Surv({left}) ~ x + online", d, dist=dist)
        return fit.coef, fit.std_error

    held, bias = coverage(fit_one, TRUTH)
    assert (held[:3] > COVERAGE[0]).all()
    assert (held[:3] < COVERAGE[1]).all()
    # The log scale is biased downwards in small samples: as in every regression by likelihood.
    assert (np.abs(bias[:3]) < BIAS).all()


def test_groups_taken_as_independent_cover_too_little():
    def fit_one(robust):
        def one(rng):
            d = draw(rng, "lognormal", n=800, groups=100)
            form = "Surv(time, event) ~ x + online" + (" + cluster(group)" if robust else "")
            fit = survreg(form, d, dist="lognormal")
            return fit.coef[1:2], fit.std_error[1:2]

        return one

    assert coverage(fit_one(False), TRUTH[1:2])[0][0] < UNDER
    assert coverage(fit_one(True), TRUTH[1:2])[0][0] > COVERAGE[0]


def test_a_spline_finds_hazard_ratios_whatever_the_baseline():
    def fit_one(rng):
        n = 300
        online = rng.integers(0, 2, n).astype(float)
        # The hazard falls, then rises: 0.3 up to week 2, 0.05 up to week 8, then 0.4.
        target = rng.exponential(size=n) / np.exp(0.7 * online)
        time = np.select(
            [target < 0.6, target < 0.9],
            [target / 0.3, 2 + (target - 0.6) / 0.05],
            8 + (target - 0.9) / 0.4,
        )
        left = rng.uniform(4, 20, n)
        d = pd.DataFrame(
            {"time": np.minimum(time, left), "event": (time <= left) * 1, "online": online}
        )
        fit = royston_parmar("Surv(time, event) ~ online", d, df=7)
        return fit.coef[-1:], fit.std_error[-1:]

    held, bias = coverage(fit_one, np.array([0.7]))
    assert COVERAGE[0] < held[0] < COVERAGE[1]
    assert abs(bias[0]) < BIAS


def test_the_cured_fraction_is_found():
    truth = np.array([-0.8, 0.9])

    def fit_one(rng):
        n = 400
        online = rng.integers(0, 2, n).astype(float)
        never = rng.random(n) < special.expit(truth[0] + truth[1] * online)
        time = np.where(never, np.inf, np.exp(1 + 0.5 * np.log(rng.exponential(size=n))))
        left = rng.uniform(6, 25, n)
        d = pd.DataFrame(
            {"time": np.minimum(time, left), "event": (time <= left) * 1, "online": online}
        )
        fit = cure_model("Surv(time, event) ~ 1", d, cure="~ online")
        return fit.coef[:2], fit.std_error[:2]

    held, bias = coverage(fit_one, truth)
    assert (held > COVERAGE[0]).all()
    assert (held < COVERAGE[1]).all()
    assert (np.abs(bias) < BIAS).all()


def test_turnbull_finds_the_distribution():
    rng = np.random.default_rng(4)
    n = 4000
    time = rng.weibull(1.4, n) * 6
    visits = np.cumsum(rng.exponential(2.5, (n, 8)), axis=1)
    last = (visits < time[:, None]).sum(axis=1)
    padded = np.column_stack([np.zeros(n), visits, np.full(n, np.inf)])
    d = pd.DataFrame({"lower": padded[np.arange(n), last], "upper": padded[np.arange(n), last + 1]})
    fit = turnbull("Surv(lower, upper, type='interval2') ~ 1", d)
    at = fit.at([1.0, 3.0, 5.0, 8.0])
    middle = (at["lowest"] + at["highest"]) / 2
    truth = np.exp(-((np.array([1.0, 3.0, 5.0, 8.0]) / 6) ** 1.4))
    assert np.abs(middle - truth).max() < DISTANCE
