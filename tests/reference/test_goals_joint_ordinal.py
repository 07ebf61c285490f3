"""The ordinal joint model against a likelihood integrated in R, and against clmm and glm."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rpcstats._vocabulary import GOAL_SCORES
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


def frame_of(d):
    left = d["last"] < 4
    inside = d["session"] <= d["last"]
    state = np.where(d["score"].notna(), "rated", np.where(inside, "missed", "left"))
    frame = pd.DataFrame(
        {
            "episode_id": d["id"].astype(str),
            "cluster_id": d["id"].astype(str),
            "group_id": None,
            "item": "goal_" + d["item"].astype(str),
            "occasion": np.where(d["session"] == 1, "baseline", "session"),
            "session": d["session"],
            "stage": d["stage"],
            "score": d["score"],
            "state": state,
            "status": np.where(left, "dropped_out", "completed"),
            "is_due": True,
            "completed": ~left,
            "answered": False,
            "reached": np.where(left, (d["last"] - 1) / 3, 1.0),
            "last": d["last"],
            "weight": 1.0,
            "source": np.where(d["x"] == 1, "school", "self"),
        }
    ).reindex(columns=list(GOAL_SCORES))
    frame.attrs = {"instrument": "gbo", "minimum": 0.0, "maximum": 10.0, "direction": "up"}
    return frame


@pytest.fixture(scope="module")
def ratings():
    return pd.read_csv(Path(__file__).parent / "data" / "goals" / "joint.csv")


def model_of(d, share, link):
    data = joint_data(frame_of(d), ("source",), ("source",))
    assert data.z_names == ("(Intercept)", "source=school")
    return Model(data, share, link, NODES, ordered_ratings(data))


def test_every_case_of_the_file_is_compared(pinned):
    assert sorted(pinned("goals/joint_ordinal")) == sorted([*AT, ALONE])


@pytest.mark.parametrize("case", AT)
def test_likelihood_of_each_parent(pinned, ratings, case):
    _, share, link = case.split("_")
    found = pinned("goals/joint_ordinal")[case]
    model = model_of(ratings[ratings["id"].isin(found["id"])].reset_index(drop=True), share, link)
    log_lik = ordinal_terms(model, np.array(found["theta"]), 0).log_lik
    names = model.data.ratings.parents["episode_id"].to_numpy()[model.data.order]
    by_name = dict(zip(names, log_lik, strict=True))
    ours = [by_name[str(int(name))] for name in found["id"]]
    np.testing.assert_allclose(ours, found["log_lik"], atol=LIKELIHOOD)


def test_without_slopes_and_association_it_is_clmm_and_glm(pinned, ratings):
    found = pinned("goals/joint_ordinal")[ALONE]
    model = model_of(ratings[ratings["item"] == 1].reset_index(drop=True), "none", "logit")
    assert not model.data.has_goals
    stage, x, stage_x = found["coef"]
    theta = [*found["threshold"], x, stage, stage_x, *found["sd"], 0.0, 0.0, *found["hazard"]]
    total = ordinal_terms(model, np.array(theta), 0).log_lik.sum()
    both = found["log_lik_ratings"][0] + found["log_lik_dropout"][0]
    assert total == pytest.approx(both, abs=BY_CLMM)
