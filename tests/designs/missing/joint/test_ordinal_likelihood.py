"""The ordinal joint likelihood: by brute force, by differences, and in places hard to reach."""

import numpy as np
import pytest
from scipy.special import ndtr

from rpcstats.designs.missing._joint_cells import category, session_end
from rpcstats.designs.missing.joint_data import joint_data
from rpcstats.designs.missing.joint_ordered_data import ordered_ratings
from rpcstats.designs.missing.joint_ordinal import ordinal_terms
from rpcstats.designs.missing.joint_parameters import Model
from rpcstats.errors import DataError

SHARES = ("slope", "intercept", "both", "level", "none")
LINKS = ("logit", "cloglog")
PHI = {"slope": (-0.6,), "intercept": (0.5,), "both": (0.4, -0.7), "level": (-0.3,), "none": ()}
NODES = 21
BY_INTEGRATION = 1e-8
DIFFERENCES = 1e-8  # of fourth order, with steps of 1e-4
DEFAULT_NODES = 1e-4
CUTS = np.array([-2.5, -1.7, -0.9, 0.0, 0.8, 1.6, 2.6])
SPREAD = np.array([1.1, -0.3, 1.2, 0.8])
START, SLOPE, SESSION, COVARIATE = -0.3, np.array([2.0, 0.4]), np.array([-0.9, -0.6]), 0.35


def model_of(goals, share, link, n_node=NODES):
    data = joint_data(goals, ("mode",), ("mode",))
    return Model(data, share, link, n_node, ordered_ratings(data))


def theta_of(share):
    return np.concatenate([CUTS, [START], SLOPE, SPREAD, SESSION, [COVARIATE], PHI[share]])


def by_grid(joint, model, share):
    """Integrate every parent's likelihood over a grid of u, v and each goal's own level."""
    data, values = model.data, model.ordered.values
    r, edges = data.ratings, np.concatenate([[-np.inf], CUTS, [np.inf]])
    l1, l2, l3, tau = SPREAD
    z = np.linspace(-7.5, 7.5, 61)
    z1, z2 = np.meshgrid(z, z, indexing="ij")
    u, v = l1 * z1, l2 * z1 + l3 * z2
    w = np.linspace(-7.5, 7.5, 61)
    of_w = np.exp(-0.5 * w**2) * (w[1] - w[0]) / np.sqrt(2 * np.pi)
    found = []
    for place, parent in enumerate(data.order):
        x = data.X[place, 0]
        law = np.exp(-0.5 * (z1**2 + z2**2)) / (2 * np.pi) * (z[1] - z[0]) ** 2
        law = law * course(joint, data, place, x, u, v, share, model.link)
        for j in np.flatnonzero(r.parent == parent):
            y, s = np.append(r.score[:, j], r.after[j]), np.append(r.stage[:, j], r.reached[parent])
            inside = of_w * np.ones((*u.shape, 1))
            for one, stage in zip(y[np.isfinite(y)], s[np.isfinite(y)], strict=True):
                eta = START * x + u + stage * (SLOPE[0] + SLOPE[1] * x + v)
                eta = eta[..., None] + tau * w
                c = np.searchsorted(values, one)
                inside = inside * (ndtr(edges[c + 1] - eta) - ndtr(edges[c] - eta))
            law = law * inside.sum(axis=-1)
        found.append(np.log(law.sum()))
    return np.array(found)


def course(joint, data, place, x, u, v, share, link):
    phi, total = (*PHI[share], 0.0, 0.0), 1.0
    for k in range(int(data.courses.n_risk[place])):
        s = k / (joint.K - 1.0)
        level = START * x + u + s * (SLOPE[0] + SLOPE[1] * x + v)
        extra = {"slope": phi[0] * v, "intercept": phi[0] * u, "level": phi[0] * level,
                 "both": phi[0] * u + phi[1] * v, "none": 0.0 * v}[share]  # fmt: skip
        eta = SESSION[k] + x * COVARIATE + extra
        hazard = 1 / (1 + np.exp(-eta)) if link == "logit" else 1 - np.exp(-np.exp(eta))
        total = total * (hazard if k == data.courses.event[place] else 1.0 - hazard)
    return total


@pytest.mark.parametrize("share", SHARES)
def test_likelihood_is_that_of_brute_force(joint, share):
    link = "cloglog" if share == "both" else "logit"
    model = model_of(joint.hand_made(), share, link)
    log_lik = ordinal_terms(model, theta_of(share), 0).log_lik
    np.testing.assert_allclose(log_lik, by_grid(joint, model, share), atol=BY_INTEGRATION)


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("share", SHARES)
def test_scores_and_information_are_differences(joint, share, link):
    """Along lines that move every parameter: any derivative that is wrong shows in each."""
    model, theta = model_of(joint.hand_made(), share, link), theta_of(share)
    exact = ordinal_terms(model, theta, 2)
    lines = np.random.default_rng(4).standard_normal((3, len(theta)))
    for line in lines / np.linalg.norm(lines, axis=1, keepdims=True):
        up, down, far_up, far_down = (
            ordinal_terms(model, theta + step * 1e-4 * line, 1) for step in (1, -1, 2, -2)
        )
        for k, expected in ((0, line @ exact.scores), (1, -exact.information @ line)):
            change = 8.0 * (up[k] - down[k]) - (far_up[k] - far_down[k])
            change = change / 12e-4 if k == 0 else change.sum(axis=1) / 12e-4
            np.testing.assert_allclose(change, expected, atol=DIFFERENCES)


def test_orders_agree(joint):
    model, theta = model_of(joint.hand_made(), "both", "logit", 5), theta_of("both")
    value, first, second = (ordinal_terms(model, theta, order) for order in (0, 1, 2))
    np.testing.assert_allclose(value.log_lik, second.log_lik, rtol=1e-12)
    np.testing.assert_allclose(first.scores, second.scores, atol=1e-12)


@pytest.mark.parametrize("share", SHARES)
def test_default_nodes_are_enough(joint, share):
    model, theta = model_of(joint.hand_made(), share, "logit", 5), theta_of(share)
    fine = ordinal_terms(model._replace(n_node=NODES), theta, 0).log_lik
    np.testing.assert_allclose(ordinal_terms(model, theta, 0).log_lik, fine, atol=DEFAULT_NODES)


def test_ratings_and_dropout_come_apart_without_association(joint):
    """With no association the course's likelihood is the product of its hazards."""
    model, theta = model_of(joint.hand_made(), "none", "logit"), theta_of("none")
    raised = theta.copy()
    raised[-3:-1] += 0.5
    change = ordinal_terms(model, raised, 0).log_lik - ordinal_terms(model, theta, 0).log_lik
    data = model.data
    for place in range(data.n):
        expected = 0.0
        for k in range(int(data.courses.n_risk[place])):
            eta = SESSION[k] + COVARIATE * data.X[place, 0]
            sign = 1.0 if data.courses.event[place] == k else -1.0
            expected += np.logaddexp(0.0, -sign * eta) - np.logaddexp(0.0, -sign * (eta + 0.5))
        assert change[place] == pytest.approx(expected, abs=1e-10)


def test_singular_effects_have_a_likelihood_and_a_score(joint):
    model, theta = model_of(joint.hand_made(), "slope", "logit"), theta_of("slope")
    theta[len(CUTS) + 4 : len(CUTS) + 7] = 0.0
    found = ordinal_terms(model, theta, 2)
    assert np.isfinite(found.log_lik).all()
    assert np.isfinite(found.information).all()
    assert found.scores[-1] == pytest.approx(np.zeros(5), abs=1e-14)  # v is 0: nothing is shared


def test_thresholds_out_of_order_have_no_likelihood(joint):
    model, theta = model_of(joint.hand_made(), "slope", "logit"), theta_of("slope")
    theta[[0, 1]] = theta[[1, 0]]
    assert np.isnan(ordinal_terms(model, theta, 1).log_lik).all()


def test_far_out_parameters_stay_finite(joint):
    for link in LINKS:
        model, theta = model_of(joint.hand_made(), "slope", link), theta_of("slope")
        theta[-1] = -40.0
        theta[len(CUTS) + 1] = 25.0
        found = ordinal_terms(model, theta, 1)
        assert np.isfinite(found.log_lik).all()
        assert np.isfinite(found.scores).all()


@pytest.mark.parametrize("shift", [-30.0, -8.0, -0.1, 0.0, 0.6, 8.0, 30.0])
def test_category_is_exact_in_both_tails(shift):
    p, above, below = category(shift + 0.4, shift - 0.4)
    far, near = -abs(shift) - 0.4, -abs(shift) + 0.4
    assert p == pytest.approx(ndtr(near) - ndtr(far), rel=1e-12)
    density = [np.exp(-0.5 * (shift + d) ** 2) / np.sqrt(2 * np.pi) for d in (0.4, -0.4)]
    assert (above, below) == pytest.approx(density, rel=1e-12)


@pytest.mark.parametrize("link", [0, 1])
@pytest.mark.parametrize("left", [True, False])
def test_session_end_has_the_derivatives_of_its_logarithm(link, left):
    for eta in (-6.0, -0.3, 1.2):
        value, first, curvature = session_end(eta, left, link)
        hazard = 1 / (1 + np.exp(-eta)) if link == 0 else -np.expm1(-np.exp(eta))
        assert value == pytest.approx(np.log(hazard if left else 1.0 - hazard))
        up, down = session_end(eta + 1e-4, left, link), session_end(eta - 1e-4, left, link)
        assert first == pytest.approx((up[0] - down[0]) / 2e-4, abs=1e-7)
        assert curvature == pytest.approx(-(up[1] - down[1]) / 2e-4, abs=1e-7)


def test_categories_are_the_values_given(joint):
    ordered = model_of(joint.hand_made(), "none", "logit").ordered
    np.testing.assert_array_equal(ordered.values, [1, 2, 3, 4, 5, 6, 7, 8])
    assert ordered.cells.rating_first[-1] == len(ordered.cells.category)


def test_ratings_between_points_are_refused(joint):
    goals = joint.hand_made()
    halved = goals.assign(score=goals["score"] / 2)
    halved.attrs = goals.attrs
    with pytest.raises(DataError, match="not all whole numbers"):
        ordered_ratings(joint_data(halved, (), ()))
