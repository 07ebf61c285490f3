"""Covariances of the score from sums over clusters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpcstats.survival._multiway import overlap
from rpcstats.survival.partial import chunks, score_parts
from rpcstats.survival.partial.arrange import arrange
from rpcstats.survival.partial.likelihood import PartialLikelihood
from rpcstats.survival.partial.moments import score_residuals
from rpcstats.survival.partial.robust import sandwich_middle


def _point(rows):
    order = arrange(rows.time, rows.event, entry=rows.entry, weights=rows.weights)
    X = np.ascontiguousarray(order.take(rows.X).T)
    return PartialLikelihood(order, X).at(np.array([0.3, 0.1, -0.2]))


@pytest.fixture
def rows(drawn):
    return drawn(2, 30, 6, 1, late=True, weighted=True)


def test_each_row_by_itself(rows):
    U = rows.score_residuals(np.array([0.3, 0.1, -0.2]), "efron")
    np.testing.assert_allclose(sandwich_middle(_point(rows), []), U.T @ U, rtol=1e-9)


def test_by_cluster(rows):
    cluster = np.arange(30) % 7
    U = rows.score_residuals(np.array([0.3, 0.1, -0.2]), "efron")
    sums = np.array([U[cluster == g].sum(axis=0) for g in range(7)])
    found = sandwich_middle(_point(rows), [cluster])
    np.testing.assert_allclose(found, sums.T @ sums, rtol=1e-9)


def test_two_ways_are_both_less_their_intersections(rows):
    first, second = np.arange(30) % 7, np.arange(30) // 8
    point = _point(rows)
    parts = [sandwich_middle(point, [c]) for c in (first, second, overlap((first, second)))]
    both = sandwich_middle(point, [first, second])
    np.testing.assert_allclose(both, parts[0] + parts[1] - parts[2], rtol=1e-9)


def _seen_from_start(rows, ties):
    order = arrange(
        rows.time,
        rows.event,
        stratum=rows.stratum,
        n_stratum=int(rows.stratum.max()) + 1,
        weights=rows.weights,
    )
    X = np.ascontiguousarray(order.take(rows.X).T)
    return PartialLikelihood(order, X, ties=ties).at(np.array([0.3, 0.1, -0.2]))


_SHAPES = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10_000),
        "n": st.integers(2, 40),
        "n_time": st.sampled_from([1, 3, 10, 1000]),
        "n_stratum": st.sampled_from([1, 2, 3]),
    }
)


@given(shape=_SHAPES, ties=st.sampled_from(["efron", "breslow"]), n_row=st.integers(1, 12))
def test_parts_are_the_residuals_cut_up(drawn, shape, ties, n_row):
    rows = drawn(**shape, late=False, weighted=True)
    point = _seen_from_start(rows, ties)
    given_ = point.likelihood
    whole = score_residuals(given_.order, given_.X, point.terms, point.expected)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "ROWS", n_row)
        patch.setattr("rpcstats.survival.partial.information.ROWS", n_row)
        patch.setattr(score_parts, "ROWS", n_row)
        parts = list(score_parts.score_parts(given_.order, given_.X, point.terms, point.expected))
    assert [part.start for part, _ in parts[1:]] == [part.stop for part, _ in parts[:-1]]
    joined = np.concatenate([scores for _, scores in parts], axis=1)
    np.testing.assert_allclose(joined, whole, rtol=1e-9, atol=1e-12)


def test_crossed_numbers_only_what_occurs():
    assert overlap((np.array([0, 0, 1, 1]), np.array([0, 5, 5, 5]))).tolist() == [0, 1, 2, 2]
