"""Curves, tests and adjusted means find what was put in, and honest errors cover it."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival import kaplan_meier, logrank, nelson_aalen, rmst_difference
from rpcstats.survival.nonparametric.rmst_adjusted import rmst_adjusted

ROUNDS = 400
# Four standard errors of a share near 0.95 or 0.05 in 400 rounds.
SLACK = 4 * np.sqrt(0.05 * 0.95 / ROUNDS)
# With clusters of 20 and a shared effect, ignoring them rejects far more often than 1 in 20.
FAR_TOO_OFTEN = 0.15
BANDS = ("hall-wellner", "equal-precision")
SAMPLES = 500
BY_MODE = "Surv(time, event) ~ mode"


def clustered(rng, n_group=60, size=20):
    group = np.repeat(np.arange(n_group), size)
    mode = np.where(group % 2, "hall", "online")
    time = rng.exponential(4, n_group * size) * np.exp(rng.normal(0, 0.6, n_group))[group]
    censor = rng.uniform(2, 10, n_group * size)
    return pd.DataFrame(
        {
            "time": np.ceil(np.minimum(time, censor)),
            "event": (time <= censor).astype(int),
            "mode": mode,
            "group": group,
        }
    )


@pytest.mark.slow
def test_clustered_tests_keep_their_level_and_plain_ones_do_not():
    rng = np.random.default_rng(21)
    rejected = np.zeros(3)
    for _ in range(ROUNDS):
        frame = clustered(rng)
        plain = logrank(BY_MODE, frame)
        robust = logrank(f"{BY_MODE} + cluster(group)", frame)
        table = rmst_difference(f"{BY_MODE} + cluster(group)", frame, tau=6).tidy()
        rejected += np.array([plain.p_value, robust.p_value, table["p_value"][0]]) < 0.05
    shares = rejected / ROUNDS
    assert shares[0] > FAR_TOO_OFTEN
    assert (shares[1:] < 0.05 + SLACK).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", BANDS)
def test_bands_hold_the_whole_curve_and_pointwise_limits_do_not(kind):
    rng = np.random.default_rng(22)
    held = np.zeros(2)
    for _ in range(ROUNDS):
        time, censor = rng.exponential(1, 200), rng.exponential(3, 200)
        frame = pd.DataFrame(
            {"time": np.minimum(time, censor), "event": (time <= censor).astype(int)}
        )
        fit = kaplan_meier("Surv(time, event) ~ 1", frame)
        band = fit.bands(kind, first=0.1, last=1.5).tidy()
        points = fit.tidy().merge(band[["time"]], on="time")
        for place, table in enumerate((band, points)):
            true = np.exp(-table["time"])
            # Just before each step the curve still has its last height.
            before = np.exp(-table["time"].shift(-1).fillna(table["time"].iloc[-1]))
            held[place] += ((table["conf_low"] <= before) & (true <= table["conf_high"])).all()
    shares = held / ROUNDS
    assert abs(shares[0] - 0.95) < SLACK + 0.02
    assert shares[1] < 0.8


@pytest.mark.slow
def test_bands_hold_the_whole_cumulative_hazard():
    rng = np.random.default_rng(24)
    wanted = [(kind, scale) for kind in BANDS for scale in ("log", "plain", "arcsine")]
    held = np.zeros(len(wanted))
    points = 0
    for _ in range(SAMPLES):
        time, censor = rng.exponential(1, 800), rng.exponential(3, 800)
        frame = pd.DataFrame(
            {"time": np.minimum(time, censor), "event": (time <= censor).astype(int)}
        )
        fit = nelson_aalen("Surv(time, event) ~ 1", frame)
        for place, (kind, scale) in enumerate(wanted):
            band = fit.bands(kind, first=0.1, last=1.5, conf_type=scale).tidy()
            held[place] += holds_the_time(band)
        points += holds_the_time(fit.tidy().merge(band[["time"]], on="time"))
    shares = held / SAMPLES
    assert np.abs(shares - 0.95).max() < 3 * np.sqrt(0.05 * 0.95 / SAMPLES)
    assert points / SAMPLES < 0.8


def holds_the_time(table):
    """Tell whether limits hold a cumulative hazard that is time itself, up to each next step."""
    time = table["time"].to_numpy()
    until = np.append(time[1:], time[-1])
    return (table["conf_low"] <= time).all() and (until <= table["conf_high"]).all()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["pseudo", "weighting"])
def test_adjusted_differences_cover_the_truth_and_crude_ones_do_not(method):
    rng = np.random.default_rng(23)

    def times(age, mode):
        return rng.exponential(np.exp(0.5 + 0.3 * mode - 0.6 * age))

    age = rng.choice([-1.0, 0.0, 1.0], 400_000)
    truth = float(np.mean(np.minimum(times(age, 1), 3)) - np.mean(np.minimum(times(age, 0), 3)))
    covered = np.zeros(2)
    for _ in range(ROUNDS):
        age = rng.choice([-1.0, 0.0, 1.0], 600)
        mode = rng.random(600) < 1 / (1 + np.exp(-age))
        time, censor = times(age, mode), rng.uniform(2, 8, 600)
        frame = pd.DataFrame(
            {
                "time": np.append(np.minimum(time, censor), [9, 9]),
                "event": np.append(time <= censor, [False, False]).astype(int),
                "mode": np.append(mode, [False, True]).astype(int),
                "age": np.append(age, [0, 0]).astype(str),
            }
        )
        formula = f"{BY_MODE} * age" if method == "pseudo" else f"{BY_MODE} + age"
        tables = (
            rmst_adjusted(formula, frame, tau=3, exposure="mode", method=method).tidy(),
            rmst_difference(BY_MODE, frame, tau=3).tidy(),
        )
        for place, table in enumerate(tables):
            low, high = table.loc[0, ["conf_low", "conf_high"]]
            covered[place] += low <= truth <= high
    shares = covered / ROUNDS
    assert abs(shares[0] - 0.95) < SLACK
    assert shares[1] < 0.7
