"""What a linear mixed model estimates, with its tests."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from rpcstats.errors import ParameterError
from rpcstats.mixed.coefficients import coefficient_table
from rpcstats.mixed.inference.cluster_robust import RobustKind
from rpcstats.mixed.inference.term_hypotheses import TestType
from rpcstats.mixed.linear.evaluation import Evaluation, LinearProblem, Modes
from rpcstats.mixed.linear.residual_estimates import ResidualStructure
from rpcstats.mixed.linear.residual_refusal import refuse_structure
from rpcstats.mixed.linear.residual_search import Columns
from rpcstats.mixed.linear.residual_whitening import whitened_blocks
from rpcstats.mixed.mixed_fit import MixedFit
from rpcstats.mixed.robust import RobustEstimates, robust_estimates
from rpcstats.mixed.structure.model_frame import FloatArray
from rpcstats.mixed.varcorr import VarCorr, var_corr

Method = Literal["reml", "ml"]
LinearDf = Literal["satterthwaite", "kenward-roger", "residual", "normal"]
DenominatorDf = Literal["satterthwaite", "kenward-roger"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class LinearEstimates(MixedFit):
    """Estimates of a linear mixed model.

    Attributes
    ----------
    frame : ModelFrame
        Checked arrays of the data.
    problem : LinearProblem
        The engine, which can evaluate the deviance elsewhere.
    evaluation : Evaluation
        The deviance and its parts at the optimum.
    optimum : OptSummary
        How the optimum was searched for.
    method : {"reml", "ml"}
        The criterion.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    trouble : tuple of str
        Why the estimates are not to be relied on, if so; among the remarks too.
    residual : ResidualStructure or None
        Structure of the residuals beyond one variance; None if there is none.
    """

    problem: LinearProblem
    evaluation: Evaluation
    method: Method
    residual: ResidualStructure | None = None
    _worked_out: dict[str, Any] = field(default_factory=dict)

    @property
    def beta(self) -> FloatArray:
        """Fixed effects, of shape (p,)."""
        return self.evaluation.beta

    @property
    def theta(self) -> FloatArray:
        """Covariance parameters relative to sigma, of shape (k,)."""
        return self.evaluation.theta

    @property
    def theta_scale(self) -> FloatArray:
        """What frees the covariance parameters of units, of shape (k,)."""
        return self.problem.theta_scale

    @property
    def sigma(self) -> float:
        """Residual standard deviation; that of the first level where levels have their own."""
        return float(np.sqrt(self.evaluation.sigma2))

    @property
    def cov(self) -> FloatArray:
        """Covariance of the fixed effects, of shape (p, p), variances taken as known."""
        cov = self.evaluation.cov
        cov.setflags(write=False)
        return cov

    @property
    def deviance(self) -> float:
        """-2 log-likelihood with every constant; under REML the REML criterion."""
        return self.evaluation.deviance

    @property
    def n_parameter(self) -> int:
        """Fixed effects, θ, sigma and the residuals' structure; under REML too."""
        extra = 0 if self.residual is None else self.residual.n_parameter
        return len(self.beta) + len(self.theta) + 1 + extra

    @property
    def criterion(self) -> str:
        """What was optimised: "reml" or "ml"."""
        return self.method

    @property
    def likelihood(self) -> str:
        """What must be equal in models compared by their likelihoods."""
        return "normal, identity link"

    @property
    def residual_parts(self) -> tuple[str, ...]:
        """Structure of the residuals, each part in words; empty if there is none."""
        return () if self.residual is None else self.residual.parts

    @property
    def linear_problem(self) -> LinearProblem | None:
        """The engine; None with a residual structure, whose parameters it takes as known."""
        return self.problem if self.residual is None else None

    @property
    def heading(self) -> str:
        """What was fitted, in words."""
        text = self.frame.design.formula.text
        parts = ", ".join((text, *self.residual_parts))
        return f"Linear mixed model by {self.method.upper()}: {parts}"

    def varcorr(self) -> VarCorr:
        """Give standard deviations and correlations of the random effects and the residual.

        Returns
        -------
        VarCorr
            The variance components.
        """
        found = var_corr(self.frame.blocks, self.theta, self.sigma)
        if self.residual is None:
            return found
        return replace(found, residual=self.residual.components())

    def independent_rows(self) -> Columns:
        """Give the columns of the model with the structure of the residuals taken out.

        Returns
        -------
        Columns
            Rows whose residuals are independent with variance σ² / weight; θ and β are those
            of the fit.
        """
        frame = self.frame
        y = frame.y if frame.offset is None else frame.y - frame.offset
        if self.residual is None:
            return Columns(frame.X, y, frame.blocks, frame.weights)
        white = self.residual.whitening
        blocks = whitened_blocks(frame.blocks, white)
        return Columns(white.whiten(frame.X), white.whiten(y), blocks, None)

    def curved_evaluation(self) -> Evaluation:
        """Give the deviance at the optimum with its second derivatives.

        Returns
        -------
        Evaluation
            Worked out once.

        Raises
        ------
        ParameterError
            If the residuals have a structure: Satterthwaite's degrees of freedom, which need
            this, would take its parameters as known.
        """
        refuse_structure(self.residual, "Satterthwaite's method", 'choose df="normal"')
        if self.evaluation.d_XtVX is not None:
            return self.evaluation
        if "curved" not in self._worked_out:
            reml = self.method == "reml"
            self._worked_out["curved"] = self.problem.evaluate(self.theta, reml=reml, order=2)
        curved: Evaluation = self._worked_out["curved"]
        return curved

    def tidy(
        self,
        *,
        df: LinearDf | None = None,
        conf_level: float = 0.95,
        exponentiate: bool = False,
    ) -> pd.DataFrame:
        """Give one row per fixed effect.

        Parameters
        ----------
        df : {"satterthwaite", "kenward-roger", "residual", "normal"}, optional
            Degrees of freedom of the t statistics: Satterthwaite's; Kenward and Roger's, with
            their adjusted standard errors, for a REML fit; n - p; or none, the normal.
            Satterthwaite's if not given, but the normal with a residual structure, for which
            neither his nor Kenward and Roger's are offered.
        conf_level : float
            Level of the intervals.
        exponentiate : bool
            Whether to give e to the power of estimates and limits, for a response in logs.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, std_error, statistic, df, p_value, conf_low, conf_high; df
            is missing for the normal.

        Raises
        ------
        ParameterError
            If an option is unknown or out of range.
        """
        std_error, degrees = self._error_and_df(df)
        return coefficient_table(
            self.names,
            self.beta,
            std_error,
            df=degrees,
            conf_level=conf_level,
            exponentiate=exponentiate,
        )

    def f_tests(
        self, *, df: DenominatorDf = "satterthwaite", test_type: TestType = "III"
    ) -> pd.DataFrame:
        """Test each term of the formula, all its columns together.

        Parameters
        ----------
        df : {"satterthwaite", "kenward-roger"}
            How the denominator's degrees of freedom are found.
        test_type : {"III", "I"}
            Each term given all others, or given those before it.

        Returns
        -------
        pandas.DataFrame
            Columns term, sum_sq, num_df, den_df, statistic, p_value.

        Raises
        ------
        ParameterError
            If an option is unknown, or Kenward-Roger is asked of an ML fit.
        """
        from rpcstats.mixed.term_tests import linear_term_tests

        return linear_term_tests(self, df=df, test_type=test_type)

    def robust(self, cluster: Any = None, *, kind: RobustKind = "CR2") -> RobustEstimates:
        """Give the fixed effects with cluster-robust standard errors.

        Parameters
        ----------
        cluster : str or array_like, optional
            Name of a grouping factor of the model, or the cluster of each row of the data; the
            factor with fewest levels if not given.
        kind : {"CR0", "CR1", "CR1S", "CR2"}
            The small-sample correction; "CR2" is the one for few clusters.

        Returns
        -------
        RobustEstimates
            Estimates with Satterthwaite degrees of freedom.

        Raises
        ------
        ParameterError
            If `kind` or the cluster is unknown.
        DataError
            If a level of a grouping factor is in two clusters, or there are too few clusters.
        """
        return robust_estimates(self, cluster, kind)

    def _error_and_df(self, df: LinearDf | None) -> tuple[FloatArray, FloatArray | None]:
        p = len(self.beta)
        if df is None:
            df = "satterthwaite" if self.residual is None else "normal"
        if df == "satterthwaite":
            from rpcstats.mixed.inference.satterthwaite import satterthwaite_df

            return self.std_error, satterthwaite_df(self.curved_evaluation(), np.eye(p))
        if df == "kenward-roger":
            from rpcstats.mixed.inference.kenward_roger import kenward_roger

            refuse_structure(self.residual, "Kenward and Roger's method", 'choose df="normal"')
            adjusted = kenward_roger(self.problem, self.evaluation)
            return np.sqrt(np.diag(adjusted.cov)), adjusted.df_of(np.eye(p))
        if df == "residual":
            return self.std_error, np.full(p, float(self.n_obs - p))
        if df == "normal":
            return self.std_error, None
        raise ParameterError(
            "df is unknown", ["choose satterthwaite, kenward-roger, residual or normal"]
        )

    def _modes(self) -> tuple[Modes, ...]:
        return self.problem.modes(self.theta)
