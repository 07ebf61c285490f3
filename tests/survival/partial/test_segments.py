"""Running sums that start afresh in each stratum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.survival.partial.segments import LONG, Segments


def test_by_hand():
    segments = Segments(np.array([0, 2, 2, 5]))
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert segments.forward(values).tolist() == [1, 3, 3, 7, 12]
    assert segments.backward(values).tolist() == [3, 2, 12, 9, 5]


@given(
    lengths=st.lists(st.sampled_from([0, 1, 2, 3, 17, LONG - 1, LONG, LONG + 5]), min_size=1),
    seed=st.integers(0, 100),
)
@settings(max_examples=25, deadline=None)
def test_short_and_long_runs_are_summed_each_by_itself(lengths, seed):
    start = np.concatenate([[0], np.cumsum(lengths)])
    values = np.random.default_rng(seed).normal(size=(2, start[-1]))
    pieces = np.split(values, start[1:-1], axis=1)
    forward = np.concatenate([np.cumsum(p, axis=1) for p in pieces], axis=1)
    backward = np.concatenate([np.cumsum(p[:, ::-1], axis=1)[:, ::-1] for p in pieces], axis=1)
    np.testing.assert_allclose(Segments(start).forward(values), forward, atol=1e-12)
    np.testing.assert_allclose(Segments(start).backward(values), backward, atol=1e-12)


def test_a_tiny_stratum_beside_a_huge_one_keeps_its_digits():
    values = np.array([1e18, 1e18, 1e-3, 2e-3])
    assert Segments(np.array([0, 2, 4])).backward(values)[2:] == pytest.approx([3e-3, 2e-3])
