"""What a comparison of likelihoods needs of a fit."""

from typing import Protocol, Self

from rpcstats.mixed.linear.evaluation import LinearProblem
from rpcstats.mixed.structure.model_frame import FloatArray, ModelFrame


class ComparableFit(Protocol):
    """What a likelihood ratio needs of a fit.

    Attributes
    ----------
    frame : ModelFrame
        Checked arrays of the data.
    criterion : str
        "reml", or how the likelihood was taken: "ml", "laplace", "agq 7".
    likelihood : str
        Distribution, link and whatever else must be equal in models compared.
    residual_parts : tuple of str
        Structure of the residuals of a linear model, each part in words.
    theta : ndarray of shape (k,)
        Covariance parameters.
    deviance : float
        -2 log-likelihood, or the REML criterion.
    n_parameter : int
        Parameters, all of them.
    linear_problem : LinearProblem or None
        Engine of a linear model; None for others.
    """

    @property
    def frame(self) -> ModelFrame:
        """Checked arrays of the data."""

    @property
    def criterion(self) -> str:
        """How the likelihood was taken."""

    @property
    def likelihood(self) -> str:
        """What must be equal in models compared."""

    @property
    def residual_parts(self) -> tuple[str, ...]:
        """Structure of the residuals, each part in words."""

    @property
    def theta(self) -> FloatArray:
        """Covariance parameters."""

    @property
    def deviance(self) -> float:
        """-2 log-likelihood, or the REML criterion."""

    @property
    def n_parameter(self) -> int:
        """Number of parameters."""

    @property
    def linear_problem(self) -> LinearProblem | None:
        """Engine of a linear model."""

    def refit_ml(self) -> Self:
        """Fit the same model by maximum likelihood."""
