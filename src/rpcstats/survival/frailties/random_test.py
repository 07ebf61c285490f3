"""Test of all random effects of a Cox regression at once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import chi_square_p
from rpcstats._vocabulary import DF, P_VALUE, STATISTIC
from rpcstats.errors import ParameterError
from rpcstats.mixed.inference.boundary_mixture import mixture_p, mixture_weights
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from rpcstats.survival.frailties.cox_mixed_fit import CoxMixedFit

_ROUNDING: Final = 1e-10
"""Statistics below this part of the log-likelihood are 0."""

_HALF: Final = "Half the weight is on a statistic of 0, as the variance can't be negative."
_SEVERAL: Final = (
    "Weights of a mixture of chi-squares as of variances estimated independently of each other."
)
_PLAIN: Final = (
    "The plain chi-square is too large a p-value here: variances can't be negative, and with"
    " covariances beside them the mixture has no closed form."
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class RandomEffectsTest(Summarised):
    """Likelihood-ratio test of a model with random effects against that without.

    Attributes
    ----------
    statistic : float
        Twice the difference of the log-likelihoods, 0 or more.
    df : int
        Variances and covariances tested.
    p_value : float
        Upper tail of the plain chi-square, which is too large.
    p_mixture : float
        p-value by the mixture of chi-squares of variances tested at their boundary; NaN where
        it is not known.
    conf_level : float
        Level of the fit.
    n_missing : int
        Rows left out for a missing value.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    statistic: float
    df: int
    p_value: float
    p_mixture: float
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give the test.

        Returns
        -------
        pandas.DataFrame
            Columns statistic, df, p_value, p_mixture.
        """
        row = {
            STATISTIC: self.statistic,
            DF: self.df,
            P_VALUE: self.p_value,
            "p_mixture": self.p_mixture,
        }
        return pd.DataFrame([row])

    def glance(self) -> pd.DataFrame:
        """Give the test, one row.

        Returns
        -------
        pandas.DataFrame
            As `tidy`.
        """
        return self.tidy()

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        heading = "Likelihood-ratio test of the random effects"
        return Summary(heading, (self.tidy(),), " ".join(self.remarks))


def random_effects_test(fit: "CoxMixedFit") -> RandomEffectsTest:
    """Test whether groups differ.

    Parameters
    ----------
    fit : CoxMixedFit
        The model with random effects; it knows the likelihood without.

    Returns
    -------
    RandomEffectsTest
        The test.

    Raises
    ------
    ParameterError
        If the variance was given, so that nothing was estimated.

    Notes
    -----
    A variance is tested at its boundary: 50:50 mixture of chi-squares with 0 and 1 degree of
    freedom for one (Self and Liang 1987; Claeskens, Nguti and Janssen 2008 for shared frailties).
    """
    if fit.is_theta_given:
        raise ParameterError(
            "There is no variance to test", ["fit without theta, so that it is estimated"]
        )
    statistic = 2.0 * (fit.log_lik - fit.log_lik_plain)
    if statistic < _ROUNDING * (1.0 + abs(fit.log_lik)):
        statistic = 0.0
    df = len(fit.theta)
    n_variance = sum(int(block.on_diagonal.sum()) for block in fit.blocks)
    weights = mixture_weights(np.eye(n_variance)) if n_variance == df else None
    remark = _PLAIN if weights is None else (_HALF if df == 1 else _SEVERAL)
    return RandomEffectsTest(
        statistic=statistic,
        df=df,
        p_value=float(chi_square_p(statistic, df)),
        p_mixture=np.nan if weights is None else mixture_p(statistic, df, weights),
        conf_level=fit.conf_level,
        n_missing=fit.n_missing,
        remarks=(remark,),
    )
