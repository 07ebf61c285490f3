"""Likelihood-ratio tests of nested mixed models."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import chi_square_p
from rpcstats._vocabulary import DF, P_VALUE, STATISTIC
from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.inference.boundary_mixture import (
    correlation_at_zero,
    mixture_p,
    mixture_weights,
)
from rpcstats.mixed.inference.comparable_fit import ComparableFit
from rpcstats.mixed.inference.nested_models import AddedEffects, added_effects
from rpcstats.tables.summary import Summary

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# A larger model whose deviance is higher by more was not fitted to its optimum.
_WORSE = 1e-5


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LikelihoodRatio:
    """Nested models, each compared with the one before it.

    Attributes
    ----------
    models : tuple of str
        Formulas, from few parameters to many.
    criterion : str
        Which likelihood was compared: "ml", "reml", "laplace", "agq 7".
    n_obs : int
        Rows of the data.
    n_parameter : ndarray of shape (m,), int
        Parameters of each model.
    deviance : ndarray of shape (m,)
        -2 log-likelihood of each model.
    df : ndarray of shape (m,), int
        Parameters added to the model before; 0 for the first.
    p_mixture : ndarray of shape (m,)
        p-value by the mixture of chi-squares that variances tested at zero have; the plain one
        where no variance is tested, NaN where the mixture is not known.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    models: tuple[str, ...]
    criterion: str
    n_obs: int
    n_parameter: IntArray
    deviance: FloatArray
    df: IntArray
    p_mixture: FloatArray
    remarks: tuple[str, ...]

    @property
    def statistic(self) -> FloatArray:
        """Fall of the deviance, of shape (m,); NaN for the first model."""
        return np.concatenate([[np.nan], np.maximum(-np.diff(self.deviance), 0.0)])

    @property
    def p_value(self) -> FloatArray:
        """Upper tail of the plain chi-square, of shape (m,); NaN for the first model."""
        p = np.full(len(self.models), np.nan)
        p[1:] = chi_square_p(self.statistic[1:], self.df[1:])
        return p

    def tidy(self) -> pd.DataFrame:
        """Give one row per model.

        Returns
        -------
        pandas.DataFrame
            Columns model, n_parameter, aic, bic, log_lik, deviance, statistic, df, p_value,
            p_mixture; the last four are missing for the first model.
        """
        df = pd.Series(self.df.copy(), dtype="Int64")
        df[0] = pd.NA
        return pd.DataFrame(
            {
                "model": list(self.models),
                "n_parameter": self.n_parameter.copy(),
                "aic": self.deviance + 2.0 * self.n_parameter,
                "bic": self.deviance + np.log(self.n_obs) * self.n_parameter,
                "log_lik": -0.5 * self.deviance,
                "deviance": self.deviance.copy(),
                STATISTIC: self.statistic,
                DF: df,
                P_VALUE: self.p_value,
                "p_mixture": self.p_mixture.copy(),
            }
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        heading = f"Likelihood-ratio test ({self.criterion.upper()})"
        return Summary(heading, (self.tidy(),), " ".join(self.remarks))


def likelihood_ratio(*fits: ComparableFit) -> LikelihoodRatio:
    """Compare nested mixed models by their likelihoods.

    Parameters
    ----------
    *fits : mixed-model fits
        Two or more, in any order; each model must be a special case of the next larger.

    Returns
    -------
    LikelihoodRatio
        One row per model, each tested against the one before it.

    Raises
    ------
    ParameterError
        If fewer than two fits are given.
    DataError
        If the data differ, the models are of different families or not nested, or the larger
        model fits worse than the smaller.

    Notes
    -----
    REML fits with equal fixed effects are compared by their restricted likelihoods; with
    different ones these can't be compared, and the models are fitted again by ML, which a
    remark says. A variance tested at zero lies on the boundary and the plain p-value is too
    large: with one new random effect and c covariances the statistic is a 50:50 mixture of
    chi-squares with c and c + 1 degrees of freedom, besides those of other parameters (Self
    and Liang 1987; Stram and Lee 1994). Two or three new effects of a linear model, not
    correlated with each other, have weights from their expected information.
    """
    if len(fits) < 2:
        raise ParameterError("Too few fits", ["give two fits or more to compare"])
    ordered = sorted(fits, key=lambda fit: fit.n_parameter)
    if len({fit.likelihood for fit in ordered}) > 1:
        raise DataError("The models have different families or links: compare them by AIC.")
    compared, remarks = _one_criterion(ordered)
    p_mixture, df = [np.nan], [0]
    for small, large in pairwise(compared):
        p, steps, remark = _compare(small, large)
        p_mixture.append(p)
        df.append(steps)
        remarks += remark
    values = {
        "n_parameter": np.array([fit.n_parameter for fit in compared], dtype=np.int64),
        "deviance": np.array([fit.deviance for fit in compared]),
        "df": np.array(df, dtype=np.int64),
        "p_mixture": np.array(p_mixture),
    }
    for array in values.values():
        array.setflags(write=False)
    return LikelihoodRatio(
        models=tuple(
            ", ".join((fit.frame.design.formula.text, *fit.residual_parts)) for fit in compared
        ),
        criterion=compared[0].criterion,
        n_obs=len(compared[0].frame.y),
        remarks=tuple(dict.fromkeys(remarks)),
        **values,
    )


def _one_criterion(fits: Sequence[ComparableFit]) -> tuple[list[ComparableFit], list[str]]:
    """Put the fits on one likelihood."""
    restricted = [fit.criterion == "reml" for fit in fits]
    first = fits[0].frame.X
    if all(restricted) and all(np.array_equal(first, fit.frame.X) for fit in fits[1:]):
        return list(fits), ["Restricted likelihoods, as the fixed effects are the same."]
    if any(restricted):
        again = [
            fit.refit_ml() if reml else fit for fit, reml in zip(fits, restricted, strict=True)
        ]
        return again, [
            "Fitted again by maximum likelihood, because restricted likelihoods of different "
            "fixed effects can't be compared."
        ]
    if len({fit.criterion for fit in fits}) > 1:
        raise DataError(
            "The likelihoods were approximated in different ways: fit the models with the same "
            "number of quadrature nodes."
        )
    return list(fits), []


def _compare(small: ComparableFit, large: ComparableFit) -> tuple[float, int, list[str]]:
    """Give the p-value of the mixture, the degrees of freedom and remarks."""
    if not set(small.residual_parts) <= set(large.residual_parts):
        raise DataError(
            "The models are not nested: the smaller has a structure of the residuals that the "
            "larger has not. Compare them by AIC."
        )
    added = added_effects(small.frame, large.frame)
    df = large.n_parameter - small.n_parameter
    if df == 0:
        raise DataError("Two models have the same number of parameters: there is nothing to test.")
    fall = small.deviance - large.deviance
    if fall < -_WORSE * max(1.0, abs(small.deviance) * 1e-3):
        raise DataError(
            "A larger model fits worse than the smaller, so its search stopped short of the "
            "optimum: fit it again from another start."
        )
    weights, remark = _weights(small, large, added)
    if weights is None:
        return np.nan, df, [remark]
    return mixture_p(max(fall, 0.0), df, weights), df, [remark] if remark else []


def _weights(
    small: ComparableFit, large: ComparableFit, added: AddedEffects
) -> tuple[FloatArray | None, str]:
    """Give the weights of the mixture, and what to say of it."""
    if added.n_new == 0:
        return np.ones(1), ""
    if added.n_new == 1:
        return np.array([0.5, 0.5]), (
            "A variance is tested at zero: p_mixture is exact for many groups, p_value is too "
            "large."
        )
    weights = None
    if added.n_entangled == 0 and large.linear_problem is not None:
        correlation = correlation_at_zero(
            large.linear_problem,
            added,
            small.frame.blocks,
            small.theta,
            reml=large.criterion == "reml",
        )
        weights = None if correlation is None else mixture_weights(correlation)
    if weights is not None:
        return weights, (
            f"{added.n_new} variances are tested at zero: the weights of p_mixture come from "
            "their expected information."
        )
    return None, (
        f"{added.n_new} variances are tested at zero and the mixture is not known: p_value is "
        "too large, so it errs on the safe side; a parametric bootstrap is exact."
    )
