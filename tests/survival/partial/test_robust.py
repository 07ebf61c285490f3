"""Covariances of the score from sums over clusters."""

import numpy as np
import pytest

from rpcstats.survival._multiway import overlap
from rpcstats.survival.partial.arrange import arrange
from rpcstats.survival.partial.likelihood import PartialLikelihood
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


def test_crossed_numbers_only_what_occurs():
    assert overlap((np.array([0, 0, 1, 1]), np.array([0, 5, 5, 5]))).tolist() == [0, 1, 2, 2]
