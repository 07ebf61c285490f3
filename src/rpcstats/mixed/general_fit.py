"""A fitted generalised or cumulative link mixed model: what it says of the rows."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from rpcstats.errors import ParameterError
from rpcstats.mixed.general_estimates import GeneralEstimates
from rpcstats.mixed.linear_predictor import fitted_rows, marginal_predictor, random_part
from rpcstats.mixed.mixed_fit import Interval, Level
from rpcstats.mixed.structure.model_frame import FloatArray

GeneralResidual = Literal["conditional", "marginal", "pearson"]
Scale = Literal["response", "link"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class GeneralMixedFit(GeneralEstimates):
    """Generalised or cumulative link mixed model fitted by ML.

    Attributes
    ----------
    frame : ModelFrame
        Checked arrays of the data.
    problem : GeneralProblem
        The engine, which can evaluate the deviance elsewhere.
    evaluation : GeneralEvaluation
        The deviance at the optimum.
    optimum : OptSummary
        How the optimum was searched for.
    parameter_cov : ndarray of shape (d, d)
        Covariance of β, θ and φ: the inverse of half the Hessian of the deviance; NaN for a
        diagonal of Λ at zero, and everywhere where the Hessian is not positive definite.
    is_free : ndarray of shape (d,), bool
        Whether each parameter could move; a diagonal of Λ at zero can't.
    response : ResponseModel
        Mean, spread and draws of the response.
    nagq : int
        Quadrature nodes an effect; 1 for the Laplace approximation.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    trouble : tuple of str
        Why the estimates are not to be relied on, if so; among the remarks too.
    """

    def fitted(self) -> FloatArray:
        """Give the means of the rows used, random effects at their modes.

        Returns
        -------
        ndarray of shape (n_obs,)
            On the scale of the response; for an ordered response the mean category number,
            counted from 1.
        """
        return self.response.mean(self._predictor(), self.extra)

    def residuals(self, kind: GeneralResidual = "conditional") -> FloatArray:
        """Give residuals of the rows used.

        Parameters
        ----------
        kind : {"conditional", "marginal", "pearson"}
            Response minus its fitted mean; minus the mean where random effects are 0; the
            conditional one divided by the standard deviation of its row.

        Returns
        -------
        ndarray of shape (n_obs,)
            The residuals; for an ordered response those of the category number. A Pearson
            residual is infinite for an outcome that the fit takes as impossible.

        Raises
        ------
        ParameterError
            If `kind` is unknown.
        """
        if kind not in ("conditional", "marginal", "pearson"):
            raise ParameterError("kind is unknown", ["choose conditional, marginal or pearson"])
        eta = self._predictor(marginal=kind == "marginal")
        residual = self._observed() - self.response.mean(eta, self.extra)
        if kind != "pearson":
            return residual
        spread = np.sqrt(self.response.variance(eta, self.extra, self.frame.weights))
        certain = spread == 0.0  # a probability that is 0 or 1 to the last digit
        beyond = np.where(residual == 0.0, 0.0, np.copysign(np.inf, residual))
        return np.where(certain, beyond, residual / np.where(certain, 1.0, spread))

    def predict(
        self,
        newdata: Any = None,
        *,
        level: Level = "conditional",
        interval: Interval | None = None,
        conf_level: float = 0.95,
        type: Scale = "response",
    ) -> pd.DataFrame:
        """Predict the mean of rows old or new, or the probability of each category.

        Parameters
        ----------
        newdata : frame, optional
            Rows with every column of the formula but the response; the rows of the fit if
            not given.
        level : {"conditional", "population", "new_group"}
            With the modes of each row's levels (0 for a level the fit has not seen); with every
            random effect 0; or averaged over the random effects of levels drawn anew.
        interval : {"confidence", "prediction"}, optional
            For the mean; or, with level="new_group", for the mean of one new level.
        conf_level : float
            Level of the interval.
        type : {"response", "link"}
            Means, or for an ordered response probabilities; or the linear predictor.

        Returns
        -------
        pandas.DataFrame
            Column estimate; with an interval also std_error, conf_low, conf_high. For the
            probabilities of an ordered response a row each, after row and category.

        Raises
        ------
        ParameterError
            If an option is unknown or out of range.

        Notes
        -----
        Limits are symmetric on the scale of the link (of the logit for probabilities of
        categories). Standard errors are by the delta method from the joint covariance of the
        parameters; those of conditional predictions take θ as known and count the error of the
        modes, a level not seen with its whole variance.
        """
        from rpcstats.mixed.predict_general import predict_general

        return predict_general(
            self, newdata, level=level, interval=interval, conf_level=conf_level, scale=type
        )

    def _predictor(self, *, marginal: bool = False) -> FloatArray:
        rows = fitted_rows(self.frame)
        eta = marginal_predictor(rows, self.beta)
        return eta if marginal else eta + random_part(rows, [m.estimate for m in self._modes()])

    def _observed(self) -> FloatArray:
        return self.frame.y + 1.0 if self.response.ordered is not None else self.frame.y.copy()

    def _fitted_marginal(self) -> FloatArray:
        return self.response.mean(self._predictor(marginal=True), self.extra)

    def _standardised(self) -> FloatArray:
        return self.residuals("pearson")

    def _simulate(self, rng: np.random.Generator, n: int, conditional: bool) -> FloatArray:
        from rpcstats.mixed.simulate import simulate_general

        return simulate_general(self, rng, n, conditional=conditional)
