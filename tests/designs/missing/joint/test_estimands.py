"""Change by the joint model: against brute force, and where nothing is missing."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr

from rpcstats._vocabulary import ESTIMANDS
from rpcstats.designs.missing import joint_estimands, joint_model
from rpcstats.designs.missing.joint_data import joint_data
from rpcstats.designs.missing.joint_likelihood import evaluate
from rpcstats.designs.missing.joint_outcome import (
    Outcomes,
    chance_of_progress,
    expected_change,
)
from rpcstats.designs.missing.joint_parameters import Model
from rpcstats.errors import ParameterError
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth

ADJUST = ("mode", "resident")
BY_INTEGRATION = 1e-7
DEFAULT_NODES = 2e-3


def outcomes(data, stage, sign=1.0, threshold=1.0):
    r = data.ratings
    return Outcomes(
        parent=np.argsort(data.order)[r.parent],
        counts=np.ones(len(r.parent), dtype=bool),
        start=r.start,
        end=np.full(len(r.parent), np.nan),
        sums=data.goal_sums,
        stage=np.full(data.n, stage),
        low=0.0,
        high=10.0,
        sign=sign,
        is_whole=True,
        threshold=threshold,
    )


def brute_force(joint, model, place, stage, threshold):
    """Integrate change and the chance of progress of one parent over u, v and each goal."""
    data, truth = model.data, joint.truth
    r, parent = data.ratings, data.order[place]
    x = data.X[place, 0]
    at = (truth.a[0] + x * truth.a[1], truth.b[0] + x * truth.b[1])
    z = np.linspace(-7.5, 7.5, 49)
    z1, z2 = np.meshgrid(z, z, indexing="ij")
    u, v = truth.l1 * z1, truth.l2 * z1 + truth.l3 * z2
    n_risk, event = int(data.courses.n_risk[place]), int(data.courses.event[place])
    law = np.exp(-0.5 * (z1**2 + z2**2)) * joint.chance_of_course(
        n_risk, event, x, u, v, at, model.share, model.link, data.centre
    )
    w = np.linspace(-7.5, 7.5, 49) * truth.tau
    sd = np.sqrt(truth.sigma**2 - 1 / 12)
    change, sums, needed = np.zeros_like(u), np.ones((*u.shape, 1)), threshold
    mine = np.flatnonzero(r.parent == parent)
    for j in mine:
        seen = np.isfinite(r.score[:, j])
        y = np.append(r.score[seen, j], r.after[j])
        s = np.append(r.stage[seen, j], r.reached[parent])
        inside = np.exp(-0.5 * (w / truth.tau) ** 2) * np.ones((*u.shape, 1))
        for one, when in zip(y[np.isfinite(y)], s[np.isfinite(y)], strict=True):
            level = (at[0] + u + when * (at[1] + v))[..., None] + w
            inside *= np.exp(-0.5 * ((one - level) / truth.sigma) ** 2)
        total = inside.sum(axis=-1)
        law = law * total
        inside /= total[..., None]
        end = (at[0] + u + stage * (at[1] + v))[..., None] + w
        change += ((inside * end).sum(axis=-1) - r.start[j]) / len(mine)
        below = ndtr((np.arange(10) + 0.5 - end[..., None]) / sd)
        p = np.diff(below, axis=-1, prepend=0.0, append=1.0)
        p = (inside[..., None] * p).sum(axis=-2)
        sums = np.stack(
            [
                sum(sums[..., i] * p[..., k - i]
                    for i in range(sums.shape[-1]) if 0 <= k - i <= 10)
                for k in range(sums.shape[-1] + 10)
            ],
            axis=-1,
        )  # fmt: skip
        needed += r.start[j] + threshold * (j != mine[0])
    law = law / law.sum()
    chance = sums[..., int(np.ceil(needed)) :].sum(axis=-1)
    return (law * change).sum(), (law * chance).sum()


@pytest.mark.parametrize("share", ["slope", "both", "level", "none"])
@pytest.mark.parametrize("stage", [0.5, 1.0])
def test_change_given_a_parents_data_is_that_of_brute_force(joint, share, stage):
    data = joint_data(joint.hand_made(), ("mode",), ("mode",))
    theta = joint.truth.theta(share, data.centre)
    model = Model(data, share, "logit", 21)
    wanted = outcomes(data, stage)
    state = evaluate(model, theta, keep_nodes=True)
    change = expected_change(model, theta, state, wanted)
    chance = chance_of_progress(model, theta, state, wanted, 21)
    coarse_model = model._replace(n_node=9)
    coarse = evaluate(coarse_model, theta, keep_nodes=True)
    by_default = chance_of_progress(coarse_model, theta, coarse, wanted, 5)
    for place in range(data.n):
        mean, p = brute_force(joint, model, place, stage, 1.0)
        assert change[place] == pytest.approx(mean, abs=BY_INTEGRATION)
        assert chance[place] == pytest.approx(p, abs=BY_INTEGRATION)
        assert by_default[place] == pytest.approx(p, abs=DEFAULT_NODES)


def test_lower_is_better_turns_everything_round(joint):
    """Ratings mirrored, and the sign of the parameters with them: the same change."""
    goals = joint.hand_made()
    mirrored = goals.assign(score=10.0 - goals["score"])
    mirrored.attrs = {**goals.attrs, "direction": "down"}
    found = []
    for frame, sign in ((goals, 1.0), (mirrored, -1.0)):
        data = joint_data(frame, ("mode",), ("mode",))
        theta = joint.truth.theta("slope", joint_data(goals, ("mode",), ("mode",)).centre)
        theta[[0, 1, 2, 3]] *= sign
        theta[-1] *= sign
        model = Model(data, "slope", "logit", 9)
        state = evaluate(model, theta, keep_nodes=True)
        wanted = outcomes(data, 1.0, sign)
        found.append(
            (
                expected_change(model, theta, state, wanted),
                chance_of_progress(model, theta, state, wanted, 5),
            )
        )
    np.testing.assert_allclose(found[0], found[1], atol=1e-10)


@pytest.fixture(scope="module")
def goals():
    return draw_goal_frame(replace(Truth(), phi=-0.5), n=240, seed=12)


def mean_changes(goals):
    """Give each parent's mean change over goals rated at both ends."""
    by = ["episode_id", "item"]
    start = goals[goals["session"] == 1].set_index(by)["score"]
    end = goals[goals["session"] == goals["session"].max()].set_index(by)["score"]
    return (end - start).groupby(level="episode_id").mean()


def test_where_every_end_was_rated_the_estimate_is_the_mean():
    certain = replace(Truth(), phi=-0.5, rho0=50.0, rho0_left=50.0, rho1=0.0)
    goals = draw_goal_frame(certain, n=240, seed=13)
    reached, finished = joint_estimands(joint_model(goals, adjust=ADJUST, dropout_adjust=ADJUST))
    change = mean_changes(goals)
    table = reached.tidy().set_index("measure")
    assert table.loc["mean change", "estimate"] == pytest.approx(change.mean())
    assert table.loc["progress", "estimate"] == pytest.approx((change >= 1).mean())
    assert reached.n_missing == 0
    # The clusters' spread of the plain mean, since no parameter has a part in it.
    cluster = goals.drop_duplicates("episode_id").set_index("episode_id")["cluster_id"]
    sums = (change - change.mean()).groupby(cluster).sum() / len(change)
    error = np.sqrt(len(sums) / (len(sums) - 1) * (sums**2).sum())
    assert table.loc["mean change", "std_error"] == pytest.approx(error)
    assert finished.n_missing == (goals.drop_duplicates("episode_id")["reached"] < 1).sum()


def test_errors_follow_from_leaving_out_clusters(goals):
    """By the jackknife over clusters, which knows nothing of scores and derivatives."""
    options = {"adjust": (), "dropout_adjust": ()}
    groups = goals["cluster_id"].unique()[:9]
    few = goals[goals["cluster_id"].isin(groups)].reset_index(drop=True)
    few.attrs = goals.attrs
    goals = few
    whole = joint_estimands(joint_model(goals, **options))
    replicates = []
    for group in groups:
        rest = goals[goals["cluster_id"] != group].reset_index(drop=True)
        rest.attrs = goals.attrs
        found = joint_estimands(joint_model(rest, **options))
        replicates.append([result.tidy()["estimate"].to_numpy() for result in found])
    replicates = np.array(replicates)
    m = len(groups)
    spread = ((replicates - replicates.mean(axis=0)) ** 2).sum(axis=0)
    jackknife = np.sqrt((m - 1) / m * spread)
    errors = np.array([result.tidy()["std_error"] for result in whole])
    np.testing.assert_allclose(errors, jackknife, rtol=0.15)


def test_results_say_what_they_are(goals):
    fit = joint_model(goals, adjust=ADJUST, dropout_adjust=ADJUST)
    reached, finished = joint_estimands(fit)
    for result, name in ((reached, "E5a"), (finished, "E5b")):
        assert result.estimand == name
        assert list(result.tidy().columns) == list(ESTIMANDS)
        assert result.tidy()["measure"].tolist() == ["mean change", "progress"]
        assert "sharing their own slope" in result.method
        assert result.n_obs == 240
    assert finished.n_missing > reached.n_missing
    wide, _ = joint_estimands(fit, threshold=4.0)
    assert wide.tidy().loc[1, "estimate"] < reached.tidy().loc[1, "estimate"]


def test_open_courses_inform_but_are_in_no_base(goals):
    some = goals["cluster_id"].isin(goals["cluster_id"].unique()[:3])
    opened = goals.assign(
        status=goals["status"].astype(object).where(~some, "open"),
        is_due=goals["is_due"].where(~some, other=False),
        reached=goals["reached"].where(~some),
    )
    opened.attrs = goals.attrs
    fit = joint_model(opened, adjust=ADJUST, dropout_adjust=ADJUST)
    reached, _ = joint_estimands(fit)
    assert fit.model.data.n == 240
    assert reached.n_obs == 240 - goals[some]["episode_id"].nunique()


def test_a_parent_who_rated_nothing_is_in_the_base(goals):
    first = goals["episode_id"] == goals["episode_id"].iloc[0]
    silent = goals.assign(
        score=goals["score"].where(~first),
        state=goals["state"].astype(object).where(~first | (goals["state"] == "left"), "missed"),
    )
    silent.attrs = goals.attrs
    reached, _ = joint_estimands(joint_model(silent, adjust=ADJUST, dropout_adjust=ADJUST))
    assert reached.n_obs == 240
    assert np.isfinite(reached.tidy()["estimate"]).all()


def test_threshold_must_be_a_number(goals):
    fit = joint_model(goals, adjust=(), dropout_adjust=())
    with pytest.raises(ParameterError, match="threshold is no number"):
        joint_estimands(fit, threshold="one")
