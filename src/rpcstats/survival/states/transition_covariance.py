"""Covariance of the coefficients of several Cox models fitted to the same persons."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.survival._multiway import signed_clusters
from rpcstats.survival.partial.arrange import arrange
from rpcstats.survival.partial.event_terms import event_terms, expected_events
from rpcstats.survival.partial.moments import score_residuals

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def joint_covariance(fits: "tuple[CoxFit, ...]", *, is_robust: bool) -> FloatArray:
    """Give the covariance of all coefficients, fit after fit.

    Parameters
    ----------
    fits : tuple of CoxFit
        Models with the same clusters.
    is_robust : bool
        Whether errors are robust; without, models of different transitions are independent.

    Returns
    -------
    ndarray of shape (q, q)
        Of robust errors, sums over clusters of products of dfbeta residuals, between models too
        (Lin and Wei 1989).
    """
    sizes = [len(fit.beta) for fit in fits]
    edges = np.concatenate([[0], np.cumsum(sizes)])
    V = np.zeros((edges[-1], edges[-1]))
    for place, fit in enumerate(fits):
        inside = slice(edges[place], edges[place + 1])
        V[inside, inside] = fit.cov
    if not is_robust or len(fits) == 1:
        return V
    dfbeta = [_dfbeta(fit) for fit in fits]
    clusters = _shared_codes(fits)
    for i in range(len(fits)):
        for j in range(i):
            block = _cross(dfbeta[i], dfbeta[j], clusters[i], clusters[j])
            V[edges[i] : edges[i + 1], edges[j] : edges[j + 1]] = block
            V[edges[j] : edges[j + 1], edges[i] : edges[i + 1]] = block.T
    return V


def _dfbeta(fit: "CoxFit") -> FloatArray:
    """Give weighted dfbeta residuals of the rows of one fit."""
    f = fit.frame
    n_stratum = len(f.strata.labels)
    order = arrange(
        f.time,
        f.event,
        entry=f.entry,
        stratum=f.strata.codes,
        n_stratum=n_stratum,
        weights=f.weights,
    )
    lines = np.ascontiguousarray((order.take(f.X) - f.X.mean(axis=0)).T)
    eta = fit.beta @ lines
    if f.offset is not None:
        eta = eta + order.take(f.offset)
    terms = event_terms(order, eta, "breslow" if fit.ties == "breslow" else "efron")
    scores = score_residuals(order, lines, terms, expected_events(order, terms))
    placed: FloatArray = order.put(scores.T) @ fit.cov_model
    return placed


def _shared_codes(fits: "tuple[CoxFit, ...]") -> list[list[IntArray]]:
    """Give clusters the same numbers in all fits."""
    found: list[list[IntArray]] = [[] for _ in fits]
    for way in range(len(fits[0].frame.clusters)):
        labels = [np.array(fit.frame.clusters[way].labels, dtype=object) for fit in fits]
        known = pd.Index(np.concatenate(labels)).unique()
        for place, fit in enumerate(fits):
            numbers = known.get_indexer(pd.Index(labels[place])).astype(np.int64)
            found[place].append(numbers[fit.frame.clusters[way].codes])
    return found


def _cross(
    first: FloatArray, second: FloatArray, own: list[IntArray], other: list[IntArray]
) -> FloatArray:
    n = len(first)
    joined = [np.concatenate(pair) for pair in zip(own, other, strict=True)]
    block = np.zeros((first.shape[1], second.shape[1]))
    if not block.size:
        return block
    for sign, codes in signed_clusters(joined):
        if codes is None:
            continue
        size = int(codes.max()) + 1
        a = np.column_stack([np.bincount(codes[:n], x, size) for x in first.T])
        b = np.column_stack([np.bincount(codes[n:], x, size) for x in second.T])
        block += sign * (a.T @ b)
    return block
