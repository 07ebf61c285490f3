"""Many responses at once against one at a time."""

import numpy as np
import pytest

from rpcstats.errors import DataError
from rpcstats.mixed.linear import refit
from rpcstats.mixed.linear.one_factor import OneFactorProblem
from rpcstats.mixed.linear.refit import refit_many
from rpcstats.mixed.linear.search import fit_linear


def simulated(problem, found, block, n_response, seed=1):
    rng = np.random.default_rng(seed)
    effects = rng.normal(size=(block.n_level, block.n_effect, n_response))
    drawn = np.einsum("iq,qr,irb->ib", block.Z, block.factor(found.theta), effects[block.codes])
    noise = rng.normal(size=(problem.n, n_response))
    if problem.rows.root_weights is not None:
        noise /= problem.rows.root_weights[:, None]
    return found.sigma2**0.5 * (drawn + noise)


def same_as_single_fits(problem, Y, fits, reml):
    for number, y in enumerate(Y.T):
        expected, summary = fit_linear(problem.with_response(y), reml)
        assert fits.deviance[number] == pytest.approx(expected.deviance, rel=1e-11)
        np.testing.assert_allclose(fits.theta[number], expected.theta, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(fits.beta[number], expected.beta, rtol=1e-6, atol=1e-8)
        assert fits.sigma[number] == pytest.approx(expected.sigma2**0.5, rel=1e-7)
        assert fits.converged[number] == summary.converged


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(("q", "template"), [(1, "full"), (2, "full"), (2, "diagonal")])
def test_batch_is_the_single_fit(draw, q, template, weighted, reml):
    X, y, block = draw(13, q=q, template=template, n_level=10)
    weights = np.linspace(0.5, 2.0, len(y)) if weighted else None
    problem = OneFactorProblem.from_columns(X, y, (block,), weights)
    found, _ = fit_linear(problem, reml)
    Y = simulated(problem, found, block, 20)
    same_as_single_fits(problem, Y, refit_many(problem, Y, reml), reml)


def test_sleepstudy(mixed_data, make_block):
    frame = mixed_data("sleepstudy")
    X = np.column_stack([np.ones(len(frame)), frame["Days"]])
    block = make_block(frame["Subject"].to_numpy(), X)
    problem = OneFactorProblem.from_columns(X, frame["Reaction"].to_numpy(float), (block,))
    found, _ = fit_linear(problem, True)
    Y = simulated(problem, found, block, 200)
    fits = refit_many(problem, Y, True, found.theta)
    assert fits.converged.all()
    # Some replicates end with a correlation of one, where the last diagonal element is zero.
    assert (fits.theta[:, 2] == 0.0).any()
    same_as_single_fits(problem, Y[:, :25], refit_many(problem, Y[:, :25], True), True)
    np.testing.assert_allclose(fits.sigma.mean(), found.sigma2**0.5, rtol=0.02)


def test_edges_are_left_in_a_batch(make_block):
    # The data of the two minima in test_search, at the edge and inside, and their mirror image.
    text = """-2.0 -0.7 -1.1 1.3 -0.8 -1.1 -3.1 -0.2 -0.4 -0.9 -1.9 -1.5 -1.7 -2.5 -1.0 0.7 0.3
     -1.2 -2.0 3.3 -2.1 -1.3 -1.4 -1.1 -0.4 -2.0 -1.0"""
    y = np.array([float(value) for value in text.split()])
    block = make_block(np.repeat(np.arange(6), [18, 1, 1, 1, 3, 3]), np.ones((27, 1)))
    problem = OneFactorProblem.from_columns(np.ones((27, 1)), y, (block,))
    fits = refit_many(problem, np.column_stack([y, -y]), False, np.zeros(1))
    np.testing.assert_allclose(fits.theta[:, 0], [1.2683325, 1.2683325], atol=1e-6)


def test_a_lower_edge_is_found_in_a_batch(make_block):
    text = """-1.0 -0.3 0.3 -1.3 -0.7 -1.2 -0.1 0.1 -0.7 0.3 -1.8 -0.5 -1.2 -1.8 0.2 -1.9 -0.2
     -0.9 -0.8 2.2 -0.4 -0.6 -1.8 -0.9 -0.5 -1.7 -0.1"""
    y = np.array([float(value) for value in text.split()])
    block = make_block(np.repeat(np.arange(6), [18, 1, 1, 1, 3, 3]), np.ones((27, 1)))
    problem = OneFactorProblem.from_columns(np.ones((27, 1)), y, (block,))
    fits = refit_many(problem, np.column_stack([y, 3.0 - y]), False, np.ones(1))
    np.testing.assert_array_equal(fits.theta[:, 0], [0.0, 0.0])


def test_no_fixed_effects(draw):
    _, y, block = draw(14, q=1)
    problem = OneFactorProblem.from_columns(np.zeros((len(y), 0)), y, (block,))
    Y = np.column_stack([y, y**2 - 1.0])
    fits = refit_many(problem, Y, False)
    assert fits.beta.shape == (2, 0)
    same_as_single_fits(problem, Y, fits, False)


def test_pieces_make_the_whole(draw, monkeypatch):
    X, y, block = draw(15, q=2)
    problem = OneFactorProblem.from_columns(X, y, (block,))
    found, _ = fit_linear(problem, True)
    Y = simulated(problem, found, block, 7)
    whole = refit_many(problem, Y, True)
    monkeypatch.setattr(refit, "_MAX_NUMBERS", 10)
    pieces = refit_many(problem, Y, True)
    np.testing.assert_allclose(pieces.deviance, whole.deviance, rtol=1e-12)
    np.testing.assert_allclose(pieces.theta, whole.theta, rtol=1e-6, atol=1e-8)
    monkeypatch.setattr(refit, "_MAX_PRODUCTS", 1)
    single = refit_many(problem, Y, True)
    np.testing.assert_allclose(single.deviance, whole.deviance, rtol=1e-12)
    np.testing.assert_allclose(single.beta, whole.beta, rtol=1e-7, atol=1e-9)


def test_a_response_without_variation(draw):
    X, y, block = draw(16, q=1)
    problem = OneFactorProblem.from_columns(X, y, (block,))
    with pytest.raises(DataError, match="explain the response exactly"):
        refit_many(problem, np.column_stack([y, X[:, 1]]), True)
