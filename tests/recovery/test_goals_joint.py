"""The joint model gives back a known truth where ratings are not missing at random.

Synthetic ratings. `phi` = -0.25: parents whose own slope is lower leave more often (log odds per
point). The model takes ratings as normal; they are drawn, rounded and cut to 0 to 10.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from rpcstats.designs.missing import joint_estimands, joint_model
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth

PHI = -0.25
TRIALS = 50
PARENTS = 1500
LEVEL = 0.95
COVERAGE = (0.925, 0.975)  # of limits, give or take two Monte Carlo standard errors
WIDTH = 3.0  # Monte Carlo standard errors
# What rounding and cutting ratings to 0..10, and the skewness of an association estimated from
# 1,500 parents, may add to estimates of a linear model: in points of mean change, in shares of
# parents with progress, and in log odds of the association.
CUT_POINTS, CUT_SHARE, CUT_PHI = 0.015, 0.01, 0.02
# A group's own effect on slopes adds to the variance of slopes and not to dropout, and groups'
# effects on dropout flatten all its coefficients: 1.3² / (1.3² + 0.45²) / sqrt(1 + 0.346 * 0.2225)
DILUTION = 0.86
# Parents who answer only the end form for reasons of what it would say, which no model of dropout
# mends: what is left at most of rho1 = 0.75 (log odds of answering per point), in points.
RHO1 = 0.75
LEFT_OF_ANSWERING = 0.2

ADJUST = ("mode", "resident", "send_child")
DROPOUT = (*ADJUST, "sex", "imd_decile")
NO_GROUPS = {"sd_d": 0.0, "sd_group": 0.0, "sd_facilitator": 0.0}
SCENARIOS = {
    "parents": Truth(phi=PHI, rho1=0.0, **NO_GROUPS),
    "groups": Truth(phi=PHI, rho1=0.0),
    "answering": Truth(phi=PHI, rho1=RHO1),
}
ROWS = [(e, m) for e in ("E5a", "E5b") for m in ("mean change", "progress")]

pytestmark = pytest.mark.slow


class Study(NamedTuple):
    found: pd.DataFrame
    truth: dict


def one_trial(scenario, seed, truth):
    goals = draw_goal_frame(SCENARIOS[scenario], n=PARENTS, seed=seed)
    row = {}
    joint = joint_model(goals, adjust=ADJUST, dropout_adjust=DROPOUT)
    (phi,) = joint.tidy().query("component == 'association'").itertuples()
    row["phi"], row["phi_low"], row["phi_high"] = phi.estimate, phi.conf_low, phi.conf_high
    for name, fit in (("joint", joint), ("separate", joint.separate)):
        assert fit.converged
        for result in joint_estimands(fit):
            for found in result.tidy().itertuples():
                key = (name, result.estimand, found.measure)
                row[key] = found.estimate
                row[*key, "se"] = found.std_error
                row[*key, "covers"] = found.conf_low <= truth[key[1:]] <= found.conf_high
    return row


@pytest.fixture(scope="module")
def study(true_change):
    @cache
    def run(scenario):
        truth = true_change(SCENARIOS[scenario])
        seed = 1000 * (1 + list(SCENARIOS).index(scenario))
        rows = [one_trial(scenario, seed + k, truth) for k in range(TRIALS)]
        return Study(pd.DataFrame(rows), truth)

    return run


def assert_covers(covers):
    room = 2.0 * np.sqrt(LEVEL * (1.0 - LEVEL) / len(covers))
    assert COVERAGE[0] - room <= covers.mean() <= COVERAGE[1] + room


def bias_of(found, key, truth):
    values = found[key]
    return values.mean() - truth, values.std() / np.sqrt(len(values))


@pytest.mark.parametrize("scenario", ["parents", "groups"])
@pytest.mark.parametrize(("estimand", "measure"), ROWS)
def test_joint_model_recovers_change_and_its_limits_cover(study, scenario, estimand, measure):
    found, truth = study(scenario)
    bias, error = bias_of(found, ("joint", estimand, measure), truth[estimand, measure])
    cut = CUT_SHARE if measure == "progress" else CUT_POINTS
    assert abs(bias) < WIDTH * error + cut
    assert_covers(found["joint", estimand, measure, "covers"])


@pytest.mark.parametrize("scenario", ["parents", "groups"])
def test_ratings_missing_at_random_would_overstate_what_all_would_reach(study, scenario):
    found, truths = study(scenario)
    truth = truths["E5b", "mean change"]
    bias, error = bias_of(found, ("separate", "E5b", "mean change"), truth)
    assert bias > CUT_POINTS + WIDTH * error
    joint, _ = bias_of(found, ("joint", "E5b", "mean change"), truth)
    assert abs(joint) < bias / 2.0
    covers = {name: found[name, "E5b", "mean change", "covers"].mean()
              for name in ("joint", "separate")}  # fmt: skip
    assert covers["separate"] < COVERAGE[0]
    assert covers["separate"] < covers["joint"]


def test_association_is_recovered(study):
    found = study("parents").found
    bias, error = bias_of(found, "phi", PHI)
    assert abs(bias) < WIDTH * error + CUT_PHI
    assert_covers((found["phi_low"] <= PHI) & (found["phi_high"] >= PHI))


def test_association_is_diluted_by_effects_of_groups(study):
    bias, error = bias_of(study("groups").found, "phi", DILUTION * PHI)
    assert abs(bias) < WIDTH * error + CUT_PHI


@pytest.mark.parametrize("estimand", ["E5a", "E5b"])
def test_answering_by_the_answer_is_not_mended(study, estimand):
    found, truth = study("answering")
    bias, error = bias_of(found, ("joint", estimand, "mean change"), truth[estimand, "mean change"])
    assert bias > WIDTH * error
    assert bias < LEFT_OF_ANSWERING
