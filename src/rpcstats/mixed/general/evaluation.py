"""What a family of responses and an engine for its mixed models offer."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from rpcstats.mixed.linear.evaluation import Modes
from rpcstats.mixed.structure.model_frame import Block, FloatArray


class RowTerms(NamedTuple):
    """Log-likelihood of each row and its derivatives by the linear predictor η.

    Attributes
    ----------
    l, d1, d2, d3 : ndarray of the shape of η
        Log-density and its first three derivatives; those beyond the order asked for are None.
        Every constant of the density is in `l`.
    """

    l: FloatArray  # noqa: E741
    d1: FloatArray | None = None
    d2: FloatArray | None = None
    d3: FloatArray | None = None


class ExtraTerms(NamedTuple):
    """Derivatives of each row's log-likelihood by the extra parameters φ.

    Attributes
    ----------
    l, d1, d2 : ndarray of shape (e, ...)
        Derivative by each φ of the log-density, of its first and of its second derivative by η.
    """

    l: FloatArray  # noqa: E741
    d1: FloatArray
    d2: FloatArray


class RowLikelihood(Protocol):
    """A response distribution with its link, as a function of η and extra parameters φ.

    Extra parameters are unconstrained: the log of a shape, thresholds through the first one and
    the logs of the steps between them. `rows` holds what the rows of one call need: arrays
    whose last axis is the rows', so that η may have leading axes (quadrature nodes).

    Attributes
    ----------
    extra_names : tuple of str
        Names of φ; empty if there are none.
    """

    @property
    def extra_names(self) -> tuple[str, ...]:
        """Names of φ; empty if there are none."""
        ...

    def terms(self, eta: FloatArray, rows: Any, extra: FloatArray, order: int) -> RowTerms:
        """Give the log-likelihood of rows and its derivatives by η up to an order.

        Parameters
        ----------
        eta : ndarray of shape (..., n)
            Linear predictor η; leading axes are free.
        rows : object
            What the rows of this call need, as the likelihood lays them out.
        extra : ndarray of shape (e,)
            Extra parameters φ.
        order : int
            Highest derivative wanted, 0 to 3.

        Returns
        -------
        RowTerms
            Arrays of the shape of η.
        """
        ...

    def extra_terms(self, eta: FloatArray, rows: Any, extra: FloatArray) -> ExtraTerms:
        """Give the derivatives by the extra parameters.

        Parameters
        ----------
        eta : ndarray of shape (..., n)
            Linear predictor η; leading axes are free.
        rows : object
            What the rows of this call need, as the likelihood lays them out.
        extra : ndarray of shape (e,)
            Extra parameters φ.

        Returns
        -------
        ExtraTerms
            Arrays of shape (e, ..., n).
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class GeneralEvaluation:
    """-2 log-likelihood of a generalised mixed model at one parameter vector.

    Attributes
    ----------
    parameters : ndarray of shape (d,)
        β (p), θ (k) and φ (e), one after the other.
    deviance : float
        -2 log-likelihood, integrated over the random effects, with every constant.
    gradient : ndarray of shape (d,) or None
        Exact gradient of that approximation.
    scores : ndarray of shape (d, d) or None
        Sum over groups of the outer product of their gradients, where the engine has groups.
    found_modes : bool
        Whether the inner search for the conditional modes ended in every group.
    """

    parameters: FloatArray
    deviance: float
    gradient: FloatArray | None
    scores: FloatArray | None
    found_modes: bool


class GeneralProblem(Protocol):
    """What every engine for a generalised or cumulative link mixed model offers.

    Attributes
    ----------
    n, p : int
        Rows and fixed effects.
    blocks : tuple of Block
        Random effects.
    likelihood : RowLikelihood
        Distribution and link.
    theta_scale : ndarray of shape (k,)
        θ times this is free of the units of the covariates.
    """

    @property
    def n(self) -> int:
        """Rows."""
        ...

    @property
    def p(self) -> int:
        """Fixed effects."""
        ...

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Random effects."""
        ...

    @property
    def likelihood(self) -> RowLikelihood:
        """Distribution and link."""
        ...

    @property
    def theta_scale(self) -> FloatArray:
        """What frees θ of the units of the covariates."""
        ...

    def evaluate(self, parameters: FloatArray, *, order: int = 1) -> GeneralEvaluation:
        """Evaluate the deviance.

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
            The deviance there; derivatives not asked for are None.
        """
        ...

    def modes(self, parameters: FloatArray) -> tuple[Modes, ...]:
        """Give the conditional modes of each block.

        Parameters
        ----------
        parameters : ndarray of shape (d,)
            β, θ and φ.

        Returns
        -------
        tuple of Modes
            One a block.
        """
        ...


BoolArray = NDArray[np.bool_]
