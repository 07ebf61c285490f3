"""Covariances that hold when rows of one cluster are not independent."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._multiway import overlap
from rpcstats.survival.partial.likelihood import Point
from rpcstats.survival.partial.moments import score_residuals
from rpcstats.survival.partial.score_parts import score_parts

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
    p, order, ways = len(point.beta), point.likelihood.order, list(clusters)
    if len(ways) == 2:
        ways.append(overlap(ways))
    sums = [np.zeros((p, int(codes.max()) + 1)) for codes in ways]
    middle: FloatArray = np.zeros((p, p))
    for lines, rows, scores in _scores(point, whole=not ways):
        if not ways:
            middle += scores @ scores.T
        for total, codes in zip(sums, ways, strict=True):
            own = codes[order.rows[rows]]
            for line, values in zip(total[lines], scores, strict=True):
                np.add.at(line, own, values)
    for sign, total in zip((1.0, 1.0, -1.0), sums, strict=False):
        middle += sign * (total @ total.T)
    return middle


def _scores(point: Point, *, whole: bool) -> Iterator[tuple[slice, slice, FloatArray]]:
    """Give score residuals part by part: some lines, or all if asked for, and some rows of each."""
    order, X, terms = point.likelihood.order, point.likelihood.X, point.terms
    if terms is None:
        raise AssertionError("the exact likelihood has no score residuals")
    every = slice(None)
    if not len(order.late):
        for rows, scores in score_parts(order, X, terms, point.expected):
            yield every, rows, scores
        return
    # What enters late is taken off sums over all event times: one covariate at once.
    lines = (
        (slice(j, j + 1), score_residuals(order, x, terms, point.expected)) for j, x in enumerate(X)
    )
    if whole:
        yield every, every, np.array([scores for _, scores in lines])
        return
    for line, scores in lines:
        yield line, every, scores[None]
