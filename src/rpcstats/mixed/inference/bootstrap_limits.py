"""Limits from the replicates of a bootstrap, with their Monte Carlo error."""

from typing import Literal, NamedTuple

import numpy as np
from scipy import special

from rpcstats.mixed.structure.model_frame import FloatArray

Kind = Literal["percentile", "basic"]


class Quantile(NamedTuple):
    """A quantile of replicates.

    Attributes
    ----------
    value : float
        The quantile.
    error : float
        Its Monte Carlo standard error.
    """

    value: float
    error: float


def sample_quantile(values: FloatArray, p: float) -> Quantile:
    """Give a quantile of a sample with its standard error.

    Parameters
    ----------
    values : ndarray of shape (b,)
        The sample, without missing values.
    p : float
        Which quantile, in (0, 1).

    Returns
    -------
    Quantile
        NaN for an empty sample.

    Notes
    -----
    The quantile is the order statistic (b + 1) p, between two of them straight; its standard
    error is that of Maritz and Jarrett (1978).
    """
    b = len(values)
    if not b:
        return Quantile(np.nan, np.nan)
    ordered = np.sort(values)
    before, after = (b + 1) * p, (b + 1) * (1.0 - p)
    weights = np.diff(special.betainc(before, after, np.arange(b + 1) / b))
    centre = float(weights @ ordered)
    error = np.sqrt(float(weights @ (ordered - centre) ** 2))
    return Quantile(float(np.quantile(ordered, p, method="weibull")), float(error))


def limits(
    values: FloatArray,
    estimate: float,
    conf_level: float,
    kind: Kind,
    bounds: tuple[float, float],
) -> tuple[Quantile, Quantile]:
    """Give the limits of an interval.

    Parameters
    ----------
    values : ndarray of shape (b,)
        Replicates, without missing values.
    estimate : float
        The estimate.
    conf_level : float
        Level of the interval.
    kind : {"percentile", "basic"}
        Quantiles of the replicates, or twice the estimate less the opposite quantiles.
    bounds : tuple of float
        Range of the parameter; a limit outside is put at its end.

    Returns
    -------
    tuple of Quantile
        Lower and upper limit.
    """
    tail = (1.0 - conf_level) / 2.0
    low, high = sample_quantile(values, tail), sample_quantile(values, 1.0 - tail)
    if kind == "basic":
        low, high = (Quantile(2.0 * estimate - end.value, end.error) for end in (high, low))
    return (
        Quantile(float(np.clip(low.value, *bounds)), low.error),
        Quantile(float(np.clip(high.value, *bounds)), high.error),
    )
