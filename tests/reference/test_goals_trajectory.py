"""Trajectories of goal ratings against lme4 and ordinal, groups and parents in none.

The frame is synthetic: 72 parents in nine groups, 24 in none.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rpcstats.goals.population_means import population_means
from rpcstats.goals.trajectories import goal_trajectory

# lme4 and ordinal stop within their tolerance of the optimum: seen 3e-7 and 2e-5.
LINEAR = 1e-5
LOG_LIK = 1e-6
ORDINAL = 1e-4
ORDINAL_LOG_LIK = 1e-5


@pytest.fixture(scope="module")
def goals():
    frame = pd.read_csv(Path(__file__).parent / "data" / "goals" / "trajectory.csv")
    frame.attrs = {"minimum": 0.0, "maximum": 10.0, "direction": "up"}
    return frame


def _spreads(fit):
    table = fit.varcorr().tidy()
    table = table[(table["measure"] == "std_dev") & (table["group"] != "Residual")]
    return table["estimate"].to_numpy()


def _expected(case):
    return [case[name] for name in ("parent_start", "parent_slope", "goal", "group_slope")]


def test_the_linear_model_is_lme4s(goals, pinned):
    case = pinned("goals/trajectory")["linear"]
    found = goal_trajectory(goals, model="linear")
    fit = found.fit
    at = dict(zip(fit.names, fit.beta, strict=True))
    assert fit.log_lik == pytest.approx(case["log_lik"], rel=LOG_LIK)
    assert at["stage"] == pytest.approx(case["stage"], rel=LINEAR)
    assert found.change()["estimate"].item() == pytest.approx(case["stage"], rel=LINEAR)
    assert fit.std_error[fit.names.index("stage")] == pytest.approx(case["std_error"], rel=LINEAR)
    assert fit.sigma == pytest.approx(case["sigma"], rel=LINEAR)
    assert _spreads(fit) == pytest.approx(_expected(case), rel=ORDINAL)


def test_the_ordered_model_and_its_mean_in_points_are_ordinals(goals, pinned):
    case = pinned("goals/trajectory")["ordinal"]
    found = goal_trajectory(goals)
    assert found.fit.log_lik == pytest.approx(case["log_lik"], rel=ORDINAL_LOG_LIK)
    means = population_means(found.fit, found.rows, np.array([0.0, 1.0]), linear=found.linear)
    assert means.estimate == pytest.approx([case["start"], case["end"]], rel=ORDINAL)
    assert _spreads(found.fit) == pytest.approx(_expected(case), rel=1e-3)
