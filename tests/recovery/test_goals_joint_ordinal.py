"""The ordinal joint model gives back a known truth where ratings are not missing at random.

Synthetic ratings by the law of the model: normal, rounded and cut to 0 to 10. `phi` = -0.25 log
odds per point: parents whose own slope is lower leave more often.
"""

import numpy as np
import pandas as pd
import pytest

from rpcstats.designs.missing import joint_estimands, joint_model
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth

PHI = -0.25
WORLD = Truth(phi=PHI, rho1=0.0, sd_d=0.0, sd_group=0.0, sd_facilitator=0.0)
TRIALS = 40
PARENTS = 700
LEVEL = 0.95
COVERAGE = (0.925, 0.975)  # of limits, give or take two Monte Carlo standard errors
WIDTH = 3.0  # Monte Carlo standard errors
# What a maximum of the likelihood from 700 parents is off by: in log odds per standard deviation
# of a rating, in those standard deviations, and, where the covariates' effects on the latent
# ratings are not quite straight, in points.
FEW_PHI, FEW_LATENT, FEW_POINTS, FEW_SHARE = 0.02, 0.02, 0.01, 0.005

ADJUST = ("mode", "resident", "send_child")
DROPOUT = (*ADJUST, "sex", "imd_decile")
ROWS = [(e, m) for e in ("E5a", "E5b") for m in ("mean change", "progress")]
KINDS = ("ordinal", "linear")

pytestmark = pytest.mark.slow


def one_trial(seed, truth):
    goals = draw_goal_frame(WORLD, n=PARENTS, seed=seed)
    row = {}
    for kind in KINDS:
        joint = joint_model(goals, outcome=kind, adjust=ADJUST, dropout_adjust=DROPOUT)
        phi = joint.tidy().query("component == 'association'").iloc[0]
        row[kind, "phi"] = phi["estimate"]
        row[kind, "phi", "limits"] = (phi["conf_low"], phi["conf_high"])
        row[kind, "spread"] = np.array(joint.parameters.spread)
        row[kind, "cuts"] = np.diff(joint.theta[: joint.model.n_cut])
        for name, fit in ((kind, joint), (f"{kind} apart", joint.separate)):
            assert fit.converged
            if name == "linear apart":
                continue
            for result in joint_estimands(fit):
                for found in result.tidy().itertuples():
                    key = (name, result.estimand, found.measure)
                    row[key] = found.estimate
                    row[*key, "covers"] = found.conf_low <= truth[key[1:]] <= found.conf_high
    return row


@pytest.fixture(scope="module")
def truth(true_change):
    return true_change(WORLD)


@pytest.fixture(scope="module")
def study(truth):
    return pd.DataFrame([one_trial(5000 + k, truth) for k in range(TRIALS)])


def bias_of(values, truth):
    return values.mean() - truth, values.std() / np.sqrt(len(values))


def assert_covers(covers):
    room = 2.0 * np.sqrt(LEVEL * (1.0 - LEVEL) / len(covers))
    assert COVERAGE[0] - room <= covers.mean() <= COVERAGE[1] + room


@pytest.mark.parametrize(("estimand", "measure"), ROWS)
def test_change_is_recovered_and_limits_cover(study, truth, estimand, measure):
    bias, error = bias_of(study["ordinal", estimand, measure], truth[estimand, measure])
    few = FEW_SHARE if measure == "progress" else FEW_POINTS
    assert abs(bias) < WIDTH * error + few
    assert_covers(study["ordinal", estimand, measure, "covers"])


def test_association_is_recovered_per_standard_deviation_of_a_rating(study):
    true = PHI * WORLD.sd_e
    bias, error = bias_of(study["ordinal", "phi"], true)
    assert abs(bias) < WIDTH * error + FEW_PHI
    assert_covers(study["ordinal", "phi", "limits"].map(lambda ends: ends[0] <= true <= ends[1]))


def test_spreads_and_thresholds_are_those_of_the_simulation(study):
    spread = np.stack(study["ordinal", "spread"].to_list())
    sd_v = np.sqrt(spread[:, 1] ** 2 + spread[:, 2] ** 2)
    for values, true in (
        (spread[:, 0], WORLD.sd_u),
        (sd_v, WORLD.sd_v),
        (spread[:, 3], WORLD.sd_w),
        (np.stack(study["ordinal", "cuts"].to_list()).mean(axis=1), 1.0),
    ):
        bias, error = bias_of(values, true / WORLD.sd_e)
        assert abs(bias) < WIDTH * error + FEW_LATENT


def test_ratings_missing_at_random_would_overstate_what_all_would_reach(study, truth):
    true = truth["E5b", "mean change"]
    bias, error = bias_of(study["ordinal apart", "E5b", "mean change"], true)
    assert bias > WIDTH * error
    joint, _ = bias_of(study["ordinal", "E5b", "mean change"], true)
    assert abs(joint) < bias / 2.0


def test_association_is_not_stretched_by_the_cut_of_the_scale(study):
    """In points, the linear model's association is further from 0 in the same draws."""
    sigma = np.stack(study["ordinal", "spread"].to_list())[:, 2]
    assert (sigma > 0.0).all()
    in_points = study["ordinal", "phi"] / WORLD.sd_e
    apart = study["linear", "phi"] - in_points
    assert apart.mean() < -WIDTH * apart.std() / np.sqrt(len(apart))
