"""Laplace deviance of generalised mixed models for any structure of random effects."""

import numpy as np

from rpcstats.mixed.general.block_elimination import Factorised
from rpcstats.mixed.general.crossed_gradient import laplace_gradient
from rpcstats.mixed.general.crossed_information import average_information
from rpcstats.mixed.general.crossed_modes import Mode, ModeSearch
from rpcstats.mixed.general.crossed_system import crossed_system
from rpcstats.mixed.general.evaluation import ExtraTerms, GeneralEvaluation
from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.general.search_coordinates import search_coordinates
from rpcstats.mixed.linear.evaluation import Modes
from rpcstats.mixed.structure.model_frame import Block, FloatArray, split_theta


class CrossedGeneral:
    """A generalised or cumulative link mixed model with nested or crossed factors.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns of full rank.
    y : ndarray of shape (n,)
        Response; successes as a proportion of the trials; category codes from 0.
    blocks : tuple of Block
        Random effects.
    likelihood : ResponseLikelihood
        Distribution and link.
    weights : ndarray of shape (n,), optional
        Trials or prior weights. Default: 1.
    offset : ndarray of shape (n,), optional
        Known part of the linear predictor.
    dense : bool, optional
        Whether to factorise densely; decided by the number of random effects if not given.

    Attributes
    ----------
    n, p : int
        Rows and fixed effects.
    blocks : tuple of Block
        Random effects.
    likelihood : ResponseLikelihood
        Distribution and link.
    theta_scale : ndarray of shape (k,)
        θ times this is free of the units of the covariates.
    scaling : ndarray of shape (d, d)
        The parameters times this are of order one and about orthogonal.
    rounding : float
        Error of the deviance where constants much larger than it are added up.

    Notes
    -----
    The deviance is -2 [l(η̂) - û'û/2 - log|H|/2] at the mode û of the spherical random effects,
    H the observed negative Hessian there: the Laplace approximation (Tierney & Kadane 1986;
    Bates, Mächler, Bolker & Walker 2015 for the spherical form). The last mode found is kept as
    the start of the next search.
    """

    def __init__(
        self,
        X: FloatArray,
        y: FloatArray,
        blocks: tuple[Block, ...],
        likelihood: ResponseLikelihood,
        *,
        weights: FloatArray | None = None,
        offset: FloatArray | None = None,
        dense: bool | None = None,
    ) -> None:
        self.n, self.p = X.shape
        self.blocks = blocks
        self.likelihood = likelihood
        coordinates = search_coordinates(X, blocks, likelihood)
        self.theta_scale, self.scaling = coordinates.theta_scale, coordinates.scaling
        columns, self._shift = coordinates.orthogonal_columns()
        self._X = np.ascontiguousarray(columns)
        self._rows = likelihood.rows(y, np.ones(self.n) if weights is None else weights)
        constant = self._rows.constant
        size = 0.0 if constant is None else abs(float(np.sum(constant)))
        self.rounding = float(np.finfo(np.float64).eps) * size
        self._offset = offset
        self._system = crossed_system(coordinates.blocks, dense)
        self._start = np.zeros(self._system.plan.n_node)
        self._factor: Factorised | None = None

    @property
    def n_theta(self) -> int:
        """Number of covariance parameters, k."""
        return len(self.theta_scale)

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
        beta, theta, extra = np.split(parameters, [self.p, self.p + self.n_theta])
        return beta, theta, extra

    def evaluate(self, parameters: FloatArray, *, order: int = 1) -> GeneralEvaluation:
        """Evaluate the deviance.

        Parameters
        ----------
        parameters : ndarray of shape (d,)
            β, θ and φ, one after the other.
        order : int
            0 for the value alone, 1 for the gradient too.

        Returns
        -------
        GeneralEvaluation
            Deviance, infinite where the random effects have no mode; gradient.
        """
        parameters = np.array(parameters, dtype=np.float64)
        # far from the optimum densities overflow; such a place counts as infinitely bad
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            search, mode = self._find_mode(parameters, 2 + min(order, 1))
            deviance = _laplace_deviance(mode)
            if mode.factor is None or not np.isfinite(deviance):
                return GeneralEvaluation(parameters, np.inf, None, None, found_modes=False)
            gradient = self._differentiate(search, mode) @ self._shift if order >= 1 else None
        return GeneralEvaluation(parameters, deviance, gradient, None, found_modes=mode.found)

    def information(self, parameters: FloatArray) -> FloatArray:
        """Approximate the Hessian of the deviance, as a start for a search.

        Parameters
        ----------
        parameters : ndarray of shape (d,)
            β, θ and φ, one after the other.

        Returns
        -------
        ndarray of shape (d, d)
            Average information, positive definite; the identity where the random effects have
            no mode.
        """
        # as in `evaluate`; what comes of it is looked at
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            search, mode = self._find_mode(np.asarray(parameters, dtype=np.float64), 2)
            if mode.factor is None:
                return np.eye(len(parameters))
            centred = average_information(
                self._system, self._X, search.loading, mode.u, mode.terms, mode.factor,
                self._extra_terms(search, mode),
            )  # fmt: skip
            information = self._shift.T @ centred @ self._shift
        return information if np.isfinite(information).all() else np.eye(len(parameters))

    def modes(self, parameters: FloatArray) -> tuple[Modes, ...]:
        """Give the conditional modes of the random effects.

        Parameters
        ----------
        parameters : ndarray of shape (d,)
            β, θ and φ, one after the other.

        Returns
        -------
        tuple of Modes
            One a block: b̂ = Λû and Λ (H⁻¹) Λ' of each level; NaN where H has no factor.
        """
        parameters = np.asarray(parameters, dtype=np.float64)
        # as in `evaluate`; covariances are NaN where that leaves no factor
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            _, mode = self._find_mode(parameters, 2)
        plan = self._system.plan
        inverse = np.full(plan.n_entry, np.nan) if mode.factor is None else mode.factor.inverse()
        result = []
        theta = self.split(parameters)[1]
        for block, nodes, part in zip(
            self.blocks, plan.nodes, split_theta(self.blocks, theta), strict=True
        ):
            Lambda = block.factor(part)
            places = plan.layout.positions(nodes[:, :, None], nodes[:, None, :])
            covariance = Lambda @ inverse[places] @ Lambda.T
            result.append(Modes(mode.u[nodes] @ Lambda.T, covariance))
        return tuple(result)

    def _differentiate(self, search: ModeSearch, mode: Mode) -> FloatArray:
        assert mode.factor is not None
        return laplace_gradient(
            self._system, self._X, search.loading, mode.u, mode.terms, mode.factor,
            self._extra_terms(search, mode),
        )  # fmt: skip

    def _extra_terms(self, search: ModeSearch, mode: Mode) -> ExtraTerms | None:
        if len(search.extra) == 0:
            return None
        return self.likelihood.extra_terms(mode.eta, self._rows, search.extra)

    def _find_mode(self, parameters: FloatArray, order: int) -> tuple[ModeSearch, Mode]:
        beta, theta, extra = self.split(self._shift @ parameters)
        fixed = self._X @ beta
        if self._offset is not None:
            fixed = fixed + self._offset
        search = ModeSearch(
            self._system, self._system.loading(theta), fixed, self.likelihood, self._rows, extra
        )
        mode = search.run(self._start, order, self._factor)
        if mode.found:
            self._start, self._factor = mode.u, mode.factor
        return search, mode


def _laplace_deviance(mode: Mode) -> float:
    if mode.factor is None:
        return np.inf
    penalised = float(np.sum(mode.terms.l)) - 0.5 * float(mode.u @ mode.u)
    return -2.0 * penalised + mode.factor.logdet
