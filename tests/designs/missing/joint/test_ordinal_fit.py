"""The fitted ordinal joint model: its special case, and what must not matter."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from rpcstats._vocabulary import TIDY, TRAJECTORY, VARCORR
from rpcstats.designs.missing import joint_model
from rpcstats.designs.missing.joint_ordinal import ordinal_terms
from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed import clmm
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth
from rpcstats.survival import discrete_hazard

ADJUST = ("mode",)
OPTIONS = {"outcome": "ordinal", "adjust": ADJUST, "dropout_adjust": ADJUST}
SAME = 1e-6
SEARCHED = 1e-4  # estimates of two searches, near enough to a maximum by five nodes
BY_CLMM = 1e-4  # of a log-likelihood, with 15 nodes each


@pytest.fixture(scope="module")
def goals():
    return draw_goal_frame(replace(Truth(), phi=-0.6), n=120, seed=11)


@pytest.fixture(scope="module")
def fit(goals):
    return joint_model(goals, **OPTIONS)


def with_attrs(frame, goals, **attrs):
    frame.attrs = {**goals.attrs, **attrs}
    return frame


def test_without_association_it_is_a_cumulative_model_and_a_hazard(goals):
    """One goal a parent, so that the engine of the mixed models can integrate as finely."""
    one = with_attrs(goals[goals["item"] == "goal_1"].reset_index(drop=True), goals)
    separate = joint_model(one, **OPTIONS, share="none", nagq=15)
    rated = one[one["score"].notna()].assign(
        x=lambda d: (d["mode"] == "in_person").astype(float),
        at=lambda d: np.where(d["state"] == "rated", d["stage"], d["reached"]),
        rating=lambda d: d["score"].astype(int),
    )
    ratings = clmm("rating ~ at * x + (1 + at | episode_id)", rated, link="probit", nagq=15)
    people = one.drop_duplicates("episode_id").drop(columns="session")
    left = (people["status"] == "dropped_out").to_numpy()
    people = people.assign(
        time=np.where(left, people["last"], 5), event=left.astype(int),
        x=(people["mode"] == "in_person").astype(float),
    )  # fmt: skip
    hazard = discrete_hazard("Surv(time, event) ~ 0 + C(session) + x", people)
    assert separate.log_lik == pytest.approx(ratings.log_lik + hazard.log_lik, abs=BY_CLMM)
    table = separate.tidy().set_index(["component", "term"])["estimate"]
    thresholds = ratings.tidy().query("component == 'threshold'")["estimate"]
    np.testing.assert_allclose(table["threshold"], thresholds, atol=10 * SEARCHED)
    np.testing.assert_allclose(table["dropout"], hazard.tidy()["estimate"], atol=SEARCHED)
    np.testing.assert_allclose(
        separate.varcorr().covariance("episode_id"),
        ratings.varcorr().covariance("episode_id"),
        atol=20 * SEARCHED,
    )


def test_the_end_is_a_maximum(fit):
    found = ordinal_terms(fit.model, fit.theta, 2)
    assert fit.converged
    assert found.scores.sum(axis=1) == pytest.approx(np.zeros(len(fit.theta)), abs=1e-3)
    assert np.linalg.eigvalsh(found.information).min() > 0.0
    np.testing.assert_allclose(fit.cov_model @ found.information, np.eye(len(fit.theta)), atol=1e-3)
    assert fit.log_lik >= fit.separate.log_lik
    assert fit.quadrature_error < 1e-2


def test_frames_have_the_columns_of_the_vocabulary(fit):
    table = fit.tidy()
    assert list(table.columns) == ["component", *TIDY]
    assert table["component"].unique().tolist() == [
        "threshold", "trajectory", "dropout", "association",
    ]  # fmt: skip
    assert table["term"].iloc[0] == "0|1"
    assert (np.diff(table.query("component == 'threshold'")["estimate"]) > 0).all()
    assert list(fit.varcorr().tidy().columns) == list(VARCORR)
    assert fit.varcorr().sigma == 1.0
    assert list(fit.trajectory().columns) == list(TRAJECTORY)
    assert fit.glance().loc[0, "outcome"] == "ordinal"
    assert "in 11 categories and dropout: 120 parents" in str(fit.summary())
    assert "clusters ignored" in str(fit.summary())


def test_trajectory_averages_printed_points_over_effects(fit):
    """By Gauss-Hermite nodes over u, v and w instead of one normal of larger variance."""
    data, found = fit.model.data, fit.parameters
    cuts, start = np.split(found.intercept, [fit.model.n_cut])
    x, weight = np.polynomial.hermite_e.hermegauss(24)
    z = np.stack(np.meshgrid(x, x, x, indexing="ij")).reshape(3, -1)
    weight = np.multiply.outer(np.multiply.outer(weight, weight), weight).ravel()
    l1, l2, l3, tau, _ = found.spread
    rows = fit.trajectory().query("series == 'joint model'").set_index("stage")["estimate"]
    for stage in (0.0, 0.5, 1.0):
        total = 0.0
        for row in np.unique(data.Z, axis=0):
            share = (row == data.Z).all(axis=1).mean()
            eta = row[1:] @ start + stage * (row @ found.slope) + l1 * z[0] + tau * z[2]
            eta = eta + stage * (l2 * z[0] + l3 * z[1])
            points = ndtr(eta[:, None] - cuts) @ np.diff(fit.model.ordered.values)
            total += share * (weight @ points) / weight.sum()
        assert rows[stage] == pytest.approx(fit.model.ordered.values[0] + total, abs=1e-6)


def test_figure_shows_both_models(fit):
    ax = fit.plot()
    rows = fit.trajectory()
    for line, name in zip(ax.get_lines(), ("joint model", "missing at random"), strict=True):
        part = rows[rows["series"] == name]
        np.testing.assert_allclose(line.get_ydata(), part["estimate"])


@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_order_and_names_do_not_matter(goals, fit, seed):
    rng = np.random.default_rng(seed)
    found = goals.iloc[rng.permutation(len(goals))].reset_index(drop=True)
    ids = goals["episode_id"].unique()
    names = dict(zip(ids, rng.permutation(len(ids)).astype(str), strict=True))
    found["episode_id"] = found["episode_id"].map(names)
    found["item"] = found["item"].cat.rename_categories(["c", "a", "b"])
    again = joint_model(with_attrs(found, goals), **OPTIONS)
    assert again.log_lik == pytest.approx(fit.log_lik, abs=SAME)
    columns = ["estimate", "std_error"]
    np.testing.assert_allclose(again.tidy()[columns], fit.tidy()[columns], atol=SEARCHED)


def test_reversed_scale_turns_the_signs(goals, fit):
    turned = with_attrs(goals.assign(score=10.0 - goals["score"]), goals, direction="down")
    again = joint_model(turned, **OPTIONS)
    assert again.log_lik == pytest.approx(fit.log_lik, abs=SAME)
    ours, theirs = (f.tidy().set_index("component")["estimate"] for f in (fit, again))
    np.testing.assert_allclose(theirs["threshold"], -ours["threshold"][::-1], atol=SEARCHED)
    for part, sign in (("trajectory", -1.0), ("dropout", 1.0), ("association", -1.0)):
        np.testing.assert_allclose(theirs[part], sign * ours[part], atol=SEARCHED)


def test_a_shift_of_the_scale_changes_nothing_but_names(goals, fit):
    moved = with_attrs(goals.assign(score=goals["score"] + 5), goals, minimum=5.0, maximum=15.0)
    again = joint_model(moved, **OPTIONS)
    np.testing.assert_allclose(again.theta, fit.theta, atol=SAME)
    assert again.tidy()["term"].iloc[0] == "5|6"


def test_parents_twice_as_a_cluster_tell_no_more(goals, fit):
    copy = goals.assign(episode_id=goals["episode_id"] + "_again")
    both = with_attrs(pd.concat([goals, copy], ignore_index=True), goals)
    twice = joint_model(both, **OPTIONS)
    columns = ["estimate", "std_error"]
    np.testing.assert_allclose(twice.tidy()[columns], fit.tidy()[columns], atol=SEARCHED)
    assert twice.log_lik == pytest.approx(2 * fit.log_lik, abs=1e-5)


def test_a_value_nobody_gave_is_no_category(goals):
    """Nobody rates 4: its neighbours meet at one threshold, and no point in between is lost."""
    gap = with_attrs(goals.assign(score=goals["score"].replace(4.0, 5.0)), goals)
    found = joint_model(gap, **OPTIONS, share="none")
    assert found.converged
    assert 4.0 not in found.model.ordered.values
    assert "3|5" in set(found.tidy()["term"])


@pytest.mark.parametrize(("share", "link"), [("level", "logit"), ("both", "cloglog")])
def test_other_models_end_at_a_maximum(goals, share, link):
    found = joint_model(goals, **OPTIONS, share=share, link=link)
    assert found.converged
    assert found.log_lik >= found.separate.log_lik


def test_outcome_must_be_known(goals):
    with pytest.raises(ParameterError, match="outcome: choose one of linear, ordinal"):
        joint_model(goals, outcome="binary")


def test_half_points_are_refused(goals):
    halved = with_attrs(goals.assign(score=goals["score"] / 2), goals)
    with pytest.raises(DataError, match="outcome='linear'"):
        joint_model(halved, outcome="ordinal")
