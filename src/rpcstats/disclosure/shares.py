"""Shares of rounded counts: every pair of counts that a reader has to reckon with."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.intervals import wilson
from rpcstats._vocabulary import TOLD_HIGH, TOLD_LOW
from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._rounding import possible_counts
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.reader import BoolArray, is_small

PERCENT_DIGITS: Final = 2
DECIMALS: Final = 9
"""Multiples of a step are cleaned of their last binary digits."""


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Shares of protected counts, to whole percent; NaN where there is none.

    Attributes
    ----------
    estimate : ndarray of shape (rows,)
        Of the rounded counts.
    low, high : ndarray of shape (rows,)
        Widest limits of the counts that fit.
    least, most : ndarray of shape (rows,)
        Least and greatest share of the counts that fit.
    """

    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    least: FloatArray
    most: FloatArray


def protected_shares(
    n: FloatArray,
    base: FloatArray,
    policy: DisclosurePolicy,
    *,
    conf_level: float,
    design_effect: float,
) -> Shares:
    """Work out shares, and all that they may be, from protected counts and nothing else.

    Parameters
    ----------
    n, base : ndarray of shape (rows,)
        Rounded counts; NaN where withheld.
    policy : DisclosurePolicy
        The rules they were protected by.
    conf_level : float
        Level of the limits.
    design_effect : float
        By which the limits allow for clusters.

    Returns
    -------
    Shares
        Limits are the widest of Wilson's (1927), over the counts that fit.
    """
    usable = has_share(n, base, policy)
    k, m = (np.where(usable, x, 0.0) for x in (n, base))
    counted, whole, fits = possible_pairs(k, m, policy)
    fits &= usable[:, None]
    share = np.divide(counted, whole, out=np.zeros_like(whole), where=fits)
    pair = np.where(fits, counted, 0.0) / design_effect, np.where(fits, whole, 1.0) / design_effect
    low, high = wilson(*pair, conf_level=conf_level)
    found = (
        np.divide(k, m, out=np.full(len(k), np.nan), where=usable),
        _least(low, fits),
        _most(high, fits),
        _least(share, fits),
        _most(share, fits),
    )
    return Shares(*(np.round(x, PERCENT_DIGITS) for x in found))


def has_share(n: FloatArray, base: FloatArray, policy: DisclosurePolicy) -> BoolArray:
    """Tell which rows may be told as a share.

    Parameters
    ----------
    n, base : ndarray of shape (rows,)
        Rounded counts; NaN where withheld.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    ndarray of bool, shape (rows,)
        True where the base surely is large enough and the count is shown.
    """
    surely, _ = possible_counts(base, policy.round_to, policy.rounding)
    return np.asarray(~np.isnan(n) & (base > 0) & (surely >= policy.percent_base))


def possible_pairs(
    n: FloatArray, base: FloatArray, policy: DisclosurePolicy
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """List the counts and bases that rounded ones may stand for.

    Parameters
    ----------
    n, base : ndarray of shape (rows,)
        Rounded counts, none of them missing.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    counted, whole : ndarray of shape (rows, pairs)
        Whole numbers that round to n and to base.
    fits : ndarray of bool, shape (rows, pairs)
        Those of which neither, nor the rest of the base, is too small to be shown. That nobody
        is left always fits: a stage may be its own base.
    """
    steps = np.arange(policy.round_to + 1, dtype=np.float64)
    (k0, k1), (m0, m1) = (possible_counts(x, policy.round_to, policy.rounding) for x in (n, base))
    k = k0[:, None, None] + steps[None, :, None]
    m = m0[:, None, None] + steps[None, None, :]
    k, m = np.broadcast_arrays(k, m)
    rest = m - k
    fits = (k <= k1[:, None, None]) & (m <= m1[:, None, None]) & (rest >= 0.0)
    fits &= ~_small(k, policy) & ~_small(m, policy) & ((rest == 0.0) | ~_small(rest, policy))
    rows = len(n)
    return k.reshape(rows, -1), m.reshape(rows, -1), np.asarray(fits.reshape(rows, -1))


def told_by_step(
    estimate: FloatArray, step: FloatArray, is_share: BoolArray
) -> dict[str, FloatArray]:
    """Give what an estimate that was rounded to a step may be.

    Parameters
    ----------
    estimate : ndarray of shape (rows,)
        Rounded estimates; NaN where withheld.
    step : ndarray of shape (rows,)
        To multiples of this.
    is_share : ndarray of bool, shape (rows,)
        Which of them lie between 0 and 1.

    Returns
    -------
    dict of str to ndarray
        Columns told_low and told_high: half a step either way.
    """
    ends = np.stack([estimate - step / 2.0, estimate + step / 2.0])
    low, high = np.where(is_share, np.clip(ends, 0.0, 1.0), ends).round(DECIMALS)
    return {TOLD_LOW: low, TOLD_HIGH: high}


def _small(count: FloatArray, policy: DisclosurePolicy) -> BoolArray:
    whole: NDArray[np.int64] = count.astype(np.int64)
    return is_small(whole, policy)


def _least(values: FloatArray, fits: BoolArray) -> FloatArray:
    found = np.where(fits, values, np.inf).min(axis=1, initial=np.inf)
    return np.where(np.isfinite(found), found, np.nan)


def _most(values: FloatArray, fits: BoolArray) -> FloatArray:
    found = np.where(fits, values, -np.inf).max(axis=1, initial=-np.inf)
    return np.where(np.isfinite(found), found, np.nan)
