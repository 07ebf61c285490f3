"""The nonparametric maximum likelihood estimate from interval-censored times."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.parametric._innermost import Innermost

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

OPTIMAL: Final = 1e-9
"""Largest share by which a derivative may exceed its bound at the optimum. The log-likelihood is
then within this times the number of rows of its largest value."""

_ROUNDS: Final = 5000
_NEAR: Final = 1e-4
_TRACE: Final = 1e-9
_POLISHED: Final = 1e-12
_MOST_POINTS: Final = 2000
"""Points of support up to which Newton's method, which needs their square, takes seconds."""
_NEWTON_STEPS: Final = 300
_HALVINGS: Final = 30


class MassEstimate(NamedTuple):
    """Masses of the innermost intervals.

    Attributes
    ----------
    mass : ndarray of shape (m,)
        Sums to 1.
    log_lik : float
        Log-likelihood.
    excess : float
        Largest share by which a derivative exceeds its bound: 0 at the optimum.
    n_round : int
        Steps taken.
    is_unique : bool
        Whether no other masses have that log-likelihood.
    """

    mass: FloatArray
    log_lik: float
    excess: float
    n_round: int
    is_unique: bool


def estimate_mass(cells: Innermost) -> MassEstimate:
    """Find the masses with the largest likelihood.

    Parameters
    ----------
    cells : Innermost
        Innermost intervals and what the observations cover.

    Returns
    -------
    MassEstimate
        The masses, with the check that they are optimal.

    Notes
    -----
    Steps of self-consistency (Turnbull 1976) between steps of the iterative convex minorant,
    which move whole stretches at once (Wellner and Zhan 1997), until the support is near; then
    Newton's method on the points of support, with points taken up where the derivative exceeds
    its bound and dropped where mass would be negative (Gentleman and Geyer 1994).
    """
    m, total = len(cells.lower), float(cells.weight.sum())
    p = np.full(m, 1.0 / m)
    rounds, polish = 0, False
    while rounds < _ROUNDS:
        D = _derivatives(cells, p)
        excess = float(D.max()) / total - 1.0
        polish = excess <= _NEAR and int((p > _TRACE * p.max()).sum()) <= _MOST_POINTS
        if polish or excess <= OPTIMAL:
            break
        p = p * D / total
        p = _minorant_step(cells, p / p.sum())
        rounds += 1
    unique = True
    if polish:
        p, steps, unique = _newton(cells, p, total)
        rounds += steps
    p = p / p.sum()
    D = _derivatives(cells, p)
    return MassEstimate(
        p, _log_lik(cells, p), max(float(D.max()) / total - 1.0, 0.0), rounds, unique
    )


def _covered(cells: Innermost, p: FloatArray) -> FloatArray:
    """Give the probability of each observation."""
    total = np.concatenate([[0.0], np.cumsum(p)])
    pi: FloatArray = total[cells.last + 1] - total[cells.first]
    one = cells.first == cells.last
    pi[one] = p[cells.first[one]]
    return pi


def _log_lik(cells: Innermost, p: FloatArray) -> float:
    pi = _covered(cells, p)
    if not (pi > 0.0).all():
        return -np.inf
    return float(cells.weight @ np.log(pi))


def _derivatives(cells: Innermost, p: FloatArray) -> FloatArray:
    """Give the derivative of the log-likelihood to each mass."""
    m = len(p)
    pull = cells.weight / np.maximum(_covered(cells, p), 1e-300)
    change = np.bincount(cells.first, weights=pull, minlength=m + 1)
    change -= np.bincount(cells.last + 1, weights=pull, minlength=m + 1)
    return np.asarray(np.cumsum(change)[:m])


def _minorant_step(cells: Innermost, p: FloatArray) -> FloatArray:
    """Move the distribution function towards its weighted isotonic target."""
    from scipy.optimize import isotonic_regression

    m = len(p)
    if m < 2:
        return p
    D, F = _derivatives(cells, p), np.cumsum(p)[:-1]
    bend = cells.weight / np.maximum(_covered(cells, p), 1e-300) ** 2
    curvature = np.bincount(cells.last, weights=bend, minlength=m)[: m - 1]
    curvature += np.bincount(cells.first, weights=bend, minlength=m)[1:]
    slope = D[:-1] - D[1:]
    # Ends that no observation has keep their place: they bend nothing and pull nowhere.
    curvature = np.maximum(curvature, 1e-12 * curvature.max())
    fitted = isotonic_regression(F + slope / curvature, weights=curvature).x
    aim = np.clip(fitted, 0.0, 1.0)
    here, share = _log_lik(cells, p), 1.0
    for _ in range(_HALVINGS):
        moved = np.diff(np.concatenate([[0.0], F + share * (aim - F), [1.0]]))
        moved = np.maximum(moved, 0.0)
        if _log_lik(cells, moved) >= here:
            return np.asarray(moved)
        share /= 2.0
    return p


def _newton(cells: Innermost, p: FloatArray, total: float) -> tuple[FloatArray, int, bool]:
    """Polish the masses of the support; tell whether they are the only ones."""
    p = np.where(p > _TRACE * p.max(), p, 0.0)
    p = _within_reach(cells, p)
    support = p > 0.0
    unique = True
    for step in range(_NEWTON_STEPS):
        D = _derivatives(cells, p)
        worst = float(np.abs(D[support] / total - 1.0).max())
        if worst <= _POLISHED:
            excess = D / total - 1.0
            if float(excess.max()) <= 10.0 * _POLISHED:
                return p, step, unique
            support[int(excess.argmax())] = True
        direction, unique = _support_step(cells, p, np.flatnonzero(support), D - total)
        moved = _line_step(cells, p, direction, total)
        if moved is None:
            return p, step, unique
        p, support = moved, (moved > 0.0)
    return p, _NEWTON_STEPS, unique


def _within_reach(cells: Innermost, p: FloatArray) -> FloatArray:
    """Give back a little mass where dropping points left an observation without any."""
    bare = _covered(cells, p) <= 0.0
    if bare.any():
        p = p.copy()
        p[cells.first[bare]] = 1e-6
    found: FloatArray = p / p.sum()
    return found


def _support_step(
    cells: Innermost, p: FloatArray, at: IntArray, slope: FloatArray
) -> tuple[FloatArray, bool]:
    k = len(at)
    first = np.searchsorted(at, cells.first)
    last = np.searchsorted(at, cells.last, side="right") - 1
    bend = cells.weight / _covered(cells, p) ** 2
    cover = np.zeros((k, k))
    np.add.at(cover, (first, last), bend)
    # Points a <= b are both covered by observations that start by a and end from b on.
    both = np.cumsum(cover, axis=0)
    both = np.cumsum(both[:, ::-1], axis=1)[:, ::-1]
    H = np.triu(both) + np.triu(both, 1).T
    size = np.sqrt(np.diag(H))
    values, vectors = np.linalg.eigh(H / np.outer(size, size))
    kept = values > 1e-11 * values[-1]
    along = (vectors[:, kept].T @ (slope[at] / size)) / values[kept]
    direction = np.zeros_like(p)
    direction[at] = (vectors[:, kept] @ along) / size
    return direction, bool(kept.all())


def _line_step(
    cells: Innermost, p: FloatArray, direction: FloatArray, total: float
) -> FloatArray | None:
    """Step until a mass would be negative, or halve until the likelihood rises."""
    falling = direction < 0.0
    ratio = np.full(len(p), np.inf)
    ratio[falling] = -p[falling] / direction[falling]
    share = min(1.0, float(ratio.min(initial=np.inf)))
    here = _log_lik(cells, p) - total * float(p.sum())
    noise = 1e-14 * (1.0 + abs(here))
    for _ in range(_HALVINGS):
        moved = np.maximum(p + share * direction, 0.0)
        moved[falling & (ratio <= share)] = 0.0
        if _log_lik(cells, moved) - total * float(moved.sum()) >= here - noise:
            return moved
        share /= 2.0
    return None
