"""Integral over the random effects of a chunk's groups and its exact gradient."""

from typing import NamedTuple

import numpy as np

from rpcstats.mixed.general.chunk_modes import Mode, cholesky_factor, invert_lower
from rpcstats.mixed.general.group_layout import Chunk
from rpcstats.mixed.general.links import LARGEST_EXPONENT
from rpcstats.mixed.general.quadrature import Grid
from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.general.row_data import NodeTerms, Parts
from rpcstats.mixed.structure.model_frame import FloatArray

BATCH = 49152
"""Elements of one temporary array of nodes and rows; a few of them fit the second-level cache."""


class NodeSums(NamedTuple):
    """Sums over the nodes, each group's weights adding up to one.

    Attributes
    ----------
    log_mean : ndarray of shape (G,)
        Log of the weighted sum of the integrand over the nodes, without the constant of the
        normal density.
    d1 : ndarray of shape (m, S)
        Mean of the first derivatives of the rows.
    slope : ndarray of shape (q, G)
        Mean of the gradient of the log-integrand.
    slope_node : ndarray of shape (q, q, G)
        Mean of its product with the node t.
    cross : ndarray of shape (q, q, G)
        Mean of Z'd1 times u'.
    parts : tuple of ndarray of shape (m, S)
        Means of what the derivatives by φ are made of.
    """

    log_mean: FloatArray
    d1: FloatArray
    slope: FloatArray
    slope_node: FloatArray
    cross: FloatArray
    parts: tuple[FloatArray, ...]


class ChunkTotals(NamedTuple):
    """Log-likelihood of the groups of a chunk and its gradient.

    Attributes
    ----------
    value : ndarray of shape (G,)
        Log-likelihoods.
    by_eta : ndarray of shape (m, S) or None
        Weight of each row's x in the gradient by β.
    by_theta : ndarray of shape (q, q, G) or None
        Gradient by the elements of Λ.
    by_extra : ndarray of shape (e, G) or None
        Gradient by φ.
    """

    value: FloatArray
    by_eta: FloatArray | None = None
    by_theta: FloatArray | None = None
    by_extra: FloatArray | None = None


def integrate_chunk(
    chunk: Chunk,
    mode: Mode,
    Lambda: FloatArray,
    likelihood: ResponseLikelihood,
    extra: FloatArray,
    grid: Grid,
    *,
    gradient: bool,
) -> ChunkTotals:
    """Integrate over the random effects of each group.

    Parameters
    ----------
    chunk : Chunk
        The groups.
    mode : Mode
        Their modes.
    Lambda : ndarray of shape (q, q)
        Relative covariance factor.
    likelihood : ResponseLikelihood
        Distribution and link.
    extra : ndarray of shape (e,)
        Extra parameters φ.
    grid : Grid
        Nodes and weights; one node is Laplace's approximation.
    gradient : bool
        Whether the gradient is wanted.

    Returns
    -------
    ChunkTotals
        Log-likelihoods and their gradients.

    Notes
    -----
    Adaptive quadrature (Pinheiro and Bates 1995) puts the nodes at û + S t with S = L'⁻¹ and
    H = LL'. The gradient is that of the sum itself: û and S move with the parameters. Written
    backwards, with c and M the means of the slope and of the slope times t', N = S'M and Q the
    symmetric part of the upper triangle of N with half its diagonal, the derivative by H is
    B = -S (I/2 + Q) S' (Murray 2016, for the Cholesky factor) and that by û is c less what H
    owes to û.
    """
    S = np.swapaxes(invert_lower(cholesky_factor(mode.H)), 0, 1)
    sums = _sum_nodes(chunk, mode, S, Lambda, likelihood, extra, grid, gradient)
    log_scale = sum(np.log(S[a, a]) for a in range(len(S)))
    value = log_scale + sums.log_mean
    if not gradient:
        return ChunkTotals(value)
    return _differentiate(chunk, mode, S, likelihood, extra, sums, value)


def _sum_nodes(
    chunk: Chunk,
    mode: Mode,
    S: FloatArray,
    Lambda: FloatArray,
    likelihood: ResponseLikelihood,
    extra: FloatArray,
    grid: Grid,
    gradient: bool,
) -> NodeSums:
    at_mode = ~np.any(grid.nodes, axis=1)
    central = float((grid.sign * np.exp(grid.log_weight))[at_mode].sum())
    with_parts = gradient and bool(likelihood.extra_names)
    here = likelihood.node_terms(mode.eta, mode.rows, extra, parts=with_parts)
    height = chunk.sum_columns(here.value) - 0.5 * (mode.u * mode.u).sum(axis=0)
    sums = _RunningSums(chunk, mode, Lambda, central, here.parts)
    outer = np.flatnonzero(~at_mode)
    batch = max(1, BATCH // max(1, mode.eta.size))
    for begin in range(0, len(outer), batch):
        k = outer[begin : begin + batch]
        t = grid.nodes[k]
        u = mode.u[:, None] + np.einsum("abg,kb->akg", S, t)
        eta = mode.fixed
        for direction, effect in zip(mode.directions, u, strict=True):
            eta = eta + direction * chunk.spread(effect)
        found = likelihood.node_terms(eta, mode.rows, extra, parts=with_parts)
        log_ratio = chunk.sum_columns(found.value) - 0.5 * (u * u).sum(axis=0) - height
        log_share = np.minimum(log_ratio + grid.log_weight[k, None], LARGEST_EXPONENT)
        share = grid.sign[k, None] * np.exp(log_share)
        sums.total += share.sum(axis=0)
        if gradient:
            sums.add(share, t, u, found)
    return sums.finish(height)


class _RunningSums:
    """Sums over the nodes so far, weighted relative to the integrand at the mode."""

    def __init__(
        self, chunk: Chunk, mode: Mode, Lambda: FloatArray, central: float, parts: Parts
    ) -> None:
        q, G = mode.u.shape
        self.chunk, self.Lambda = chunk, Lambda
        effects = np.array([chunk.sum_effect(a, mode.d1) for a in range(q)])
        self.total = np.full(G, central)
        self.d1 = central * mode.d1
        self.slope = central * (np.einsum("ab,ag->bg", Lambda, effects) - mode.u)
        self.slope_node = np.zeros((q, q, G))
        self.cross = central * effects[:, None] * mode.u[None]
        self.parts = [central * part for part in parts]

    def add(self, share: FloatArray, t: FloatArray, u: FloatArray, found: NodeTerms) -> None:
        """Add nodes t, at u, with their weights; what was found there is used up."""
        chunk = self.chunk
        effects = np.array([chunk.sum_effect(a, found.d1) for a in range(len(u))])
        effects *= share
        pull = np.einsum("ab,akg->bkg", self.Lambda, effects) - u * share
        self.slope += pull.sum(axis=1)
        self.slope_node += np.einsum("bkg,kc->bcg", pull, t)
        self.cross += np.einsum("akg,bkg->abg", effects, u)
        spread = chunk.spread(share)
        self.d1 += np.multiply(found.d1, spread, out=found.d1).sum(axis=0)
        for kept, part in zip(self.parts, found.parts, strict=True):
            kept += np.multiply(part, spread, out=part).sum(axis=0)

    def finish(self, height: FloatArray) -> NodeSums:
        """Divide by the total, which a sparse grid may leave negative: then log_mean is NaN."""
        positive = self.total > 0.0
        safe = np.where(positive, self.total, 1.0)
        wide = self.chunk.spread(safe)
        return NodeSums(
            np.where(positive, np.log(safe) + height, np.nan),
            self.d1 / wide,
            self.slope / safe,
            self.slope_node / safe,
            self.cross / safe,
            tuple(part / wide for part in self.parts),
        )


def _differentiate(
    chunk: Chunk,
    mode: Mode,
    S: FloatArray,
    likelihood: ResponseLikelihood,
    extra: FloatArray,
    sums: NodeSums,
    value: FloatArray,
) -> ChunkTotals:
    q = len(S)
    B = _derive_by_curvature(S, sums.slope_node)
    spread_B = [[chunk.spread(B[a, b]) for b in range(q)] for a in range(q)]
    d = mode.directions
    along_B = [sum(d[a] * spread_B[a][b] for a in range(q)) for b in range(q)]
    v = sum(along_B[b] * d[b] for b in range(q))
    owed = v * mode.d3
    pull = sums.slope - np.array([chunk.sum_rows(owed * d[a]) for a in range(q)])
    e = np.einsum("abg,cbg,cg->ag", S, S, pull)
    a_row = sum(d[a] * chunk.spread(e[a]) for a in range(q))
    shift = a_row * mode.d2 - owed
    by_eta = sums.d1 + shift
    by_theta = np.empty((q, q, S.shape[-1]))
    for a in range(q):
        at_mode = chunk.sum_effect(a, mode.d1)
        moved = chunk.sum_effect(a, shift)
        for b in range(q):
            curved = chunk.sum_effect(a, mode.d2 * along_B[b])
            by_theta[a, b] = sums.cross[a, b] - 2.0 * curved + moved * mode.u[b] + at_mode * e[b]
    by_extra = None
    if likelihood.extra_names:
        means = likelihood.finish_parts(sums.d1, sums.parts, mode.rows, extra)
        _, slopes, curves = likelihood.extra_parts(mode.eta, mode.rows, extra)
        mixed = tuple(
            mean + a_row * slope - v * curve
            for mean, slope, curve in zip(means, slopes, curves, strict=True)
        )
        by_extra = likelihood.sum_parts(
            mixed, mode.rows, extra, chunk.column_groups, len(chunk.groups)
        )
    return ChunkTotals(value, by_eta, by_theta, by_extra)


def _derive_by_curvature(S: FloatArray, slope_node: FloatArray) -> FloatArray:
    """Give B, the derivative of the log-integral by H."""
    q = len(S)
    N = np.einsum("bag,bcg->acg", S, slope_node)
    half = np.triu(np.ones((q, q))) - 0.5 * np.eye(q)
    upper = N * half[..., None]
    inner = 0.5 * (upper + np.swapaxes(upper, 0, 1)) + 0.5 * np.eye(q)[..., None]
    return -np.asarray(np.einsum("abg,bcg,dcg->adg", S, inner, S))
