"""Cluster-robust covariance of the fixed effects with Satterthwaite degrees of freedom."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.inference.cluster_blocks import ClusterStack, cluster_stacks
from rpcstats.mixed.inference.hypothesis_rows import as_rows
from rpcstats.mixed.structure.model_frame import Block

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
RobustKind = Literal["CR0", "CR1", "CR1S", "CR2"]

# Eigenvalues below this share of the largest belong to directions the fixed effects take up
# whole within a cluster; no residual is left there to adjust.
_TAKEN_UP = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class ClusterRobust:
    """Sandwich covariance of the fixed effects.

    Attributes
    ----------
    kind : {"CR0", "CR1", "CR1S", "CR2"}
        The small-sample correction.
    beta : ndarray of shape (p,)
        Fixed effects.
    cov : ndarray of shape (p, p)
        Their cluster-robust covariance.
    n_cluster : int
        Number of clusters, m.
    bread : ndarray of shape (p, p)
        Inverse of X'Φ⁻¹X, Φ the working covariance.
    pulls : ndarray of shape (m, p, p)
        X'Φ⁻¹A X of each cluster, A its adjustment.
    spreads : ndarray of shape (m, p, p)
        X'Φ⁻¹A Φ A Φ⁻¹X of each cluster.
    scores : ndarray of shape (m, p)
        X'Φ⁻¹A r of each cluster, r its residuals.
    """

    kind: RobustKind
    beta: FloatArray
    cov: FloatArray
    n_cluster: int
    bread: FloatArray
    pulls: FloatArray
    spreads: FloatArray
    scores: FloatArray

    @property
    def std_error(self) -> FloatArray:
        """Standard errors, of shape (p,)."""
        return np.sqrt(np.diag(self.cov))

    def df_of(self, L: ArrayLike) -> FloatArray:
        """Give the degrees of freedom of linear functions.

        Parameters
        ----------
        L : array_like of shape (p,) or (r, p)
            Coefficients of each function, one row a function.

        Returns
        -------
        ndarray of shape (r,)
            Satterthwaite's degrees of freedom of the variance estimate.

        Notes
        -----
        Bell and McCaffrey (2002), Pustejovsky and Tipton (2018): the variance estimate is a
        quadratic form whose first two moments under the working covariance are matched by a
        multiple of chi-square. With s the clusters' own terms and V'MV what the common fit
        takes off, the moments are sums over clusters; no n × n matrix is needed.
        """
        rows = as_rows(L, len(self.beta)) @ self.bread
        return np.array([self._df(row) for row in rows])

    def _df(self, row: FloatArray) -> float:
        own = np.einsum("p,mpq,q->m", row, self.spreads, row)
        taken = np.einsum("p,mpq->mq", row, self.pulls)
        shared = np.einsum("mp,pq,mq->m", taken, self.bread, taken)
        mean = float(np.sum(own - shared))
        gram = taken.T @ taken @ self.bread
        spread = float(np.sum(own**2) - 2.0 * np.sum(own * shared) + np.sum(gram * gram.T))
        return mean**2 / spread if spread > 0.0 else np.nan


def cluster_robust(
    X: FloatArray,
    y: FloatArray,
    *,
    cluster: IntArray | None = None,
    blocks: tuple[Block, ...] = (),
    theta: FloatArray | None = None,
    weights: FloatArray | None = None,
    kind: RobustKind = "CR2",
) -> ClusterRobust:
    """Estimate the covariance of fixed effects without trusting the model's covariance.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns of full rank.
    y : ndarray of shape (n,)
        Response, the offset taken off.
    cluster : ndarray of shape (n,), int, optional
        Cluster of each row, 0 to m - 1; the outermost grouping factor if not given.
    blocks : tuple of Block, default ()
        Random effects; without any the fit is ordinary least squares.
    theta : ndarray of shape (k,), optional
        Covariance parameters of the blocks.
    weights : ndarray of shape (n,), optional
        Prior weights.
    kind : {"CR0", "CR1", "CR1S", "CR2"}, default "CR2"
        No correction; times m / (m - 1); times m (n - 1) / ((m - 1)(n - p)); or the
        adjustment that is unbiased if the working covariance is right.

    Returns
    -------
    ClusterRobust
        Covariance and degrees of freedom.

    Raises
    ------
    ParameterError
        If `kind` is unknown, or there is no cluster to take.
    DataError
        If a level of a grouping factor is in two clusters, there are fewer than two clusters,
        or a cluster is too large.

    Notes
    -----
    Liang and Zeger (1986) for CR0; Bell and McCaffrey (2002) with the generalisation of
    Pustejovsky and Tipton (2018) to weighted fits for CR2. The working covariance is the
    fitted model's, up to σ². The adjustment A of a cluster solves A (Φ - X M X') A = Φ; without
    weights it differs from the identity only in the columns of Z and X, so a cluster costs the
    cube of their number at most. With weights it costs the cube of its rows.
    """
    if kind not in get_args(RobustKind):
        raise ParameterError("kind is unknown", ["choose CR0, CR1, CR1S or CR2"])
    codes = _cluster_codes(cluster, blocks)
    n_cluster = int(codes.max()) + 1
    if n_cluster < 2:
        raise DataError("A cluster-robust covariance needs two clusters or more.")
    parameters = np.zeros(0) if theta is None else np.asarray(theta, dtype=np.float64)
    stacks = list(cluster_stacks(X, y, codes, blocks, parameters, weights))
    p = X.shape[1]
    information = np.sum([stack.information() for stack in stacks], axis=0)
    bread = np.linalg.inv(information)
    bread = (bread + bread.T) / 2.0
    beta = bread @ np.sum([stack.moments() for stack in stacks], axis=0)
    scores = np.empty((n_cluster, p))
    pulls, spreads = np.empty((n_cluster, p, p)), np.empty((n_cluster, p, p))
    for stack in stacks:
        at = stack.clusters
        scores[at], pulls[at], spreads[at] = _sandwich_parts(stack, bread, beta, kind)
    meat = _correction(kind, n_cluster, len(y), p) * scores.T @ scores
    cov = bread @ meat @ bread
    return ClusterRobust(kind, beta, cov, n_cluster, bread, pulls, spreads, scores)


def _cluster_codes(cluster: IntArray | None, blocks: tuple[Block, ...]) -> IntArray:
    if cluster is None:
        if not blocks:
            raise ParameterError("cluster is missing", ["give the cluster of each row"])
        codes = min(blocks, key=lambda block: block.n_level).codes
    else:
        codes = np.unique(np.asarray(cluster), return_inverse=True)[1].astype(np.int64)
    for block in blocks:
        pairs = np.unique(block.codes * (int(codes.max()) + 1) + codes)
        if len(pairs) > block.n_level:
            raise DataError(
                f'{len(pairs) - block.n_level} levels of "{block.group}" reach into a further '
                "cluster: name a cluster column that holds every level of every grouping factor "
                "whole."
            )
    return codes


def _correction(kind: RobustKind, m: int, n: int, p: int) -> float:
    if kind == "CR1":
        return m / (m - 1.0)
    if kind == "CR1S":
        return m * (n - 1.0) / ((m - 1.0) * (n - p))
    return 1.0


def _sandwich_parts(
    stack: ClusterStack, bread: FloatArray, beta: FloatArray, kind: RobustKind
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give scores, pulls and spreads of a stack of clusters of one size."""
    X, Phi = stack.X, stack.Phi
    residual = stack.y - X @ beta
    weighted = np.linalg.solve(Phi, X)
    pulled = _adjustment(Phi, X, bread) @ weighted if kind == "CR2" else weighted
    turned = np.swapaxes(pulled, 1, 2)
    return (turned @ residual[..., None])[..., 0], turned @ X, turned @ Phi @ pulled


def _adjustment(Phi: FloatArray, X: FloatArray, bread: FloatArray) -> FloatArray:
    """Solve A (Φ - X M X') A = Φ for symmetric A, by way of the root of Φ."""
    values, vectors = np.linalg.eigh(Phi)
    root = (vectors * np.sqrt(values)[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    inner = root @ (Phi - X @ bread @ np.swapaxes(X, 1, 2)) @ root
    left, axes = np.linalg.eigh(inner)
    kept = left > _TAKEN_UP * left[:, -1:]
    power = np.zeros_like(left)
    np.divide(1.0, np.sqrt(np.where(kept, left, 1.0)), out=power, where=kept)
    half = root @ axes
    adjusted: FloatArray = (half * power[:, None, :]) @ np.swapaxes(half, 1, 2)
    return adjusted
