"""Algebra of many small matrices at once, arrays of shape (q, q, ...), one matrix a tail index."""

from typing import NamedTuple

import numpy as np

from rpcstats.mixed.structure.model_frame import FloatArray

# With fewer matrices than this the overhead of a numpy call is all that counts.
_FEW = 64


class LevelTerms(NamedTuple):
    """What one θ makes of the Z'WZ of every level.

    Attributes
    ----------
    log_det : ndarray of shape (...)
        log|I + Λ'AΛ|.
    M : ndarray of shape (q, q, ...)
        Λ(I + Λ'AΛ)⁻¹Λ', symmetric.
    H : ndarray of shape (q, q, ...)
        (I + AΛΛ')⁻¹; empty if not asked for.
    N : ndarray of shape (q, q, ...)
        H A, symmetric; empty if not asked for.
    """

    log_det: FloatArray
    M: FloatArray
    H: FloatArray
    N: FloatArray


def level_terms(A: FloatArray, Lambda: FloatArray, *, derivatives: bool) -> LevelTerms:
    """Work out what the deviance and its derivatives need of every level.

    Parameters
    ----------
    A : ndarray of shape (q, q, ...)
        Z'WZ of the levels, positive semidefinite.
    Lambda : ndarray of shape (q, q, ...)
        Relative covariance factor, lower triangular; its tail broadcasts against that of A.
    derivatives : bool
        Whether H and N are wanted.

    Returns
    -------
    LevelTerms
        Λ is never inverted, so it may be singular.
    """
    if len(A) == 1:
        return _scalar_terms(A[0, 0], Lambda[0, 0])
    if len(A) == 2:
        return _pair_terms(A, Lambda, derivatives)
    return _general_terms(A, Lambda, derivatives)


def _scalar_terms(a: FloatArray, size: FloatArray) -> LevelTerms:
    g = size * size
    kernel = 1.0 + g * a
    H = 1.0 / kernel
    return LevelTerms(np.log(kernel), (g * H)[None, None], H[None, None], (a * H)[None, None])


def _pair_terms(A: FloatArray, Lambda: FloatArray, derivatives: bool) -> LevelTerms:
    a, b, c = A[0, 0], A[1, 0], A[1, 1]
    l11, l21, l22 = Lambda[0, 0], Lambda[1, 0], Lambda[1, 1]
    w11, w21 = a * l11 + b * l21, b * l11 + c * l21
    w22 = c * l22
    k11 = 1.0 + l11 * w11 + l21 * w21
    k21 = l22 * w21
    k22 = 1.0 + l22 * w22
    det = k11 * (k22 - k21 * k21 / k11)
    inverse = 1.0 / det
    r11, r21, r22 = k22 * inverse, -k21 * inverse, k11 * inverse
    M = np.empty((2, 2, *det.shape))
    M[0, 0] = l11 * l11 * r11
    M[1, 0] = M[0, 1] = l11 * (l21 * r11 + l22 * r21)
    M[1, 1] = l21 * (l21 * r11 + 2.0 * l22 * r21) + l22 * l22 * r22
    if not derivatives:
        return LevelTerms(np.log(det), M, M[:0], M[:0])
    g11, g21, g22 = l11 * l11, l11 * l21, l21 * l21 + l22 * l22
    H = np.empty_like(M)
    H[0, 0] = (1.0 + b * g21 + c * g22) * inverse
    H[0, 1] = -(a * g21 + b * g22) * inverse
    H[1, 0] = -(b * g11 + c * g21) * inverse
    H[1, 1] = (1.0 + a * g11 + b * g21) * inverse
    N = np.empty_like(M)
    N[0, 0] = H[0, 0] * a + H[0, 1] * b
    N[1, 0] = N[0, 1] = H[1, 0] * a + H[1, 1] * b
    N[1, 1] = H[1, 0] * b + H[1, 1] * c
    return LevelTerms(np.log(det), M, H, N)


def _general_terms(A: FloatArray, Lambda: FloatArray, derivatives: bool) -> LevelTerms:
    """Eliminate without pivoting: K = I + Λ'AΛ is at least the identity, so no pivot is small."""
    q = len(A)
    transposed = Lambda.swapaxes(0, 1)
    K = multiply(transposed, multiply(A, Lambda))
    right = np.broadcast_to(transposed, K.shape).copy()
    log_det = np.zeros(K.shape[2:])
    pivots = np.empty((q, *K.shape[2:]))
    for step in range(q):
        K[step, step] += 1.0
        pivot = K[step, step]
        log_det += np.log(pivot)
        pivots[step] = 1.0 / pivot
        if step + 1 < q:
            ratio = K[step + 1 :, step] * pivots[step]
            K[step + 1 :, step + 1 :] -= ratio[:, None] * K[step, step + 1 :]
            right[step + 1 :] -= ratio[:, None] * right[step]
    M = multiply((right * pivots[:, None]).swapaxes(0, 1), right)
    if not derivatives:
        return LevelTerms(log_det, M, M[:0], M[:0])
    H = -multiply(A, M)
    H[range(q), range(q)] += 1.0
    N = multiply(H, A)
    return LevelTerms(log_det, M, H, (N + N.swapaxes(0, 1)) / 2.0)


def multiply(left: FloatArray, right: FloatArray) -> FloatArray:
    """Multiply small matrices.

    Parameters
    ----------
    left : ndarray of shape (q, r, ...)
        Left factors.
    right : ndarray of shape (r, s, ...)
        Right factors; the tails broadcast.

    Returns
    -------
    ndarray of shape (q, s, ...)
        Their products.
    """
    if max(left[0, 0].size, right[0, 0].size) < _FEW:
        product: FloatArray = np.einsum("ab...,bc...->ac...", left, right)
        return product
    result = left[:, :1] * right[:1]
    for inner in range(1, len(right)):
        result += left[:, inner : inner + 1] * right[inner : inner + 1]
    return result


def congruence(H: FloatArray, middle: FloatArray) -> FloatArray:
    """Form H middle H'.

    Parameters
    ----------
    H : ndarray of shape (q, q, ...)
        Outer factors.
    middle : ndarray of shape (q, q, ...)
        Symmetric matrices.

    Returns
    -------
    ndarray of shape (q, q, ...)
        The products.
    """
    return multiply(multiply(H, middle), H.swapaxes(0, 1))
