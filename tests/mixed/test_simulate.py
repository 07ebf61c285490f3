"""Data drawn from a fit."""

import dataclasses

import numpy as np
import pytest

from rpcstats.mixed import glmm, lmm

# Shares and means of many draws, at about four standard errors.
N_DRAW = 400


def at_zero(fit):
    """Give a generalised fit whose random effects are nil."""
    parameters = fit.evaluation.parameters.copy()
    parameters[len(fit.beta) : len(fit.beta) + len(fit.theta)] = 0.0
    return dataclasses.replace(
        fit, evaluation=dataclasses.replace(fit.evaluation, parameters=parameters)
    )


def test_the_seed_decides(sleepstudy):
    first = sleepstudy.simulate(3, seed=4)
    assert first.shape == (180, 3)
    np.testing.assert_array_equal(first, sleepstudy.simulate(3, seed=4))
    np.testing.assert_array_equal(first[:, :1], sleepstudy.simulate(1, seed=4))
    assert not np.array_equal(first, sleepstudy.simulate(3, seed=5))


def test_moments_of_a_linear_model(sleepstudy):
    drawn = sleepstudy.simulate(N_DRAW, seed=1)
    block = sleepstudy.frame.blocks[0]
    G = sleepstudy.varcorr().covariance("Subject")
    V = np.einsum("nq,qr,nr->n", block.Z, G, block.Z) + sleepstudy.sigma**2
    mean = sleepstudy.frame.X @ sleepstudy.beta
    error = np.sqrt(V / N_DRAW)
    assert np.abs((drawn.mean(axis=1) - mean) / error).max() < 4.5
    # The log of a variance from 400 draws has a standard error of 0.07.
    np.testing.assert_allclose(np.log(drawn.var(axis=1) / V), 0, atol=0.33)
    within = np.cov(drawn[0], drawn[9])[0, 1]
    expected = block.Z[0] @ G @ block.Z[9]
    assert within == pytest.approx(expected, abs=4 * V.max() / np.sqrt(N_DRAW))


def test_conditional_draws_stay_about_the_modes(sleepstudy):
    drawn = sleepstudy.simulate(N_DRAW, seed=1, conditional=True)
    error = sleepstudy.sigma / np.sqrt(N_DRAW)
    assert np.abs(drawn.mean(axis=1) - sleepstudy.fitted()).max() < 4.5 * error
    spread = drawn.std(axis=1)
    np.testing.assert_allclose(np.log(spread / sleepstudy.sigma), 0, atol=0.17)


def test_weights_narrow_the_noise(mixed_data):
    data = mixed_data("sleepstudy").assign(w=np.tile([1.0, 16.0], 90))
    fit = lmm("Reaction ~ Days + (1 | Subject)", data, weights="w")
    noise = fit.simulate(N_DRAW, seed=1, conditional=True).std(axis=1)
    ratio = noise[::2].mean() / noise[1::2].mean()
    assert ratio == pytest.approx(4, rel=0.05)


def test_binomial_shares_without_random_effects(cbpp):
    fit = at_zero(cbpp)
    drawn, n = fit.simulate(N_DRAW, seed=2), fit.frame.weights
    counts = drawn * n[:, None]
    np.testing.assert_allclose(counts, np.rint(counts), atol=1e-9)
    p = 1 / (1 + np.exp(-fit.frame.X @ fit.beta))
    error = np.sqrt(p * (1 - p) / n / N_DRAW)
    assert np.abs((drawn.mean(axis=1) - p) / error).max() < 4.5


@pytest.mark.parametrize(
    ("formula", "data", "family", "variance"),
    [
        ("events ~ arm + (1 | area)", "synthetic_rates", "poisson", lambda m, _: m),
        (
            "visits ~ arm + (1 | area)",
            "synthetic_rates",
            "negative_binomial",
            lambda m, k: m + m**2 / k,
        ),
        ("time ~ x + (1 | g)", "synthetic_positive", "gamma", lambda m, k: m**2 / k),
        ("share ~ x + (1 | g)", "synthetic_positive", "beta", lambda m, k: m * (1 - m) / (1 + k)),
    ],
)
def test_moments_of_the_families(formula, data, family, variance, mixed_data):
    fit = at_zero(glmm(formula, mixed_data(data), family=family))
    drawn = fit.simulate(N_DRAW, seed=3)
    eta = fit.frame.X @ fit.beta
    mean = 1 / (1 + np.exp(-eta)) if family == "beta" else np.exp(eta)
    shape = np.exp(fit.extra[0]) if len(fit.extra) else np.nan
    V = variance(mean, shape)
    z = (drawn.mean(axis=1) - mean) / np.sqrt(V / N_DRAW)
    assert np.abs(z).max() < 5
    assert np.log(drawn.var(axis=1) / V).mean() == pytest.approx(0, abs=0.05)


def test_categories_are_codes(wine):
    fit = at_zero(wine)
    drawn = fit.simulate(N_DRAW, seed=3)
    assert set(np.unique(drawn)) == {0, 1, 2, 3, 4}
    p = fit.predict(level="population")["estimate"].to_numpy().reshape(72, 5)
    for j in range(5):
        error = np.sqrt(p[:, j] * (1 - p[:, j]) / N_DRAW)
        assert np.abs(((drawn == j).mean(axis=1) - p[:, j]) / error).max() < 5


def test_drawn_groups_share_their_effect(wine):
    drawn = wine.simulate(N_DRAW, seed=3)
    same = [np.corrcoef(drawn[i], drawn[i + 1])[0, 1] for i in range(0, 8, 2)]
    # The latent share of the judges is 1.28 / (1.28 + 3.29): draws of one judge go together.
    assert min(same) > 0.1
