"""The distribution of the studentised range, by quadrature of positive terms."""

from typing import Final

import numpy as np
from scipy import special

from rpcstats.mixed.means.chi_scale import scale_nodes
from rpcstats.mixed.structure.model_frame import FloatArray

# A trapezoid rule over a normal density times k - 1 distribution functions is off by about
# exp(-2π² / (k h²)): with h = 0.7 / √k by exp(-40).
_STEP: Final = 0.7
_REACH: Final = 9.0
# A range so wide has no probability a float can hold.
_WIDEST: Final = 55.0


def studentised_range_p(q: FloatArray, n_mean: int, df: float) -> FloatArray:
    """Give the upper tail of the range of independent normal means over their standard error.

    Parameters
    ----------
    q : ndarray of shape (m,)
        Studentised ranges, 0 or more.
    n_mean : int
        Number of means, 2 or more.
    df : float
        Degrees of freedom of the standard error; may be infinite.

    Returns
    -------
    ndarray of shape (m,)
        Probabilities, right to about 12 digits however small.

    Notes
    -----
    Tukey (1953); the double integral of Copenhaver and Holland (1988), written for the tail so
    that nothing cancels.
    """
    result = np.empty(len(q))
    for place, value in enumerate(q):
        if not np.isfinite(value):
            result[place] = 0.0 if value > 0.0 else np.nan
            continue
        s, weights = scale_nodes(df, float(value))
        result[place] = float(weights @ _normal_tail(float(value) * s, n_mean))
    return result


def _normal_tail(w: FloatArray, n_mean: int) -> FloatArray:
    """Give the upper tail of the range of standard normal values."""
    w = np.minimum(w, _WIDEST)
    step = _STEP / np.sqrt(n_mean)
    z = np.arange(-_REACH, 0.5 * float(w.max()) + _REACH, step)
    below = special.log_ndtr(z)
    density = np.exp(-0.5 * z * z + (n_mean - 1) * below) / np.sqrt(2.0 * np.pi)
    share = special.log_ndtr(z - w[:, None]) - below
    with np.errstate(divide="ignore"):  # a range of 0 is surely exceeded: log(0), then 1
        outside = -np.expm1((n_mean - 1) * np.log1p(-np.exp(share)))
    tail: FloatArray = n_mean * step * (outside @ density)
    return np.minimum(tail, 1.0)
