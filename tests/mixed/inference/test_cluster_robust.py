"""Cluster-robust covariances: by hand, by n by n matrices, and against clubSandwich."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.inference import cluster_blocks
from rpcstats.mixed.inference.cluster_robust import cluster_robust
from rpcstats.mixed.structure.build import model_frame

# clubSandwich was given lme4's own estimates; the two optima agree to seven digits of theta.
OF_R = 1e-5


@pytest.fixture(scope="module")
def nested():
    rng = np.random.default_rng(3)
    council = np.repeat(np.arange(7), [4, 9, 12, 6, 9, 15, 5])
    group = council * 3 + rng.integers(3, size=60)
    x = rng.normal(size=60) + council % 2
    y = x + rng.normal(size=7)[council] + rng.normal(size=21)[group] * x + rng.normal(size=60)
    arm = np.where(council > 3, "usual", "new")
    columns = {"y": y, "x": x, "arm": arm, "council": council, "group": group}
    data = pd.DataFrame({**columns, "w": rng.uniform(0.5, 2, size=60)})
    return data.assign(council=data["council"].astype(str), group=data["group"].astype(str))


def robust_of(fit, **options):
    frame = fit.frame
    return cluster_robust(
        frame.X,
        frame.y,
        blocks=frame.blocks,
        theta=fit.evaluation.theta,
        weights=frame.weights,
        **options,
    )


def by_the_book(dense, theta, cluster, kind):
    """Pustejovsky and Tipton (2018), sections 2 and 3, on n by n matrices."""
    X, y, Phi = dense.X, dense.y, dense.working(theta) if dense.blocks else dense.R
    n, p = X.shape
    W = np.linalg.inv(Phi)
    M = np.linalg.inv(X.T @ W @ X)
    left = np.eye(n) - X @ M @ X.T @ W
    labels = np.unique(cluster)
    meat, columns = np.zeros((p, p)), []
    for label in labels:
        own = cluster == label
        A = np.eye(own.sum())
        if kind == "CR2":
            D = np.linalg.cholesky(Phi[np.ix_(own, own)]).T
            B = D @ left[own] @ Phi @ left[own].T @ D.T
            values, vectors = np.linalg.eigh(B)
            half = np.where(values > 1e-9, 1 / np.sqrt(np.maximum(values, 1e-9)), 0.0)
            A = D.T @ (vectors * half) @ vectors.T @ D
        weighted = A @ W[np.ix_(own, own)] @ X[own]
        score = weighted.T @ left[own] @ y
        meat += np.outer(score, score)
        columns.append(left[own].T @ weighted @ M)
    m = len(labels)
    factor = {"CR1": m / (m - 1), "CR1S": m * (n - 1) / ((m - 1) * (n - p))}.get(kind, 1)
    df = []
    for at in range(p):
        P = np.column_stack([each[:, at] for each in columns])
        inner = P.T @ Phi @ P
        df.append(np.trace(inner) ** 2 / np.sum(inner**2))
    return factor * M @ meat @ M, np.array(df)


@pytest.mark.parametrize(
    ("kind", "factor"),
    # Sums of the four clusters' residuals -2, -2, 1, 3 about the mean of 3: 4 + 4 + 1 + 9 = 18
    # over 8². CR2 divides each by 1 - 1/4; CR1 multiplies by 4/3, and CR1S by 7/7 as well.
    [("CR0", 1), ("CR1", 4 / 3), ("CR1S", 4 / 3), ("CR2", 4 / 3)],
)
def test_a_mean_by_hand(kind, factor):
    y = np.array([1.0, 3, 2, 2, 3, 4, 5, 4])
    cluster = np.repeat(np.arange(4), 2)
    found = cluster_robust(np.ones((8, 1)), y, cluster=cluster, kind=kind)
    assert found.beta[0] == pytest.approx(3, rel=1e-12)
    assert found.cov[0, 0] == pytest.approx(factor * 18 / 64, rel=1e-12)
    assert found.std_error[0] == pytest.approx(np.sqrt(factor * 18) / 8, rel=1e-12)
    # Four equal clusters and one mean: three degrees of freedom.
    assert found.df_of([1.0])[0] == pytest.approx(3, rel=1e-12)


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1S", "CR2"])
@pytest.mark.parametrize(
    ("formula", "weights"),
    [
        ("y ~ x * arm + (1 | council)", None),
        ("y ~ x + arm + (x | council/group)", None),
        ("y ~ x + arm + (1 | council) + (x || group)", "w"),
    ],
)
def test_n_by_n_matrices(fitted, textbook, nested, formula, weights, kind):
    fit = fitted(formula, nested, weights=weights)
    found = robust_of(fit, kind=kind)
    cluster = nested["council"].to_numpy()
    cov, df = by_the_book(textbook(fit.frame), fit.evaluation.theta, cluster, kind)
    assert found.n_cluster == 7
    np.testing.assert_allclose(found.beta, fit.evaluation.beta, rtol=1e-9)
    np.testing.assert_allclose(found.cov, cov, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(found.df_of(fit.each), df, rtol=1e-8)


def test_least_squares_by_the_book(textbook, nested):
    frame = model_frame("y ~ x * arm + (1 | council)", nested)
    dense = textbook(frame)
    dense.blocks = ()
    cluster = nested["council"].to_numpy()
    found = cluster_robust(frame.X, frame.y, cluster=cluster)
    cov, df = by_the_book(dense, np.zeros(0), cluster, "CR2")
    np.testing.assert_allclose(found.cov, cov, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.df_of(np.eye(4)), df, rtol=1e-9)


def test_a_cluster_the_fixed_effects_take_up(nested, textbook):
    # A column that marks one cluster leaves no residual to adjust there.
    frame = model_frame("y ~ x + (1 | council)", nested)
    marked = (nested["council"] == "2").to_numpy(dtype=float)
    X = np.column_stack([frame.X, marked])
    cluster = nested["council"].to_numpy()
    found = cluster_robust(X, frame.y, cluster=cluster)
    dense = textbook(frame)
    dense.blocks, dense.X = (), X
    cov, df = by_the_book(dense, np.zeros(0), cluster, "CR2")
    np.testing.assert_allclose(found.cov[:2, :2], cov[:2, :2], rtol=1e-8)
    np.testing.assert_allclose(found.df_of(np.eye(3)[:2]), df[:2], rtol=1e-8)


def test_clubsandwich_of_slopes(fitted, mixed_data, mixed_values):
    fit = fitted("Reaction ~ Days + (Days | Subject)", mixed_data("sleepstudy"))
    _agrees(robust_of(fit), mixed_values("other")["clubSandwich"]["sleepstudy_CR2"])


def test_clubsandwich_of_families(fitted, goals, mixed_values):
    fit = fitted("goal ~ session * arm + sep + (session | family)", goals)
    _agrees(robust_of(fit), mixed_values("other")["clubSandwich"]["goal_lmer_family_CR2"])


def test_clubsandwich_of_least_squares(goals, mixed_values):
    expected = mixed_values("other")["clubSandwich"]["goal_lm_council_CR2"]
    frame = model_frame("goal ~ session * arm + sep + (1 | council)", goals)
    _agrees(cluster_robust(frame.X, frame.y, cluster=frame.blocks[0].codes), expected)


def _agrees(found, expected):
    cov = np.array(expected["vcov_CR2"])
    scale = np.sqrt(np.outer(np.diag(cov), np.diag(cov)))
    np.testing.assert_allclose(found.cov / scale, cov / scale, rtol=0, atol=OF_R)
    np.testing.assert_allclose(found.std_error, expected["SE"], rtol=OF_R)
    np.testing.assert_allclose(found.df_of(np.eye(len(cov))), expected["df"], rtol=OF_R)


def test_few_coordinates_or_all_rows(fitted, nested):
    # Weights of one take the way by all rows, no weights the one by the columns' span.
    fit = fitted("y ~ x + (x | council)", nested)
    frame, theta = fit.frame, fit.evaluation.theta
    short = cluster_robust(frame.X, frame.y, blocks=frame.blocks, theta=theta)
    ones = np.ones(len(frame.y))
    long = cluster_robust(frame.X, frame.y, blocks=frame.blocks, theta=theta, weights=ones)
    np.testing.assert_allclose(short.cov, long.cov, rtol=1e-9)
    np.testing.assert_allclose(short.df_of(fit.each), long.df_of(fit.each), rtol=1e-9)


def test_small_stacks_give_the_same(fitted, nested, monkeypatch):
    fit = fitted("y ~ x + (x | council/group)", nested)
    whole = robust_of(fit)
    monkeypatch.setattr(cluster_blocks, "_CHUNK", 1)
    np.testing.assert_allclose(robust_of(fit).cov, whole.cov, rtol=1e-12)


def test_the_right_model_leaves_cr2_unbiased(fitted, nested, textbook):
    # Under the working covariance E[CR2] is the covariance of the estimates: the meat is
    # linear in the outer product of y, so V itself can stand in for it.
    fit = fitted("y ~ x + (x | council)", nested)
    dense, found = textbook(fit.frame), robust_of(fit)
    values, vectors = np.linalg.eigh(dense.working(fit.evaluation.theta))
    total = np.zeros((2, 2))
    for value, vector in zip(values, vectors.T, strict=True):
        one = cluster_robust(
            fit.frame.X,
            np.sqrt(value) * vector,
            blocks=fit.frame.blocks,
            theta=fit.evaluation.theta,
        )
        total += one.cov
    np.testing.assert_allclose(total, found.bread, rtol=1e-8)


@settings(max_examples=15, deadline=None)
@given(factor=st.floats(1e-3, 1e3), unit=st.floats(1e-3, 1e3), seed=st.integers(0, 2**16))
def test_units_and_order_do_not_matter(nested, factor, unit, seed):
    order = np.random.default_rng(seed).permutation(len(nested))
    cluster = nested["council"].to_numpy()
    X = np.column_stack([np.ones(len(nested)), nested["x"]])
    y = nested["y"].to_numpy()
    one = cluster_robust(X, y, cluster=cluster)
    two = cluster_robust(X[order] * [1, unit], factor * y[order], cluster=cluster[order])
    rescaled = factor**2 * one.cov / np.outer([1, unit], [1, unit])
    np.testing.assert_allclose(two.cov, rescaled, rtol=1e-8)
    np.testing.assert_allclose(two.df_of(np.eye(2)), one.df_of(np.eye(2)), rtol=1e-8)


def test_refusals(nested, monkeypatch):
    frame = model_frame("y ~ x + (1 | council) + (1 | group)", nested)
    X, y, theta = frame.X, frame.y, np.ones(2)
    with pytest.raises(ParameterError, match="kind is unknown"):
        cluster_robust(X, y, cluster=np.arange(60), kind="CR3")
    with pytest.raises(ParameterError, match="cluster is missing"):
        cluster_robust(X, y)
    with pytest.raises(DataError, match="two clusters or more"):
        cluster_robust(X, y, cluster=np.zeros(60, dtype=int))
    with pytest.raises(DataError, match='7 levels of "council" reach into'):
        cluster_robust(X, y, blocks=frame.blocks, theta=theta, cluster=np.arange(60) % 2)
    monkeypatch.setattr(cluster_blocks, "MOST_COORDINATES", 4)
    with pytest.raises(DataError, match="name a column with smaller clusters"):
        cluster_robust(X, y, blocks=frame.blocks, theta=theta)
