"""Cluster-robust covariances of hazards by session, by way of influence functions."""

from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.mixed.inference.cluster_blocks import MOST_COORDINATES
from rpcstats.mixed.inference.cluster_robust import cluster_robust
from rpcstats.survival._multiway import overlap
from rpcstats.survival.discrete._cells import Cells
from rpcstats.survival.discrete._cluster_sums import sums_by_cluster
from rpcstats.survival.discrete._links import Moments

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]
SmallSample = Literal["CR0", "CR1", "CR1S", "CR2"]

CHEAP: Final = 2e9
"""Sum of cubes of cells a cluster up to which CR2 takes a few seconds."""


_LEAST_VARIANCE: Final = 1e-60
"""Keeps hazards that are 0 to every digit, as separation leaves them, out of divisions."""


class Influence(NamedTuple):
    """How far each cluster moves the estimates.

    Attributes
    ----------
    sign : float
        -1 for the intersection of two ways of clustering, else 1.
    code : ndarray of shape (U,), int
        Cluster of each unit.
    psi : ndarray of shape (m, p)
        Influence of each cluster, the small-sample factor in it.
    df : ndarray of shape (p,)
        Degrees of freedom of each coefficient; infinite for the normal distribution.
    """

    sign: float
    code: IntArray
    psi: FloatArray
    df: FloatArray

    @property
    def cov(self) -> FloatArray:
        """Its part of the covariance, of shape (p, p)."""
        product: FloatArray = self.psi.T @ self.psi
        return self.sign * product


def ways_of(codes: tuple[IntArray, ...]) -> tuple[tuple[float, IntArray], ...]:
    """List the clusterings of one-way or two-way errors.

    Parameters
    ----------
    codes : tuple of ndarray of shape (U,), int
        One or two columns of clusters.

    Returns
    -------
    tuple
        Sign and clusters; of two ways also their intersection, to be taken off (Cameron,
        Gelbach and Miller 2011).
    """
    if len(codes) == 1:
        return ((1.0, codes[0]),)
    first, second = codes
    return (
        (1.0, first),
        (1.0, second),
        (-1.0, overlap([code.astype(np.int64, copy=False) for code in codes])),
    )


def is_cheap(cells: Cells, code: IntArray) -> bool:
    """Tell whether CR2 takes a few seconds at most.

    Parameters
    ----------
    cells : Cells
        The cells.
    code : ndarray of shape (U,), int
        Cluster of each unit.

    Returns
    -------
    bool
        Whether the cubes of the clusters' sizes sum to `CHEAP` at most.
    """
    sizes = np.bincount(code, weights=cells.gathered(np.ones(cells.n_cell)))
    return bool((sizes**3).sum() <= CHEAP and sizes.max() <= MOST_COORDINATES)


def influence_of(
    cells: Cells,
    e: FloatArray,
    M: FloatArray,
    sign: float,
    code: IntArray,
    kind: Literal["CR0", "CR1", "CR1S"],
    n_obs: float,
) -> Influence:
    """Compute influences without an adjustment inside clusters.

    Parameters
    ----------
    cells : Cells
        The cells.
    e : ndarray of shape (C,)
        Derivative of the log-likelihood by the linear predictor.
    M : ndarray of shape (p, p)
        Inverse of the information.
    sign : float
        Sign of this clustering.
    code : ndarray of shape (U,), int
        Cluster of each unit.
    kind : {"CR0", "CR1", "CR1S"}
        Factor on the covariance: 1, m / (m - 1), or m (n - 1) / ((m - 1)(n - p)).
    n_obs : float
        Person-sessions, n.

    Returns
    -------
    Influence
        The influences; t distributions with m - 1 degrees of freedom, for CR0 the normal.
    """
    m, p = int(code.max()) + 1, cells.n_column
    factor = correction(kind, m, n_obs, p)
    psi = np.sqrt(factor) * sums_by_cluster(cells, e, code, m) @ M
    return Influence(sign, code, psi, np.full(p, np.inf if kind == "CR0" else m - 1.0))


def correction(kind: str, m: int, n_obs: float, p: int) -> float:
    """Give the factor on the covariance.

    Parameters
    ----------
    kind : str
        "CR0", "CR1" or "CR1S".
    m : int
        Clusters.
    n_obs : float
        Person-sessions.
    p : int
        Coefficients.

    Returns
    -------
    float
        1, m / (m - 1), or m (n - 1) / ((m - 1)(n - p)).

    Raises
    ------
    DataError
        If CR1S is asked for with as many coefficients as person-sessions, or more.
    """
    if kind == "CR0":
        return 1.0
    if kind == "CR1S" and n_obs <= p:
        raise DataError(
            f"CR1S divides by person-sessions less coefficients, here {n_obs:.0f} and {p}:"
            " take small_sample='CR1', or leave covariates out."
        )
    return m / (m - 1.0) * (1.0 if kind == "CR1" else (n_obs - 1.0) / (n_obs - p))


def adjusted_influence(
    cells: Cells, eta: FloatArray, moments: Moments, sign: float, code: IntArray, back: FloatArray
) -> Influence:
    """Compute influences adjusted so that the covariance is unbiased in the working model.

    Parameters
    ----------
    cells : Cells
        The cells.
    eta : ndarray of shape (C,)
        Linear predictor.
    moments : Moments
        Hazard, its slope and the variance of a person-session.
    sign : float
        Sign of this clustering.
    code : ndarray of shape (U,), int
        Cluster of each unit.
    back : ndarray of shape (p, p)
        Linear functions of the coefficients whose degrees of freedom are wanted.

    Returns
    -------
    Influence
        CR2 influences with Satterthwaite's degrees of freedom.

    Raises
    ------
    DataError
        If a cluster has too many cells.

    Notes
    -----
    Bell and McCaffrey (2002) on the linear model y - μ = μ'(η) x'δ at convergence, with variances
    μ(1 - μ); as Pustejovsky and Tipton (2018) carry it to generalised linear models. Copies of a
    row differ from their mean only in directions that the columns do not reach, so they are one
    row of length √n.
    """
    n = np.ones(cells.n_cell) if cells.copies is None else cells.copies
    length = np.sqrt(n)
    X = np.empty((cells.n_cell, cells.n_column))
    for _, at, part in cells.rows():
        X[at] = part * (length * moments.slope)[at, None]
    known = 0.0 if cells.offset is None else cells.spread(cells.offset)
    residual = cells.events[0] / n - moments.mu
    weight = 1.0 / np.maximum(moments.variance, _LEAST_VARIANCE)
    clusters = cells.spread(code).astype(np.int64)
    found = cluster_robust(
        X,
        length * (moments.slope * (eta - known) + residual),
        cluster=clusters,
        weights=weight if cells.weight is None else weight * cells.spread(cells.weight),
        kind="CR2",
    )
    # Clusters without a cell, all of whose sessions tell nothing, have no influence.
    psi = np.zeros((int(code.max()) + 1, cells.n_column))
    psi[np.unique(clusters)] = found.scores @ found.bread
    return Influence(sign, code, psi, found.df_of(back))


def joint_cov(parts: tuple[Influence, ...]) -> tuple[FloatArray, bool]:
    """Add the parts of a covariance.

    Parameters
    ----------
    parts : tuple of Influence
        One, or three of two-way clustering.

    Returns
    -------
    cov : ndarray of shape (p, p)
        The covariance.
    was_mended : bool
        Whether negative eigenvalues, which two-way clustering can leave, were set to 0.
    """
    cov: FloatArray = np.sum([part.cov for part in parts], axis=0)
    if len(parts) == 1:
        return cov, False
    size = np.sqrt(np.maximum(np.diag(parts[0].cov) + np.diag(parts[1].cov), 1e-300))
    values, vectors = np.linalg.eigh(cov / np.outer(size, size))
    if values[0] >= -1e-12 * values[-1]:
        return cov, False
    mended = (vectors * np.maximum(values, 0.0)) @ vectors.T * np.outer(size, size)
    return np.asarray(mended), True


def smallest_df(parts: tuple[Influence, ...]) -> FloatArray:
    """Give degrees of freedom of a sum of parts.

    Parameters
    ----------
    parts : tuple of Influence
        One, or three of two-way clustering.

    Returns
    -------
    ndarray of shape (p,)
        The smaller ones of the two ways, as Cameron, Gelbach and Miller (2011) advise.
    """
    found: FloatArray = np.min([part.df for part in parts if part.sign > 0.0], axis=0)
    return found


def cluster_counts(parts: tuple[Influence, ...]) -> tuple[int, ...]:
    """Count the clusters of each way.

    Parameters
    ----------
    parts : tuple of Influence
        The parts.

    Returns
    -------
    tuple of int
        Clusters of each way that is not an intersection.
    """
    return tuple(len(part.psi) for part in parts if part.sign > 0.0)
