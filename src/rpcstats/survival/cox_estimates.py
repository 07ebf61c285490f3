"""What a Cox model estimates, with its tests and limits."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.optimise import OptSummary
from rpcstats.mixed.coefficients import coefficient_table
from rpcstats.survival.partial.likelihood import PartialLikelihood, TieMethod
from rpcstats.survival.structure.hazard_frame import HazardFrame

FloatArray = NDArray[np.float64]
CoxInterval = Literal["wald", "profile"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class CoxEstimates:
    """Estimates of a Cox model without random effects.

    Attributes
    ----------
    frame : HazardFrame
        Checked arrays of the data; columns without an estimate are left out.
    beta : ndarray of shape (p,)
        Log hazard ratios.
    cov : ndarray of shape (p, p)
        Their covariance; robust if `is_robust`.
    cov_model : ndarray of shape (p, p)
        Inverse of the information, with the ridge penalty in it.
    information : ndarray of shape (p, p)
        Minus the second derivatives of the log partial likelihood.
    log_lik, log_lik_null : float
        Log partial likelihood at the estimates and at 0, penalties left out.
    optimum : OptSummary
        How the maximum was searched for; its value is minus the likelihood with the penalty.
    ties : {"efron", "breslow", "exact"}
        How events at the same time are treated.
    penalty : float
        Ridge penalty.
    scale_penalty : bool
        Whether it is on coefficients of covariates of standard deviation one.
    is_firth : bool
        Whether Firth's penalty was added.
    is_robust : bool
        Whether `cov` is robust.
    conf_level : float
        Level of the intervals.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    trouble : tuple of str
        Why the estimates are not to be relied on, if so; among the remarks too.
    """

    frame: HazardFrame
    beta: FloatArray
    cov: FloatArray
    cov_model: FloatArray
    information: FloatArray
    log_lik: float
    log_lik_null: float
    optimum: OptSummary
    ties: TieMethod
    penalty: float
    scale_penalty: bool
    is_firth: bool
    is_robust: bool
    conf_level: float
    remarks: tuple[str, ...]
    trouble: tuple[str, ...]
    _worked_out: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the p coefficients."""
        return self.frame.names

    @property
    def std_error(self) -> FloatArray:
        """Standard errors, of shape (p,), of the log hazard ratios."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(np.diag(self.cov))

    @property
    def n_obs(self) -> int:
        """Number of rows used."""
        return self.frame.n_obs

    @property
    def n_event(self) -> int:
        """Number of events, whatever their weights."""
        return self.frame.n_event

    @property
    def n_missing(self) -> int:
        """Number of rows left out for a missing value."""
        return self.frame.n_missing

    @property
    def n_cluster(self) -> tuple[int, ...]:
        """Number of clusters of each column inside cluster()."""
        return tuple(len(groups.labels) for groups in self.frame.clusters)

    @property
    def converged(self) -> bool:
        """Whether the search ended at a maximum."""
        return self.optimum.converged

    @property
    def df(self) -> float:
        """Number of coefficients; under a ridge penalty the effective number."""
        if self.penalty == 0.0:
            return float(len(self.beta))
        return float(np.trace(self.information @ self.cov_model))

    @property
    def aic(self) -> float:
        """Akaike's criterion, from the partial likelihood."""
        return -2.0 * self.log_lik + 2.0 * self.df

    @property
    def bic(self) -> float:
        """Schwarz's criterion, which counts events, not rows."""
        return -2.0 * self.log_lik + float(np.log(self.n_event)) * self.df

    @property
    def heading(self) -> str:
        """What was fitted, in words."""
        extra = " with Firth's penalty" if self.is_firth else ""
        extra = f" with a ridge penalty of {self.penalty:g}" if self.penalty > 0.0 else extra
        ties = {"efron": "Efron's", "breslow": "Breslow's", "exact": "exact"}[self.ties]
        return f"Cox model{extra}, {ties} ties: {self.frame.design.formula.text}"

    def likelihood(self) -> PartialLikelihood:
        """Give the partial likelihood, in units of covariates of standard deviation one.

        Returns
        -------
        PartialLikelihood
            The function that was maximised; worked out once.
        """
        if "likelihood" not in self._worked_out:
            from rpcstats.survival.cox_likelihood import likelihood_of

            self._worked_out["likelihood"] = likelihood_of(self)
        found: PartialLikelihood = self._worked_out["likelihood"]
        return found

    def tidy(self, *, exponentiate: bool = False, conf_level: float | None = None) -> pd.DataFrame:
        """Give one row per coefficient.

        Parameters
        ----------
        exponentiate : bool
            Whether to give hazard ratios and their limits; the standard error stays that of
            the logarithm.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, std_error, statistic, df (missing: the normal), p_value,
            conf_low, conf_high.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        return coefficient_table(
            self.names,
            self.beta,
            self.std_error,
            conf_level=self.conf_level if conf_level is None else conf_level,
            exponentiate=exponentiate,
        )

    def tests(self) -> pd.DataFrame:
        """Test all coefficients together against 0.

        Returns
        -------
        pandas.DataFrame
            Columns test, statistic, df, p_value: likelihood ratio, Wald (robust if the errors
            are), score and, for robust errors, the robust score test. With Firth's penalty the
            likelihoods are the penalised ones, and there is no score test with a penalty.
        """
        from rpcstats.survival.cox_likelihood import overall_tests

        return overall_tests(self)

    def vcov(self) -> pd.DataFrame:
        """Give the covariance of the coefficients.

        Returns
        -------
        pandas.DataFrame
            Terms as rows and columns; robust if the errors are.
        """
        return pd.DataFrame(self.cov.copy(), index=self.names, columns=self.names)

    def confint(
        self,
        method: CoxInterval = "wald",
        parm: str | Sequence[str] | None = None,
        *,
        exponentiate: bool = False,
        conf_level: float | None = None,
    ) -> pd.DataFrame:
        """Give intervals of the coefficients.

        Parameters
        ----------
        method : {"wald", "profile"}
            Estimate ± quantile times standard error; or those values at which the likelihood,
            maximised over all other coefficients, is not yet significantly lower, which suits
            few events and Firth's penalty and is not robust.
        parm : str or sequence of str, optional
            Terms; all if not given.
        exponentiate : bool
            Whether to give hazard ratios.
        conf_level : float, optional
            Level; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, conf_low, conf_high.

        Raises
        ------
        ParameterError
            If an option is unknown or out of range.
        """
        from rpcstats.survival.cox_limits import confidence_limits

        return confidence_limits(
            self, method, parm, exponentiate=exponentiate, conf_level=conf_level
        )
