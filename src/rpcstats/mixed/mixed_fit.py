"""What every fitted mixed model tells of itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from rpcstats._vocabulary import AUGMENT
from rpcstats.mixed.conditional_modes import ConditionalModes, conditional_modes
from rpcstats.mixed.fit_quantities import FitQuantities
from rpcstats.mixed.fit_report import glance_of, summary_of
from rpcstats.mixed.plots import PlotKind, draw_fit
from rpcstats.mixed.structure.model_frame import FloatArray
from rpcstats.mixed.varcorr import VarCorr, var_corr
from rpcstats.mixed.wording import group_sizes
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rpcstats.mixed.means import MarginalMeans

Level = Literal["conditional", "population", "new_group"]
Interval = Literal["confidence", "prediction"]
IntervalMethod = Literal["wald", "profile", "bootstrap"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class MixedFit(FitQuantities):
    """A fitted mixed model and what can be asked of it.

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

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole fit.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_group (levels of the first factor), groups (all factors in words),
            log_lik, deviance, df (parameters), aic, bic, sigma, method, converged,
            is_singular, n_missing. Under REML likelihoods compare only models with the same
            fixed effects.
        """
        return glance_of(self)

    def varcorr(self) -> VarCorr:
        """Give standard deviations and correlations of the random effects.

        Returns
        -------
        VarCorr
            The variance components, the residual's included where the family has one.
        """
        return var_corr(self.frame.blocks, self.theta, self.sigma)

    def conditional_modes(self) -> ConditionalModes:
        """Give the modes of the random effects of every level.

        Returns
        -------
        ConditionalModes
            Modes with their standard errors given the data and the other parameters; in a
            linear model the modes are the best linear predictions.
        """
        scale = 1.0 if self.sigma is None else self.sigma**2
        return conditional_modes(self.frame.blocks, self._modes(), scale)

    def augment(self) -> pd.DataFrame:
        """Give one row per row used, with what the model says of it.

        Returns
        -------
        pandas.DataFrame
            Columns row (position in the data), observed, fitted, fitted_marginal (random effects
            0), residual, residual_standardised (divided by its standard deviation).
        """
        observed, fitted = self._observed(), self.fitted()
        columns = (
            self.frame.kept.copy(),
            observed,
            fitted,
            self._fitted_marginal(),
            observed - fitted,
            self._standardised(),
        )
        return pd.DataFrame(dict(zip(AUGMENT, columns, strict=True)))

    def confint(
        self,
        method: IntervalMethod = "wald",
        parm: str | Sequence[str] | None = None,
        *,
        conf_level: float = 0.95,
        n: int = 1000,
        seed: int | None = None,
        workers: int = 1,
    ) -> pd.DataFrame:
        """Give intervals of the parameters.

        Parameters
        ----------
        method : {"wald", "profile", "bootstrap"}
            Wald: estimate ± quantile times standard error, fixed effects only, with
            Satterthwaite's degrees of freedom in a linear model and the normal's quantile in
            others. Profile: of the likelihood, so a REML fit is fitted again by ML. Bootstrap:
            percentiles of refits to data drawn from the fit.
        parm : str or sequence of str, optional
            Names such as "Days", "sd_Days|Subject", "cor_Intercept.Days|Subject", "sigma";
            "beta_" for all fixed effects, "theta_" for all others. All if not given.
        conf_level : float
            Level of the intervals.
        n, seed, workers : int
            Data sets, seed and processes of a bootstrap.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, conf_low, conf_high.

        Raises
        ------
        ParameterError
            If an option is unknown or out of range.
        """
        from rpcstats.mixed.inference.confidence_limits import confidence_limits

        return confidence_limits(
            self, method, parm, conf_level=conf_level, n=n, seed=seed, workers=workers
        )

    def marginal_means(self, specs: str | Sequence[str] = (), **options: Any) -> "MarginalMeans":
        """Estimate the mean at each level of factors, averaged over the others.

        Parameters
        ----------
        specs : str or sequence of str
            Variables at whose values means are wanted.
        **options : object
            As in `rpcstats.marginal_means`: by, at, weights, df, conf_level, type, offset.

        Returns
        -------
        MarginalMeans
            The means.
        """
        from rpcstats.mixed.means import marginal_means

        return marginal_means(self, specs, **options)

    def simulate(self, n: int = 1, *, seed: int, conditional: bool = False) -> FloatArray:
        """Draw responses from the fitted model.

        Parameters
        ----------
        n : int
            Number of data sets, 1 or more.
        seed : int
            Seed of the random numbers.
        conditional : bool
            Whether the random effects stay at their modes; else they are drawn too.

        Returns
        -------
        ndarray of shape (n_obs, n)
            A data set a column, for the rows used: measured values, counts, proportions of
            the trials, or category codes from 0.

        Raises
        ------
        ParameterError
            If n is not a whole number of 1 or more, or the seed none of 0 or more.
        """
        from rpcstats.mixed.simulate import check_draws

        check_draws(n, seed)
        return self._simulate(np.random.default_rng(seed), int(n), conditional)

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        return summary_of(self)

    def plot(self, kind: PlotKind = "coefficients", **options: Any) -> "Figure":
        """Draw the fit.

        Parameters
        ----------
        kind : {"coefficients", "residuals", "trajectories"}
            Fixed effects with intervals; four checks of the residuals; or predictions along a
            covariate, of the population and of each level.
        **options
            Of "coefficients": exponentiate. Of "trajectories": newdata, x, by and the names of
            the axes, as `rpcstats.mixed.plots.draw_trajectories` takes them.

        Returns
        -------
        matplotlib.figure.Figure
            The picture.

        Raises
        ------
        ParameterError
            If the kind is unknown.
        """
        return draw_fit(self, kind, options)

    def __repr__(self) -> str:
        """Tell in one line what was fitted."""
        return (
            f"{type(self).__name__}({self.frame.design.formula.text}, {self.criterion},"
            f" {counted(self.n_obs, 'row')}, {group_sizes(self.frame.blocks)},"
            f" deviance {self.deviance:.4f})"
        )

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
