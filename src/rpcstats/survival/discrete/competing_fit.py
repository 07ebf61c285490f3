"""Fitted hazards by session of several causes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.optimise import OptSummary
from rpcstats._vocabulary import GLANCE, STATE, STRATA, TIME
from rpcstats.mixed.coefficients import coefficient_table
from rpcstats.survival.discrete._robust import Influence, cluster_counts
from rpcstats.survival.discrete.sample import DiscreteSample
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class DiscreteCompetingFit:
    """Multinomial logit of the cause of leaving at each session.

    Attributes
    ----------
    sample : DiscreteSample
        Cells, encodings and rows.
    method : {"joint", "separate"}
        All causes at once; or each against staying, the sessions that end by others left out.
    beta : ndarray of shape (R, p)
        Coefficients of each cause against staying.
    cov : ndarray of shape (R p, R p)
        Their joint covariance, cause after cause; cluster-robust where the formula has cluster().
    cov_model : ndarray of shape (R p, R p)
        Their covariance if the model is right.
    df : float
        Degrees of freedom; infinite for the normal distribution.
    parts : tuple of Influence
        Influences of the clusters; none without cluster().
    errors : str
        "model", "CR0", "CR1" or "CR1S".
    log_lik : float
        Log-likelihood of the causes at the estimates.
    optimum : OptSummary
        How it was searched for.
    conf_level : float
        Level of the intervals.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    trouble : tuple of str
        Why the estimates are not to be relied on, if so; among the remarks too.
    finite : ndarray of shape (p,), bool
        Whether each coefficient has a finite estimate; that of a session without an event has
        none, and counts as a hazard of 0.
    """

    sample: DiscreteSample
    method: str
    beta: FloatArray
    cov: FloatArray
    cov_model: FloatArray
    df: float
    parts: tuple[Influence, ...]
    errors: str
    log_lik: float
    optimum: OptSummary
    conf_level: float
    remarks: tuple[str, ...]
    trouble: tuple[str, ...]
    finite: NDArray[np.bool_]

    @property
    def causes(self) -> tuple[str, ...]:
        """Labels of the causes."""
        return self.sample.rows.causes

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients of each cause."""
        return self.sample.names

    @property
    def n_missing(self) -> int:
        """Rows left out because a value was missing."""
        return self.sample.rows.n_missing

    @property
    def std_error(self) -> FloatArray:
        """Standard errors, of shape (R, p)."""
        found = np.sqrt(np.diag(self.cov)).reshape(self.beta.shape)
        return np.where(self.finite, found, np.nan)

    def vcov(self) -> FloatArray:
        """Give the joint covariance of the coefficients.

        Returns
        -------
        ndarray of shape (R p, R p)
            A copy, cause after cause.
        """
        return self.cov.copy()

    def tidy(self, *, exponentiate: bool = False, conf_level: float | None = None) -> pd.DataFrame:
        """Give one row per cause and coefficient.

        Parameters
        ----------
        exponentiate : bool
            Whether to give e to the power of estimates and limits: odds ratios of leaving for the
            cause against staying. The standard error stays that of the log.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns state (the cause), term, estimate, std_error, statistic, df, p_value,
            conf_low, conf_high.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        R, p = self.beta.shape
        table = coefficient_table(
            self.names * R,
            np.where(self.finite, self.beta, -np.inf).ravel(),
            self.std_error.ravel(),
            df=np.full(R * p, self.df),
            conf_level=self.conf_level if conf_level is None else conf_level,
            exponentiate=exponentiate,
        )
        table.insert(0, STATE, np.repeat(self.causes, p))
        return table

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole fit.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs (person-sessions), n_event, n_group (clusters; missing without),
            log_lik, df (parameters), aic, bic, converged, errors, n_missing.
        """
        k, n = int(self.finite.sum()) * len(self.causes), self.sample.n_obs
        row = (
            n,
            self.sample.n_event,
            cluster_counts(self.parts)[0] if self.parts else pd.NA,
            self.log_lik,
            k,
            2.0 * k - 2.0 * self.log_lik,
            np.log(n) * k - 2.0 * self.log_lik,
            self.optimum.converged and not self.trouble,
        )
        table = {name: [value] for name, value in zip(GLANCE, row, strict=True)}
        frame = pd.DataFrame(table | {"errors": [self.errors], "n_missing": [self.n_missing]})
        return frame.astype({"n_group": "Int64"})

    def incidence(
        self,
        newdata: Any = None,
        *,
        sessions: Sequence[float] | None = None,
        conf_level: float | None = None,
    ) -> pd.DataFrame:
        """Predict the chance to have left for each cause, and to be there, by session.

        Parameters
        ----------
        newdata : frame, optional
            One row a person with the covariates, which then hold at every session. May be left
            out if the model has no covariates.
        sessions : sequence of float, optional
            Sessions, from the first on; those of the fit if not given.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns row, state (a cause, or "staying"), session, estimate, std_error, conf_low,
            conf_high. Estimates of a row and session sum to 1.

        Raises
        ------
        ParameterError
            If the level or the sessions are out of range.
        DataError
            If a covariate is missing, or a category was not among those of the fit.

        Notes
        -----
        Limits by the delta method on the scale of log(-log(1 - F)), of log(-log S) for staying.
        """
        from rpcstats.survival.discrete.competing_incidence import predict_incidence

        level = self.conf_level if conf_level is None else conf_level
        return predict_incidence(self, newdata, sessions=sessions, conf_level=level)

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        how = "all causes at once" if self.method == "joint" else "cause by cause"
        heading = f"Causes by session (multinomial logit, {how}): {self.sample.formula.text}"
        sentence = "Estimates are logs of odds ratios against staying."
        if self.parts:
            n = counted(cluster_counts(self.parts)[0], "cluster")
            sentence += f" Cluster-robust standard errors ({self.errors}, {n})."
        return Summary(heading, (self.tidy(), self.glance()), " ".join([sentence, *self.remarks]))

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        newdata: Any = None,
        names: Mapping[str, str] | None = None,
    ) -> "Axes":
        """Draw the chance to have left for each cause by session, with its interval.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure if not given.
        newdata : frame, optional
            One person with the covariates; may be left out if the model has none.
        names : mapping of str to str, optional
            Words for the causes.

        Returns
        -------
        matplotlib.axes.Axes
            The axes.
        """
        from rpcstats.figures.session_dots import session_dots
        from rpcstats.survival.discrete.competing_incidence import STAYING

        frame = self.incidence(newdata)
        frame = frame[(frame["row"] == 0) & (frame[STATE] != STAYING)]
        frame = frame.rename(columns={STATE: STRATA, "session": TIME})
        return session_dots(frame, ax=ax, names=names, ylabel="Have left, by reason")

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
