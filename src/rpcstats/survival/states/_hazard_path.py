"""Occupation along given hazard increments, and its first derivatives: arrays in, arrays out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.states._scan import scan, scan_both
from rpcstats.survival.states._state_counts import Graph

FloatArray = NDArray[np.float64]


class HazardPath(NamedTuple):
    """Occupation of states under the hazards of one covariate pattern.

    Attributes
    ----------
    M : ndarray of shape (m, s, s)
        Transition matrices of each time, the exponentials of the hazard increments.
    p : ndarray of shape (m, s)
        Occupation after each time.
    moved : ndarray of shape (m, k, s)
        Derivative of occupation just after each time by the increment of each transition then.
    """

    M: FloatArray
    p: FloatArray
    moved: FloatArray


def follow_hazards(increments: FloatArray, graph: Graph, p0: FloatArray) -> HazardPath:
    """Follow hazards from a start.

    Parameters
    ----------
    increments : ndarray of shape (m, k)
        Hazard of each transition at each time, 0 or more.
    graph : Graph
        The transitions.
    p0 : ndarray of shape (s,)
        Occupation before the first time.

    Returns
    -------
    HazardPath
        Occupation and its derivatives.

    Notes
    -----
    The exponential of the generator at each time, as S = exp(-H) for two states, keeps
    probabilities in [0, 1] however large an increment is.
    """
    M, slope = _exponentials(increments, graph)
    p = scan(M, p0[None])[:, 0]
    before = np.concatenate([p0[None], p])[:-1]
    moved = np.einsum("ts,tksj->tkj", before, slope)
    return HazardPath(M, p, moved)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # rows far from those of the fit
def _exponentials(increments: FloatArray, graph: Graph) -> tuple[FloatArray, FloatArray]:
    """Give the matrix of each time and its derivative by each increment, (m, k, s, s)."""
    m, k = increments.shape
    s = graph.n_state
    total = np.zeros((m, s))
    for place, h in enumerate(graph.origin):
        total[:, h] += increments[:, place]
    M = np.broadcast_to(np.eye(s), (m, s, s)).copy()
    slope = np.zeros((m, k, s, s))
    several = (total > 0).sum(axis=1) > 1
    # Out of one state only, the exponential has a closed form: 1 - exp(-a) shared by hazard.
    stay = np.exp(-total)
    per_unit = np.where(total > 0, -np.expm1(-total) / np.where(total > 0, total, 1.0), 1.0)
    bend = np.where(
        total > 1e-4,
        (stay - per_unit) / np.where(total > 0, total, 1.0),
        -0.5 + total / 3 - total**2 / 8,
    )
    places = list(enumerate(zip(graph.origin, graph.target, strict=True)))
    for place, (h, j) in places:
        M[:, h, j] = increments[:, place] * per_unit[:, h]
        M[:, h, h] = stay[:, h]
        slope[:, place, h, h] = -stay[:, h]
        for other, (g, i) in places:
            if g == h:
                slope[:, place, h, i] += increments[:, other] * bend[:, h]
        slope[:, place, h, j] += per_unit[:, h]
    if several.any():
        M[several], slope[several] = _tied(increments[several], graph)
    return M, slope


def _tied(increments: FloatArray, graph: Graph) -> tuple[FloatArray, FloatArray]:
    """Exponentiate where transitions out of several states fall on one time."""
    from scipy.linalg import expm

    m, k = increments.shape
    s = graph.n_state
    unit = np.zeros((k, s, s))
    unit[np.arange(k), graph.origin, graph.target] = 1.0
    unit[np.arange(k), graph.origin, graph.origin] = -1.0
    A = np.einsum("tk,kij->tij", increments, unit)
    slope = np.empty((m, k, s, s))
    block = np.zeros((m, 2 * s, 2 * s))
    block[:, :s, :s] = block[:, s:, s:] = A
    for place in range(k):
        # The upper right block of the exponential is the derivative (Van Loan 1978).
        block[:, :s, s:] = unit[place]
        slope[:, place] = expm(block)[:, :s, s:]
    return expm(A), slope


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # rows far from those of the fit
def path_covariance(
    path: HazardPath,
    spread: FloatArray,
    gradients: list[tuple[tuple[int, ...], list[FloatArray]]],
    cov: FloatArray,
) -> FloatArray:
    """Give the variance of occupation by the delta method.

    Parameters
    ----------
    path : HazardPath
        The estimate.
    spread : ndarray of shape (m, k)
        Variance of each increment if the coefficients were known.
    gradients : list of (transitions, increments' derivatives)
        For each block of coefficients: the transitions it bears on, and for each the
        derivative, of shape (m, q), of its increments by the block.
    cov : ndarray of shape (Q, Q)
        Covariance of all coefficients, blocks one after another.

    Returns
    -------
    ndarray of shape (m, s)
        Variance of each probability after each time.

    Notes
    -----
    Andersen, Hansen and Keiding (1991): increments are independent given the coefficients.
    """
    m, s = path.p.shape
    noise = np.einsum("tk,tki,tkj->tij", spread, path.moved, path.moved)
    variance = np.einsum("tjj->tj", scan_both(path.M, noise, np.zeros((s, s)))).copy()
    blocks = []
    for transitions, derivatives in gradients:
        q = derivatives[0].shape[1]
        b = np.zeros((m, q, s))
        for place, derivative in zip(transitions, derivatives, strict=True):
            b += derivative[:, :, None] * path.moved[:, place, None, :]
        blocks.append(scan(path.M, np.zeros((q, s)), b))
    if cov.size:
        slope = np.concatenate(blocks, axis=1)
        variance += np.einsum("tqj,qr,trj->tj", slope, cov, slope, optimize=True)
    settled: FloatArray = np.maximum(variance, 0.0)
    return settled
