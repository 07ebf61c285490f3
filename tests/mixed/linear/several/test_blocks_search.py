"""Fits of several factors against R, starting values, and the average information."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.mixed.linear import blocks_system
from rpcstats.mixed.linear.blocks_problem import BlockProblem
from rpcstats.mixed.linear.dense import DenseProblem
from rpcstats.mixed.linear.search import fit_linear

INSTEVAL = Path(__file__).parents[3] / "reference" / "data" / "mixed" / "InstEval.csv.gz"


def r_models(read, block):
    """Model matrices of R's cases, blocks in the order of R's theta."""
    pastes = read("Pastes")
    cask = pastes["batch"].astype(str) + ":" + pastes["cask"].astype(str)
    penicillin = read("Penicillin")
    teaching = pd.read_csv(INSTEVAL)
    place = teaching["dept"].astype(str) + ":" + teaching["service"].astype(str)
    return {
        "pastes_nested": (
            np.ones((len(pastes), 1)),
            pastes["strength"],
            (block(cask), block(pastes["batch"])),
        ),
        "penicillin_crossed": (
            np.ones((len(penicillin), 1)),
            penicillin["diameter"],
            (block(penicillin["plate"]), block(penicillin["sample"])),
        ),
        "insteval": (
            np.column_stack([np.ones(len(teaching)), teaching["service"]]),
            teaching["y"],
            (block(teaching["s"]), block(teaching["d"]), block(place)),
        ),
    }


@pytest.fixture(scope="session")
def models(mixed_data, block):
    return r_models(mixed_data, block)


# R's estimate of theta is this near the optimum, in parts of itself: its gradient there is 1e-9
# for the small data sets and 1e-3 for InstEval, whose curvature is 1e3.
THETA = {"pastes_nested": 1e-7, "penicillin_crossed": 1e-7, "insteval": 2e-6}


SMALL = [
    (name, kind, engine)
    for name in ("pastes_nested", "penicillin_crossed")
    for kind in ("reml", "ml")
    for engine in (DenseProblem, BlockProblem)
]


@pytest.mark.parametrize(("name", "kind", "engine"), [*SMALL, ("insteval", "reml", BlockProblem)])
def test_fit_is_that_of_r(name, kind, engine, models, mixed_values):
    theirs = mixed_values("lmm")[name][kind]
    X, y, blocks = models[name]
    problem = engine.from_columns(X, y.to_numpy(dtype=float), blocks)
    found, summary = fit_linear(problem, kind == "reml")
    assert summary.converged
    assert found.deviance == pytest.approx(theirs["objective"], rel=1e-10)
    assert found.deviance <= theirs["objective"] + 1e-6
    assert found.theta == pytest.approx(theirs["theta"], rel=THETA[name])
    assert found.beta == pytest.approx(list(theirs["fixef"].values()), rel=1e-6)
    assert np.sqrt(found.sigma2) == pytest.approx(theirs["sigma"], rel=1e-7)
    assert np.sqrt(np.diag(found.cov)) == pytest.approx(list(theirs["se"].values()), rel=1e-6)


def test_modes_of_insteval_are_those_of_r(models, mixed_values):
    theirs = mixed_values("lmm")["insteval"]["reml"]
    X, y, blocks = models["insteval"]
    problem = BlockProblem.from_columns(X, y.to_numpy(dtype=float), blocks)
    modes = problem.modes(np.array(theirs["theta"]))
    for one, block, name in zip(modes, blocks, ["s", "d", "dept:service"], strict=True):
        head = theirs["ranef"][name]
        at = [block.levels.index(level) for level in head["levels"]]
        assert one.estimate[at, 0] == pytest.approx(np.ravel(head["mode"]), rel=1e-5)
        deviation = theirs["sigma"] * np.sqrt(one.covariance[at, 0, 0])
        assert deviation == pytest.approx(np.ravel(head["cond_sd"]), rel=1e-5)


@pytest.mark.parametrize("engine", [DenseProblem, BlockProblem])
@pytest.mark.parametrize("name", ["nested and crossed", "slopes everywhere", "components"])
def test_a_start_from_moments_leads_to_the_same_end(name, engine, designs):
    X, y, weights, structures = designs
    problem = engine.from_columns(X, y, structures[name], weights)
    usual, _ = fit_linear(problem, True)
    guessed, summary = fit_linear(problem, True, problem.start)
    assert summary.converged
    assert guessed.deviance == pytest.approx(usual.deviance, abs=1e-6)


def test_moments_of_a_balanced_table_are_those_of_the_analysis_of_variance(block):
    rng = np.random.default_rng(2)
    row, column = np.repeat(np.arange(8), 9), np.tile(np.arange(9), 8)
    y = 3.0 * rng.normal(size=8)[row] + rng.normal(size=9)[column] + rng.normal(size=72)
    table = y.reshape(8, 9) - y.mean()
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    error = np.sum((table - rows[:, None] - columns) ** 2) / 56
    by_rows = (9 * np.sum(rows**2) / 7 - error) / 9
    by_columns = (8 * np.sum(columns**2) / 8 - error) / 8
    for engine in (DenseProblem, BlockProblem):
        start = engine.from_columns(np.ones((72, 1)), y, (block(row), block(column))).start
        assert start == pytest.approx(np.sqrt(np.array([by_rows, by_columns]) / error), rel=1e-9)


@pytest.mark.parametrize("engine", [DenseProblem, BlockProblem])
def test_moments_without_a_residual_give_a_start_all_the_same(engine, block):
    # Three rows a family that are all alike, families unlike each other.
    family = np.repeat(np.arange(30), 3)
    y = np.random.default_rng(1).normal(size=30)[family]
    problem = engine.from_columns(np.ones((90, 1)), y, (block(family), block(family % 7)))
    assert problem.start[0] == pytest.approx(100.0)
    assert np.isfinite(problem.evaluate(problem.start, reml=True).deviance)


@pytest.mark.parametrize("reml", [True, False])
def test_a_factor_without_variance_ends_at_zero(reml, block):
    rng = np.random.default_rng(3)
    family, helper = np.repeat(np.arange(60), 5), rng.integers(0, 8, 300)
    noise = rng.normal(size=300)
    # Helpers' means of the noise are taken off: they are more alike than chance.
    noise -= (np.bincount(helper, noise) / np.bincount(helper))[helper]
    y = rng.normal(size=60)[family] + noise
    blocks, X = (block(family), block(helper)), np.ones((300, 1))
    ends = []
    for engine in (DenseProblem, BlockProblem):
        problem = engine.from_columns(X, y, blocks)
        found, summary = fit_linear(problem, reml, problem.start)
        assert summary.converged
        assert found.theta[1] == 0.0
        ends.append(found)
    assert ends[0].deviance == pytest.approx(ends[1].deviance, rel=1e-12)
    assert ends[0].theta[0] == pytest.approx(ends[1].theta[0], rel=1e-5)


@pytest.mark.parametrize("name", ["nested and crossed", "three deep and crossed", "components"])
def test_information_is_that_of_the_textbook(name, designs, block):
    # y'P V_j P V_k P y / sigma^2 - r2_j r2_k / (df sigma^4), and at a minimum nothing else.
    X, y, _, structures = designs
    blocks = structures[name]
    problem = BlockProblem.from_columns(X, y, blocks)
    k = sum(one.n_theta for one in blocks)
    theta = np.linspace(0.4, 0.8, k)
    found = problem.evaluate(theta, reml=True)
    V, slopes, first = np.eye(len(y)), [], 0
    for one in blocks:
        q = one.n_effect
        Z = np.zeros((len(y), one.n_level * q))
        for a in range(q):
            Z[np.arange(len(y)), one.codes * q + a] = one.Z[:, a]
        Lambda = one.factor(theta[first : first + one.n_theta])
        first += one.n_theta
        V += Z @ np.kron(np.eye(one.n_level), Lambda @ Lambda.T) @ Z.T
        for r, c in zip(one.rows, one.cols, strict=True):
            unit = np.zeros((q, q))
            unit[r, c] = 1.0
            d_cov = unit @ Lambda.T + Lambda @ unit.T
            slopes.append(Z @ np.kron(np.eye(one.n_level), d_cov) @ Z.T)
    inverse = np.linalg.inv(V)
    P = inverse - inverse @ X @ np.linalg.solve(X.T @ inverse @ X, X.T @ inverse)
    working = np.array([slope @ P @ y for slope in slopes])
    average = working @ P @ working.T / found.sigma2
    average -= np.outer(found.d_r2, found.d_r2) / (found.df * found.sigma2**2)
    remainder = found.information - average
    same = np.concatenate([np.full(one.n_theta, b) for b, one in enumerate(blocks)])
    apart = same[:, None] != same[None, :]
    assert remainder[apart] == pytest.approx(np.zeros(apart.sum()), abs=1e-8)
    assert np.linalg.eigvalsh(remainder).min() > -1e-8
    simple = np.array([b for b, one in enumerate(blocks) if one.n_effect == 1])
    for b in simple:
        j = int(np.flatnonzero(same == b)[0])
        assert remainder[j, j] == pytest.approx(abs(found.gradient[j] / theta[j]), rel=1e-7)


def test_too_many_linked_levels_are_refused_in_words(monkeypatch, block):
    rng = np.random.default_rng(1)
    blocks = (block(rng.integers(0, 60, 400)), block(rng.integers(0, 50, 400)))
    monkeypatch.setattr(blocks_system, "MAX_DENSE_ENTRIES", 2000)
    with pytest.raises(DataError, match="leave 50 linked levels"):
        BlockProblem.from_columns(np.ones((400, 1)), rng.normal(size=400), blocks)
