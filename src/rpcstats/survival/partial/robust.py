"""Covariances that hold when rows of one cluster are not independent."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._multiway import overlap
from rpcstats.survival.partial.likelihood import Point
from rpcstats.survival.partial.moments import score_residuals

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def sandwich_middle(point: Point, clusters: Sequence[IntArray]) -> FloatArray:
    """Estimate the covariance of the score from sums of score residuals over clusters.

    Parameters
    ----------
    point : Point
        The likelihood at the coefficients.
    clusters : sequence of ndarray of shape (n,), int
        Cluster of each row of the data, from 0; none makes each row a cluster, two are crossed.

    Returns
    -------
    ndarray of shape (p, p)
        The sum over clusters of the products of their scores; for two the sum of both less that
        of their intersections.

    Notes
    -----
    Lin and Wei (1989); for two ways Cameron, Gelbach and Miller (2011).
    """
    order = point.likelihood.order
    arranged = [order.take(codes) for codes in clusters]
    if len(arranged) == 2:
        arranged.append(overlap(arranged))
    sizes = [int(codes.max()) + 1 for codes in arranged] or [len(order.rows)]
    sums = [np.empty((len(point.beta), size)) for size in sizes]
    for j, x in enumerate(point.likelihood.X):
        # Covariate by covariate, which holds vectors rather than a second copy of the data.
        scores = _scores(point, x)
        if not arranged:
            sums[0][j] = scores
        for total, codes, size in zip(sums, arranged, sizes, strict=False):
            total[j] = np.bincount(codes, weights=scores, minlength=size)
        del scores
    signs = (1.0, 1.0, -1.0)
    middle: FloatArray = np.zeros((len(point.beta),) * 2)
    for sign, total in zip(signs, sums, strict=False):
        middle += sign * (total @ total.T)
    return middle


def _scores(point: Point, x: FloatArray) -> FloatArray:
    if point.terms is None:
        raise AssertionError("the exact likelihood has no score residuals")
    return score_residuals(point.likelihood.order, x, point.terms, point.expected)
