"""Checks of Cox models on drawn data: size, power and coverage."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rpcstats.survival.cox_checks.concordance import concordance_index
from rpcstats.survival.cox_checks.proportional_hazards import proportional_hazards
from rpcstats.survival.cox_regression import cox

pytestmark = pytest.mark.slow

RUNS = 400
# Monte Carlo error of a share of 0.05 in 400 runs is 0.011; three of them.
SIZE = (0.017, 0.083)
# Families of eight whose hazards and covariate go together: the plain test must reject too often.
TOO_OFTEN = 0.10
POWER = 0.8
# 0.95 with three Monte Carlo errors.
COVERAGE = (0.917, 0.983)


def draw(rng, *, families=0, drift=0.0, n=400):
    """Weeks until leaving; the log hazard ratio changes by `drift` after week 5."""
    size = 8 if families else 1
    family = np.arange(n) // size
    x = rng.integers(0, 2, n // size)[family] if families else rng.integers(0, 2, n)
    # A family leaves early or late together: its clock is shared, its mean hazard is not changed.
    u = rng.uniform(size=n)
    if families:
        z = 0.8 * rng.normal(size=n // size)[family] + 0.6 * rng.normal(size=n)
        u = stats.norm.cdf(z)
    early = 0.1 * np.exp(0.5 * x)
    late = 0.1 * np.exp((0.5 + drift) * x)
    target = -np.log(u)
    time = np.where(target < 5 * early, target / early, 5 + (target - 5 * early) / late)
    end = rng.uniform(5, 25, n)
    return pd.DataFrame(
        {
            "time": np.ceil(np.minimum(time, end)),
            "event": (time <= end).astype(int),
            "x": x,
            "family": family,
        }
    )


def rejections(formula, options, **drawing):
    rng = np.random.default_rng(11)
    found = [
        proportional_hazards(cox(formula, draw(rng, **drawing)), **options).p_value[-1] < 0.05
        for _ in range(RUNS)
    ]
    return float(np.mean(found))


def test_size_and_power():
    plain = "Surv(time, event) ~ x"
    assert SIZE[0] < rejections(plain, {}) < SIZE[1]
    assert rejections(plain, {}, drift=-1.2) > POWER


def test_families_need_the_robust_test():
    clustered = "Surv(time, event) ~ x + cluster(family)"
    assert rejections(clustered, {}, families=50) > TOO_OFTEN
    assert SIZE[0] < rejections(clustered, {"robust": True}, families=50) < SIZE[1]


@pytest.mark.parametrize("options", [{}, {"pair_weights": "uno", "tau": 15}])
def test_coverage_of_concordance(options):
    """Against the mean of large samples; for Uno's, without censoring before tau."""
    rng = np.random.default_rng(12)

    def sample(n, *, censored=True):
        x = rng.normal(size=n)
        time = rng.exponential(10 * np.exp(-0.7 * x))
        end = rng.uniform(5, 25, n) if censored else np.full(n, 1e3)
        return pd.DataFrame(
            {"time": np.minimum(time, end), "event": (time <= end).astype(int), "x": x}
        )

    whole = sample(400_000, censored=not options)
    truth = concordance_index("Surv(time, event) ~ x", whole, tau=options.get("tau")).estimate[0]
    found = [
        concordance_index("Surv(time, event) ~ x", sample(250), **options).tidy()
        for _ in range(RUNS)
    ]
    covered = [table["conf_low"][0] <= truth <= table["conf_high"][0] for table in found]
    assert COVERAGE[0] < np.mean(covered) < COVERAGE[1]
