"""Trajectories of goal ratings: what is fitted, what is said, and what it is worth by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr, roots_hermitenorm

from rpcstats.errors import DataError, ParameterError
from rpcstats.goals import goal_trajectory
from rpcstats.goals.population_means import population_means
from rpcstats.goals.trajectory_rows import trajectory_rows
from rpcstats.goals.trajectory_spreads import ICC
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth

# Numbers of one optimum reached by two ways.
SAME = 1e-5
NAN = float("nan")
TRUTH = Truth(psi=-0.15, rho1=0.0)


def balanced(n=24, groups=6, seed=1):
    """Everybody rates two goals at the start, half way and at the end."""
    rng = np.random.default_rng(seed)
    ids = [(i, j, k) for i in range(n) for j in range(2) for k in range(3)]
    i, j, k = np.array(ids).T
    effect = rng.normal(0.0, 1.0, n)[i] + rng.normal(0.0, 1.0, (n, 2))[i, j]
    slope = (rng.normal(2.0, 1.0, n) + rng.normal(0.0, 0.8, groups)[np.arange(n) % groups])[i]
    score = np.clip(np.rint(4.0 + effect + slope * k / 2.0 + rng.normal(0.0, 1.0, len(i))), 0, 10)
    frame = pd.DataFrame(
        {
            "episode_id": [f"e{x:02d}" for x in i],
            "cluster_id": [f"g{x % groups}" for x in i],
            "group_id": [f"g{x % groups}" for x in i],
            "item": [f"goal_{x + 1}" for x in j],
            "occasion": np.array(["baseline", "session", "end"])[k],
            "session": k + 1,
            "stage": k / 2.0,
            "score": score,
            "state": "rated",
            "is_due": True,
            "completed": True,
            "answered": True,
            "reached": 1.0,
        }
    )
    frame.attrs = {"minimum": 0.0, "maximum": 10.0, "direction": "up"}
    return frame


@pytest.fixture(scope="module")
def drawn():
    return draw_goal_frame(TRUTH, n=120, seed=3)


@pytest.fixture(scope="module")
def ordinal(drawn):
    return goal_trajectory(drawn)


def test_with_nothing_missing_the_linear_change_is_the_mean_slope():
    frame = balanced()
    found = goal_trajectory(frame, model="linear", adjust=()).change()
    means = frame.groupby("stage")["score"].mean()
    assert found["estimate"].item() == pytest.approx(means[1.0] - means[0.0], rel=SAME)


def test_a_scale_turned_round_gives_the_same_change_and_progress(drawn):
    turned = drawn.assign(score=10.0 - drawn["score"])
    turned.attrs = {**drawn.attrs, "direction": "down"}
    for model in ("linear", "ordinal"):
        pair = [
            goal_trajectory(frame, model=model).hypothetical().frame for frame in (drawn, turned)
        ]
        for name in ("estimate", "std_error", "conf_low", "conf_high"):
            np.testing.assert_allclose(pair[0][name], pair[1][name], rtol=1e-3)


def test_the_mean_in_points_is_the_quadrature_over_the_random_effects(ordinal):
    """Sum over Gauss-Hermite nodes of the latent spread, a pattern of starters at a time."""
    fit, rows = ordinal.fit, ordinal.rows
    patterns, shares = rows.patterns()
    G = fit.varcorr()
    own, goal = G.covariance("episode"), G.covariance("goal").item()
    group = G.covariance("group").item()
    variance = own.sum() + goal + group
    at = dict(zip(fit.names, fit.beta, strict=True))
    eta = at["stage"] + sum(
        patterns[name].to_numpy() * (at[name] + at[f"stage:{name}"]) for name in rows.columns
    )
    x, w = roots_hermitenorm(60)
    level = eta[:, None, None] + np.sqrt(variance) * x[:, None]
    points = np.array([float(name) for name in fit.frame.categories])
    above = ndtr(level - fit.thresholds)
    mean = shares @ (points[0] + np.einsum("pnc,c,n->p", above, np.diff(points), w / w.sum()))
    found = population_means(fit, rows, np.array([1.0]), linear=ordinal.linear)
    assert found.estimate.item() == pytest.approx(mean, rel=1e-9)


def test_the_curve_and_what_was_seen_are_told_side_by_side(drawn, ordinal):
    frame = ordinal.tidy()
    assert list(frame["series"].unique()) == ["model", "stayed", "left"]
    model = frame[frame["series"] == "model"]
    assert (model["n_obs"] == 120).all()
    assert (model["conf_low"] < model["estimate"]).all()
    rated = drawn[(drawn["state"] == "rated") & (drawn["stage"] == 0) & (drawn["reached"] < 1)]
    first = frame[(frame["series"] == "left") & (frame["stage"] == 0)]
    per_parent = rated.groupby("episode_id")["score"].mean()
    assert first["n_obs"].item() == len(per_parent)
    assert first["estimate"].item() == pytest.approx(per_parent.mean())
    change = ordinal.change()
    ends = model["estimate"].to_numpy()
    assert change["estimate"].item() == pytest.approx(ends[-1] - ends[0])


def test_open_courses_inform_the_curve_and_are_in_no_base(drawn):
    gone = drawn["episode_id"].isin(sorted(drawn["episode_id"].unique())[:20])
    frame = drawn.copy()
    frame.loc[gone, ["is_due", "completed", "answered"]] = False
    frame.loc[gone, "reached"] = NAN
    found = goal_trajectory(frame, model="linear")
    assert found.glance()[["n_obs", "n_rated"]].iloc[0].tolist() == [100, 120]
    assert found.hypothetical().n_obs == 100
    stages = found.tidy().query("series != 'model' and stage == 0")
    assert stages["n_obs"].sum() == 100


def test_a_spread_of_nothing_stays_in_and_is_said():
    frame = draw_goal_frame(Truth(psi=-0.15, sd_d=0.0), n=60, seed=1)
    found = goal_trajectory(frame, model="linear")
    spreads = found.spreads().tidy()
    assert spreads.query("group == 'groups' and measure == 'std_dev'")["estimate"].item() == 0.0
    assert np.isnan(spreads.loc[spreads["measure"] == ICC, "conf_low"]).all()
    assert any("between groups is estimated as 0" in text for text in found.remarks)
    assert found.glance()["is_singular"].item()
    assert "(0 + grouped_stage | group)" in found.fit.heading


def test_parents_in_no_group_have_no_effect_of_one():
    frame = draw_goal_frame(TRUTH, n=120, seed=3)
    alone = frame["episode_id"].isin(sorted(frame["episode_id"].unique())[80:])
    frame["group_id"] = frame["group_id"].where(~alone)
    frame["cluster_id"] = frame["cluster_id"].where(~alone, frame["episode_id"])
    found = goal_trajectory(frame, model="linear", heteroscedastic=True)
    block = next(b for b in found.fit.frame.blocks if b.group == "group")
    is_alone = found.rows.rows["arm"].to_numpy() == "single"
    assert (block.Z[is_alone] == 0.0).all()
    assert (block.Z[~is_alone, 0] == found.rows.rows["stage"].to_numpy()[~is_alone]).all()
    assert found.rows.n_groups == 10
    assert found.rows.n_clusters == 50
    terms = found.spreads().tidy()["term"].tolist()
    assert {"arm[grouped]", "arm[single]", "start, alone", "start, in a group"} <= set(terms)
    robust = found.change(errors="robust")["std_error"].item()
    assert robust == pytest.approx(found.change()["std_error"].item(), rel=0.5)


@pytest.mark.parametrize(
    ("keep", "words"),
    [
        (lambda f: f["item"] == "goal_1", "No parent rated two goals"),
        (lambda f: (f["item"] == "goal_1") & (f["stage"] != 0.5), "Slopes do not vary"),
        (lambda f: f["group_id"] == "g0", "Groups have no effect"),
    ],
)
def test_what_the_rows_cannot_tell_is_left_out_and_said(keep, words):
    frame = balanced()
    part = frame[keep(frame)].reset_index(drop=True)
    part.attrs = frame.attrs
    rows = trajectory_rows(part, caller="test", adjust=())
    assert any(words in text for text in rows.remarks)


def test_adjusters_have_mean_zero_over_the_starters(drawn):
    rows = trajectory_rows(drawn, caller="test", adjust=("mode", "resident", "imd_decile"))
    means = rows.starters[list(rows.columns)].mean()
    np.testing.assert_allclose(means, 0.0, atol=1e-12)
    assert rows.adjusted[-1] == "Imd decile"


def test_rare_levels_join_the_commonest_and_unknown_numbers_take_the_mean(drawn):
    frame = drawn.copy()
    ids = sorted(frame["episode_id"].unique())
    frame["resident"] = frame["resident"].astype(object)
    frame.loc[frame["episode_id"].isin(ids[:2]), "resident"] = "sometimes"
    frame["imd_decile"] = frame["imd_decile"].astype(float)
    frame.loc[frame["episode_id"].isin(ids[:3]), "imd_decile"] = NAN
    rows = trajectory_rows(frame, caller="test", adjust=("resident", "imd_decile"))
    assert any("put with the commonest" in text for text in rows.remarks)
    assert any("3 parents, who take the mean" in text for text in rows.remarks)
    assert (rows.starters["x1"].iloc[:3].abs() < 1e-12).all()
    frame["sex"] = "female"
    rows = trajectory_rows(frame, caller="test", adjust=("sex",))
    assert rows.columns == ()
    assert any("not adjusted for" in text for text in rows.remarks)


def test_every_fault_is_one_plain_error(drawn):
    with pytest.raises(DataError, match="column reached is missing"):
        goal_trajectory(drawn.drop(columns=["reached"]))
    one = drawn[drawn["episode_id"] == drawn["episode_id"].iloc[0]].copy()
    with pytest.raises(DataError, match="two stages of the course or more"):
        goal_trajectory(one)
    none_due = drawn.assign(is_due=False)
    with pytest.raises(DataError, match="no parent's course is over"):
        goal_trajectory(none_due)
    halves = drawn.assign(score=drawn["score"].where(drawn["score"] != 3.0, 3.5))
    with pytest.raises(DataError, match='use model="linear"'):
        goal_trajectory(halves)
    with pytest.raises(ParameterError, match="model is unknown"):
        goal_trajectory(drawn, model="probit")
    with pytest.raises(ParameterError, match="nothing to tell apart"):
        goal_trajectory(drawn, heteroscedastic=True)


def test_robust_errors_are_for_the_linear_model(drawn, ordinal):
    linear = goal_trajectory(drawn, model="linear")
    pair = [linear.change(errors=kind)["std_error"].item() for kind in ("model", "robust")]
    assert pair[0] != pair[1]
    assert pair[0] == pytest.approx(pair[1], rel=0.4)
    with pytest.raises(ParameterError, match='fit model="linear" as well'):
        ordinal.change(errors="robust")


def test_the_two_models_and_their_accounts_agree(drawn, ordinal):
    linear = goal_trajectory(drawn, model="linear")
    pair = [fit.hypothetical() for fit in (ordinal, linear)]
    for measure in (0, 1):
        a, b = (result.frame["estimate"].iloc[measure] for result in pair)
        assert abs(a - b) < 0.25 * pair[0].frame["std_error"].iloc[measure]
    assert "Ratings are missing at random" in str(pair[0].summary())
    assert "starters" in str(ordinal.summary())
    assert "0.0" in ordinal._repr_html_()
