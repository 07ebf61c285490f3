"""Sums over levels that the profiled deviance of one grouping factor consists of."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from rpcstats.mixed.linear._small_matrices import LevelTerms, congruence, level_terms, multiply
from rpcstats.mixed.linear.group_products import GroupProducts
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray

# Levels worked on at once: their products stay in the processor's cache.
_CHUNK = 4096


class FirstSums(NamedTuple):
    """Sums over levels for the deviance and its gradient.

    Attributes
    ----------
    log_det : ndarray of shape (...)
        Sum of log|I + Λ'AΛ|.
    S : ndarray of shape (..., m, m)
        [X y]'V₀⁻¹[X y].
    N : ndarray of shape (..., q, q)
        Sum of N; empty without derivatives.
    E : ndarray of shape (..., q * q, m * m)
        Sum of C (x) C, C = H Z'[X y]; empty without derivatives.
    terms : tuple of LevelTerms
        Terms of the levels, chunk by chunk, for the second sums.
    """

    log_det: FloatArray
    S: FloatArray
    N: FloatArray
    E: FloatArray
    terms: tuple[LevelTerms, ...]


class SecondSums(NamedTuple):
    """Sums over levels for the Hessian, each of shape (..., q * q, q * q).

    Attributes
    ----------
    NN : ndarray
        Sum of N (x) N.
    residual : ndarray
        Sum of (C v)(C v)' (x) N.
    fixed : ndarray
        Sum of C_X V C_X' (x) N.
    """

    NN: FloatArray
    residual: FloatArray
    fixed: FloatArray


class LevelSums(Protocol):
    """The sums, over levels or over patterns of equal levels."""

    def first(self, Lambda: FloatArray, *, derivatives: bool) -> FirstSums:
        """Form the sums for the deviance and its gradient."""
        ...

    def second(self, sums: FirstSums, v: FloatArray, V: FloatArray) -> SecondSums:
        """Form the sums for the Hessian."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class GroupSums:
    """Sums level by level, a chunk at a time.

    Attributes
    ----------
    products : GroupProducts
        Cross-products of the levels.
    """

    products: GroupProducts

    def first(self, Lambda: FloatArray, *, derivatives: bool) -> FirstSums:
        """Form the sums for the deviance and its gradient.

        Parameters
        ----------
        Lambda : ndarray of shape (q, q)
            Relative covariance factor.
        derivatives : bool
            Whether N, E and the terms are wanted.

        Returns
        -------
        FirstSums
            The sums.
        """
        m, q, n_level = self.products.B.shape
        S, log_det = self.products.S.copy(), 0.0
        N, E = np.zeros((q, q)), np.zeros((m * q, m * q))
        kept = []
        for start in range(0, n_level, _CHUNK):
            A = self.products.A[..., start : start + _CHUNK]
            B = np.ascontiguousarray(self.products.B[..., start : start + _CHUNK])
            terms = level_terms(A, Lambda[..., None], derivatives=derivatives)
            log_det += terms.log_det.sum()
            MB = _apply(terms.M, B)
            S -= MB.reshape(m, -1) @ B.reshape(m, -1).T
            if derivatives:
                N += terms.N.sum(axis=-1)
                C = _apply(terms.H, B).reshape(m * q, -1)
                E += C @ C.T
                kept.append(terms)
        shape = (m, q, m, q)
        E = E.reshape(shape).transpose(1, 3, 0, 2).reshape(q * q, m * m)
        return FirstSums(np.asarray(log_det), (S + S.T) / 2.0, N, E, tuple(kept))

    def second(self, sums: FirstSums, v: FloatArray, V: FloatArray) -> SecondSums:
        """Form the sums for the Hessian.

        Parameters
        ----------
        sums : FirstSums
            The first sums, with derivatives.
        v : ndarray of shape (m,)
            (-β, 1).
        V : ndarray of shape (p, p)
            Inverse of X'V₀⁻¹X, or zeros of shape (0, 0) if `fixed` is not wanted.

        Returns
        -------
        SecondSums
            The sums.
        """
        m, q, _ = self.products.B.shape
        root = np.linalg.cholesky(V).T if len(V) else V
        result = np.zeros((3, q * q, q * q))
        start = 0
        for terms in sums.terms:
            size = terms.log_det.shape[-1]
            B = np.ascontiguousarray(self.products.B[..., start : start + size])
            start += size
            flat = terms.N.reshape(q * q, -1).T
            result[0] += flat.T @ flat
            z = multiply(terms.H, (v @ B.reshape(m, -1)).reshape(q, 1, -1))
            result[1] += (z * z.swapaxes(0, 1)).reshape(q * q, -1) @ flat
            if len(root):
                U = (root @ B[:-1].reshape(m - 1, -1)).reshape(m - 1, q, -1)
                Y = congruence(terms.H, np.einsum("iag,ibg->abg", U, U))
                result[2] += Y.reshape(q * q, -1) @ flat
        return SecondSums(*result)


def _apply(matrices: FloatArray, B: FloatArray) -> FloatArray:
    """Multiply each level's matrix with its B, shape (m, q, G)."""
    result = np.empty_like(B)
    for row in range(len(matrices)):
        total = matrices[row, 0] * B[:, 0]
        for column in range(1, len(matrices)):
            total += matrices[row, column] * B[:, column]
        result[:, row] = total
    return result


@dataclass(frozen=True, slots=True, eq=False)
class PatternSums:
    """Sums over patterns of levels that share one Z'Z; responses may form a leading batch.

    Attributes
    ----------
    A : ndarray of shape (q, q, P)
        Z'Z of each pattern.
    counts : ndarray of shape (P,)
        Levels of each pattern.
    T : ndarray of shape (..., q * q * P, m * m)
        Sum of B (x) B over the levels of each pattern.
    S : ndarray of shape (..., m, m)
        [X y]'[X y].
    """

    A: FloatArray
    counts: FloatArray
    T: FloatArray
    S: FloatArray

    def first(self, Lambda: FloatArray, *, derivatives: bool) -> FirstSums:
        """Form the sums for the deviance and its gradient.

        Parameters
        ----------
        Lambda : ndarray of shape (q, q, ...)
            Relative covariance factor, one for each response of a batch.
        derivatives : bool
            Whether N, E and the terms are wanted.

        Returns
        -------
        FirstSums
            The sums.
        """
        q = len(self.A)
        A = self.A.reshape(q, q, *(1,) * (Lambda.ndim - 2), -1)
        terms = level_terms(A, Lambda[..., None], derivatives=derivatives)
        log_det = terms.log_det @ self.counts
        M = _matrices_last(terms.M).reshape(*log_det.shape, 1, -1)
        S = self.S - (M @ self.T).reshape(self.S.shape)
        if not derivatives:
            return FirstSums(log_det, S, M[..., :0, :0], M[..., :0, :0], ())
        H = _matrices_last(terms.H)
        pairs = np.einsum("...acp,...bdp->...abcdp", H, H)
        E = pairs.reshape(*log_det.shape, q * q, -1) @ self.T
        return FirstSums(log_det, S, _matrices_last(terms.N) @ self.counts, E, (terms,))

    def second(self, sums: FirstSums, v: FloatArray, V: FloatArray) -> SecondSums:
        """Form the sums for the Hessian.

        Parameters
        ----------
        sums : FirstSums
            The first sums, with derivatives.
        v : ndarray of shape (..., m)
            (-β, 1).
        V : ndarray of shape (..., p, p)
            Inverse of X'V₀⁻¹X, or an empty array if `fixed` is not wanted.

        Returns
        -------
        SecondSums
            The sums.
        """
        q, m = len(self.A), self.S.shape[-1]
        (terms,) = sums.terms
        batch = sums.log_det.shape
        N = _matrices_last(terms.N).reshape(*batch, q * q, -1)
        weights = [v[..., :, None] * v[..., None, :]]
        if V.size:
            padded = np.zeros((*batch, m, m))
            padded[..., :-1, :-1] = V
            weights.append(padded)
        results = [(N * self.counts) @ N.swapaxes(-1, -2)]
        for weight in weights:
            T = (self.T @ weight.reshape(*batch, m * m, 1)).reshape(*batch, q, q, -1)
            outer = congruence(terms.H, np.moveaxis(T, (-3, -2), (0, 1)))
            results.append(_matrices_last(outer).reshape(*batch, q * q, -1) @ N.swapaxes(-1, -2))
        fixed = results[2] if V.size else np.zeros_like(results[0])
        return SecondSums(results[0], results[1], fixed)


def _matrices_last(matrices: FloatArray) -> FloatArray:
    """Bring (q, q, ..., P) to (..., q, q, P)."""
    return np.moveaxis(matrices, (0, 1), (-3, -2))


def pattern_sums(products: GroupProducts, pattern: IntArray, n_pattern: int) -> PatternSums:
    """Pool levels that share one Z'Z.

    Parameters
    ----------
    products : GroupProducts
        Cross-products of the levels.
    pattern : ndarray of shape (G,), int
        Pattern of each level.
    n_pattern : int
        Number of patterns, P.

    Returns
    -------
    PatternSums
        Sums whose cost does not grow with the number of levels.
    """
    m, q, _ = products.B.shape
    counts = np.bincount(pattern, minlength=n_pattern)
    order = np.argsort(pattern, kind="stable") if n_pattern > 1 else slice(None)
    B = products.B.reshape(m * q, -1)[:, order]
    T = np.empty((n_pattern, m * q, m * q))
    ends = np.cumsum(counts)
    for number, (end, count) in enumerate(zip(ends, counts, strict=True)):
        part = B[:, end - count : end]
        np.matmul(part, part.T, out=T[number])
    T = T.reshape(n_pattern, m, q, m, q).transpose(2, 4, 0, 1, 3).reshape(-1, m * m)
    first = np.empty(n_pattern, dtype=np.int64)
    first[pattern[::-1]] = np.arange(len(pattern))[::-1]
    A = np.ascontiguousarray(products.A[..., first])
    return PatternSums(A=A, counts=counts.astype(np.float64), T=T, S=products.S)
