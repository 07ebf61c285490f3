"""The ordinal joint model against a likelihood integrated in R, and against clmm and glm."""

import numpy as np
import pytest

from rpcstats.designs.missing.joint_data import joint_data
from rpcstats.designs.missing.joint_ordered_data import ordered_ratings
from rpcstats.designs.missing.joint_ordinal import ordinal_terms
from rpcstats.designs.missing.joint_parameters import Model

NODES = 25
LIKELIHOOD = 1e-10  # R asks 1e-9 of each integral and gets more: the largest difference is 6e-12
BY_CLMM = 1e-6  # with 25 nodes each, of a sum over 60 parents
SHARES = ("slope", "intercept", "both", "level", "none")
AT = [*(f"at_{share}_logit" for share in SHARES), "at_slope_cloglog", "at_both_cloglog"]
ALONE = "one_goal"


def model_of(goals, share, link):
    data = joint_data(goals, ("source",), ("source",))
    assert data.z_names == ("(Intercept)", "source=school")
    return Model(data, share, link, NODES, ordered_ratings(data))


def test_every_case_of_the_file_is_compared(pinned):
    assert sorted(pinned("goals/joint_ordinal")) == sorted([*AT, ALONE])


@pytest.mark.parametrize("case", AT)
def test_likelihood_of_each_parent(pinned, courses, as_goals, case):
    _, share, link = case.split("_")
    found = pinned("goals/joint_ordinal")[case]
    chosen = courses[courses["id"].isin(found["id"])].reset_index(drop=True)
    model = model_of(as_goals(chosen), share, link)
    log_lik = ordinal_terms(model, np.array(found["theta"]), 0).log_lik
    names = model.data.ratings.parents["episode_id"].to_numpy()[model.data.order]
    by_name = dict(zip(names, log_lik, strict=True))
    ours = [by_name[str(int(name))] for name in found["id"]]
    np.testing.assert_allclose(ours, found["log_lik"], atol=LIKELIHOOD)


def test_without_slopes_and_association_it_is_clmm_and_glm(pinned, courses, as_goals):
    found = pinned("goals/joint_ordinal")[ALONE]
    chosen = courses[courses["item"] == 1].reset_index(drop=True)
    model = model_of(as_goals(chosen), "none", "logit")
    assert not model.data.has_goals
    stage, x, stage_x = found["coef"]
    theta = [*found["threshold"], x, stage, stage_x, *found["sd"], 0.0, 0.0, *found["hazard"]]
    total = ordinal_terms(model, np.array(theta), 0).log_lik.sum()
    both = found["log_lik_ratings"][0] + found["log_lik_dropout"][0]
    assert total == pytest.approx(both, abs=BY_CLMM)
