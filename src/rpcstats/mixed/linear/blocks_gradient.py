"""From a finished pass of block elimination to the gradient and the average information."""

from dataclasses import dataclass, replace

import numpy as np

from rpcstats.mixed.linear.blocks_information import average_information, curvature, slope_by_cov
from rpcstats.mixed.linear.blocks_pass import Pass
from rpcstats.mixed.linear.dense_profile import Products, profile
from rpcstats.mixed.linear.evaluation import Evaluation
from rpcstats.mixed.linear.rows import Rows
from rpcstats.mixed.structure.model_frame import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Sums over the levels of one block.

    Attributes
    ----------
    trace : ndarray of shape (q, q) or None
        Z'V₀⁻¹Z, for a block that was eliminated.
    half : ndarray of shape (q, q)
        Z'V₀⁻¹ZΛ.
    outer : ndarray of shape (q, q, m, m)
        Products of Z'V₀⁻¹[X̃ ỹ], effect by effect.
    """

    trace: FloatArray | None
    half: FloatArray
    outer: FloatArray


def differentiate(
    rows: Rows, theta: FloatArray, reml: bool, done: Pass, *, information: bool
) -> Evaluation:
    """Evaluate the deviance with its gradient.

    Parameters
    ----------
    rows : Rows
        Columns in working coordinates.
    theta : ndarray of shape (k,)
        Covariance parameters.
    reml : bool
        Whether to evaluate the restricted deviance.
    done : Pass
        After elimination with the dense inverse.
    information : bool
        Whether the average information is wanted.

    Returns
    -------
    Evaluation
        With exact first derivatives.
    """
    done.substitute()
    T = _by_block(rows, done)
    sums = _sum_levels(done, T)
    d_log_det, d_fixed = [], []
    for block, part, Lambda in zip(rows.blocks, sums, done.factors, strict=True):
        d_log_det.append(2.0 * part.half[block.rows, block.cols])
        moved = np.tensordot(Lambda, part.outer, axes=(0, 1))[block.cols, block.rows]
        d_fixed.append(-moved - moved.transpose(0, 2, 1))
    basis = rows.basis
    products = Products(
        done.log_det,
        done.fixed,
        basis.T @ np.concatenate(d_log_det),
        np.tensordot(basis, np.concatenate(d_fixed), axes=(0, 0)),
    )
    result = profile(rows, theta, reml, products)
    if not information:
        return result
    working = _working_information(rows, reml, done, T, sums, result)
    return replace(result, information=basis.T @ working @ basis)


def dense_levels(rows: Rows, done: Pass, values: FloatArray) -> list[FloatArray]:
    """Cut rows of dense columns into the levels of each block left.

    Parameters
    ----------
    rows : Rows
        Columns in working coordinates.
    done : Pass
        The pass.
    values : ndarray of shape (R, m)
        A row for each dense column.

    Returns
    -------
    list of ndarray of shape (L, q, m)
        One for each block left, levels in the order of their codes.
    """
    plan, rest = done.system.plan, done.system.rest
    return [
        values[first[:, None] + np.arange(rows.blocks[b].n_effect)]
        for b, first in zip(plan.rest, rest.first, strict=True)
    ]


def _by_block(rows: Rows, done: Pass) -> list[FloatArray]:
    """Give Z'V₀⁻¹[X̃ ỹ] of every block, in the order of the formula."""
    plan = done.system.plan
    result = dict(zip(plan.rest, dense_levels(rows, done, done.dense.T), strict=True))
    result |= {b: stage.T for b, stage in zip(plan.chain, done.stages, strict=True)}
    return [result[b] for b in range(len(result))]


def _sum_levels(done: Pass, T: list[FloatArray]) -> list[_Sums]:
    plan = done.system.plan
    traces: dict[int, FloatArray] = dict(zip(plan.chain, done.traces()[0], strict=True))
    halves = dict(zip(plan.rest, done.dense.traces, strict=True))
    result = []
    for b, part in enumerate(T):
        outer = np.tensordot(part, part, axes=(0, 0)).transpose(0, 2, 1, 3)
        if b in traces:
            result.append(_Sums(traces[b], traces[b] @ done.factors[b], outer))
        else:
            result.append(_Sums(None, halves[b], outer))
    return result


def _working_information(
    rows: Rows, reml: bool, done: Pass, T: list[FloatArray], sums: list[_Sums], at: Evaluation
) -> FloatArray:
    """Give the average information of the working θ, with the curvature of G = ΛΛ'."""
    p = rows.p
    inverse = np.linalg.inv(done.fixed[:p, :p])
    v = np.append(-inverse @ done.fixed[:p, p], 1.0)
    plan = done.system.plan
    ordered = [T[b] for b in (*plan.chain, *plan.rest)]
    information = average_information(done, rows.blocks, ordered, v) / at.sigma2
    weights = np.outer(v, v) / at.sigma2
    if reml:
        weights[:p, :p] += inverse
    slopes, d_r2 = [], []
    for b, (block, part, Lambda) in enumerate(zip(rows.blocks, sums, done.factors, strict=True)):
        trace = part.trace
        if trace is None:
            trace = slope_by_cov(part.half, Lambda, _dense_diagonal(done, b, block.n_effect))
        slopes.append(trace - np.tensordot(part.outer, weights, axes=((2, 3), (0, 1))))
        by_cov = -np.tensordot(part.outer, np.outer(v, v), axes=((2, 3), (0, 1)))
        d_r2.append(2.0 * (by_cov @ Lambda)[block.rows, block.cols])
    r2_slopes = np.concatenate(d_r2)
    information -= np.outer(r2_slopes, r2_slopes) / (at.df * at.sigma2**2)
    return information + curvature(rows.blocks, slopes)


def _dense_diagonal(done: Pass, block: int, q: int) -> FloatArray:
    """Sum the q × q diagonal blocks of the products of a block left dense."""
    rest = done.system.rest
    first = rest.first[done.system.plan.rest.index(block)].astype(np.int64)
    result = np.empty((q, q))
    for a in range(q):
        for c in range(a + 1):
            result[a, c] = result[c, a] = done.S[rest.corner[first + a] + first + c].sum()
    return result
