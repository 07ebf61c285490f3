"""A fitted Cox regression with gamma frailties or normal random effects."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from rpcstats.mixed.conditional_modes import ConditionalModes, conditional_modes
from rpcstats.mixed.linear.evaluation import Modes
from rpcstats.mixed.varcorr import VarCorr, var_corr
from rpcstats.survival.frailties.mixed_estimates import Curvature, MixedEstimates
from rpcstats.tables.summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.frailties.random_test import RandomEffectsTest

Level = Literal["conditional", "population"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class CoxMixedFit(MixedEstimates):
    """Cox regression with gamma frailties or normal random effects.

    What it estimates is told of in `MixedEstimates`.
    """

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole fit.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_group, groups, log_lik (integrated), log_lik_null,
            log_lik_penalised, df (parameters), df_penalised (effective number of coefficients
            and effects), aic, bic, distribution, converged, is_singular, n_missing.
        """
        from rpcstats.survival.frailties.report import glance_of

        return glance_of(self)

    def summary(self, *, exponentiate: bool = True) -> Summary:
        """Give a readable account.

        Parameters
        ----------
        exponentiate : bool
            Whether to show hazard ratios.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        from rpcstats.survival.frailties.report import summary_of

        return summary_of(self, exponentiate=exponentiate)

    def plot(self, ax: "Axes | None" = None, *, exponentiate: bool = True) -> "Axes":
        """Draw the coefficients with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, narrowed to make room for the names; a new figure if not given.
        exponentiate : bool
            Whether to show hazard ratios, on a logarithmic scale.

        Returns
        -------
        matplotlib.axes.Axes
            The axes drawn on.

        Raises
        ------
        ParameterError
            If there is no coefficient.
        """
        from rpcstats.survival.frailties.report import draw_coefficients

        return draw_coefficients(self, ax, exponentiate=exponentiate)

    def varcorr(self) -> VarCorr:
        """Give standard deviations and correlations of the effects on the log hazard.

        Returns
        -------
        VarCorr
            Of normal effects those of the log hazard; of a gamma frailty the standard deviation
            of the frailty itself, whose mean is 1.
        """
        theta = np.sqrt(self.theta) if self.distribution == "gamma" else self.theta
        return var_corr(self.blocks, theta, None)

    def conditional_modes(self) -> ConditionalModes:
        """Give the effect of every group on the log hazard.

        Returns
        -------
        ConditionalModes
            Modes of the effects (logs of the frailties) with standard errors given the data, the
            coefficients and the variances; its `plot` is a caterpillar plot.
        """
        estimation = self.estimation
        blocks = estimation.effect_blocks()
        parts = estimation.columns.split(estimation.modes.u)
        modes = [
            Modes(u @ Lambda.T, Lambda @ inverse @ Lambda.T)
            for u, inverse, Lambda in zip(parts, blocks, estimation.modes.factors, strict=True)
        ]
        return conditional_modes(self.blocks, modes, 1.0)

    def frailties(self, *, conf_level: float | None = None) -> pd.DataFrame:
        """Give what multiplies the hazard of every group.

        Parameters
        ----------
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns group, level, term, estimate, std_error, conf_low, conf_high. Gamma: mean,
            standard deviation and quantiles of the frailty given the data; normal: e to the power
            of the mode and its limits, the standard error being that of the log.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        from rpcstats.survival.frailties.predict import group_frailties

        return group_frailties(self, self.conf_level if conf_level is None else conf_level)

    def heterogeneity(self, *, conf_level: float | None = None) -> pd.DataFrame:
        """Tell how much groups differ, as spreads of hazard ratios and likeness within groups.

        Parameters
        ----------
        conf_level : float, optional
            Level of the profile intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns group, measure, estimate, conf_low, conf_high; see
            `rpcstats.survival.frailties.spread.heterogeneity`.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        from rpcstats.survival.frailties.spread import heterogeneity

        return heterogeneity(self, self.conf_level if conf_level is None else conf_level)

    def variance_intervals(self, *, conf_level: float | None = None) -> pd.DataFrame:
        """Give profile-likelihood intervals of the standard deviations.

        Parameters
        ----------
        conf_level : float, optional
            Level; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, conf_low, conf_high: "sd_Intercept|group_id", or for a gamma
            frailty "variance|group_id".

        Raises
        ------
        ParameterError
            If the level is outside (0, 1), or the variance was given.
        """
        from rpcstats.survival.frailties.profile import variance_intervals

        return variance_intervals(self, self.conf_level if conf_level is None else conf_level)

    def random_effects_test(self) -> "RandomEffectsTest":
        """Test whether groups differ: the model against that without random effects.

        Returns
        -------
        RandomEffectsTest
            Likelihood-ratio test, with the boundary taken into account.

        Raises
        ------
        ParameterError
            If the variance was given.
        """
        from rpcstats.survival.frailties.random_test import random_effects_test

        return random_effects_test(self)

    def predict(
        self,
        newdata: Any = None,
        *,
        level: Level = "conditional",
        exponentiate: bool = False,
        conf_level: float | None = None,
    ) -> pd.DataFrame:
        """Predict the linear predictor, with or without the effects of the groups.

        Parameters
        ----------
        newdata : frame, optional
            Rows with every covariate and grouping column; the rows of the fit if not given.
        level : {"conditional", "population"}
            With the modes of each row's groups (0 for a group the fit has not seen), or with
            effects 0.
        exponentiate : bool
            Whether to give hazard ratios against covariates 0.
        conf_level : float, optional
            Level of the intervals at level="population"; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Column estimate; at level="population" also std_error, conf_low, conf_high.

        Raises
        ------
        ParameterError
            If the level is unknown.
        DataError
            If a value is missing, or a category was not among those of the fit.
        """
        from rpcstats.survival.frailties.predict import predict

        wanted = self.conf_level if conf_level is None else conf_level
        return predict(self, newdata, level=level, exponentiate=exponentiate, conf_level=wanted)

    def baseline_hazard(self) -> pd.DataFrame:
        """Give the cumulative baseline hazard, of covariates 0 and effects 0.

        Returns
        -------
        pandas.DataFrame
            Columns strata, time, estimate, a row an event time.
        """
        from rpcstats.survival.frailties.predict import baseline_hazard

        return baseline_hazard(self)

    def refit(
        self, *, curvature: Curvature | None = None, theta: float | None = None
    ) -> "CoxMixedFit":
        """Fit again to the same data with another option.

        Parameters
        ----------
        curvature : {"sparse", "full"}, optional
            Whether the curvature that small groups share is left out; as before if not given.
        theta : float, optional
            Variance of a gamma frailty; estimated if not given.

        Returns
        -------
        CoxMixedFit
            The new fit.

        Raises
        ------
        ParameterError
            If an option is unknown, out of range or does not go with the formula.
        """
        from rpcstats.survival.frailties.fit import fit_mixed_cox

        return fit_mixed_cox(
            self.frame,
            ties=self.ties,
            conf_level=self.conf_level,
            curvature=self.curvature if curvature is None else curvature,
            theta=theta,
        )

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
