"""Pooling changes the work, never the likelihood."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.mixed.general import patterns
from rpcstats.mixed.general.families import make_family
from rpcstats.mixed.general.one_factor import OneFactorGeneral
from rpcstats.mixed.general.ordinal import make_ordinal
from rpcstats.mixed.general.patterns import pool_groups
from rpcstats.mixed.structure.model_frame import Block

# sums of the same terms in another order
ROUNDING = 1e-11


def _block(codes, Z=None):
    Z = np.ones((len(codes), 1)) if Z is None else Z
    q = Z.shape[1]
    rows, cols = np.tril_indices(q)
    order = np.lexsort((rows, cols))
    levels = tuple(str(level) for level in range(int(codes.max()) + 1))
    effects = tuple(f"effect {a}" for a in range(q))
    return Block("g", levels, codes, Z, effects, rows[order], cols[order], ("z | g",))


def _sessions(seed, n_group=200, sessions=4, missing=0.2):
    """Families with the same sessions and one of two arms."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(n_group), sessions)
    time = np.tile(np.arange(sessions) / 1.0, n_group)
    arm = np.repeat(rng.integers(0, 2, n_group) / 1.0, sessions)
    kept = (rng.uniform(size=len(codes)) >= missing) | (time == 0.0)
    order = rng.permutation(np.flatnonzero(kept))
    return np.column_stack([np.ones(len(codes)), time, arm])[order], codes[order], rng


def _response(family, n, rng):
    return {
        "binomial": lambda: rng.integers(0, 2, n) / 1.0,
        "poisson": lambda: rng.poisson(1.0, n) / 1.0,
        "negative binomial": lambda: rng.poisson(1.0, n) / 1.0,
        "ordinal": lambda: rng.integers(0, 3, n) / 1.0,
    }[family]()


def _compare(X, y, block, likelihood, parameters, **known):
    """Evaluate pooled and not; give both numbers of patterns."""
    both = [
        OneFactorGeneral(X, y, block, likelihood, nagq=3, pool=pool, **known)
        for pool in (True, False)
    ]
    pooled, plain = (problem.evaluate(parameters, order=2) for problem in both)
    assert pooled.deviance == pytest.approx(plain.deviance, rel=ROUNDING)
    size = np.abs(plain.scores).max()
    assert pooled.gradient == pytest.approx(plain.gradient, abs=ROUNDING * size)
    assert pooled.scores == pytest.approx(plain.scores, abs=ROUNDING * size)
    modes = [problem.modes(parameters)[0].estimate for problem in both]
    assert modes[0] == pytest.approx(modes[1], abs=1e-9)
    return both[0].n_pattern, both[1].n_pattern


def test_groups_worked_by_hand():
    # two sessions; groups 0 and 2 came once each, though not to the same session: without the
    # session in the model they are alike, with it they are not
    codes = np.array([0, 0, 1, 1, 2, 2])
    y = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 1.0])
    session = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    likelihood = make_family("binomial").rows
    one = np.ones((6, 1))
    found = pool_groups(one, y, _block(codes), likelihood, np.ones(6), None)
    assert found.pattern.tolist() == [0, 1, 0]
    assert found.rows.count.tolist() == [2.0, 1.0]
    assert found.rows.weight.tolist() == [2.0, 2.0]
    assert found.rows.y.tolist() == [0.5, 1.0]
    with_session = np.column_stack([one, session])
    twice = np.concatenate([codes, codes + 3])
    found = pool_groups(
        np.tile(with_session, (2, 1)), np.tile(y, 2), _block(twice), likelihood, np.ones(12), None
    )
    assert found.pattern.tolist() == [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize(
    ("family", "link", "extra"),
    [
        ("binomial", "logit", []),
        ("binomial", "probit", []),
        ("poisson", "log", []),
        ("negative binomial", "log", [0.5]),
        ("ordinal", "logit", [-0.5, 0.1]),
    ],
)
def test_pooling_is_exact_and_shrinks_the_work(family, link, extra):
    X, codes, rng = _sessions(1)
    y = _response(family, len(codes), rng)
    likelihood = make_ordinal(3, link) if family == "ordinal" else make_family(family, link).rows
    parameters = np.concatenate([[0.1, -0.2, 0.3], [0.7], extra])
    pooled, plain = _compare(X, y, _block(codes), likelihood, parameters)
    assert plain == 200
    if family in ("binomial", "poisson"):
        assert pooled < 160


def test_trials_weights_and_slopes():
    X, codes, rng = _sessions(2)
    trials = 1.0 + X[:, 1] % 2.0
    y = rng.binomial(trials.astype(int), 0.4) / trials
    Z = X[:, :2]
    parameters = np.array([0.1, -0.2, 0.3, 0.7, 0.1, 0.4])
    likelihood = make_family("binomial").rows
    pooled, plain = _compare(X, y, _block(codes, Z), likelihood, parameters, weights=trials)
    assert pooled < plain


def test_offsets_that_differ_are_kept_apart_or_put_in_the_constant():
    X, codes, rng = _sessions(3, missing=0.0)
    y = rng.poisson(1.0, len(codes)) / 1.0
    offset = np.log(1.0 + X[:, 1])
    parameters = np.array([0.1, -0.2, 0.3, 0.7])
    likelihood = make_family("poisson").rows
    # without the session in X, groups of equal sums differ in the sum of y times the offset
    pooled, plain = _compare(
        X[:, [0, 2]], y, _block(codes), likelihood, parameters[[0, 2, 3]], offset=offset
    )
    assert pooled < plain
    _compare(X, y, _block(codes), likelihood, parameters, offset=offset)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 30), st.integers(1, 4))
def test_pooling_is_exact_whatever_the_data(seed, n_group, sessions):
    X, codes, rng = _sessions(seed, n_group, sessions, missing=0.3)
    codes = np.unique(codes, return_inverse=True)[1]
    y = rng.integers(0, 2, len(codes)) / 1.0
    offset = np.round(rng.uniform(size=len(codes)))
    X[0, 1:], X[-1, 1:] = (0.5, 1.0), (1.5, 0.0)
    parameters = np.array([0.1, -0.2, 0.3, 0.7])
    if np.linalg.matrix_rank(X) == 3:
        _compare(X, y, _block(codes), make_family("binomial").rows, parameters, offset=offset)


def test_colliding_hashes_never_merge_what_differs(monkeypatch):
    X, codes, rng = _sessions(4)
    y = rng.integers(0, 2, len(codes)) / 1.0
    likelihood = make_family("binomial", "probit").rows
    parameters = np.array([0.1, -0.2, 0.3, 0.7])
    monkeypatch.setattr(patterns, "_hash_rows", lambda columns, n, seed: np.zeros(n))
    pooled, plain = _compare(X, y, _block(codes), likelihood, parameters)
    assert pooled == plain
    monkeypatch.undo()

    class Alike:
        """A generator all of whose numbers are the same."""

        def uniform(self, low, high, size):
            return np.ones(size)

        def integers(self, low, high, size):
            return np.zeros(size, dtype=np.int64)

    real = np.random.default_rng
    monkeypatch.setattr(patterns, "_hash_rows", lambda columns, n, seed: _kinds(columns, n))
    monkeypatch.setattr(np.random, "default_rng", lambda *_: Alike())
    try:
        _compare(X, y, _block(codes), likelihood, parameters)
        _compare(X, y, _block(codes), make_family("binomial").rows, parameters)
    finally:
        monkeypatch.setattr(np.random, "default_rng", real)


def _kinds(columns, n):
    kinds = np.unique(np.column_stack([np.zeros(n), *columns]), axis=0, return_inverse=True)[1]
    return kinds.reshape(-1) / 1.0


def test_a_covariate_of_its_own_in_each_row_leaves_nothing_to_pool():
    X, codes, rng = _sessions(5)
    X[:, 1] = rng.normal(size=len(X))
    y = rng.integers(0, 2, len(codes)) / 1.0
    found = pool_groups(X, y, _block(codes), make_family("binomial").rows, np.ones(len(y)), None)
    assert len(found.rows.y) == len(y)
    assert found.pattern.tolist() == list(range(200))


def test_groups_without_order_are_sorted():
    rng = np.random.default_rng(0)
    codes = rng.permutation(np.repeat(np.arange(5), 3))
    X = rng.normal(size=(15, 2))
    y = rng.gamma(2.0, 1.0, 15)
    found = pool_groups(X, y, _block(codes), make_family("gamma").rows, np.ones(15), None)
    order = np.argsort(codes, kind="stable")
    np.testing.assert_array_equal(found.rows.y, y[order])
    np.testing.assert_array_equal(found.rows.X, X[order])
    assert found.rows.starts.tolist() == [0, 3, 6, 9, 12, 15]
