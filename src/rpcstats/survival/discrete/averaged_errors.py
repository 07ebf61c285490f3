"""Errors of averages over people: through the coefficients, and through who was sampled."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.discrete.people import People
from rpcstats.survival.discrete.prediction_paths import parameter_cov

if TYPE_CHECKING:
    from rpcstats.survival.discrete.hazard_fit import DiscreteHazardFit

FloatArray = NDArray[np.float64]


class Averages(NamedTuple):
    """Averages over people and what they rest on.

    Attributes
    ----------
    S : ndarray of shape (A, K)
        Mean survival at each level and session.
    gradient : ndarray of shape (A, K, d)
        Its gradient by the parameters.
    each : ndarray of shape (V, A, K)
        Survival of each kind of person.
    """

    S: FloatArray
    gradient: FloatArray
    each: FloatArray


def covariance_of(fit: "DiscreteHazardFit", people: People, found: Averages) -> FloatArray:
    """Give the covariance of averages, level by level and session by session.

    Parameters
    ----------
    fit : DiscreteHazardFit
        The fit.
    people : People
        Whom is averaged over.
    found : Averages
        The averages.

    Returns
    -------
    ndarray of shape (A K, A K)
        Through the coefficients and through the people sampled, cluster by cluster.
    """
    size = found.S.size
    G = found.gradient.reshape(size, -1)
    share = people.size / people.size.sum()
    apart = (found.each - found.S).reshape(-1, size)
    if fit.parts:
        total = np.zeros((size, size))
        for part in fit.parts:
            m = len(part.psi)
            psi = part.psi @ G.T
            moved = share[:, None] * apart
            factor = 1.0 if fit.errors == "CR0" else np.sqrt(m / (m - 1.0))
            code = part.code[people.unit]
            for s in range(size):
                psi[:, s] += factor * np.bincount(code, moved[:, s], m)
            total += part.sign * psi.T @ psi
        return total
    model: FloatArray = G @ parameter_cov(fit, G.shape[1]) @ G.T
    if people.cluster is None:
        own: FloatArray = (apart * (share / people.size.sum())[:, None]).T @ apart
        return model + own
    m = int(people.cluster.max()) + 1
    moved = np.zeros((m, size))
    np.add.at(moved, people.cluster, share[:, None] * apart)
    sampled: FloatArray = moved.T @ moved * (m / (m - 1.0))
    return model + sampled


def degrees_of(fit: "DiscreteHazardFit") -> float:
    """Give degrees of freedom of an average.

    Parameters
    ----------
    fit : DiscreteHazardFit
        The fit.

    Returns
    -------
    float
        m - 1 for m clusters; infinite for the normal distribution.
    """
    if not fit.parts or fit.errors == "CR0":
        return np.inf
    return float(min(len(part.psi) for part in fit.parts if part.sign > 0.0) - 1)
