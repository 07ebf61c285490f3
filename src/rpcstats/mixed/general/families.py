"""Families of responses: distribution, link and the likelihood of their rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rpcstats.errors import ParameterError
from rpcstats.mixed.general.binary_links import BinomialCloglog, BinomialProbit
from rpcstats.mixed.general.canonical import BinomialLogit, PoissonLog
from rpcstats.mixed.general.links import Link, make_link
from rpcstats.mixed.general.overdispersed import BetaLogit, GammaLog, NegativeBinomialLog
from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.structure.model_frame import FloatArray

Variance = Callable[[FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """A distribution of the response with its link.

    Attributes
    ----------
    name : str
        "binomial", "poisson", "negative binomial", "gamma" or "beta".
    link : Link
        The link.
    default_link : str
        Name of the link taken where none is named.
    variance : callable
        Variance of a row of weight 1 given its mean and the extra parameters φ; of a binomial
        proportion, of one trial.
    rows : ResponseLikelihood
        Likelihood of the rows.
    """

    name: str
    link: Link
    default_link: str
    variance: Variance
    rows: ResponseLikelihood

    def likelihood(
        self, y: FloatArray, weights: FloatArray | None = None
    ) -> tuple[ResponseLikelihood, Any]:
        """Give the likelihood of rows and what it needs to know of them.

        Parameters
        ----------
        y : ndarray of shape (n,)
            Response; for binomial rows the proportion of successes.
        weights : ndarray of shape (n,), optional
            Trials of binomial rows, prior weights of others. Default: 1.

        Returns
        -------
        likelihood : ResponseLikelihood
            The likelihood.
        rows : tuple of ndarray
            Its `rows` argument.
        """
        weight = np.ones_like(y) if weights is None else weights
        return self.rows, self.rows.rows(y, weight)


def _vary_binomial(mu: FloatArray, extra: FloatArray) -> FloatArray:  # noqa: ARG001
    return np.asarray(mu * (1.0 - mu))


def _vary_poisson(mu: FloatArray, extra: FloatArray) -> FloatArray:  # noqa: ARG001
    return np.asarray(mu)


def _vary_negative_binomial(mu: FloatArray, extra: FloatArray) -> FloatArray:
    return np.asarray(mu + mu * mu * np.exp(-extra[0]))


def _vary_gamma(mu: FloatArray, extra: FloatArray) -> FloatArray:
    return np.asarray(mu * mu * np.exp(-extra[0]))


def _vary_beta(mu: FloatArray, extra: FloatArray) -> FloatArray:
    return np.asarray(mu * (1.0 - mu) / (1.0 + np.exp(extra[0])))


_FAMILIES: dict[str, tuple[str, Variance, dict[str, type[ResponseLikelihood]]]] = {
    "binomial": (
        "logit",
        _vary_binomial,
        {"logit": BinomialLogit, "probit": BinomialProbit, "cloglog": BinomialCloglog},
    ),
    "poisson": ("log", _vary_poisson, {"log": PoissonLog}),
    "negative binomial": ("log", _vary_negative_binomial, {"log": NegativeBinomialLog}),
    "gamma": ("log", _vary_gamma, {"log": GammaLog}),
    "beta": ("logit", _vary_beta, {"logit": BetaLogit}),
}


def make_family(family: str, link: str | None = None) -> Family:
    """Look a family up and give it its link.

    Parameters
    ----------
    family : str
        "binomial", "poisson", "negative binomial", "gamma" or "beta".
    link : str, optional
        Name of the link. Default: the usual one of the family.

    Returns
    -------
    Family
        The family.

    Raises
    ------
    ParameterError
        If the family or the link is unknown, or they don't go together.
    """
    if not isinstance(family, str) or family not in _FAMILIES:
        raise ParameterError(f"unknown family {family!r}; known: {', '.join(_FAMILIES)}")
    default, variance, links = _FAMILIES[family]
    name = default if link is None else link
    if not isinstance(name, str) or name not in links:
        raise ParameterError(f"family {family!r} has no link {name!r}; it has: {', '.join(links)}")
    return Family(family, make_link(name), default, variance, links[name]())
