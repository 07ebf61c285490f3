"""The fitted joint model: its special case, its covariance, and what must not matter."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats._vocabulary import TIDY, TRAJECTORY, VARCORR
from rpcstats.designs.missing import joint_model
from rpcstats.designs.missing.joint_likelihood import evaluate
from rpcstats.designs.missing.joint_scores import scores
from rpcstats.errors import ParameterError
from rpcstats.mixed import lmm
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth
from rpcstats.survival import discrete_hazard

ADJUST = ("mode", "resident")
SAME = 1e-6
CURVATURE = 1e-3  # second derivatives by differences over a hundredth of a standard error
SEARCHED = 1e-5  # estimates of two searches that both end within a millionth of a standard error


@pytest.fixture(scope="module")
def goals():
    return draw_goal_frame(replace(Truth(), phi=-0.5), n=240, seed=11)


@pytest.fixture(scope="module")
def fit(goals):
    return joint_model(goals, adjust=ADJUST, dropout_adjust=ADJUST)


@pytest.fixture(scope="module")
def separate(goals):
    return joint_model(goals, adjust=ADJUST, dropout_adjust=ADJUST, share="none")


def indicators(frame):
    """Code the covariates as the joint model does: against the most frequent level."""
    return frame.assign(
        x1=(frame["mode"] == "in_person").astype(float),
        x2=(frame["resident"] == "non_resident").astype(float),
    )


def person_sessions(goals):
    people = indicators(goals.drop_duplicates("episode_id"))
    left = (people["status"] == "dropped_out").to_numpy()
    time = np.where(left, people["last"], 5)
    return people.drop(columns="session").assign(time=time, event=left.astype(int))


def test_without_association_it_is_two_separate_fits(goals, separate):
    rated = indicators(goals[goals["score"].notna()])
    rated = rated.assign(
        at=np.where(rated["state"] == "rated", rated["stage"], rated["reached"]),
        goal=rated["episode_id"] + rated["item"].astype(str),
    )
    ratings = lmm("score ~ at * (x1 + x2) + (1 + at | episode_id) + (1 | goal)", rated, method="ml")
    hazard = discrete_hazard("Surv(time, event) ~ 0 + C(session) + x1 + x2", person_sessions(goals))
    assert separate.log_lik == pytest.approx(ratings.log_lik + hazard.log_lik, abs=SAME)
    found = separate.tidy().set_index(["component", "term"])["estimate"]
    by_lmm = ratings.tidy().set_index("term")["estimate"]
    names = {"(Intercept)": "Intercept", "mode=in_person": "x1", "resident=non_resident": "x2",
             "stage": "at", "stage:mode=in_person": "at:x1"}  # fmt: skip
    for ours, theirs in names.items():
        assert found["trajectory", ours] == pytest.approx(by_lmm[theirs], abs=SEARCHED)
    np.testing.assert_allclose(found["dropout"], hazard.tidy()["estimate"], atol=SEARCHED)
    ours, theirs = separate.varcorr(), ratings.varcorr()
    for mine, other in (("episode_id", "episode_id"), ("episode_id:item", "goal")):
        np.testing.assert_allclose(
            ours.covariance(mine), theirs.covariance(other), atol=10 * SEARCHED
        )
    assert ours.sigma == pytest.approx(theirs.sigma, abs=SEARCHED)


@pytest.mark.parametrize("share", ["slope", "intercept", "both", "level"])
def test_association_of_zero_is_the_separate_fit(goals, separate, share):
    model = separate.model._replace(share=share, n_node=9)
    theta = np.append(separate.theta, [0.0] * (2 if share == "both" else 1))
    assert evaluate(model, theta).log_lik.sum() == pytest.approx(separate.log_lik, abs=1e-8)


def test_covariance_is_the_sandwich_of_cluster_sums(fit):
    model, theta = fit.model, fit.theta
    per_parent = scores(model, theta, evaluate(model, theta))
    clusters = model.data.cluster
    sums = np.array([per_parent[:, clusters == c].sum(axis=1) for c in np.unique(clusters)])

    def gradient(at):
        return scores(model, at, evaluate(model, at)).sum(axis=1)

    steps = 1e-5 * np.eye(len(theta))
    A = -np.array([(gradient(theta + h) - gradient(theta - h)) / 2e-5 for h in steps])
    bread = np.linalg.inv((A + A.T) / 2)
    m = len(sums)
    assert sums.sum(axis=0) == pytest.approx(np.zeros(len(theta)), abs=1e-4)
    by_hand = bread @ (sums.T @ sums) @ bread * m / (m - 1)
    for found, expected in ((fit.cov, by_hand), (fit.cov_model, bread)):
        scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
        np.testing.assert_allclose(found / scale, expected / scale, atol=CURVATURE)
    assert fit.df == m - 1


def test_tests_of_no_association(fit):
    table = fit.association_test().set_index("measure")
    row = fit.tidy().query("component == 'association'").iloc[0]
    wald = (row["estimate"] / row["std_error"]) ** 2
    assert table.loc["Wald, robust to clusters", "statistic"] == pytest.approx(wald)
    ratio = 2 * (fit.log_lik - fit.separate.log_lik)
    assert table.loc["likelihood ratio, clusters ignored", "statistic"] == pytest.approx(ratio)
    assert ratio > 0
    assert row["estimate"] < 0
    assert (table["df"] == 1).all()


def test_share_none_has_no_association_to_test(separate):
    with pytest.raises(ParameterError, match="share is none"):
        separate.association_test()


def test_frames_have_the_columns_of_the_vocabulary(fit):
    assert list(fit.tidy().columns) == ["component", *TIDY]
    assert list(fit.varcorr().tidy().columns) == list(VARCORR)
    assert list(fit.trajectory().columns) == list(TRAJECTORY)
    assert fit.converged
    assert not fit.is_singular
    assert "Joint model of goal ratings and dropout: 240 parents" in str(fit.summary())
    assert fit.glance().loc[0, "n_event"] == fit.model.data.n_event


def test_figure_shows_both_models(fit):
    ax = fit.plot()
    joint, apart = ax.get_lines()
    rows = fit.trajectory()
    for line, name in ((joint, "joint model"), (apart, "missing at random")):
        part = rows[rows["series"] == name]
        np.testing.assert_allclose(line.get_ydata(), part["estimate"])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "Joint model",
        "Missing at random",
    ]
    # Those with lower slopes left more often, so ratings seen overstate the mean at the end.
    assert joint.get_ydata()[-1] < apart.get_ydata()[-1]


def test_trajectory_is_the_mean_of_the_parents_lines(fit):
    data, (a, b, *_) = fit.model.data, fit.parameters
    ends = fit.trajectory().query("series == 'joint model'")["estimate"].to_numpy()[[0, -1]]
    start = (data.Z @ a).mean() + data.centre
    assert ends == pytest.approx([start, start + (data.Z @ b).mean()])


@pytest.mark.parametrize("share", ["intercept", "both", "level"])
@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_other_models_end_at_a_maximum(goals, share, link):
    found = joint_model(goals, adjust=ADJUST, dropout_adjust=ADJUST, share=share, link=link)
    assert found.converged
    assert found.log_lik >= found.separate.log_lik
    assert found.quadrature_error < 1e-3


def test_one_goal_a_parent_leaves_no_spread_of_goals(goals):
    one = goals[goals["item"] == "goal_1"].copy()
    one.attrs = goals.attrs
    found = joint_model(one, adjust=(), dropout_adjust=())
    assert found.converged
    assert found.glance().loc[0, "nagq"] > 9  # a strong association, which takes more nodes
    assert found.quadrature_error < 1e-4
    assert found.varcorr().groups == ("episode_id",)
    assert any("goals are not told from parents" in remark for remark in found.remarks)


def rearranged(goals, seed):
    rng = np.random.default_rng(seed)
    found = goals.iloc[rng.permutation(len(goals))].reset_index(drop=True)
    ids = goals["episode_id"].unique()
    names = dict(zip(ids, rng.permutation(len(ids)).astype(str), strict=True))
    found["episode_id"] = found["episode_id"].map(names)
    found["item"] = found["item"].cat.rename_categories(["c", "a", "b"])
    found.attrs = goals.attrs
    return found


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_order_and_names_do_not_matter(goals, fit, seed):
    again = joint_model(rearranged(goals, seed), adjust=ADJUST, dropout_adjust=ADJUST)
    assert again.log_lik == pytest.approx(fit.log_lik, abs=SAME)
    columns = ["estimate", "std_error"]
    np.testing.assert_allclose(again.tidy()[columns], fit.tidy()[columns], atol=SEARCHED)


@settings(max_examples=4, deadline=None)
@given(shift=st.integers(-1000, 10**6))
def test_a_shift_of_the_scale_moves_the_start_alone(goals, fit, shift):
    moved = goals.assign(score=goals["score"] + shift)
    moved.attrs = {**goals.attrs, "minimum": float(shift), "maximum": 10.0 + shift}
    again = joint_model(moved, adjust=ADJUST, dropout_adjust=ADJUST)
    assert again.log_lik == pytest.approx(fit.log_lik, abs=SAME)
    change = again.tidy()["estimate"] - fit.tidy()["estimate"]
    assert change[0] == pytest.approx(shift, abs=SEARCHED)
    np.testing.assert_allclose(change[1:], 0.0, atol=SEARCHED)


def test_parents_twice_as_a_cluster_tell_no_more(goals, fit):
    """Each parent repeated within its cluster: the same estimates and robust errors."""
    copy = goals.assign(episode_id=goals["episode_id"] + "_again")
    both = pd.concat([goals, copy], ignore_index=True)
    both.attrs = goals.attrs
    twice = joint_model(both, adjust=ADJUST, dropout_adjust=ADJUST)
    columns = ["estimate", "std_error"]
    np.testing.assert_allclose(twice.tidy()[columns], fit.tidy()[columns], atol=SEARCHED)
    assert twice.log_lik == pytest.approx(2 * fit.log_lik, abs=10 * SAME)
