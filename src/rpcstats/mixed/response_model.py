"""Mean, spread and draws of a response given its linear predictor."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from rpcstats.mixed.general.families import Family
from rpcstats.mixed.general.links import Link
from rpcstats.mixed.general.ordinal_rows import OrdinalRows
from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.structure.model_frame import FloatArray

Draw = Callable[[np.random.Generator, FloatArray, float], FloatArray]

_DRAWS: Final[dict[str, Draw]] = {
    "poisson": lambda rng, mu, _: rng.poisson(mu).astype(np.float64),
    "negative binomial": lambda rng, mu, size: rng.negative_binomial(
        size, size / (size + mu)
    ).astype(np.float64),
    "gamma": lambda rng, mu, shape: np.asarray(rng.gamma(shape, mu / shape)),
    "beta": lambda rng, mu, P: np.asarray(rng.beta(mu * P, (1.0 - mu) * P)),
}


@dataclass(frozen=True, slots=True, eq=False)
class ResponseModel:
    """A response as a function of its linear predictor.

    Attributes
    ----------
    family : Family or None
        Distribution and link; None for an ordered response.
    ordered : OrdinalRows or None
        Link and thresholds of an ordered response, whose mean is that of the category number
        counted from 1.
    """

    family: Family | None
    ordered: OrdinalRows | None = None

    @property
    def link(self) -> Link:
        """The link; of an ordered response that of the cumulative probabilities."""
        if self.family is not None:
            return self.family.link
        assert self.ordered is not None
        return self.ordered.link

    @property
    def likelihood(self) -> ResponseLikelihood:
        """Likelihood of the rows."""
        if self.family is not None:
            return self.family.rows
        assert self.ordered is not None
        return self.ordered

    def mean(self, eta: FloatArray, extra: FloatArray) -> FloatArray:
        """Give the mean of each row.

        Parameters
        ----------
        eta : ndarray
            Linear predictor.
        extra : ndarray of shape (e,)
            Extra parameters φ.

        Returns
        -------
        ndarray
            Means, of the shape of `eta`.
        """
        if self.family is not None:
            return self.family.link.inverse(eta)
        p = self._probabilities(eta, extra)
        return np.asarray(p @ np.arange(1.0, p.shape[-1] + 1))

    def variance(
        self, eta: FloatArray, extra: FloatArray, weights: FloatArray | None
    ) -> FloatArray:
        """Give the variance of each row.

        Parameters
        ----------
        eta : ndarray of shape (n,)
            Linear predictor.
        extra : ndarray of shape (e,)
            Extra parameters φ.
        weights : ndarray of shape (n,) or None
            Trials of binomial rows; else prior weights.

        Returns
        -------
        ndarray of shape (n,)
            Variances.
        """
        if self.family is not None:
            single = self.family.variance(self.family.link.inverse(eta), extra)
        else:
            p = self._probabilities(eta, extra)
            number = np.arange(1.0, p.shape[-1] + 1)
            single = np.asarray((p * (number - (p @ number)[:, None]) ** 2).sum(axis=1))
        return single if weights is None else single / weights

    def draw(
        self,
        rng: np.random.Generator,
        eta: FloatArray,
        extra: FloatArray,
        weights: FloatArray | None,
    ) -> FloatArray:
        """Draw a response for each row.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of random numbers.
        eta : ndarray of shape (n,)
            Linear predictor.
        extra : ndarray of shape (e,)
            Extra parameters φ.
        weights : ndarray of shape (n,) or None
            Trials of binomial rows; prior weights of others play no part.

        Returns
        -------
        ndarray of shape (n,)
            Responses: shares of the trials, counts, measured values, or category codes from 0.
        """
        if self.family is None:
            below = np.cumsum(self._probabilities(eta, extra)[:, :-1], axis=1)
            codes: FloatArray = (rng.random((len(eta), 1)) > below).sum(axis=1, dtype=np.float64)
            return codes
        mu = self.family.link.inverse(eta)
        if self.family.name == "binomial":
            trials = np.ones(len(mu)) if weights is None else weights
            return np.asarray(rng.binomial(np.rint(trials).astype(np.int64), mu) / trials)
        shape = float(np.exp(extra[0])) if len(extra) else np.nan
        return _DRAWS[self.family.name](rng, mu, shape)

    def _probabilities(self, eta: FloatArray, extra: FloatArray) -> FloatArray:
        assert self.ordered is not None
        below = self.ordered.link.inverse(self.ordered.alpha(extra) - eta[..., None])
        edge = np.zeros((*eta.shape, 1))
        return np.diff(np.concatenate([edge, below, edge + 1.0], axis=-1), axis=-1)
