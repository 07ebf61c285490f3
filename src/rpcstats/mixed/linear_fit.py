"""A fitted linear mixed model: what it says of the rows."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from rpcstats.errors import ParameterError
from rpcstats.mixed.linear_estimates import LinearEstimates
from rpcstats.mixed.linear_predictor import fitted_rows, marginal_predictor, random_part
from rpcstats.mixed.mixed_fit import Interval, Level
from rpcstats.mixed.structure.model_frame import FloatArray

LinearResidual = Literal["conditional", "marginal", "pearson", "standardised", "normalised"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class LinearMixedFit(LinearEstimates):
    """Linear mixed model fitted by REML or ML.

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

    def fitted(self) -> FloatArray:
        """Give the fitted values, random effects at their modes.

        Returns
        -------
        ndarray of shape (n_obs,)
            Offset, fixed and random parts of the rows used.
        """
        modes = [part.estimate for part in self._modes()]
        return self._fitted_marginal() + random_part(fitted_rows(self.frame), modes)

    def residuals(self, kind: LinearResidual = "conditional") -> FloatArray:
        """Give residuals of the rows used.

        Parameters
        ----------
        kind : {"conditional", "marginal", "pearson", "standardised", "normalised"}
            Response minus the fitted value; minus the fixed part alone; the conditional one
            times the root of its weight, over the ratio of its level where levels have
            standard deviations of their own; that divided by sigma; and that with the
            correlation along series taken out.

        Returns
        -------
        ndarray of shape (n_obs,)
            The residuals.

        Raises
        ------
        ParameterError
            If `kind` is unknown.
        """
        if kind == "marginal":
            return self.frame.y - self._fitted_marginal()
        if kind not in ("conditional", "pearson", "standardised", "normalised"):
            raise ParameterError(
                "kind is unknown",
                ["choose conditional, marginal, pearson, standardised or normalised"],
            )
        residual = self.frame.y - self.fitted()
        if kind == "conditional":
            return residual
        if self.residual is not None:
            white = self.residual.whitening
            pearson = white.whiten(residual) if kind == "normalised" else residual / white.spread
        else:
            weights = self.frame.weights
            pearson = residual if weights is None else residual * np.sqrt(weights)
        return pearson if kind == "pearson" else pearson / self.sigma

    def predict(
        self,
        newdata: Any = None,
        *,
        level: Level = "conditional",
        interval: Interval | None = None,
        conf_level: float = 0.95,
    ) -> pd.DataFrame:
        """Predict the response of rows old or new.

        Parameters
        ----------
        newdata : frame, optional
            Rows with every column of the formula but the response; the rows of the fit if
            not given.
        level : {"conditional", "population", "new_group"}
            With the modes of each row's levels (0 for a level the fit has not seen); with every
            random effect 0; or for levels drawn anew.
        interval : {"confidence", "prediction"}, optional
            For the mean of the row, or for one new value of it.
        conf_level : float
            Level of the interval.

        Returns
        -------
        pandas.DataFrame
            Column estimate; with an interval also std_error, conf_low, conf_high.

        Raises
        ------
        ParameterError
            If an option is unknown or out of range.

        Notes
        -----
        The standard error of a conditional prediction is that of x'β̂ + z'b̂ about x'β + z'b
        (Henderson 1975), a level not seen counting with its whole variance; that of a
        population or new-group mean is that of x'β̂. A prediction interval adds the residual
        variance, and for new groups that of the random effects. The variances are taken as
        known and the limits as normal, except for the mean of a population or of new groups,
        which take Satterthwaite's degrees of freedom where the residuals have no structure. New
        rows count with weight 1, and a residual correlated with those of the fit is not
        predicted from them.
        """
        from rpcstats.mixed.predict import predict_linear

        return predict_linear(self, newdata, level=level, interval=interval, conf_level=conf_level)

    def refit_ml(self) -> "LinearMixedFit":
        """Fit the same model by maximum likelihood.

        Returns
        -------
        LinearMixedFit
            This fit if it is one by maximum likelihood.
        """
        from rpcstats.mixed.estimate_linear import estimate_linear

        rows = None if self.residual is None else self.residual.rows
        return self if self.method == "ml" else estimate_linear(self.frame, "ml", self.theta, rows)

    def _observed(self) -> FloatArray:
        return self.frame.y.copy()

    def _fitted_marginal(self) -> FloatArray:
        return marginal_predictor(fitted_rows(self.frame), self.beta)

    def _standardised(self) -> FloatArray:
        return self.residuals("standardised")

    def _simulate(self, rng: np.random.Generator, n: int, conditional: bool) -> FloatArray:
        from rpcstats.mixed.simulate import simulate_linear

        return simulate_linear(self, rng, n, conditional=conditional)
