"""Whether chains agree and how much they tell: arrays in, arrays out."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def split_r_hat(traces: Floats) -> Floats:
    """Compare halves of chains with one another.

    Parameters
    ----------
    traces : ndarray of shape (C, L, P)
        L draws of P parameters in C chains.

    Returns
    -------
    ndarray of shape (P,)
        Potential scale reduction of Gelman and Rubin (1992) with every chain split in two
        (Gelman et al. 2013, section 11.4); 1 where a parameter never moves.
    """
    halves = _halves(traces)
    n = halves.shape[1]
    within = halves.var(axis=1, ddof=1).mean(axis=0)
    between = halves.mean(axis=1).var(axis=0, ddof=1)
    moving = within > 0.0
    ratio = np.divide(between, within, out=np.zeros_like(within), where=moving)
    return np.asarray(np.where(moving, np.sqrt((n - 1.0) / n + ratio), 1.0))


def effective_size(traces: Floats) -> Floats:
    """Count independent draws that would tell as much about the means.

    Parameters
    ----------
    traces : ndarray of shape (C, L, P)
        L draws of P parameters in C chains.

    Returns
    -------
    ndarray of shape (P,)
        Effective sample sizes by Geyer's (1992) initial monotone sequence over split chains, as
        in Gelman et al. (2013, section 11.5).
    """
    halves = _halves(traces)
    C, n, P = halves.shape
    centred = halves - halves.mean(axis=1, keepdims=True)
    padded = np.fft.rfft(centred, n=2 * n, axis=1)
    covariance = np.fft.irfft(np.abs(padded) ** 2, axis=1)[:, :n].real / n
    within = halves.var(axis=1, ddof=1).mean(axis=0)
    total = (n - 1.0) / n * within + halves.mean(axis=1).var(axis=0, ddof=1)
    total = np.where(total > 0.0, total, 1.0)
    rho = 1.0 - (within - covariance.mean(axis=0)) / total
    sizes = [C * n / _time(rho[:, place]) for place in range(P)]
    return np.minimum(sizes, float(C * n))


def _halves(traces: Floats) -> Floats:
    half = traces.shape[1] // 2
    return np.concatenate([traces[:, :half], traces[:, -half:]])


def _time(rho: Floats) -> float:
    """Sum autocorrelations in pairs until a pair is negative, pairs never rising."""
    rho = np.append(1.0, rho[1:])
    pairs = rho[: len(rho) // 2 * 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs <= 0.0)
    kept = np.minimum.accumulate(pairs[: ends[0] if len(ends) else len(pairs)])
    return max(float(2.0 * kept.sum() - 1.0), 1e-3)
