"""Means of outcomes given the ratings seen, by a linear mixed model, cluster by cluster."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ClusterSums:
    """Sums over the rows of C clusters, padded to k effects and t outcomes.

    With raw covariates Z of the effects of a cluster's levels, fixed columns X and response y:

    Attributes
    ----------
    n : ndarray of shape (C,)
        Rows.
    ZZ : ndarray of shape (C, k, k)
    ZX : ndarray of shape (C, k, p)
    Zy : ndarray of shape (C, k)
    XX : ndarray of shape (C, p, p)
    Xy : ndarray of shape (C, p)
    yy : ndarray of shape (C,)
        Products of the columns.
    places : tuple of tuple of ndarray
        For each covariance parameter θ the cluster, row and column at which it stands in Λ.
    TZ : ndarray of shape (C, t, k)
        Effects in the part of each outcome that was not seen.
    TX : ndarray of shape (C, t, p)
        Fixed columns of that part.
    known : ndarray of shape (C, t)
        The part of each outcome that was seen.
    noise : ndarray of shape (C, t)
        Residual variance of the part not seen, over σ².
    """

    n: FloatArray
    ZZ: FloatArray
    ZX: FloatArray
    Zy: FloatArray
    XX: FloatArray
    Xy: FloatArray
    yy: FloatArray
    places: tuple[tuple[IntArray, IntArray, IntArray], ...]
    TZ: FloatArray
    TX: FloatArray
    known: FloatArray
    noise: FloatArray


class Conditional(NamedTuple):
    """What a model says of clusters at parameters ω = (β, θ, log σ).

    Attributes
    ----------
    score : ndarray of shape (C, d)
        Derivatives of each cluster's log-likelihood by ω.
    mean, variance : ndarray of shape (C, t)
        Of each outcome given the cluster's ratings.
    """

    score: FloatArray
    mean: FloatArray
    variance: FloatArray


def conditional(
    sums: ClusterSums, beta: FloatArray, theta: FloatArray, log_sigma: float
) -> Conditional:
    """Evaluate a linear mixed model cluster by cluster.

    Parameters
    ----------
    sums : ClusterSums
        The clusters.
    beta : ndarray of shape (p,)
        Fixed effects.
    theta : ndarray of shape (q,)
        Covariance parameters, relative to σ.
    log_sigma : float
        Logarithm of the residual standard deviation.

    Returns
    -------
    Conditional
        Scores, and means and variances of the outcomes.

    Notes
    -----
    With A = Λ'Z'ZΛ + I and u = A⁻¹Λ'Z'r of residuals r, the modes are Λu, and the log-likelihood
    of a cluster is -½(n log 2πσ² + log |A| + (r'r - r'ZΛu) / σ²); its derivative by Λ is
    -Z'ZΛA⁻¹ + Z'(r - ZΛu)u' / σ². An outcome known + TXβ + TZb + noise has, given the ratings,
    the variance σ²(TZ Λ A⁻¹ Λ' TZ' + noise).
    """
    s2 = float(np.exp(2.0 * log_sigma))
    Lambda = np.zeros_like(sums.ZZ)
    for value, place in zip(theta, sums.places, strict=True):
        Lambda[place] = value
    turned = np.swapaxes(Lambda, 1, 2)
    S = sums.ZZ @ Lambda
    A = turned @ S + np.eye(Lambda.shape[1])
    inverse = np.linalg.inv(A)
    Zr = sums.Zy - sums.ZX @ beta
    u = np.einsum("cij,cj->ci", inverse @ turned, Zr)
    Su = np.einsum("cij,cj->ci", S, u)
    modes = np.einsum("cij,cj->ci", Lambda, u)
    rr = sums.yy - 2.0 * sums.Xy @ beta + np.einsum("p,cpq,q->c", beta, sums.XX, beta)
    quad = rr - np.einsum("ci,ci->c", Zr, modes)
    by_beta = sums.Xy - sums.XX @ beta - np.einsum("ckp,ck->cp", sums.ZX, modes)
    by_Lambda = -S @ inverse + (Zr - Su)[:, :, None] * u[:, None, :] / s2
    C = len(sums.n)
    by_theta = np.stack(
        [np.bincount(place[0], by_Lambda[place], C) for place in sums.places], axis=1
    ) if len(theta) else np.zeros((C, 0))  # fmt: skip
    score = np.column_stack([by_beta / s2, by_theta, quad / s2 - sums.n])
    mean = sums.known + sums.TX @ beta + np.einsum("ctk,ck->ct", sums.TZ, modes)
    spread = sums.TZ @ Lambda
    variance = s2 * (np.einsum("cti,cij,ctj->ct", spread, inverse, spread) + sums.noise)
    return Conditional(score, mean, variance)
