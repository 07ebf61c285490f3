"""Covariances of estimates: of the model, and robust ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.parametric._row_model import RowModel, score_products

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Covariances(NamedTuple):
    """Covariances of the coefficients.

    Attributes
    ----------
    used, model : ndarray of shape (P, P)
        The one to use, and the inverse of the observed information.
    """

    used: FloatArray
    model: FloatArray


def inverse_information(information: FloatArray) -> FloatArray:
    """Invert an observed information.

    Parameters
    ----------
    information : ndarray of shape (P, P)
        Minus the second derivatives at an optimum.

    Returns
    -------
    ndarray of shape (P, P)
        Its inverse; NaN where it is not positive definite.
    """
    size = np.sqrt(np.abs(np.diag(information)))
    size[~(np.isfinite(size) & (size > 0.0))] = 1.0
    try:
        root = np.linalg.cholesky(information / np.outer(size, size))
    except np.linalg.LinAlgError:
        return np.full_like(information, np.nan)
    half = np.linalg.solve(root, np.diag(1.0 / size))
    inverse: FloatArray = half.T @ half
    return inverse


def covariances(
    model: RowModel,
    theta: FloatArray,
    information: FloatArray,
    clusters: Sequence[IntArray] | None,
) -> Covariances:
    """Estimate the covariance of coefficients.

    Parameters
    ----------
    model : RowModel
        The log-likelihood.
    theta : ndarray of shape (P,)
        Its optimum.
    information : ndarray of shape (P, P)
        Observed information there.
    clusters : sequence of ndarray of shape (n,), int, or None
        Cluster of each row; an empty sequence makes each row a cluster, two are crossed; None
        for the covariance of the model.

    Returns
    -------
    Covariances
        The robust one as the one used, if clusters are given.

    Notes
    -----
    The sandwich V (Σ s s') V of White (1982), s the weighted scores summed over clusters, without
    a correction for few clusters; for two ways Cameron, Gelbach and Miller (2011).
    """
    V = inverse_information(information)
    if clusters is None:
        return Covariances(V, V)
    ways: list[IntArray | None] = list(clusters) or [None]
    if len(clusters) == 2:
        cells = clusters[0] * (int(clusters[1].max()) + 1) + clusters[1]
        ways.append(np.unique(cells, return_inverse=True)[1].astype(np.int64))
    middle = np.zeros_like(V)
    with np.errstate(over="ignore", invalid="ignore"):  # far from an optimum there is none
        for sign, codes in zip((1.0, 1.0, -1.0), ways, strict=False):
            middle += sign * score_products(model, theta, codes)
        return Covariances(V @ middle @ V, V)
