"""Small models with several grouping factors, and the deviance by its textbook formula."""

import numpy as np
import pytest

from rpcstats.mixed.structure.model_frame import Block, split_theta


def make_block(codes, Z=None, *, diagonal=False):
    """A block; an intercept by default."""
    levels, codes = np.unique(np.asarray(codes), return_inverse=True)
    Z = np.ones((len(codes), 1)) if Z is None else np.asarray(Z, dtype=float)
    q = Z.shape[1]
    places = [(r, c) for c in range(q) for r in range(c, q) if r == c or not diagonal]
    return Block(
        group="g",
        levels=tuple(str(level) for level in levels),
        codes=codes.astype(np.int64),
        Z=np.ascontiguousarray(Z),
        effects=tuple(f"effect {a}" for a in range(q)),
        rows=np.array([r for r, _ in places]),
        cols=np.array([c for _, c in places]),
        terms=("term",),
    )


def _spread(block):
    Z = np.zeros((len(block.codes), block.n_level * block.n_effect))
    for a in range(block.n_effect):
        Z[np.arange(len(Z)), block.codes * block.n_effect + a] = block.Z[:, a]
    return Z


def textbook_values(X, y, blocks, theta, *, reml, weights=None):
    """Deviance, coefficients and modes from the n × n covariance matrix and its inverse."""
    n, p = X.shape
    V = np.eye(n) if weights is None else np.diag(1.0 / weights)
    columns, covs = [], []
    for block, part in zip(blocks, split_theta(blocks, theta), strict=True):
        Lambda = block.factor(part)
        columns.append(_spread(block))
        covs.append(np.kron(np.eye(block.n_level), Lambda @ Lambda.T))
        V = V + columns[-1] @ covs[-1] @ columns[-1].T
    inverse = np.linalg.inv(V)
    XtVX = X.T @ inverse @ X
    beta = np.linalg.solve(XtVX, X.T @ inverse @ y)
    residual = y - X @ beta
    r2 = residual @ inverse @ residual
    df = n - p if reml else n
    criterion = np.linalg.slogdet(V)[1] + (np.linalg.slogdet(XtVX)[1] if reml else 0.0)
    estimates, conditional = [], []
    for block, Z, G in zip(blocks, columns, covs, strict=True):
        q = block.n_effect
        estimates.append((G @ Z.T @ inverse @ residual).reshape(-1, q))
        whole = (G - G @ Z.T @ inverse @ Z @ G).reshape(block.n_level, q, block.n_level, q)
        conditional.append(np.einsum("iaib->iab", whole))
    return {
        "deviance": criterion + df * (1.0 + np.log(2.0 * np.pi * r2 / df)),
        "r2": r2,
        "beta": beta,
        "XtVX": XtVX,
        "estimates": estimates,
        "conditional": conditional,
    }


def crossed_designs():
    """Structures that an engine for several factors has to get right, on 180 rows."""
    rng = np.random.default_rng(20)
    n = 180
    family = rng.permutation(36)[np.repeat(np.arange(36), 5)]
    order = np.repeat(np.arange(36), 5)
    group, council = order // 3, order // 9
    helper = rng.integers(0, 5, n)
    moved = np.where(np.arange(n) == 7, 11, group)
    x = rng.normal(size=n)
    slope = np.column_stack([np.ones(n), x])
    sizes = np.array([160] + [2] * 10)
    lopsided = np.repeat(np.arange(11), sizes)
    designs = {
        "nested": [make_block(family), make_block(group)],
        "nested three deep": [make_block(council), make_block(family), make_block(group)],
        "crossed": [make_block(rng.integers(0, 30, n)), make_block(helper)],
        "nested and crossed": [make_block(family), make_block(group), make_block(helper)],
        "three deep and crossed": [
            make_block(helper),
            make_block(family),
            make_block(group),
            make_block(council),
        ],
        "slope in the finest": [make_block(family, slope), make_block(helper), make_block(group)],
        "slope in the crossed": [make_block(family), make_block(group), make_block(helper, slope)],
        "slopes everywhere": [
            make_block(helper, slope),
            make_block(group, slope, diagonal=True),
            make_block(family, slope),
        ],
        "slope without intercept": [make_block(family), make_block(helper, x[:, None])],
        "equal sizes": [make_block(rng.integers(0, 12, n)), make_block(rng.integers(0, 12, n))],
        "one huge group": [make_block(lopsided), make_block(helper)],
        "two levels": [make_block(family), make_block(order % 2), make_block(helper > 2)],
        "moved between groups": [make_block(family), make_block(moved), make_block(helper)],
        "components": [
            make_block(family),
            make_block(council),
            make_block(council * 4 + rng.integers(0, 4, n), slope),
        ],
        "same factor twice": [make_block(group), make_block(group + 100), make_block(helper)],
    }
    X = np.column_stack([np.ones(n), x + 4.0, group % 2])
    y = 2.0 * x + rng.normal(size=36)[family] + rng.normal(size=5)[helper] + rng.normal(size=n)
    weights = rng.uniform(0.4, 2.5, n)
    return X, y, weights, {name: tuple(blocks) for name, blocks in designs.items()}


@pytest.fixture(scope="session")
def block():
    """Builder of blocks."""
    return make_block


@pytest.fixture(scope="session")
def textbook():
    """Deviance by the textbook formula."""
    return textbook_values


@pytest.fixture(scope="session")
def designs():
    """X, y, weights and the structures by name."""
    return crossed_designs()
