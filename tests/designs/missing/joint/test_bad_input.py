"""Frames and options the joint model refuses, each with one clear message."""

import numpy as np
import pytest

from rpcstats.designs.missing import joint_model
from rpcstats.errors import ConvergenceWarning, DataError, ParameterError
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth


@pytest.fixture(scope="module")
def goals():
    return draw_goal_frame(Truth(), n=120, seed=3)


def changed(goals, **columns):
    found = goals.assign(**columns)
    found.attrs = goals.attrs
    return found


def test_options_are_listed_together(goals):
    with pytest.raises(ParameterError) as caught:
        joint_model(goals, share="everything", link="probit", nagq=1)
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize("level", [0.0, 1.0, "high"])
def test_level_out_of_range(goals, level):
    with pytest.raises(ParameterError, match="conf_level"):
        joint_model(goals, conf_level=level)


def test_missing_columns_are_named(goals):
    with pytest.raises(DataError, match=r"last.*|status.*"):
        joint_model(goals.drop(columns=["last", "status"]))


def test_nobody_left(goals):
    stayed = changed(goals, status="completed", last=6, reached=1.0)
    with pytest.raises(DataError, match="nobody dropped out"):
        joint_model(stayed)


def test_unknown_status_and_last_are_listed_together(goals):
    odd = changed(goals, status="vanished", last=np.nan)
    with pytest.raises(DataError) as caught:
        joint_model(odd)
    assert "unknown status" in str(caught.value)
    assert "last is the last session" in str(caught.value)
    assert "vanished" not in str(caught.value)


def test_no_goal_rated_twice(goals):
    first = goals["session"] == 1
    once = changed(
        goals,
        score=goals["score"].where(first),
        state=goals["state"].astype(object).where(first, "missed"),
    )
    with pytest.raises(DataError, match=r"no change to learn|No goal was rated at two stages"):
        joint_model(once)


def test_one_cluster(goals):
    with pytest.raises(DataError, match="two clusters"):
        joint_model(changed(goals, cluster_id="g"), adjust=(), dropout_adjust=())


def test_a_level_in_which_nobody_left_is_named(goals):
    stayed = goals["status"] != "dropped_out"
    marked = goals["episode_id"].isin(goals.loc[stayed, "episode_id"].unique()[:10])
    odd = changed(goals, source=np.where(marked, "police", "school"))
    with pytest.warns(ConvergenceWarning, match="Nobody, or everybody, of source=police"):
        fit = joint_model(odd, adjust=(), dropout_adjust=("source",))
    assert not fit.converged


def test_few_clusters_are_said(goals):
    few = changed(goals, cluster_id=goals["cluster_id"].str[-1])
    fit = joint_model(few, adjust=(), dropout_adjust=())
    assert fit.model.data.n_cluster == 10
    assert any("With 10 clusters" in remark for remark in fit.remarks)


def test_sessions_without_dropout_are_said(goals):
    third = (goals["status"] == "dropped_out") & (goals["last"] == 3)
    kept = goals[~third].reset_index(drop=True)
    kept.attrs = goals.attrs
    fit = joint_model(kept, adjust=(), dropout_adjust=())
    assert any("Nobody left after session 3" in remark for remark in fit.remarks)
    assert "session=3" not in set(fit.tidy()["term"])
