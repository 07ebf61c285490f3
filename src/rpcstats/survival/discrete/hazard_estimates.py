"""Estimates of a hazard by session."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.optimise import OptSummary
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, GLANCE, TERM
from rpcstats.mixed.coefficients import coefficient_table
from rpcstats.survival.discrete._links import LinkName
from rpcstats.survival.discrete._robust import Influence, cluster_counts
from rpcstats.survival.discrete.sample import DiscreteSample

if TYPE_CHECKING:
    from rpcstats.mixed.general_fit import GeneralMixedFit

FloatArray = NDArray[np.float64]
PredictionKind = Literal["hazard", "survival", "completion"]
Average = Literal["conditional", "population"]

MEASURES: Final = {"logit": "odds ratio", "cloglog": "hazard ratio"}
"""What e to the power of a coefficient is."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class DiscreteHazardEstimates:
    """Estimates of a hazard by session, by maximum likelihood.

    Attributes
    ----------
    sample : DiscreteSample
        Cells, encodings and rows.
    link : {"logit", "cloglog"}
        Scale on which covariates add up.
    beta : ndarray of shape (p,)
        Coefficients; fixed effects where there are random ones.
    cov : ndarray of shape (p, p)
        Their covariance, cluster-robust where the formula has cluster().
    cov_model : ndarray of shape (p, p)
        Their covariance if the model is right.
    df : ndarray of shape (p,)
        Degrees of freedom of each; infinite for the normal distribution.
    parts : tuple of Influence
        Influences of the clusters; none without cluster().
    errors : str
        "model", "CR0", "CR1", "CR1S" or "CR2".
    log_lik : float
        Log-likelihood of the person-sessions.
    optimum : OptSummary
        How it was searched for.
    firth : bool
        Whether the score was adjusted for bias.
    conf_level : float
        Level of the intervals.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    trouble : tuple of str
        Why the estimates are not to be relied on, if so; among the remarks too.
    finite : ndarray of shape (p,), bool
        Whether each coefficient has a finite estimate; that of a session without an event has
        none, and counts as a hazard of 0.
    mixed : GeneralMixedFit or None
        The mixed model, where the formula has random terms.
    """

    sample: DiscreteSample
    link: LinkName
    beta: FloatArray
    cov: FloatArray
    cov_model: FloatArray
    df: FloatArray
    parts: tuple[Influence, ...]
    errors: str
    log_lik: float
    optimum: OptSummary
    firth: bool
    conf_level: float
    remarks: tuple[str, ...]
    trouble: tuple[str, ...]
    finite: NDArray[np.bool_]
    mixed: "GeneralMixedFit | None" = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return self.sample.names

    @property
    def n_missing(self) -> int:
        """Rows left out because a value was missing."""
        return self.sample.rows.n_missing

    @property
    def n_parameter(self) -> int:
        """Parameters counted by AIC and BIC."""
        n_theta = 0 if self.mixed is None else len(self.mixed.theta)
        return int(self.finite.sum()) + n_theta

    @property
    def std_error(self) -> FloatArray:
        """Standard errors, of shape (p,); NaN where there is no finite estimate."""
        variance = np.diag(self.cov)
        return np.sqrt(np.where(self.finite & (variance >= 0.0), variance, np.nan))

    @property
    def measure(self) -> str:
        """What e to the power of a coefficient is: an odds ratio or a hazard ratio."""
        return MEASURES[self.link]

    def vcov(self) -> FloatArray:
        """Give the covariance of the coefficients.

        Returns
        -------
        ndarray of shape (p, p)
            A copy.
        """
        return self.cov.copy()

    def tidy(self, *, exponentiate: bool = False, conf_level: float | None = None) -> pd.DataFrame:
        """Give one row per coefficient.

        Parameters
        ----------
        exponentiate : bool
            Whether to give e to the power of estimates and limits: odds ratios under the logit
            link, hazard ratios under the cloglog link. The standard error stays that of the log.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, std_error, statistic, df, p_value, conf_low, conf_high; df is
            infinite where the statistic is taken as normal. A session without an event has the
            estimate minus infinity, and no standard error.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        return coefficient_table(
            self.names,
            np.where(self.finite, self.beta, -np.inf),
            self.std_error,
            df=self.df,
            conf_level=self.conf_level if conf_level is None else conf_level,
            exponentiate=exponentiate,
        )

    def confint(self, *, conf_level: float | None = None) -> pd.DataFrame:
        """Give the limits of each coefficient.

        Parameters
        ----------
        conf_level : float, optional
            Level; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns term, conf_low, conf_high.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        return self.tidy(conf_level=conf_level)[[TERM, CONF_LOW, CONF_HIGH]]

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole fit.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs (person-sessions), n_event, n_group (clusters, or levels of the first
            grouping factor; missing if there are none), log_lik, df (parameters), aic, bic,
            converged, errors, n_missing.
        """
        k, n = self.n_parameter, self.sample.n_obs
        row = (
            n,
            self.sample.n_event,
            self._n_group(),
            self.log_lik,
            k,
            2.0 * k - 2.0 * self.log_lik,
            np.log(n) * k - 2.0 * self.log_lik,
            self.optimum.converged and not self.trouble,
        )
        table = {name: [value] for name, value in zip(GLANCE, row, strict=True)}
        frame = pd.DataFrame(table | {"errors": [self.errors], "n_missing": [self.n_missing]})
        return frame.astype({"n_group": "Int64"})

    def life_table(self) -> pd.DataFrame:
        """Count who was at risk and who left at each session.

        Returns
        -------
        pandas.DataFrame
            Columns session, n_risk, n_event, estimate (their ratio) and std_error,
            √(h(1 - h)/n).
        """
        n, d = self.sample.life_table()
        hazard = d[0] / n
        return pd.DataFrame(
            {
                "session": self.sample.rows.sessions.to_numpy(),
                "n_risk": n.astype(np.int64),
                "n_event": d[0].astype(np.int64),
                "estimate": hazard,
                "std_error": np.sqrt(hazard * (1.0 - hazard) / n),
            }
        )

    def _n_group(self) -> Any:
        if self.mixed is not None:
            return self.mixed.frame.blocks[0].n_level
        return cluster_counts(self.parts)[0] if self.parts else pd.NA
