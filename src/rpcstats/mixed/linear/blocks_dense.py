"""Dense factorisation of what is left after levels were eliminated, component by component."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import blas, lapack

from rpcstats.mixed.linear.blocks_dense_kernels import finish_lower, scale_lower
from rpcstats.mixed.linear.blocks_system import DenseRest
from rpcstats.mixed.structure.model_frame import FloatArray


@dataclass(slots=True, eq=False)
class DenseFactor:
    """Result of the dense stage.

    Attributes
    ----------
    log_det : float
        log|I + Λ'SΛ|.
    modes : ndarray of shape (R, m)
        H times the products with the fixed columns, H = Λ(I + Λ'SΛ)⁻¹Λ'.
    T : ndarray of shape (R, m)
        Z'V₀⁻¹ times the fixed columns.
    traces : list of ndarray of shape (q, q)
        SΛ(I + Λ'SΛ)⁻¹ summed over the levels of each block; empty if no inverse was asked for.
    """

    log_det: float
    modes: FloatArray
    T: FloatArray
    traces: list[FloatArray]


def factorise(
    rest: DenseRest,
    factors: list[FloatArray],
    S: FloatArray,
    A: FloatArray,
    border: FloatArray,
    *,
    inverse: bool,
) -> DenseFactor:
    """Factorise every component.

    Parameters
    ----------
    rest : DenseRest
        Where columns stand.
    factors : list of ndarray of shape (q, q)
        Λ of each block left.
    S : ndarray
        Products of the dense columns, lower triangles, component by component.
    A : ndarray of the same shape
        Overwritten: with the lower triangles of H if `inverse`.
    border : ndarray of shape (R, m)
        Products with the fixed columns.
    inverse : bool
        Whether H and the traces are wanted.

    Returns
    -------
    DenseFactor
        The factor of all components.

    Raises
    ------
    numpy.linalg.LinAlgError
        If I + Λ'SΛ is not positive definite to working precision.
    """
    result = DenseFactor(0.0, np.empty(border.shape), np.empty(border.shape), [])
    if inverse:
        result.traces = [np.zeros(Lambda.shape) for Lambda in factors]
    solver = _Scalar(rest, factors) if all(len(L) == 1 for L in factors) else _Vector(rest, factors)
    for low, high, S_c, A_c in components(rest, S, A):
        solver.scale(low, high, S_c, A_c)
        lower, info = lapack.dpotrf(A_c.T, lower=0, clean=0, overwrite_a=1)
        if info:
            raise np.linalg.LinAlgError("the dense part is not positive definite")
        result.log_det += 2.0 * float(np.log(np.diag(lower)).sum())
        part = solver.left(low, high, border[low:high], transpose=True)
        solved = lapack.dpotrs(lower, part, lower=0)[0]
        result.modes[low:high] = solver.left(low, high, solved, transpose=False)
        explained = symmetric_product(S_c, result.modes[low:high])
        result.T[low:high] = border[low:high] - explained
        if inverse:
            lapack.dpotri(lower, lower=0, overwrite_c=1)
            solver.finish(low, high, S_c, A_c, result.traces)
    return result


def components(
    rest: DenseRest, S: FloatArray, A: FloatArray
) -> Iterator[tuple[int, int, FloatArray, FloatArray]]:
    """Go through the components.

    Parameters
    ----------
    rest : DenseRest
        Where columns stand.
    S, A : ndarray
        Flat arrays of triangles.

    Yields
    ------
    low, high : int
        Columns of the component.
    S_c, A_c : ndarray of shape (m, m)
        Views of its part of the arrays.
    """
    base = 0
    for low, high in zip(rest.starts[:-1].tolist(), rest.starts[1:].tolist(), strict=True):
        width = high - low
        span = slice(base, base + width * width)
        yield low, high, S[span].reshape(width, width), A[span].reshape(width, width)
        base = span.stop


def symmetric_product(lower: FloatArray, right: FloatArray) -> FloatArray:
    """Multiply a symmetric matrix by another.

    Parameters
    ----------
    lower : ndarray of shape (m, m)
        Lower triangle used.
    right : ndarray of shape (m, k)
        The other matrix.

    Returns
    -------
    ndarray of shape (m, k)
        The product.
    """
    if not right.shape[1]:
        return np.zeros(right.shape)
    return np.asarray(blas.dsymm(1.0, lower.T, right, lower=0))


class _Scalar:
    """Λ diagonal: every block left has a single effect."""

    def __init__(self, rest: DenseRest, factors: list[FloatArray]) -> None:
        self.scale_of = np.empty(len(rest.corner))
        self.block_of = np.empty(len(rest.corner), dtype=np.int64)
        for f, (first, Lambda) in enumerate(zip(rest.first, factors, strict=True)):
            self.scale_of[first] = Lambda[0, 0]
            self.block_of[first] = f

    def scale(self, low: int, high: int, S: FloatArray, A: FloatArray) -> None:
        scale_lower(S, self.scale_of[low:high], A)

    def left(self, low: int, high: int, right: FloatArray, *, transpose: bool) -> FloatArray:
        del transpose
        return right * self.scale_of[low:high, None]

    def finish(
        self, low: int, high: int, S: FloatArray, A: FloatArray, traces: list[FloatArray]
    ) -> None:
        diagonal = finish_lower(S, self.scale_of[low:high], A)
        sums = np.bincount(self.block_of[low:high], diagonal, minlength=len(traces))
        for trace, value in zip(traces, sums, strict=True):
            trace += value


class _Vector:
    """Λ block diagonal; a component holds the columns of one block side by side."""

    def __init__(self, rest: DenseRest, factors: list[FloatArray]) -> None:
        self.rest, self.factors = rest, factors
        self.ordered = [np.sort(first) for first in rest.first]

    def _parts(self, low: int, high: int) -> Iterator[tuple[int, slice]]:
        """Give each block that has columns in a component, and which."""
        for f, (first, Lambda) in enumerate(zip(self.ordered, self.factors, strict=True)):
            inside = first[np.searchsorted(first, low) : np.searchsorted(first, high)]
            if len(inside):
                start = int(inside[0]) - low
                yield f, slice(start, start + len(inside) * len(Lambda))

    def left(self, low: int, high: int, right: FloatArray, *, transpose: bool) -> FloatArray:
        result = np.empty(right.shape)
        for f, span in self._parts(low, high):
            Lambda = self.factors[f].T if transpose else self.factors[f]
            part = right[span].reshape(-1, len(Lambda), right.shape[1])
            result[span] = (Lambda @ part).reshape(-1, right.shape[1])
        return result

    def scale(self, low: int, high: int, S: FloatArray, A: FloatArray) -> None:
        half = self.left(low, high, _whole(S), transpose=True)
        A[:] = self.left(low, high, half.T, transpose=True)
        A[np.diag_indices_from(A)] += 1.0

    def finish(
        self, low: int, high: int, S: FloatArray, A: FloatArray, traces: list[FloatArray]
    ) -> None:
        inverse = _whole(A)
        scaled = self.left(low, high, inverse, transpose=False)
        S_whole = _whole(S)
        for f, span in self._parts(low, high):
            q = len(self.factors[f])
            left = S_whole[span].reshape(-1, q, len(S))
            right = scaled[:, span].T.reshape(-1, q, len(S))
            for a in range(q):
                for b in range(q):
                    traces[f][a, b] += np.sum(left[:, a] * right[:, b])
        A[:] = self.left(low, high, scaled.T, transpose=False)


def _whole(lower: FloatArray) -> FloatArray:
    """Fill the upper triangle from the lower one."""
    return np.tril(lower) + np.tril(lower, -1).T
