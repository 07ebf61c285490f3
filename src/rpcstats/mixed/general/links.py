"""Link functions: the mean as a function of the linear predictor."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from rpcstats.errors import ParameterError
from rpcstats.mixed.structure.model_frame import FloatArray

LARGEST_EXPONENT = 700.0
"""exp() of more than about 709 is infinite."""

_ROOT_TAU = float(np.sqrt(2.0 * np.pi))


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """A link between the mean μ and the linear predictor η.

    Attributes
    ----------
    name : str
        "logit", "probit", "cloglog", "loglog", "log", "identity" or "inverse".
    forward : callable
        η of μ.
    inverse : callable
        μ of η.
    derivative : callable
        dμ/dη of η.
    """

    name: str
    forward: Callable[[FloatArray], FloatArray]
    inverse: Callable[[FloatArray], FloatArray]
    derivative: Callable[[FloatArray], FloatArray]

    def __reduce__(self) -> tuple[Callable[[str], "Link"], tuple[str]]:
        """Travel between processes by name, as functions without one can't."""
        return make_link, (self.name,)


def exp_bounded(eta: FloatArray) -> FloatArray:
    """Give exp(η), held below the largest number.

    Parameters
    ----------
    eta : ndarray
        Exponents.

    Returns
    -------
    ndarray
        exp of η, at most exp(700).
    """
    result: FloatArray = np.exp(np.minimum(eta, LARGEST_EXPONENT))
    return result


def _expit(eta: FloatArray) -> FloatArray:
    return np.asarray(special.expit(eta))


def _logit_slope(eta: FloatArray) -> FloatArray:
    return np.asarray(special.expit(eta) * special.expit(-eta))


def _normal_density(eta: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-0.5 * eta * eta) / _ROOT_TAU)


def _cloglog_inverse(eta: FloatArray) -> FloatArray:
    return np.asarray(-np.expm1(-exp_bounded(eta)))


def _cloglog_slope(eta: FloatArray) -> FloatArray:
    return np.asarray(exp_bounded(eta - exp_bounded(eta)))


def _loglog_inverse(eta: FloatArray) -> FloatArray:
    return np.asarray(np.exp(-exp_bounded(-eta)))


def _loglog_slope(eta: FloatArray) -> FloatArray:
    return np.asarray(exp_bounded(-eta - exp_bounded(-eta)))


def _log(values: FloatArray) -> FloatArray:
    """Give logarithms, minus infinity of 0 without a warning."""
    return np.asarray(special.xlogy(1.0, values))


_LINKS = {
    link.name: link
    for link in (
        Link("logit", lambda mu: np.asarray(special.logit(mu)), _expit, _logit_slope),
        Link(
            "probit",
            lambda mu: np.asarray(special.ndtri(mu)),
            lambda eta: np.asarray(special.ndtr(eta)),
            _normal_density,
        ),
        Link("cloglog", lambda mu: _log(-special.log1p(-mu)), _cloglog_inverse, _cloglog_slope),
        Link("loglog", lambda mu: -_log(-_log(mu)), _loglog_inverse, _loglog_slope),
        Link("log", _log, exp_bounded, exp_bounded),
        Link("identity", np.array, np.array, np.ones_like),
        Link("inverse", np.reciprocal, np.reciprocal, lambda eta: -1.0 / (eta * eta)),
    )
}


def make_link(name: str) -> Link:
    """Look a link up by its name.

    Parameters
    ----------
    name : str
        "logit", "probit", "cloglog", "loglog", "log", "identity" or "inverse".

    Returns
    -------
    Link
        The link.

    Raises
    ------
    ParameterError
        If no link has that name.
    """
    if not isinstance(name, str) or name not in _LINKS:
        raise ParameterError(f"unknown link {name!r}; known: {', '.join(_LINKS)}")
    return _LINKS[name]
