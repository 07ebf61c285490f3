"""What must not matter, does not."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.mixed.structure.build import model_frame
from rpcstats.mixed.structure.encode import encode_new
from rpcstats.mixed.structure.model_frame import split_theta

FORMULAS = (
    "y ~ t*arm + (1 + t | a/b)",
    "y ~ t + (t || a) + (1 | b)",
    "y ~ arm + t + (0 + arm | a) + (1 | a:b)",
    "y ~ t + (1 | a) + (0 + t | a) + (arm || b)",
)


def frame_of(seed, n=60):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "y": rng.normal(size=n),
            "t": rng.integers(0, 5, size=n) + rng.normal(size=n),
            "arm": np.where(np.arange(n) % 2, "control", "programme"),
            "a": np.array(["u", "v", "w"])[rng.permutation(np.arange(n) % 3)],
            "b": rng.permutation(np.arange(n) % 4),
        }
    )


def covariance(frame, theta):
    """Z Λ Λ' Z' of all blocks, entry by entry from the definition."""
    total = np.zeros((len(frame.y),) * 2)
    for block, part in zip(frame.blocks, split_theta(frame.blocks, theta), strict=True):
        Lambda = block.factor(part)
        same = block.codes[:, None] == block.codes[None, :]
        total += same * (block.Z @ Lambda @ Lambda.T @ block.Z.T)
    return total


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(FORMULAS))
def test_the_order_of_rows_is_irrelevant(seed, formula):
    data = frame_of(seed)
    order = np.random.default_rng(seed).permutation(len(data))
    straight, mixed = model_frame(formula, data), model_frame(formula, data.iloc[order])
    np.testing.assert_array_equal(mixed.X, straight.X[order])
    np.testing.assert_array_equal(mixed.y, straight.y[order])
    for one, other in zip(straight.blocks, mixed.blocks, strict=True):
        assert one.levels == other.levels
        np.testing.assert_array_equal(other.codes, one.codes[order])
        np.testing.assert_array_equal(other.Z, one.Z[order])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(FORMULAS))
def test_relabelled_groups_keep_the_covariance(seed, formula):
    data = frame_of(seed)
    renamed = data.assign(a=data["a"].map({"u": "z", "v": "k", "w": "a"}), b=-data["b"] * 0.5)
    one, other = model_frame(formula, data), model_frame(formula, renamed)
    theta = np.random.default_rng(seed).normal(size=one.n_theta)
    np.testing.assert_allclose(covariance(one, theta), covariance(other, theta), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from(
        [
            ("(t | a/b)", "(t | a) + (t | a:b)"),
            ("(t || a)", "(1 | a) + (0 + t | a)"),
            ("(1 + t*arm || a)", "(1 | a) + (0 + t | a) + (0 + arm | a) + (0 + t:arm | a)"),
            ("(1 | a:b)", "(1 | b:a)"),
            ("(t | a) + (1 | b)", "(t | a) + (1 | b)"),
        ]
    ),
)
def test_short_and_long_forms_are_one_model(seed, pair):
    data = frame_of(seed, 120)
    short, long = (model_frame(f"y ~ t + {terms}", data) for terms in pair)
    theta = np.random.default_rng(seed).normal(size=short.n_theta)
    assert short.n_theta == long.n_theta
    np.testing.assert_allclose(covariance(short, theta), covariance(long, theta), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(FORMULAS), st.integers(1, 20))
def test_rows_of_the_fit_are_encoded_as_they_were(seed, formula, n_new):
    data = frame_of(seed)
    frame = model_frame(formula, data)
    picks = np.random.default_rng(seed).integers(0, len(data), n_new)
    new = encode_new(frame, data.iloc[picks])
    np.testing.assert_array_equal(new.X, frame.X[picks])
    for block, Z, codes in zip(frame.blocks, new.Z, new.codes, strict=True):
        np.testing.assert_array_equal(Z, block.Z[picks])
        np.testing.assert_array_equal(codes, block.codes[picks])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 30))
def test_missing_rows_are_as_if_they_were_not_there(seed, n_gap):
    data = frame_of(seed, 120)
    rng = np.random.default_rng(seed)
    gaps = rng.choice(120, size=n_gap, replace=False)
    holed = data.astype({"b": float})
    for row in gaps:
        holed.loc[row, rng.choice(["y", "t", "b", "arm"])] = None
    one = model_frame("y ~ t + arm + (1 | a/b)", holed)
    other = model_frame("y ~ t + arm + (1 | a/b)", data.drop(index=gaps))
    assert (one.n_missing, other.n_missing) == (n_gap, 0)
    np.testing.assert_array_equal(one.X, other.X)
    for left, right in zip(one.blocks, other.blocks, strict=True):
        assert left.levels == right.levels
        np.testing.assert_array_equal(left.codes, right.codes)
