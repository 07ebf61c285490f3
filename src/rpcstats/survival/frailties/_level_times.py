"""Risk scores of each level at each event time, where both are few."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.frailties._columns import MixedColumns, sum_by
from rpcstats.survival.frailties._factors import LowRankFactor, OwnBlocks, Solve, cholesky
from rpcstats.survival.frailties._point import Point
from rpcstats.survival.partial.tied_events import event_places

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_TOGETHER: Final = 256
"""Levels whose part of an inverse is worked out at once."""


def level_tables(point: Point) -> tuple[FloatArray, FloatArray, IntArray]:
    """Sum the risk scores of each effect at each event time.

    Parameters
    ----------
    point : Point
        The partial likelihood.

    Returns
    -------
    S : ndarray of shape (Q, m)
        Risk scores at risk, times the effect's covariate.
    D : ndarray of shape (Q, t)
        Those of the events at times that are treated as tied.
    tied : ndarray of shape (t,), int
        Those times.
    """
    columns, order, terms = point.columns, point.columns.order, point.terms
    m = order.n_time
    tied = terms.tied
    places = event_places(order, tied) if len(tied) else np.empty(0, dtype=np.int64)
    column = np.repeat(np.arange(len(tied)), order.n_tied[tied])
    S, D = np.empty((columns.n_effect, m)), np.empty((columns.n_effect, len(tied)))
    first = 0
    for part in columns.levels:
        for j in range(part.n_effect):
            v = terms.r if part.Z is None else terms.r * part.Z[j]
            at = slice(first + j, first + part.size, part.n_effect)
            S[at] = _at_risk(point, part.codes, part.n_level, v)
            flat = sum_by(
                part.codes[places] * len(tied) + column, v[places], part.n_level * len(tied)
            )
            D[at] = flat.reshape(part.n_level, len(tied))
        first += part.size
    return S, D, tied


def _at_risk(point: Point, codes: IntArray, n_level: int, v: FloatArray) -> FloatArray:
    order = point.columns.order
    m = order.n_time
    change = sum_by(codes * m + order.last, v, n_level * m)
    if order.first is not None and len(order.late):
        late = order.late
        before = codes[late] * m + order.first[late] - 1
        change -= sum_by(before, v[late], n_level * m)
    return order.segments.backward(change.reshape(n_level, m))


def shared_by_times(point: Point, border: IntArray) -> FloatArray:
    """Work out columns of the curvature that levels share.

    Parameters
    ----------
    point : Point
        The partial likelihood.
    border : ndarray of shape (c,), int
        Effects whose columns are wanted.

    Returns
    -------
    ndarray of shape (Q, c)
        Σ A s s' - B (s d' + d s') + C d d' over the event times.
    """
    terms = point.terms
    S, D, tied = level_tables(point)
    H = (S * terms.A) @ S[border].T
    if len(tied):
        S = S[:, tied]
        H -= (S * terms.B) @ D[border].T + (D * terms.B) @ S[border].T
        H += (D * terms.C) @ D[border].T
    return np.asarray(H)


def low_rank_factor(
    point: Point, factors: list[FloatArray], curvature: FloatArray
) -> LowRankFactor:
    """Factor a curvature by its few event times.

    Parameters
    ----------
    point : Point
        The partial likelihood.
    factors : list of ndarray of shape (q, q)
        Λ of each grouping factor.
    curvature : ndarray of shape (Q,)
        Second derivative of the penalty.

    Returns
    -------
    LowRankFactor
        What rows give each level by themselves, less two columns a tied event time and one
        another.
    """
    columns, terms = point.columns, point.terms
    S, D, tied = level_tables(point)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.sqrt(terms.A)
        share = np.where(root[tied] > 0.0, terms.B / root[tied], 0.0)
    V = S * root
    V[:, tied] -= D * share
    rest = np.sqrt(np.maximum(terms.C - share**2, 0.0))
    V = _turned_rows(columns, np.hstack([V, D * rest]), factors)
    if len(columns.levels) == 1:
        solve, log_det, blocks = _own_of_one_factor(point, factors[0], curvature)
    else:
        solve, log_det, blocks = _own_of_factors(point, factors, curvature)
    solved = solve(V)
    core = -(V.T @ solved)
    core[np.diag_indices(len(core))] += 1.0
    L, is_positive = cholesky(core)
    return LowRankFactor(solve, log_det, blocks, V, solved, L, is_positive)


def _turned_rows(columns: MixedColumns, V: FloatArray, factors: list[FloatArray]) -> FloatArray:
    parts, first = [], 0
    for part, Lambda in zip(columns.levels, factors, strict=True):
        rows = V[first : first + part.size].reshape(part.n_level, part.n_effect, -1)
        parts.append(np.einsum("lqc,qs->lsc", rows, Lambda).reshape(part.size, -1))
        first += part.size
    return np.concatenate(parts)


def _own_of_one_factor(
    point: Point, Lambda: FloatArray, curvature: FloatArray
) -> tuple[Solve, float, OwnBlocks]:
    part = point.columns.levels[0]
    q = part.n_effect
    blocks = Lambda.T @ part.squares(point.expected) @ Lambda
    blocks[:, range(q), range(q)] += curvature.reshape(part.n_level, q)
    log_det = float(np.linalg.slogdet(blocks)[1].sum())
    inverse: FloatArray = np.asarray(np.linalg.inv(blocks), dtype=np.float64)

    def solve(B: FloatArray) -> FloatArray:
        return (inverse @ B.reshape(part.n_level, q, -1)).reshape(B.shape)

    return solve, log_det, lambda: [inverse]


def _own_of_factors(
    point: Point, factors: list[FloatArray], curvature: FloatArray
) -> tuple[Solve, float, OwnBlocks]:
    from scipy import sparse
    from scipy.sparse.linalg import splu

    columns = point.columns
    n_row = len(point.eta)
    parts = []
    for part, Lambda in zip(columns.levels, factors, strict=True):
        Z = np.ones((1, n_row)) if part.Z is None else part.Z
        values = Lambda.T @ Z
        rows = np.tile(np.arange(n_row), part.n_effect)
        across = (part.codes * part.n_effect + np.arange(part.n_effect)[:, None]).ravel()
        parts.append(sparse.csr_array((values.ravel(), (rows, across)), shape=(n_row, part.size)))
    Z_all = sparse.hstack(parts, format="csr")
    P = Z_all.T @ (Z_all * point.expected[:, None]) + sparse.diags_array(curvature)
    lu = splu(sparse.csc_matrix(P), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    log_det = float(np.log(np.abs(lu.U.diagonal())).sum())

    def own_blocks() -> list[FloatArray]:
        return _diagonal_blocks(lu.solve, columns)

    return lu.solve, log_det, own_blocks


def _diagonal_blocks(solve: Solve, columns: MixedColumns) -> list[FloatArray]:
    """Invert a sparse matrix, and keep what belongs to one level."""
    blocks, first = [], 0
    for part in columns.levels:
        q = part.n_effect
        block = np.empty((part.n_level, q, q))
        for low in range(0, part.n_level, _TOGETHER):
            high = min(low + _TOGETHER, part.n_level)
            unit = np.zeros((columns.n_effect, (high - low) * q))
            rows = first + np.arange(low * q, high * q)
            unit[rows, np.arange(len(rows))] = 1.0
            found = solve(unit)[rows]
            at = np.arange(len(rows)).reshape(-1, q)
            block[low:high] = found[at[:, :, None], at[:, None, :]]
        blocks.append(block)
        first += part.size
    return blocks
