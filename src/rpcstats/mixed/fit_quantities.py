"""The quantities that every fitted mixed model has."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rpcstats._numerics.optimise import OptSummary
from rpcstats.mixed.linear.evaluation import Modes
from rpcstats.mixed.structure.model_frame import FloatArray, ModelFrame
from rpcstats.mixed.wording import is_singular


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FitQuantities(ABC):
    """A mixed model at the optimum of its criterion: what other methods are built on.

    Attributes
    ----------
    frame : ModelFrame
        Checked arrays of the data.
    optimum : OptSummary
        How the optimum was searched for.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    trouble : tuple of str
        Why the estimates are not to be relied on, if so; among the remarks too.
    """

    frame: ModelFrame
    optimum: OptSummary
    remarks: tuple[str, ...]
    trouble: tuple[str, ...] = ()

    @property
    @abstractmethod
    def beta(self) -> FloatArray:
        """Fixed effects, of shape (p,)."""

    @property
    @abstractmethod
    def theta(self) -> FloatArray:
        """Covariance parameters, of shape (k,)."""

    @property
    @abstractmethod
    def theta_scale(self) -> FloatArray:
        """What frees the covariance parameters of units, of shape (k,)."""

    @property
    @abstractmethod
    def sigma(self) -> float | None:
        """Residual standard deviation by which `theta` is relative; None if there is none."""

    @property
    @abstractmethod
    def cov(self) -> FloatArray:
        """Covariance of the fixed effects, of shape (p, p)."""

    @property
    @abstractmethod
    def deviance(self) -> float:
        """-2 log-likelihood with every constant."""

    @property
    @abstractmethod
    def n_parameter(self) -> int:
        """Parameters counted by AIC and BIC."""

    @abstractmethod
    def fitted(self) -> FloatArray:
        """Fitted values with the random effects at their modes, of shape (n_obs,)."""

    @abstractmethod
    def _modes(self) -> tuple[Modes, ...]: ...

    @abstractmethod
    def _observed(self) -> FloatArray: ...

    @abstractmethod
    def _fitted_marginal(self) -> FloatArray: ...

    @abstractmethod
    def _standardised(self) -> FloatArray: ...

    @property
    @abstractmethod
    def criterion(self) -> str:
        """What was optimised: "reml", "ml", "laplace" or "agq 7"."""

    @property
    @abstractmethod
    def heading(self) -> str:
        """What was fitted, in words."""

    @abstractmethod
    def tidy(self, *, conf_level: float = 0.95, exponentiate: bool = False) -> pd.DataFrame:
        """Give one row per coefficient.

        Parameters
        ----------
        conf_level : float
            Level of the intervals.
        exponentiate : bool
            Whether to give e to the power of estimates and limits.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, std_error, statistic, df, p_value, conf_low, conf_high.
        """

    @abstractmethod
    def _simulate(self, rng: np.random.Generator, n: int, conditional: bool) -> FloatArray: ...

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the p fixed effects."""
        return self.frame.names

    @property
    def std_error(self) -> FloatArray:
        """Standard errors of the fixed effects, of shape (p,)."""
        return np.sqrt(np.diag(self.cov))

    @property
    def log_lik(self) -> float:
        """Log-likelihood."""
        return -0.5 * self.deviance

    @property
    def n_obs(self) -> int:
        """Rows used."""
        return len(self.frame.y)

    @property
    def aic(self) -> float:
        """Deviance plus twice the parameters."""
        return self.deviance + 2.0 * self.n_parameter

    @property
    def bic(self) -> float:
        """Deviance plus log(n_obs) times the parameters."""
        return self.deviance + float(np.log(self.n_obs)) * self.n_parameter

    @property
    def is_singular(self) -> bool:
        """Whether a variance is 0 or random effects are perfectly correlated."""
        return is_singular(self.frame.blocks, self.theta, self.theta_scale)

    @property
    def converged(self) -> bool:
        """Whether the conditions of an optimum hold."""
        return self.optimum.converged
