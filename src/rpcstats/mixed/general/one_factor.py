"""Generalised and cumulative link mixed models with one grouping factor."""

from collections.abc import Iterator

import numpy as np

from rpcstats.mixed.general.chunk_integral import ChunkTotals, integrate_chunk
from rpcstats.mixed.general.chunk_modes import (
    Mode,
    cholesky_factor,
    find_modes,
    invert_lower,
    point_directions,
)
from rpcstats.mixed.general.evaluation import GeneralEvaluation
from rpcstats.mixed.general.group_layout import Chunk, SortedRows, arrange_chunks
from rpcstats.mixed.general.patterns import pool_groups
from rpcstats.mixed.general.quadrature import quadrature_grid
from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.general.search_coordinates import search_coordinates
from rpcstats.mixed.linear.evaluation import Modes
from rpcstats.mixed.structure.model_frame import Block, FloatArray


class OneFactorGeneral:
    """A generalised mixed model whose random effects have one grouping factor.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns of full rank.
    y : ndarray of shape (n,)
        Response; successes as a proportion of the trials; category codes from 0.
    block : Block
        Random effects.
    likelihood : ResponseLikelihood
        Distribution and link.
    weights : ndarray of shape (n,), optional
        Trials or prior weights. Default: 1.
    offset : ndarray of shape (n,), optional
        Known part of the linear predictor.
    nagq : int
        Nodes of the adaptive quadrature an axis; 1 is Laplace's approximation.
    grid : str
        "product" or "sparse".
    pool : bool
        Whether equal rows and equal groups are counted instead of repeated.

    Attributes
    ----------
    n, p : int
        Rows and fixed effects.
    blocks : tuple of Block
        The one block.
    likelihood : ResponseLikelihood
        Distribution and link.
    theta_scale : ndarray of shape (k,)
        θ times this is free of the units of the covariates.
    scaling : ndarray of shape (d, d)
        The parameters times this are of order one and about orthogonal.
    rounding : float
        Error of the deviance where constants much larger than it are added up.
    n_pattern : int
        Groups worked on; fewer than the levels where equal groups are pooled.
    """

    def __init__(
        self,
        X: FloatArray,
        y: FloatArray,
        block: Block,
        likelihood: ResponseLikelihood,
        *,
        weights: FloatArray | None = None,
        offset: FloatArray | None = None,
        nagq: int = 1,
        grid: str = "product",
        pool: bool = True,
    ) -> None:
        self.n, self.p = X.shape
        self.blocks = (block,)
        self.likelihood = likelihood
        coordinates = search_coordinates(X, self.blocks, likelihood)
        self.theta_scale, self.scaling = coordinates.theta_scale, coordinates.scaling
        self._beta_scale, self._shift = coordinates.beta_scale, coordinates.shift
        self._grid = quadrature_grid(block.n_effect, nagq, grid)
        weight = np.ones(self.n) if weights is None else np.asarray(weights, dtype=np.float64)
        constant = likelihood.rows(y, weight).constant
        self._constant = 0.0 if constant is None else float(np.sum(constant))
        inner = coordinates.blocks[0]
        pooled = pool_groups(coordinates.X, y, inner, likelihood, weight, offset, pool=pool)
        self.rounding = float(np.finfo(np.float64).eps) * abs(self._constant)
        self._constant += pooled.constant
        self._level_pattern = pooled.pattern
        self.n_pattern = len(pooled.rows.count)
        inward = np.asarray(np.linalg.inv(self._beta_scale), dtype=np.float64)
        self._chunks = arrange_chunks(_transform(pooled.rows, inward), likelihood)

    def split(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Cut the parameters into β, θ and φ.

        Parameters
        ----------
        parameters : ndarray of shape (d,)
            All parameters.

        Returns
        -------
        tuple of ndarray
            β, θ and φ.
        """
        k = self.p + self.blocks[0].n_theta
        return parameters[: self.p], parameters[self.p : k], parameters[k:]

    def evaluate(self, parameters: FloatArray, *, order: int = 1) -> GeneralEvaluation:
        """Evaluate -2 log-likelihood.

        Parameters
        ----------
        parameters : ndarray of shape (d,)
            β, θ and φ.
        order : int
            0: value; 1: with its gradient; 2: with the sum of outer products of the groups'
            gradients too.

        Returns
        -------
        GeneralEvaluation
            Value and derivatives. `scores` holds the outer products of the gradients of the
            groups' deviances.
        """
        # far from the optimum densities overflow; such a place counts as infinitely bad
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value, gradient, scores, found = self._total(parameters, order)
        return GeneralEvaluation(
            parameters=parameters.copy(),
            deviance=-2.0 * value if np.isfinite(value) else np.inf,
            gradient=-2.0 * gradient if order else None,
            scores=4.0 * scores if order > 1 else None,
            found_modes=found,
        )

    def _total(
        self, parameters: FloatArray, order: int
    ) -> tuple[float, FloatArray, FloatArray, bool]:
        value, found = self._constant, True
        d = len(parameters)
        gradient, scores = np.zeros(d), np.zeros((d, d))
        for chunk, mode, totals in self._work(parameters, order):
            value += float(chunk.count @ totals.value)
            found = found and mode.found
            if order > 1:
                own = self._group_gradients(chunk, totals)
                weighted = own * chunk.count
                gradient += weighted.sum(axis=1)
                scores += weighted @ own.T
            elif order == 1:
                gradient += self._sum_gradient(chunk, totals)
        back = self._back()
        return value, back.T @ gradient, back.T @ scores @ back, found

    def group_scores(self, parameters: FloatArray) -> FloatArray:
        """Give the gradient of the log-likelihood of each group.

        Parameters
        ----------
        parameters : ndarray of shape (d,)
            β, θ and φ.

        Returns
        -------
        ndarray of shape (L, d)
            One row a level.
        """
        result = np.zeros((self.n_pattern, len(parameters)))
        for chunk, _, totals in self._work(parameters, 1):
            result[chunk.groups] = self._group_gradients(chunk, totals).T
        return (result @ self._back())[self._level_pattern]

    def modes(self, parameters: FloatArray) -> tuple[Modes, ...]:
        """Give the conditional modes and their covariances by the curvature there.

        Parameters
        ----------
        parameters : ndarray of shape (d,)
            β, θ and φ.

        Returns
        -------
        tuple of Modes
            Those of the one block.
        """
        q = self.blocks[0].n_effect
        Lambda = self.blocks[0].factor(self.split(parameters)[1])
        estimate = np.empty((self.n_pattern, q))
        covariance = np.empty((self.n_pattern, q, q))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # as in `evaluate`
            for chunk, mode in self._find_modes(parameters):
                estimate[chunk.groups] = (Lambda @ mode.u).T
                root = np.einsum("ab,cbg->gac", Lambda, invert_lower(cholesky_factor(mode.H)))
                covariance[chunk.groups] = root @ np.swapaxes(root, 1, 2)
        where = self._level_pattern
        return (Modes(estimate[where], covariance[where]),)

    def _back(self) -> FloatArray:
        """Give what turns derivatives by the working columns' parameters into the model's."""
        back = self._shift.copy()
        back[: self.p, : self.p] = self._beta_scale
        return back

    def _find_modes(self, parameters: FloatArray) -> Iterator[tuple[Chunk, Mode]]:
        beta, theta, extra = self.split(self._shift @ parameters)
        Lambda = self.blocks[0].factor(theta)
        inner = self._beta_scale @ beta
        for chunk in self._chunks:
            fixed = (inner @ chunk.X).reshape(chunk.shape)
            if chunk.offset is not None:
                fixed += chunk.offset
            directions = point_directions(chunk, Lambda)
            yield chunk, find_modes(chunk, fixed, directions, self.likelihood, extra)

    def _work(
        self, parameters: FloatArray, order: int
    ) -> Iterator[tuple[Chunk, Mode, ChunkTotals]]:
        _, theta, extra = self.split(self._shift @ parameters)
        Lambda = self.blocks[0].factor(theta)
        for chunk, mode in self._find_modes(parameters):
            yield (
                chunk,
                mode,
                integrate_chunk(
                    chunk, mode, Lambda, self.likelihood, extra, self._grid, gradient=order > 0
                ),
            )

    def _parts_below_beta(self, totals: ChunkTotals) -> list[FloatArray]:
        block = self.blocks[0]
        assert totals.by_theta is not None
        parts = [totals.by_theta[block.rows, block.cols]]
        return parts if totals.by_extra is None else [*parts, totals.by_extra]

    def _group_gradients(self, chunk: Chunk, totals: ChunkTotals) -> FloatArray:
        assert totals.by_eta is not None
        beta = [chunk.sum_rows(x.reshape(chunk.shape) * totals.by_eta)[None] for x in chunk.X]
        return np.concatenate([*beta, *self._parts_below_beta(totals)])

    def _sum_gradient(self, chunk: Chunk, totals: ChunkTotals) -> FloatArray:
        assert totals.by_eta is not None
        weighted = totals.by_eta * chunk.spread(chunk.count)
        beta = chunk.X @ weighted.ravel()
        return np.concatenate([beta, *(a @ chunk.count for a in self._parts_below_beta(totals))])


def _transform(rows: SortedRows, matrix: FloatArray) -> SortedRows:
    return SortedRows(
        rows.starts, rows.X @ matrix, rows.Z, rows.offset, rows.y, rows.weight, rows.count
    )
