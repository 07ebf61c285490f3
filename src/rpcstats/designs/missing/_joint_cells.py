"""Probability of one rating between two thresholds, and of what follows one session: scalars."""

from math import erfc, exp, expm1, log, log1p, sqrt
from typing import Final

from rpcstats._numerics.jit import compiled

FAR: Final = 1e8
"""Stands for an infinite threshold: no density is left there, and no product with it is NaN."""

LEAST: Final = 1e-300
"""Probabilities are held above this, where a logarithm is still finite."""

LARGEST: Final = 500.0
LOWEST: Final = -300.0
"""Linear predictors of hazards are held between these, where exp is still finite and not 0."""

LOGIT: Final = 0
CLOGLOG: Final = 1
"""Codes of the links of the hazard."""

_ROOT_HALF: Final = sqrt(0.5)
_DENSITY: Final = 0.3989422804014327


@compiled()
def category(upper: float, lower: float) -> tuple[float, float, float]:
    """Give the probability of a category, and the normal density at its ends.

    Parameters
    ----------
    upper, lower : float
        Thresholds less the linear predictor.

    Returns
    -------
    probability, at_upper, at_lower : float
        Φ(upper) - Φ(lower), taken in the tail both lie in, and φ at both.
    """
    at_upper, at_lower = exp(-0.5 * upper * upper), exp(-0.5 * lower * lower)
    above = 0.5 * erfc(abs(upper) * _ROOT_HALF)
    below = 0.5 * erfc(abs(lower) * _ROOT_HALF)
    apart = 1.0 - (above + below)
    probability = abs(above - below) if (upper < 0.0) == (lower < 0.0) else apart
    return max(probability, LEAST), _DENSITY * at_upper, _DENSITY * at_lower


@compiled()
def session_end(eta: float, left: bool, link: int) -> tuple[float, float, float]:
    """Give the log probability of leaving or staying after one session.

    Parameters
    ----------
    eta : float
        Linear predictor of the hazard.
    left : bool
        Whether the parent left.
    link : int
        `LOGIT` or `CLOGLOG`.

    Returns
    -------
    log_p, first, curvature : float
        Log probability, its derivative by the linear predictor, and minus the second.
    """
    eta = min(max(eta, LOWEST), LARGEST)
    size = exp(eta)
    if link == LOGIT:
        share = size / (1.0 + size)
        log_p, first = -log1p(size), -share
        if left:
            log_p, first = log_p + eta, first + 1.0
        return log_p, first, share * (1.0 - share)
    if not left:
        return -size, -size, size
    ratio = size / expm1(size)
    return log(-expm1(-size)), ratio, ratio * (size + ratio - 1.0)
