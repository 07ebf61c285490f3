"""What a generalised or cumulative link mixed model estimates, with its tests."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import pandas as pd

from rpcstats._vocabulary import COMPONENT
from rpcstats.mixed.coefficients import coefficient_table
from rpcstats.mixed.extra_parameters import dispersion_table, threshold_table
from rpcstats.mixed.general.evaluation import BoolArray, GeneralEvaluation, GeneralProblem
from rpcstats.mixed.inference.term_hypotheses import TestType
from rpcstats.mixed.linear.evaluation import Modes
from rpcstats.mixed.mixed_fit import MixedFit
from rpcstats.mixed.response_model import ResponseModel
from rpcstats.mixed.structure.model_frame import FloatArray
from rpcstats.mixed.wording import quadrature_words

Quadrature = Literal["product", "sparse"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class GeneralEstimates(MixedFit):
    """Estimates of a generalised or cumulative link mixed model.

    Attributes
    ----------
    frame : ModelFrame
        Checked arrays of the data.
    problem : GeneralProblem
        The engine, which can evaluate the deviance elsewhere.
    evaluation : GeneralEvaluation
        The deviance at the optimum.
    optimum : OptSummary
        How the optimum was searched for.
    parameter_cov : ndarray of shape (d, d)
        Covariance of β, θ and φ: the inverse of half the Hessian of the deviance; NaN for a
        diagonal of Λ at zero, and everywhere where the Hessian is not positive definite.
    is_free : ndarray of shape (d,), bool
        Whether each parameter could move; a diagonal of Λ at zero can't.
    response : ResponseModel
        Mean, spread and draws of the response.
    nagq : int
        Quadrature nodes an effect; 1 for the Laplace approximation.
    quadrature : {"product", "sparse"}
        Grid of the nodes of several effects.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    trouble : tuple of str
        Why the estimates are not to be relied on, if so; among the remarks too.
    """

    problem: GeneralProblem
    evaluation: GeneralEvaluation
    parameter_cov: FloatArray
    is_free: BoolArray
    response: ResponseModel
    nagq: int
    quadrature: Quadrature = "product"

    @property
    def family(self) -> str:
        """Name of the distribution; "ordered" for an ordered response."""
        return "ordered" if self.response.family is None else self.response.family.name

    @property
    def link(self) -> str:
        """Name of the link."""
        return self.response.link.name

    @property
    def likelihood(self) -> str:
        """What must be equal in models compared by their likelihoods."""
        return f"{self.family}, {self.link} link"

    @property
    def residual_parts(self) -> tuple[str, ...]:
        """Empty: there are no residuals to give a structure."""
        return ()

    @property
    def linear_problem(self) -> None:
        """None: the model is not linear."""
        return

    def refit_ml(self) -> Self:
        """Give the fit itself, which is one by maximum likelihood.

        Returns
        -------
        GeneralMixedFit
            The fit.
        """
        return self

    @property
    def beta(self) -> FloatArray:
        """Fixed effects, of shape (p,)."""
        return self.evaluation.parameters[: self._p]

    @property
    def theta(self) -> FloatArray:
        """Covariance parameters, of shape (k,)."""
        return self.evaluation.parameters[self._p : self._p + self.frame.n_theta]

    @property
    def extra(self) -> FloatArray:
        """Extra parameters φ, unconstrained, of shape (e,)."""
        return self.evaluation.parameters[self._p + self.frame.n_theta :]

    @property
    def theta_scale(self) -> FloatArray:
        """What frees the covariance parameters of units, of shape (k,)."""
        return self.problem.theta_scale

    @property
    def sigma(self) -> None:
        """None: there is no residual standard deviation."""
        return

    @property
    def cov(self) -> FloatArray:
        """Covariance of the fixed effects, of shape (p, p), that of the variances included."""
        return self.parameter_cov[: self._p, : self._p]

    @property
    def delta_cov(self) -> FloatArray:
        """`parameter_cov` with 0 for parameters that could not move, for the delta method."""
        free = self.is_free
        return np.where(np.logical_and.outer(free, free), self.parameter_cov, 0.0)

    @property
    def deviance(self) -> float:
        """-2 log-likelihood with every constant."""
        return self.evaluation.deviance

    @property
    def n_parameter(self) -> int:
        """Fixed effects, θ and φ."""
        return len(self.evaluation.parameters)

    @property
    def thresholds(self) -> FloatArray:
        """Thresholds between the categories of an ordered response; empty for others."""
        ordered = self.response.ordered
        return np.zeros(0) if ordered is None else ordered.alpha(self.extra)

    @property
    def extra_cov(self) -> FloatArray:
        """Covariance of the extra parameters, of shape (e, e)."""
        first = self._p + self.frame.n_theta
        return self.parameter_cov[first:, first:]

    @property
    def criterion(self) -> str:
        """What was optimised: "laplace", or "agq" with the number of nodes."""
        return "laplace" if self.nagq == 1 else f"agq {self.nagq}"

    @property
    def heading(self) -> str:
        """What was fitted, in words."""
        what, kind = "Generalised linear", f"{self.family}, {self.link} link"
        if self.response.ordered is not None:
            what, kind = "Cumulative link", f"{self.link} link"
        how, formula = quadrature_words(self.nagq), self.frame.design.formula.text
        return f"{what} mixed model by {how} ({kind}): {formula}"

    @property
    def _p(self) -> int:
        return len(self.frame.names)

    def tidy(self, *, conf_level: float = 0.95, exponentiate: bool = False) -> pd.DataFrame:
        """Give one row per fixed effect, for an ordered response after its thresholds.

        Parameters
        ----------
        conf_level : float
            Level of the intervals.
        exponentiate : bool
            Whether to give e to the power of estimates and limits: odds ratios with the logit
            link, rate ratios with the log link. Thresholds stay as they are.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, std_error, statistic, df, p_value, conf_low, conf_high; df
            is missing, the statistic being taken as normal. For an ordered response also
            component, "threshold" or "location".

        Raises
        ------
        ParameterError
            If an option is unknown or out of range.
        """
        table = coefficient_table(
            self.names,
            self.beta,
            self.std_error,
            conf_level=conf_level,
            exponentiate=exponentiate,
        )
        ordered = self.response.ordered
        if ordered is None:
            return table
        table.insert(0, COMPONENT, "location")
        first = threshold_table(
            self.frame.categories, ordered, self.extra, self.extra_cov, conf_level
        )
        return pd.concat([first, table], ignore_index=True)

    def dispersion(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Give the extra parameters of the distribution on their own scale.

        Parameters
        ----------
        conf_level : float
            Level of the intervals, which are symmetric in the logarithm.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, conf_low, conf_high: size (negative binomial), shape (gamma)
            or precision (beta); no row for a family without one.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        if self.response.ordered is not None:
            return dispersion_table((), self.extra, self.extra_cov, conf_level)
        names = self.problem.likelihood.extra_names
        return dispersion_table(names, self.extra, self.extra_cov, conf_level)

    def wald_tests(self, *, test_type: TestType = "III") -> pd.DataFrame:
        """Test each term of the formula by Wald's chi-square, all its columns together.

        Parameters
        ----------
        test_type : {"III", "I"}
            Each term given all others, or given those before it.

        Returns
        -------
        pandas.DataFrame
            Columns term, statistic, df, p_value.

        Raises
        ------
        ParameterError
            If the type is unknown.
        """
        from rpcstats.mixed.term_tests import general_term_tests

        return general_term_tests(self, test_type=test_type)

    def _modes(self) -> tuple[Modes, ...]:
        return self.problem.modes(self.evaluation.parameters)
