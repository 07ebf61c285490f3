"""Blocks built by hand, and the textbook deviance with V written out."""

import numpy as np
import pytest

from rpcstats.mixed.structure.model_frame import Block


def build_block(codes, Z, template="full"):
    """Make a block; the template is "full", "diagonal" or a list of (row, column)."""
    Z = np.asarray(Z, dtype=float)
    levels, codes = np.unique(codes, return_inverse=True)
    q = Z.shape[1]
    if template == "full":
        template = [(row, column) for column in range(q) for row in range(column, q)]
    elif template == "diagonal":
        template = [(column, column) for column in range(q)]
    rows, cols = np.array(template).T
    names = tuple(f"z{number}" for number in range(q))
    return Block("g", tuple(map(str, levels)), codes, Z, names, rows, cols, ("z | g",))


def textbook_deviance(X, y, block, theta, reml, weights=None):
    """-2 log-likelihood, beta and sigma from an n x n covariance matrix."""
    n, p = X.shape
    Lambda = block.factor(np.asarray(theta, dtype=float))
    V = np.diag(np.ones(n) if weights is None else 1.0 / weights)
    together = block.codes[:, None] == block.codes
    V = V + np.where(together, block.Z @ Lambda @ Lambda.T @ block.Z.T, 0.0)
    inverse = np.linalg.inv(V)
    XtVX = X.T @ inverse @ X
    beta = np.linalg.solve(XtVX, X.T @ inverse @ y)
    residual = y - X @ beta
    df = n - p if reml else n
    sigma2 = residual @ inverse @ residual / df
    deviance = np.linalg.slogdet(V)[1] + df * (1.0 + np.log(2.0 * np.pi * sigma2))
    return deviance + (np.linalg.slogdet(XtVX)[1] if reml else 0.0), beta, np.sqrt(sigma2)


@pytest.fixture(scope="session")
def make_block():
    return build_block


@pytest.fixture(scope="session")
def textbook():
    return textbook_deviance


@pytest.fixture(scope="session")
def draw():
    """Give X, y and a block with levels of 1 to 7 rows, drawn by a seed."""

    def sample(seed, q=2, template="full", n_level=12, p=2, integer=True):
        rng = np.random.default_rng(seed)
        codes = np.repeat(np.arange(n_level), rng.integers(1, 8, n_level))
        n = len(codes)
        t = rng.integers(0, 4, (n, max(q, p))).astype(float)
        if not integer:
            t += rng.normal(size=t.shape)
        Z = np.column_stack([np.ones(n), t])[:, :q]
        X = np.column_stack([np.ones(n), t])[:, :p]
        effects = rng.normal(size=(n_level, q))
        y = (Z * effects[codes]).sum(axis=1) + rng.normal(size=n)
        return X, y, build_block(codes, Z, template)

    return sample
