"""Change by the ordinal joint model: against brute force, and where nothing is missing."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr

from rpcstats._vocabulary import ESTIMANDS
from rpcstats.designs.missing import joint_estimands, joint_model
from rpcstats.designs.missing.joint_data import joint_data
from rpcstats.designs.missing.joint_ordered_data import ordered_ratings
from rpcstats.designs.missing.joint_ordinal_outcome import ordered_changes
from rpcstats.designs.missing.joint_outcome import Outcomes
from rpcstats.designs.missing.joint_parameters import Model
from rpcstats.simulate.goal_frames import draw_goal_frame
from rpcstats.simulate.truth import Truth

ADJUST = ("mode", "resident")
BY_INTEGRATION = 1e-7
DEFAULT_NODES = 1e-3
CUTS = np.array([-2.5, -1.7, -0.9, 0.0, 0.8, 1.6, 2.6])
EDGES = np.concatenate([[-np.inf], CUTS, [np.inf]])
SPREAD = np.array([1.1, -0.3, 1.2, 0.8])
START, SLOPE, SESSION, COVARIATE = -0.3, np.array([2.0, 0.4]), np.array([-0.9, -0.6]), 0.35
PHI = {"slope": -0.6, "none": 0.0}


def theta_of(share):
    phi = [] if share == "none" else [PHI[share]]
    return np.concatenate([CUTS, [START], SLOPE, SPREAD, SESSION, [COVARIATE], phi])


def outcomes(data, stage, *, start=None, sign=1.0):
    r = data.ratings
    return Outcomes(
        parent=np.argsort(data.order)[r.parent],
        counts=np.ones(len(r.parent), dtype=bool),
        start=r.start if start is None else start,
        end=np.full(len(r.parent), np.nan),
        sums=data.goal_sums,
        stage=np.full(data.n, stage),
        low=0.0,
        high=10.0,
        sign=sign,
        is_whole=True,
        threshold=1.0,
    )


def category_law(eta):
    """Give the chances of the categories, the last axis."""
    return np.diff(ndtr(EDGES - eta[..., None]), axis=-1)


def goal_law(r, j, parent, values, wanted, line, w, of_w):
    """Give the law of a goal's change at each line, times the chance of its ratings."""
    y, s = np.append(r.score[:, j], r.after[j]), np.append(r.stage[:, j], r.reached[parent])
    level = line[0][..., None] + SPREAD[3] * w
    inside = of_w * np.ones_like(level)
    for one, stage in zip(y[np.isfinite(y)], s[np.isfinite(y)], strict=True):
        p = category_law(level + stage * line[1][..., None])
        inside = inside * p[..., np.searchsorted(values, one)]
    stage = wanted.stage[0]
    end = category_law(level + stage * line[1][..., None])
    width = int(values[-1] - values[0])
    law = np.zeros((*line[0].shape, 2 * width + 1))
    if np.isnan(wanted.start[j]):
        both = np.einsum("abw,abwi,abwj->abij", inside, category_law(level), end)
        for i, before in enumerate(values):
            for c, value in enumerate(values):
                law[..., int(value - before) + width] += both[..., i, c]
    else:
        weighted = np.einsum("abw,abwc->abc", inside, end)
        for c, value in enumerate(values):
            law[..., int(value - wanted.start[j]) + width] += weighted[..., c]
    return law


def brute_force(model, place, wanted, share):
    data, values = model.data, model.ordered.values
    r, parent, x = data.ratings, data.order[place], data.X[place, 0]
    z = np.linspace(-7.0, 7.0, 43)
    z1, z2 = np.meshgrid(z, z, indexing="ij")
    u, v = SPREAD[0] * z1, SPREAD[1] * z1 + SPREAD[2] * z2
    line = (START * x + u, SLOPE[0] + SLOPE[1] * x + v)
    w = np.linspace(-7.0, 7.0, 43)
    of_w = np.exp(-0.5 * w**2)
    law = np.exp(-0.5 * (z1**2 + z2**2))
    for k in range(int(data.courses.n_risk[place])):
        hazard = 1 / (1 + np.exp(-(SESSION[k] + COVARIATE * x + PHI[share] * v)))
        law = law * (hazard if k == data.courses.event[place] else 1.0 - hazard)
    mine = np.flatnonzero(r.parent == parent)
    sums = np.ones((*u.shape, 1))
    for j in mine:
        change = goal_law(r, j, parent, values, wanted, line, w, of_w)
        n = sums.shape[-1] + change.shape[-1] - 1
        longer = np.zeros((*u.shape, n))
        for a in range(sums.shape[-1]):
            longer[..., a : a + change.shape[-1]] += sums[..., [a]] * change
        sums = longer
    points = np.arange(sums.shape[-1]) - sums.shape[-1] // 2
    averaged = (law[..., None] * sums).sum(axis=(0, 1))
    averaged /= averaged.sum()
    chance = averaged[points >= wanted.threshold * len(mine)].sum()
    return averaged @ points / len(mine), chance


@pytest.mark.parametrize("share", ["slope", "none"])
@pytest.mark.parametrize("stage", [0.5, 1.0])
def test_change_given_a_parents_data_is_that_of_brute_force(joint, share, stage):
    data = joint_data(joint.hand_made(), ("mode",), ("mode",))
    model = Model(data, share, "logit", 21, ordered_ratings(data))
    start = data.ratings.start.copy()
    start[0] = np.nan  # as if not rated: the goal's whole change is then unknown
    wanted = outcomes(data, stage, start=start)
    mean, chance = ordered_changes(model, theta_of(share), wanted)
    default = ordered_changes(model._replace(n_node=7), theta_of(share), wanted)
    for place in range(data.n):
        expected, p = brute_force(model, place, wanted, share)
        assert mean[place] == pytest.approx(expected, abs=BY_INTEGRATION)
        assert chance[place] == pytest.approx(p, abs=BY_INTEGRATION)
    np.testing.assert_allclose(default, [mean, chance], atol=DEFAULT_NODES)


def test_lower_is_better_turns_everything_round(joint):
    """Ratings mirrored, and the parameters with them: the same change."""
    goals = joint.hand_made()
    mirrored = goals.assign(score=10.0 - goals["score"])
    mirrored.attrs = {**goals.attrs, "direction": "down"}
    theta = theta_of("slope")
    turned = theta.copy()
    turned[: len(CUTS)] = -CUTS[::-1]
    turned[len(CUTS) : len(CUTS) + 3] *= -1.0
    turned[-1] *= -1.0
    found = []
    for frame, sign, at in ((goals, 1.0, theta), (mirrored, -1.0, turned)):
        data = joint_data(frame, ("mode",), ("mode",))
        model = Model(data, "slope", "logit", 9, ordered_ratings(data))
        found.append(ordered_changes(model, at, outcomes(data, 1.0, sign=sign)))
    np.testing.assert_allclose(found[0], found[1], atol=1e-10)


@pytest.fixture(scope="module")
def goals():
    return draw_goal_frame(replace(Truth(), phi=-0.5), n=200, seed=12)


def test_where_every_end_was_rated_the_estimate_is_the_mean():
    certain = replace(Truth(), phi=-0.5, rho0=50.0, rho0_left=50.0, rho1=0.0)
    goals = draw_goal_frame(certain, n=96, seed=13)
    reached, _ = joint_estimands(
        joint_model(goals, outcome="ordinal", adjust=ADJUST, dropout_adjust=ADJUST)
    )
    by = ["episode_id", "item"]
    start, end = (goals[goals["session"] == k].set_index(by)["score"] for k in (1, 6))
    change = (end - start).groupby(level="episode_id").mean()
    table = reached.tidy().set_index("measure")
    assert table.loc["mean change", "estimate"] == pytest.approx(change.mean())
    assert table.loc["progress", "estimate"] == pytest.approx((change >= 1).mean())


def test_errors_follow_from_leaving_out_clusters(goals):
    """By the jackknife over clusters, which knows nothing of scores and derivatives."""
    options = {"outcome": "ordinal", "adjust": (), "dropout_adjust": ()}
    groups = goals["cluster_id"].unique()[-9:]
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
    replicates, m = np.array(replicates), len(groups)
    jackknife = np.sqrt((m - 1) / m * ((replicates - replicates.mean(axis=0)) ** 2).sum(axis=0))
    errors = np.array([result.tidy()["std_error"] for result in whole])
    np.testing.assert_allclose(errors, jackknife, rtol=0.15)


def test_results_say_what_they_are(goals):
    fit = joint_model(goals, outcome="ordinal", adjust=(), dropout_adjust=())
    for result, name in zip(joint_estimands(fit), ("E5a", "E5b"), strict=True):
        assert result.estimand == name
        assert list(result.tidy().columns) == list(ESTIMANDS)
        assert "Ordinal joint model" in result.method
        assert "same thresholds" in result.assumption
    apart, _ = joint_estimands(fit.separate)
    assert apart.method == "Cumulative probit mixed model, dropout left aside"
