"""A logistic model of who is exposed: arrays in, arrays out."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError

FloatArray = NDArray[np.float64]

_MOST_STEPS: Final = 50
_SMALL: Final = 1e-10
_CERTAIN: Final = 1e-8
"""A probability this near to 0 or 1 is certain: somebody can't be compared with anybody."""


class Propensity(NamedTuple):
    """Probability of being exposed, and how each row moves its coefficients.

    Attributes
    ----------
    p : ndarray of shape (n,)
        Fitted probabilities.
    influence : ndarray of shape (n, q)
        Influence of each row on the coefficients.
    """

    p: FloatArray
    influence: FloatArray


def fit_propensity(Z: FloatArray, exposed: FloatArray) -> Propensity:
    """Fit a logistic regression by Newton's method.

    Parameters
    ----------
    Z : ndarray of shape (n, q)
        Columns that are linearly independent, with one of ones.
    exposed : ndarray of shape (n,)
        0 and 1.

    Returns
    -------
    Propensity
        Probabilities and influence.

    Raises
    ------
    DataError
        If the covariates tell for certain who is exposed.
    """
    gamma: FloatArray = np.zeros(Z.shape[1])
    for _ in range(_MOST_STEPS):
        p: FloatArray = 1 / (1 + np.exp(-np.clip(Z @ gamma, -500, 500)))
        information = (Z * (p * (1 - p))[:, None]).T @ Z
        step = np.linalg.lstsq(information, Z.T @ (exposed - p), rcond=None)[0]
        gamma = gamma + step
        if np.minimum(p, 1 - p).min() < _CERTAIN:
            break
        if np.abs(step).max() <= _SMALL * (1 + np.abs(gamma).max()):
            residuals = Z * (exposed - p)[:, None]
            influence = np.linalg.solve(information, residuals.T).T
            return Propensity(p, np.asarray(influence, dtype=np.float64))
    raise DataError(
        "The covariates tell for certain, or nearly, who is exposed, so weighting has nobody to "
        'compare them with: leave covariates out, or use method="pseudo".'
    )
