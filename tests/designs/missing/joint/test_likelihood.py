"""The joint likelihood against brute force, its scores against differences."""

import numpy as np
import pytest
from scipy.integrate import dblquad

from rpcstats.designs.missing.joint_data import joint_data
from rpcstats.designs.missing.joint_likelihood import evaluate, z_moments
from rpcstats.designs.missing.joint_parameters import Model
from rpcstats.designs.missing.joint_scores import scores

SHARES = ("slope", "intercept", "both", "level", "none")
LINKS = ("logit", "cloglog")
NODES = 25
BY_INTEGRATION = 1e-8
DIFFERENCES = 1e-6


def model_of(goals, share, link, n_node=NODES):
    return Model(joint_data(goals, ("mode",), ("mode",)), share, link, n_node)


def parents_of(model):
    """Give what the brute force needs of each parent, in the model's order."""
    data = model.data
    r = data.ratings
    for place, parent in enumerate(data.order):
        mine = np.flatnonzero(r.parent == parent)
        y, s = [], []
        for j in mine:
            seen = np.isfinite(r.score[:, j])
            late = np.isfinite(r.after[j])
            y.append(np.append(r.score[seen, j], r.after[j][late] if late else []))
            s.append(np.append(r.stage[seen, j], r.reached[parent] if late else []))
        yield place, y, s, data.X[place, 0]


def integrand(joint, model, place, y, s, x, u, v):
    truth, data = joint.truth, model.data
    at = (truth.a[0] + x * truth.a[1], truth.b[0] + x * truth.b[1])
    law = joint.density_of_ratings(y, s, u, v, at)
    n_risk, event = int(data.courses.n_risk[place]), int(data.courses.event[place])
    return law * joint.chance_of_course(
        n_risk, event, x, u, v, at, model.share, model.link, data.centre
    )


def prior(truth, u, v):
    z1 = u / truth.l1
    z2 = (v - truth.l2 * z1) / truth.l3
    return np.exp(-0.5 * (z1**2 + z2**2)) / (2 * np.pi * truth.l1 * truth.l3)


def moments_by_grid(joint, model, place, y, s, x):
    """Integrate over a grid of z by the trapezium rule: probability, and means of z and zz'."""
    truth = joint.truth
    z = np.linspace(-8.5, 8.5, 101)
    z1, z2 = np.meshgrid(z, z, indexing="ij")
    u, v = truth.l1 * z1, truth.l2 * z1 + truth.l3 * z2
    law = np.exp(-0.5 * (z1**2 + z2**2)) / (2 * np.pi) * (z[1] - z[0]) ** 2
    law = law * integrand(joint, model, place, y, s, x, u, v)
    total = law.sum()
    means = [(law * part).sum() / total for part in (z1, z2, z1 * z1, z1 * z2, z2 * z2)]
    return np.log(total), np.array(means)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("share", SHARES)
def test_likelihood_and_effects_are_those_of_brute_force(joint, share, link):
    model = model_of(joint.hand_made(), share, link)
    state = evaluate(model, joint.truth.theta(share, model.data.centre))
    z, zz = z_moments(state)
    for place, *parent in parents_of(model):
        log_lik, means = moments_by_grid(joint, model, place, *parent)
        assert state.log_lik[place] == pytest.approx(log_lik, abs=BY_INTEGRATION)
        found = np.concatenate([z[:, place], zz[:, place]])
        np.testing.assert_allclose(found, means, atol=BY_INTEGRATION)


def test_likelihood_of_one_parent_by_nested_quadrature(joint):
    model = model_of(joint.hand_made(), "both", "logit")
    state = evaluate(model, joint.truth.theta("both", model.data.centre))
    place, *parent = list(parents_of(model))[-1]
    assert [len(y) for y in parent[0]] == [1]

    def law(v, u):
        return float(
            prior(joint.truth, u, v)
            * integrand(joint, model, place, *parent, np.array(u), np.array(v))
        )

    total, _ = dblquad(law, -8.0, 8.0, -9.0, 9.0, epsabs=1e-12, epsrel=1e-10)
    assert state.log_lik[place] == pytest.approx(np.log(total), abs=BY_INTEGRATION)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("share", SHARES)
def test_scores_are_the_differences_of_the_likelihood(joint, share, link):
    model = model_of(joint.hand_made(), share, link)
    theta = joint.truth.theta(share, model.data.centre)
    exact = scores(model, theta, evaluate(model, theta))
    for j in range(len(theta)):
        move = np.zeros(len(theta))
        move[j] = 1e-4
        up, down, far_up, far_down = (
            evaluate(model, theta + step * move).log_lik for step in (1, -1, 2, -2)
        )
        by_differences = (8.0 * (up - down) - (far_up - far_down)) / 12e-4
        np.testing.assert_allclose(exact[j], by_differences, atol=DIFFERENCES)


def test_default_nodes_are_enough(joint):
    for share, n_node in (("slope", 9), ("both", 9), ("level", 5)):
        model = model_of(joint.hand_made(), share, "logit", n_node)
        theta = joint.truth.theta(share, model.data.centre)
        coarse = evaluate(model, theta).log_lik
        fine = evaluate(model._replace(n_node=NODES), theta).log_lik
        np.testing.assert_allclose(coarse, fine, atol=1e-5)


def test_ratings_alone_are_a_normal_density(joint):
    """By the density of all ratings of a parent at once, with their covariance written out."""
    model = model_of(joint.hand_made(), "none", "logit")
    truth = joint.truth
    state = evaluate(model, truth.theta("none", model.data.centre))
    root = np.array([[truth.l1, 0.0], [truth.l2, truth.l3]])
    for place, y, s, x in parents_of(model):
        goal = np.repeat(np.arange(len(y)), [len(part) for part in y])
        y, s = np.concatenate(y), np.concatenate(s)
        Z = np.column_stack([np.ones_like(s), s])
        V = Z @ root @ root.T @ Z.T + truth.sigma**2 * np.eye(len(y))
        V += truth.tau**2 * (goal[:, None] == goal)
        residual = y - Z @ np.array([truth.a[0] + x * truth.a[1], truth.b[0] + x * truth.b[1]])
        log_density = -0.5 * (
            len(y) * np.log(2 * np.pi)
            + np.linalg.slogdet(V)[1]
            + residual @ np.linalg.solve(V, residual)
        )
        assert state.ratings.log_lik[place] == pytest.approx(log_density, abs=1e-10)


def test_singular_effects_have_a_likelihood_and_a_score(joint):
    model = model_of(joint.hand_made(), "slope", "logit")
    theta = joint.truth.theta("slope", model.data.centre)
    first = 2 * model.sizes[0]
    theta[first + 1 : first + 3] = 0.0
    state = evaluate(model, theta)
    found = scores(model, theta, state)
    assert np.isfinite(state.log_lik).all()
    assert np.isfinite(found).all()
    assert found[-1] == pytest.approx(np.zeros(5), abs=1e-14)  # v is 0: nothing is shared


def test_tails_of_hazards_stay_finite(joint):
    for link in LINKS:
        model = model_of(joint.hand_made(), "slope", link)
        theta = joint.truth.theta("slope", model.data.centre)
        theta[-1] = -40.0
        state = evaluate(model, theta)
        assert np.isfinite(state.log_lik).all()
        assert np.isfinite(scores(model, theta, state)).all()
