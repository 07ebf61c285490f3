"""Sums over ranges of places."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.survival.partial.intervals import spread_over, sums_over


@settings(max_examples=40, deadline=None)
@given(m=st.integers(1, 40), n=st.integers(1, 30), seed=st.integers(0, 1000))
def test_by_definition(m, n, seed):
    rng = np.random.default_rng(seed)
    ends = np.sort(rng.integers(0, m, (2, n)), axis=0)
    first, last = ends
    covers = (first[:, None] <= np.arange(m)) & (np.arange(m) <= last[:, None])
    values, heights = rng.normal(size=(2, n)), rng.normal(size=(2, m))
    np.testing.assert_allclose(spread_over(values, first, last, m), values @ covers, atol=1e-12)
    np.testing.assert_allclose(sums_over(heights, first, last), heights @ covers.T, atol=1e-12)


def test_nothing_is_taken_off_again():
    """A value of 1e20 over the first place leaves no trace at the second."""
    first, last = np.array([0, 0]), np.array([0, 2])
    assert spread_over(np.array([1e20, 1.0]), first, last, 3).tolist() == [1e20, 1.0, 1.0]
