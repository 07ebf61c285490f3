"""One grouping factor: the integral, its gradient and its modes against other ways to them."""

import numpy as np
import pytest
from scipy import integrate, stats

from rpcstats.mixed.general import group_layout, one_factor
from rpcstats.mixed.general.families import make_family
from rpcstats.mixed.general.links import make_link
from rpcstats.mixed.general.one_factor import OneFactorGeneral
from rpcstats.mixed.general.ordinal import make_ordinal
from rpcstats.mixed.general.quadrature import Grid, quadrature_grid
from rpcstats.mixed.structure.model_frame import Block

MODELS = [
    ("binomial", "logit", []),
    ("binomial", "probit", []),
    ("binomial", "cloglog", []),
    ("poisson", "log", []),
    ("negative binomial", "log", [0.4]),
    ("gamma", "log", [0.7]),
    ("beta", "logit", [1.2]),
    ("ordinal", "logit", [-0.8, 0.2, 0.1]),
    ("ordinal", "probit", [-0.8, 0.2, 0.1]),
]
# the mean of five differences with a step of 1e-3 is exact to 1e-12 of the fifth derivative
STEP, GRADIENT = 1e-3, 1e-7


def _block(codes, Z):
    codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    q = Z.shape[1]
    cols, rows = np.triu_indices(q)
    order = np.lexsort((rows, cols))
    levels = tuple(str(level) for level in range(codes.max() + 1))
    effects = tuple(f"effect {a}" for a in range(q))
    return Block("g", levels, codes, Z, effects, rows[order], cols[order], ("z | g",))


def _likelihood(family, link):
    return make_ordinal(4, link) if family == "ordinal" else make_family(family, link).rows


def _data(family, n=40, groups=6, q=1, seed=3):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    X = np.column_stack([np.ones(n), x])
    Z = np.column_stack([np.ones(n), x, rng.normal(size=n)])[:, :q]
    y = {
        "binomial": rng.integers(0, 2, n) / 1.0,
        "poisson": rng.poisson(2.0, n) / 1.0,
        "negative binomial": rng.poisson(2.0, n) / 1.0,
        "gamma": rng.gamma(2.0, 1.0, n),
        "beta": rng.beta(2.0, 3.0, n),
        "ordinal": rng.integers(0, 4, n) / 1.0,
    }[family]
    return X, y, _block(rng.integers(0, groups, n), Z), 0.1 * x


def _parameters(block, extra, q=1):
    theta = [0.8] if q == 1 else [0.8, 0.3, 0.6] if q == 2 else [0.8, 0.3, -0.2, 0.6, 0.1, 0.4]
    return np.concatenate([[0.2, 0.3], theta, extra])


def test_one_group_of_one_trial_is_the_integral():
    block = _block(np.zeros(1), np.ones((1, 1)))
    problem = OneFactorGeneral(
        np.ones((1, 1)), np.ones(1), block, make_family("binomial").rows, nagq=40
    )

    def integrand(u):
        return stats.norm.pdf(u) / (1.0 + np.exp(-(0.4 + 1.5 * u)))

    expected = integrate.quad(integrand, -12.0, 12.0, epsabs=1e-13)[0]
    found = problem.evaluate(np.array([0.4, 1.5])).deviance
    assert found == pytest.approx(-2.0 * np.log(expected), abs=1e-9)


def test_laplace_worked_by_hand():
    # y = 1 of Poisson with log-mean θu: the mode solves u = θ(1 - exp θu), so u = 0, H = 1 + θ²
    block = _block(np.zeros(1), np.ones((1, 1)))
    problem = OneFactorGeneral(np.zeros((1, 0)), np.ones(1), block, make_family("poisson").rows)
    at = problem.evaluate(np.array([0.7]))
    assert at.deviance == pytest.approx(2.0 + np.log(1.0 + 0.49), rel=1e-13)
    modes = problem.modes(np.array([0.7]))[0]
    assert modes.estimate == pytest.approx(np.zeros((1, 1)), abs=1e-12)
    assert modes.covariance == pytest.approx(np.full((1, 1, 1), 0.49 / 1.49))


@pytest.mark.parametrize(("family", "link", "extra"), MODELS)
def test_quadrature_is_the_integral_for_every_family(family, link, extra):
    X, y, block, offset = _data(family, n=12, groups=3)
    likelihood = _likelihood(family, link)
    parameters = _parameters(block, extra)
    problem = OneFactorGeneral(X, y, block, likelihood, offset=offset, nagq=25)
    eta = X @ parameters[:2] + offset
    phi = np.array(extra)
    total = 0.0
    for level in range(block.n_level):
        own = block.codes == level
        rows = likelihood.rows(y[own], np.ones(own.sum()))

        def integrand(u, own=own, rows=rows):
            value = likelihood.terms(eta[own] + 0.8 * u, rows, phi, 0).l.sum()
            return np.exp(value) * stats.norm.pdf(u)

        part = integrate.quad(integrand, -10.0, 10.0, epsabs=0.0, epsrel=1e-11, limit=200)
        total -= 2.0 * np.log(part[0])
    assert problem.evaluate(parameters).deviance == pytest.approx(total, abs=1e-8)


def test_two_effects_are_the_double_integral():
    X, y, block, _ = _data("poisson", n=6, groups=1, q=2)
    likelihood = make_family("poisson").rows
    parameters = _parameters(block, [], 2)
    Lambda = block.factor(parameters[2:])
    eta, rows = X @ parameters[:2], likelihood.rows(y, np.ones(6))

    def integrand(u, v):
        at = eta + block.Z @ (Lambda @ np.array([u, v]))
        value = likelihood.terms(at, rows, np.zeros(0), 0).l.sum()
        return np.exp(value - 0.5 * (u * u + v * v)) / (2.0 * np.pi)

    expected = -2.0 * np.log(
        integrate.dblquad(integrand, -8, 8, -8, 8, epsabs=0.0, epsrel=1e-10)[0]
    )
    for nagq, grid, tolerance in ((20, "product", 1e-8), (16, "sparse", 1e-5)):
        problem = OneFactorGeneral(X, y, block, likelihood, nagq=nagq, grid=grid)
        assert problem.evaluate(parameters).deviance == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("q", [1, 2, 3])
@pytest.mark.parametrize(("nagq", "grid"), [(1, "product"), (3, "product"), (5, "sparse")])
@pytest.mark.parametrize(("family", "link", "extra"), MODELS)
def test_gradient_is_that_of_the_approximation(family, link, extra, nagq, grid, q):
    X, y, block, offset = _data(family, n=60, groups=8, q=q)
    likelihood = _likelihood(family, link)
    problem = OneFactorGeneral(X, y, block, likelihood, offset=offset, nagq=nagq, grid=grid)
    parameters = _parameters(block, extra, q)
    at = problem.evaluate(parameters, order=2)
    assert at.found_modes
    numeric = np.zeros(len(parameters))
    for j in range(len(parameters)):
        step = np.zeros(len(parameters))
        step[j] = STEP
        value = [problem.evaluate(parameters + k * step, order=0).deviance for k in (-2, -1, 1, 2)]
        numeric[j] = (8.0 * (value[2] - value[1]) - (value[3] - value[0])) / (12.0 * STEP)
    assert at.gradient == pytest.approx(numeric, abs=GRADIENT * (1.0 + np.abs(numeric).max()))
    assert problem.evaluate(parameters).gradient == pytest.approx(at.gradient, rel=1e-8, abs=1e-8)


def test_scores_are_the_outer_products_of_the_groups_gradients():
    X, y, block, _ = _data("binomial")
    problem = OneFactorGeneral(X, y, block, make_family("binomial").rows, nagq=5)
    parameters = _parameters(block, [])
    own = problem.group_scores(parameters)
    at = problem.evaluate(parameters, order=2)
    assert own.shape == (block.n_level, 3)
    assert -2.0 * own.sum(axis=0) == pytest.approx(at.gradient)
    assert 4.0 * own.T @ own == pytest.approx(at.scores)
    alone = [
        OneFactorGeneral(
            X[block.codes == level],
            y[block.codes == level],
            _block(np.zeros((block.codes == level).sum()), block.Z[block.codes == level]),
            make_family("binomial").rows,
            nagq=5,
        )
        .evaluate(parameters)
        .gradient
        for level in range(block.n_level)
    ]
    assert -2.0 * own == pytest.approx(np.array(alone), abs=1e-9)


@pytest.mark.parametrize(
    ("family", "link", "extra"), [m for m in MODELS if m[0] in ("binomial", "poisson")]
)
def test_without_random_effects_it_is_the_glm(family, link, extra):
    import statsmodels.api as sm

    X, y, block, offset = _data(family)
    links = {"logit": "Logit", "probit": "Probit", "cloglog": "CLogLog", "log": "Log"}
    kind = getattr(sm.families, family.capitalize())(getattr(sm.families.links, links[link])())
    fit = sm.GLM(y, X, family=kind, offset=offset).fit(tol=1e-13)
    for nagq in (1, 5):
        problem = OneFactorGeneral(X, y, block, _likelihood(family, link), offset=offset, nagq=nagq)
        at = problem.evaluate(np.append(fit.params, 0.0))
        assert at.deviance == pytest.approx(-2.0 * fit.llf, rel=1e-12)
        assert at.gradient == pytest.approx(np.zeros(3), abs=1e-6)


def test_order_of_rows_and_names_of_groups_do_not_matter():
    X, y, block, offset = _data("poisson", q=2)
    likelihood = make_family("poisson").rows
    parameters = _parameters(block, [], 2)
    first = OneFactorGeneral(X, y, block, likelihood, offset=offset, nagq=3)
    rng = np.random.default_rng(0)
    order, names = rng.permutation(len(y)), rng.permutation(block.n_level)
    turned = _block(names[block.codes][order], block.Z[order])
    second = OneFactorGeneral(X[order], y[order], turned, likelihood, offset=offset[order], nagq=3)
    a, b = first.evaluate(parameters), second.evaluate(parameters)
    assert b.deviance == pytest.approx(a.deviance, rel=1e-13)
    assert b.gradient == pytest.approx(a.gradient, rel=1e-9, abs=1e-9)
    modes = first.modes(parameters)[0].estimate
    assert second.modes(parameters)[0].estimate[names] == pytest.approx(modes, abs=1e-9)


def test_long_groups_in_several_columns_are_the_same(monkeypatch):
    X, y, block, _ = _data("ordinal", n=300, groups=7, q=2)
    likelihood, extra = make_ordinal(4), [-0.8, 0.2, 0.1]
    parameters = _parameters(block, extra, 2)
    whole = OneFactorGeneral(X, y, block, likelihood, nagq=3).evaluate(parameters, order=2)
    monkeypatch.setattr(group_layout, "LONGEST_COLUMN", 8)
    monkeypatch.setattr(group_layout, "CHUNK_ROWS", 100)
    monkeypatch.setattr(group_layout, "WORTH_A_CHUNK", 10)
    cut = OneFactorGeneral(X, y, block, likelihood, nagq=3).evaluate(parameters, order=2)
    assert cut.deviance == pytest.approx(whole.deviance, rel=1e-13)
    assert cut.gradient == pytest.approx(whole.gradient, rel=1e-9, abs=1e-9)
    assert cut.scores == pytest.approx(whole.scores, rel=1e-9, abs=1e-9)


def test_modes_are_where_the_slope_of_the_integrand_is_zero():
    X, y, block, _ = _data("binomial", q=2)
    likelihood = make_family("binomial").rows
    problem = OneFactorGeneral(X, y, block, likelihood)
    parameters = _parameters(block, [], 2)
    modes = problem.modes(parameters)[0]
    Lambda = block.factor(parameters[2:])
    eta = X @ parameters[:2] + np.einsum("ia,ia->i", block.Z, modes.estimate[block.codes])
    terms = likelihood.terms(eta, likelihood.rows(y, np.ones(len(y))), np.zeros(0), 2)
    inverse = np.linalg.inv(Lambda @ Lambda.T)
    for level in range(block.n_level):
        own = block.codes == level
        Z = block.Z[own]
        slope = Z.T @ terms.d1[own] - inverse @ modes.estimate[level]
        assert slope == pytest.approx(np.zeros(2), abs=1e-8)
        curve = inverse - (Z.T * terms.d2[own]) @ Z
        assert modes.covariance[level] == pytest.approx(np.linalg.inv(curve), abs=1e-9)


def test_a_grid_whose_sum_is_negative_gives_no_likelihood(monkeypatch):
    X, y, block, _ = _data("binomial", q=2)
    grid = quadrature_grid(2, 3)
    turned = Grid(grid.nodes, grid.log_weight, -grid.sign)
    monkeypatch.setattr(one_factor, "quadrature_grid", lambda *_: turned)
    problem = OneFactorGeneral(X, y, block, make_family("binomial").rows, nagq=3)
    assert problem.evaluate(_parameters(block, [], 2)).deviance == np.inf


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_successes_of_trials_are_rows_of_one_trial(link):
    X, _, block, _ = _data("binomial", n=20, groups=4)
    rng = np.random.default_rng(1)
    trials = rng.integers(1, 5, 20)
    wins = rng.binomial(trials, make_link(link).inverse(0.3 * X[:, 1]))
    likelihood, parameters = make_family("binomial", link).rows, _parameters(block, [])
    together = OneFactorGeneral(
        X, wins / trials, block, likelihood, weights=trials / 1.0, nagq=5
    ).evaluate(parameters)
    row = np.repeat(np.arange(20), trials)
    single = (np.arange(len(row)) - np.repeat(np.cumsum(trials) - trials, trials) < wins[row]) / 1.0
    apart = OneFactorGeneral(
        X[row], single, _block(block.codes[row], block.Z[row]), likelihood, nagq=5
    ).evaluate(parameters)
    ways = stats.binom.logpmf(wins, trials, 0.5) - trials * np.log(0.5)
    assert together.deviance == pytest.approx(apart.deviance - 2.0 * ways.sum(), rel=1e-12)
    assert together.gradient == pytest.approx(apart.gradient, rel=1e-9, abs=1e-9)
