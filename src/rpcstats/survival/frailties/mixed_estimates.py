"""What a Cox regression with random effects estimates."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._numerics.optimise import OptSummary
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, TERM
from rpcstats.mixed.coefficients import coefficient_table
from rpcstats.mixed.structure.model_frame import Block, split_theta
from rpcstats.mixed.wording import SINGULAR, is_singular
from rpcstats.survival.frailties._estimation import Estimation
from rpcstats.survival.partial.event_terms import Ties
from rpcstats.survival.structure.hazard_frame import HazardFrame

FloatArray = NDArray[np.float64]
Distribution = Literal["gamma", "gaussian"]
Curvature = Literal["sparse", "full"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class MixedEstimates:
    """Estimates of a Cox regression with random effects.

    Attributes
    ----------
    frame : HazardFrame
        Checked data; columns without an estimate left out.
    blocks : tuple of Block
        Random effects; the groups of a frailty as an intercept.
    distribution : {"gamma", "gaussian"}
        Gamma frailties multiply the hazard, of mean 1; normal effects add to its log.
    ties : {"efron", "breslow"}
        How tied events were treated.
    curvature : {"sparse", "full"}
        Whether the curvature that small groups share was left out.
    is_theta_given : bool
        Whether the variance of the frailty was given.
    beta : ndarray of shape (p,)
        Coefficients, logs of hazard ratios between members of one group.
    cov : ndarray of shape (p, p)
        Their covariance, the variances of the random effects taken as known.
    cov_fixed : ndarray of shape (p, p)
        The smaller covariance of Gray (1992), R's `var2`, for comparison.
    theta : ndarray of shape (k,)
        Variance of a gamma frailty; else covariance parameters, see `Block`.
    theta_cov : ndarray of shape (k, k)
        Their covariance; NaN at the boundary, and where the variance was given.
    log_lik : float
        Integrated log-likelihood.
    log_lik_penalised, log_lik_partial : float
        Log partial likelihood at the modes, with and without the penalty.
    log_lik_plain, log_lik_null : float
        Log partial likelihood without random effects, and of coefficients 0.
    estimation : Estimation
        The engine at the estimates.
    optimum : OptSummary
        How the maximum was searched for.
    conf_level : float
        Level of the intervals.
    trouble : tuple of str
        Why the estimates are not to be relied on, if so; among the remarks too.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    frame: HazardFrame
    blocks: tuple[Block, ...]
    distribution: Distribution
    ties: Ties
    curvature: Curvature
    is_theta_given: bool
    beta: FloatArray
    cov: FloatArray
    cov_fixed: FloatArray
    theta: FloatArray
    theta_cov: FloatArray
    log_lik: float
    log_lik_penalised: float
    log_lik_partial: float
    log_lik_plain: float
    log_lik_null: float
    estimation: Estimation
    optimum: OptSummary
    conf_level: float
    trouble: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return self.frame.names

    @property
    def heading(self) -> str:
        """What was fitted, in words."""
        what = {
            "gamma": "gamma frailties",
            "gaussian": "normal random effects (the Laplace approximation)",
        }[self.distribution]
        return f"Cox model with {what}, {self.ties} ties: {self.frame.design.formula.text}"

    @property
    def n_obs(self) -> int:
        """Number of rows used."""
        return self.frame.n_obs

    @property
    def n_event(self) -> int:
        """Number of events."""
        return self.frame.n_event

    @property
    def n_missing(self) -> int:
        """Rows left out for a missing value."""
        return self.frame.n_missing

    @property
    def n_group(self) -> int:
        """Levels of the first grouping factor."""
        return self.blocks[0].n_level

    @property
    def n_parameter(self) -> int:
        """Coefficients and variances or covariances estimated."""
        return len(self.beta) + (0 if self.is_theta_given else len(self.theta))

    @property
    def std_error(self) -> FloatArray:
        """Standard errors of the coefficients, of shape (p,)."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.sqrt(np.diag(self.cov)))

    @property
    def degrees_of_freedom(self) -> tuple[float, float]:
        """Effective number of coefficients, and of random effects.

        Returns
        -------
        fixed : float
            The number of coefficients for normal effects, as in coxme; for gamma frailties as in
            R's coxph the sum of tr(V⁻¹ V₂) over terms.
        random : float
            Of random effects, over all terms.
        """
        fixed, random = self.estimation.degrees_of_freedom(self.names)
        return (fixed if self.distribution == "gamma" else float(len(self.beta))), random

    @property
    def converged(self) -> bool:
        """Whether the searches ended at a maximum."""
        return not self.trouble

    @property
    def is_singular(self) -> bool:
        """Whether a variance of the random effects is 0, or effects are perfectly correlated."""
        if self.distribution == "gamma":
            return bool(self.theta[0] < SINGULAR**2)
        sizes = [np.sqrt((block.Z**2).mean(axis=0))[block.rows] for block in self.blocks]
        return is_singular(self.blocks, self.theta, np.concatenate(sizes))

    @property
    def aic(self) -> float:
        """Akaike's criterion of the integrated likelihood."""
        return -2.0 * self.log_lik + 2.0 * self.n_parameter

    @property
    def bic(self) -> float:
        """Schwarz's criterion, counting events (Volinsky and Raftery 2000)."""
        return -2.0 * self.log_lik + float(np.log(self.n_event)) * self.n_parameter

    def tidy(self, *, exponentiate: bool = False, conf_level: float | None = None) -> pd.DataFrame:
        """Give one row per coefficient.

        Parameters
        ----------
        exponentiate : bool
            Whether to give hazard ratios; the standard error stays that of the log.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, std_error, statistic, df, p_value, conf_low, conf_high; df
            is missing, the statistic being taken as normal.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        level = self.conf_level if conf_level is None else conf_level
        return coefficient_table(
            self.names, self.beta, self.std_error, conf_level=level, exponentiate=exponentiate
        )

    def vcov(self) -> pd.DataFrame:
        """Give the covariance of the coefficients.

        Returns
        -------
        pandas.DataFrame
            Square, rows and columns named.
        """
        return pd.DataFrame(self.cov.copy(), index=list(self.names), columns=list(self.names))

    def confint(
        self, *, exponentiate: bool = False, conf_level: float | None = None
    ) -> pd.DataFrame:
        """Give Wald intervals of the coefficients.

        Parameters
        ----------
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
            If the level is outside (0, 1).
        """
        normal_quantile(self.conf_level if conf_level is None else conf_level)
        table = self.tidy(exponentiate=exponentiate, conf_level=conf_level)
        return table[[TERM, ESTIMATE, CONF_LOW, CONF_HIGH]]

    def factors(self) -> list[FloatArray]:
        """Give Λ of each grouping factor.

        Returns
        -------
        list of ndarray of shape (q, q)
            Lower triangular; of a gamma frailty the square root of its variance.
        """
        theta = np.sqrt(self.theta) if self.distribution == "gamma" else self.theta
        parts = split_theta(self.blocks, theta)
        return [block.factor(part) for block, part in zip(self.blocks, parts, strict=True)]

    def conditional_estimates(self) -> list[FloatArray]:
        """Give the modes of the effects alone.

        Returns
        -------
        list of ndarray of shape (L, q)
            One array a grouping factor.
        """
        modes = self.estimation.modes
        parts = self.estimation.columns.split(modes.u)
        return [u @ Lambda.T for u, Lambda in zip(parts, modes.factors, strict=True)]
