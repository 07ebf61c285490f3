"""Trajectory models on synthetic ratings of known truth, dropout depending on the last rating."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr

from rpcstats.designs.missing.linear_change import linear_policy_change
from rpcstats.goals import completers_change, goal_trajectory
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.starters import draw_grouped_starters
from rpcstats.simulate.truth import Truth

pytestmark = pytest.mark.slow

REPETITIONS = 500
PARENTS = 240

# An estimator may miss by this many Monte Carlo standard errors.
MONTE_CARLO_ERRORS = 3.0

# Coverage of 95% limits, as the test plan asks of 500 repetitions.
LEAST_COVERAGE, MOST_COVERAGE = 0.925, 0.975

# The linear model takes slopes as normal and ratings as free of ends: its share with progress is
# lower by this much at most. Seen: 0.005.
NORMAL_SHARE = 0.01

# Mean standard error over the spread of the estimates.
LEAST_RATIO, MOST_RATIO = 0.93, 1.10

# Draws of a truth that has no closed form, and its error in points.
DRAWS = 1_000_000
TRUTH_ERROR = 0.005

# What leaving out those who left adds to the change of starters: published with the process,
# to two digits. With answers free of the change, and depending on it.
COMPLETERS_MORE, ANSWERED_MORE = 0.44, 0.59
TO_DIGITS = 0.02

MAR = Truth(psi=-0.15, rho1=0.0)


def _end_points(truth):
    """Mean printed rating at the start and the end, had nobody left: a sum of normal tails."""
    cuts = np.arange(10) + 0.5
    spread = [truth.sd_u**2 + truth.sd_w**2 + truth.sd_e**2]
    slope = truth.sd_v**2 + truth.sd_d**2 + 2 * truth.corr_uv * truth.sd_u * truth.sd_v
    spread.append(spread[0] + slope)
    shares = [
        (truth.gamma_non_resident, 1 - truth.p_resident),
        (truth.gamma_online, truth.p_online),
    ]
    shares.append((truth.gamma_send, truth.p_send))
    means = np.zeros(2)
    for has in np.ndindex(2, 2, 2):
        weight = np.prod([p if x else 1 - p for x, (_, p) in zip(has, shares, strict=True)])
        shift = sum(g * (x - p) for x, (g, p) in zip(has, shares, strict=True))
        level = np.array([truth.b0, truth.b0 + truth.b1 + shift])
        z = (level[:, None] - cuts) / np.sqrt(spread)[:, None]
        means += weight * ndtr(z).sum(axis=1)
    return means


def _population(truth, *, seed):
    return draw_grouped_starters(truth, n=DRAWS, seed=seed, minimum_attended=4, group_size=8)[0]


@cache
def _drawn_truth(truth):
    """Change of starters, of completers and of those who answered, from many draws."""
    starters = _population(truth, seed=7)
    answered = starters.completed & starters.answered
    groups = {"starters": slice(None), "completers": starters.completed, "answered": answered}
    change = {name: starters.change[rows] for name, rows in groups.items()}
    return {name: (float(x.mean()), float((x >= 1.0).mean())) for name, x in change.items()}


@cache
def _hypothetical_progress():
    """Share with progress had nobody left: draws with hazards of next to nothing."""
    stays = Truth(psi=-0.15, rho1=0.0, hazards=(1e-9,) * 5)
    starters = _population(stays, seed=8)
    return float((starters.change >= 1.0).mean())


@pytest.fixture(scope="module")
def study():
    rows = []
    for seed in range(REPETITIONS):
        frame = draw_goal_frame(MAR, n=PARENTS, seed=seed)
        linear = goal_trajectory(frame, model="linear")
        found = {
            "linear": linear.hypothetical(),
            "robust": linear.hypothetical(errors="robust"),
            "ordinal": goal_trajectory(frame).hypothetical(),
            "policy": linear_policy_change(frame),
            "completers": completers_change(frame),
        }
        for name, result in found.items():
            rows.append(result.frame.assign(model=name))
    return pd.concat(rows, ignore_index=True)


def _check(study, model, measure, truth, *, slack=0.0):
    part = study[(study["model"] == model) & (study["measure"] == measure)]
    estimate = part["estimate"].to_numpy()
    error = estimate.std(ddof=1) / np.sqrt(len(estimate))
    assert abs(estimate.mean() - truth) < MONTE_CARLO_ERRORS * error + slack
    covered = (part["conf_low"] <= truth) & (truth <= part["conf_high"])
    assert LEAST_COVERAGE <= covered.mean() <= MOST_COVERAGE
    ratio = part["std_error"].mean() / estimate.std(ddof=1)
    assert LEAST_RATIO <= ratio <= MOST_RATIO


@pytest.mark.parametrize("model", ["linear", "robust", "ordinal"])
def test_the_change_had_all_finished_is_recovered(study, model):
    start, end = _end_points(MAR)
    _check(study, model, "mean change", end - start)


@pytest.mark.parametrize(("model", "slack"), [("linear", NORMAL_SHARE), ("ordinal", 0.0)])
def test_the_share_with_progress_had_all_finished_is_recovered(study, model, slack):
    _check(study, model, "progress", _hypothetical_progress(), slack=slack)


def test_the_change_at_the_level_reached_is_recovered(study):
    mean, progress = _drawn_truth(MAR)["starters"]
    _check(study, "policy", "mean change", mean)
    _check(study, "policy", "progress", progress)


def test_complete_cases_overstate_the_change_of_starters(study):
    truth = _drawn_truth(MAR)
    part = study[(study["model"] == "completers") & (study["measure"] == "mean change")]
    more = part["estimate"].mean() - truth["starters"][0]
    error = part["estimate"].std() / np.sqrt(len(part))
    expected = truth["answered"][0] - truth["starters"][0]
    assert abs(more - expected) < MONTE_CARLO_ERRORS * error
    assert more > 0.35


def test_complete_cases_overstate_by_what_was_published():
    truth = _drawn_truth(Truth())
    assert truth["starters"][0] == pytest.approx(1.63, abs=TRUTH_ERROR)
    more = {name: truth[name][0] - truth["starters"][0] for name in ("completers", "answered")}
    assert more["completers"] == pytest.approx(COMPLETERS_MORE, abs=TO_DIGITS)
    assert more["answered"] == pytest.approx(ANSWERED_MORE, abs=TO_DIGITS)
