"""Draws of effects and variances against distributions in closed form."""

import numpy as np
import pytest
from scipy import sparse, stats

from rpcstats.designs.missing._effects import Effects, Layout, Variances, draw_effects
from rpcstats.designs.missing._group_spread import draw_group_variance
from rpcstats.designs.missing._printed_ratings import draw_latent, print_ratings, printed_ratings
from rpcstats.designs.missing._scale_moves import Residuals, move_scales
from rpcstats.designs.missing._variances import draw_covariance, draw_variance

DRAWS = 6_000
# Standard errors of the mean of so many draws that a right answer may be off by.
MOST = 4.5

PSI = np.array([[1.4, -0.5], [-0.5, 1.7]])
OMEGA = {(): np.zeros((0, 0)), (1,): np.array([[0.3]]), (0, 1): np.array([[0.4, 0.1], [0.1, 0.3]])}
GOAL, RATING = 0.8, 1.2


def _case(by_group):
    """Five parents, two groups, one parent in none; the last parent has no rating at all."""
    rng = np.random.default_rng(3)
    parent = np.array([0, 0, 1, 2, 2, 2, 3, 4])
    group = np.array([0, 0, 1, 1, 2])[[0, 1, 2, 4, 3]]
    row_goal = np.repeat(np.arange(8), [3, 2, 3, 1, 2, 3, 1, 0])
    stage = np.concatenate([np.arange(k) / 2.0 for k in (3, 2, 3, 1, 2, 3, 1)])
    X = np.column_stack([np.ones(5), [0.0, 1, 0, 1, 1]])
    y = rng.normal(4.0, 1.5, len(stage))
    inside = np.flatnonzero(group < 2)
    members = sparse.csr_array((np.ones(len(inside)), (group[inside], inside)), shape=(2, 5))
    count = np.bincount(row_goal, minlength=8)
    layout = Layout(
        X=X,
        prior_precision=np.array([0.01, 0.02, 0.03, 0.04]),
        parent=parent,
        n=count.astype(float),
        s1=np.bincount(row_goal, stage, 8),
        s2=np.bincount(row_goal, stage**2, 8),
        members=members,
        group=group,
        by_group=by_group,
        has_goals=True,
    )
    return layout, y, row_goal, stage


def _dense(layout, y, row_goal, stage):
    """Posterior mean and covariance of (beta, groups, parents, goals) from one dense system."""
    owner = layout.parent[row_goal]
    Z = np.column_stack([np.ones(len(stage)), stage])
    fixed = np.hstack([Z[:, [a]] * layout.X[owner] for a in (0, 1)])
    groups = np.hstack(
        [np.zeros((len(stage), 0))]
        + [Z[:, [a]] * (layout.group[owner] == g)[:, None] for g in (0, 1) for a in layout.by_group]
    )
    parents = np.hstack([Z * (owner == i)[:, None] for i in range(5)])
    goals = (row_goal[:, None] == np.arange(8)).astype(float)
    W = np.hstack([fixed, groups, parents, goals])
    inverse_omega = np.linalg.inv(OMEGA[layout.by_group])
    blocks = [np.diag(layout.prior_precision), *[inverse_omega] * 2]
    blocks += [*[np.linalg.inv(PSI)] * 5, np.eye(8) / GOAL]
    precision = sparse.block_diag([b for b in blocks if b.size]).toarray() + W.T @ W / RATING
    covariance = np.linalg.inv(precision)
    return covariance @ W.T @ y / RATING, covariance


@pytest.mark.parametrize("by_group", list(OMEGA))
def test_effects_have_the_posterior_of_the_dense_system(by_group):
    layout, y, row_goal, stage = _case(by_group)
    mean, covariance = _dense(layout, y, row_goal, stage)
    rng = np.random.default_rng(8)
    r0, r1 = np.bincount(row_goal, y, 8), np.bincount(row_goal, y * stage, 8)
    variances = Variances(PSI, OMEGA[by_group], GOAL, RATING)
    drawn = []
    for _ in range(DRAWS):
        found = draw_effects(rng, layout, r0, r1, variances)
        drawn.append(np.concatenate(
            [found.beta.ravel(), found.group.ravel(), found.parent.T.ravel(), found.goal]
        ))  # fmt: skip
    drawn = np.array(drawn)
    sd = np.sqrt(np.diag(covariance))
    assert (np.abs(drawn.mean(axis=0) - mean) < MOST * sd / np.sqrt(DRAWS)).all()
    off = np.abs(np.cov(drawn.T) - covariance) / np.outer(sd, sd)
    assert off.max() < MOST * np.sqrt(2.0 / DRAWS)


def test_a_line_is_all_effects_together():
    layout, y, row_goal, stage = _case((1,))
    r0, r1 = np.bincount(row_goal, y, 8), np.bincount(row_goal, y * stage, 8)
    variances = Variances(PSI, OMEGA[(1,)], GOAL, RATING)
    found = draw_effects(np.random.default_rng(1), layout, r0, r1, variances)
    slope = layout.X @ found.beta[1] + found.parent[1]
    slope += np.append(found.group[:, 0], 0.0)[layout.group]
    np.testing.assert_allclose(found.line[1], slope)
    np.testing.assert_allclose(found.line[0], layout.X @ found.beta[0] + found.parent[0])


def test_no_effects_leave_the_half_t_prior():
    """With nothing seen, standard deviations keep their half-t prior and correlations are flat."""
    rng, scale = np.random.default_rng(2), 3.0
    pair, one = np.full(2, 9.0), 9.0
    drawn = []
    for _ in range(DRAWS):
        covariance, pair = draw_covariance(rng, np.zeros((2, 2)), 0, pair, scale)
        variance, one = draw_variance(rng, 0.0, 0, one, scale)
        sd = np.sqrt(np.diag(covariance))
        drawn.append([*sd, np.sqrt(variance), covariance[0, 1] / sd.prod()])
    drawn = np.array(drawn)[::5]
    for k in range(3):
        below = (drawn[:, k] < scale * stats.t(2).ppf(0.75)).mean()
        assert abs(below - 0.5) < 0.06
    assert np.abs(np.quantile(drawn[:, 3], [0.25, 0.75]) - [-0.5, 0.5]).max() < 0.08


def test_moves_of_spreads_leave_the_prior_when_nothing_is_seen():
    """Effects from spreads, spreads from effects, then moves: only the prior is left."""
    rng, scale, N = np.random.default_rng(12), 3.0, 3
    layout = Layout(
        X=np.ones((N, 1)), prior_precision=np.ones(2), parent=np.arange(N), n=np.zeros(N),
        s1=np.zeros(N), s2=np.zeros(N), members=sparse.csr_array((1, N)), group=np.zeros(N, int),
        by_group=(), has_goals=True,
    )  # fmt: skip
    nothing = Residuals(np.zeros(N), np.zeros(N))
    covariance, variance, pair, one = np.eye(2), 1.0, np.full(2, 9.0), 9.0
    drawn = []
    for _ in range(DRAWS):
        parent = np.linalg.cholesky(covariance) @ rng.standard_normal((2, N))
        goal = np.sqrt(variance) * rng.standard_normal(N)
        none = np.zeros((0, 0))
        effects = Effects(np.zeros((2, 1)), none, none, parent, goal, parent)
        covariance, pair = draw_covariance(rng, parent @ parent.T, N, pair, scale)
        variance, one = draw_variance(rng, float(goal @ goal), N, one, scale)
        at = Variances(covariance, none, variance, 1.0)
        moved, found = move_scales(rng, layout, effects, at, nothing, (pair, one))
        covariance, variance = found.parent, found.goal
        np.testing.assert_allclose(moved.line, moved.parent)
        sd = np.sqrt([covariance[0, 0], covariance[1, 1], variance])
        drawn.append([*sd, covariance[0, 1] / (sd[0] * sd[1])])
    drawn = np.array(drawn)
    for k in range(3):
        below = (drawn[:, k] < scale * stats.t(2).ppf(0.75)).mean()
        assert abs(below - 0.5) < 0.06
    assert np.abs(np.quantile(drawn[:, 3], [0.25, 0.75]) - [-0.5, 0.5]).max() < 0.08


def test_a_move_takes_the_likelihood_of_its_spread():
    """With parents that hardly differ and goals that do, the goals' spread by quadrature."""
    rng, mixing, n = np.random.default_rng(13), 4.0, 6.0
    layout = Layout(
        X=np.ones((2, 1)), prior_precision=np.ones(2), parent=np.arange(2), n=np.full(2, n),
        s1=np.zeros(2), s2=np.zeros(2), members=sparse.csr_array((1, 2)), group=np.zeros(2, int),
        by_group=(), has_goals=True,
    )  # fmt: skip
    unit, total = np.array([0.7, -1.1]), np.array([3.0, -8.0])
    grid = np.linspace(-6.0, 3.0, 20_000)
    tau = np.exp(grid)
    fit = (tau * (unit @ total) - 0.5 * tau**2 * n * (unit @ unit)) / 1.2
    weight = np.exp(fit - 2.0 * grid - 2.0 * np.exp(-2.0 * grid) / mixing)
    truth = (grid * weight).sum() / weight.sum()
    tau, draws, none = 1.0, [], np.zeros((0, 0))
    for _ in range(DRAWS):
        goal, parent = tau * unit, np.zeros((2, 2))
        effects = Effects(np.zeros((2, 1)), none, none, parent, goal, parent)
        at = Variances(np.eye(2), none, tau**2, 1.2)
        left = Residuals(total - n * goal, np.zeros(2))
        moved, found = move_scales(rng, layout, effects, at, left, (np.full(2, 9.0), mixing))
        tau = np.sqrt(found.goal)
        np.testing.assert_allclose(moved.goal, tau * unit)
        draws.append(np.log(tau))
    assert abs(np.mean(draws) - truth) < 2 * MOST * np.std(draws) / np.sqrt(DRAWS)


def test_variances_given_effects_by_quadrature():
    rng, scale, n, square = np.random.default_rng(4), 2.0, 12, 30.0
    grid = np.linspace(0.3, 8.0, 4000)
    log_density = -n * np.log(grid) - square / (2 * grid**2) + stats.t(2, scale=scale).logpdf(grid)
    weight = np.exp(log_density - log_density.max())
    truth = (grid * weight).sum() / weight.sum()
    mixing, matrix, draws = scale**2, np.full(1, scale**2), []
    for _ in range(DRAWS):
        variance, mixing = draw_variance(rng, square, n, mixing, scale)
        covariance, matrix = draw_covariance(rng, np.array([[square]]), n, matrix, scale)
        draws.append([variance, covariance[0, 0]])
    means = np.sqrt(draws).mean(axis=0)
    # The two are drawn alike; the mixing weights make neighbours alike, hence the wider limit.
    assert np.abs(means - truth).max() < 2 * MOST * np.sqrt(draws).std() / np.sqrt(DRAWS)


def test_the_variance_between_groups_by_quadrature():
    rng, scale = np.random.default_rng(5), 2.0
    h, k = np.array([3.0, 8.0, 0.0, 5.0, 2.0]), np.array([2.0, -6.0, 0.0, 4.0, -1.0])
    grid = np.linspace(1e-3, 12.0, 40_000)
    spread = 1.0 + grid[:, None] ** 2 * h
    log_density = (0.5 * grid[:, None] ** 2 * k**2 / spread - 0.5 * np.log(spread)).sum(axis=1)
    weight = np.exp(log_density + stats.t(2, scale=scale).logpdf(grid))
    truth = (np.log(grid) * weight).sum() / weight.sum()
    variance, draws = 1.0, []
    for _ in range(DRAWS):
        variance = draw_group_variance(rng, variance, h, k, scale)
        draws.append(0.5 * np.log(variance))
    assert abs(np.mean(draws) - truth) < 2 * MOST * np.std(draws) / np.sqrt(DRAWS)


def test_values_behind_printed_ratings_are_truncated_normal():
    value = np.repeat([0.0, 4.0, 7.0, 10.0], DRAWS)
    mean, sd = np.repeat([1.2, 4.3, 3.0, 8.0], DRAWS), 1.1
    printed = printed_ratings(value, 0.0, 10.0)
    drawn = draw_latent(np.random.default_rng(6), printed, mean, sd)
    np.testing.assert_array_equal(print_ratings(drawn, 0.0, 10.0), value)
    for at, mu, low, high in ((0, 1.2, -np.inf, 0.5), (4, 4.3, 3.5, 4.5), (7, 3.0, 6.5, 7.5),
                              (10, 8.0, 9.5, np.inf)):  # fmt: skip
        exact = stats.truncnorm((low - mu) / sd, (high - mu) / sd, mu, sd)
        some = drawn[value == at]
        assert abs(some.mean() - exact.mean()) < MOST * exact.std() / np.sqrt(DRAWS)
        assert stats.kstest(some, exact.cdf).pvalue > 1e-4
