"""Families of ordered responses."""

from rpcstats.errors import ParameterError
from rpcstats.mixed.general.ordinal_logit import OrdinalLogit
from rpcstats.mixed.general.ordinal_rows import OrdinalRows
from rpcstats.mixed.general.thresholds import THRESHOLDS

LINKS = ("logit", "probit", "cloglog", "loglog")


def make_ordinal(n_category: int, link: str = "logit", thresholds: str = "flexible") -> OrdinalRows:
    """Give the likelihood of an ordered response.

    Parameters
    ----------
    n_category : int
        Number of categories.
    link : str
        "logit", "probit", "cloglog" or "loglog".
    thresholds : str
        "flexible", "equidistant" or "symmetric".

    Returns
    -------
    OrdinalRows
        The likelihood.

    Raises
    ------
    ParameterError
        If the link or the structure is unknown, or there are fewer than two categories.
    """
    if not isinstance(link, str) or link not in LINKS:
        raise ParameterError(f"unknown link {link!r}; an ordered response has: {', '.join(LINKS)}")
    if not isinstance(thresholds, str) or thresholds not in THRESHOLDS:
        known = ", ".join(THRESHOLDS)
        raise ParameterError(f"unknown thresholds {thresholds!r}; known: {known}")
    if n_category < 2:
        raise ParameterError("an ordered response needs at least two categories")
    made = OrdinalLogit if link == "logit" else OrdinalRows
    return made(n_category, link, thresholds)
