"""A fitted joint model of goal ratings and dropout."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import chi_square_p
from rpcstats._numerics.optimise import OptSummary
from rpcstats._vocabulary import (
    COMPONENT,
    CONVERGED,
    DF,
    MEASURE,
    P_VALUE,
    STATISTIC,
    ReleaseKind,
)
from rpcstats.designs.missing.joint_parameters import Model, ModelParameters, unpack
from rpcstats.designs.missing.joint_report import covariances, named_parts, summary_of
from rpcstats.errors import ParameterError
from rpcstats.mixed.coefficients import coefficient_table
from rpcstats.mixed.varcorr import VarCorr
from rpcstats.tables.summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]

BY_CLUSTER: Final = "Wald, robust to clusters"
WITHOUT_CLUSTERS: Final = "likelihood ratio, clusters ignored"

EDGE: Final = 1e-3
"""A standard deviation below this, in residual standard deviations, is taken to be 0."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class JointModelFit:
    """Joint model of ratings and dropout, fitted by maximum likelihood.

    Attributes
    ----------
    model : Model
        Data, what is shared, link, and number of quadrature nodes.
    theta : ndarray of shape (P,)
        Parameters: intercept and slope of the mean (from the mean rating), the root of the
        covariance of parents' intercepts and slopes, standard deviation of goals, log of the
        residual one, sessions, covariates of dropout, association. Of an ordinal outcome the
        thresholds come first, for the constant, and there is no residual one, which is 1.
    influence : ndarray of shape (m, P)
        How far each of the m clusters moved the parameters.
    cov_model : ndarray of shape (P, P)
        Inverse of the observed information, which takes parents as independent.
    log_lik : float
        Log-likelihood of ratings and dropout.
    separate : JointModelFit or None
        The fit without association, which takes ratings as missing at random; None if this one
        is without.
    optimum : OptSummary
        Record of the search.
    quadrature_error : float
        Change of the log-likelihood with twice the nodes (two more for an ordinal outcome).
    remarks, trouble : tuple of str
        What a reader should know; why the estimates are not to be relied on, if so.
    conf_level : float
        Level of the limits.
    """

    release_kind: ClassVar[ReleaseKind] = "effects"

    model: Model
    theta: FloatArray
    influence: FloatArray
    cov_model: FloatArray
    log_lik: float
    separate: "JointModelFit | None"
    optimum: OptSummary
    quadrature_error: float
    remarks: tuple[str, ...]
    trouble: tuple[str, ...]
    conf_level: float

    @property
    def parameters(self) -> ModelParameters:
        """Parameters by their part of the model."""
        return unpack(self.model, self.theta)

    @property
    def converged(self) -> bool:
        """Whether the conditions of a maximum hold and every estimate is finite."""
        return self.optimum.converged and not self.trouble

    @property
    def is_singular(self) -> bool:
        """Whether a standard deviation is 0, or intercept and slope are one."""
        l1, _, l3, tau, sigma = self.parameters.spread
        sizes = [abs(l1), abs(l3)]
        if self.model.data.has_goals:
            sizes.append(abs(tau))
        return bool(min(sizes) < EDGE * sigma)

    @property
    def cov(self) -> FloatArray:
        """Covariance of the parameters by the scores of clusters, of shape (P, P)."""
        m = len(self.influence)
        return np.asarray(m / (m - 1.0) * self.influence.T @ self.influence)

    @property
    def df(self) -> float:
        """Degrees of freedom of the t distributions: clusters less one."""
        return len(self.influence) - 1.0

    def tidy(self, *, conf_level: float | None = None) -> pd.DataFrame:
        """Give one row per coefficient.

        Parameters
        ----------
        conf_level : float, optional
            Level of the limits; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns component, term, estimate, std_error, statistic, df, p_value, conf_low,
            conf_high. Component "trajectory" is in points of rating ("stage" terms: over the
            whole course); "dropout" on the scale of the link; "association" on that scale for
            each point of the parent's own slope (intercept, level). Of an ordinal outcome
            standard deviations of a rating stand for points, and component "threshold" comes
            first.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        level = self.conf_level if conf_level is None else conf_level
        parts = named_parts(self.model)
        where = np.concatenate([places for _, _, places in parts])
        estimate = self.theta[where].copy()
        if self.model.outcome == "linear":
            estimate[0] += self.model.data.centre
        names = [name for _, group, _ in parts for name in group]
        error = np.sqrt(np.diag(self.cov)[where])
        frame = coefficient_table(
            names, estimate, error, df=np.full(len(names), self.df), conf_level=level
        )
        component = [part for part, group, _ in parts for _ in group]
        frame.insert(0, COMPONENT, component)
        return frame

    def varcorr(self) -> VarCorr:
        """Give standard deviations and the correlation of the random effects.

        Returns
        -------
        VarCorr
            Parents (intercept and slope), goals within parents, and the residual, which is 1
            for an ordinal outcome.
        """
        return covariances(self.model, self.parameters.spread)

    def association_test(self) -> pd.DataFrame:
        """Test that dropout does not depend on the parents' own trajectories.

        Returns
        -------
        pandas.DataFrame
            Columns measure, statistic, df, p_value: Wald's test with cluster-robust covariance;
            and the likelihood ratio, which takes all parents as independent, those of one
            cluster too, and is too sure of itself where they are alike.

        Raises
        ------
        ParameterError
            If nothing is shared.

        Notes
        -----
        At no association the two parts come apart, and the ratings are missing at random given
        covariates and ratings seen. A test that finds nothing does not show that they are: its
        power is low, and it knows dependence only of the form the model has.
        """
        q = self.model.sizes[5]
        if self.separate is None:
            raise ParameterError("share is none", ["there is no association to test"])
        phi, V = self.theta[-q:], self.cov[-q:, -q:]
        wald = float(phi @ np.linalg.solve(V, phi))
        ratio = max(2.0 * (self.log_lik - self.separate.log_lik), 0.0)
        statistic = np.array([wald, ratio])
        return pd.DataFrame(
            {
                MEASURE: [BY_CLUSTER, WITHOUT_CLUSTERS],
                STATISTIC: statistic,
                DF: float(q),
                P_VALUE: chi_square_p(statistic, q),
            }
        )

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole fit.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs (ratings), n_event (dropouts), n_parent, n_group (clusters), log_lik,
            df, aic, bic (with the number of parents), outcome, share, link, nagq, converged,
            is_singular.
        """
        data, P = self.model.data, self.model.n_parameter
        row: dict[str, Any] = {
            "n_obs": data.n_rating,
            "n_event": data.n_event,
            "n_parent": data.n,
            "n_group": data.n_cluster,
            "log_lik": self.log_lik,
            DF: P,
            "aic": 2.0 * P - 2.0 * self.log_lik,
            "bic": float(np.log(data.n)) * P - 2.0 * self.log_lik,
            "outcome": self.model.outcome,
            "share": self.model.share,
            "link": self.model.link,
            "nagq": self.model.n_node,
            CONVERGED: self.converged,
            "is_singular": self.is_singular,
        }
        return pd.DataFrame([row])

    def trajectory(self, *, conf_level: float | None = None) -> pd.DataFrame:
        """Give the mean trajectory, by this model and with ratings taken as missing at random.

        Parameters
        ----------
        conf_level : float, optional
            Level of the limits; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns series, stage, n_obs, estimate, std_error, conf_low, conf_high.
        """
        from rpcstats.designs.missing.joint_trajectory import trajectory_frame

        return trajectory_frame(self, self.conf_level if conf_level is None else conf_level)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the mean trajectory by this model over that with ratings missing at random.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.compared_trajectories import compared_trajectories

        return compared_trajectories(self.trajectory(), ax=ax, ylabel="Mean rating")

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        return summary_of(self)

    def __repr__(self) -> str:
        """Give the summary as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
